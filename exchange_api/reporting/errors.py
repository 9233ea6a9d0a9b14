"""What can go wrong around reports, and how it looks on the wire."""

from http import HTTPStatus
from typing import ClassVar

from exchange_api.errors import ExchangeApiError, Kind


class MonthNotClosed(ExchangeApiError):
    """Raised when a report is asked for of a month that is not closed, or of a department that had nothing in it."""

    kind: ClassVar[Kind | None] = Kind("month-not-closed", HTTPStatus.NOT_FOUND, "没有这份报告", "No such report")

    def __init__(self, period: str) -> None:
        super().__init__(
            f"{period} 尚未封存，或该部门当期没有数据。月份在次月 1 日封存；请查看 /reports 中已有的月份",
            f"{period} is not closed, or the department had nothing in it; a month is closed on the first day of the "
            "next; /reports lists those there are",
        )


class ReportDoubted(ExchangeApiError):
    """Raised when a closed month is not what the ledger says it was: nothing is made of figures that were changed."""

    kind: ClassVar[Kind | None] = Kind(
        "report-doubted", HTTPStatus.CONFLICT, "月度数据与存证不符", "Month differs from the ledger"
    )

    def __init__(self, months: str) -> None:
        super().__init__(
            f"{months} 的月度数据与存证日志不符，不出具报告。请联系运维人员运行 mianzheng quality verify 查明",
            f"the figures of {months} are not what the ledger says; no report is made of them; ask the operator to run "
            "mianzheng quality verify",
        )
