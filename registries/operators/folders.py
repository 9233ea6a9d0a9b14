"""Which contracts are in force: those that the hub ships, and the operator's that were accepted.

    contracts = Contracts(HubHome(Path("/srv/hub")))
    contracts.catalogue().dataset("forestry.trees")     # reads YAML only when another version was accepted
    contracts.refusals()                                # folders that were refused, with every fault

Operators keep theirs in HUB_HOME/contracts/<department>/, where they may be half written. What is in force stands in
HUB_HOME/catalogue/, written by `operators.take_up` alone:

    catalogue/current.json     which number is in force, and each folder's digest; replaced atomically
    catalogue/<number>/<department>/   copies of the accepted folders: what was checked is what is used
    catalogue/refused.json     folders that were refused, with reasons
"""

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from registries.contracts.faults import Fault
from registries.departments import BUILT_IN, Catalogue, load_catalogue
from registries.errors import HomeError
from registries.home import HubHome

DEPARTMENT_FILE: Final = "department.yaml"
CONTRACT_PATTERN: Final = "*.odcs.yaml"


@dataclass(frozen=True)
class AcceptedFolder:
    """An operator's folder as it is in force: SHA-256 (hex) of its YAML files, and since when."""

    department: str
    digest: str
    since: datetime


@dataclass(frozen=True)
class Accepted:
    """A version of the whole: its number, from 0 (built-in departments only), and the operator's folders in it."""

    number: int = 0
    folders: Mapping[str, AcceptedFolder] = field(default_factory=dict)


@dataclass(frozen=True)
class Refusal:
    """An operator's folder that was refused whole; what was accepted of it before goes on."""

    department: str
    digest: str
    at: datetime
    faults: tuple[Fault, ...]


class Contracts:
    """The catalogue in force in a HUB_HOME; one per process, safe to use from several threads.

    Each call looks at one file's entry (microseconds); contracts are read again only when another version is in force.
    """

    def __init__(self, home: HubHome) -> None:
        self.home = home
        self._lock = threading.Lock()
        self._seen: tuple[int, ...] | None = None
        self._known: tuple[int, Catalogue] | None = None
        self._accepted = Accepted()

    def catalogue(self) -> Catalogue:
        """Everything in force now.

        Raises:
            HomeError: what stands in HUB_HOME/catalogue can't be read.
            ContractFaults: it can't be used any more, as after an upgrade; the next take-up says what is to be mended.
        """
        return self._current()[1]

    def number(self) -> int:
        """The number of the version in force; 0 while there are built-in departments only."""
        return self._current()[0]

    def accepted(self) -> Accepted:
        """The version in force and its folders."""
        return read_accepted(self.home)

    def refusals(self) -> tuple[Refusal, ...]:
        """The folders that are refused as they are now, by name."""
        return read_refusals(self.home)

    def _current(self) -> tuple[int, Catalogue]:
        seen = _entry(pointer(self.home))
        known = self._known
        if known is not None and (seen == self._seen or not self._lock.acquire(blocking=False)):
            return known  # also while another thread reads the new one: nobody waits for it but at the beginning
        if known is None:
            self._lock.acquire()
        try:
            return self._read(seen)
        finally:
            self._lock.release()

    def _read(self, seen: tuple[int, ...]) -> tuple[int, Catalogue]:
        accepted = read_accepted(self.home)
        if self._known is None or accepted != self._accepted:
            self._known = accepted.number, load_catalogue(roots(self.home, accepted.number))
        self._accepted, self._seen = accepted, seen
        return self._known


def roots(home: HubHome, number: int) -> tuple[Path, ...]:
    """The folders of departments that make up a version."""
    return (BUILT_IN, version_folder(home, number)) if number else (BUILT_IN,)


def operators_folder(home: HubHome) -> Path:
    """Where operators keep their departments."""
    return home.path / "contracts"


def catalogue_folder(home: HubHome) -> Path:
    """Where accepted versions are kept."""
    return home.path / "catalogue"


def version_folder(home: HubHome, number: int) -> Path:
    """The copies of one version."""
    return catalogue_folder(home) / str(number)


def pointer(home: HubHome) -> Path:
    """The file that says which version is in force."""
    return catalogue_folder(home) / "current.json"


def refused_file(home: HubHome) -> Path:
    """The file that keeps refusals."""
    return catalogue_folder(home) / "refused.json"


def read_accepted(home: HubHome) -> Accepted:
    """The version in force; number 0 where nothing was ever accepted. HomeError if it can't be read."""
    content = _read(pointer(home))
    if content is None:
        return Accepted()
    try:
        folders = {
            name: AcceptedFolder(name, given["digest"], datetime.fromisoformat(given["since"]))
            for name, given in content["folders"].items()
        }
        return Accepted(int(content["number"]), folders)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _unreadable(pointer(home)) from error


def read_refusals(home: HubHome) -> tuple[Refusal, ...]:
    """The folders that are refused as they are now. HomeError if the file can't be read."""
    content = _read(refused_file(home))
    if content is None:
        return ()
    try:
        return tuple(
            Refusal(
                given["department"],
                given["digest"],
                datetime.fromisoformat(given["at"]),
                tuple(Fault(**fault) for fault in given["faults"]),
            )
            for given in content["refused"]
        )
    except (KeyError, TypeError, ValueError) as error:
        raise _unreadable(refused_file(home)) from error


def _read(path: Path) -> Any:  # noqa: ANN401 - JSON; its readers check its form
    try:
        return json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise _unreadable(path) from error


def _entry(path: Path) -> tuple[int, ...]:
    try:
        status = path.stat()
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise _unreadable(path) from error
    return status.st_ino, status.st_mtime_ns, status.st_size


def _unreadable(path: Path) -> HomeError:
    return HomeError(
        f"HUB_HOME/catalogue/{path.name} 不可读。请检查权限; 必要时停止枢纽后删除该文件, 契约文件夹会重新审查",
        f"HUB_HOME/catalogue/{path.name} can't be read; check its mode, or stop the hub and delete it: "
        "the folders of contracts are then judged anew",
    )
