"""A certificate's life as a machine: legal moves only, and on every day asked for what the moves add up to."""

import itertools
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from certificates.life import (
    FROM,
    LEADS_TO,
    NEEDS_REASON,
    Act,
    Event,
    IncompleteMove,
    Life,
    Move,
    classify,
    is_paper_era,
)
from certificates.records import CertificateRecord, Holder, LookUp, Question, SourceState
from certificates.status import BAD_NEWS, LIFTED_BY_DECISION, MOVES, IllegalMove, Status
from certificates.terms import Term
from certificates.types import load_types
from certificates.verdicts import VerdictCode, judge

FIRST = date(2020, 1, 1)
AT = datetime(2020, 1, 1, 9, tzinfo=UTC)
TYPES = load_types()
LICENCE = "11100000MB0143028R001"
QUESTION = Question(LICENCE, "A", "汕头示例有限公司", "91110000600037341L", "001", "purpose", "item", "case")
SOURCE = SourceState(covered=True, data_as_of=AT, fresh=True, score=1.0)


def act(move: Move, since: date = FIRST, reason: str = "决定书〔2024〕1号") -> Act:
    return Act(move, since, "汕头市市场监督管理局", datetime(since.year, since.month, since.day, 9, tzinfo=UTC), reason)


def issued(until: date | None = date(2029, 12, 31)) -> Life:
    return Life().move(act(Move.ISSUE), Term(FIRST, until, long_term=until is None))


def record(life: Life) -> CertificateRecord:
    """What a source that delivered each of these moves would be known by."""
    last = life.events[-1]
    term = last.term or Term()
    return CertificateRecord(
        LICENCE, "A", None, None, "汕头市市场监督管理局", "", FIRST, term.valid_from, term.valid_until, term.long_term,
        last.status, life.events, (Holder("汕头示例有限公司", "91110000600037341L", "001"),), None, True, "A", "d.t",
    )  # fmt: skip


def verdict(life: Life, day: date, today: date) -> VerdictCode:
    question = Question(**{**QUESTION.__dict__, "as_of": day})
    return judge(question, LookUp(record(life), being_checked=False, source=SOURCE), today, TYPES).code


MADE = sorted(set(Move) - {Move.ISSUE})


class LifeMachine(RuleBasedStateMachine):
    """Moves at random, each some days after the last; what was so on each day is written down beside it."""

    @initialize()
    def begin(self) -> None:
        self.life = issued()
        self.today = FIRST
        self.end = date(2029, 12, 31)
        self.states = [(FIRST, Status.VALID)]

    @rule(move=st.sampled_from(MADE), days=st.integers(1, 60), named=st.booleans())
    def make(self, move: Move, days: int, named: bool) -> None:
        before = self.states[-1][1]
        since = self.today + timedelta(days=days)
        later = Term(since, self.end + timedelta(days=365)) if move in {Move.RENEW, Move.ENDORSE} else None
        try:
            self.life = self.life.move(act(move, since, "决定书" if named else ""), later)
        except IllegalMove:
            assert not self._allowed(before, move) or (before in LIFTED_BY_DECISION and not named)
            return
        except IncompleteMove:
            assert not named
            assert move in NEEDS_REASON
            return
        assert self._allowed(before, move)
        self.today = since
        self.end = later.valid_until or self.end if later else self.end
        after = LEADS_TO.get(move, Status.VALID if move == Move.ENDORSE else before)
        if after != before:
            self.states.append((since, after))

    @staticmethod
    def _allowed(before: Status, move: Move) -> bool:
        if move in FROM:
            return before in FROM[move]
        after = LEADS_TO[move]
        return after != before and after in MOVES[before]

    def _state(self, day: date) -> Status:
        """The state on a day, by the book beside it; what was annulled never was."""
        if self.states[-1][1] == Status.REVOKED_VOID:
            return Status.REVOKED_VOID
        return next(status for since, status in reversed(self.states) if since <= day)

    @precondition(lambda self: len(self.life.events) > 1)
    @invariant()
    def every_day_is_told(self) -> None:
        turns = {since + timedelta(days=shift) for since, _ in self.states for shift in (-1, 0, 1)}
        for day in sorted(turns | {FIRST, self.today}):
            if day < FIRST:
                continue
            status = self._state(day)
            found = verdict(self.life, day, self.today + timedelta(days=400))
            if status == Status.VALID:
                assert found == VerdictCode.VALID
            elif status in BAD_NEWS:
                assert found.value == status.value
            else:
                assert found == VerdictCode.EXPIRED

    @precondition(lambda self: len(self.life.events) > 1)
    @invariant()
    def what_was_known_stays_known(self) -> None:
        """A life as known at a moment is the life of that moment, whatever came later."""
        for place, event in enumerate(self.life.events):
            assert event.at is not None
            assert self.life.known_at(event.at).events[-1].at == event.at
            assert len(self.life.known_at(event.at).events) >= place + 1

    @invariant()
    def versions_only_grow(self) -> None:
        versions = [event.version for event in self.life.events]
        assert versions == sorted(versions)
        assert all(after - before in {0, 1} for before, after in itertools.pairwise(versions))


LifeMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=14, deadline=None)
TestLife = LifeMachine.TestCase


@pytest.mark.parametrize("move", MADE)
def test_before_it_is_issued_nothing_happens_to_a_certificate(move: Move) -> None:
    with pytest.raises(IllegalMove):
        Life().move(act(move))
    with pytest.raises(IllegalMove):
        Life().on(FIRST, today=FIRST)


def test_nothing_is_issued_twice() -> None:
    with pytest.raises(IllegalMove):
        issued().move(act(Move.ISSUE))


@pytest.mark.parametrize(
    ("wrong", "member"),
    [
        ({"by": " "}, "by"),
        ({"reason": ""}, "reason"),
        ({"on_behalf": True}, "principal"),
        ({"principal": "广东省市场监督管理局"}, "principal"),
        ({"trust_level": "E"}, "trust_level"),
        ({"since": FIRST - timedelta(days=1)}, "since"),
    ],
)
def test_what_a_move_must_say(wrong: dict[str, object], member: str) -> None:
    given = {"move": Move.SUSPEND, "since": FIRST, "by": "x", "at": AT, "reason": "整顿", **wrong}
    with pytest.raises(IncompleteMove) as caught:
        issued().move(Act(**given))  # type: ignore[arg-type]  # members of several types in one table
    assert (caught.value.move, caught.value.member) == (Move.SUSPEND, member)


def test_an_identifier_is_made_with_the_right_check_character_and_version() -> None:
    right = "1.2.156.3005.2.11100000000013338W011.11430000006122244L.20230000403.001.U"
    Life().move(Act(Move.ISSUE, FIRST, "x", AT, identifier=right))
    second = "1.2.156.3005.2.11100000000013338W011.11430000006122244L.20230000403.002.S"
    for wrong in (right[:-1] + "V", second, "2023"):
        with pytest.raises(IncompleteMove) as caught:
            Life().move(Act(Move.ISSUE, FIRST, "x", AT, identifier=wrong))
        assert caught.value.member == "identifier"
    changed = issued().move(Act(Move.CHANGE, FIRST, "x", AT, identifier=second))
    assert changed.events[-1].version == 2


def test_issuing_on_behalf_names_the_principal() -> None:
    made = Act(Move.ISSUE, FIRST, "汕头市市监局", AT, on_behalf=True, principal="广东省市场监督管理局", trust_level="C")
    (event,) = Life().move(made).events
    assert (event.by, event.principal) == ("汕头市市监局", "广东省市场监督管理局")
    assert is_paper_era(event.trust_level)
    assert not is_paper_era("A")


