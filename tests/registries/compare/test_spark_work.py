"""What Spark's workers run, without Spark: answers, and errors that carry no values."""

import operator
from pathlib import Path

import pytest

from quality.errors import QualityError, RulesFailed
from registries.compare.faults import EngineFailed
from registries.compare.spark_settings import spark_settings
from registries.compare.spark_work import Worker, opened, packed
from registries.errors import HomeError


def failing(error: Exception) -> None:
    raise error


def test_each_item_has_an_answer() -> None:
    worker = Worker.of(operator.neg)
    assert [opened(answer) for answer in worker(iter([packed(1), packed(2)]))] == [-1, -2]


@pytest.mark.parametrize("error", [RulesFailed(["a-required"], "ValueError"), HomeError("缺", "missing")])
def test_errors_of_the_rooms_are_raised_here(error: Exception) -> None:
    [answer] = Worker.of(failing)(iter([packed(error)]))
    with pytest.raises(type(error)) as raised:
        opened(answer)
    assert str(raised.value) == str(error)
    assert raised.value.__dict__ == error.__dict__


def test_quality_errors_cross_process_borders_with_all_they_know() -> None:
    error = opened(packed(RulesFailed(["a-required"], "ValueError")))
    assert isinstance(error, QualityError)
    assert error.rule_ids == ("a-required",)


@pytest.mark.parametrize("work", [int, failing])
def test_of_others_only_kind_and_place_are_told(work: object) -> None:
    [answer] = Worker.of(work)(iter([packed("张三")]))
    assert "张三".encode() not in answer
    with pytest.raises(EngineFailed, match=r"(ValueError|TypeError), \w+\.py:\d+"):
        opened(answer)


def test_what_can_not_be_packed_is_told_likewise() -> None:
    [answer] = Worker.of(eval)(iter([packed("lambda: '张三'")]))
    with pytest.raises(EngineFailed) as raised:
        opened(answer)
    assert "张三" not in str(raised.value)


def test_local_spark_hears_nobody_outside_and_a_cluster_is_encrypted(tmp_path: Path) -> None:
    local, cluster = spark_settings("local[2]", tmp_path), spark_settings("spark://host:7077", tmp_path)
    for settings in (local, cluster):
        assert settings["spark.eventLog.enabled"] == settings["spark.ui.enabled"] == "false"
        assert settings["spark.io.encryption.enabled"] == "true"
    assert local["spark.driver.bindAddress"] == local["spark.driver.host"] == "127.0.0.1"
    assert cluster["spark.authenticate"] == cluster["spark.network.crypto.enabled"] == "true"


def test_a_folder_that_java_would_read_otherwise_is_refused(tmp_path: Path) -> None:
    with pytest.raises(HomeError):
        spark_settings("local[2]", tmp_path / "a,b")
