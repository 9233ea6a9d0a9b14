"""What can go wrong while a workbook is made.

>>> str(WorkbookNotMade()).startswith("批注表")
True
"""

from quality.errors import QualityError


class WorkbooksBusy(QualityError):
    """Raised when as many annotated workbooks are being made as may be at a time."""

    def __init__(self) -> None:
        super().__init__(
            "其他批注表正在生成，请稍后再试",
            "other annotated workbooks are being made; try again in a moment",
        )


class WorkbookNotMade(QualityError):
    """Raised when making an annotated workbook took more memory or time than it may."""

    def __init__(self) -> None:
        super().__init__(
            "批注表过大或耗时过长，未能生成。请下载未入库行的 CSV 文件，或将文件拆分后重新报送",
            "the annotated workbook would take too much memory or time; download the refused rows as CSV, "
            "or deliver the table in parts",
        )
