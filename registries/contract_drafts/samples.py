"""A look at a table or a file that nobody has described yet: names, what is declared, and values to guess from.

    sample = sample_of_file(Path("enterprises_20260101.csv"))
    sample = sample_of_table("postgresql://reader@127.0.0.1/residents", "public.residents")
    [column.name for column in sample.columns]

Values stay in memory: a draft tells what they are like, never one of them but the codes of code tables.
"""

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy as sa

from registries.contracts.model import FileFormat, LogicalType, SourceKind
from registries.errors import RegistriesError

ROWS: Final = 20_000
"""Rows that are looked at: enough to guess from, and quickly read."""

_FORMATS: Final[Mapping[str, FileFormat]] = {
    ".csv": "csv",
    ".jsonl": "json_lines",
    ".ndjson": "json_lines",
    ".parquet": "parquet",
    ".xlsx": "xlsx",
}


class SampleUnreadable(RegistriesError):
    """Raised when a table or a file can't be looked at."""

    def __init__(self, name: str, why_zh: str, why_en: str) -> None:
        super().__init__(f"{name} 无法读取: {why_zh}", f"{name} can't be read: {why_en}")


@dataclass(frozen=True)
class SampledColumn:
    """One column of a source.

    Attributes:
        name: as the source has it.
        values: those that are not empty, as text, in the order of the rows.
        empty: how many are.
        declared: its type, where the source declares types.
        max_length: in characters, where the source declares it.
        not_null: whether the source refuses empty values.
        key: whether it is part of the source's primary key.
        title: what the source says that it is.
    """

    name: str
    values: tuple[str, ...]
    empty: int = 0
    declared: LogicalType | None = None
    max_length: int | None = None
    not_null: bool = False
    key: bool = False
    title: str = ""


@dataclass(frozen=True)
class SourceSample:
    """A source's first rows.

    Attributes:
        name: of the table, or of the file without its ending.
        physical: a table, or a pattern of file names.
        rows: how many were looked at.
    """

    name: str
    kind: SourceKind
    physical: str
    columns: tuple[SampledColumn, ...]
    rows: int
    file_format: FileFormat = "csv"
    encoding: str = "UTF-8"
    title: str = ""


# --- files


def sample_of_file(path: Path) -> SourceSample:
    """The first rows of a CSV (UTF-8 or GB18030), JSON Lines, Parquet or XLSX file.

    Raises:
        SampleUnreadable: it is none of them, or not readable.
    """
    file_format = _FORMATS.get(path.suffix.lower())
    if file_format is None:
        raise SampleUnreadable(path.name, "可用 .csv .jsonl .parquet .xlsx", "use .csv, .jsonl, .parquet or .xlsx")
    try:
        encoding = _encoding(path) if file_format in {"csv", "json_lines"} else "UTF-8"
        header, rows = _read(path, file_format, encoding)
    except (OSError, UnicodeDecodeError, csv.Error, pa.ArrowException) as error:
        raise SampleUnreadable(path.name, "内容不是该格式", f"not of that format ({type(error).__name__})") from error
    stem = path.name.removesuffix(path.suffix)
    return SourceSample(
        name=re.sub(r"[_\-.]*\d{4,}.*$", "", stem) or stem,
        kind="files",
        physical=re.sub(r"\d[\d\-_]{3,}\d|\d{4,}", "*", stem) + path.suffix,
        columns=tuple(_column(name, [row[place] for row in rows]) for place, name in enumerate(header)),
        rows=len(rows),
        file_format=file_format,
        encoding=encoding,
    )


def _encoding(path: Path) -> str:
    raw = path.read_bytes()[: 4 << 20]
    try:
        raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if error.start < len(raw) - 4:  # what was cut off at the end says nothing
            return "GB18030"
    return "UTF-8"


def _read(path: Path, file_format: FileFormat, encoding: str) -> tuple[list[str], list[list[str | None]]]:
    match file_format:
        case "csv":
            return _csv(path, encoding)
        case "json_lines":
            return _from_mappings(path.name, _json_lines(path, encoding))
        case "parquet":
            batches = pq.ParquetFile(path).iter_batches(ROWS)
            first = next(batches, None)
            return _from_mappings(path.name, first.to_pylist() if first is not None else [])
        case "xlsx":
            return _workbook(path)


def _csv(path: Path, encoding: str) -> tuple[list[str], list[list[str | None]]]:
    with path.open(encoding="utf-8-sig" if encoding == "UTF-8" else encoding, newline="") as file:
        reader = csv.reader(io.StringIO("".join(islice(file, ROWS + 1))))
        header = [name.strip() for name in next(reader, [])]
        rows = [_cells(row, len(header)) for row in reader if row]
    return _named(path.name, header), rows


