"""Which dataset has to be there before which other: from the contracts' reference rules, never from names.

A rule "this value is known in register geography" puts every dataset of that register before the dataset that
asks; a rule that names a dataset puts that one before it. A catalogue has no circles: it refuses them.
"""

from collections.abc import Iterable, Iterator, Mapping
from graphlib import TopologicalSorter

from registries.contract_model import Dataset, RuleSpec
from registries.departments import Catalogue

References = Mapping[str, frozenset[str]]
"""Dataset -> the datasets it refers to."""


def references(catalogue: Catalogue) -> References:
    """What each dataset refers to, itself left out."""
    return {dataset.name: frozenset(_targets(dataset, catalogue)) - {dataset.name} for dataset in catalogue.datasets}


def in_order(after: References, chosen: Iterable[str]) -> list[str]:
    """The chosen datasets, each after those it refers to; equal input gives equal order."""
    order = TopologicalSorter({name: sorted(after[name]) for name in sorted(after)}).static_order()
    wanted = set(chosen)
    return [name for name in order if name in wanted]


def _targets(dataset: Dataset, catalogue: Catalogue) -> Iterator[str]:
    for rule in dataset.rules:
        if rule.kind == "reference":
            yield from _named(rule, catalogue)


def _named(rule: RuleSpec, catalogue: Catalogue) -> Iterator[str]:
    if "dataset" in rule.arguments:
        yield str(rule.arguments["dataset"])
    if "register" in rule.arguments:
        yield from (member.name for member in catalogue.of_register(str(rule.arguments["register"])))
