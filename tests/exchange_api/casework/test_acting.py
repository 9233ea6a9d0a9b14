"""A case's states, by random work on it: deliveries and people in any order, against a small model.

The store is a real one; the model knows only which subjects are wrong now, and what people settled.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar, Protocol

import numpy as np
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from exchange_api.casework.acting import Casework
from exchange_api.casework.errors import NotNow
from exchange_api.errors import NotFound
from exchange_api.people.signed_in import Session
from exchange_api.sealed_files import SealedFiles
from exchange_api.sealed_words import SealedWords
from registries.home import Role
from registries.landing import Landing
from registries.store import case_closing, case_opening, cases, planner, quarantine, scores
from registries.store.cases import Case
from registries.store.engine import Store
from registries.store.stage import Stage
from registries.working_days import shipped
from tests.registries.store.deliveries import Row, take_in
from tests.registries.store.sample_catalogue import CATALOGUE, PEOPLE, text_batch
from tests.registries.store.test_quarantine import Found

KEYS = ("1", "2", "3")
START = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
PROVIDERS = tuple(
    Session(number, login, login, "test_police", frozenset({"publisher"}))
    for number, login in ((1, "zhang"), (2, "wang"))
)
STEWARDS = tuple(
    Session(number, login, login, "data_bureau", frozenset({"steward"})) for number, login in ((3, "li"), (4, "chen"))
)
STRANGER = Session(5, "he", "he", "tax", frozenset({"publisher", "window_officer"}))
CLEARING = (
    "DELETE FROM hub.case_step",
    "DELETE FROM hub.case_row",
    "DELETE FROM hub.case_evidence",
    'DELETE FROM hub."case"',
)
WRONG = st.frozensets(st.sampled_from(KEYS))


class Hub(Protocol):
    store: Callable[[Role], Store]


class Desk:
    """A store with the small catalogue, its use cases, and a clock."""

    def __init__(self, hub: Hub, folder: Path) -> None:
        self.load, self.page = hub.store(Role.LOAD), hub.store(Role.PAGE)
        self.owner = hub.store(Role.OWNER)
        planner.plan(self.load, CATALOGUE)
        self.now = START
        files = SealedFiles(Landing(folder, bytes(32)))
        words = SealedWords(bytes(32))
        self.casework = Casework(self.page, hub.store(Role.API), files, words, lambda: self.now, shipped)

    def clear(self) -> None:
        """As if nothing had ever come; steps can't be deleted by anybody, only by who owns their table."""
        self.now = START
        with self.owner.begin() as conn:
            conn.execute(sa.text("ALTER TABLE hub.case_step DISABLE TRIGGER USER"))
            for statement in CLEARING:
                conn.execute(sa.text(statement))
            conn.execute(sa.text("ALTER TABLE hub.case_step ENABLE TRIGGER USER"))

    def deliver(self, wrong: frozenset[str]) -> None:
        """A snapshot in which the rule `soft` finds some rows."""
        rows: list[Row] = [{"number": key, "name": f"x{self.now.timestamp()}"} for key in KEYS]
        found = [place for place, key in enumerate(KEYS, 1) if key in wrong]
        with self.load.begin() as conn:
            batch, _ = take_in(conn, PEOPLE, [(row, False) for row in rows])
            scores.record_scores(conn, batch, [Found("soft", "accuracy", len(rows), len(found), level=2)])
            if found:
                quarantine.record_findings(conn, batch, "soft", 2, np.array(found))
            stage = Stage(conn, PEOPLE, batch)
            stage.create()
            stage.copy_in(np.arange(1, len(rows) + 1), text_batch(PEOPLE, rows), np.zeros(len(rows), np.bool_))
            case_closing.close_mended(conn, batch, PEOPLE, self.now)
            case_opening.open_from_findings(conn, batch, PEOPLE, self.now)
            stage.drop()

    def open_case(self) -> Case | None:
        with self.page.begin() as conn:
            found = cases.list_cases(conn)
        assert len(found) <= 1  # one cause is one case
        return found[0] if found else None

    def kept(self) -> list[int]:
        """Cases whose counts are not those of their rows; entries of the ledger that are not steps, or the reverse."""
        with self.owner.begin() as conn:
            wrong = conn.execute(
                sa.text(
                    """
                    SELECT c.number FROM hub."case" c LEFT JOIN hub.case_row r ON r.case_number = c.number
                     GROUP BY c.number
                    HAVING c.rows_open <> count(*) FILTER (WHERE r.state = 'open')
                        OR c.rows <> count(DISTINCT r.subject_digest)
                        OR (c.state = 'open') <> (c.rows_open > 0)
                    """
                )
            ).scalars()
            return list(wrong)


@pytest.fixture
def desk(hub: Hub, tmp_path: Path) -> Desk:
    return Desk(hub, tmp_path)


