"""Every fault of contracts at once: of single files, of a department's folder, or of a folder of departments.

    check_paths([Path("forestry")], [BUILT_IN])
    -> [Fault("forestry/trees.odcs.yaml", 12, ...), ...]

Folders are judged as a whole, as a running hub judges them: departments, datasets and registers together with those
they may refer to. A folder with neither is a heap of contracts, each looked at alone. Nothing that a contract names is
ever fetched.
"""

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from registries.contract_drafts.marks import marks_left
from registries.contracts.faults import ContractFaults, Fault
from registries.contracts.loading import check_contracts
from registries.departments import load_catalogue
from registries.operators.folders import CONTRACT_PATTERN, DEPARTMENT_FILE
from registries.operators.judging import unknown_types
from registries.operators.snapshots import copy_folder


def check_paths(paths: Sequence[Path], beside: Sequence[Path]) -> list[Fault]:
    """The faults of these files and folders; empty if all of it can be used.

    Args:
        paths: contract files, folders of departments, or folders of such folders.
        beside: folders of departments that they may refer to; one of the same id is replaced.
    """
    files = [path for path in paths if not path.is_dir()]
    departments: list[Path] = []
    for folder in (path for path in paths if path.is_dir()):
        inside = department_folders(folder)
        departments += inside
        files += [] if inside else sorted(folder.rglob(CONTRACT_PATTERN))
    faults = [*check_contracts(files), *(fault for path in files for fault in _marks(path))]
    return faults + (check_departments(departments, beside) if departments else [])


def _marks(path: Path) -> Iterator[Fault]:
    try:
        text = path.read_text("utf-8", "replace")
    except OSError:
        return  # check_contracts says so
    yield from marks_left(f"{path.parent.name}/{path.name}", text)


def department_folders(folder: Path) -> list[Path]:
    """The folder itself if it is a department's, else the departments in it; a half one counts among others."""
    if (folder / DEPARTMENT_FILE).exists():
        return [folder.resolve()]
    if not list(folder.glob(f"*/{DEPARTMENT_FILE}")):
        return []
    inside = {path.parent for pattern in (DEPARTMENT_FILE, CONTRACT_PATTERN) for path in folder.glob(f"*/{pattern}")}
    return sorted(path.resolve() for path in inside)


def check_departments(folders: Sequence[Path], beside: Sequence[Path]) -> list[Fault]:
    """The faults of departments' folders together with what they may refer to."""
    faults: list[Fault] = []
    with tempfile.TemporaryDirectory(prefix="mianzheng-") as staging:
        for folder in folders:
            faults += copy_folder(folder, Path(staging) / folder.name)[1]
        try:
            return faults + list(unknown_types(load_catalogue((*beside, Path(staging)))))
        except ContractFaults as found:
            return faults + list(found.faults)
