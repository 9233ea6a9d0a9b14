"""What Dagster loads: `dagster dev -w workspace.yaml`. Everything in it follows from the contracts in force.

With HUB_HOME set they are those of that hub, the operator's too; without it, the built-in ones. They are read once for
each process: when other contracts come into force, the supervisor starts Dagster's processes anew.
"""

import dagster as dg

from pipelines.assets import assets_of, external_assets_of
from pipelines.housekeeping import housekeeping, nightly, retention, retention_nightly
from pipelines.resources import RESOURCE, catalogue_in_force, hub_resource
from pipelines.schedules import jobs_of, schedules_of
from pipelines.sensors import sensors_of
from pipelines.trusted_time import often, trusted_time
from registries.departments import Catalogue


def compose(catalogue: Catalogue) -> dg.Definitions:
    """The definitions of a catalogue; nothing is opened, so no hub has to run."""
    pulled = [dataset for dataset in catalogue.datasets if dataset.pulled]
    return dg.Definitions(
        assets=[*assets_of(catalogue).values(), *external_assets_of(catalogue)],
        jobs=[*jobs_of(pulled), housekeeping, retention, trusted_time],
        schedules=[*schedules_of(pulled), nightly, retention_nightly, often],
        sensors=sensors_of(pulled),
        resources={RESOURCE: hub_resource.configured({"home": {"env": "HUB_HOME"}})},
        executor=dg.in_process_executor,
    )


definitions = compose(catalogue_in_force())
