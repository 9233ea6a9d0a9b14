"""Operators' folders as they are at a moment: whether they still change, and copies of them to judge.

    seen_in(Path("/srv/hub/contracts"))
    -> {"forestry": (("department.yaml", 312, 1790000000000000000), ...)}

A folder that is being copied is not judged: two looks have to see the same names, sizes and times of change. What is
judged is a copy, so that nobody can change it between the check and the use.
"""

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from registries.contract_drafts.marks import marks_left
from registries.contracts.faults import Fault
from registries.contracts.yaml_page import LARGEST
from registries.operators.folders import CONTRACT_PATTERN, DEPARTMENT_FILE
from registries.service_items.loading import item_files

Snapshot = tuple[tuple[str, int, int], ...]
"""(name below the folder, bytes, time of change in nanoseconds) of each file, in order."""

MOST_FILES: Final = 200
"""Contracts in one department's folder; more are a mistake."""


def seen_in(folder: Path) -> Mapping[str, Snapshot] | None:
    """Each department's folder as it is now; None if the whole is not there, as when a disk is not mounted."""
    try:
        names = sorted(entry.name for entry in os.scandir(folder) if entry.is_dir() and not entry.name.startswith("."))
    except OSError:
        return None
    return {name: _snapshot(folder / name) for name in names}


def _snapshot(folder: Path) -> Snapshot:
    found = []
    for place, _, names in os.walk(folder):
        for name in names:
            path = Path(place) / name
            try:
                status = path.lstat()
            except OSError:
                continue  # went away since: the next look sees that
            found.append((str(path.relative_to(folder)), status.st_size, status.st_mtime_ns))
    return tuple(sorted(found))


def copy_folder(folder: Path, target: Path) -> tuple[str, tuple[Fault, ...]]:
    """Copy a department's YAML files; gives SHA-256 (hex) over names and bytes, and why it can't be used."""
    target.mkdir(parents=True)
    digest = hashlib.sha256()
    files = sorted({*folder.glob(CONTRACT_PATTERN), *folder.glob(DEPARTMENT_FILE), *item_files(folder)})
    faults = _faults_of_whole(folder, files)
    for file in files[:MOST_FILES]:
        try:
            content = _content(file)
        except OSError:
            faults.append(_unreadable(folder, file))
            continue
        name = file.relative_to(folder)
        (target / name).parent.mkdir(exist_ok=True)
        (target / name).write_bytes(content)
        faults += marks_left(f"{folder.name}/{name}", content.decode("utf-8", "replace"))
        digest.update(f"{name}\x00{len(content)}\x00".encode("utf-8", "surrogateescape") + content)
    return digest.hexdigest(), tuple(faults)


def _content(file: Path) -> bytes:
    # not through a link: it may lead to what is nobody's business; O_NONBLOCK: a pipe would wait for ever
    with os.fdopen(os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as opened:
        return opened.read(LARGEST + 1)  # one byte more, so that the reader sees that it is too long


def _faults_of_whole(folder: Path, files: list[Path]) -> list[Fault]:
    found = []
    if not any(file.name == DEPARTMENT_FILE for file in files):
        found.append(
            Fault(
                f"{folder.name}/{DEPARTMENT_FILE}",
                1,
                "文件夹中没有 department.yaml",
                "the folder has no department.yaml",
                "请补上, 或移走整个文件夹",
                "add it, or take the whole folder away",
            )
        )
    if len(files) > MOST_FILES:
        found.append(
            Fault(
                f"{folder.name}/{DEPARTMENT_FILE}",
                1,
                f"文件超过 {MOST_FILES} 个",
                f"there are more than {MOST_FILES} files",
                "请拆分为几个部门",
                "split it into several departments",
            )
        )
    return found


def _unreadable(folder: Path, file: Path) -> Fault:
    return Fault(
        f"{folder.name}/{file.name}",
        1,
        "不是可读的普通文件 (不接受符号链接)",
        "it is not a plain file that can be read (symbolic links are not accepted)",
        "请放入文件本身并检查权限",
        "put the file itself there, and check its mode",
    )
