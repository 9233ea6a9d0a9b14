"""比对: what is claimed of a subject against the registers, field by field: match, mismatch or unknown; no values.

    Matching(catalogue).answer(work, asked, today, now)[0].content["fields"]["sex"]["outcome"]      # "match"

A difference counts as a mismatch only where the hub is sure of what it holds; where its source is stale, a newer row is
in quarantine or departments disagree, it is unknown.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from certificates.records import MalformedQuestion
from exchange_api.acts.act import Act, Answered, Asked, Subject
from exchange_api.acts.answer_words import outcome, words
from exchange_api.acts.standings import oldest, source
from exchange_api.acts.subject_questions import (
    LONGEST_VALUE,
    MOST_FIELDS,
    SubjectQuestion,
    canonical,
    claimant,
    read_subject,
    source_of,
    text,
)
from exchange_api.transactions import Transaction
from registries.departments import Catalogue
from registries.store import granted_reads
from registries.store.granted_reads import Ask, Field, Matched
from registries.store.grants import Wish

MATCHES_PATH: Final = "/v1/matches"


@dataclass(frozen=True)
class MatchQuestion(SubjectQuestion):
    """What is claimed of a subject, by field, in the form in which the hub keeps it."""

    source: str
    claims: Mapping[str, str]

    def to_json(self) -> dict[str, Any]:
        """The question's JSON members."""
        return {**super().to_json(), "source": self.source, "claims": dict(self.claims)}


class Matching(Act[MatchQuestion]):
    """The act of comparing.

    Args:
        catalogue: registers and datasets in force now.
    """

    name = "matching"
    path = MATCHES_PATH
    member = "matching"

    def __init__(self, catalogue: Callable[[], Catalogue]) -> None:
        self._catalogue = catalogue

    def parse(self, content: Mapping[str, object]) -> MatchQuestion:
        """Raises certificates.records.MalformedQuestion."""
        asked = read_subject(content, frozenset({"source", "claims"}))
        named, fields = source_of(content, self._catalogue())
        claims = content.get("claims")
        if not isinstance(claims, Mapping) or not 0 < len(claims) <= MOST_FIELDS or not claims.keys() <= fields.keys():
            raise MalformedQuestion(
                "claims", "应为该来源字段与所主张的值", "gives fields of this source what is claimed of them"
            )
        read = {name: text(claims, name, LONGEST_VALUE, "claims") for name in claims}
        forms = {name: canonical("claims", fields[name], claimed) for name, claimed in read.items()}
        return MatchQuestion(**vars(asked), source=named, claims=forms)

    def wishes(self, question: MatchQuestion) -> tuple[Wish, ...]:
        """One for each field: some may be compared where others may not."""
        why = (question.purpose, question.service_item)
        return tuple(Wish("matching", *why, None, question.source, (name,)) for name in question.claims)

    def shown(self, question: MatchQuestion, today: date) -> Mapping[str, Any]:  # noqa: ARG002 - of the act's form
        """The source and which fields; nothing that was claimed."""
        return {"source": question.source, "fields": sorted(question.claims)}

    def about(self, question: MatchQuestion) -> tuple[Subject, ...]:
        """The subject."""
        return (question.about,)

    def answer(
        self, work: Transaction, asked: Sequence[Asked[MatchQuestion]], today: date, now: datetime
    ) -> list[Answered]:
        """All fields of all questions compared by one statement."""
        found = granted_reads.match(work.conn, [_ask(each) for each in asked], now, today)
        return [_answered(each.question, told) for each, told in zip(asked, found, strict=True)]


def _ask(asked: Asked[MatchQuestion]) -> Ask:
    question = asked.question
    claims = zip(question.claims.items(), asked.grants, strict=True)
    fields = tuple(Field(name, grant.id if grant else None, value) for (name, value), grant in claims)
    why = (question.purpose, question.service_item)
    return Ask(claimant(asked), question.subject, question.source, fields, *why)


def _answered(question: MatchQuestion, told: Mapping[str, Matched]) -> Answered:
    codes = {name: _code(told[name]) for name in question.claims}
    fields = {name: {**outcome(codes[name]), "source": source(told[name].standing)} for name in question.claims}
    content = {**words("matching", _whole(set(codes.values()))), "fields": fields}
    standings = [one.standing for one in told.values() if one.granted]
    missed = "mismatch" in codes.values() or "match" not in codes.values()
    return Answered(content, oldest(standings), misses=int(missed))


def _code(one: Matched) -> str:
    if not one.granted:
        return "not_granted"
    return one.outcome if one.standing.covered else "not_covered"


def _whole(codes: set[str]) -> str:
    if "mismatch" in codes:
        return "mismatch"
    if "not_granted" in codes:
        return "refused"
    return "match" if codes == {"match"} else "unknown"
