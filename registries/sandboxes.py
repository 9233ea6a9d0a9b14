"""A sandbox for each department that wants one (试报): a folder and a database of its own, gone after its time.

    box = Sandboxes(home).of("health")
    box.home                                 # a HUB_HOME: everything that works on one works here
    Sandboxes(home).drop_expired(now)        # every night

Nothing in it is served: the hub's processes know one HUB_HOME, and this is another. Its contracts are those in force
and the department's drafts; its registers are empty, so that rules which refer to others' data say nothing.
"""

import json
import re
import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from registries.errors import HomeError
from registries.home import HubHome, Role
from registries.operators.folders import operators_folder
from registries.store import sandbox_databases
from registries.store.engine import Store

FOLDER: Final = "sandboxes"
KEPT_DAYS: Final = 30
_FILE: Final = "sandbox.json"
_DEPARTMENT: Final = re.compile(r"[a-z][a-z0-9_]{0,40}")
_SERVED: Final = (Role.LOAD, Role.API, Role.PAGE)


@dataclass(frozen=True)
class DepartmentSandbox:
    """One sandbox; `until` its time is over."""

    department: str
    home: HubHome
    until: datetime

    @property
    def database(self) -> str:
        """The name of its database."""
        return database_of(self.department)


class Sandboxes:
    """The sandboxes of a hub."""

    def __init__(self, home: HubHome) -> None:
        self._home = home
        self._folder = home.path / FOLDER

    def every(self) -> list[DepartmentSandbox]:
        """Those there are, by department."""
        return [self.of(path.parent.name) for path in sorted(self._folder.glob(f"*/{_FILE}"))]

    def of(self, department: str) -> DepartmentSandbox:
        """A department's; HomeError if it has none."""
        place = self._place(department)
        try:
            told = json.loads((place.path / _FILE).read_text("utf-8"))
            return DepartmentSandbox(department, place, datetime.fromisoformat(told["until"]))
        except (OSError, ValueError, KeyError):
            raise _none(department) from None

    def begin(self, department: str, until: datetime) -> DepartmentSandbox:
        """Its folder (0700 within), with copies of the operator's contracts; one that is there is kept longer.

        The store's roles are the server's, and so are their passwords: they are the hub's.
        """
        place = self._place(department)
        self._folder.mkdir(mode=0o711, exist_ok=True)
        place.prepare()
        for role in _SERVED:
            name = f"password_{role.value}"
            place.keep_secret(name, self._home.secret(name))
        for folder in sorted(operators_folder(self._home).glob("*/")):
            self.replace_contracts(place, folder, folder.name, keep=True)
        (place.path / _FILE).write_text(json.dumps({"until": until.isoformat()}), "utf-8")
        return DepartmentSandbox(department, place, until)

    def replace_contracts(self, place: HubHome, folder: Path, department: str, *, keep: bool = False) -> None:
        """Put a department's folder of contracts into a sandbox; `keep` one that is there."""
        target = operators_folder(place) / department
        if target.exists():
            if keep:
                return
            shutil.rmtree(target)
        shutil.copytree(folder, target)

    def drop(self, department: str) -> None:
        """Database and folder; HomeError if there is none, StoreError if the database can't be dropped."""
        box = self.of(department)
        with Store(self._home.store_url(Role.OWNER)) as owner:
            sandbox_databases.drop(owner, box.database)
        shutil.rmtree(box.home.path)

    def drop_expired(self, now: datetime) -> list[str]:
        """Those whose time is over; the departments."""
        over = [box.department for box in self.every() if box.until <= now]
        for department in over:
            self.drop(department)
        return over

    def _place(self, department: str) -> HubHome:
        if not _DEPARTMENT.fullmatch(department):
            raise _none(department)
        return HubHome(self._folder / department)


def database_of(department: str) -> str:
    """The name of the database of a department's sandbox."""
    return f"try_{department}"


def _none(department: str) -> HomeError:
    return HomeError(
        f"部门 {department} 没有试报环境。请先运行 mianzheng sandbox department {department}",
        f"department {department} has no sandbox; run mianzheng sandbox department {department} first",
    )
