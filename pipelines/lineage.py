"""Which dataset has to be there before which other: from the contracts' reference rules, never from names.

A rule "this value is known in register geography" puts every dataset of that register before the dataset that
asks; a rule that names a dataset puts that one before it. A catalogue has no circles: it refuses them.
"""

from collections.abc import Iterable, Mapping
from graphlib import TopologicalSorter

References = Mapping[str, frozenset[str]]
"""Dataset -> the datasets it refers to, as `Catalogue.references` gives them."""


def in_order(after: References, chosen: Iterable[str]) -> list[str]:
    """The chosen datasets, each after those it refers to; equal input gives equal order."""
    order = TopologicalSorter({name: sorted(after[name]) for name in sorted(after)}).static_order()
    wanted = set(chosen)
    return [name for name in order if name in wanted]
