"""The suite on disk: made anew from ``cases``, compared, written; and each case as a command line.

`python -m tests.vectors.suite` writes it; `make check` compares.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.vectors import material
from tests.vectors.cases import KEYS, Case, all_cases
from tests.vectors.sm_cases import JWKS as JWKS_SM
from tests.vectors.sm_cases import KEYS_SM

FOLDER = Path(__file__).parent / "suite"
ABOUT = "Vectors for verifiers. Keys and signatures are everybody's: trust none of them. See ../README.md."
FILES_BESIDE = {"proof": "--proof", "receipt": "--receipt", "status_list": "--status-list"}
TEXTS_BESIDE = {"root": "--root", "index": "--index", "uri": "--uri", "audience": "--audience", "nonce": "--nonce"}


def made_anew() -> dict[str, bytes]:
    """Every file of the suite by its path below the folder."""
    cases = all_cases()
    files = {KEYS: material.as_json(material.JWKS), KEYS_SM: material.as_json(JWKS_SM)}
    for case in cases:
        files |= _files_of(case)
    listed = [case.to_json() for case in cases]
    files["cases.json"] = material.as_json({"about": ABOUT, "cases": listed})
    return files


def _files_of(case: Case) -> dict[str, bytes]:
    if case.folder:
        return {f"{case.file}/{path}": content for path, content in case.folder.items()}
    beside = {str(case.to_json()[name]): content for name, content in case.beside.items()}
    return {case.file: case.content, **beside}


def stored() -> dict[str, bytes]:
    """Every file that is there."""
    files = sorted(path for path in FOLDER.rglob("*") if path.is_file())
    return {path.relative_to(FOLDER).as_posix(): path.read_bytes() for path in files}


def differences() -> list[str]:
    """Paths that are missing, too many or different."""
    new, old = made_anew(), stored()
    return sorted(path for path in new.keys() | old.keys() if new.get(path) != old.get(path))


def listed() -> list[dict[str, Any]]:
    """The cases as ``cases.json`` tells them to everybody."""
    found: list[dict[str, Any]] = json.loads((FOLDER / "cases.json").read_bytes())["cases"]
    return found


def options_of(case: Mapping[str, Any]) -> list[str]:
    """What stands beside a case's file, as options of `python -m certificates`."""
    files = [(option, str(FOLDER / case[name])) for name, option in FILES_BESIDE.items() if name in case]
    texts = [(option, str(case[name])) for name, option in TEXTS_BESIDE.items() if name in case]
    return ["--at", str(case["at"]), *(part for pair in (*files, *texts) for part in pair)]


def main() -> int:
    """Write what differs; tell how much that was."""
    changed = differences()
    new = made_anew()
    for path in changed:
        place = FOLDER / path
        if path in new:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(new[path])
        else:
            place.unlink()
    sys.stdout.write(f"{len(new)} files, {len(changed)} written anew\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
