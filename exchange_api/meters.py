"""What is counted for operators (Prometheus): verdicts, latencies, the ledger's size; never numbers or names.

Each application has a registry of its own, so that two in one process don't count into each other.

    >>> meters = Meters()
    >>> meters.note_answer("valid")
    >>> b'mianzheng_answers_total{verdict="valid"} 1.0' in meters.exposition()
    True
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
"""Upper bounds of the latency histogram, in seconds; an answer at a counter should stay under the fifth."""


class Meters:
    """The counters of one application."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry(auto_describe=False)
        self._answers = Counter("mianzheng_answers", "Signed answers by verdict", ["verdict"], registry=self._registry)
        self._refusals = Counter(
            "mianzheng_problems",
            "Questions that got no signed answer, by problem",
            ["problem"],
            registry=self._registry,
        )
        self._tokens = Counter(
            "mianzheng_refused_tokens",
            "Tokens refused by their form, type, key or signature, by where and why",
            ["place", "reason"],
            registry=self._registry,
        )
        self._live = Counter(
            "mianzheng_live_questions",
            "Questions to live sources by what became of them",
            ["dataset", "outcome"],
            registry=self._registry,
        )
        self._seconds = Histogram(
            "mianzheng_request_seconds",
            "Time to answer a request",
            ["route", "status"],
            buckets=SECONDS,
            registry=self._registry,
        )
        self._group = Histogram(
            "mianzheng_group_size",
            "Questions answered by one commit",
            buckets=(1, 4, 16, 64, 256),
            registry=self._registry,
        )
        self._stages = Counter(
            "mianzheng_stage_seconds", "Time spent on answers, by step of the way", ["stage"], registry=self._registry
        )
        self._ledger_size = Gauge(
            "mianzheng_ledger_size", "Entries with a place in the ledger", registry=self._registry
        )
        self._key_days = Gauge(
            "mianzheng_key_days_left", "Days until a key should be replaced", ["purpose"], registry=self._registry
        )
        self._stamp_wait = Gauge(
            "mianzheng_time_stamp_wait_seconds", "How long entries wait for a time stamp", registry=self._registry
        )
        self._stopped = Gauge(
            "mianzheng_stopped_askers", "Clients and officers that were stopped for guessing", registry=self._registry
        )
        self._alarms = Gauge("mianzheng_alarms", "What operators should see to", registry=self._registry)
        self._ready = Gauge("mianzheng_ready", "1 if the hub can sign and answer", registry=self._registry)

    def set_key_days(self, purpose: str, days: float) -> None:
        """Remember how many days are left of a purpose's key; negative if it should have been replaced."""
        self._key_days.labels(purpose).set(days)

    def set_stamp_wait(self, seconds: float) -> None:
        """Remember how long the ledger's oldest entry without a trusted time has waited."""
        self._stamp_wait.set(seconds)

    def set_stopped(self, count: int) -> None:
        """Remember how many askers are stopped for guessing, and wait for an inspector."""
        self._stopped.set(count)

    def set_alarms(self, count: int) -> None:
        """Remember how many alarms there are."""
        self._alarms.set(count)

    def note_answer(self, verdict: str) -> None:
        """Count a signed answer under its verdict."""
        self._answers.labels(verdict).inc()

    def note_problem(self, name: str) -> None:
        """Count a question that ended in a problem document."""
        self._refusals.labels(name).inc()

    def note_refused_token(self, place: str, reason: str) -> None:
        """Count a token that was refused: in a `request` or on the page to `verify`, and the code of why."""
        self._tokens.labels(place, reason).inc()

    def note_live(self, dataset: str, outcome: str) -> None:
        """Count a question to a live source: `answered`, or the kind of failure."""
        self._live.labels(dataset, outcome).inc()

    def note_request(self, route: str, status: int, seconds: float) -> None:
        """Count a request of any kind and the time it took."""
        self._seconds.labels(route, f"{status // 100}xx").observe(seconds)

    def note_group(self, size: int) -> None:
        """Count the questions of one commit."""
        self._group.observe(size)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count the time that the block takes to a step of the way of a question."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self._stages.labels(name).inc(time.perf_counter() - began)

    def set_ledger_size(self, size: int) -> None:
        """Remember how many entries have a place."""
        self._ledger_size.set(size)

    def set_ready(self, *, ready: bool) -> None:
        """Remember whether the last readiness check was well."""
        self._ready.set(1 if ready else 0)

    def exposition(self) -> bytes:
        """All of it in Prometheus' text format."""
        return generate_latest(self._registry)
