"""The folder `certificates` with cryptography and PyJWT and nothing else: the whole suite, and what extras would add.

A Python without site packages (`-I -S`) gets a folder with links to those two, what they need, and a copy of the room.
"""

import json
import re
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from certificates.code_images import ImageExtraMissing
from tests.vectors.suite import FOLDER, listed, options_of

ROOM = Path(__file__).parents[2] / "certificates"
RUNNER = """
import contextlib, io, json, sys
sys.path[:0] = [sys.argv[1]]
from certificates.offline_command import main
results = []
for words in json.load(sys.stdin):
    shown = io.StringIO()
    with contextlib.redirect_stdout(shown):
        status = main(words)
    results.append([status, json.loads(shown.getvalue())])
loaded = sorted({name.partition(".")[0] for name in sys.modules} - set(sys.stdlib_module_names))
json.dump({"results": results, "loaded": loaded}, sys.stdout)
"""


def needed(*names: str) -> set[str]:
    """Distributions with all that they need here."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        found.add(name)
        required = [line for line in metadata.requires(name) or [] if "extra ==" not in line]
        applicable = [re.split(r"[ <>=!~;\[(]", line)[0] for line in required if "python_version" not in line]
        waiting += [each for each in applicable if each not in found]
    return found


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("alone")
    for name in needed("cryptography", "PyJWT"):
        files = metadata.files(name) or []
        tops = {file.parts[0] for file in files if not file.parts[0].startswith("..")}
        for top in tops:
            (folder / top).symlink_to(Path(str(metadata.distribution(name).locate_file(top))).resolve())
    shutil.copytree(ROOM, folder / "certificates", ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def run(alone: Path, commands: list[list[str]]) -> tuple[list[tuple[int, dict[str, object]]], list[str]]:
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-W", "error", "-c", RUNNER, str(alone)],
        input=json.dumps(commands), capture_output=True, text=True, timeout=120, check=False, cwd="/",
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    answer = json.loads(done.stdout)
    return [(status, report) for status, report in answer["results"]], answer["loaded"]


def test_the_whole_suite_with_two_packages(alone: Path) -> None:
    cases = listed()
    commands = [
        ["verify-receipt" if case["kind"] == "receipt" else case["kind"], str(FOLDER / case["file"]),
         "--keys", str(FOLDER / case["keys"]), *options_of(case), "--json"]
        for case in cases
    ]  # fmt: skip
    results, loaded = run(alone, commands)
    assert [status == 0 for status, _ in results] == [case["accept"] for case in cases]
    assert {"certificates", "cryptography", "jwt"} <= set(loaded)
    allowed = {
        "__main__",
        "certificates",
        "cryptography",
        "_openssl",
        "jwt",
        "_cffi_backend",
        "cffi",
        "pycparser",
        "typing_extensions",
    }
    assert set(loaded) <= allowed


def test_what_needs_an_extra_says_so(alone: Path, tmp_path: Path) -> None:
    picture = tmp_path / "photo.png"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n")
    ((status, report),), _ = run(alone, [["code", str(picture), "--keys", str(FOLDER / "keys.jwks"), "--json"]])
    assert (status, report["usable"], report["en"]) == (1, False, ImageExtraMissing().en)
