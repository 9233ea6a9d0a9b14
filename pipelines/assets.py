"""One asset per dataset, made from its contract: a run of the asset is one call of the intake.

An asset returns counts, never rows. A delivery that was taken over is a materialisation; "nothing new at the
source" and "held for a steward" are observations, so that the time of the last materialisation stays true.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import dagster as dg

from pipelines.asset_checks import check_results, check_specs
from pipelines.resources import RESOURCE, hub_of
from pipelines.scrubbing import without_values
from registries.contracts.model import Dataset
from registries.departments import Catalogue

if TYPE_CHECKING:
    from quality.intake import IntakeOutcome

_KINDS = {
    "database": "postgresql",
    "sql_database": "sql",
    "http_api": "api",
    "push": "push",
    "live_query": "api",
}
"""How Dagster's pages mark a source; files by their format."""

DATASET_TAG = "mianzheng/dataset"
"""On every run of a dataset's job: dagster.yaml lets one run at a time through for each value."""


def asset_key(dataset_name: str) -> dg.AssetKey:
    """`public_security.residents` -> `public_security / residents`."""
    return dg.AssetKey(dataset_name.split("."))


def selection_of(dataset_name: str) -> dg.AssetSelection:
    """What a run of a dataset selects: the asset alone; the results of its checks come with it."""
    return dg.AssetSelection.assets(asset_key(dataset_name)).without_checks()


def assets_of(catalogue: Catalogue) -> dict[str, dg.AssetsDefinition]:
    """The assets of all datasets that the hub pulls, by dataset."""
    after = catalogue.references()
    pulled = (dataset for dataset in catalogue.datasets if dataset.pulled)
    return {dataset.name: _asset(dataset, catalogue, after[dataset.name]) for dataset in pulled}


def external_assets_of(catalogue: Catalogue) -> list[dg.AssetSpec]:
    """What is pushed or asked live: shown, because others refer to it; nothing here can make it."""
    after = catalogue.references()
    return [_spec(each, catalogue, after[each.name]) for each in catalogue.datasets if not each.pulled]


def _asset(dataset: Dataset, catalogue: Catalogue, after: frozenset[str]) -> dg.AssetsDefinition:
    key = asset_key(dataset.name)

    @dg.multi_asset(
        name=dataset.table_name,
        specs=[_spec(dataset, catalogue, after)],
        check_specs=check_specs(dataset, key),
        can_subset=True,  # a rule that judged nothing gives no result
        required_resource_keys={RESOURCE},
    )
    def take_in(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckEvaluation]:
        *before, outcome = without_values(
            dataset.name, context.retry_number, lambda: hub_of(context).take_in(dataset.name)
        )
        for earlier in before:  # of several deliveries only the last may be the run's result
            context.log_event(_event(dataset, key, earlier))
        if outcome.state != "done":
            context.log_event(dg.AssetObservation(key, metadata=_counts(dataset, outcome)))
        elif key in context.selected_asset_keys:
            yield dg.MaterializeResult(asset_key=key, metadata=_counts(dataset, outcome))
        yield from check_results(dataset, key, outcome)

    return take_in


def _event(
    dataset: Dataset, key: dg.AssetKey, outcome: "IntakeOutcome"
) -> dg.AssetMaterialization | dg.AssetObservation:
    kind = dg.AssetMaterialization if outcome.state == "done" else dg.AssetObservation
    return kind(key, metadata=_counts(dataset, outcome))


def _spec(dataset: Dataset, catalogue: Catalogue, after: frozenset[str]) -> dg.AssetSpec:
    return dg.AssetSpec(
        key=asset_key(dataset.name),
        deps=[asset_key(name) for name in sorted(after)],
        description=_description(dataset, catalogue),
        group_name=_group(dataset),
        kinds={_KINDS.get(dataset.server.kind, dataset.server.format)},
        metadata={
            "contract": f"{dataset.contract_id} {dataset.contract_version}",
            "delivery": dataset.delivery,
            "sharing_class": dataset.sharing_class,
            "theme": dataset.group,
            "dagster/column_schema": dg.TableSchema(
                columns=[dg.TableColumn(name=column.name, type=column.logical_type) for column in dataset.columns]
            ),
        },
    )


def _group(dataset: Dataset) -> str:
    """The register that the dataset serves, else its department: Dagster's names are ASCII, themes are not."""
    return dataset.department if dataset.register is None else dataset.register.register


def _description(dataset: Dataset, catalogue: Catalogue) -> str:
    department = catalogue.department(dataset.department)
    zh = "。".join(filter(None, (f"{dataset.title_zh}({department.name_zh})", dataset.description_zh)))
    en = ". ".join(filter(None, (f"{dataset.title_en} ({department.name_en})", dataset.description_en)))
    return f"{zh}\n\n{en}"


def _counts(dataset: Dataset, outcome: "IntakeOutcome") -> Mapping[str, int | str]:
    """What Dagster may keep of an intake: its state and numbers."""
    counts = outcome.counts
    told: dict[str, int | str] = {"state": outcome.state}
    if outcome.batch is not None:
        told |= {"batch": outcome.batch, "pulled": counts.pulled, "accepted": counts.accepted}
        told |= {"quarantined": counts.quarantined, "held": counts.held, "new": counts.new, "changed": counts.changed}
        told |= {"unchanged": counts.unchanged, "deleted": counts.deleted, "repeated": counts.repeated}
        told |= {"vanished": counts.vanished}
    if outcome.state == "done" and dataset.delivery == "snapshot":
        told["dagster/row_count"] = counts.new + counts.changed + counts.unchanged
    return told
