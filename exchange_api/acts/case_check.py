"""一件事一次核对: one item, one check; what of its materials need not be handed in, and what has to be, and why.

    CaseCheck(catalogue, types, issuers, live).answer(work, asked, today, now)[0].content["materials"][0]["outcome"]

Each way of each material has its own wish, so that a question may be answered in part: what no grant covers is said as
such. The look-ups of a whole group are made together (`case_looking`), in the transaction that writes the answer down.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Literal

from certificates.issuers import Issuer
from certificates.types import CertificateType
from certificates.verdicts import VerdictCode, mask_number
from exchange_api.acts.act import Act, Answered, Asked, Subject
from exchange_api.acts.case_looking import Held, HeldFound, Looking
from exchange_api.acts.case_outcomes import EXEMPT, OUTCOMES, PENDING, REASONS, TO_SUBMIT, WayFound, deciding
from exchange_api.acts.case_questions import CaseQuestion, Person
from exchange_api.live_sources import LiveSources
from exchange_api.transactions import Transaction
from registries.departments import Catalogue
from registries.service_items.model import (
    CertificateWay,
    EarlierWay,
    MatchWay,
    Material,
    QueryWay,
    ServiceItem,
    Way,
    item_of,
)
from registries.store import case_checks
from registries.store.case_checks import Asking, CheckMade, Fact, FactWish, HeldWish, ReceivedBefore, ReceivedWish
from registries.store.grants import Grant, Wish

CASE_CHECKS_PATH: Final = "/v1/case-checks"
_Later = Callable[[], WayFound]
"""What came of a way, to be asked once everything was looked up."""
_PAPER: Final = WayFound("paper", "paper_only")


class CaseCheck(Act[CaseQuestion]):
    """The act of asking what of an item's materials the hub can answer for.

    Args:
        catalogue: the service items and datasets in force now.
        types: certificate types by code.
        issuers: the issuing authorities of a day.
        live: sources that are asked at the moment of a question.
    """

    name = "verification"
    path = CASE_CHECKS_PATH
    member = "case_check"

    def __init__(
        self,
        catalogue: Callable[[], Catalogue],
        types: Mapping[str, CertificateType],
        issuers: Callable[[date], Mapping[str, Issuer]],
        live: LiveSources,
    ) -> None:
        self._catalogue = catalogue
        self._types = types
        self._issuers = issuers
        self._live = live

    def parse(self, content: Mapping[str, object]) -> CaseQuestion:
        """Raises certificates.records.MalformedQuestion."""
        return CaseQuestion.parse(content, self.item_of)

    def item_of(self, code: str) -> ServiceItem | None:
        """The service item of a code, as in force now."""
        return item_of(self._catalogue(), code)

    def wishes(self, question: CaseQuestion) -> tuple[Wish, ...]:
        """One for each certificate type, match and rule, in the order of materials and ways."""
        return wishes_of(question.materials, question.purpose, question.service_item)

    def shown(self, question: CaseQuestion, today: date) -> Mapping[str, Any]:  # noqa: ARG002 - of the act's form
        """The item and its version; which step."""
        step = {"step": question.step} if question.step else {}
        return {"item": question.item.code, "item_version": question.item.version, **step}

    def about(self, question: CaseQuestion) -> tuple[Subject, ...]:
        """All parties of the case."""
        return tuple(Subject(person.kind, person.code) for person in question.parties.values())

    def answer(
        self, work: Transaction, asked: Sequence[Asked[CaseQuestion]], today: date, now: datetime
    ) -> list[Answered]:
        """Everything of all cases looked up together, each material judged by itself, and the checks written down."""
        looking = Looking(self._types, self._issuers, self._live)
        sheets = [_Sheet(each, looking, now) for each in asked]
        looking.look(work, today, now)
        found = [sheet.materials() for sheet in sheets]
        case_checks.note_checks(work.conn, [_made(*each) for each in zip(asked, found, strict=True)], now)
        return [self._answered(each) for each in found]

    def _answered(self, found: "Sequence[_Found]") -> Answered:
        times = [way.data_as_of for each in found for way in each.ways if way.data_as_of is not None]
        tried = [way for each in found for way in each.ways if way.looked_up]
        return Answered(
            {**_summary(found), "materials": [each.to_json(self._types) for each in found]},
            min(times, default=None),
            misses=int(bool(tried) and not any(way.found for way in tried)),
        )


def wishes_of(materials: Sequence[Material], purpose: str, service_item: str) -> tuple[Wish, ...]:
    """The rights that checking these materials needs, in the order of materials and their ways."""
    return tuple(
        wish for material in materials for way in material.ways for wish in _wishes(way, purpose, service_item)
    )


def _wishes(way: Way, purpose: str, service_item: str) -> Iterator[Wish]:
    match way:
        case CertificateWay(types=types):
            for kind in types:
                yield Wish("verification", purpose, service_item, kind)
        case MatchWay(dataset=dataset):
            yield Wish("matching", purpose, service_item, None, dataset, way.columns)
        case QueryWay(dataset=dataset):
            yield Wish("query", purpose, service_item, None, dataset, way.columns)
        case EarlierWay():
            return


@dataclass(frozen=True)
class _Found:
    """A material, what came of each of its ways, and the one that decides."""

    material: Material
    step: tuple[str, str]
    ways: tuple[WayFound, ...]

    @property
    def decided_by(self) -> WayFound:
        return deciding(self.ways)

    @property
    def later(self) -> bool:
        """Whether it need not be there yet (容缺)."""
        return self.decided_by.outcome != EXEMPT and self.material.later_days is not None

    def to_json(self, types: Mapping[str, CertificateType]) -> dict[str, Any]:
        """As the receipt tells it."""
        way, reason = self.decided_by, REASONS[self.decided_by.reason]
        outcome_zh, outcome_en = OUTCOMES[way.outcome]
        return {
            "id": self.material.id,
            "zh": self.material.name_zh,
            "en": self.material.name_en,
            "step": {"zh": self.step[0], "en": self.step[1]},
            "outcome": way.outcome,
            "outcome_zh": outcome_zh,
            "outcome_en": outcome_en,
            "reason": way.reason,
            "why": {"zh": reason.zh, "en": reason.en},
            "next": {"zh": reason.next_zh, "en": reason.next_en},
            "basis": list(self.material.basis),
            "later": self.later,
            "later_days": self.material.later_days if self.later else None,
            "ways": [_named(each.to_json(), types) for each in self.ways],
        }


def _named(told: dict[str, Any], types: Mapping[str, CertificateType]) -> dict[str, Any]:
    """A certificate's source is told by the name of its type, too."""
    kind = types.get(told["source"])
    return told if kind is None else {**told, "source_zh": kind.name_zh, "source_en": kind.name_en}


