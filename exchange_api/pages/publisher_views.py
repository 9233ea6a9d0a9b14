"""What publishers see: their datasets and batches, how an upload goes, what was refused and why."""

from collections.abc import Iterable, Mapping, Sequence

from exchange_api.pages import words
from exchange_api.pages.batch_views import (
    batch_row,
    counts_of,
    rows_served,
    sum_of_accepted,
    sum_of_pulled,
)
from exchange_api.pages.rendering import moment
from exchange_api.pages.views.frame import Words
from exchange_api.pages.views.publisher import (
    BatchView,
    ColumnHead,
    ColumnRow,
    PublishedDataset,
    Reason,
    RefusedRow,
)
from exchange_api.publishing import UPLOADABLE
from quality.reasons import reasons_of
from quality.refused_rows.reading import RefusedRow as RowRefused
from registries.contracts.model import Dataset
from registries.departments import Catalogue
from registries.store.batches import Batch
from registries.store.pages import DatasetLine
from registries.store.quarantine import Reason as ReasonCount

SOURCES: Mapping[str, Words] = {
    "files": Words("文件", "file"),
    "database": Words("数据库，自动拉取", "database, pulled"),
    "sql_database": Words("数据库，自动拉取", "database, pulled"),
    "http_api": Words("接口，自动拉取", "API, pulled"),
    "push": Words("接口推送", "pushed"),
    "live_query": Words("实时查询，不落地", "live query, nothing kept"),
}
DELIVERIES: Mapping[str, Words] = {"snapshot": Words("全量", "all rows"), "changes": Words("增量", "changes")}
DECIDING = 1
"""The level whose reasons refuse rows."""


def published(dataset: Dataset, line: DatasetLine, last: Batch | None, catalogue: Catalogue) -> PublishedDataset:
    """A dataset in the publisher's list."""
    return PublishedDataset(
        dataset.name,
        Words(dataset.title_zh, dataset.title_en),
        _delivered(dataset),
        rows_served(last),
        line.refused,
        batch_row(last, catalogue) if last else None,
        is_uploadable(dataset),
    )


def _delivered(dataset: Dataset) -> Words:
    source, delivery = SOURCES[dataset.server.kind], DELIVERIES[dataset.delivery]
    return Words(f"{source.zh}，{delivery.zh}", f"{source.en}, {delivery.en}")


def is_uploadable(dataset: Dataset) -> bool:
    """Whether its department may send a file."""
    return dataset.server.kind in UPLOADABLE


def column_rows(dataset: Dataset) -> tuple[ColumnRow, ...]:
    """The columns as the department's own file names them."""
    return tuple(
        ColumnRow(column.name, column.source, words.COLUMN_TYPES[column.logical_type], column.required)
        for column in dataset.columns
    )


def column_heads(dataset: Dataset) -> tuple[ColumnHead, ...]:
    """The columns at the head of a table of rows."""
    return tuple(ColumnHead(column.name, column.title_zh) for column in dataset.columns)


def refused_row_views(rows: Iterable[RowRefused]) -> tuple[RefusedRow, ...]:
    """Refused rows, masked already."""
    return tuple(
        RefusedRow(
            row.number,
            *words.ROW_OUTCOMES[row.outcome],
            tuple(Words(reason.zh, reason.en) for reason in row.reasons),
            row.cells,
        )
        for row in rows
    )


def reason_views(dataset: Dataset, counts: Sequence[ReasonCount], refused: int) -> tuple[Reason, ...]:
    """Reasons in the contract's words, with how many rows each found and, of refusing ones, their share."""
    found = []
    for count in counts:
        reason = reasons_of(dataset, [count.rule_id])[0]
        share = min(1.0, count.rows / refused) if refused and count.level == DECIDING else 0.0
        titles = tuple(dataset.column(name).title_zh for name in reason.columns)
        level = words.LEVELS[count.level]
        said = Words(reason.zh, reason.en)
        found.append(Reason(count.rule_id, said, level, count.rows, share, titles, count.first_row_numbers))
    return tuple(found)


def refuses(reason: Reason) -> bool:
    """Whether a reason refuses rows, or is about rows that were accepted."""
    return reason.level == words.LEVELS[DECIDING]


def batch_view(
    batch: Batch,
    dataset: Dataset,
    catalogue: Catalogue,
    counts: Sequence[ReasonCount],
    rows: Sequence[RowRefused],
    page: int,
    after: int,
) -> BatchView:
    """What became of a batch; `page` rows at most are on a page, those behind row `after`."""
    row = batch_row(batch, catalogue)
    refused = (row.quarantined or 0) + (row.held or 0)
    reasons = reason_views(dataset, counts, refused)
    return BatchView(
        batch=row,
        first_sum=sum_of_pulled(counts_of(row)),
        second_sum=sum_of_accepted(counts_of(row)),
        facts=_facts(batch, dataset),
        reasons=tuple(reason for reason in reasons if refuses(reason)),
        findings=tuple(reason for reason in reasons if not refuses(reason)),
        columns=column_heads(dataset),
        rows=refused_row_views(rows),
        after=rows[-1].number if len(rows) == page else None,
        paged=after > 0,
        page_rows=page,
        downloadable=refused > 0,
        hold_reason=batch.hold_reason,
    )


def _facts(batch: Batch, dataset: Dataset) -> tuple[str, ...]:
    digest = (batch.landed_digest or "")[:16]
    return (
        f"{dataset.title_zh} {dataset.name}",
        f"第 {batch.sequence} 次报送",
        f"{moment(batch.opened_at)} 开始",
        f"契约 {batch.contract_version}",
        f"来源 {batch.source}",
        *((f"摘要 {digest}…",) if digest else ()),
    )
