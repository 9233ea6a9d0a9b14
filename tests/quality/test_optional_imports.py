"""What is not to be seen is not imported, and can be imported afterwards."""

import subprocess
import sys

import pytest

from quality.optional_imports import unseen


def test_an_import_fails_in_the_block_only() -> None:
    script = (
        "from quality.optional_imports import unseen\n"
        "with unseen('colorsys'):\n"
        "    try:\n"
        "        import colorsys\n"
        "    except ImportError:\n"
        "        print('unseen')\n"
        "import colorsys\n"
    )
    told = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert told.stdout == "unseen\n"


def test_what_is_imported_already_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    module = type(sys)("already_there")
    monkeypatch.setitem(sys.modules, "already_there", module)
    with unseen("already_there"):
        assert sys.modules["already_there"] is module
    assert sys.modules["already_there"] is module
