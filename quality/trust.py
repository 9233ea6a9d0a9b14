"""Trust levels of rows, and the levels that rules have for them.

A row's trust level is D where its holder has no code, as paper-era records lack it; what the certificate mapping's own
column says; and the table's otherwise. `registries.store.certificate_rows` says the same of stored rows.

    >>> rule = RuleSpec("r", 1, "accuracy", "0301", "row", "", {}, (), "", "", "", {"D": 3})
    >>> level_of(rule, "A"), level_of(rule, "D"), strictest(rule)
    (1, 3, 1)
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from quality.parting import RowNumbers
from registries.contracts.model import Dataset, RuleSpec
from registries.contracts.vocabulary import TRUST_LEVELS
from registries.text_columns import Bools

PAPER_ERA = "D"


def level_of(rule: RuleSpec, trust: str) -> int:
    """The rule's level for rows of that trust."""
    return rule.levels_by_trust.get(trust, rule.level)


def strictest(rule: RuleSpec) -> int:
    """The least of its levels."""
    return min((rule.level, *rule.levels_by_trust.values()))


def named_levels(dataset: Dataset) -> tuple[str, ...]:
    """The trust levels for which some rule has a level of its own."""
    return tuple(sorted({trust for rule in dataset.rules for trust in rule.levels_by_trust}))


def rows_of_trust(dataset: Dataset, table: pa.Table, trust: str) -> Bools:
    """Which rows of a chunk of canonical text columns have that trust level; shape (rows,)."""
    mapping = dataset.certificate
    if mapping is None:
        return np.full(table.num_rows, trust == dataset.trust_level)
    told = _told(table.column(mapping.trust_level), dataset) if mapping.trust_level else None
    given = np.full(table.num_rows, trust == dataset.trust_level) if told is None else _mask(pc.equal(told, trust))
    nobody = _mask(_is_empty(table.column(mapping.holder_code)))
    return given | nobody if trust == PAPER_ERA else given & ~nobody


def _told(column: Any, dataset: Dataset) -> Any:  # noqa: ANN401 - pyarrow ships no types
    known = pc.is_in(column, value_set=pa.array(TRUST_LEVELS, pa.string()))
    return pc.if_else(known, column, dataset.trust_level)


def _is_empty(column: Any) -> Any:  # noqa: ANN401 - pyarrow ships no types
    return pc.or_(pc.is_null(column), pc.equal(pc.fill_null(column, ""), ""))


def _mask(found: Any) -> Bools:  # noqa: ANN401 - pyarrow ships no types
    return np.asarray(found.to_numpy(), dtype=np.bool_)


def by_level(rule: RuleSpec, rows: RowNumbers, of_trust: Mapping[str, RowNumbers]) -> dict[int, RowNumbers]:
    """The rows in which a rule failed by the level that it has for them, given which rows have which trust."""
    parted: dict[int, list[RowNumbers]] = {}
    rest = rows
    for trust in rule.levels_by_trust:
        here = np.isin(rest, of_trust.get(trust, np.zeros(0, np.int64)))
        parted.setdefault(level_of(rule, trust), []).append(rest[here])
        rest = rest[~here]
    parted.setdefault(rule.level, []).append(rest)
    return {level: np.sort(np.concatenate(parts)) for level, parts in parted.items()}
