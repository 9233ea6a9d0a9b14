"""Questions about a subject: who it is, of which source, and why it is asked; read strictly, written canonically.

    asked = read_subject(content, frozenset({"claims"}))    # the members that all such questions have
    fields = fields_of(catalogue, asked.source)             # field -> the column that says what it is

A source is a register (population; its fields are its attributes) or one dataset that feeds a register.
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa

from certificates.holder_codes import HOLDER_CODE_TYPES, normal_holder_code, subject_kind
from certificates.records import MalformedQuestion
from exchange_api.acts import act
from registries.canonical import canonical_column
from registries.contracts.model import Column
from registries.departments import Catalogue
from registries.store.granted_reads import Subject
from registries.store.grants import Claimant

MOST_FIELDS: Final = 30
LONGEST_VALUE: Final = 400
_REASONS: Final[Mapping[str, int]] = {"purpose": 200, "service_item": 200, "case": 128}
_SUBJECT: Final[Mapping[str, int]] = {"name": 200, "code": 64, "code_type": 3}
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs"})


@dataclass(frozen=True)
class SubjectQuestion:
    """What every question about a subject has: whom it is about, and why it is asked."""

    subject: Subject
    purpose: str
    service_item: str
    case: str

    def to_json(self) -> dict[str, Any]:
        """Its JSON members."""
        return {"subject": self.subject._asdict(), **{name: getattr(self, name) for name in _REASONS}}

    @property
    def about(self) -> act.Subject:
        """Whom an answer is about."""
        return act.Subject(subject_kind(self.subject.code_type), self.subject.code)


def read_subject(content: Mapping[str, object], others: frozenset[str]) -> SubjectQuestion:
    """Read what every question has; `others` are members that the act reads itself. Raises MalformedQuestion."""
    if not _REASONS.keys() | {"subject"} | others >= content.keys():
        raise MalformedQuestion("", "含有未知成员", "has a member that is not known")
    reasons = {name: text(content, name, longest) for name, longest in _REASONS.items()}
    return SubjectQuestion(_subject(content.get("subject")), **reasons)


def claimant(asked: act.Asked[Any]) -> Claimant:
    """Who asks, as the store knows askers."""
    return Claimant(asked.department, asked.asker)


def source_of(content: Mapping[str, object], catalogue: Catalogue) -> tuple[str, Mapping[str, Column]]:
    """The source that a question names, and its fields. Raises MalformedQuestion if there is no such source."""
    source = text(content, "source", 128)
    fields = fields_of(catalogue, source)
    if fields is None:
        raise MalformedQuestion("source", "不是已知的基础库或数据资源", "is no register or dataset that is known")
    return source, fields


def fields_of(catalogue: Catalogue, source: str) -> Mapping[str, Column] | None:
    """The fields that can be asked for of a register, or of a dataset that feeds one; None: no such source."""
    for register in catalogue.registers:
        if register.id == source:
            given = {
                name for each in catalogue.of_register(source) if each.register for name in each.register.attributes
            }
            return {one.name: one for one in register.attributes if one.name in given}
    for dataset in catalogue.datasets:
        if dataset.name == source and dataset.register is not None:
            return {one.name: one for one in dataset.stored_columns}
    return None


def canonical(member: str, column: Column, claimed: str) -> str:
    """A claimed value in the form in which the hub keeps it. Raises MalformedQuestion if it can't be one."""
    found: str | None = canonical_column(pa.array([claimed], pa.string()), column)[0].as_py()
    if found is None:
        raise MalformedQuestion(member, "含有空值", "has an empty value")
    return found


def text(content: Mapping[str, object], member: str, longest: int, told: str = "") -> str:
    """A text, trimmed; faults name `told`, the member in which the asker wrote it. Raises MalformedQuestion."""
    value, name = content.get(member), told or member
    if not isinstance(value, str):
        raise MalformedQuestion(name, "缺失或不是文本", "is missing or no text")
    form = value.strip() if len(value) <= 4 * longest else ""
    if not form or len(form) > longest:
        raise MalformedQuestion(name, "为空或过长", "is empty or too long")
    if any(unicodedata.category(one) in _UNSEEN for one in form):
        raise MalformedQuestion(name, "含有控制字符", "has control characters")
    return form


def texts(content: Mapping[str, object], member: str, longest: int) -> tuple[str, ...]:
    """A list of different texts, at least one, in their order. Raises MalformedQuestion."""
    given = content.get(member)
    if not isinstance(given, list) or not 0 < len(given) <= MOST_FIELDS:
        raise MalformedQuestion(member, f"应为 1 至 {MOST_FIELDS} 项的列表", f"is a list of 1 to {MOST_FIELDS}")
    read = tuple(text({member: one}, member, longest) for one in given)
    if len(set(read)) < len(read):
        raise MalformedQuestion(member, "含有重复项", "has an entry twice")
    return read


def _subject(given: object) -> Subject:
    if not isinstance(given, Mapping) or given.keys() != _SUBJECT.keys():
        raise MalformedQuestion("subject", "应有且仅有 name、code、code_type", "has name, code and code_type, no more")
    read = {name: text(given, name, longest, "subject") for name, longest in _SUBJECT.items()}
    if read["code_type"] not in HOLDER_CODE_TYPES:
        raise MalformedQuestion("subject", "的代码类型未知", "has a code type that is not known")
    return Subject(read["name"], normal_holder_code(read["code_type"], read["code"]), read["code_type"])
