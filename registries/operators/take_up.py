"""Taking up the operator's folders of contracts in a running hub: a folder is accepted whole, or refused with reasons.

    looks = Looks(home)
    while True:                                   # the worker, every two seconds
        look(looks, store_load, clock())

1. Look at HUB_HOME/contracts; a folder that still changes is left alone until two looks saw the same.
2. Copy what changed aside: what is judged is what will be used.
3. Judge everything together (`judging`): contracts, what they refer to, versions, and whether the tables can
   follow; they are made and altered in one transaction, as the role hub_load.
4. Publish: the copies first, then one pointer, replaced atomically. Refusals are kept beside it.

A folder that is refused leaves what was accepted of it in force, also after a restart. One that was taken away retires
its datasets (their tables stay), unless something in force refers to them. A crash at any moment leaves the former
version in force, and the next look does the same work again.
"""

import fcntl
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from registries.contracts.faults import Fault
from registries.errors import HomeError
from registries.home import HubHome
from registries.operators.folders import (
    Accepted,
    AcceptedFolder,
    Refusal,
    catalogue_folder,
    operators_folder,
    read_accepted,
    read_refusals,
    version_folder,
)
from registries.operators.judging import Judge, Verdict
from registries.operators.publishing import publish, write_refusals
from registries.operators.snapshots import Snapshot, copy_folder, seen_in
from registries.store.engine import Store


@dataclass
class Looks:
    """What a process remembers between looks: how the folders were at the last one, and what it judged last."""

    home: HubHome
    seen: Mapping[str, Snapshot] | None = None
    judged: Mapping[str, Snapshot] | None = None


@dataclass(frozen=True)
class TakenUp:
    """What came of a look: the number in force, what is in force anew or no more, and all that is refused now."""

    number: int
    accepted: tuple[str, ...] = ()
    retired: tuple[str, ...] = ()
    refused: tuple[Refusal, ...] = ()


def look(looks: Looks, store_load: Store, now: datetime) -> TakenUp | None:
    """One look: None while nothing has changed, or something is still changing.

    Raises:
        HomeError: HUB_HOME/catalogue can't be read or written.
        StoreError: PostgreSQL can't be reached; the same look works later.
    """
    seen = seen_in(operators_folder(looks.home))
    before, looks.seen = looks.seen, seen
    if seen is None or seen != before or seen == looks.judged:
        return None
    done = take_up(looks.home, store_load, now)
    looks.judged = seen
    return done


def take_up(home: HubHome, store_load: Store, now: datetime) -> TakenUp:
    """Judge HUB_HOME/contracts as it is, without waiting for anything; errors as `look`."""
    with _alone(home), _staging(home) as staging:
        accepted = read_accepted(home)
        found = _Found.copied(home, accepted, staging)
        verdict = Judge(found.in_force, store_load).settle(found.changes)
        return _carry_out(home, accepted, found, verdict, now)


@dataclass(frozen=True)
class _Found:
    """What there is to judge: copies, digests by department, and folders that can't even be copied."""

    in_force: Mapping[str, Path]
    digests: Mapping[str, str]
    changes: Mapping[str, Path | None]
    broken: Mapping[str, tuple[Fault, ...]]

    @classmethod
    def copied(cls, home: HubHome, accepted: Accepted, staging: Path) -> "_Found":
        in_force = {name: staging / "old" / name for name in accepted.folders}
        for name, place in in_force.items():
            copy_folder(version_folder(home, accepted.number) / name, place / name)
        digests: dict[str, str] = {}
        changes: dict[str, Path | None] = {}
        broken: dict[str, tuple[Fault, ...]] = {}
        names = seen_in(operators_folder(home))
        for name in names or ():
            digests[name], faults = copy_folder(operators_folder(home) / name, staging / "new" / name / name)
            if faults:
                broken[name] = faults
            elif name not in accepted.folders or digests[name] != accepted.folders[name].digest:
                changes[name] = staging / "new" / name
        gone = () if names is None else accepted.folders.keys() - digests.keys()
        return cls(in_force, digests, changes | dict.fromkeys(gone), broken)


def _carry_out(home: HubHome, before: Accepted, found: _Found, verdict: Verdict, now: datetime) -> TakenUp:
    changed = [name for name, place in verdict.accepted.items() if place != found.in_force.get(name)]
    retired = sorted(before.folders.keys() - verdict.accepted.keys())
    number = before.number
    if changed or retired:
        number += 1
        folders = {name: before.folders[name] for name in verdict.accepted if name not in changed}
        folders |= {name: AcceptedFolder(name, found.digests[name], now) for name in changed}
        publish(home, Accepted(number, folders), verdict.accepted)
    refused = _refusals(home, found, {**verdict.refused, **found.broken}, now)
    return TakenUp(number, tuple(sorted(changed)), tuple(retired), refused)


def _refusals(
    home: HubHome, found: _Found, refused: Mapping[str, tuple[Fault, ...]], now: datetime
) -> tuple[Refusal, ...]:
    """Keep what is refused now; one that was refused before for the same keeps its time."""
    before = {(each.department, each.digest, each.faults): each.at for each in read_refusals(home)}
    fresh = [Refusal(name, found.digests.get(name, ""), now, refused[name]) for name in sorted(refused)]
    kept = tuple(replace(each, at=before.get((each.department, each.digest, each.faults), now)) for each in fresh)
    write_refusals(home, kept)
    return kept


@contextmanager
def _alone(home: HubHome) -> Iterator[None]:
    """One process at a time: the worker, or somebody at the command line."""
    try:
        catalogue_folder(home).mkdir(mode=0o700, exist_ok=True)
        with (catalogue_folder(home) / "lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
    except OSError as error:
        raise HomeError(
            f"HUB_HOME/catalogue 不可写: {error.strerror}。请检查权限与磁盘空间",
            f"HUB_HOME/catalogue can't be written: {error.strerror}; check its mode and the disk's space",
        ) from error


@contextmanager
def _staging(home: HubHome) -> Iterator[Path]:
    for left in catalogue_folder(home).glob(".staging-*"):  # by a process that was killed
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=".staging-", dir=catalogue_folder(home)) as folder:
        yield Path(folder)
