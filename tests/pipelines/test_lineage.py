"""The order of datasets follows from their reference rules."""

from pipelines.lineage import in_order
from registries.departments import load_catalogue
from tests.pipelines.small_contracts import catalogue, dataset, refers_to


def test_a_register_means_every_dataset_of_it() -> None:
    found = catalogue(
        dataset("a.people", refers_to(register="geography")),
        dataset("b.divisions", register="geography"),
        dataset("c.divisions", register="geography"),
    ).references()
    assert found["a.people"] == {"b.divisions", "c.divisions"}
    assert found["b.divisions"] == frozenset()


def test_a_dataset_does_not_wait_for_itself() -> None:
    tree = dataset("a.divisions", refers_to(register="geography"), register="geography")
    assert catalogue(tree).references() == {"a.divisions": frozenset()}


def test_the_order_keeps_only_what_was_chosen() -> None:
    after = {"a": frozenset({"b"}), "b": frozenset({"c"}), "c": frozenset[str]()}
    assert in_order(after, ["a", "c"]) == ["c", "a"]


def test_the_real_contracts_put_geography_first_and_licences_last() -> None:
    real = load_catalogue()
    order = in_order(real.references(), (each.name for each in real.datasets))
    place = {name: order.index(name) for name in order}
    assert place["statistics_bureau.divisions"] < place["public_security.residents"]
    assert place["market_regulation.enterprises"] < place["market_regulation.business_licences"]
