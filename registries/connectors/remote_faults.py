"""What can be wrong with databases and HTTP interfaces in particular; the faults of all sources stand in `faults`.

They name columns, pages and rows by their place, and never quote what a driver or a server said: that may hold values.

    >>> DriverMissing("tax_database", "oracle+oracledb").en.startswith("tax_database: no driver for oracle+oracledb")
    True
"""

from registries.connectors.faults import SourceDown, SourceFault


class DriverMissing(SourceFault):
    """Raised when no driver for this kind of database is installed beside the hub."""

    def __init__(self, source: str, driver: str) -> None:
        super().__init__(
            source,
            f"没有安装 {driver} 的驱动程序, 请由运维人员安装后重试",
            f"no driver for {driver} is installed; the operator should install it, then try again",
        )


class UnreadableColumn(SourceFault):
    """Raised when a column holds what has no form as text: bytes, arrays, documents. `kind` is the driver's type."""

    def __init__(self, source: str, column: str, kind: str) -> None:
        super().__init__(
            source,
            f"列 {column} 的类型 {kind} 不能作为文本读取, 请对方以视图转换, 或从数据契约中去掉该列",
            f"column {column} is of type {kind}, which has no form as text; have a view convert it, or leave it out of "
            "the contract",
        )
        self.column = column


class WatermarkWentBack(SourceFault):
    """Raised when an exchange table's greatest watermark is far below what was taken: restored, or numbered anew."""

    def __init__(self, source: str, column: str) -> None:
        super().__init__(
            source,
            f"水位列 {column} 的最大值比已归集的还小, 可能是数据库恢复或重新编号; "
            "请对方以更大的水位重新写出未交换的变更, 或提交一份全量文件",
            f"the greatest value of watermark {column} is below what was taken: the database was restored, or numbered "
            "anew; write the changes again with greater watermarks, or send a full snapshot as a file",
        )


class BadAnswer(SourceFault):
    """Raised when an HTTP interface answers with something other than agreed: `page` counts from 1, None: no paging."""

    def __init__(self, source: str, page: int | None, what_zh: str, what_en: str) -> None:
        super().__init__(
            source,
            f"{_where_zh(page)}{what_zh}; 已有数据不受影响, 请对方按接口约定修正后重试",
            f"{_where_en(page)}{what_en}; what the hub has stays as it is; have the interface mended, then try again",
        )
        self.page = page


class PageDown(SourceDown):
    """Raised when a page can't be had, after all attempts; `code` is an HTTP status or the kind of failure."""

    def __init__(self, source: str, page: int | None, code: str) -> None:
        SourceFault.__init__(
            self,
            source,
            f"{_where_zh(page)}无法取得 ({code}), 请检查对方接口、网络与令牌; 已有数据不受影响, 下次从头重取",
            f"{_where_en(page)}can't be had ({code}); check their interface, network and token; what the hub has stays "
            "as it is, and the next run begins again",
        )
        self.page, self.code = page, code


class PagesMoved(SourceFault):
    """Raised when the number of rows that an interface tells changed while its pages were read."""

    def __init__(self, source: str, told: str, seen: str) -> None:
        super().__init__(
            source,
            f"读取分页期间总数由 {told} 变为 {seen}, 可能漏行, 本次不归集; 稍后会自动重试, 建议对方改用游标分页",
            f"the total changed from {told} to {seen} while its pages were read, so that rows may be missing; nothing "
            "was taken, the next run tries again; cursor paging does not have this fault",
        )


class SourceBusy(SourceFault):
    """Raised when too many questions wait for a live source."""

    def __init__(self, source: str) -> None:
        super().__init__(
            source,
            "等待应答的核验过多, 请稍后再试",
            "too many questions wait for its answers; ask again in a moment",
        )


class SourceResting(SourceFault):
    """Raised when a live source failed several times in a row and is left alone for a while."""

    def __init__(self, source: str) -> None:
        super().__init__(
            source,
            "连续多次未应答, 暂停询问; 稍后会自动重试",
            "it failed several times in a row and is left alone for a while; it will be tried again by itself",
        )


def _where_zh(page: int | None) -> str:
    return "应答" if page is None else f"第 {page} 页"


def _where_en(page: int | None) -> str:
    return "its answer " if page is None else f"page {page} "
