"""A hub of the benchmark's own, in a folder that is gone afterwards: one server for the source, the floor and the hub.

    with scratch_hub(folder=None, keep=False) as scratch:
        scratch.source.fill(town)
        with Intake.open(scratch.home, clock) as intake: intake.take_in(SNAPSHOTS)

The hub is set up as any other, and the benchmark's department is an operator's, in HUB_HOME/contracts.
"""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mianzheng.benchmark.source import Source
from mianzheng.embedded_postgres import SUPERUSER, Cluster
from mianzheng.errors import MianzhengError
from mianzheng.sample_city_up import keep_sources
from mianzheng.store_set_up import set_up_store
from mianzheng.supervisor import HUB_DATABASE, HUB_OWNER
from registries.home import HubHome
from registries.operators.folders import CONTRACT_PATTERN, operators_folder

DEPARTMENT: Final = "benchmark_bureau"
DESK: Final = "benchmark_desk"
SNAPSHOTS: Final = f"{DEPARTMENT}.residents"
CHANGES: Final = f"{DEPARTMENT}.resident_changes"

DURABLE: Final = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on", "wal_level": "replica"}
"""What the server has to be set to, for floor and load alike."""

_TOLD: Final = (*DURABLE, "server_version", "shared_buffers", "max_wal_size", "data_checksums", "autovacuum")
_CONTRACTS: Final = Path(__file__).parent / "contracts" / DEPARTMENT
_AS_CHANGES: Final = {
    f"{DEPARTMENT}-residents": f"{DEPARTMENT}-resident_changes",
    "server: benchmark_database": "server: benchmark_database_of_changes",
    "- name: residents": "- name: resident_changes",
    "value: snapshot": "value: changes",
    "benchmark_population": "benchmark_population_of_changes",
}
"""What distinguishes the same residents, handed over by watermark into a register of their own."""

_SERVERS: Final = ("benchmark_database", "benchmark_database_of_changes")
_SOURCE: Final = "benchmark_source"


@dataclass(frozen=True)
class Scratch:
    """A hub that is up, and its source.

    Attributes:
        settings: of the server.
    """

    folder: Path
    home: HubHome
    source: Source
    settings: dict[str, str]


@contextlib.contextmanager
def scratch_hub(folder: Path | None, *, keep: bool) -> Iterator[Scratch]:
    """A hub in a new folder below `folder` (the system's for temporary files unless told), removed unless kept.

    Raises:
        MianzhengError: the server is not durable, so that nothing measured on it would count.
    """
    place = Path(tempfile.mkdtemp(prefix="mianzheng-bench-", dir=folder))
    place.chmod(0o711)  # the server's own user passes through; what is inside is closed
    home = HubHome(place / "hub")
    home.prepare()
    cluster = Cluster(place / "postgres")
    try:
        yield _set_up(place, home, cluster)
    finally:
        cluster.stop()
        if not keep:
            shutil.rmtree(place)


def _set_up(place: Path, home: HubHome, cluster: Cluster) -> Scratch:
    password = home.secret_or_new("password_postgres")
    cluster.start(password)
    for name, owner in ((HUB_DATABASE, HUB_OWNER), (_SOURCE, _SOURCE)):
        cluster.create_database(name, owner, password, password)
    write_contracts(operators_folder(home))
    set_up_store(home, cluster.url(HUB_OWNER, password, HUB_DATABASE))
    url = cluster.url(SUPERUSER, password, _SOURCE)
    keep_sources(home, dict.fromkeys(_SERVERS, url))
    source = Source(url)
    return Scratch(place, home, source, _durable(source.settings(*_TOLD)))


def write_contracts(folder: Path) -> None:
    """Put the benchmark's department into a folder of departments: the contracts as they are, and once as changes."""
    shutil.copytree(_CONTRACTS, folder / DEPARTMENT)
    shutil.copytree(_CONTRACTS.parent / DESK, folder / DESK)
    for path in _CONTRACTS.glob(CONTRACT_PATTERN):
        text = path.read_text("utf-8")
        for words, others in _AS_CHANGES.items():
            text = text.replace(words, others)
        (folder / DEPARTMENT / f"changes_{path.name}").write_text(text, "utf-8")


def _durable(settings: dict[str, str]) -> dict[str, str]:
    wrong = {name: settings[name] for name, value in DURABLE.items() if settings[name] != value}
    if wrong:
        raise MianzhengError(
            f"数据库设置不持久,测得的速度不算数:{wrong}。请改为 {DURABLE}",
            f"the server is not durable ({wrong}), so no speed measured on it counts; set {DURABLE}",
        )
    return settings