def _json_lines(path: Path, encoding: str) -> list[Mapping[str, Any]]:
    with path.open(encoding="utf-8-sig" if encoding == "UTF-8" else encoding) as file:
        try:
            found = [json.loads(line) for line in islice(file, ROWS) if line.strip()]
        except ValueError:
            raise SampleUnreadable(path.name, "有一行不是 JSON", "a line is no JSON") from None
    return [row for row in found if isinstance(row, dict)]


def _workbook(path: Path) -> tuple[list[str], list[list[str | None]]]:
    import python_calamine

    try:
        rows = python_calamine.CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python(nrows=ROWS + 1)
    except (python_calamine.CalamineError, IndexError) as error:
        raise SampleUnreadable(path.name, "不是可读的 XLSX", "no readable XLSX") from error
    texts = [[_text(cell) for cell in row] for row in rows]
    header = [name or "" for name in texts[0]] if texts else []
    return _named(path.name, header), [_cells(row, len(header)) for row in texts[1:]]


def _from_mappings(name: str, rows: Sequence[Mapping[str, Any]]) -> tuple[list[str], list[list[str | None]]]:
    header = list(dict.fromkeys(key for row in rows for key in row))
    return _named(name, header), [[_text(row.get(key)) for key in header] for row in rows]


def _named(name: str, header: list[str]) -> list[str]:
    if not header or not all(header) or len(set(header)) < len(header):
        raise SampleUnreadable(name, "首行应是各不相同的列名", "its first row has to name the columns, each once")
    return header


def _cells(row: Sequence[str | None], width: int) -> list[str | None]:
    return [*row[:width], *[None] * (width - len(row))]


# --- tables


def sample_of_table(url: str, table: str) -> SourceSample:
    """The first rows of a table or view of any SQLAlchemy database, `schema.table` or `table`.

    Raises:
        SampleUnreadable: no such address, driver or table; never with the address's password.
    """
    try:
        address = sa.make_url(url)
        if address.get_backend_name() == "postgresql":
            address = address.set(drivername="postgresql+psycopg")
        engine = sa.create_engine(address, hide_parameters=True, poolclass=sa.NullPool)
        with engine.connect() as conn:
            return _look(conn, table, "database" if address.get_backend_name() == "postgresql" else "sql_database")
    except (sa.exc.SQLAlchemyError, ImportError) as error:
        why = type(error).__name__
        raise SampleUnreadable(
            table, f"请核对地址、驱动与表名 ({why})", f"check address, driver and table ({why})"
        ) from None


def _look(conn: sa.Connection, table: str, kind: SourceKind) -> SourceSample:
    schema, _, name = table.rpartition(".")
    inspector = sa.inspect(conn)
    described = inspector.get_columns(name, schema or None)
    keys = inspector.get_pk_constraint(name, schema or None)["constrained_columns"]
    chosen = sa.table(name, *(sa.column(column["name"]) for column in described), schema=schema or None)
    rows = conn.execute(sa.select(chosen).limit(ROWS)).all()
    columns = tuple(
        _column(
            str(column["name"]),
            [_text(row[place]) for row in rows],
            declared=_declared(column["type"]),
            max_length=getattr(column["type"], "length", None),
            not_null=not column["nullable"],
            key=column["name"] in keys,
            title=str(column.get("comment") or ""),
        )
        for place, column in enumerate(described)
    )
    return SourceSample(name, kind, table, columns, len(rows), title=_remark(inspector, name, schema or None))


def _remark(inspector: sa.Inspector, table: str, schema: str | None) -> str:
    try:
        return str(inspector.get_table_comment(table, schema)["text"] or "")
    except NotImplementedError:
        return ""  # SQLite has none


def _declared(kind: sa.types.TypeEngine[Any]) -> LogicalType:
    for python, logical in _LOGICAL:
        if isinstance(kind, python):
            return logical
    return "string"


_LOGICAL: Final[tuple[tuple[type[sa.types.TypeEngine[Any]], LogicalType], ...]] = (
    (sa.Boolean, "boolean"),
    (sa.Integer, "integer"),
    (sa.Numeric, "number"),
    (sa.DateTime, "timestamp"),
    (sa.Date, "date"),
)


# --- values


def _column(name: str, values: Sequence[str | None], **declared: Any) -> SampledColumn:  # noqa: ANN401 - SampledColumn's
    filled = tuple(_filled(values))
    return SampledColumn(name, filled, len(values) - len(filled), **declared)


def _filled(values: Sequence[str | None]) -> Iterator[str]:
    for value in values:
        if value is not None and value.strip():
            yield value.strip()


def _text(value: object) -> str | None:
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value if isinstance(value, str) else str(value)
