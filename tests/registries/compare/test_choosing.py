"""Which engine a hub uses, and what is said when it is not installed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from registries.compare.choosing import engine_of
from registries.compare.engines import LocalEngine
from registries.compare.faults import EngineMissing, EngineUnknown
from registries.home import HubHome

JAVA = """#!/bin/sh
echo 'openjdk version "%s" 2025-04-15' >&2
"""


@pytest.mark.parametrize("environment", [{}, {"HUB_ENGINE": ""}, {"HUB_ENGINE": "duckdb"}])
def test_duckdb_unless_something_else_is_wanted(tmp_path: Path, environment: dict[str, str]) -> None:
    assert isinstance(engine_of(HubHome(tmp_path, environment)), LocalEngine)


def test_a_name_that_is_no_engine_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EngineUnknown, match="HUB_ENGINE=sparc"):
        engine_of(HubHome(tmp_path, {"HUB_ENGINE": "sparc"}))


def java(folder: Path, version: str) -> Path:
    """A Java that only tells its version."""
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "java").write_text(JAVA % version)
    (folder / "bin" / "java").chmod(0o755)
    return folder


def test_what_is_missing_is_said_with_what_to_do(tmp_path: Path) -> None:
    pytest.importorskip("pyspark", reason="the optional extra spark is not installed")
    old = {"HUB_ENGINE": "spark", "JAVA_HOME": str(java(tmp_path / "old", "11.0.2"))}
    none = {"HUB_ENGINE": "spark", "JAVA_HOME": str(tmp_path / "none")}
    for environment in (old, none):
        with pytest.raises(EngineMissing, match="Java 17") as raised:
            engine_of(HubHome(tmp_path, environment))
        assert "make spark" in raised.value.zh
        assert "requirements/spark.txt" in raised.value.en


def test_spark_is_made_and_not_started(tmp_path: Path) -> None:
    pytest.importorskip("pyspark", reason="the optional extra spark is not installed")
    home = HubHome(tmp_path, {"HUB_ENGINE": "spark", "JAVA_HOME": str(java(tmp_path / "new", "21.0.1"))})
    with engine_of(home) as engine:
        assert type(engine).__name__ == "SparkEngine"
    assert not home.spill.exists()


def test_pyspark_is_imported_by_nobody_who_did_not_choose_it(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from registries.home import HubHome\n"
        "from quality.intake import Intake; from registries.compare.choosing import engine_of\n"
        f"engine_of(HubHome(Path({str(tmp_path)!r}))).close(); sys.exit('pyspark' in sys.modules)"
    )
    environment = {name: value for name, value in os.environ.items() if name != "HUB_ENGINE"}
    assert subprocess.run([sys.executable, "-c", script], check=False, env=environment).returncode == 0
