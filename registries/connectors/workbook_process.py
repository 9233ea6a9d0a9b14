"""Reads one .xlsx workbook in a process of its own, with limited memory and time; `workbook` starts it.

Standard input: the workbook. Argument: what is wanted, as JSON (Wanted). Standard output: its rows, an Arrow stream of
text columns. Standard error: one line of JSON that says what is wrong, if anything is (the exit code is 3 then).

A cell's text is what its type says: dates as 2026-01-31, booleans as true and false, a formula's kept result, numbers
as number_text has them. Rows without any value don't count.
"""

import datetime as dt
import io
import json
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
from registries.connectors.workbook_marks import MARKS, Form
from registries.connectors.workbook_scan import Seen, column_name, far_cell, scan
from registries.connectors.workbook_wanted import HEADERS, WRONG, Wanted

Row = list[Any]

_ROWS_AT_ONCE: Final = 5_000
_HEADER_WITHIN: Final = 20
_AGAIN: Final = 2
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


@dataclass(frozen=True)
class Table:
    """The sheet that was chosen, where its header is, and what its bytes show."""

    sheet: CalamineSheet
    header: Header
    seen: Seen

    def places(self, wanted: Wanted) -> list[int]:
        """Where the columns wanted stand, from the sheet's first used column."""
        return [self.header.names.index(name) for name in wanted.columns]

    def number(self, place: int) -> int:
        """A column's place in the whole sheet, from 1."""
        return place + (self.sheet.start or (0, 0))[1] + 1


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
    form = _form(wanted, workbook)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        table = _table(wanted, workbook, archive, form)
    places = table.places(wanted)
    order = sorted(range(len(places)), key=places.__getitem__)
    fields = [(column, pa.string()) for column in wanted.columns]
    schema = pa.schema(fields, metadata={HEADERS: json.dumps(order)})
    with pa.ipc.new_stream(sink, schema) as writer:
        for batch in _batches(wanted, table):
            writer.write_batch(pa.record_batch(batch, schema=schema))


def _form(wanted: Wanted, workbook: CalamineWorkbook) -> Form | None:
    """Which template it was made from, if one of the hub's; a wrong one is said before anything else is looked at."""
    if MARKS not in workbook.sheet_names:
        return None
    form = Form.read(workbook.get_sheet_by_name(MARKS).iter_rows())
    if form is not None and wanted.form not in {None, form.dataset}:
        raise Wrong("other_form", dataset=form.dataset)
    return form


def _table(wanted: Wanted, workbook: CalamineWorkbook, archive: zipfile.ZipFile, form: Form | None) -> Table:
    """The sheet to read, once nothing in it can be misread."""
    name, sheet, header = _chosen(wanted, workbook, archive, form)
    table = Table(sheet, header, scan(archive, _part_of(archive, name)))
    if table.seen.error:
        raise Wrong("error_cell", cell=table.seen.error)
    if table.seen.uncalculated:
        raise Wrong("uncalculated", cell=table.seen.uncalculated)
    _stop_if_merged(wanted, table)
    _stop_if_hidden(wanted, table)
    return table


def _stop_if_merged(wanted: Wanted, table: Table) -> None:
    columns = {table.number(place) for place in table.places(wanted)}
    for (top, left), (bottom, right) in table.sheet.merged_cell_ranges or ():
        if bottom >= table.header.rows and columns.intersection(range(left + 1, right + 2)):
            raise Wrong("merged", cells=f"{column_name(left + 1)}{top + 1}:{column_name(right + 1)}{bottom + 1}")


def _stop_if_hidden(wanted: Wanted, table: Table) -> None:
    for place in table.places(wanted):
        if table.seen.hides_column(table.number(place)):
            raise Wrong("hidden", column=f"{column_name(table.number(place))} ({table.header.names[place]})")


# --- which sheet, and where its header is


def _chosen(
    wanted: Wanted, workbook: CalamineWorkbook, archive: zipfile.ZipFile, form: Form | None
) -> tuple[str, CalamineSheet, Header]:
    shown = [one.name for one in workbook.sheets_metadata if one.visible == SheetVisibleEnum.Visible]
    if wanted.sheet is not None:
        shown = [name for name in workbook.sheet_names if name == wanted.sheet]
        if not shown:
            raise Wrong("no_sheet")
    candidates = [(name, *_looked_at(wanted, workbook, archive, name)) for name in shown]
    fitting = [one for one in candidates if not _shape(wanted, one[2].names)["missing"]]
    if len(fitting) > 1:
        raise Wrong("several_sheets", count=len(fitting))
    if not candidates:
        raise Wrong("unreadable")
    name, sheet, header = (fitting or candidates)[0]
    shape = _shape(wanted, header.names)
    if any(shape.values()):
        raise Wrong("shape", **shape, version=None if form is None else form.version)
    return name, sheet, header


def _looked_at(
    wanted: Wanted, workbook: CalamineWorkbook, archive: zipfile.ZipFile, name: str
) -> tuple[CalamineSheet, Header]:
    most = wanted.rows + _HEADER_WITHIN
    far = far_cell(archive, _part_of(archive, name), most, wanted.width)
    if far:
        raise Wrong("too_large", cell=far)
    sheet = workbook.get_sheet_by_name(name)
    if sheet.total_width > wanted.width or sheet.total_height > most:
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
        "unknown": [name for name in dict.fromkeys(theirs) if name not in wanted.columns],
        "double": sorted({name for name in theirs if theirs.count(name) > 1}),
    }


# --- rows


def _batches(wanted: Wanted, table: Table) -> Iterator[list[list[str | None]]]:
    places, header, hidden = table.places(wanted), table.header, table.seen.hidden_rows
    nameless = [place for place, name in enumerate(header.names) if not name]
    rows, total = [], 0
    for number, row in enumerate(table.sheet.iter_rows()):
        if number < header.rows or not any(cell not in {"", None} for cell in row):
            continue
        used = [table.number(place) for place in nameless if row[place] not in {"", None}]
        if used:
            unknown = [f"第 {place} 列 (无列名) column {place}" for place in used]
            raise Wrong("shape", missing=[], unknown=unknown, double=[], version=None)
        if number + 1 in hidden:
            raise Wrong("hidden", row=number + 1)
        if _is_header(wanted, [row[place] for place in places]):
            raise Wrong("header_again", row=number + 1)
        rows.append(row)
        if len(rows) == _ROWS_AT_ONCE:
            yield _columns(rows, places, wanted.numeric)
            rows, total = [], total + len(rows)
            if total > wanted.rows:
                raise Wrong("too_large")
    yield _columns(rows, places, wanted.numeric)


def _is_header(wanted: Wanted, cells: Row) -> bool:
    """Whether a row of values is the header once more, in the department's words or the contract's."""
    if cells[0] != wanted.columns[0] and cells[0] != wanted.names[0]:
        return False
    same = sum(cell in both for cell, *both in zip(cells, wanted.columns, wanted.names, strict=True))
    return same == len(cells) or (same >= _AGAIN and 2 * same >= len(cells))


def _columns(rows: Sequence[Row], places: Sequence[int], numeric: Sequence[bool]) -> list[list[str | None]]:
    return [_column([row[place] for row in rows], numeric=kind) for place, kind in zip(places, numeric, strict=True)]


def _column(cells: Row, *, numeric: bool) -> list[str | None]:
    """Nearly all cells are texts, and of those nothing has to be found out."""
    return [(cell or None) if type(cell) is str else _text(cell, numeric=numeric) for cell in cells]


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
