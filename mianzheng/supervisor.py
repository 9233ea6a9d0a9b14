"""Start everything one hub needs, in order, and stop it in reverse: what `mianzheng up` does.

1. the hub's folder and its lock, 2. PostgreSQL, 3. the store, 4. the sample city's systems, 5. accounts to try,
6. the web process and the intake worker, 7. one cycle of the pipelines, 8. Dagster for all later ones.
"""

import contextlib
import dataclasses
import fcntl
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx

from mianzheng.alert_loop import alerts_start
from mianzheng.dagster_renewal import DagsterRenewal
from mianzheng.demonstration import Demonstration, prepare_demonstration
from mianzheng.embedded_postgres import Cluster, free_port
from mianzheng.errors import StartFailedError
from mianzheng.posting_loop import poster_start
from mianzheng.processes import ENDING, Children
from mianzheng.progress_display import waiting
from mianzheng.restoring import look_for_unfinished
from mianzheng.sample_city_up import SampleCity, Say, sample_city
from mianzheng.settings import Settings
from mianzheng.store_set_up import set_up_store
from mianzheng.terminal import clock, console
from registries.compare.choosing import ENGINE, MASTER, look_for_engine
from registries.cosigning import FILE as WITNESSES
from registries.home import HubHome

HUB_DATABASE = "hub"
HUB_OWNER = "hub_owner"
START_SECONDS = 60
PASSED_ON = ("HUB_SOURCE_", "HUB_TSA_", "HUB_PKCS11_", "HUB_KEY_", "HUB_PANEL_")
"""What else of the environment the hub's own processes read: secrets of sources, time authority, keys, framers."""


@dataclasses.dataclass
class Running:
    """A hub that is up."""

    home: HubHome
    address: str
    dagster_address: str | None
    demonstration: Demonstration
    children: Children
    city: SampleCity


@contextlib.contextmanager
def running(settings: Settings, say: Say, *, progress: bool = False) -> Iterator[Running]:
    """A hub with everything started but the pipelines' cycle; all of it is stopped on the way out.

    `progress` shows how far a new sample city is.

    Raises:
        StartFailedError: another hub runs in this folder, or a part did not come up.
        RestoreUnderWayError: a restore did not come through.
        EngineMissing: the engine that the settings name is not installed.
    """
    home = HubHome(settings.hub_home(), os.environ)
    engine = {ENGINE: settings.engine, MASTER: settings.spark_master}
    look_for_engine({**home.environment, **engine})
    home.prepare()
    with contextlib.ExitStack() as stack:
        stack.enter_context(only_one(home))
        look_for_unfinished(home)
        say("启动数据库", "starting PostgreSQL")
        owner_url = hub_database(settings, home, stack)
        set_up_store(home, owner_url)
        say("准备示例城市", "preparing the sample city")
        profile = {"HUB_PROFILE": settings.profile} if settings.profile else {}
        second = {"HUB_SECOND_FACTOR_FOR": settings.second_factor_for}
        environment = child_environment(home) | engine | profile | second
        city = sample_city(settings, home, environment, clock().date(), stack, say, progress=progress)
        demonstration = prepare_demonstration(home, clock())
        children = Children(home.logs, environment)
        stack.callback(children.stop)
        port = settings.port or free_port()
        address = f"http://{settings.host}:{port}"
        start_web(children, settings.web_processes, "--host", settings.host, "--port", str(port))
        children.start("worker", "-m", "mianzheng", "work")
        if (home.path / WITNESSES).exists():
            children.start("cosigner", "-m", "mianzheng", "ledger", "cosign", "--stay")
        dagster_address = f"http://127.0.0.1:{settings.dagster_port}" if settings.dagster_port else None
        with waiting(console, "启动网页服务", "starting the web process", wanted=progress):
            wait_until_live(children, home, address)
        stack.callback(say, "正在停止", "stopping")
        yield Running(home, address, dagster_address, demonstration, children, city)


