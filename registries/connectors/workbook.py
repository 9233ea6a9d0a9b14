"""Workbooks (.xlsx): one sheet, streamed in batches of text, read in a process that can't take this one down.

    for batch in workbook_rows(dataset, "permits.xlsx", opened): ...

A small file can ask for gigabytes (one cell in the last row and column) or minutes: sizes are looked at before anything
is parsed, and the parser has limited memory and time. The sheet is the one that the contract names, or the only visible
one that has the contract's columns; its header may stand below a title.
"""

import contextlib
import json
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, BinaryIO, Final

import pyarrow as pa

from registries.connectors.faults import SourceChangedShape, SourceFault
from registries.connectors.rows import OUR_COLUMNS, Opened, sources
from registries.connectors.workbook_faults import (
    BYTES,
    COLUMNS,
    ROWS,
    ErrorCell,
    NoSuchSheet,
    NotWorkbook,
    SeveralSheets,
    WorkbookTooLarge,
)
from registries.connectors.workbook_wanted import WRONG, Wanted
from registries.contracts.model import Dataset

MEMORY: Final = 2 << 30
SECONDS: Final = 120
"""What reading one workbook may take: bytes of address space; processor time, and twice that on the clock."""

_ZIP, _OLD_OFFICE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_UNZIPPED: Final = 1 << 30
_MEMBERS: Final = 2_000
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
        SourceChangedShape, NoSuchSheet, SeveralSheets, ErrorCell
    """
    with opened() as file:
        content = file.read(BYTES + 1)
        _check(name, content, file)
    with _process(_wanted(dataset)) as process:
        _feed(process, content)
        names = [column.name for column in dataset.columns]
        try:
            for batch in pa.ipc.open_stream(process.stdout):
                yield batch.rename_columns(names)
        except (pa.ArrowInvalid, OSError):  # it ended early; why, is said below
            pass
        _stop_if_wrong(dataset, name, process)


def _check(name: str, content: bytes, file: BinaryIO) -> None:
    """What can be seen before anything is parsed."""
    if len(content) > BYTES:
        raise WorkbookTooLarge(name)
    if content.startswith(_OLD_OFFICE):
        raise NotWorkbook(name, "旧版 .xls, 或有密码", "an old .xls, or one with a password")
    if not content.startswith(_ZIP):
        raise NotWorkbook(name, "不是工作簿", "another kind of file")
    try:
        file.seek(0)
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, UnicodeDecodeError):
        raise NotWorkbook(name, "压缩包已损坏", "its archive is damaged") from None
    if len(members) > _MEMBERS or sum(one.file_size for one in members) > _UNZIPPED:
        raise WorkbookTooLarge(name)
    if not any(one.filename == "xl/workbook.xml" for one in members):
        raise NotWorkbook(name, "其他压缩包", "another archive")


def _wanted(dataset: Dataset) -> Wanted:
    return Wanted(
        columns=tuple(sources(dataset)),
        numeric=tuple(column.logical_type in _NUMERIC for column in dataset.columns),
        ours=OUR_COLUMNS,
        sheet=dataset.server.sheet,
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
    match told.pop("kind"):
        case "shape":
            return SourceChangedShape(name, **told)
        case "no_sheet":
            return NoSuchSheet(name, dataset.server.sheet or "")
        case "several_sheets":
            return SeveralSheets(name, **told)
        case "error_cell":
            return ErrorCell(name, **told)
        case "too_large":
            return WorkbookTooLarge(name)
    return NotWorkbook(name, "内容已损坏", "its content is damaged")


def _pipe(found: IO[bytes] | None) -> IO[bytes]:
    assert found is not None, "Popen was asked for it"  # noqa: S101 - for the type checker
    return found
