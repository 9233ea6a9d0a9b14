"""What can be wrong with a source: which one, why, and what its department can do about it.

Each says positions (rows, lines) and names of columns, never a value of a row.

    >>> str(NoDelivery("market_regulation_drop", "enterprises_*.csv").en)
    'market_regulation_drop: no file enterprises_*.csv has arrived; deliver it, renamed from .part when complete'
"""

from collections.abc import Sequence

from registries.errors import RegistriesError


class SourceFault(RegistriesError):
    """Raised, through its children, when a source can't be taken in as it is; nothing was taken.

    Args:
        source: what the department knows it as.
    """

    def __init__(self, source: str, zh: str, en: str) -> None:
        super().__init__(f"{source}: {zh}", f"{source}: {en}")
        self.source = source


class SourceUnknown(SourceFault):
    """Raised when nobody said where a contract's server is, or what kind of source it is."""

    def __init__(self, server: str) -> None:
        super().__init__(
            server,
            "未配置地址, 请在 HUB_HOME/sources.json 中写明",
            "has no address; write it into HUB_HOME/sources.json",
        )


class AddressUnusable(SourceFault):
    """Raised when an address in sources.json is none of its kind; it may hold a password and is never repeated."""

    def __init__(self, server: str, form: str) -> None:
        super().__init__(
            server,
            f"HUB_HOME/sources.json 中的地址不可用, 应为 {form}",
            f"its address in HUB_HOME/sources.json can't be used; it should be {form}",
        )


class NotPulled(SourceFault):
    """Raised when a delivery is to be pulled from a source that pushes, or that is asked question by question."""

    def __init__(self, source: str, kind: str) -> None:
        words = {
            "push": (
                "由来源方推送, 不能归集; 请等待对方推送, 或上传文件",
                "its department pushes it, so that it can't be pulled; wait for the push, or upload a file",
            ),
            "live_query": (
                "数据不落地, 只在核验时实时查询, 无需归集",
                "it hands over no bulk data and is asked at the moment of a question; there is nothing to take in",
            ),
        }
        super().__init__(source, *words[kind])


class SourceDown(SourceFault):
    """Raised when a database or a folder can't be reached or read; `code` is the SQLSTATE or the OS's reason."""

    def __init__(self, source: str, code: str) -> None:
        super().__init__(
            source,
            f"来源无法访问 ({code}), 请检查对方系统、网络、账号与权限; 已有数据不受影响, 恢复后会自动重试",
            f"the source can't be reached or read ({code}); check their system, network, account and rights; "
            "what the hub has stays as it is, and the next run tries again",
        )
        self.code = code


class NoDelivery(SourceFault):
    """Raised when a drop folder holds no complete file of the contract's pattern."""

    def __init__(self, source: str, pattern: str) -> None:
        super().__init__(
            source,
            f"没有收到文件 {pattern}, 请投递完整文件 (写完后再去掉 .part)",
            f"no file {pattern} has arrived; deliver it, renamed from .part when complete",
        )


class SourceChangedShape(SourceFault):
    """Raised when columns are missing, unknown or double: the contract and the source no longer agree."""

    def __init__(
        self, source: str, missing: Sequence[str] = (), unknown: Sequence[str] = (), double: Sequence[str] = ()
    ) -> None:
        parts = [
            (f"缺少列 {'、'.join(missing)}", f"columns are missing: {', '.join(missing)}", missing),
            (f"多出列 {'、'.join(unknown)}", f"columns are unknown: {', '.join(unknown)}", unknown),
            (f"列名重复 {'、'.join(double)}", f"columns are there twice: {', '.join(double)}", double),
        ]
        zh = "; ".join(zh for zh, _, names in parts if names)
        en = "; ".join(en for _, en, names in parts if names)
        super().__init__(
            source,
            f"{zh}。请按数据契约的列名重新导出, 或先修订数据契约",
            f"{en}; export it with the contract's column names, or change the contract first",
        )
        self.missing, self.unknown, self.double = tuple(missing), tuple(unknown), tuple(double)


class WrongEncoding(SourceFault):
    """Raised when a file is neither UTF-8 nor GB18030; `line` is the first one that can't be read."""

    def __init__(self, source: str, line: int) -> None:
        super().__init__(
            source,
            f"第 {line} 行 (含表头) 既不是 UTF-8 也不是 GB18030 编码, 请另存为“CSV UTF-8”后重新提交",
            f"line {line}, counting the header, is neither UTF-8 nor GB18030; save it as CSV UTF-8 and send it again",
        )
        self.line = line


class NotCsv(SourceFault):
    """Raised when a file is something else than CSV text: a workbook, a compressed or a binary file."""

    def __init__(self, source: str, what_zh: str, what_en: str) -> None:
        super().__init__(
            source,
            f"不是 CSV 文件 ({what_zh}), 请另存为“CSV UTF-8”后重新提交",
            f"is no CSV file ({what_en}); save it as CSV UTF-8 and send it again",
        )


class RaggedRow(SourceFault):
    """Raised when a row has more or fewer cells than the header; `row` counts from 1, without the header."""

    def __init__(self, source: str, row: int, expected: int, actual: int) -> None:
        super().__init__(
            source,
            f"第 {row} 行数据 (不含表头) 有 {actual} 列, 应为 {expected} 列, 请检查该行的逗号与引号",
            f"row {row}, without the header, has {actual} cells instead of {expected}; check its commas and quotes",
        )
        self.row, self.expected, self.actual = row, expected, actual


class StrayQuote(SourceFault):
    """Raised when a quotation mark opens a cell that never closes, or stands inside one without being doubled."""

    def __init__(self, source: str, line: int) -> None:
        super().__init__(
            source,
            f"第 {line} 行 (含表头) 的双引号没有成对, 会把后面的行并进来; 请补全, 单元格内的双引号应写两次",
            f"line {line}, counting the header, has a quotation mark without its pair, which would swallow rows; "
            "close it, and double those inside cells",
        )
        self.line = line


class RowTooLong(SourceFault):
    """Raised when one row is longer than the reader's block: mostly a cell that was never closed."""

    def __init__(self, source: str, row: int) -> None:
        super().__init__(
            source,
            f"第 {row} 行数据之后有一行过长, 请检查换行与引号",
            f"a row after row {row} is too long; check line ends and quotes",
        )
        self.row = row


class StillBeingWritten(SourceFault):
    """Raised when a file changed while it was read."""

    def __init__(self, source: str) -> None:
        super().__init__(
            source,
            "文件在读取时仍在变化, 请写成 .part 文件, 完成后再改名; 稍后会自动重试",
            "the file changed while it was read; write it as .part, rename it when complete; the next run tries again",
        )
