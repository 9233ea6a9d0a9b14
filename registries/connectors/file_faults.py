"""What can be wrong with a file that was delivered, whatever its format.

>>> str(NotAFileName("shops_drop").en)
'shops_drop: a file has a name that is no printable text in UTF-8; rename it and deliver it again'
"""

from registries.connectors.faults import SourceChangedShape, SourceFault


class NotAFileName(SourceFault):
    """Raised when a file's name can't be written down: bytes that are no text, or control characters."""

    def __init__(self, source: str) -> None:
        super().__init__(
            source,
            "有文件的名称不是可打印的 UTF-8 文字, 请改名后重新投递",
            "a file has a name that is no printable text in UTF-8; rename it and deliver it again",
        )


class LateDelivery(SourceFault):
    """Raised when a change set belongs before one that was taken, and no watermark tells which rows are newer."""

    def __init__(self, source: str) -> None:
        super().__init__(
            source,
            "变更文件迟到: 之后的变更已归集, 而数据契约没有 watermark 列, 无法判断哪一行较新; "
            "请改投一份全量文件, 或在契约中增加 watermark 列, 然后移走该文件",
            "this change set is late: later ones have been taken, and the contract has no watermark column that tells "
            "which rows are newer; deliver a full file, or give the contract a watermark, and take this file away",
        )


class ManifestUnreadable(SourceFault):
    """Raised when a manifest is not what a manifest is."""

    def __init__(self, source: str) -> None:
        super().__init__(
            source,
            '清单文件不可读, 应为 {"sha256": "64 位十六进制", "rows": 行数}, 请重新生成',
            'the manifest can\'t be read; it should be {"sha256": "64 hex digits", "rows": number}; write it again',
        )


class ManifestDisagrees(SourceFault):
    """Raised when a file is not the one its manifest vouches for: mostly it was cut while it was sent."""

    def __init__(self, source: str, what_zh: str, what_en: str) -> None:
        super().__init__(
            source,
            f"文件与清单不一致 ({what_zh}), 可能没有传完; 请重新传送文件与清单",
            f"the file is not what its manifest says ({what_en}); it may be half sent: send file and manifest again",
        )


class OtherFormat(SourceFault):
    """Raised when a file has another format than the contract's; both are named."""

    def __init__(self, source: str, wanted: str, what_zh: str, what_en: str) -> None:
        super().__init__(
            source,
            f"不是数据契约约定的 {wanted} 文件 ({what_zh}), 请按约定的格式重新导出, 或先修订数据契约",
            f"is not the {wanted} file of its contract ({what_en}); export it in that format, or change the contract",
        )


class CellTooLong(SourceFault):
    """Raised when one value is longer than any value should be; `row` counts from 1, without a header."""

    def __init__(self, source: str, row: int, column: str, limit: int) -> None:
        super().__init__(
            source,
            f"第 {row} 行数据起的一批中, 列 {column} 有超过 {limit:,} 个字节的值, 请检查导出",
            f"among the rows from row {row} on, column {column} has a value of more than {limit:,} bytes; "
            "check the export",
        )
        self.row, self.column = row, column


class NotJsonLines(SourceFault):
    """Raised when a line of a JSON Lines file is no flat object; `line` counts from 1."""

    def __init__(self, source: str, line: int, what_zh: str, what_en: str) -> None:
        super().__init__(
            source,
            f"第 {line} 行{what_zh}; 每行应为一个 JSON 对象, 成员为数据契约的列, 值为文本、数字、布尔或 null",
            f"line {line} {what_en}; each line should be one JSON object with the contract's columns as members, whose "
            "values are texts, numbers, booleans or null",
        )
        self.line = line


class NoHeader(SourceChangedShape):
    """Raised when none of the contract's columns is there: what stands in the header's place may be a row's values."""

    def __init__(self, shape: SourceChangedShape) -> None:
        super().__init__(shape.source, shape.missing, shape.unknown, shape.double)
        self.zh = (
            f"{shape.source}: 没有找到表头, 缺少列 {'、'.join(shape.missing)}; "
            "第一行应为数据契约的列名, 请补上表头, 或在数据资源页面下载模板"
        )
        self.en = (
            f"{shape.source}: there is no header, columns are missing: {', '.join(shape.missing)}; the first row "
            "should have the contract's column names: add them, or use the template on the dataset's page"
        )
        self.args = (f"{self.zh} | {self.en}",)


def shape_fault(shape: SourceChangedShape, expected: int) -> SourceChangedShape:
    """The fault to raise: names of columns are shown only where some are the contract's, values never."""
    return NoHeader(shape) if 1 < expected == len(shape.missing) else shape