class _Sheet:
    """One case: what is wished for it, and what came of that once everything was looked up."""

    def __init__(self, asked: Asked[CaseQuestion], looking: Looking, now: datetime) -> None:
        self._asked = asked
        self._question = asked.question
        self._looking = looking
        self._now = now
        grants = iter(asked.grants)
        self._later = [
            (material, [self._way(material, way, grants) for way in material.ways])
            for material in asked.question.materials
        ]

    def materials(self) -> list[_Found]:
        """Each material with what came of its ways."""
        steps = {step: (zh, en) for step, zh, en in self._question.item.steps}
        return [
            _Found(material, steps[material.step], tuple(later() for group in ways for later in group) or (_PAPER,))
            for material, ways in self._later
        ]

    def _way(self, material: Material, way: Way, grants: Iterator[Grant | None]) -> list[_Later]:
        """The grants are taken in the order of the wishes, also where there is nothing to look up."""
        given = [next(grants) for _ in _wishes(way, "", "")]
        person = self._question.parties.get(material.about)
        if isinstance(way, EarlierWay):
            return [self._earlier(material, way)]
        if isinstance(way, CertificateWay):
            return [
                self._certificate(material, kind, person, grant) for kind, grant in zip(way.types, given, strict=True)
            ]
        return [self._fact(way, person, given[0])]

    # --- certificates

    def _certificate(self, material: Material, kind: str, person: Person | None, grant: Grant | None) -> _Later:
        if person is None or grant is None:
            return _known("certificate", "party_not_named" if person is None else "not_granted", kind)
        asking = self._asking(person, grant)
        number = self._question.numbers.get(material.id, "")
        wish = HeldWish(asking, kind, person.code_type)
        place = self._looking.certificate(Held(wish, grant, self._question.case, number))
        return lambda: _of_certificate(self._looking.held[place], kind, number)

    # --- rows

    def _fact(self, way: MatchWay | QueryWay, person: Person | None, grant: Grant | None) -> _Later:
        told = {"rule_zh": way.zh, "rule_en": way.en} if isinstance(way, QueryWay) else {"columns": list(way.columns)}
        if person is None or grant is None:
            return _known(way.kind, "party_not_named" if person is None else "not_granted", way.dataset, told)
        conditions = self._conditions(way)
        if conditions is None:
            return _known(way.kind, "claim_missing", way.dataset, told)
        act: Literal["matching", "query"] = "matching" if isinstance(way, MatchWay) else "query"
        place = self._looking.fact(FactWish(self._asking(person, grant), act, way.dataset, conditions))
        return lambda: _of_fact(way, self._looking.facts[place], told)

    def _conditions(self, way: MatchWay | QueryWay) -> tuple[tuple[str, str, tuple[str, ...]], ...] | None:
        if isinstance(way, QueryWay):
            return tuple((each.column, each.operation, each.values) for each in way.conditions)
        claimed = [(column, self._claim(source)) for column, source in way.pairs]
        if any(value is None for _, value in claimed):
            return None
        return tuple((column, "same", (value or "",)) for column, value in claimed)

    def _claim(self, source: str) -> str | None:
        owner, _, name = source.partition(".")
        if owner == "claim":
            return self._question.claims.get(name)
        person = self._question.parties.get(owner)
        return None if person is None else person.name if name == "name" else person.code

    # --- what was received before

    def _earlier(self, material: Material, way: EarlierWay) -> _Later:
        subject = self._question.subject
        wish = ReceivedWish(self._asked.department, subject.kind, subject.code, self._question.case, material.kept_as)
        place = self._looking.received(wish)
        return lambda: _of_earlier(self._looking.before[place], way, self._now)

    def _asking(self, person: Person, grant: Grant) -> Asking:
        question = self._question
        return Asking(
            self._asked.department,
            self._asked.asker,
            grant.id,
            question.purpose,
            question.service_item,
            person.kind,
            person.code,
            person.name,
        )


