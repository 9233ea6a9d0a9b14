"""An asset is a dataset; a run of it is one call of the intake; what comes out is counts."""

import dagster as dg
import pytest

from pipelines import scrubbing
from pipelines.assets import asset_key, assets_of, external_assets_of, selection_of
from registries.departments import load_catalogue
from registries.errors import DatasetBusy
from tests.pipelines.small_contracts import SaidBefore, catalogue, dataset, outcome, refers_to, rule

RESIDENTS = dataset("a.residents", rule("name.present"), rule("sex-code", level=2), register="population")
KEY = dg.AssetKey(["a", "residents"])


def run(instance: dg.DagsterInstance, hub: object, **options: object) -> dg.ExecuteInProcessResult:
    asset = assets_of(catalogue(RESIDENTS))["a.residents"]
    return dg.materialize(
        [asset], instance=instance, resources={"hub": hub}, raise_on_error=False, **options  # type: ignore[arg-type]  # a test's shorthand
    )  # fmt: skip


def metadata(event: dg.AssetMaterialization | dg.AssetObservation | dg.AssetCheckEvaluation) -> dict[str, object]:
    return {name: value.value for name, value in event.metadata.items()}


def test_a_delivery_taken_over_is_a_materialisation_with_counts(instance: dg.DagsterInstance) -> None:
    said = outcome(
        "a.residents", "done", pulled=9, accepted=8, quarantined=1, new=5, changed=1, unchanged=1, repeated=1
    )
    result = run(instance, SaidBefore(said))
    (event,) = result.asset_materializations_for_node("a__residents")
    told = metadata(event)
    assert (told["pulled"], told["quarantined"], told["batch"], told["dagster/row_count"]) == (9, 1, 7, 7)
    assert all(isinstance(value, (int, str)) for value in told.values())


def test_the_results_of_checks_come_with_the_asset_alone(instance: dg.DagsterInstance) -> None:
    said = outcome("a.residents", "done", ("name.present", 10, 0), ("sex-code", 8, 2))
    result = run(instance, SaidBefore(said), selection=selection_of("a.residents"))
    assert len(result.get_asset_check_evaluations()) == 2
    key = dg.AssetCheckKey(KEY, "sex_code")
    (kept,) = instance.event_log_storage.get_asset_check_execution_history(key, limit=10)
    assert kept.status.value == "FAILED"


@pytest.mark.parametrize("state", ["nothing_new", "held"])
def test_nothing_taken_over_is_an_observation(instance: dg.DagsterInstance, state: str) -> None:
    result = run(instance, SaidBefore(outcome("a.residents", state)))
    assert result.success
    assert result.asset_materializations_for_node("a__residents") == []
    (event,) = result.asset_observations_for_node("a__residents")
    assert metadata(event)["state"] == state


def test_scores_become_check_results(instance: dg.DagsterInstance) -> None:
    said = outcome("a.residents", "done", ("name.present", 10, 0), ("sex-code", 8, 2), pulled=10)
    checks = {check.check_name: check for check in run(instance, SaidBefore(said)).get_asset_check_evaluations()}
    assert checks["name_present"].passed
    assert not checks["sex_code"].passed
    assert checks["sex_code"].severity == dg.AssetCheckSeverity.WARN
    assert metadata(checks["sex_code"]) == {"checked": 8, "failed": 2, "share_passed": 0.75}


def test_a_rule_that_judged_nothing_gives_no_result(instance: dg.DagsterInstance) -> None:
    said = outcome("a.residents", "done", ("name.present", 0, 0))
    result = run(instance, SaidBefore(said))
    assert result.success
    assert result.get_asset_check_evaluations() == []


def test_a_check_alone_takes_in_and_materialises_nothing(instance: dg.DagsterInstance) -> None:
    hub = SaidBefore(outcome("a.residents", "done", ("name.present", 3, 0), ("sex-code", 3, 0)))
    only = dg.AssetSelection.checks(dg.AssetCheckKey(KEY, "sex_code"))
    result = run(instance, hub, selection=only)
    assert {check.check_name for check in result.get_asset_check_evaluations()} == {"name_present", "sex_code"}
    assert result.asset_materializations_for_node("a__residents") == []


def test_a_busy_dataset_is_tried_again(instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scrubbing, "FIRST_WAIT_SECONDS", 0.01)
    hub = SaidBefore(DatasetBusy("a.residents"), DatasetBusy("a.residents"), outcome("a.residents"))
    assert run(instance, hub).success
    assert len(hub.asked) == 3


def test_a_dataset_that_stays_busy_fails_and_says_so(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scrubbing, "FIRST_WAIT_SECONDS", 0.01)
    hub = SaidBefore(*(DatasetBusy("a.residents") for _ in range(scrubbing.PASSING[DatasetBusy] + 1)))
    (event,) = run(instance, hub).get_step_failure_events()
    failure = event.step_failure_data.user_failure_data
    assert failure is not None
    assert "另一个" in str(failure.description) or "正在归集" in str(failure.description)


def test_groups_are_registers_else_departments() -> None:
    made = assets_of(catalogue(RESIDENTS, dataset("b.list")))
    assert made["a.residents"].group_names_by_key[KEY] == "population"
    assert made["b.list"].group_names_by_key[asset_key("b.list")] == "b"


def test_dependencies_are_the_reference_rules() -> None:
    made = assets_of(catalogue(RESIDENTS, dataset("b.firms", refers_to(register="population"))))
    assert made["b.firms"].asset_deps[asset_key("b.firms")] == {KEY}


def test_every_real_dataset_is_an_asset_with_its_columns_and_rules() -> None:
    real = load_catalogue()
    made = assets_of(real)
    pulled = [each for each in real.datasets if each.pulled]
    assert set(made) == {each.name for each in pulled}
    assert len(external_assets_of(real)) == len(real.datasets) - len(pulled)
    for each in pulled:
        (spec,) = made[each.name].specs
        schema = spec.metadata["dagster/column_schema"]
        assert [(column.name, column.type) for column in schema.columns] == [
            (column.name, column.logical_type) for column in each.columns
        ]
        assert all(column.description is None for column in schema.columns)
        assert each.title_zh in str(spec.description)
        assert each.title_en in str(spec.description)
        assert len({check.name for check in made[each.name].check_specs}) == len(each.rules)
