"""Workbooks (.xlsx): one sheet, streamed in batches of text, read in a process that can't take this one down.

    for batch in workbook_rows(dataset, "permits.xlsx", opened): ...

A small file can ask for gigabytes (one cell in the last row and column) or minutes: sizes are looked at before anything
is parsed, and the parser has limited memory and time. The sheet is the one that the contract names, or the only visible
one that has the contract's columns; its header may stand below a title. In which order the columns stood there is told
with each batch (`header_order`), so that a workbook can be given back as it came.
"""

import contextlib
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, Final

import pyarrow as pa

from registries.connectors.faults import SourceChangedShape, SourceFault
from registries.connectors.file_faults import shape_fault
from registries.connectors.rows import OUR_COLUMNS, Opened, sources
from registries.connectors.workbook_faults import (
    BYTES,
    COLUMNS,
    ROWS,
    ErrorCell,
    FormulaWithoutValue,
    HeaderAgain,
    HiddenCells,
    MergedCells,
    NoSuchSheet,
    NotWorkbook,
    OldForm,
    OtherForm,
    SeveralSheets,
    WorkbookTooLarge,
)
from registries.connectors.workbook_package import check_package
from registries.connectors.workbook_wanted import HEADERS, WRONG, Wanted
from registries.contracts.model import Dataset

MEMORY: Final = 2 << 30
SECONDS: Final = 120
"""What reading one workbook may take: bytes of address space; processor time, and twice that on the clock."""

_SAID: Final = 64 << 10
_NUMERIC: Final = ("integer", "number")
_ROOT: Final = str(Path(__file__).resolve().parents[2])
_START: Final = (
    "import sys; sys.path.insert(0, sys.argv[1]); "
    "from registries.connectors.workbook_process import main; main(sys.argv[2])"
)


def workbook_rows(dataset: Dataset, name: str, opened: Opened) -> Iterator[pa.RecordBatch]:
    """Batches of text columns named as the contract's, in the sheet's order; rows without any value don't count.

    Raises:
        NotWorkbook: something else, damaged, old or encrypted.
        WorkbookTooLarge: more than BYTES, ROWS or COLUMNS, or than MEMORY and SECONDS suffice for.
        SourceFault: any other of workbook_faults; SourceChangedShape.
    """
    with opened() as file:
        content = file.read(BYTES + 1)
    check_package(name, content)
    with _process(_wanted(dataset)) as process:
        _feed(process, content)
        names = [column.name for column in dataset.columns]
        try:
            for batch in pa.ipc.open_stream(process.stdout):
                schema = pa.schema([(one, pa.string()) for one in names], metadata=batch.schema.metadata)
                yield pa.RecordBatch.from_arrays(batch.columns, schema=schema)
        except (pa.ArrowInvalid, OSError):  # it ended early; why, is said below
            pass
        _stop_if_wrong(dataset, name, process)


def header_order(batch: pa.RecordBatch) -> list[str] | None:
    """The contract's names of the columns in the order in which they stood in the workbook; None of no workbook's."""
    told = (batch.schema.metadata or {}).get(HEADERS)
    return None if told is None else [batch.schema.names[place] for place in json.loads(told)]


def _wanted(dataset: Dataset) -> Wanted:
    return Wanted(
        columns=tuple(sources(dataset)),
        names=tuple(column.name for column in dataset.columns),
        numeric=tuple(column.logical_type in _NUMERIC for column in dataset.columns),
        ours=OUR_COLUMNS,
        sheet=dataset.server.sheet,
        form=dataset.name if dataset.contract_id else None,
        rows=ROWS,
        width=COLUMNS,
        memory=MEMORY,
        seconds=SECONDS,
    )


@contextlib.contextmanager
def _process(wanted: Wanted) -> Iterator["subprocess.Popen[bytes]"]:
    """The reading process, without this one's environment; ended in any case, and in time."""
    command = [sys.executable, "-I", "-c", _START, _ROOT, wanted.as_json()]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, env={}) as process:
        watch = threading.Timer(2 * SECONDS, process.kill)
        watch.start()
        try:
            yield process
        finally:
            watch.cancel()
            process.kill()


def _feed(process: "subprocess.Popen[bytes]", content: bytes) -> None:
    """The process reads all before it writes anything."""
    with contextlib.suppress(BrokenPipeError):  # it has ended; why, is said later
        _pipe(process.stdin).write(content)
        _pipe(process.stdin).close()


def _stop_if_wrong(dataset: Dataset, name: str, process: "subprocess.Popen[bytes]") -> None:
    said = _pipe(process.stderr).read(_SAID)
    code = process.wait()
    if code == WRONG:
        raise _fault(dataset, name, json.loads(said))
    if code < 0:  # a signal: it was stopped by its limits
        raise WorkbookTooLarge(name)
    if code:
        raise NotWorkbook(name, "内容无法解析", "its content can't be parsed")


def _fault(dataset: Dataset, name: str, told: dict[str, Any]) -> SourceFault:
    """What the process said."""
    kind = told.pop("kind")
    if kind == "shape":
        return _changed(dataset, name, **told)
    if kind == "no_sheet":
        return NoSuchSheet(name, dataset.server.sheet or "")
    if kind == "other_form":
        return OtherForm(name, told["dataset"], dataset.name)
    if kind in _KINDS:
        return _KINDS[kind](name, **told)
    return NotWorkbook(name, "内容已损坏", "its content is damaged")


_KINDS: Final[dict[str, Callable[..., SourceFault]]] = {
    "several_sheets": SeveralSheets,
    "error_cell": ErrorCell,
    "uncalculated": FormulaWithoutValue,
    "merged": MergedCells,
    "hidden": HiddenCells,
    "header_again": HeaderAgain,
    "too_large": WorkbookTooLarge,
}


def _changed(dataset: Dataset, name: str, version: str | None, **differences: list[str]) -> SourceChangedShape:
    shape = SourceChangedShape(name, **differences)
    if version in {None, dataset.contract_version}:
        return shape_fault(shape, len(dataset.columns))
    return OldForm(shape, str(version), dataset.contract_version)


def _pipe(found: IO[bytes] | None) -> IO[bytes]:
    assert found is not None, "Popen was asked for it"  # noqa: S101 - for the type checker
    return found
