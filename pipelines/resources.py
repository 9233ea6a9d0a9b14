"""The hub as a Dagster resource: from HUB_HOME to an open intake, once per process.

Definitions name only the environment variable, so they load where no hub runs; the folder, the store and
Great Expectations are touched when a run first takes something in.
"""

import contextlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg

from registries.departments import Catalogue, load_catalogue
from registries.home import HubHome, Role
from registries.operators.folders import Contracts
from registries.retention import Keeper
from registries.retention_rules import RetentionRules
from registries.sandboxes import Sandboxes
from registries.store import time_stamps
from registries.store.engine import Store
from registries.store.expiries import Expiry
from registries.store.time_stamps import Stamped
from registries.time_authority import TimeAuthority, stamp_of_home

if TYPE_CHECKING:
    from quality.intake import Intake, IntakeOutcome, Progress, Step
    from quality.replies.drops import Drops

RESOURCE = "hub"
"""The key under which assets and sensors ask for the hub."""


def utc_now() -> datetime:
    """The clock of runs that Dagster starts by itself."""
    return datetime.now(UTC)


def quiet(step: "Step", dataset: str, rows: int) -> None:
    """A progress display that shows nothing: Dagster keeps the times of its own events."""


def catalogue_in_force() -> Catalogue:
    """The contracts of the hub that HUB_HOME names; the built-in ones where it names none."""
    home = os.environ.get("HUB_HOME")
    return Contracts(HubHome(Path(home))).catalogue() if home else load_catalogue()


@dataclass
class Hub:
    """A hub as assets and sensors see it.

    Attributes:
        outcomes: what this process took in, by dataset; a cycle reads it, because Dagster keeps counts only.
    """

    home: HubHome
    clock: Callable[[], datetime] = utc_now
    progress: "Progress" = quiet
    outcomes: dict[str, "IntakeOutcome"] = field(default_factory=dict)

    @cached_property
    def intake(self) -> "Intake":
        """The open intake; opening it imports Great Expectations, which takes seconds."""
        from quality.intake import Intake

        return Intake.open(self.home, self.clock)

    @cached_property
    def drops(self) -> "Drops":
        """What takes deliveries in, and replies to those from drop folders."""
        from quality.replies.drops import Drops

        return Drops(self.home, self.intake, self.clock)

    def close(self) -> None:
        """Give the store's connections back."""
        if "drops" in self.__dict__:
            self.drops.close()
        if "intake" in self.__dict__:  # where cached_property keeps it once it was opened
            self.intake.close()

    def take_in(self, dataset: str) -> "list[IntakeOutcome]":
        """Take in all that waits of one dataset; the last outcome is kept. Every error of the rooms may come out."""
        outcomes = self.drops.take_in_all(dataset, self.progress)
        self.outcomes[dataset] = outcomes[-1]
        return outcomes

    def expire(self) -> list[Expiry]:
        """Let go what the hub holds past its time; what went. Every error of the rooms may come out."""
        with Store(self.home.store_url(Role.LOAD)) as store:
            catalogue = Contracts(self.home).catalogue()
            gone = Keeper(self.home, store, catalogue, RetentionRules.of_home(self.home.path), self.clock()).expire()
        Sandboxes(self.home).drop_expired(self.clock())
        return gone

    def stamp(self) -> Stamped | None:
        """Have the ledger's latest checkpoint stamped; None if there is nothing to do. Errors as `stamp_latest`."""
        return stamp_of_home(self.home)

    @property
    def stamp_due(self) -> bool:
        """Whether there is a time authority to ask, and a checkpoint that it has not seen."""
        if TimeAuthority.of(self.home) is None:
            return False
        with Store(self.home.store_url(Role.LOAD)) as store, store.begin() as conn:
            return time_stamps.unstamped(conn) is not None


@dg.resource(config_schema={"home": dg.StringSource}, description="HUB_HOME")
def hub_resource(context: dg.InitResourceContext) -> Iterator[Hub]:
    """The hub of a folder, for a run or a sensor's look; opened when first asked, closed after it."""
    with contextlib.closing(Hub(HubHome(Path(context.resource_config["home"]), os.environ))) as hub:
        yield hub


def hub_of(context: Any) -> Hub:  # noqa: ANN401 - Dagster's contexts share no type that has `resources`
    """The hub that a run or a sensor was given."""
    hub: Hub = getattr(context.resources, RESOURCE)
    return hub
