"""`mianzheng bench verify`: signed, durable answers a second, beside a bare route in the same server.

    found = bench_verify(VerifyBench(certificates=10_000_000), clock, tell)
    found.ratio          -> verify_rps over hello_rps
    found.signed_ratio   -> verify_rps over signed_rps

A scratch hub is set up and served by as many web processes as asked for, as `mianzheng up` serves it, and beside it
a bare FastAPI route by the same server and as many processes; and, likewise, a bare application that checks the same
requests' signatures and signs as long an answer, of which nothing is looked up or written down. A process of its own
sends prepared requests: signed before, each with a question of its own. First as fast as answers come (closed loop),
then in an open loop at 60 % of that, for the latencies. Answers are counted only if they are 200 and hold a `valid`
verdict. The smaller store is measured first, and then filled up to the larger one.
"""

import json
import os
import random
import re
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx

from certificates.jose import ES256, Key, new_key
from certificates.requests import make_request
from mianzheng.asking import Client
from mianzheng.benchmark.certificates import PURPOSE, TYPE, add_certificates, question
from mianzheng.benchmark.http_load import write_requests
from mianzheng.benchmark.scratch import Scratch, scratch_hub
from mianzheng.embedded_postgres import free_port
from mianzheng.errors import MianzhengError
from mianzheng.processes import Children
from mianzheng.supervisor import child_environment, start_web, wait_until_live
from registries.home import Role
from registries.store import budgets, clients, grants
from registries.store.budgets import Key as Budget
from registries.store.budgets import Limit
from registries.store.engine import Store

Say = Callable[[str, str], None]

CLIENTS: Final = 8
CONNECTIONS: Final = 128
OPEN_LOOP: Final = 0.6
"""The open loop's rate, of the server's own maximum."""
SMALLER: Final = 10
"""How much smaller the first store is."""
BATCH: Final = 1_000
BATCH_CONNECTIONS: Final = 4
_BUDGET: Final = (100_000_000, 1_000_000_000)
"""Questions an hour and a day: so many that none is refused, and each is counted."""
DEPARTMENT: Final = "market_regulation"
_VALID: Final = '"code":"valid"'
_VALID_INSIDE: Final = r"\"code\":\"valid\""
"""The same in an answer of a batch, which is a text."""
_STAGE: Final = re.compile(r'^mianzheng_stage_seconds_total\{stage="([a-z_]+)"\} ([0-9.e+-]+)$', re.MULTILINE)
_ANSWERS: Final = re.compile(r"^mianzheng_answers_total\{[^}]*\} ([0-9.e+-]+)$", re.MULTILINE)


@dataclass(frozen=True)
class VerifyBench:
    """What to measure.

    Attributes:
        certificates: in the larger store; the smaller one has a tenth.
        seconds: of each run.
        processes: that answer, and as many for the bare route.
        folder: where the scratch folder is made.
        keep: leaves the scratch folder, its server stopped.
    """

    certificates: int
    seconds: float = 8.0
    processes: int = 1
    seed: int = 1
    folder: Path | None = None
    keep: bool = False


@dataclass(frozen=True)
class Run:
    """What one run of the load generator came to."""

    rps: float
    p50_ms: float
    p99_ms: float
    most_ms: float
    answered: int
    statuses: Mapping[str, int]
    marked: int


@dataclass(frozen=True)
class AtSize:
    """What a store of one size came to.

    Attributes:
        stages: microseconds for an answer, by stage, in one of the processes.
    """

    certificates: int
    verify_rps: float
    verify_p99_ms: float
    batch_verdicts_per_s: float
    stages: Mapping[str, float]
    runs: Mapping[str, Run] = field(default_factory=dict)


@dataclass(frozen=True)
class VerifyFound:
    """What was measured, at the larger size unless it says otherwise.

    Attributes:
        signed_rps: of the bare application that checks a signature and makes one.
        signed_ratio: verify_rps over signed_rps: what right, look-up and durable ledger leave of that.
        size_ratio: verify_rps of the smaller store over that of the larger one.
        p99_more_ms: of the verification's p99 over the bare route's, each at 60 % of its own maximum.
    """

    certificates: int
    hello_rps: float
    signed_rps: float
    verify_rps: float
    ratio: float
    signed_ratio: float
    batch_verdicts_per_s: float
    batch_ratio: float
    hello_p99_ms: float
    verify_p99_ms: float
    p99_more_ms: float
    size_ratio: float
    stages: Mapping[str, float]
    sizes: Sequence[AtSize]
    settings: Mapping[str, str]
    machine: Mapping[str, float]


