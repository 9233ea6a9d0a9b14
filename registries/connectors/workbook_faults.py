"""What can be wrong with a workbook, said to the clerk who made it.

>>> NoSuchSheet("a.xlsx", "证照").en
'a.xlsx: there is no sheet 证照; name the sheet so, or change the contract'
"""

from typing import Final

from registries.connectors.faults import SourceChangedShape, SourceFault

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
    """Raised when a workbook has more than it may, or needs more memory or time to read than it should.

    `cell` is the name of one that stands too far away, where that is known.
    """

    def __init__(self, source: str, cell: str = "") -> None:
        far = (f"单元格 {cell} 有内容", f"there is something in cell {cell}") if cell else _FAR
        super().__init__(
            source,
            f"工作簿过大 (最多 {BYTES >> 20} MB, {ROWS:,} 行, {COLUMNS} 列), 或{far[0]}; "
            "请删除多余的行、列与工作表, 或分成几个文件, 或改用文件投递或接口",
            f"the workbook is too large (at most {BYTES >> 20} MB, {ROWS:,} rows, {COLUMNS} columns), or {far[1]}; "
            "remove rows, columns and sheets that are not needed, split it, or deliver by SFTP or an interface",
        )
        self.cell = cell


_FAR: Final = ("有内容写在很远的单元格", "something stands in a cell far away")


class ActiveContent(SourceFault):
    """Raised when a workbook holds macros, links to other files, embedded objects: what no table of values needs."""

    def __init__(self, source: str, what_zh: str, what_en: str) -> None:
        super().__init__(
            source,
            f"工作簿含有{what_zh}, 不能接收; 请把需要的单元格复制为“数值”, 粘贴到新的 .xlsx 工作簿后重新提交",
            f"the workbook holds {what_en}, which are not accepted; paste the cells as values into a new .xlsx "
            "workbook and send that",
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


class FormulaWithoutValue(SourceFault):
    """Raised when a formula was never calculated, so that its cell has no value; `cell` is the first one's name."""

    def __init__(self, source: str, cell: str) -> None:
        super().__init__(
            source,
            f"单元格 {cell} 是未计算的公式, 没有数值; 请在 Excel 或 WPS 中打开并保存一次, 或粘贴为数值后重新提交",
            f"cell {cell} is a formula that was never calculated; open and save it in Excel or WPS, or paste its value",
        )
        self.cell = cell


class MergedCells(SourceFault):
    """Raised when cells of the table are merged: only the first of them has a value; `cells` such as A5:A9."""

    def __init__(self, source: str, cells: str) -> None:
        super().__init__(
            source,
            f"数据区的单元格 {cells} 是合并单元格, 只有第一格有值; 请取消合并并逐行填写, 表尾的说明请删除",
            f"cells {cells} of the table are merged, and only the first has a value; split them and fill in each row; "
            "take out remarks below the table",
        )
        self.cells = cells


class HiddenCells(SourceFault):
    """Raised when a row or a column of the table is hidden, other than by a filter."""

    def __init__(self, source: str, row: int | None = None, column: str = "") -> None:
        where = (f"第 {row} 行", f"row {row}") if row is not None else (f"列 {column} ", f"column {column}")
        super().__init__(
            source,
            f"{where[0]}被隐藏, 无法确定是否要报送; 请取消隐藏, 不需要的请删除",
            f"{where[1]} is hidden, so that it can't be told whether it is meant; show it, or delete it",
        )
        self.row, self.column = row, column


class HeaderAgain(SourceFault):
    """Raised when a row among the values repeats the header; `row` is its number in the sheet."""

    def __init__(self, source: str, row: int) -> None:
        super().__init__(
            source,
            f"第 {row} 行又是一行表头; 只能有一行表头, 请删除多余的表头后重新提交",
            f"row {row} is a header again; there can be only one: delete the others and send it again",
        )
        self.row = row


class OtherForm(SourceFault):
    """Raised when a workbook was made from the template of another dataset; `dataset` is that one's name."""

    def __init__(self, source: str, dataset: str, wanted: str) -> None:
        super().__init__(
            source,
            f"这是数据资源 {dataset} 的模板, 不是 {wanted} 的; 请到 {dataset} 的页面报送, 或下载 {wanted} 的模板",
            f"this is the template of {dataset}, not of {wanted}; send it on that dataset's page, or download the "
            f"template of {wanted}",
        )
        self.dataset = dataset


class OldForm(SourceChangedShape):
    """Raised when the columns don't fit because the workbook was made from a former version of the contract."""

    def __init__(self, shape: SourceChangedShape, former: str, present: str) -> None:
        super().__init__(shape.source, shape.missing, shape.unknown, shape.double)
        self.zh += f"。工作簿用的是契约 {former} 版的模板, 现行为 {present} 版, 请下载新模板并把数据复制过去"
        self.en += f"; the template is of version {former} of the contract, which is {present} now: use the new one"
        self.args = (f"{self.zh} | {self.en}",)
