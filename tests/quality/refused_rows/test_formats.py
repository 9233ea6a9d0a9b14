"""What is sent back has the delivery's format, and can be sent again as it is."""

import io

import pytest

from quality.refused_rows.csv_text import REASON_HEADERS
from quality.refused_rows.formats import RefusedFile
from registries.connectors.kinds import upload_connector
from registries.contracts.model import FileFormat
from tests.registries.connectors.shops import NAMES, SHOPS, rows_of

ROWS = [
    ["91110000600037341L", "示例店", "440507", "1", "2020-01-01", None, "2", "隔离", "请更正", "mend it"],
    ["4.405071990030712E+17", "乙", None, "9", "31/1/2020", "", "7", "挂起", "请补录; 请更正", "enter it; mend it"],
]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
@pytest.mark.parametrize("file_format", ["csv", "json_lines", "parquet", "xlsx"])
def test_what_is_sent_back_can_be_sent_again(file_format: FileFormat, encoding: str) -> None:
    kind = RefusedFile.like(file_format)
    data = b"".join(kind.pieces(NAMES, ROWS, encoding=encoding, sheet=None))
    again = upload_connector(SHOPS, f"refused{kind.suffix}", lambda: io.BytesIO(data))
    assert again.file_format() == file_format
    assert [[cell or "" for cell in row.values()] for row in rows_of(again)] == [
        [cell or "" for cell in row[: -len(REASON_HEADERS)]] for row in ROWS
    ]


def test_reasons_stand_beside_the_rows() -> None:
    data = b"".join(RefusedFile.like("json_lines").pieces(NAMES, ROWS, encoding="utf-8-sig", sheet=None))
    assert '"免证:原因": "请更正"' in data.decode()


@pytest.mark.parametrize("file_format", ["csv", "json_lines", "parquet", "xlsx"])
def test_no_refused_row_is_a_file_too(file_format: FileFormat) -> None:
    data = b"".join(RefusedFile.like(file_format).pieces(NAMES, [], encoding="utf-8", sheet="证照"))
    assert rows_of(upload_connector(SHOPS, f"x{RefusedFile.like(file_format).suffix}", lambda: io.BytesIO(data))) == []
