"""SoftHSM for tests: one token for a whole test process, since the module reads its configuration only once.

@needs_softhsm
def test_something() -> None:
    module = Pkcs11Keys(str(LIBRARY), *softhsm())
"""

import atexit
import importlib.util
import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import pytest

LIBRARY = Path("/usr/lib/softhsm/libsofthsm2.so")
PIN = "4711-sesame"
TOKEN = "hub"

needs_softhsm = pytest.mark.skipif(
    not LIBRARY.exists() or shutil.which("softhsm2-util") is None or importlib.util.find_spec("pkcs11") is None,
    reason="SoftHSM (apt: softhsm2) or python-pkcs11 (the extra hsm) is not installed",
)


@cache
def softhsm() -> tuple[str, str]:
    """Make a token; its label and its PIN."""
    folder = Path(tempfile.mkdtemp(prefix="mianzheng-softhsm-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    (folder / "tokens").mkdir()
    configuration = folder / "softhsm2.conf"
    configuration.write_text(f"directories.tokendir = {folder / 'tokens'}\nobjectstore.backend = file\n")
    os.environ["SOFTHSM2_CONF"] = str(configuration)
    subprocess.run(
        ["softhsm2-util", "--init-token", "--free", "--label", TOKEN, "--so-pin", "87654321", "--pin", PIN],
        check=True,
        capture_output=True,
    )
    return TOKEN, PIN
