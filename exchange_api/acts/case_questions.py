"""Questions about a whole case: which item, whose case, who has to do with it; read strictly, written canonically.

CaseQuestion.parse(content, item_of)        # raises MalformedQuestion, which names the member at fault
ReceivedQuestion.parse(content, item_of)    # that an office has received a material
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from certificates.holder_codes import HOLDER_CODE_TYPES, normal_holder_code, subject_kind
from certificates.records import MalformedQuestion
from registries.service_items.model import APPLICANT, Material, Party, ServiceItem
from registries.store.case_tables import PAPER_REASONS

ItemOf = Callable[[str], ServiceItem | None]
"""The service item of a code, as in force now."""

_LENGTHS: Final = {"item": 64, "case": 128, "purpose": 200}
_LONGEST_VALUE: Final = 200
_LONGEST_NUMBER: Final = 128
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs"})
_DIGEST: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)


@dataclass(frozen=True)
class Person:
    """A party of a case, by name and code."""

    name: str
    code: str
    code_type: str

    @property
    def kind(self) -> str:
        """`natural_person` or `legal_entity`."""
        return subject_kind(self.code_type)

    def to_json(self) -> dict[str, str]:
        """Its JSON members."""
        return {"name": self.name, "code": self.code, "code_type": self.code_type}


@dataclass(frozen=True)
class CaseQuestion:
    """What of an item's materials the hub can answer for.

    Attributes:
        item: as it was in force when the question came.
        parties: by id, the applicant among them.
        claims: what the applicant says, by id.
        numbers: certificate numbers that are known, by material.
        step: only the materials of this step; "": of all.
    """

    item: ServiceItem
    purpose: str
    case: str
    parties: Mapping[str, Person]
    claims: Mapping[str, str]
    numbers: Mapping[str, str]
    step: str = ""

    @property
    def service_item(self) -> str:
        """By which name grants know the item."""
        return self.item.name_zh

    @property
    def subject(self) -> Person:
        """Who applies."""
        return self.parties[APPLICANT]

    @property
    def materials(self) -> tuple[Material, ...]:
        """What is asked about, in the item's order."""
        return tuple(each for each in self.item.materials if self.step in {"", each.step})

    @classmethod
    def parse(cls, content: Mapping[str, object], item_of: ItemOf) -> "CaseQuestion":
        """Read a question strictly. Raises MalformedQuestion."""
        _check_members(content, {"item", "case", "purpose", "subject", "parties", "claims", "certificates", "step"})
        item = _item(content, item_of)
        step = _optional(content, "step", 64)
        if step and step not in {each[0] for each in item.steps}:
            raise MalformedQuestion("step", "不是该事项的环节", "is no step of this item")
        others = _table(content, "parties")
        known = {party.id: party for party in item.parties[1:]}
        _check_keys("parties", others, known)
        people = {APPLICANT: _person(content.get("subject"), "subject", item.applicant)}
        people |= {name: _person(given, "parties", known[name]) for name, given in others.items()}
        return cls(
            item,
            _text(content, "purpose", _LENGTHS["purpose"]),
            _text(content, "case", _LENGTHS["case"]),
            people,
            _texts(content, "claims", {each[0] for each in item.claims}, _LONGEST_VALUE),
            _texts(content, "certificates", {each.id for each in item.materials}, _LONGEST_NUMBER),
            step,
        )

    def to_json(self) -> dict[str, Any]:
        """The question's JSON members; those that were left out stay out."""
        others = {name: each.to_json() for name, each in self.parties.items() if name != APPLICANT}
        members = {
            "item": self.item.code,
            "case": self.case,
            "purpose": self.purpose,
            "subject": self.subject.to_json(),
            "parties": others,
            "claims": dict(self.claims),
            "certificates": dict(self.numbers),
            "step": self.step,
        }
        return {name: value for name, value in members.items() if value}


