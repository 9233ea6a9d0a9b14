"""The small dataset of these tests, written in each format."""

import io
import json
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter

from tests.registries.connectors.shops import NAMES, csv_of


def written_as(file_format: str, shop_names: Sequence[str]) -> bytes:
    """A file of shops with these names; everything else about them is the same."""
    rows = [
        {**dict.fromkeys(NAMES, ""), "uscc": "91110000600037341L", "name": name, "division_code": "440507"}
        for name in shop_names
    ]
    match file_format:
        case "csv":
            return csv_of([",".join(row[name] for name in NAMES) for row in rows], "utf-8-sig")
        case "json_lines":
            return "".join(f"{json.dumps(row)}\n" for row in rows).encode()
        case "parquet":
            sink = io.BytesIO()
            pq.write_table(pa.Table.from_pylist(rows), sink)
            return sink.getvalue()
        case _:
            sink = io.BytesIO()
            with xlsxwriter.Workbook(sink, {"in_memory": True}) as book:
                sheet = book.add_worksheet()
                sheet.write_row(0, 0, NAMES)
                for number, row in enumerate(rows, start=1):
                    sheet.write_row(number, 0, list(row.values()))
            return sink.getvalue()
