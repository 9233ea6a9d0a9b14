"""Which engine a hub checks and compares with: HUB_ENGINE, in the environment that its home was given.

    with engine_of(HubHome(path, os.environ)) as engine: ...     # DuckDB unless HUB_ENGINE=spark

Spark's libraries are imported when it is chosen, and never otherwise.
"""

import importlib.util
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from registries.compare.engines import Engine, LocalEngine
from registries.compare.faults import EngineMissing, EngineUnknown
from registries.home import HubHome

ENGINE: Final = "HUB_ENGINE"
MASTER: Final = "HUB_SPARK_MASTER"
LOCAL_MASTER: Final = "local[2]"
OLDEST_JAVA: Final = 17


def engine_of(home: HubHome) -> Engine:
    """The engine of a hub; nothing of it is started yet.

    Raises:
        EngineUnknown: HUB_ENGINE names none.
        EngineMissing: Spark is wanted, and pyspark or Java 17 is not installed.
    """
    if not look_for_engine(home.environment):
        return LocalEngine()
    from registries.compare.spark_engine import SparkEngine

    return SparkEngine(home.environment.get(MASTER) or LOCAL_MASTER, home.spill / "spark")


def look_for_engine(environment: Mapping[str, str]) -> bool:
    """Whether Spark is chosen; errors as `engine_of`. Starts `java -version` if it is."""
    name = environment.get(ENGINE) or "duckdb"
    if name not in {"duckdb", "spark"}:
        raise EngineUnknown(name)
    if name == "spark":
        _look_for_spark(environment)
    return name == "spark"


def _look_for_spark(environment: Mapping[str, str]) -> None:
    if importlib.util.find_spec("pyspark") is None:
        raise EngineMissing("pyspark")
    java = _java(environment)
    if java is None or _version(java) < OLDEST_JAVA:
        raise EngineMissing(f"Java {OLDEST_JAVA}+")


def _java(environment: Mapping[str, str]) -> str | None:
    """Where Spark's own start script finds Java."""
    home = environment.get("JAVA_HOME")
    return shutil.which(str(Path(home) / "bin" / "java") if home else "java", path=environment.get("PATH"))


def _version(java: str) -> int:
    """17 of `openjdk version "17.0.15"`; 0 if it can't be told, and 1 for anything as old as `1.8`."""
    told = subprocess.run([java, "-version"], capture_output=True, text=True, check=False)
    found = re.search(r'version "(\d+)', told.stderr)
    return int(found.group(1)) if found else 0