class Work(RuleBasedStateMachine):
    """Deliveries and people, and what the model makes of them."""

    desk: ClassVar[Desk]

    def __init__(self) -> None:
        super().__init__()
        self.desk.clear()
        self.open: set[str] = set()
        self.settled: set[str] = set()
        self.proposal: tuple[str, str] | None = None
        self.approved: dict[str, str] = {}
        self.stopped = False
        self.evidence = False

    @rule(wrong=WRONG)
    def deliver(self, wrong: frozenset[str]) -> None:
        self.desk.now += timedelta(days=1)
        self.desk.deliver(wrong)
        before = set(self.open)
        self.open = set(wrong) - (self.settled & wrong)
        self.settled &= wrong  # what passes is mended after all, and may relapse
        if not (before & self.open) and before | self.open:
            self._anew()

    def _anew(self) -> None:
        """Another case, or the same one reopened: whatever was proposed is over; evidence stays with a case."""
        self.proposal, self.approved, self.stopped = None, {}, False
        found = self.desk.open_case()
        if found is not None:
            with self.desk.page.begin() as conn:
                self.evidence = bool(cases.evidence_of(conn, found.number))

    @precondition(lambda self: self.open)
    @rule(who=st.sampled_from((*PROVIDERS, *STEWARDS, STRANGER)), beyond=st.booleans())
    def propose(self, who: Session, beyond: bool) -> None:
        may = who in PROVIDERS and self.proposal is None and (self.evidence or not beyond)
        act = self.desk.casework.ask_beyond_mending if beyond else self.desk.casework.answer
        reason = "archive_lost" if beyond else "matches_archive"
        self._try(who, lambda number: act(who, number, reason, "已核对"), may=may)
        if may:
            self.proposal = ("beyond_mending" if beyond else "found_right", who.login)

    @precondition(lambda self: self.open and self.proposal)
    @rule(who=st.sampled_from((*PROVIDERS, *STEWARDS)))
    def approve(self, who: Session) -> None:
        assert self.proposal is not None
        how, by = self.proposal
        side = "provider" if who in PROVIDERS else "steward"
        needed = {"steward"} if how == "found_right" else {"provider", "steward"}
        may = side in needed and side not in self.approved and who.login not in {by, *self.approved.values()}
        self._try(who, lambda number: self.desk.casework.approve(who, number, ""), may=may)
        if may:
            self.approved[side] = who.login
        if may and set(self.approved) == needed:
            self.settled |= self.open
            self.open = set()
            self._anew()

    @precondition(lambda self: self.open and self.proposal)
    @rule(who=st.sampled_from(STEWARDS))
    def refuse(self, who: Session) -> None:
        may = "steward" not in self.approved
        self._try(who, lambda number: self.desk.casework.refuse(who, number, "not_convincing", ""), may=may)
        if may:
            self.proposal, self.approved = None, {}

    @precondition(lambda self: self.open)
    @rule(who=st.sampled_from((PROVIDERS[0], STEWARDS[0])))
    def add_evidence(self, who: Session) -> None:
        may = who in PROVIDERS and self.proposal is None
        content = b"%PDF-1.7 " + str(self.desk.now).encode()
        self._try(who, lambda number: self.desk.casework.add_evidence(who, number, content, "application/pdf"), may=may)
        self.evidence |= may

    @precondition(lambda self: self.open)
    @rule(who=st.sampled_from((PROVIDERS[0], STEWARDS[0])), days=st.integers(0, 5))
    def clock(self, who: Session, days: int) -> None:
        may = who in STEWARDS
        if self.stopped:
            self.desk.now += timedelta(days=days)
            self._try(who, lambda number: self.desk.casework.resume(who, number), may=may)
        else:
            self._try(who, lambda number: self.desk.casework.stop(who, number, "proceedings", ""), may=may)
        self.stopped ^= may

    def _try(self, who: Session, act: Callable[[int], None], *, may: bool) -> None:
        found = self.desk.open_case()
        assert found is not None
        if may:
            act(found.number)
        elif who is STRANGER:
            with pytest.raises(NotFound):
                act(found.number)
        else:
            with pytest.raises(NotNow):
                act(found.number)

    @invariant()
    def the_store_agrees(self) -> None:
        found = self.desk.open_case()
        assert (found is not None) == bool(self.open)
        if found is not None:
            assert (found.rows_open, found.stopped_at is not None) == (len(self.open), self.stopped)
            assert found.due_on >= shipped().after(found.opened_at.date(), found.stopped_days)
        assert self.desk.kept() == []


def test_a_case_is_what_deliveries_and_people_make_of_it(desk: Desk) -> None:
    bounded = settings(
        max_examples=6,
        stateful_step_count=10,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        derandomize=True,
    )
    run_state_machine_as_test(type("AtDesk", (Work,), {"desk": desk}), settings=bounded)
