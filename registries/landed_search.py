"""Where a key stands in what was landed: the row numbers of a delivery, while its files are still there.

    place = locate(landing, home.landed, 7, batch.landed, dataset, {"citizen_number": {"11010519491231002X"}})
    place.state, place.row_numbers         # 'found', (17,)

Only the columns asked for are unsealed and read, chunk by chunk, and brought into canonical form as the intake did.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from registries.canonical import canonical
from registries.contracts.model import Dataset
from registries.landing import Landed, Landing
from registries.landing_faults import LandedMissing

MOST: Final = 20
"""Row numbers in one answer: a key rarely stands in more rows of a delivery."""


@dataclass(frozen=True)
class Place:
    """Where a key stands: `expired` if the file went by a rule, or is not there, `damaged` if it can't be unsealed."""

    state: Literal["found", "not_found", "expired", "damaged"]
    row_numbers: tuple[int, ...] = ()


EXPIRED = Place("expired")


def locate(
    landing: Landing,
    folder: Path,
    batch: int,
    kept: Mapping[str, Any] | None,
    dataset: Dataset,
    wanted: Mapping[str, Collection[str]],
) -> Place:
    """Find the rows that have one of the wanted values in each of the wanted columns.

    Args:
        landing: that unseals.
        folder: of landed files.
        batch: the number.
        kept: what `hub.batch` keeps of what was landed.
        dataset: as its contract says now.
        wanted: column -> values, in canonical form.
    """
    if kept is None or not (folder / kept["parquet"]).exists():
        return EXPIRED
    landed = Landed(batch, "", kept["rows"], kept["chunks"], None, folder / kept["parquet"])
    try:
        numbers = tuple(islice(_numbers(landing, landed, dataset, wanted), MOST))
    except LandedMissing:
        return Place("damaged")
    except KeyError:  # the contract has the column since later
        return Place("not_found")
    return Place("found" if numbers else "not_found", numbers)


def _numbers(
    landing: Landing, landed: Landed, dataset: Dataset, wanted: Mapping[str, Collection[str]]
) -> Iterator[int]:
    read = [*wanted, *(other for name in wanted if (other := dataset.column(name).code_type_column) is not None)]
    for index, (first, _) in enumerate(landing.groups(landed)):
        chunk = canonical(landing.group(landed, index, list(dict.fromkeys(read))), dataset)
        here = np.ones(chunk.num_rows, np.bool_)
        for name, values in wanted.items():
            here &= _is_one_of(chunk.column(name), sorted(values), dataset.column(name).logical_type)
        yield from (first + int(place) for place in np.flatnonzero(here))


def _is_one_of(texts: Any, values: list[str], logical_type: str) -> Any:  # noqa: ANN401 - pyarrow ships no types
    """Whether each text is one of the values; whole numbers may be written with zeros in front."""
    if logical_type == "integer":
        texts = pc.replace_substring_regex(texts, r"^(-?)0+([0-9])", r"\1\2")
    return pc.is_in(texts, value_set=pa.array(values, pa.string())).to_numpy(zero_copy_only=False)