def test_a_renewal_needs_a_later_end_and_keeps_the_term_before() -> None:
    life = issued(date(2022, 12, 31))
    with pytest.raises(IncompleteMove):
        life.move(act(Move.RENEW, date(2023, 3, 1)), Term(date(2023, 3, 1), date(2022, 6, 1)))
    renewed = life.move(act(Move.RENEW, date(2023, 3, 1)), Term(date(2023, 3, 1), date(2028, 2, 29)))
    today = date(2024, 6, 1)
    assert verdict(renewed, date(2021, 5, 1), today) == VerdictCode.VALID
    assert verdict(renewed, date(2023, 1, 15), today) == VerdictCode.EXPIRED  # nobody had renewed it yet
    assert verdict(renewed, date(2023, 3, 1), today) == VerdictCode.VALID
    assert [event.version for event in renewed.events] == [1, 2]


def test_a_correction_of_the_dates_replaces_them() -> None:
    corrected = issued().move(
        act(Move.CORRECT, date(2021, 1, 1), "登记错误"), Term(date(2020, 6, 1), date(2025, 5, 31))
    )
    assert verdict(corrected, date(2020, 3, 1), date(2024, 6, 1)) == VerdictCode.NOT_YET_VALID


def test_what_is_known_at_a_moment_is_told_as_it_was() -> None:
    late = Act(Move.REVOKE_PENALTY, date(2024, 1, 1), "x", datetime(2024, 5, 1, tzinfo=UTC), "处罚")
    life = issued().move(late)
    then = life.known_at(datetime(2024, 4, 30, tzinfo=UTC))
    assert then.on(date(2024, 2, 1), today=date(2024, 4, 30)).status.status == Status.VALID
    assert life.on(date(2024, 2, 1), today=date(2024, 6, 1)).status.status == Status.REVOKED_PENALTY


def event(status: Status, since: date | None = None, reason: str = "", **more: object) -> Event:
    return Event(status, since, reason, **more)  # type: ignore[arg-type]  # as above


@pytest.mark.parametrize(
    ("before", "after", "move", "lawful"),
    [
        (None, event(Status.VALID), Move.ISSUE, True),
        (None, event(Status.CANCELLED), Move.CANCEL, True),
        (event(Status.VALID), event(Status.SUSPENDED), Move.SUSPEND, True),
        (event(Status.SUSPENDED), event(Status.VALID), Move.RESTORE, True),
        (event(Status.SUSPENDED, date(2024, 3, 1)), event(Status.VALID, date(2024, 2, 1)), Move.RESTORE, False),
        (event(Status.SUSPENDED, date(2024, 3, 1)), event(Status.VALID, date(2024, 2, 1), "误"), Move.RESTORE, True),
        (event(Status.REVOKED_VOID), event(Status.VALID), Move.RESTORE, False),
        (event(Status.REVOKED_VOID), event(Status.VALID, reason="判决"), Move.RESTORE, True),
        (event(Status.SUPERSEDED), event(Status.VALID, reason="x"), Move.RESTORE, False),
        (event(Status.VALID, version=2), event(Status.VALID, version=1), Move.CORRECT, False),
        (event(Status.VALID, version=1), event(Status.VALID, version=3), Move.CHANGE, True),
        (event(Status.VALID, version=1), event(Status.VALID), Move.CORRECT, True),
        (event(Status.VALID), event(Status.VALID, renewal_applied_on=FIRST), Move.RENEWAL_PENDING, True),
        (
            event(Status.EXPIRED, term=Term(None, FIRST)),
            event(Status.VALID, term=Term(None, date(2025, 1, 1))),
            Move.RENEW,
            True,
        ),
        (event(Status.DRAFT), event(Status.VALID), Move.ISSUE, True),
    ],
)
def test_what_a_source_says_is_known_by_its_move(before: Event | None, after: Event, move: Move, lawful: bool) -> None:
    assert classify(before, after) == (move, lawful)


def test_an_endorsement_is_one_where_the_type_goes_on_by_them() -> None:
    before, after = (event(Status.VALID, term=Term(None, day)) for day in (FIRST, date(2021, 1, 1)))
    assert classify(before, after, endorsed=True) == (Move.ENDORSE, True)
