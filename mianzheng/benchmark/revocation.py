"""How long a revocation takes from its publisher to the verdict at a counter: `mianzheng bench revocation`.

A scratch hub with its own processes, as `mianzheng up` starts them: web, intake worker, PostgreSQL. A registry pushes
its licences, then revokes one after the other by `POST /v1/datasets/…/batches`; meanwhile an approval system asks
`/v1/verifications` again and again until the verdict is `revoked_penalty`. The seconds run from the moment when the
push is sent to the moment when that answer has come back, receipt and all. A watch on each licence tells, beside it,
when the change stood in the feed.

Half of the revocations are pushed alone, half in a delivery with many other changes.
"""

import contextlib
import dataclasses
import json
import secrets
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from shutil import copytree
from typing import Any, Final

import httpx

from certificates.jose import ES256, new_key, sign, signing_input
from certificates.receipts import TYP_REQUEST
from certificates.requests import common_claims
from mianzheng.asking import Client, ask
from mianzheng.benchmark.scratch import scratch_hub
from mianzheng.embedded_postgres import free_port
from mianzheng.errors import BenchmarkSpoiltError
from mianzheng.processes import Children
from mianzheng.publishers import register_publisher
from mianzheng.pushing import Publisher
from mianzheng.supervisor import child_environment, wait_until_live
from registries.home import HubHome, Role
from registries.operators.folders import operators_folder
from registries.operators.take_up import take_up
from registries.store import clients, grants
from registries.store.engine import Store

Say = Callable[[str, str], None]
"""Tells the person at the terminal what is going on: (zh, en)."""

DEPARTMENT: Final = "benchmark_registry"
DATASET: Final = f"{DEPARTMENT}.licences"
TYPE: Final = "DEMO00000000000000006"
LIMIT_SECONDS: Final = 5.0
"""What is promised."""

_CONTRACTS: Final = Path(__file__).parent / "contracts" / DEPARTMENT
_HOLDER: Final = ("测速用食品经营者", "91110000600037341L", "001")
_PURPOSE, _ITEM, _CASE = "测速", "bench", "BENCH-1"
_ROWS_A_PUSH: Final = 100_000
_PAUSE: Final = 0.02
_PATIENCE: Final = 60.0
_LOAD_PATIENCE: Final = 600.0


@dataclass(frozen=True)
class RevocationBench:
    """What to measure.

    Attributes:
        certificates: licences in the hub.
        revocations: how many are revoked, one after the other; every second one among `among` other changes.
        folder: where the scratch folder is made.
        keep: leaves the scratch folder, its server stopped.
    """

    certificates: int = 100_000
    revocations: int = 10
    among: int = 2_000
    folder: Path | None = None
    keep: bool = False


@dataclass(frozen=True)
class RevocationFound:
    """What was measured, in seconds.

    Attributes:
        seconds: from push to verdict, of those pushed alone; `seconds_among` of those among other changes.
        feed_seconds: from push until the watch's event stood in the feed, of all.
        max_s: the longest of all to the verdict.
    """

    certificates: int
    among: int
    seconds: list[float] = field(default_factory=list)
    seconds_among: list[float] = field(default_factory=list)
    feed_seconds: list[float] = field(default_factory=list)
    median_s: float = 0.0
    max_s: float = 0.0
    limit_s: float = LIMIT_SECONDS
    within: bool = False


def bench_revocation(asked: RevocationBench, clock: Callable[[], datetime], tell: Say) -> RevocationFound:
    """Set a scratch hub up, measure, remove it.

    Raises:
        MianzhengError: the server can't be started, or a verdict did not come at all.
    """
    with scratch_hub(asked.folder, keep=asked.keep) as scratch, _served(scratch.home, clock) as bench:
        tell(f"推送 {asked.certificates:,} 张证照", f"pushing {asked.certificates:,} licences")
        bench.fill(asked.certificates)
        tell(f"逐一吊销 {asked.revocations} 张", f"revoking {asked.revocations}, one after the other")
        taken = [bench.revoke(each, asked) for each in range(asked.revocations)]
    alone = [one.verdict_s for one in taken[::2]]
    among = [one.verdict_s for one in taken[1::2]]
    everything = [*alone, *among]
    return RevocationFound(
        certificates=asked.certificates,
        among=asked.among,
        seconds=alone,
        seconds_among=among,
        feed_seconds=[one.feed_s for one in taken],
        median_s=round(statistics.median(everything), 3),
        max_s=max(everything),
        within=max(everything) <= LIMIT_SECONDS,
    )


@contextlib.contextmanager
def _served(home: HubHome, clock: Callable[[], datetime]) -> Iterator["_Bench"]:
    """The hub's own processes, a registry and an approval system that it knows."""
    copytree(_CONTRACTS, operators_folder(home) / DEPARTMENT)
    with Store(home.store_url(Role.LOAD)) as load:
        take_up(home, load, clock())
    children = Children(home.logs, child_environment(home))
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    try:
        children.start("web", "-m", "mianzheng", "serve", "--host", "127.0.0.1", "--port", str(port))
        children.start("worker", "-m", "mianzheng", "work")
        wait_until_live(children, home, address)
        with httpx.Client(base_url=address, timeout=30, trust_env=False) as http:
            yield _Bench(home, address, *_known(home, clock), clock, http)
    finally:
        children.stop()


