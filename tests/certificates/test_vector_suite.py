"""The published suite: made anew it does not differ, this verifier takes every case rightly, and the runner tells."""

import json
import sys
from collections import Counter

import pytest

from certificates.offline_command import GENUINE, REFUSED, main
from tests.vectors.cases import all_cases
from tests.vectors.run import main as run
from tests.vectors.suite import FOLDER, differences, listed, options_of

CASES = listed()


def test_the_suite_made_anew_does_not_differ() -> None:
    assert differences() == []


def test_names_and_files_are_unlike_and_of_every_kind() -> None:
    assert len({case["file"] for case in CASES}) == len(CASES) == len(all_cases())
    counted = Counter((case["kind"], case["accept"]) for case in CASES)
    kinds = {"receipt", "note", "proof", "code", "keys", "log-fsck", "status", "credential"}
    assert {kind for kind, _ in counted} == kinds
    assert all(counted[kind, accept] for kind in kinds for accept in (True, False))


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['kind']}: {case['name']}")
def test_our_own_verifier(case: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    command = "verify-receipt" if case["kind"] == "receipt" else case["kind"]
    words = [command, str(FOLDER / case["file"]), "--keys", str(FOLDER / case["keys"]), *options_of(case), "--json"]
    status = main(words)
    report = json.loads(capsys.readouterr().out)
    assert status == (GENUINE if case["accept"] else REFUSED), report
    assert next((check["reason"] for check in report["checks"] if "reason" in check), None) == case.get("reason")
    assert report["usable"]


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    status = run(list(arguments))
    return status, capsys.readouterr().out


def test_the_runner_with_our_own_command(capsys: pytest.CaptureFixture[str]) -> None:
    count = sum(case["kind"] == "keys" for case in CASES)
    assert told(capsys, "--kind", "keys") == (0, f"{count} of {count} cases right\n")


def test_the_runner_tells_a_verifier_that_takes_everything_or_nothing_or_crashes(
    capsys: pytest.CaptureFixture[str],
) -> None:
    python = (sys.executable, "-S", "-c")
    status, shown = told(
        capsys, "--kind", "code", "--", *python, "import sys; assert '{options}'; open(sys.argv[1])", "{file}"
    )
    assert (status, shown.count("accepted, but it is bad"), shown.count("refused")) == (1, 4, 0)
    status, shown = told(capsys, "--kind", "code", "--", *python, "import sys; sys.exit(1)", "{kind}")
    assert (status, shown.count("refused, but it is good")) == (1, 2)
    status, shown = told(capsys, "--kind", "code", "--", *python, "import os; os.abort()")
    assert (status, shown.count("crashed")) == (1, 6)


def test_the_runner_gives_a_case_without_its_answer(capsys: pytest.CaptureFixture[str]) -> None:
    look = "import json, sys; case = json.load(open(sys.argv[1])); open(case['keys']); sys.exit('accept' in case)"
    status, shown = told(capsys, "--kind", "keys", "--", sys.executable, "-S", "-c", look, "{case}")
    assert (status, shown.count("accepted, but it is bad")) == (1, 3)
