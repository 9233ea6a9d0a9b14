"""The sheet 填表说明: how to fill the table in, and what each column wants.

guide.write(book, book.add_worksheet("填表说明"), dataset, dataset.columns)
"""

from collections.abc import Sequence
from typing import Any, Final

from quality.workbooks import words
from quality.workbooks.words import TEXT
from registries.connectors.workbook_faults import BYTES, COLUMNS, ROWS
from registries.contracts.model import Column, Dataset

_FONT: Final = {"font_name": "等线", "font_size": 11, "valign": "top", "text_wrap": True, "num_format": TEXT}
_HEADS: Final = ("列名 Column", "填写要求", "What it wants", "说明与代码 Codes", "校验规则 Rules", "In English")
_WIDTHS: Final = (24, 30, 30, 40, 60, 60)
_SHOWN_CODES: Final = 40
_LIMIT: Final = 32_000


def steps(dataset: Dataset) -> list[tuple[str, str]]:
    """What a clerk has to know, in both languages."""
    whole = (
        (
            "本资源为全量报送: 表中没有的行, 视为来源已不再持有",
            "The table is sent whole: a row that is missing is gone",
        ),
        ("本资源为增量报送: 只填有变化的行", "Only rows that changed are sent"),
    )[dataset.delivery == "changes"]
    return [
        ("请勿改动第一行的列名; 列的先后可以调整", "Keep the headers as they are; their order may change"),
        (
            "证件号码、统一社会信用代码等长数字列已设为文本格式; 粘贴时请选“匹配目标格式”或“只保留文本”",
            "Columns of long numbers are text; paste as text, or their last digits are lost",
        ),
        ("蓝色表头为必填列, 灰色为可空列", "Blue headers are required, grey ones optional"),
        ("有下拉列表的列只填代码; 含义见“代码表”", "Columns with a list want the code; see the sheet of codes"),
        ("不要合并单元格, 不要隐藏行或列 (筛选除外), 不要写公式到外部文件", "No merged or hidden cells, no links"),
        whole,
        (
            f"最多 {BYTES >> 20} MB、{ROWS:,} 行、{COLUMNS} 列; 超过请改用文件投递或接口",
            f"At most {BYTES >> 20} MB, {ROWS:,} rows and {COLUMNS} columns; beyond that use SFTP or the API",
        ),
        (
            "批注表中红色为不接收的原因, 黄色为须整改; 直接改正后再次报送即可, 以“免证:”开头的列不必删除",
            "The annotated workbook can be mended and sent again as it is; columns that begin with 免证: are ignored",
        ),
    ]


def write(book: Any, sheet: Any, dataset: Dataset, columns: Sequence[Column]) -> None:  # noqa: ANN401 - XlsxWriter's
    """Fill the sheet."""
    text, bold = book.add_format(_FONT), book.add_format({**_FONT, "bold": True})
    title = book.add_format({**_FONT, "bold": True, "font_size": 14, "text_wrap": False})
    sheet.write_string(0, 0, f"{dataset.title_zh} {dataset.title_en}", title)
    sheet.write_string(1, 0, f"{dataset.name} · 契约版本 contract version {dataset.contract_version}", bold)
    row = 3
    for number, (zh, en) in enumerate(steps(dataset), start=1):
        sheet.merge_range(row, 0, row, 2, f"{number}. {zh}", text)
        sheet.merge_range(row, 3, row, 5, f"{number}. {en}", text)
        sheet.set_row(row, 32)
        row += 1
    for place, (head, width) in enumerate(zip(_HEADS, _WIDTHS, strict=True)):
        sheet.write_string(row + 1, place, head, bold)
        sheet.set_column(place, place, width)
    for number, column in enumerate(columns, start=row + 2):
        for place, cell in enumerate(_cells(dataset, column)):
            sheet.write_string(number, place, cell[:_LIMIT], text)


def _cells(dataset: Dataset, column: Column) -> tuple[str, ...]:
    rules = words.rules_of(dataset, column)
    about = [column.description, words.codes(column, _SHOWN_CODES), "; ".join(column.examples)]
    return (
        column.source,
        words.brief(column),
        words.brief_en(column),
        "\n".join(part for part in about if part),
        "\n".join(f"[{rule.level}] {rule.zh}" for rule in rules),
        "\n".join(f"[{rule.level}] {rule.en}" for rule in rules),
    )
