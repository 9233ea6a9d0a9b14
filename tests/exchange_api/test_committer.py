"""Groups, errors, and closing, without any store."""

import threading
from collections.abc import Sequence
from concurrent.futures import Future

import pytest

from exchange_api.committer import Committer
from exchange_api.errors import NotVerified, Overloaded


def nothing() -> None:
    pass


def test_what_waits_while_a_group_is_answered_becomes_one_group() -> None:
    groups: list[list[int]] = []
    go_on = threading.Event()

    def answer(asked: Sequence[int]) -> list[int | Exception]:
        groups.append(list(asked))
        go_on.wait(10)
        return [number * 2 for number in asked]

    with Committer[int, int](answer, nothing, group_size=4) as committer:
        first = committer.submit(0)
        while not groups:
            pass
        rest = [committer.submit(number) for number in range(1, 7)]
        go_on.set()
        assert [each.result(10) for each in [first, *rest]] == [0, 2, 4, 6, 8, 10, 12]
    assert groups == [[0], [1, 2, 3, 4], [5, 6]]


def test_an_outcome_that_is_an_error_reaches_its_asker_alone() -> None:
    def answer(asked: Sequence[int]) -> list[int | Exception]:
        return [NotVerified("signature") if number < 0 else number for number in asked]

    with Committer[int, int](answer, nothing) as committer:
        good, bad = committer.submit(1), committer.submit(-1)
        assert good.result(10) == 1
        with pytest.raises(NotVerified):
            bad.result(10)


def test_a_group_that_fails_tells_all_and_the_next_one_is_answered() -> None:
    def answer(asked: Sequence[int]) -> list[int | Exception]:
        if 13 in asked:
            raise ZeroDivisionError
        return list(asked)

    with Committer[int, int](answer, nothing) as committer:
        with pytest.raises(ZeroDivisionError):
            committer.submit(13).result(10)
        assert committer.submit(1).result(10) == 1
        assert committer.alive


def test_more_than_may_wait_is_refused() -> None:
    go_on = threading.Event()

    def answer(asked: Sequence[int]) -> list[int | Exception]:
        go_on.wait(10)
        return list(asked)

    with Committer[int, int](answer, nothing, group_size=1, most_waiting=2) as committer:
        waiting: list[Future[int]] = []
        with pytest.raises(Overloaded):
            waiting.extend(committer.submit(number) for number in range(5))
        go_on.set()
    with pytest.raises(Overloaded):
        committer.submit(1)


def test_closing_answers_what_waits() -> None:
    with Committer[int, int](list, nothing) as committer:
        waiting = [committer.submit(number) for number in range(1000)]
    assert [each.result(0) for each in waiting] == list(range(1000))
    assert not committer.alive


def test_the_ledger_is_tended_at_rest_and_its_faults_stop_nothing() -> None:
    tended = threading.Semaphore(0)

    def tend() -> None:
        tended.release()
        raise ZeroDivisionError

    with Committer[int, int](list, tend, tend_every=0.01) as committer:
        assert tended.acquire(timeout=10)
        assert tended.acquire(timeout=10)
        assert committer.submit(1).result(10) == 1


def test_several_workers_answer_groups_side_by_side_and_no_more_than_they_are() -> None:
    meeting = threading.Barrier(2, timeout=10)
    under_way, most = [], []

    def answer(asked: Sequence[int]) -> list[int | Exception]:
        under_way.append(1)
        most.append(len(under_way))
        meeting.wait()  # nobody gets on alone
        under_way.pop()
        return list(asked)

    with Committer[int, int](answer, nothing, group_size=1, workers=2) as committer:
        assert [each.result(10) for each in [committer.submit(number) for number in range(6)]] == list(range(6))
    assert max(most) == 2
