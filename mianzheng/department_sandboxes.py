"""Sandboxes of departments, made and tried: each a hub of its own beside the hub, which nobody serves.

box = open_sandbox(home, "health", folder, until, make_database)
try_file(box, Path("births.csv"), choose, clock)        # as `mianzheng load`, into the sandbox
"""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from mianzheng.errors import MianzhengError
from mianzheng.settings import Settings
from mianzheng.store_set_up import set_up_store
from mianzheng.supervisor import HUB_OWNER
from registries.contracts.model import Dataset
from registries.departments import Catalogue
from registries.home import HubHome, Role
from registries.operators.folders import Contracts
from registries.sandboxes import DepartmentSandbox, Sandboxes
from registries.store import sandbox_databases
from registries.store.engine import Store

if TYPE_CHECKING:
    from mianzheng.embedded_postgres import Cluster
    from quality.intake import IntakeOutcome

MakeDatabase = Callable[[str], str]
"""Name of a database that is to be there -> the owner's address of it."""


def open_sandbox(
    home: HubHome,
    department: str,
    drafts: Path | None,
    until: datetime,
    make_database: MakeDatabase,
    clock: Callable[[], datetime],
) -> DepartmentSandbox:
    """The department's sandbox, with its drafts in force; one that is there keeps what was tried in it.

    Raises:
        MianzhengError: nobody knows the department, or its drafts were refused: with every fault.
    """
    sandboxes = Sandboxes(home)
    known = {each.id for each in Contracts(home).catalogue().departments}
    known |= {each.department for each in sandboxes.every()}
    if drafts is None and department not in known:
        raise MianzhengError(
            f"没有部门 {department}。新部门请用 --contracts 给出其文件夹。",
            f"There is no department {department}. Give a new one's folder with --contracts.",
        )
    box = sandboxes.begin(department, until)
    if drafts is not None:
        sandboxes.replace_contracts(box.home, drafts, department)
    set_up_store(box.home, make_database(box.database), clock)
    refused = [each for each in Contracts(box.home).refusals() if each.department == department]
    if refused:
        faults = [fault for each in refused for fault in each.faults]
        raise MianzhengError("\n".join(fault.zh for fault in faults), "\n".join(fault.en for fault in faults))
    return box


def try_file(
    box: DepartmentSandbox, file: Path, choose: Callable[[Catalogue], Dataset], clock: Callable[[], datetime]
) -> "IntakeOutcome":
    """Take a file into the sandbox, as of the dataset that `choose` picks. Errors as `mianzheng load`."""
    from quality.intake import Intake
    from registries.connectors.kinds import upload_connector

    with Intake.open(box.home, clock) as intake:
        chosen = choose(intake.catalogue)
        connector = upload_connector(chosen, file.name, lambda: file.open("rb"))
        return intake.take_in(chosen.name, connector=connector, deliverer="sandbox")


def database_maker(home: HubHome, settings: Settings, cluster: "Cluster | None") -> MakeDatabase:
    """Makes databases on the operator's server, or on our own, which runs."""

    def on_theirs(name: str) -> str:
        with Store(home.store_url(Role.OWNER)) as owner:
            sandbox_databases.create(owner, name)
        parts = urlsplit(home.store_url(Role.OWNER))
        return urlunsplit(parts._replace(scheme="postgresql", path=f"/{name}"))

    if settings.database_url is not None or cluster is None:
        return on_theirs

    def on_ours(name: str) -> str:
        owner, superuser = home.secret_or_new(f"password_{HUB_OWNER}"), home.secret_or_new("password_postgres")
        cluster.create_database(name, HUB_OWNER, owner, superuser)
        return cluster.url(HUB_OWNER, owner, name)

    return on_ours
