"""Which file is next: names tell the order, whatever the order of arrival; late ones never overtake in silence."""

import dataclasses
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registries.connectors.arrivals import arrivals_digest, delivery_of, matched, next_arrival
from registries.connectors.faults import NoDelivery
from registries.connectors.file_faults import NotAFileName
from registries.connectors.place import Entry
from registries.connectors.taken import NOTHING_TAKEN, Taken
from registries.contracts.model import Dataset
from tests.registries.connectors.shops import SHOPS


def dataset(*, watermark: str | None = None, changes: str | None = "delta_*.csv", delivery: str = "changes") -> Dataset:
    server = dataclasses.replace(SHOPS.server, pattern="full_*.csv", changes_pattern=changes)
    return dataclasses.replace(SHOPS, server=server, delivery=delivery, watermark=watermark)  # type: ignore[arg-type]  # one of two


def entries(*names: str) -> list[Entry]:
    return [Entry(name, 1, "", 1.0) for name in names]


def name_of(found: object) -> str:
    return found.entry.name  # type: ignore[attr-defined,no-any-return]  # an arrival


def test_a_position_is_what_the_star_stands_for() -> None:
    assert matched("a_*.csv", "a_20260101.csv") == "20260101"
    assert matched("[ab]?_*_*.csv", "b1_440507_20260101.csv") == "440507\t20260101"
    assert matched("a_*.csv", "b_20260101.csv") is None
    assert matched("a.csv", "a.csv") == ""


def test_full_files_and_change_sets_sort_together_and_come_one_after_the_other() -> None:
    there = entries("full_20260601.csv", "delta_20260603.csv", "delta_20260602.csv", "full_20260605.csv")
    taken: list[tuple[str, str]] = []
    before = NOTHING_TAKEN
    while (found := next_arrival(dataset(), there, before)) is not None:
        taken.append((found.entry.name, found.delivery))
        assert found.position is not None
        before = Taken(before.positions | {found.position}, found.position)
    assert taken == [
        ("full_20260601.csv", "snapshot"),
        ("delta_20260602.csv", "changes"),
        ("delta_20260603.csv", "changes"),
        ("full_20260605.csv", "snapshot"),
    ]


def test_two_files_of_one_day_are_two_deliveries() -> None:
    there = entries("full_20260601.csv", "delta_20260601.csv")
    first = next_arrival(dataset(), there, NOTHING_TAKEN)
    assert first is not None
    assert name_of(first) == "delta_20260601.csv"
    second = next_arrival(dataset(), there, Taken(frozenset({first.position or ""}), first.position))
    assert name_of(second) == "full_20260601.csv"


def test_the_newest_snapshot_is_next_and_an_older_one_never() -> None:
    snapshots = dataset(changes=None, delivery="snapshot")
    there = entries("full_20260602.csv", "full_20260601.csv")
    newest = next_arrival(snapshots, there, NOTHING_TAKEN)
    assert newest is not None
    assert name_of(newest) == "full_20260602.csv"
    assert name_of(next_arrival(snapshots, there, Taken(latest=newest.position))) == "full_20260602.csv"
    assert next_arrival(snapshots, entries("full_20260601.csv"), Taken(latest=newest.position)) is None


def test_late_change_sets_are_named_without_a_watermark_and_taken_with_one() -> None:
    there = entries("delta_1.csv", "delta_3.csv")
    before = Taken(frozenset({"2\tdelta_2.csv"}), "2\tdelta_2.csv")
    first = next_arrival(dataset(), there, before)
    assert first is not None
    assert (name_of(first), first.late) == ("delta_3.csv", False)
    late = next_arrival(dataset(), there, Taken(before.positions | {"3\tdelta_3.csv"}, "3\tdelta_3.csv"))
    assert late is not None
    assert (name_of(late), late.late) == ("delta_1.csv", True)
    taken = next_arrival(dataset(watermark="opened_on"), there, before)
    assert taken is not None
    assert (name_of(taken), taken.late) == ("delta_1.csv", False)


def test_a_late_full_file_among_change_sets_is_passed_over_without_a_watermark() -> None:
    before = Taken(frozenset({"2\tdelta_2.csv"}), "2\tdelta_2.csv")
    assert next_arrival(dataset(), entries("full_1.csv"), before) is None


def test_names_without_a_star_replace_each_other() -> None:
    server = dataclasses.replace(SHOPS.server, pattern="shops.csv")
    found = next_arrival(dataclasses.replace(SHOPS, server=server), entries("shops.csv"), Taken(latest="9"))
    assert found is not None
    assert found.position is None


def test_manifests_and_unfinished_files_are_no_deliveries() -> None:
    there = entries("full_1.csv", "full_1.csv.manifest.json", "full_2.csv.part", "full_3.manifest.json")
    found = next_arrival(dataset(), there, NOTHING_TAKEN)
    assert found is not None
    assert (found.entry.name, found.manifest and found.manifest.name) == ("full_1.csv", "full_1.csv.manifest.json")
    with pytest.raises(NoDelivery) as caught:
        next_arrival(dataset(), entries("full_2.csv.part"), NOTHING_TAKEN)
    assert "full_*.csv, delta_*.csv" in caught.value.zh


@pytest.mark.parametrize("name", ["full_\udcff.csv", "full_\n.csv", "full_\t1.csv"])
def test_a_name_that_cannot_be_written_down_is_a_fault(name: str) -> None:
    with pytest.raises(NotAFileName):
        next_arrival(dataset(), entries(name), NOTHING_TAKEN)


def test_an_upload_is_what_its_name_says_or_what_the_contract_says() -> None:
    both = dataset()
    assert delivery_of(both, "full_1.csv") == "snapshot"
    assert delivery_of(both, "delta_1.csv") == "changes"
    assert delivery_of(both, "mended.csv") is None


def test_what_is_seen_differs_as_soon_as_anything_does() -> None:
    there = [Entry("full_1.csv", 1, "a", 1.0), Entry("delta_1.csv", 1, "a", 1.0)]
    more = [[Entry("full_1.csv", 2, "a", 1.0)], [Entry("full_1.csv", 1, "b", 1.0)], there, there[:1], []]
    digests = [arrivals_digest(dataset(), found) for found in more]
    assert len(set(digests)) == len(digests)
    assert arrivals_digest(dataset(), [*reversed(there), *entries("x", "full_9.csv.part")]) == digests[2]


@given(
    st.permutations([f"{kind}_{day}.csv" for kind, day in itertools.product(("full", "delta"), range(4))]), st.data()
)
def test_whatever_the_order_of_arrival_all_are_taken_once_with_a_watermark(
    names: list[str], data: st.DataObject
) -> None:
    marked, there, taken = dataset(watermark="opened_on"), list[Entry](), list[str]()
    for name in [*names, ""]:
        there += entries(name) if name else []
        while name == "" or data.draw(st.booleans()):
            positions = frozenset(f"{one.split('_')[1][0]}\t{one}" for one in taken)
            found = next_arrival(marked, there, Taken(positions, max(positions, default=None)))
            if found is None:
                break
            taken.append(found.entry.name)
    assert sorted(taken) == sorted(names)