def _known(kind: str, reason: str, source: str, told: Mapping[str, Any] | None = None) -> _Later:
    """What came of a way for which nothing is looked up."""
    found = WayFound(kind, reason, source, told)
    return lambda: found


_OF_VERDICT: Final[Mapping[VerdictCode, str]] = {
    VerdictCode.VALID: "certificate_valid",
    VerdictCode.PENDING_CHECK: "pending_check",
    VerdictCode.UNAVAILABLE: "source_silent",
    VerdictCode.NOT_COVERED: "not_covered",
    VerdictCode.NO_MATCH: "no_certificate",
}


def _of_certificate(found: HeldFound, kind: str, number: str) -> WayFound:
    verdict, record = found.verdict, found.look_up.record
    reason = "live_source" if found.live else _OF_VERDICT.get(verdict.code, "certificate_not_valid")
    told: dict[str, Any] = {"verdict": {"code": verdict.code.value, "zh": verdict.zh, "en": verdict.en}}
    if record is not None:  # who did not know the number learns only how it ends
        told["certificate"] = {
            "number": record.number if number else mask_number(record.number),
            "issuing_authority": record.issuing_authority_name,
            "valid_until": None if record.valid_until is None else record.valid_until.isoformat(),
        }
    return WayFound(
        "certificate", reason, kind, told, found.look_up.source.data_as_of, looked_up=True, found=record is not None
    )


