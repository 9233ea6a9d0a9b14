"""The departments' own systems: started beside the hub, and the hub told where they are and what opens them.

public security, and human resources where no MariaDB is installed    a PostgreSQL server of their own
human resources                                                      a MariaDB server
civil affairs, health, tax                                           a process each that serves
natural resources                                                    a process that pushes
market regulation, transport, the federation and the lists           drop folders
"""

import contextlib
import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from mianzheng.embedded_postgres import Cluster
from mianzheng.errors import StartFailedError
from mianzheng.mariadb_server import MariaDb
from mianzheng.processes import Children
from mianzheng.progress_display import shown
from mianzheng.progress_measure import Total
from mianzheng.progress_way import Work
from mianzheng.settings import Settings
from mianzheng.terminal import console
from registries.home import HubHome
from sample_city import pushing
from sample_city.build import CityReport, build, silent
from sample_city.city import found
from sample_city.department_folder import READY, DepartmentFolder
from sample_city.serving import PUSHERS, SERVERS
from sample_city.sftp_server import HOST_PUBLIC, USER_KEY

Say = Callable[[str, str], None]
"""Tells the person at the terminal what is going on: (zh, en)."""

RESIDENTS = Work("生成居民", "making residents")
OTHERS = Work("生成其他部门的数据", "making the other departments' data")
CITY_DATABASE = "public_security"
CITY_OWNER = "public_security"
EXCHANGE = "human_resources"
START_SECONDS = 60
SERVERS_OF_DROPS = {
    "market_regulation_drop": "market_regulation",
    "statistics_bureau_drop": "statistics_bureau",
    "statistics_indicators_drop": "statistics_bureau",
    "civil_affairs_drop": "civil_affairs",
    "standards_administration_drop": "standards_administration",
    "public_credit_drop": "development_and_reform",
    "transport_drop": "transport",
    "transport_permits_drop": "transport",
    "disabled_persons_drop": "disabled_persons_federation",
    "hardship_drop": "civil_affairs",
    "special_care_drop": "veterans_affairs",
    "special_support_drop": "health",
}
DATABASES = ("residents_database", "number_corrections_database")
EXCHANGES = ("qualifications_exchange", "insured_persons_database")
SERVERS_WITH_TOKENS = {
    "civil_affairs_marriages": "civil_affairs",
    "civil_affairs_organisations": "civil_affairs",
    "tax_live": "tax",
}
SFTP_SERVER, SFTP_DEPARTMENT, SFTP_PLACE = "health_sftp", "health", "health"


@dataclass(frozen=True)
class SampleCity:
    """A city whose systems run, but for who pushes: that one needs the hub first."""

    folder: Path
    children: Children
    report: CityReport
    with_mariadb: bool

    def start_pushing(self, hub: str) -> None:
        """Start who pushes to the hub at this address."""
        for department in PUSHERS:
            self._serve(department, "--hub", hub)

    def all_is_pushed(self, seconds: float) -> bool:
        """Whether the hub has acknowledged everything, now or within so many seconds."""
        deadline = time.monotonic() + seconds
        while not (done := pushing.is_done(self.folder)) and time.monotonic() < deadline:
            time.sleep(0.2)
        return done

    def _serve(self, department: str, *more: str) -> None:
        words = ("-m", "sample_city", "serve", department, "--home", str(self.folder), *more)
        self.children.start(f"city-{department}", *words)


def sample_city(
    settings: Settings,
    home: HubHome,
    environment: Mapping[str, str],
    today: date,
    stack: contextlib.ExitStack,
    say: Say,
    *,
    progress: bool = False,
    year: bool = False,
) -> SampleCity:
    """Start the departments' systems, build the city if it is new, and write down for the hub where they are.

    `progress` shows how far a new city is. `year`: its first delivery is the one of a scripted year, whose exchange
    table stands in the city's PostgreSQL.
    """
    folder = home.path / "sample_city"
    folder.mkdir(mode=0o711, exist_ok=True)
    folder.chmod(0o711)
    standing = found(folder)
    year = year or (standing is not None and standing.year)
    exchange = None if year else _exchange(settings, folder, stack)
    children = Children(home.logs, environment)
    stack.callback(children.stop)
    start_departments(children, folder)
    url = _database(settings, home, folder, stack)
    if exchange is None and not year:
        say(
            "未安装 MariaDB,人社前置库改放在示例城市的 PostgreSQL",
            "MariaDB is not installed: human resources' exchange table stands in the city's PostgreSQL",
        )
    if exchange is not None:
        exchange.start(EXCHANGE, home.secret_or_new("password_sample_city"))
    exchange_url = exchange.url if exchange else url.replace("postgresql://", "postgresql+psycopg://", 1)
    with building(settings.sample_people, wanted=progress) as told:
        report = build(folder, url, settings.sample_people, settings.sample_seed, today, exchange_url, told, year=year)
    wait_for_addresses(children, folder, home.logs)
    keep_sources(home, places_of(folder, url, exchange_url))
    keep_source_secrets(home, folder)
    return SampleCity(folder, children, report, exchange is not None)


