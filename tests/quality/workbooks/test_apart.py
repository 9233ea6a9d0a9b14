"""A workbook that another process makes is the same one; what goes wrong there or here is told, and nothing is left."""

import contextlib
import os
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import cast

import numpy as np
import pyarrow as pa
import pytest

from quality.workbooks.annotated import annotated
from quality.workbooks.apart import AT_A_TIME, made_apart
from quality.workbooks.errors import WorkbookNotMade, WorkbooksBusy
from quality.workbooks.faults import Faults
from quality.workbooks.summary import Story
from registries.landing_faults import LandedMissing
from tests.exchange_api.workbooks.typing_in import parts_of
from tests.registries.connectors.shops import SHOPS

NAMES = [column.name for column in SHOPS.columns]
STORY = Story("店铺.xlsx", "试跑", "2026-03-01 08:00", {"pulled": 40})
FAULTS = Faults.of([(SHOPS.rules[0].id, 1, np.array([2, 35]))])


def rows(count: int, width: int = 4) -> pa.RecordBatch:
    return pa.record_batch([pa.array(["汕" * width] * count, pa.string()) for _ in NAMES], names=NAMES)


def children() -> int:
    """Processes of ours that make workbooks, dead ones that nobody waited for included."""
    found = 0
    for status in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = status.read_text().rpartition(")")[2].split()
            command = status.with_name("cmdline").read_bytes()
            found += int(fields[1]) == os.getpid() and (b"making_process" in command or fields[0] == "Z")
    return found


def test_it_is_the_same_workbook() -> None:
    batches = [rows(30), rows(10)]
    here = parts_of(b"".join(annotated(SHOPS, batches, FAULTS, STORY)))
    apart = parts_of(b"".join(made_apart(SHOPS, batches, FAULTS, STORY)))
    sheets = [name for name in here if name.startswith("xl/worksheets/") or name == "xl/styles.xml"]
    assert {name: apart[name] for name in sheets} == {name: here[name] for name in sheets}
    assert b"xl/workbook.xml" in b"".join(made_apart(SHOPS, [], FAULTS, STORY))  # no row at all
    assert children() == 0


def test_what_takes_too_much_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIANZHENG_TEST", "not there")
    with pytest.raises(WorkbookNotMade):
        list(made_apart(SHOPS, [rows(10)], FAULTS, STORY, memory=64 << 20))
    assert children() == 0


def test_an_error_of_the_rows_is_raised_as_it_is() -> None:
    def gone() -> Iterator[pa.RecordBatch]:
        yield rows(10)
        raise LandedMissing("7")

    with pytest.raises(LandedMissing):
        list(made_apart(SHOPS, gone(), FAULTS, STORY))


def test_who_stops_reading_ends_it() -> None:
    pieces = made_apart(SHOPS, (rows(5_000, 40) for _ in range(200)), FAULTS, STORY)
    assert next(pieces)
    pieces.close()  # type: ignore[attr-defined] # a generator, as the server knows it
    assert children() == 0


def test_few_are_made_at_a_time_and_who_does_not_wait_is_told() -> None:
    def begun() -> Generator[bytes]:
        return cast("Generator[bytes]", made_apart(SHOPS, (rows(5_000, 40) for _ in range(200)), FAULTS, STORY))

    making = [begun() for _ in range(AT_A_TIME)]
    try:
        assert all(next(pieces) for pieces in making)
        with pytest.raises(WorkbooksBusy):
            next(made_apart(SHOPS, [rows(10)], FAULTS, STORY, patience=0.05))
        making.pop().close()
        assert b"".join(made_apart(SHOPS, [rows(10)], FAULTS, STORY, patience=5.0))
    finally:
        for pieces in making:
            pieces.close()
    assert children() == 0
