"""Reads one .xlsx workbook in a process of its own, with limited memory and time; `workbook` starts it.

Standard input: the workbook. Argument: what is wanted, as JSON (Wanted). Standard output: its rows, an Arrow stream of
text columns. Standard error: one line of JSON that says what is wrong, if anything is (the exit code is 3 then).

A cell's text is what its type says: dates as 2026-01-31, booleans as true and false, a formula's kept result, numbers
as number_text has them. Rows without any value don't count.
"""

import datetime as dt
import io
import json
import re
import resource
import sys
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, Final, NoReturn
from xml.etree import ElementTree as ET

import pyarrow as pa
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetVisibleEnum

from registries.connectors.number_text import number_text
from registries.connectors.workbook_wanted import WRONG, Wanted

Row = list[Any]

_ROWS_AT_ONCE: Final = 5_000
_HEADER_WITHIN: Final = 20
_BLOCK: Final = 1 << 20
_OVERLAP: Final = 1 << 10
_ERROR_CELL: Final = re.compile(rb"""<(?:\w+:)?c\s(?=[^>]*\bt=["']e["'])[^>]*\br=["']([A-Z]{1,3}[0-9]{1,7})["']""")
_RELATION: Final = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_TICK: Final = 1_000  # microseconds by which a spreadsheet's fraction of a day misses a whole second


class Wrong(Exception):
    """Raised with what the process says: `kind` and its details."""

    def __init__(self, kind: str, **details: object) -> None:
        super().__init__(kind)
        self.told = {"kind": kind, **details}


@dataclass(frozen=True)
class Header:
    """Where a sheet's columns are: the number of rows above the first row of values, and header -> place."""

    rows: int
    names: tuple[str, ...]


def main(argument: str) -> None:
    """Read, write, or say what is wrong."""
    wanted = Wanted(**json.loads(argument))
    _limit(wanted)
    try:
        _write(wanted, sys.stdin.buffer.read(), sys.stdout.buffer)
    except Wrong as wrong:
        _end(wrong.told)
    except (CalamineError, zipfile.BadZipFile, ET.ParseError, KeyError, NotImplementedError, RuntimeError):
        _end({"kind": "unreadable"})
    except MemoryError:
        _end({"kind": "too_large"})


def _end(told: dict[str, object]) -> NoReturn:
    sys.stderr.write(json.dumps(told))
    sys.stderr.flush()
    raise SystemExit(WRONG)


def _limit(wanted: Wanted) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (wanted.memory, wanted.memory))
    resource.setrlimit(resource.RLIMIT_CPU, (wanted.seconds, wanted.seconds))


def _write(wanted: Wanted, content: bytes, sink: BinaryIO) -> None:
    workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
    name, sheet, header = _chosen(wanted, workbook)
    error = _error_cell(content, name)
    if error is not None:
        raise Wrong("error_cell", cell=error)
    schema = pa.schema([(column, pa.string()) for column in wanted.columns])
    with pa.ipc.new_stream(sink, schema) as writer:
        for batch in _batches(wanted, sheet, header):
            writer.write_batch(pa.record_batch(batch, schema=schema))


# --- which sheet, and where its header is


def _chosen(wanted: Wanted, workbook: CalamineWorkbook) -> tuple[str, CalamineSheet, Header]:
    shown = [one.name for one in workbook.sheets_metadata if one.visible == SheetVisibleEnum.Visible]
    if wanted.sheet is not None:
        shown = [name for name in workbook.sheet_names if name == wanted.sheet]
        if not shown:
            raise Wrong("no_sheet")
    candidates = [(name, *_looked_at(wanted, workbook, name)) for name in shown]
    fitting = [one for one in candidates if not _shape(wanted, one[2].names)["missing"]]
    if len(fitting) > 1:
        raise Wrong("several_sheets", count=len(fitting))
    if not candidates:
        raise Wrong("unreadable")
    name, sheet, header = (fitting or candidates)[0]
    shape = _shape(wanted, header.names)
    if any(shape.values()):
        raise Wrong("shape", **shape)
    return name, sheet, header


def _looked_at(wanted: Wanted, workbook: CalamineWorkbook, name: str) -> tuple[CalamineSheet, Header]:
    sheet = workbook.get_sheet_by_name(name)
    if sheet.total_width > wanted.width or sheet.total_height > wanted.rows + _HEADER_WITHIN:
        raise Wrong("too_large")
    return sheet, _header(wanted, sheet)


