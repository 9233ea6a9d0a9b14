"""查询: granted fields of a subject, one by one, with where each comes from; masked unless the grant says in clear.

    answered = Query(catalogue, key).answer(work, asked, today, now)[0]
    answered.content["fields"]["address"]["outcome"]        # "told"
    values_beside.opened(answered.beside, key)              # the disclosures that hold the values

The receipt holds no values but a salted digest of each (as SD-JWT does, RFC 9901); the values travel beside it, and are
sealed as long as they are in the hub's hands. Receipt and disclosures together prove what was told.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from certificates.records import MalformedQuestion
from certificates.sd_jwt import SALT_LENGTH, digest, disclose
from exchange_api.acts.act import Act, Answered, Asked, Subject
from exchange_api.acts.answer_words import outcome, words
from exchange_api.acts.standings import oldest, source
from exchange_api.acts.subject_questions import SubjectQuestion, claimant, read_subject, source_of, texts
from exchange_api.acts.values_beside import opened, seal
from exchange_api.transactions import Transaction
from registries.departments import Catalogue
from registries.store import granted_reads
from registries.store.granted_reads import Ask, Field, Told
from registries.store.grants import Wish

QUERIES_PATH: Final = "/v1/queries"


@dataclass(frozen=True)
class FieldsQuestion(SubjectQuestion):
    """Which fields of a subject are asked for."""

    source: str
    fields: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """The question's JSON members."""
        return {**super().to_json(), "source": self.source, "fields": list(self.fields)}


class Query(Act[FieldsQuestion]):
    """The act of asking for fields.

    Args:
        catalogue: registers and datasets in force now.
        key: 32 bytes; seals the values until they leave.
    """

    name = "query"
    path = QUERIES_PATH
    member = "query"

    def __init__(self, catalogue: Callable[[], Catalogue], key: bytes) -> None:
        self._catalogue = catalogue
        self._key = key

    def parse(self, content: Mapping[str, object]) -> FieldsQuestion:
        """Raises certificates.records.MalformedQuestion."""
        asked = read_subject(content, frozenset({"source", "fields"}))
        named, known = source_of(content, self._catalogue())
        fields = texts(content, "fields", 64)
        if not known.keys() >= set(fields):
            raise MalformedQuestion("fields", "含有该来源没有的字段", "has a field that this source does not have")
        return FieldsQuestion(**vars(asked), source=named, fields=fields)

    def wishes(self, question: FieldsQuestion) -> tuple[Wish, ...]:
        """One for each field: some may be told where others may not."""
        why = (question.purpose, question.service_item)
        return tuple(Wish("query", *why, None, question.source, (name,)) for name in question.fields)

    def shown(self, question: FieldsQuestion, today: date) -> Mapping[str, Any]:  # noqa: ARG002 - of the act's form
        """The source and which fields."""
        return {"source": question.source, "fields": list(question.fields)}

    def about(self, question: FieldsQuestion) -> tuple[Subject, ...]:
        """The subject."""
        return (question.about,)

    def answer(
        self, work: Transaction, asked: Sequence[Asked[FieldsQuestion]], today: date, now: datetime
    ) -> list[Answered]:
        """All fields of all questions by one statement."""
        found = granted_reads.query(work.conn, [_ask(each) for each in asked], now, today)
        return [self._answered(each.question, told) for each, told in zip(asked, found, strict=True)]

    def values_of(self, beside: bytes | None) -> dict[str, str] | None:
        """What travelled beside an answer, as disclosures by name; None where it is not kept any more."""
        return opened(beside, self._key)

    def _answered(self, question: FieldsQuestion, told: Mapping[str, Told]) -> Answered:
        codes = {name: _code(told[name]) for name in question.fields}
        disclosures = {
            name: disclose(name, told[name].value, secrets.token_bytes(SALT_LENGTH))
            for name in question.fields
            if codes[name] == "told"
        }
        content = {
            **words("query", _whole(set(codes.values()))),
            "fields": {name: _field(codes[name], told[name]) for name in question.fields},
            "values": {"_sd": sorted(digest(each) for each in disclosures.values())},
        }
        standings = [one.standing for one in told.values() if one.granted]
        missed = not any(one.found for one in told.values())
        sealed = seal(disclosures, self._key)
        return Answered(content, oldest(standings), misses=int(missed), beside=sealed)


def _ask(asked: Asked[FieldsQuestion]) -> Ask:
    question = asked.question
    granted = zip(question.fields, asked.grants, strict=True)
    fields = tuple(Field(name, grant.id if grant else None) for name, grant in granted)
    why = (question.purpose, question.service_item)
    return Ask(claimant(asked), question.subject, question.source, fields, *why)


def _field(code: str, told: Told) -> dict[str, Any]:
    return {**outcome(code), "masked": told.masked and code == "told", "source": source(told.standing)}


def _code(one: Told) -> str:
    if not one.granted:
        return "not_granted"
    if not one.standing.covered:
        return "not_covered"
    if not one.found:
        return "not_found"
    return "empty" if one.value is None else "told"


def _whole(codes: set[str]) -> str:
    if "not_granted" in codes:
        return "refused"
    if codes == {"told"}:
        return "found"
    return "partly" if "told" in codes else "not_found"
