"""`mianzheng bench workbook`: a workbook read, marked and given back, in what time and how much memory.

    found = bench_workbook(WorkbookBench(rows=100_000, columns=20), tell)
    found.seconds, found.cpu_s, found.peak_mib

What is measured runs in a process of its own, as `python -m mianzheng.benchmark.workbook`: it opens the workbook with
the hub's reader (which starts its own process, with bounds), marks it with what rules found, and writes the annotated
one. Its peak is the sum of the peaks of both, which need not have been at once. The source is made before, and not
measured; the result is read back by the hub's reader afterwards, and has to have the same rows.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import xlsxwriter

from mianzheng.errors import MianzhengError
from quality.workbooks.annotated import annotated
from quality.workbooks.faults import Faults
from quality.workbooks.summary import Story
from registries.connectors.delivered_file import DeliveredFile
from registries.connectors.kinds import upload_connector
from registries.contracts.model import Column, Dataset
from registries.departments import BUILT_IN, load_catalogue

Say = Callable[[str, str], None]

ROWS: Final = 100_000
COLUMNS: Final = 20
SECONDS: Final = 20.0
MIB: Final = 512.0
"""What annotating ROWS times COLUMNS may take."""

_DATASET: Final = "transport.operation_permits"
_SHARE: Final = 100
"""Every rule finds one row in so many."""

_SOURCE, _RESULT = "source.xlsx", "annotated.xlsx"


@dataclass(frozen=True)
class WorkbookBench:
    """What to measure; `folder`: where the scratch folder is made."""

    rows: int = ROWS
    columns: int = COLUMNS
    folder: Path | None = None


@dataclass(frozen=True)
class Took:
    """What the measured process says of itself; memory in MiB, of itself and of the reader that it started."""

    seconds: float
    cpu_s: float
    own_mib: float
    reader_mib: float
    result_mib: float


@dataclass(frozen=True)
class WorkbookFound:
    """What was measured; `findings` is how often a rule failed, each with its words in the row."""

    rows: int
    columns: int
    findings: int
    source_mib: float
    result_mib: float
    seconds: float
    cpu_s: float
    own_mib: float
    reader_mib: float
    peak_mib: float
    within: bool


def bench_workbook(asked: WorkbookBench, tell: Say) -> WorkbookFound:
    """Make a workbook, measure, read it back, remove it.

    Raises:
        MianzhengError: the process failed, or the annotated workbook has other rows than its source.
    """
    with tempfile.TemporaryDirectory(prefix="mianzheng-bench-", dir=asked.folder) as place:
        folder = Path(place)
        tell(f"准备 {asked.rows:,} × {asked.columns}", f"making {asked.rows:,} rows of {asked.columns} columns")
        _make(folder / _SOURCE, asked)
        tell("批注", "annotating")
        took = _measured(folder, asked)
        tell("读回", "reading it back")
        rows = sum(batch.num_rows for batch in _opened(folder / _RESULT, asked.columns).chunks())
        if rows != asked.rows:
            raise MianzhengError(f"批注表有 {rows:,} 行", f"the annotated workbook has {rows:,} rows")
        return _found(asked, took, (folder / _SOURCE).stat().st_size)


def _found(asked: WorkbookBench, took: Took, source_bytes: int) -> WorkbookFound:
    peak = took.own_mib + took.reader_mib
    return WorkbookFound(
        rows=asked.rows,
        columns=asked.columns,
        findings=len(_faults(_dataset(asked.columns), asked.rows).rows),
        source_mib=round(source_bytes / 2**20, 1),
        result_mib=took.result_mib,
        seconds=took.seconds,
        cpu_s=took.cpu_s,
        own_mib=took.own_mib,
        reader_mib=took.reader_mib,
        peak_mib=round(peak, 1),
        within=took.seconds < SECONDS and peak < MIB,
    )


def _dataset(columns: int) -> Dataset:
    """A contract of the sample departments, cut or widened to so many columns."""
    found = load_catalogue([BUILT_IN]).dataset(_DATASET)
    more = tuple(Column(f"remark_{number}", f"备注{number}") for number in range(len(found.columns), columns))
    kept = (*found.columns[:columns], *more)
    names = {column.name for column in kept}
    rules = tuple(rule for rule in found.rules if names.issuperset(rule.columns))
    return replace(found, columns=kept, rules=rules)


def _faults(dataset: Dataset, rows: int) -> Faults:
    """Each rule about rows fails in one of _SHARE, each beginning elsewhere."""
    ruled = [rule for rule in dataset.rules if rule.kind != "batch"]
    found = ((rule.id, rule.level, np.arange(place % _SHARE + 1, rows + 1, _SHARE)) for place, rule in enumerate(ruled))
    return Faults.of(found)


def _make(path: Path, asked: WorkbookBench) -> None:
    dataset = _dataset(asked.columns)
    with xlsxwriter.Workbook(path, {"constant_memory": True}) as book:
        sheet = book.add_worksheet(dataset.server.sheet)
        sheet.write_row(0, 0, [column.source for column in dataset.columns])
        for number, cells in enumerate(_rows(dataset, asked.rows), start=1):
            for place, cell in enumerate(cells):
                sheet.write_string(number, place, cell)


def _rows(dataset: Dataset, count: int) -> Iterator[list[str]]:
    """Texts as permits have them: numbers that differ, names that differ often, days and codes that repeat."""
    for row in range(count):
        yield [_text(place, column, row) for place, column in enumerate(dataset.columns)]


def _text(place: int, column: Column, row: int) -> str:
    if column.code_table:
        return column.codes[row % len(column.codes)]
    if column.logical_type == "date":
        return f"20{row % 25:02}-{row % 12 + 1:02}-{(row + place) % 28 + 1:02}"
    return f"粤交运管汕字{place:02}{row:08}" if place % 2 == 0 else f"汕头市示例运输有限公司{row % 9_000}"


def _opened(path: Path, columns: int) -> DeliveredFile:
    return upload_connector(_dataset(columns), path.name, lambda: path.open("rb"))


def _measured(folder: Path, asked: WorkbookBench) -> Took:
    command = [sys.executable, "-m", __spec__.name, str(folder), str(asked.rows), str(asked.columns)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise MianzhengError("批注未完成", f"annotating failed: {done.stderr[-500:]}")
    return Took(**json.loads(done.stdout))


def main(folder: Path, rows: int, columns: int) -> None:
    """The measured process: read, mark, write; then say what it took."""
    dataset = _dataset(columns)
    faults = _faults(dataset, rows)
    story = Story(_SOURCE, "测速 benchmark", "", {"pulled": rows})
    started, cpu = time.monotonic(), _processor_seconds()
    with (folder / _RESULT).open("wb") as file:
        for piece in annotated(dataset, _opened(folder / _SOURCE, columns).chunks(), faults, story):
            file.write(piece)
        size = file.tell()
    took = Took(
        seconds=round(time.monotonic() - started, 2),
        cpu_s=round(_processor_seconds() - cpu, 2),
        own_mib=_peak(resource.RUSAGE_SELF),
        reader_mib=_peak(resource.RUSAGE_CHILDREN),
        result_mib=round(size / 2**20, 1),
    )
    sys.stdout.write(json.dumps(asdict(took)))


def _processor_seconds() -> float:
    used = [resource.getrusage(which) for which in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def _peak(whose: int) -> float:
    return round(resource.getrusage(whose).ru_maxrss / 1024, 1)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