@contextlib.contextmanager
def only_one(home: HubHome) -> Iterator[None]:
    """Hold the folder's lock: two hubs in one folder would fight over one database."""
    with (home.path / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StartFailedError(
                f"目录 {home.path} 中已有一个枢纽在运行。请先停止它,或把 HUB_HOME 设到另一目录。",
                f"A hub is already running in {home.path}. Stop it first, or set HUB_HOME to another folder.",
            ) from error
        yield


def hub_database(settings: Settings, home: HubHome, stack: contextlib.ExitStack) -> str:
    """The owner's address of the hub's database: the operator's server, or our own, started here."""
    if settings.database_url is not None:
        return settings.database_url.get_secret_value()
    cluster = Cluster(home.path / "postgres", settings.service_user, home.path / "binaries")
    superuser_password = home.secret_or_new("password_postgres")
    stack.callback(cluster.stop)
    cluster.start(superuser_password)
    owner_password = home.secret_or_new("password_hub_owner")
    cluster.create_database(HUB_DATABASE, HUB_OWNER, owner_password, superuser_password)
    return cluster.url(HUB_OWNER, owner_password, HUB_DATABASE)


def child_environment(home: HubHome) -> dict[str, str]:
    """What the hub's own processes see: HUB_HOME and what PASSED_ON names; every library's telemetry is off."""
    ours = ("HUB_", "DAGSTER_")
    kept = {
        name: value for name, value in os.environ.items() if name.startswith(PASSED_ON) or not name.startswith(ours)
    }
    return kept | {
        "HUB_HOME": str(home.path),
        "DAGSTER_HOME": str(home.dagster),
        "DAGSTER_DISABLE_TELEMETRY": "1",
        "GX_ANALYTICS_ENABLED": "false",
        "PYTHONUNBUFFERED": "1",
    }


def start_web(children: Children, count: int, *place: str) -> None:
    """Start `count` web processes, web, web-2, …; several share the port, and Linux spreads connections over them."""
    shared = ("--shared",) if count > 1 else ()
    for number in range(1, count + 1):
        name = "web" if number == 1 else f"web-{number}"
        children.start(name, "-m", "mianzheng", "serve", *place, *shared)


def wait_until_live(children: Children, home: HubHome, address: str) -> None:
    """Until the web process answers.

    Raises:
        StartFailedError: it ended, or stayed silent for START_SECONDS.
    """
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and not children.ended("web"):
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(f"{address}/health/live", timeout=2, trust_env=False).status_code == httpx.codes.OK:
                return
        time.sleep(0.1)
    raise StartFailedError(
        f"网页服务没有启动,原因见 {home.logs / 'web.log'}。若端口被占用,请设置 HUB_PORT。",
        f"The web process did not come up; see {home.logs / 'web.log'}. If its port is taken, set HUB_PORT.",
    )


def start_dagster(hub: Running, settings: Settings) -> None:
    """Schedules and sensors from now on, and Dagster's own pages."""
    workspace = str(Path(__file__).parent.parent / "workspace.yaml")
    hub.children.start("dagster-daemon", "-m", "dagster._daemon", "run", "-w", workspace)
    if settings.dagster_port:
        place = ("-h", "127.0.0.1", "-p", str(settings.dagster_port))
        hub.children.start("dagster-web", "-m", "dagster_webserver", *place, "-w", workspace)


class Stopped(Exception):
    """Somebody asked the hub to stop."""


class StopWish:
    """Whether somebody asked the hub to stop.

    Python drops what a signal's handler raises at some moments (in a destructor, for one) and prints it, so that the
    wish is written down as well, and looked at again, and nothing is printed of it.
    """

    def __init__(self) -> None:
        """Nobody has asked yet."""
        self._asked = False

    def ask(self, *_: object) -> None:
        """Ctrl-C or SIGTERM; later ones are ignored while everything is being stopped."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        self._asked = True
        raise Stopped

    def look(self) -> None:
        """Raise Stopped if somebody asked, however long ago."""
        if self._asked:
            raise Stopped


@contextlib.contextmanager
def stoppable() -> Iterator[StopWish]:
    """Ctrl-C and SIGTERM end the block by `Stopped`, once."""
    wish = StopWish()
    before = {number: signal.signal(number, wish.ask) for number in ENDING}
    tell = sys.unraisablehook
    sys.unraisablehook = lambda dropped: None if isinstance(dropped.exc_value, Stopped) else tell(dropped)
    try:
        yield wish
    finally:
        sys.unraisablehook = tell
        for number, handler in before.items():
            signal.signal(number, handler)


def watch(hub: Running, wish: StopWish) -> None:
    """Until somebody stops the hub: start again whatever ends by itself.

    Raises:
        Stopped: somebody asked for it.
        StartFailedError: a part ended more often than makes sense.
    """
    renewal, posting = DagsterRenewal(hub.home, hub.children), poster_start(hub.home, hub.children)
    alerts = alerts_start(hub.home, hub.children)
    while True:
        wish.look()
        time.sleep(1)
        renewal.look()
        posting.look()
        alerts.look()
        if given_up := [*hub.children.revive(), *hub.city.children.revive()]:
            names = ", ".join(given_up)
            raise StartFailedError(
                f"进程 {names} 反复退出,原因见 {hub.home.logs}。", f"{names} keeps ending; see {hub.home.logs}."
            )