def _known(home: HubHome, clock: Callable[[], datetime]) -> tuple[Client, Client]:
    """The registry and the approval system, registered, with the rights that they need."""
    registry, approval = Client("bench-registry", new_key(ES256)), Client("bench-approval", new_key(ES256))
    jwk = registry.key.to_jwk()
    register_publisher(home, registry.name, DEPARTMENT, "测速用登记系统", jwk, by="bench", now=clock())
    with Store(home.store_url(Role.OWNER)) as owner, owner.begin() as conn:
        clients.add_client(conn, approval.name, DEPARTMENT, "测速用审批系统")
        clients.add_client_key(conn, approval.name, approval.key.to_jwk())
        day = clock().date() - timedelta(days=1)
        grants.add_grant(conn, DEPARTMENT, "verification", _PURPOSE, "bench", day, certificate_type=TYPE)
    return registry, approval


@dataclass(frozen=True)
class _Taken:
    """Seconds from the push to the verdict, and to the feed."""

    verdict_s: float
    feed_s: float


@dataclass
class _Bench:
    """A hub that is up, with its publisher and its asker."""

    home: HubHome
    address: str
    registry: Client
    approval: Client
    clock: Callable[[], datetime]
    http: httpx.Client
    last: int = 0
    events: int = 0

    def fill(self, count: int) -> None:
        """Push that many valid licences."""
        for first in range(0, count, _ROWS_A_PUSH):
            rows = [_licence(each, self.clock()) for each in range(first, min(first + _ROWS_A_PUSH, count))]
            answer = self._publisher().wait(self._push(rows), _LOAD_PATIENCE)
            if answer["state"] != "done":
                raise BenchmarkSpoiltError(DATASET, str(answer["state"]))

    def revoke(self, which: int, asked: RevocationBench) -> _Taken:
        """Revoke one licence, watched, and ask until the verdict says so."""
        self._expect(which, "valid")
        self._watch(which)
        now = self.clock()
        rows = [_licence(which, now, status="revoked_penalty")]
        if which % 2:
            others = range(asked.revocations, min(asked.revocations + asked.among, asked.certificates))
            rows += [_licence(each, now, issuer=f"测速用登记机关 {which}") for each in others]
        with ThreadPoolExecutor(2) as threads:
            started = time.monotonic()
            told = threads.submit(self._until_told, started)
            pushed = threads.submit(self._push, rows)
            verdict_s = self._until_revoked(which, started)
            pushed.result()
            return _Taken(verdict_s, told.result())

    def _push(self, rows: Sequence[Mapping[str, str]]) -> Mapping[str, Any]:
        self.last += 1
        file = self.home.spill / f"bench-{self.last}.ndjson"
        file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
        try:
            return self._publisher().push(DATASET, self.last, file)
        finally:
            file.unlink()

    def _publisher(self) -> Publisher:
        return Publisher(self.address, self.registry, self.clock)

    def _until_revoked(self, which: int, started: float) -> float:
        while time.monotonic() - started < _PATIENCE:
            code = self._code(which)
            if code == "revoked_penalty":
                return round(time.monotonic() - started, 3)
            if code != "valid":
                raise BenchmarkSpoiltError(DATASET, code)
            time.sleep(_PAUSE)
        raise BenchmarkSpoiltError(DATASET, f"still valid after {_PATIENCE:.0f} s")

    def _until_told(self, started: float) -> float:
        path = f"/v1/watches/feed?after={self.events}"
        while time.monotonic() - started < _PATIENCE:
            answer = self.http.get(path, headers={"hub-request": self._signed(path)})
            if answer.status_code == httpx.codes.OK and answer.json()["events"]:
                self.events = int(answer.json()["events"][-1]["sequence"])
                return round(time.monotonic() - started, 3)
            time.sleep(_PAUSE)
        raise BenchmarkSpoiltError(DATASET, f"no event after {_PATIENCE:.0f} s")

    def _expect(self, which: int, code: str) -> None:
        found = self._code(which)
        if found != code:
            raise BenchmarkSpoiltError(DATASET, f"{found} instead of {code}")

    def _code(self, which: int) -> str:
        return str(ask(self.address, self.approval, _question(which), self.clock()).verdict["code"])

    def _watch(self, which: int) -> None:
        path = "/v1/watches"
        token = self._signed(path, question=_question(which))
        answer = self.http.post(path, content=token, headers={"content-type": "application/jwt"})
        if answer.status_code != httpx.codes.OK or answer.json()["verdict"]["opened"]["id"] is None:
            raise BenchmarkSpoiltError(DATASET, "no watch")

    def _signed(self, path: str, **content: object) -> str:
        claims = common_claims(
            self.approval.name, self.address, self.address + path, self.clock(), secrets.token_urlsafe(24)
        )
        return sign(signing_input({**claims, **content}, self.approval.key, TYP_REQUEST), self.approval.key)


def _licence(which: int, changed_at: datetime, **more: str) -> dict[str, str]:
    name, code, code_type = _HOLDER
    return {
        "number": _number(which),
        "holder": name,
        "holder_code": code,
        "holder_code_type": code_type,
        "issuer": "测速用登记机关",
        "issued_on": "2024-01-02",
        "valid_until": "2098-12-31",
        "status": "valid",
        "changed_at": f"{changed_at:%Y-%m-%d %H:%M:%S}",
    } | more


def _number(which: int) -> str:
    return f"JYBENCH{which:09}"


def _question(which: int) -> dict[str, str]:
    name, code, code_type = _HOLDER
    return {
        "certificate_type": TYPE,
        "certificate_number": _number(which),
        "holder_name": name,
        "holder_code": code,
        "holder_code_type": code_type,
        "purpose": _PURPOSE,
        "service_item": _ITEM,
        "case": _CASE,
    }


def as_lines(found: RevocationFound) -> Iterator[str]:
    """What was measured, for people."""
    for name, values in dataclasses.asdict(found).items():
        if isinstance(values, list):
            yield f"{name:<16}" + " ".join(f"{value:.2f}" for value in values)
    yield f"max_s           {found.max_s:.2f}   limit {found.limit_s:.0f}   within {found.within}"
