"""Batches as pages show them: their state, both of their sums, and what became of every row."""

from collections.abc import Mapping

from exchange_api.pages import words
from exchange_api.pages.views.frame import Words
from exchange_api.pages.views.publisher import BatchRow, SumPart
from registries.departments import Catalogue
from registries.store.batches import Batch

PULLED = Words("拉取", "pulled")
ACCEPTED = Words("接收", "accepted")
_REFUSED = (("quarantined", Words("隔离", "quarantined")), ("held", Words("挂起", "held")))
_WENT = (
    ("new", Words("新增", "new")),
    ("changed", Words("变更", "changed")),
    ("unchanged", Words("不变", "unchanged")),
    ("deleted", Words("删除", "deleted")),
    ("repeated", Words("重复", "repeated")),
)
COUNTS = ("pulled", "accepted", *(name for name, _ in (*_REFUSED, *_WENT)))


def batch_row(batch: Batch, catalogue: Catalogue) -> BatchRow:
    """A batch in a list."""
    tone, state = words.BATCH_STATES["held" if batch.hold_reason else batch.state]
    counts: dict[str, int | None] = {name: getattr(batch.counts, name, None) for name in COUNTS}
    title = dataset_title(catalogue, batch.dataset)
    return BatchRow(batch.number, batch.dataset, title, tone, state, batch.opened_at, **counts)


def dataset_title(catalogue: Catalogue, name: str) -> Words:
    """A dataset's names; a batch may be of one that the catalogue no longer has."""
    if name not in catalogue:
        return Words(name, name)
    dataset = catalogue.dataset(name)
    return Words(dataset.title_zh, dataset.title_en)


def sum_of_pulled(counts: Mapping[str, int | None]) -> tuple[SumPart, ...]:
    """Pulled = accepted + quarantined + held."""
    refused = (SumPart("+", name, counts[key]) for key, name in _REFUSED)
    return (SumPart("", PULLED, counts["pulled"], total=True), SumPart("=", ACCEPTED, counts["accepted"]), *refused)


def sum_of_accepted(counts: Mapping[str, int | None]) -> tuple[SumPart, ...]:
    """Accepted = new + changed + unchanged + deleted + repeated."""
    went = (SumPart("=" if place == 0 else "+", name, counts[key]) for place, (key, name) in enumerate(_WENT))
    return (SumPart("", ACCEPTED, counts["accepted"], total=True), *went)


def counts_of(row: BatchRow) -> dict[str, int | None]:
    """A batch's counts by name."""
    return {name: getattr(row, name) for name in COUNTS}


def rows_served(batch: Batch | None) -> int | None:
    """How many of a batch's rows are served: new, changed and unchanged; None before the first batch."""
    if batch is None or batch.counts is None:
        return None
    return batch.counts.new + batch.counts.changed + batch.counts.unchanged