def _header(wanted: Wanted, sheet: CalamineSheet) -> Header:
    """The header may stand below a title and may span merged rows: a column's name is the lowest text so far."""
    names: list[str] = []
    best = Header(0, ())
    for number, row in enumerate(_rows(sheet, _HEADER_WITHIN), start=1):
        names += [""] * (len(row) - len(names))
        names = [_name(cell) or above for cell, above in zip(row, names, strict=True)]
        missing = len(set(wanted.columns) - set(names))
        if not best.rows or missing < len(set(wanted.columns) - set(best.names)):
            best = Header(number, tuple(names))
        if not missing:
            break
    return best


def _rows(sheet: CalamineSheet, most: int) -> Iterator[Row]:
    for _, row in zip(range(most), sheet.iter_rows(), strict=False):
        yield row


def _name(cell: object) -> str:
    return "".join(str(cell).split("\n")).replace("\r", "").strip()


def _shape(wanted: Wanted, names: Sequence[str]) -> dict[str, list[str]]:
    theirs = [name for name in names if name and not name.startswith(wanted.ours)]
    return {
        "missing": [name for name in wanted.columns if name not in theirs],
        "unknown": sorted(set(theirs) - set(wanted.columns)),
        "double": sorted({name for name in theirs if theirs.count(name) > 1}),
    }


# --- rows


def _batches(wanted: Wanted, sheet: CalamineSheet, header: Header) -> Iterator[list[list[str | None]]]:
    places = [header.names.index(name) for name in wanted.columns]
    nameless = [place for place, name in enumerate(header.names) if not name]
    rows, total = [], 0
    for number, row in enumerate(sheet.iter_rows()):
        if number < header.rows or not any(cell not in {"", None} for cell in row):
            continue
        used = [place + 1 for place in nameless if row[place] not in {"", None}]
        if used:
            unknown = [f"第 {place} 列 (无列名) column {place}" for place in used]
            raise Wrong("shape", missing=[], unknown=unknown, double=[])
        rows.append(row)
        if len(rows) == _ROWS_AT_ONCE:
            yield _columns(rows, places, wanted.numeric)
            rows, total = [], total + len(rows)
            if total > wanted.rows:
                raise Wrong("too_large")
    yield _columns(rows, places, wanted.numeric)


def _columns(rows: Sequence[Row], places: Sequence[int], numeric: Sequence[bool]) -> list[list[str | None]]:
    return [
        [_text(row[place], numeric=numbers) for row in rows] for place, numbers in zip(places, numeric, strict=True)
    ]


def _text(cell: Any, *, numeric: bool) -> str | None:  # noqa: ANN401, PLR0911 - a cell is any of eight types
    match cell:
        case "" | None:
            return None
        case str():
            return cell
        case bool():
            return "true" if cell else "false"
        case int() | float():
            return number_text(float(cell), numeric=numeric)
        case dt.datetime():
            return _to_the_second(cell).isoformat(" ")
        case dt.timedelta():
            minutes, seconds = divmod(round(cell.total_seconds()), 60)
            return f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}"
        case _:
            return cell.isoformat()  # type: ignore[no-any-return]  # dates and times


def _to_the_second(moment: dt.datetime) -> dt.datetime:
    """A fraction of a day in floating point misses whole seconds by a little."""
    over = moment.microsecond
    if over <= _TICK:
        return moment.replace(microsecond=0)
    return moment + dt.timedelta(microseconds=1_000_000 - over) if over >= 1_000_000 - _TICK else moment


# --- cells with errors, which calamine gives as empty ones


def _error_cell(content: bytes, sheet: str) -> str | None:
    """The name of the first cell of a sheet whose value is an error."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive, archive.open(_part_of(archive, sheet)) as part:
        rest = b""
        while block := part.read(_BLOCK):
            window = rest + block
            found = _ERROR_CELL.search(window) if (b't="e"' in window or b"t='e'" in window) else None
            if found is not None:
                return found[1].decode()
            rest = window[-_OVERLAP:]
    return None


def _part_of(archive: zipfile.ZipFile, sheet: str) -> str:
    """The archive's member that holds a sheet. KeyError if the workbook does not say."""
    relations = ET.fromstring(archive.read("xl/_rels/workbook.xml.rels"))  # noqa: S314 - memory and time are limited
    targets = {one.attrib["Id"]: one.attrib["Target"] for one in relations}
    for one in ET.fromstring(archive.read("xl/workbook.xml")).iter():  # noqa: S314 - as above
        if one.tag.endswith("}sheet") and one.attrib["name"] == sheet:
            target = targets[one.attrib[_RELATION]]
            return target.removeprefix("/") if target.startswith("/") else f"xl/{target}"
    raise KeyError(sheet)


if __name__ == "__main__":
    main(sys.argv[1])
