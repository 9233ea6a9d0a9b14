"""What can be wrong with a workbook, said to the clerk who made it.

>>> NoSuchSheet("a.xlsx", "证照").en
'a.xlsx: there is no sheet 证照; name the sheet so, or change the contract'
"""

from typing import Final

from registries.connectors.faults import SourceFault

BYTES: Final = 50 << 20
ROWS: Final = 200_000
COLUMNS: Final = 200
"""What a workbook may have at most."""


class NotWorkbook(SourceFault):
    """Raised when a file is no .xlsx workbook, or a damaged, old or encrypted one."""

    def __init__(self, source: str, what_zh: str, what_en: str) -> None:
        super().__init__(
            source,
            f"不是可读的 .xlsx 工作簿 ({what_zh}), 请在 Excel 或 WPS 中另存为 .xlsx (不设密码) 后重新提交",
            f"is no .xlsx workbook that can be read ({what_en}); save it as .xlsx without a password and send it again",
        )


class WorkbookTooLarge(SourceFault):
    """Raised when a workbook has more than it may, or needs more memory or time to read than it should."""

    def __init__(self, source: str) -> None:
        super().__init__(
            source,
            f"工作簿过大 (最多 {BYTES >> 20} MB, {ROWS:,} 行, {COLUMNS} 列), 或有内容写在很远的单元格; "
            "请删除多余的行、列与工作表, 或分成几个文件, 或改用文件投递或接口",
            f"the workbook is too large (at most {BYTES >> 20} MB, {ROWS:,} rows, {COLUMNS} columns), or something "
            "stands in a cell far away; remove rows, columns and sheets that are not needed, split it, or deliver by "
            "SFTP or an interface",
        )


class NoSuchSheet(SourceFault):
    """Raised when the sheet that the contract names is not in the workbook."""

    def __init__(self, source: str, sheet: str) -> None:
        super().__init__(
            source,
            f"没有名为 {sheet} 的工作表, 请按此命名, 或修订数据契约",
            f"there is no sheet {sheet}; name the sheet so, or change the contract",
        )


class SeveralSheets(SourceFault):
    """Raised when several sheets have the contract's columns, and nothing says which one is meant."""

    def __init__(self, source: str, count: int) -> None:
        super().__init__(
            source,
            f"有 {count} 张工作表都有契约的列, 无法确定取哪一张; 请合并为一张, 或隐藏其余各张",
            f"{count} sheets have the contract's columns, and it can't be told which is meant; merge them into one, or "
            "hide the others",
        )


class ErrorCell(SourceFault):
    """Raised when a formula's result is an error, such as #N/A; `cell` is the first one's name, such as D5."""

    def __init__(self, source: str, cell: str) -> None:
        super().__init__(
            source,
            f"单元格 {cell} 是错误值 (如 #N/A、#REF!), 请改正公式或改为数值后重新提交",
            f"cell {cell} holds an error such as #N/A; mend its formula, or enter the value, and send it again",
        )
        self.cell = cell