@contextlib.contextmanager
def building(people: int, *, wanted: bool) -> Iterator[Callable[[int], None]]:
    """What `build` tells how many residents it made; shown, if `wanted`, until the block ends."""
    if not wanted:
        yield silent
        return
    with shown(console) as display:

        def told(residents: int) -> None:
            if not residents:
                display.begin(RESIDENTS, Total(people))
            display.seen(residents)
            if residents >= people:
                display.begin(OTHERS)

        yield told


def _exchange(settings: Settings, folder: Path, stack: contextlib.ExitStack) -> MariaDb | None:
    """A MariaDB server that is being installed, where the machine has one."""
    server = MariaDb.installed(folder / "mariadb", settings.service_user) if settings.sample_mariadb else None
    if server is not None:
        stack.callback(server.stop)
        server.prepare()
    return server


def _database(settings: Settings, home: HubHome, folder: Path, stack: contextlib.ExitStack) -> str:
    cluster = Cluster(folder / "postgres", settings.service_user, home.path / "binaries")
    password = home.secret_or_new("password_sample_city")
    stack.callback(cluster.stop)
    cluster.start(password)
    cluster.create_database(CITY_DATABASE, CITY_OWNER, password, password)
    return cluster.url(CITY_OWNER, password, CITY_DATABASE)


def start_departments(children: Children, folder: Path) -> None:
    """The departments that are asked, each in a process of its own; `wait_for_addresses` waits until they listen."""
    for department in SERVERS:
        (DepartmentFolder(folder, department).path / READY).unlink(missing_ok=True)
        words = ("-m", "sample_city", "serve", department, "--home", str(folder))
        children.start(f"city-{department}", *words)


def wait_for_addresses(children: Children, folder: Path, logs: Path) -> None:
    """Until each of them listens.

    Raises:
        StartFailedError: one ended, or stayed silent for START_SECONDS.
    """
    deadline = time.monotonic() + START_SECONDS
    for department in SERVERS:
        while DepartmentFolder(folder, department).kept(READY) is None:
            if children.ended(f"city-{department}") or time.monotonic() > deadline:
                place = logs / f"city-{department}.log"
                raise StartFailedError(
                    f"示例城市的 {department} 没有启动,原因见 {place}。",
                    f"The sample city's {department} did not come up; see {place}.",
                )
            time.sleep(0.05)


def places_of(folder: Path, database_url: str, exchange_url: str) -> dict[str, str]:
    """Where each server of the city's contracts is, as sources.json says it."""
    places = {name: str(folder / "drops" / department) for name, department in SERVERS_OF_DROPS.items()}
    for server, department in (SERVERS_WITH_TOKENS | {SFTP_SERVER: SFTP_DEPARTMENT}).items():
        address = DepartmentFolder(folder, department).address()
        if address is not None:
            places[server] = f"{address}{SFTP_PLACE}" if server == SFTP_SERVER else address
    return places | dict.fromkeys(DATABASES, database_url) | dict.fromkeys(EXCHANGES, exchange_url)


def keep_source_secrets(home: HubHome, folder: Path) -> None:
    """Write down for the hub what opens the departments' servers, as an operator would."""
    for server, department in SERVERS_WITH_TOKENS.items():
        home.keep_secret(f"source_{server}.token", DepartmentFolder(folder, department).token())
    health = DepartmentFolder(folder, SFTP_DEPARTMENT)
    for what, name in (("key", USER_KEY), ("host_key", HOST_PUBLIC)):
        value = health.kept(name)
        if value is not None:
            home.keep_secret(f"source_{SFTP_SERVER}.{what}", value)


def keep_sources(home: HubHome, places: Mapping[str, str]) -> None:
    """Write sources.json for the sample city; what an operator added for other servers stays."""
    known = dict(home.sources()) | dict(places)
    file = home.path / "sources.json"
    part = file.with_suffix(".part")
    part.touch(mode=0o600)
    part.write_text(json.dumps(known, indent=2, ensure_ascii=False), encoding="utf-8")
    part.replace(file)
