"""How the source of a field stands, as answers say it: dataset, time, freshness, quality and marks.

source(standing)       # {"dataset": "public_security.residents", "data_as_of": 1772355600, "fresh": true, ...}
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from registries.store.granted_reads import Standing


def source(standing: Standing) -> dict[str, Any]:
    """The members of a field's source. The score is cut to thousandths: receipts hold no fractions."""
    marks = [*([standing.mark] if standing.mark else []), *(["in_doubt"] if standing.in_doubt else [])]
    return {
        "dataset": standing.dataset,
        "data_as_of": None if standing.data_as_of is None else int(standing.data_as_of.timestamp()),
        "fresh": standing.fresh,
        "score_per_mille": None if standing.score is None else int(standing.score * 1000),
        "marks": marks,
    }


def oldest(standings: Iterable[Standing]) -> datetime | None:
    """The time of the oldest delivery that an answer rests on."""
    return min((one.data_as_of for one in standings if one.data_as_of is not None), default=None)