@dataclass(frozen=True)
class ReceivedQuestion:
    """That an office has received a material of a case, and why, if the hub could have answered.

    Attributes:
        form: on paper, or as a file.
        reason: one of `PAPER_REASONS`; "" without one.
        file_digest: SHA-256 in hex of the file that the office keeps; "" without one.
    """

    item: ServiceItem
    material: Material
    purpose: str
    case: str
    subject: Person
    form: Literal["paper", "file"]
    reason: str = ""
    file_digest: str = ""

    @property
    def service_item(self) -> str:
        """By which name grants know the item."""
        return self.item.name_zh

    @classmethod
    def parse(cls, content: Mapping[str, object], item_of: ItemOf) -> "ReceivedQuestion":
        """Read it strictly. Raises MalformedQuestion."""
        _check_members(content, {"item", "case", "purpose", "subject", "material", "form", "reason", "file_digest"})
        item = _item(content, item_of)
        material = item.material(_text(content, "material", 64))
        if material is None:
            raise MalformedQuestion("material", "不是该事项的材料", "is no material of this item")
        reason, digest = _optional(content, "reason", 64), _optional(content, "file_digest", 64)
        if reason and reason not in PAPER_REASONS:
            raise MalformedQuestion("reason", "不是已知的理由", "is no known reason")
        if digest and not _DIGEST.fullmatch(digest):
            raise MalformedQuestion("file_digest", "不是 SHA-256 的十六进制", "is no SHA-256 in hex")
        return cls(
            item,
            material,
            _text(content, "purpose", _LENGTHS["purpose"]),
            _text(content, "case", _LENGTHS["case"]),
            _person(content.get("subject"), "subject", item.applicant),
            _form(content),
            reason,
            digest,
        )

    def to_json(self) -> dict[str, Any]:
        """The question's JSON members."""
        members = {
            "item": self.item.code,
            "case": self.case,
            "purpose": self.purpose,
            "subject": self.subject.to_json(),
            "material": self.material.id,
            "form": self.form,
            "reason": self.reason,
            "file_digest": self.file_digest,
        }
        return {name: value for name, value in members.items() if value}


def _form(content: Mapping[str, object]) -> Literal["paper", "file"]:
    match _text(content, "form", 8):
        case "paper":
            return "paper"
        case "file":
            return "file"
        case _:
            raise MalformedQuestion("form", "应为 paper 或 file", "is paper or file")


def _check_members(content: Mapping[str, object], known: set[str]) -> None:
    if not known >= content.keys():
        raise MalformedQuestion("", "含有未知成员", "has a member that is not known")


def _check_keys(member: str, given: Mapping[str, object], known: Mapping[str, Party] | set[str]) -> None:
    if not set(known) >= given.keys():
        raise MalformedQuestion(member, "含有该事项没有的名称", "has a name that this item does not know")


def _item(content: Mapping[str, object], item_of: ItemOf) -> ServiceItem:
    item = item_of(_text(content, "item", _LENGTHS["item"]))
    if item is None:
        raise MalformedQuestion("item", "不是已知的事项编码", "is no known item code")
    return item


def _person(given: object, member: str, party: Party) -> Person:
    if not isinstance(given, Mapping) or given.keys() != {"name", "code", "code_type"}:
        raise MalformedQuestion(member, "应有且仅有 name、code、code_type", "has name, code and code_type, no more")
    code_type = _text(given, "code_type", 3, member)
    if code_type not in HOLDER_CODE_TYPES or subject_kind(code_type) != party.kind:
        raise MalformedQuestion(member, "的代码类型不适用", "has a code type that does not fit")
    code = normal_holder_code(code_type, _text(given, "code", 64, member).upper())
    return Person(_text(given, "name", 200, member), code, code_type)


def _table(content: Mapping[str, object], member: str) -> Mapping[str, object]:
    given = content.get(member, {})
    if not isinstance(given, Mapping):
        raise MalformedQuestion(member, "不是 JSON 对象", "is not a JSON object")
    return given


def _texts(content: Mapping[str, object], member: str, known: set[str], longest: int) -> dict[str, str]:
    given = _table(content, member)
    _check_keys(member, given, known)
    return {name: _text(given, name, longest, member) for name in given}


def _optional(content: Mapping[str, object], member: str, longest: int) -> str:
    return _text(content, member, longest) if content.get(member) not in {None, ""} else ""


def _text(content: Mapping[str, object], member: str, longest: int, told: str = "") -> str:
    """A text, trimmed; in faults it is told by `told`, the member that the asker wrote it in."""
    value, name = content.get(member), told or member
    if not isinstance(value, str):
        raise MalformedQuestion(name, "缺失或不是文本", "is missing or no text")
    text = value.strip() if len(value) <= 4 * longest else ""
    if not text or len(text) > longest:
        raise MalformedQuestion(name, "为空或过长", "is empty or too long")
    if any(unicodedata.category(character) in _UNSEEN for character in text):
        raise MalformedQuestion(name, "含有控制字符", "has control characters")
    return text
