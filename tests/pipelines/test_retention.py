"""What is past its time goes by night, by Dagster's job, on a real store."""

import datetime as dt
from typing import Protocol

import dagster as dg

from pipelines.definitions import definitions
from pipelines.housekeeping import retention, retention_nightly
from pipelines.resources import RESOURCE, Hub
from registries.home import HubHome, Role
from registries.store import expiries
from registries.store.engine import Store
from tests.quality.conftest import NOW, NUMBERS, RESIDENTS, Delivery, opened, resident

ROWS = [resident(number) for number in NUMBERS]


class Stores(Protocol):
    """What this test needs of the fixture `hub`."""

    home: HubHome

    def store(self, role: Role) -> Store: ...


def test_the_job_lets_go_what_is_past_its_time(hub: Stores) -> None:
    intake = opened(hub)  # type: ignore[arg-type]  # the same fixture
    for name in ("first", "second"):
        intake.take_in(RESIDENTS, connector=Delivery(intake.catalogue.dataset(RESIDENTS), ROWS, name))
    resource = dg.ResourceDefinition.hardcoded_resource(Hub(hub.home, lambda: NOW + dt.timedelta(days=365)))
    done = retention.execute_in_process(resources={RESOURCE: resource})
    assert done.success
    with hub.store(Role.PAGE).begin() as conn:
        (gone,) = expiries.list_expiries(conn)
    assert (gone.what, gone.dataset, gone.batch, gone.state) == ("landed", RESIDENTS, 1, "done")


def test_it_is_defined_and_on() -> None:
    assert "retention" in {job.name for job in definitions.resolve_all_job_defs()}
    assert retention_nightly.default_status == dg.DefaultScheduleStatus.RUNNING
