"""What may be done to a case as it stands, and by whom: pure, so that pages and use cases ask the same question.

    who = Who.of(session)
    allowed(who, case, standing_of(steps), has_evidence=True)     # frozenset({"answer", "assign", ...})

A case is worked on by three sides: its department (provider), the stewards who govern the data, and whoever raised it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Self

from exchange_api.people.roles import Role
from exchange_api.people.signed_in import Session
from registries.store.cases import Case, CaseStep

Act = Literal[
    "assign", "stop", "resume", "remind", "evidence", "answer", "ask_beyond_mending", "approve", "refuse", "withdraw"
]
Side = Literal["provider", "steward"]
Proposal = Literal["answered", "asked_beyond_mending"]
_PROPOSALS: Mapping[str, Proposal] = {"answered": "answered", "asked_beyond_mending": "asked_beyond_mending"}
_TURNS = frozenset({*_PROPOSALS, "opened", "reopened", "refused"})


@dataclass(frozen=True)
class Who:
    """A person as far as cases are concerned."""

    login: str
    department: str
    roles: frozenset[str]

    @classmethod
    def of(cls, session: Session) -> Self:
        """Whoever is signed in."""
        return cls(session.login, session.department, session.roles)

    def sides(self, case: Case) -> frozenset[Side]:
        """On which sides of a case this person stands."""
        own = self.department in {case.department, case.against}
        publishes = bool(self.roles & {Role.PUBLISHER, Role.DEPARTMENT_ADMINISTRATOR})
        found: set[Side] = {"provider"} if own and publishes else set()
        return frozenset(found | {"steward"} if Role.STEWARD in self.roles else found)


@dataclass(frozen=True)
class Standing:
    """What is proposed for a case now: by whom, and who approved it."""

    proposed: Proposal | None
    proposed_by: str | None
    approvals: tuple[tuple[str, str | None], ...]

    @property
    def sides(self) -> frozenset[str | None]:
        """The sides that approved it."""
        return frozenset(side for _, side in self.approvals)

    def takes_part(self, login: str) -> bool:
        """Whether this person proposed or approved it: nobody acts twice."""
        return login == self.proposed_by or any(login == by for by, _ in self.approvals)


NOTHING = Standing(None, None, ())


def standing_of(steps: Sequence[CaseStep]) -> Standing:
    """What the steps of a case come to."""
    standing = NOTHING
    for step in steps:
        if step.act in _TURNS:
            standing = NOTHING
        if step.act in _PROPOSALS:
            standing = Standing(_PROPOSALS[step.act], step.by, ())
        elif step.act == "approved" and standing.proposed is not None:
            standing = Standing(standing.proposed, standing.proposed_by, (*standing.approvals, (step.by, step.reason)))
    return standing


def approving_side(who: Who, case: Case, standing: Standing) -> Side | None:
    """For which side this person can approve what is proposed; None if for none."""
    if standing.proposed is None or standing.takes_part(who.login):
        return None
    sides = who.sides(case)
    if "steward" in sides and "steward" not in standing.sides:
        return "steward"
    missing = standing.proposed == "asked_beyond_mending" and "provider" not in standing.sides
    return "provider" if missing and "provider" in sides else None


def allowed(who: Who, case: Case, steps: Sequence[CaseStep], *, has_evidence: bool) -> frozenset[Act]:
    """Everything that this person may do to the case now."""
    sides = who.sides(case)
    if case.state != "open" or not sides:
        return frozenset()
    found: set[Act] = {"assign"}
    if case.cause == "dispute":  # answered where it was filed
        return frozenset(found)
    if "steward" in sides:
        found.add("remind")
        found.add("resume" if case.stopped_at else "stop")
    if case.cause in {"steward", "objection"} and _raised_by(steps) == who.login:
        found.add("withdraw")
    standing = standing_of(steps)
    if standing.proposed is None and "provider" in sides:
        found |= {"evidence", "answer"}
        if has_evidence:
            found.add("ask_beyond_mending")
    if approving_side(who, case, standing) is not None:
        found |= {"approve", "refuse"}
    return frozenset(found)


def complete(standing: Standing) -> bool:
    """Whether all who have to approve what is proposed have done so."""
    needed = {"steward"} if standing.proposed == "answered" else {"provider", "steward"}
    return standing.proposed is not None and needed <= standing.sides


def _raised_by(steps: Iterable[CaseStep]) -> str | None:
    return next((step.by for step in steps if step.act == "opened"), None)
