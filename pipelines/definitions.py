"""What Dagster loads: `dagster dev -w workspace.yaml`. Everything in it follows from the contracts in force.

With HUB_HOME set they are those of that hub, the operator's too; without it, the built-in ones. They are read once for
each process: when other contracts come into force, the supervisor starts Dagster's processes anew.
"""

import dagster as dg

from pipelines.assets import assets_of
from pipelines.housekeeping import housekeeping, nightly
from pipelines.resources import RESOURCE, catalogue_in_force, hub_resource
from pipelines.schedules import jobs_of, schedules_of
from pipelines.sensors import sensors_of
from registries.departments import Catalogue


def compose(catalogue: Catalogue) -> dg.Definitions:
    """The definitions of a catalogue; nothing is opened, so no hub has to run."""
    return dg.Definitions(
        assets=list(assets_of(catalogue).values()),
        jobs=[*jobs_of(catalogue.datasets), housekeeping],
        schedules=[*schedules_of(catalogue.datasets), nightly],
        sensors=sensors_of(catalogue.datasets),
        resources={RESOURCE: hub_resource.configured({"home": {"env": "HUB_HOME"}})},
        executor=dg.in_process_executor,
    )


definitions = compose(catalogue_in_force())
