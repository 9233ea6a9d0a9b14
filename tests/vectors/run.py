"""Run the suite against any verifier: one command per case, exit status 0 for accepted, 1 to 125 for refused.

    python -m tests.vectors.run                                     # this project's own
    python -m tests.vectors.run -- my-verifier {kind} {file} --keys {keys} {options}
    python -m tests.vectors.run --kind receipt -- my-verifier --case {case}
    python -m tests.vectors.run --profile standard -- my-verifier …  # without SM2 and SM3

In the command, ``{kind}``, ``{file}``, ``{keys}`` and ``{at}`` are replaced; ``{options}`` as a word of its own becomes
what stands beside the file, as options of `python -m certificates`; ``{case}`` is a JSON file with all of it. Whatever
else the exit status is (a signal, a time-out), counts as a crash.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.vectors.suite import FILES_BESIDE, FOLDER, listed, options_of

OWN = (sys.executable, "-m", "certificates", "{command}", "{file}", "--keys", "{keys}", "{options}")
ACCEPTED, LAST_REFUSAL = 0, 125
SECONDS = 60


def run_case(case: Mapping[str, Any], command: Sequence[str], folder: Path) -> str | None:
    """What is wrong with how a verifier took a case; None if nothing is."""
    words = [word for part in command for word in _replaced(part, case, folder)]
    try:
        status = subprocess.run(words, capture_output=True, timeout=SECONDS, check=False).returncode
    except subprocess.TimeoutExpired:
        return f"no answer in {SECONDS} s"
    if not ACCEPTED <= status <= LAST_REFUSAL:
        return f"crashed ({status})"
    if (status == ACCEPTED) == case["accept"]:
        return None
    return "accepted, but it is bad" if status == ACCEPTED else "refused, but it is good"


def _replaced(part: str, case: Mapping[str, Any], folder: Path) -> list[str]:
    if part == "{options}":
        return options_of(case)
    file = folder / "case.json"
    file.write_text(json.dumps(_whole(case), ensure_ascii=False), encoding="utf-8")
    known = {
        "kind": str(case["kind"]),
        "command": "verify-receipt" if case["kind"] == "receipt" else str(case["kind"]),
        "file": str(FOLDER / case["file"]),
        "keys": str(FOLDER / case["keys"]),
        "at": str(case["at"]),
        "case": str(file),
    }
    for name, value in known.items():
        part = part.replace("{" + name + "}", value)
    return [part]


def _whole(case: Mapping[str, Any]) -> dict[str, Any]:
    """A case with whole paths, and without the answer."""
    paths = {name: str(FOLDER / case[name]) for name in ("file", "keys", *FILES_BESIDE) if name in case}
    hidden = {"accept", "reason", "why", "name"}
    return {name: value for name, value in case.items() if name not in hidden} | paths


def main(arguments: Sequence[str] | None = None) -> int:
    """1 if the verifier took a case wrongly; each is told, and how many were right."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kind", help="only cases of this kind")
    parser.add_argument("--profile", choices=("standard", "sm"), help="only cases of this profile")
    parser.add_argument("command", nargs="*", help="the verifier; this project's own without one")
    options = parser.parse_args(arguments)
    chosen = [case for case in listed() if options.kind in {None, case["kind"]}]
    cases = [case for case in chosen if options.profile in {None, case["profile"]}]
    with tempfile.TemporaryDirectory(prefix="vectors-") as name:
        faults = [(case, run_case(case, options.command or OWN, Path(name))) for case in cases]
    wrong = [(case, fault) for case, fault in faults if fault is not None]
    for case, fault in wrong:
        sys.stdout.write(f"{case['kind']}: {case['name']}: {fault} ({case['why']})\n")
    sys.stdout.write(f"{len(cases) - len(wrong)} of {len(cases)} cases right\n")
    return 1 if wrong or not cases else 0


if __name__ == "__main__":
    sys.exit(main())