def bench_verify(asked: VerifyBench, clock: Callable[[], datetime], tell: Say) -> VerifyFound:
    """Set a scratch hub up, measure, remove it.

    Raises:
        MianzhengError: a server did not come up, or answers were not what they should be.
    """
    with scratch_hub(asked.folder, keep=asked.keep) as scratch:
        bench = _Bench(asked, scratch, clock, tell)
        children = Children(scratch.home.logs, child_environment(scratch.home))
        try:
            return bench.run(children)
        finally:
            children.stop()


class _Bench:
    """One measurement under way."""

    def __init__(self, asked: VerifyBench, scratch: Scratch, clock: Callable[[], datetime], tell: Say) -> None:
        self._asked = asked
        self._scratch = scratch
        self._clock = clock
        self._tell = tell
        self._hub, self._bare, self._signed = free_port(), free_port(), free_port()
        self._address = f"http://127.0.0.1:{self._hub}"
        self._clients = [Client(f"bench-{number}", new_key(ES256)) for number in range(CLIENTS)]
        self._random = random.Random(asked.seed)  # noqa: S311 - which certificates are asked for is no secret

    def run(self, children: Children) -> VerifyFound:
        """All of it, in order."""
        self._register()
        start_web(children, self._asked.processes, "--port", str(self._hub))
        shared = ("--shared",) if self._asked.processes > 1 else ()
        for number in range(1, self._asked.processes + 1):
            for name, options in self._bare_servers().items():
                children.start(f"{name}-{number}", "-m", "mianzheng", "bench", "bare", *options, *shared)
        wait_until_live(children, self._scratch.home, self._address)
        smaller = max(1_000, self._asked.certificates // SMALLER)
        sizes, bare, first = [], None, 1
        for size in (smaller, self._asked.certificates):
            self._tell(f"准备 {size:,} 张证照", f"making {size:,} certificates")
            add_certificates(self._scratch.home.store_url(Role.OWNER), first, size, self._clock())
            self._scratch.source.checkpoint()
            first = size + 1
            self._load(
                self._verifications(size, 2.0), 2.0
            )  # caches and connections, as a hub has that is not just started
            bare = self._bare_runs(size)
            sizes.append(self._at(size))
        if bare is None:
            raise MianzhengError("没有测量任何规模", "no size was measured")
        return self._found(sizes, *bare)

    def _bare_servers(self) -> Mapping[str, Sequence[str]]:
        keys = self._scratch.folder / "clients.jwks"
        keys.write_text(json.dumps({"keys": [_public(client.key) for client in self._clients]}))
        return {"bare": ("--port", str(self._bare)), "signed": ("--port", str(self._signed), "--keys", str(keys))}

    def _at(self, size: int) -> AtSize:
        self._tell(f"{size:,} 张证照:逐条核验", f"{size:,} certificates: one by one")
        with httpx.Client(
            base_url=self._address, timeout=60, trust_env=False, limits=httpx.Limits(keepalive_expiry=None)
        ) as one_process:  # which its connection has
            before = self._spent(one_process)
            closed = self._load(self._verifications(size), self._asked.seconds)
            after = self._spent(one_process)
        answers = after.pop("") - before.pop("")
        stages = {name: round((spent - before.get(name, 0.0)) / answers * 1e6, 1) for name, spent in after.items()}
        opened = self._load(self._verifications(size), self._asked.seconds, rate=closed.rps * OPEN_LOOP)
        self._tell(f"{size:,} 张证照:批量核验", f"{size:,} certificates: in batches")
        batches = self._load(
            self._batches(size), self._asked.seconds, connections=BATCH_CONNECTIONS, mark=_VALID_INSIDE
        )
        return AtSize(
            size,
            closed.rps,
            opened.p99_ms,
            round(batches.rps * BATCH, 1),
            stages,
            {"closed": closed, "open": opened, "batches": batches},
        )

    def _bare_runs(self, size: int) -> tuple[Run, Run, Run]:
        """The smallest answer, as fast as it goes and at 60 % of that; and signatures alone, as fast as they go."""
        self._tell("空接口", "bare servers")
        request = b"GET /hello HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n"
        many = [request] * int(40_000 * self._asked.seconds)
        hello = self._load(many, self._asked.seconds, port=self._bare, mark="world")
        opened = self._load(many, self._asked.seconds, port=self._bare, mark="world", rate=hello.rps * OPEN_LOOP)
        signed = self._requests(int(10_000 * self._asked.seconds), "/signed", lambda: self._question(size))
        return hello, opened, self._load(signed, self._asked.seconds, port=self._signed)

    def _verifications(self, size: int, seconds: float = 0.0) -> Iterable[bytes]:
        return self._requests(
            int(5_000 * (seconds or self._asked.seconds)), "/v1/verifications", lambda: self._question(size)
        )

    def _batches(self, size: int) -> Iterable[bytes]:
        def content() -> Mapping[str, Any]:
            questions = [dict(self._question(size)) for _ in range(BATCH)]
            shared = {name: questions[0][name] for name in ("purpose", "service_item", "case")}
            for each in questions:
                for name in shared:
                    del each[name]
            return {**shared, "questions": questions}

        return self._requests(int(60 * self._asked.seconds), "/v1/verifications/batch", content)

    def _question(self, size: int) -> Mapping[str, str]:
        return question(self._random.randint(1, size))

    def _requests(self, count: int, path: str, content: Callable[[], Mapping[str, Any]]) -> Iterable[bytes]:
        now = self._clock() + timedelta(seconds=1)
        for number in range(count):
            client = self._clients[number % CLIENTS]
            names = {"issuer": client.name, "audience": self._address, "url": self._address + path}
            token = make_request(content(), client.key, now=now, jti=secrets.token_urlsafe(18), **names)
            yield _post(path, token)

    def _load(
        self,
        requests: Iterable[bytes],
        seconds: float,
        *,
        port: int | None = None,
        mark: str = _VALID,
        rate: float | None = None,
        connections: int = CONNECTIONS,
    ) -> Run:
        file = self._scratch.folder / "requests"
        write_requests(file, list(requests))
        arguments = ["--connections", str(connections), "--seconds", str(seconds), "--mark", mark]
        if rate is not None:
            arguments += ["--rate", str(rate)]
        place = [str(file), "127.0.0.1", str(port or self._hub)]
        command = [sys.executable, "-m", "mianzheng.benchmark.http_load", *place, *arguments]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, timeout=seconds + 60)
        found = json.loads(done.stdout)
        del found["seconds"]
        run = Run(**found)
        if run.marked != run.answered or set(run.statuses) != {"200"}:
            raise MianzhengError(
                f"应答不符合预期:{dict(run.statuses)},{run.marked}/{run.answered} 有效,测得的速度不算数。",
                f"answers were not as expected ({dict(run.statuses)}, {run.marked} of {run.answered} valid):"
                " no speed measured on them counts.",
            )
        return run

    @staticmethod
    def _spent(process: httpx.Client) -> dict[str, float]:
        """Seconds of a process by stage; under no name its answers."""
        text = process.get("/metrics").text
        answers = sum(float(count) for count in _ANSWERS.findall(text))
        return {"": answers} | {stage: float(seconds) for stage, seconds in _STAGE.findall(text)}

    def _register(self) -> None:
        today = self._clock().date() - timedelta(days=1)
        with Store(self._scratch.home.store_url(Role.OWNER)) as store, store.begin() as conn:
            for client in self._clients:
                clients.add_client(conn, client.name, DEPARTMENT, "benchmark")
                clients.add_client_key(conn, client.name, _public(client.key))
                budgets.set_limit(conn, Budget("client", client.name), Limit(*_BUDGET), "benchmark")
            grants.add_grant(conn, DEPARTMENT, "verification", PURPOSE, "benchmark", today, certificate_type=TYPE)

    def _found(self, sizes: Sequence[AtSize], hello: Run, opened: Run, signed: Run) -> VerifyFound:
        smaller, larger = sizes
        return VerifyFound(
            certificates=larger.certificates,
            hello_rps=hello.rps,
            signed_rps=signed.rps,
            verify_rps=larger.verify_rps,
            ratio=round(larger.verify_rps / hello.rps, 4),
            signed_ratio=round(larger.verify_rps / signed.rps, 4),
            batch_verdicts_per_s=larger.batch_verdicts_per_s,
            batch_ratio=round(larger.batch_verdicts_per_s / larger.verify_rps, 2),
            hello_p99_ms=opened.p99_ms,
            verify_p99_ms=larger.verify_p99_ms,
            p99_more_ms=round(larger.verify_p99_ms - opened.p99_ms, 2),
            size_ratio=round(smaller.verify_rps / larger.verify_rps, 3),
            stages=larger.stages,
            sizes=sizes,
            settings=self._scratch.settings,
            machine={
                "processors": os.cpu_count() or 0,
                "web_processes": self._asked.processes,
                "load_before": round(os.getloadavg()[2], 2),
            },
        )


def _public(key: Key) -> Mapping[str, Any]:
    return key.public_only().to_jwk()


def _post(path: str, token: str) -> bytes:
    head = (f"POST {path} HTTP/1.1", "host: 127.0.0.1", "content-type: application/jose")
    return "\r\n".join((*head, f"content-length: {len(token)}", "", token)).encode("ascii")