def _of_fact(way: MatchWay | QueryWay, fact: Fact | None, told: Mapping[str, Any]) -> WayFound:
    if fact is None or fact.data_as_of is None:
        return WayFound(way.kind, "not_covered", way.dataset, told)
    if not fact.granted:
        return WayFound(way.kind, "not_granted", way.dataset, told)
    return WayFound(way.kind, _reason(way, fact), way.dataset, told, fact.data_as_of, looked_up=True, found=fact.found)


def _reason(way: MatchWay | QueryWay, fact: Fact) -> str:
    """What stands in doubt or is too old speaks for the applicant at most, never against."""
    matches = isinstance(way, MatchWay)
    if fact.doubtful:
        return "pending_check"
    if fact.answer:
        return "register_agrees" if matches else "eligible"
    if not fact.fresh:
        return "source_silent"
    if not fact.found:
        return "not_found" if matches else "not_eligible"
    if fact.answer is None:
        return "not_stated"
    return "register_differs" if matches else "not_eligible"


def _of_earlier(before: ReceivedBefore | None, way: EarlierWay, now: datetime) -> WayFound:
    if before is None or (not before.same_case and (now - before.received_at).days > way.within_days):
        return WayFound("earlier", "nothing_received")
    reason = "received_this_case" if before.same_case else "received_before"
    return WayFound("earlier", reason, "", {"received_on": before.received_at.date().isoformat()}, found=True)


# --- what is said of the whole


def _summary(found: Sequence[_Found]) -> dict[str, Any]:
    counts = Counter(each.decided_by.outcome for each in found)
    exempt, pending, to_submit = (counts[outcome] for outcome in (EXEMPT, PENDING, TO_SUBMIT))
    later = sum(each.later for each in found)
    now = sum(each.decided_by.outcome == TO_SUBMIT and not each.later for each in found)
    code = TO_SUBMIT if now else PENDING if pending or to_submit else EXEMPT
    next_zh, next_en = _NEXT[code]
    return {
        "code": code,
        "zh": f"共 {len(found)} 项材料：免交 {exempt}，待校核 {pending}，需提交 {to_submit}（可容缺 {later}）。",
        "en": f"{len(found)} materials: {exempt} need not be handed in, {pending} are being checked, "
        f"{to_submit} are to be handed in; {later} may come later.",
        "next": {"zh": next_zh, "en": next_en},
        "counts": {"exempt": exempt, "pending": pending, "to_submit": to_submit, "later": later},
    }


_NEXT: Final = {
    EXEMPT: (
        "可以受理，无需群众提交材料；回执归档。",
        "Accept the case; nothing to hand in. Keep the receipt on file.",
    ),
    PENDING: (
        "可以受理；待校核和可容缺的材料按所列办理，其余无需提交。",
        "Accept the case; deal with what is being checked or may come later as it says, nothing else is needed.",
    ),
    TO_SUBMIT: (
        "只请申请人提交标明“需提交”的材料；枢纽能够回答的，不得再要求纸质。",
        "Ask only for what is marked as to be handed in; ask for no paper that the hub has answered for.",
    ),
}


def _made(asked: Asked[CaseQuestion], found: Sequence[_Found]) -> CheckMade:
    question = asked.question
    return CheckMade(
        question.item.code,
        question.item.version,
        asked.department,
        question.case,
        question.subject.kind,
        question.subject.code,
        tuple((each.material.id, each.decided_by.outcome, each.decided_by.reason) for each in found),
    )
