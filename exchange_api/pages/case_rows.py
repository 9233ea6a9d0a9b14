"""The rows of a case as its page shows them: masked cells of what was landed, or the values of a conflict.

rows = shown_rows(parts, case, after="")      # `rows.after` is what the next page's address says
"""

from dataclasses import dataclass
from typing import Final

from exchange_api.pages.publisher_views import column_heads, refused_row_views
from exchange_api.pages.steward_views import conflict_rows
from exchange_api.pages.views.frame import Words
from exchange_api.pages.views.publisher import ColumnHead, RefusedRow
from exchange_api.pages.views.steward import ConflictRow
from exchange_api.parts import HubParts
from exchange_api.transactions import Transaction
from quality.refused_rows.reading import RefusedRows, landed_of
from registries.landing_faults import LandedMissing
from registries.store import batches, cases, pages
from registries.store.cases import Case, CaseRow
from registries.store.dashboard_reads import FoundRow

A_PAGE: Final = 20
_NAMELESS: Final = Words(
    "这类工单不指向报送文件中的行，对象由责任部门在其系统中核对。",
    "Cases of this kind point at no row of a delivery; the department knows the record in its own system.",
)
_EXPIRED: Final = Words(
    "报送的原始数据已到期清理，行号仍保留。", "What was delivered has expired; row numbers are kept."
)


@dataclass(frozen=True)
class ShownRows:
    """A page of rows; `hidden`: why there are none to be shown."""

    columns: tuple[ColumnHead, ...] = ()
    rows: tuple[RefusedRow, ...] = ()
    conflicts: tuple[ConflictRow, ...] = ()
    hidden: Words | None = None
    after: str | None = None


def shown_rows(parts: HubParts, case: Case, after: str) -> ShownRows:
    """The open rows of an open case, of a closed one all."""
    if case.dataset not in parts.catalogue:
        return ShownRows(hidden=_NAMELESS)
    if case.cause == "conflict" and case.register is not None:
        return _conflicts(parts, case, case.register, after)
    with Transaction(parts.store_page) as work:
        state: cases.RowState | None = "open" if case.state == "open" else None
        found = cases.rows_of(work.conn, case.number, _number(after), A_PAGE, state=state)
    told = [row for row in found if row.row_number is not None]
    if not told:
        return ShownRows(hidden=_NAMELESS)
    try:
        rows = _cells(parts, case, told)
    except LandedMissing:
        return ShownRows(hidden=_EXPIRED)
    heads = column_heads(parts.catalogue.dataset(case.dataset))
    return ShownRows(heads, rows, after=str(found[-1].id) if len(found) == A_PAGE else None)


def _cells(parts: HubParts, case: Case, rows: list[CaseRow]) -> tuple[RefusedRow, ...]:
    """Masked, batch by batch."""
    dataset, reader = parts.catalogue.dataset(case.dataset), RefusedRows(parts.store_page, parts.landing)
    shown: list[RefusedRow] = []
    for number in dict.fromkeys(row.opened_batch for row in rows):
        with Transaction(parts.store_page) as work:
            batch = None if number is None else batches.get(work.conn, number)
        landed = None if batch is None else landed_of(batch, parts.home.landed)
        if landed is None:
            raise LandedMissing(str(number))
        rules = () if case.rule_id is None else (case.rule_id,)
        chosen = [FoundRow(row.row_number or 0, "accepted", rules) for row in rows if row.opened_batch == number]
        shown += refused_row_views(reader.these(dataset, landed, chosen))
    return tuple(shown)


def _conflicts(parts: HubParts, case: Case, register: str, after: str) -> ShownRows:
    passed = _number(after)
    about = (register, case.dataset, case.attribute or "", case.against)
    with Transaction(parts.store_page) as work:
        found = pages.conflicts_between(work.conn, *about, passed, A_PAGE)
    end = str(passed + A_PAGE) if len(found) == A_PAGE else None
    hidden = None if found else Words("两个部门的数据已经一致。", "The two departments agree by now.")
    return ShownRows(conflicts=conflict_rows(found, parts.catalogue), hidden=hidden, after=end)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else 0  # noqa: PLR2004 - of a bigint
