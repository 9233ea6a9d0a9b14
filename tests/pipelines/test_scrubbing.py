"""What reaches Dagster's event log of a failure: two sentences, never a value."""

import dagster as dg
import pytest

from pipelines.scrubbing import PASSING, scrub, without_values
from quality.errors import RulesFailed
from registries.errors import DatasetBusy, StoreDown, StoreError

NUMBER = "440582199001010012"


def raising(error: BaseException) -> object:
    raise error


def caught(error: BaseException) -> BaseException:
    with pytest.raises(BaseException) as found:  # noqa: PT011 - which one it is, is what the tests look at
        without_values("a.b", 0, lambda: raising(error))
    return found.value


def told(error: BaseException) -> str:
    failure = caught(error)
    assert isinstance(failure, dg.Failure)
    return repr((failure.description, failure.metadata))


def test_a_result_passes() -> None:
    assert without_values("a.b", 0, lambda: 7) == 7


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (f"duplicate key\nDETAIL:  Key (name)=(张三丰, {NUMBER}) exists.", "duplicate key"),
        (f"no\n[SQL: SELECT 1]\n[parameters: {{'a': '{NUMBER}'}}]", "no"),
        ("bad\nCONTEXT:  COPY residents, line 3: 张三丰", "bad"),
        (f"value {NUMBER} is wrong", "value *** is wrong"),
        ("value 91440500MA4WABCD1X is wrong", "value *** is wrong"),
        ("value 440582900101001 is wrong", "value *** is wrong"),
        ("call 13800138000", "call ***"),
        (
            "row 10000000 of enterprises_20240131.csv has 9 cells",
            "row 10000000 of enterprises_20240131.csv has 9 cells",
        ),
    ],
)
def test_values_go_and_row_numbers_stay(text: str, kept: str) -> None:
    assert scrub(text) == kept


def test_a_room_error_keeps_its_two_sentences() -> None:
    error = RulesFailed(["residents_sex"], "KeyError")
    assert error.zh in told(error)
    assert error.en in told(error)


def test_a_room_error_loses_numbers_that_slipped_in() -> None:
    text = told(StoreError(f"写入失败 {NUMBER}", f"failed\nDETAIL: ({NUMBER}, 张三丰)"))
    assert "写入失败 ***" in text
    assert NUMBER not in text
    assert "张三丰" not in text


def test_any_other_error_keeps_only_type_and_place() -> None:
    text = told(ValueError(f"invalid literal 张三丰 {NUMBER}"))
    assert "ValueError" in text
    assert "pipelines/scrubbing.py:" in text
    assert NUMBER not in text
    assert "张三丰" not in text


def test_a_failure_has_neither_cause_nor_context() -> None:
    failure = caught(ValueError(NUMBER))
    assert failure.__cause__ is None
    assert failure.__context__ is None


@pytest.mark.parametrize("error", [DatasetBusy("a.b"), StoreDown(f"{NUMBER}", "down")])
def test_what_passes_is_tried_again_later(error: StoreError) -> None:
    wish = caught(error)
    assert isinstance(wish, dg.RetryRequested)
    assert (wish.max_retries, wish.seconds_to_wait) == (PASSING[type(error)], 2.0)
    assert isinstance(wish.__cause__, dg.Failure)
    assert NUMBER not in repr(wish.__cause__.metadata)
    assert wish.__cause__.__context__ is None


def test_an_interrupt_passes_without_the_error_it_came_upon() -> None:
    def work() -> None:
        try:
            raising(ValueError(NUMBER))
        except ValueError:
            raising(KeyboardInterrupt())

    with pytest.raises(KeyboardInterrupt) as found:
        without_values("a.b", 0, work)
    assert found.value.__context__ is None
