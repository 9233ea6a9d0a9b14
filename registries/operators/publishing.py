"""Writing down which contracts are in force: complete copies first, then one pointer, replaced atomically."""

import json
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final

from registries.home import HubHome
from registries.operators.folders import Accepted, Refusal, catalogue_folder, pointer, refused_file, version_folder

KEPT_VERSIONS: Final = 5
"""Older copies go: a reader that has just read the pointer still finds what it named."""


def publish(home: HubHome, accepted: Accepted, places: Mapping[str, Path]) -> None:
    """Put a version into force; a reader sees the former one or this one, never half of it."""
    target = version_folder(home, accepted.number)
    shutil.rmtree(target, ignore_errors=True)  # half written by a process that was killed
    target.mkdir(mode=0o700)
    for name in sorted(places):
        folder = places[name] / name
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            copy = target / name / file.relative_to(folder)
            copy.parent.mkdir(parents=True, exist_ok=True)
            _write(copy, file.read_bytes())
    folders = {
        name: {"digest": each.digest, "since": each.since.isoformat()} for name, each in accepted.folders.items()
    }
    _replace(pointer(home), {"number": accepted.number, "folders": dict(sorted(folders.items()))})
    _forget_old(home, accepted.number)


def write_refusals(home: HubHome, refusals: Sequence[Refusal]) -> None:
    """Keep the folders that are refused, with their reasons."""
    refused = [asdict(each) | {"at": each.at.isoformat()} for each in refusals]
    if refused or refused_file(home).exists():
        _replace(refused_file(home), {"refused": refused})


def _forget_old(home: HubHome, number: int) -> None:
    for folder in catalogue_folder(home).iterdir():
        if folder.name.isdigit() and not number - KEPT_VERSIONS < int(folder.name) <= number:
            shutil.rmtree(folder, ignore_errors=True)


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _replace(path: Path, content: Mapping[str, object]) -> None:
    handle, written = tempfile.mkstemp(dir=path.parent, prefix=".new-")  # 0600
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(content, file, ensure_ascii=False, indent=1)
        file.flush()
        os.fsync(file.fileno())
    Path(written).replace(path)
