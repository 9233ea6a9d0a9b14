"""The end of `make run ONCE=1`: ask the numbers to try over HTTP, verify each receipt offline, replay the ledger."""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
from rich.cells import cell_len, set_cell_size

from mianzheng.asking import Answered, ask, demonstration_client
from mianzheng.demonstration import NUMBERS, NumberToTry
from mianzheng.source_report import SourceLine, source_lines
from mianzheng.supervisor import Running
from mianzheng.terminal import clock
from registries.home import Role
from registries.store import ledger
from registries.store.engine import Store

if TYPE_CHECKING:
    from mianzheng.cycle_display import Outcome


@dataclass(frozen=True)
class Asked:
    """One number: what was expected, what came back, whether the receipt is genuine offline."""

    what: str
    number: str
    expected: str
    verdict: str
    zh: str
    next_zh: str
    genuine: bool

    @property
    def passed(self) -> bool:
        """The expected verdict, with a receipt that verifies."""
        return self.verdict == self.expected and self.genuine


@dataclass(frozen=True)
class SelfCheck:
    """The summary of one whole cycle."""

    asked: Sequence[Asked]
    ledger_size: int
    ledger_faults: int
    conserved: bool
    rows: int
    sources: Sequence[SourceLine]
    seconds: float

    @property
    def passed(self) -> bool:
        """Everything as expected, and at least one number asked."""
        answered = bool(self.asked) and all(one.passed for one in self.asked)
        return answered and all(one.up for one in self.sources) and not self.ledger_faults and self.conserved

    def to_json(self) -> Mapping[str, Any]:
        """For programs."""
        return asdict(self) | {"passed": self.passed}

    def text(self) -> str:
        """For people."""
        lines = ["", "来源 sources", *(one.text() for one in self.sources), "", "自检 self-check"]
        what, number = (max(map(cell_len, words), default=0) for words in self._columns())
        for one in self.asked:
            mark = "✓" if one.passed else "✗"
            proof = "回执离线核验通过 receipt genuine" if one.genuine else "回执离线核验失败 receipt REFUSED"
            head = f"{set_cell_size(one.what, what)}  {set_cell_size(one.number, number)}"
            lines.append(f"  {mark} {head}  {one.verdict} {one.zh} — {proof}")
            lines.append(f"      {one.next_zh}")
        conserved = "每批次守恒 every batch conserved" if self.conserved else "有批次不守恒 a batch is NOT conserved"
        lines.append(f"  {self.rows:,} 行 rows; {conserved}")
        lines.append(f"  存证日志 ledger: {self.ledger_size:,} 条 entries, {self.ledger_faults} 处异常 faults")
        lines.append(f"  {'通过 PASSED' if self.passed else '未通过 FAILED'} ({self.seconds:.0f} s)")
        return "\n".join(lines)

    def _columns(self) -> tuple[list[str], list[str]]:
        return [one.what for one in self.asked], [one.number for one in self.asked]


def self_check(hub: Running, outcomes: Sequence["Outcome"], started: float, *, all_pushed: bool) -> SelfCheck:
    """Ask, verify, replay; see SelfCheck. `started` is when the hub was, on the monotonic clock."""
    keys = httpx.get(f"{hub.address}/v1/keys.jwks", timeout=30, trust_env=False).json()
    asked = [ask_one(hub, number, keys) for number in hub.demonstration.numbers()]
    with Store(hub.home.store_url(Role.OWNER)) as store, store.begin() as connection:
        report = ledger.check(connection)
    live = [one for one in asked if one.what == NUMBERS["tax"][0]]
    live_up = all(one.verdict != "unavailable" for one in live)
    sources = source_lines(hub.home, outcomes, all_pushed=all_pushed, live_up=live_up)
    return SelfCheck(
        asked=asked,
        ledger_size=report.size,
        ledger_faults=len(report.faults),
        conserved=all(is_conserved(outcome) for outcome in outcomes),
        rows=sum(outcome.counts.pulled for outcome in outcomes if outcome.batch is not None),
        sources=sources,
        seconds=time.monotonic() - started,
    )


def is_conserved(outcome: "Outcome") -> bool:
    """Pulled = accepted + quarantined + held; accepted = new + changed + unchanged + deleted + repeated."""
    counts = outcome.counts
    parts = counts.new + counts.changed + counts.unchanged + counts.deleted + counts.repeated
    return counts.pulled == counts.accepted + counts.quarantined + counts.held and (
        counts.accepted == parts or outcome.state == "held"
    )


def ask_one(hub: Running, number: NumberToTry, keys: Mapping[str, Any]) -> Asked:
    """One number over HTTP, its receipt verified in a process that has only the room `certificates`."""
    now = clock()
    answer = ask(hub.address, demonstration_client(hub.home, now), number.question(), now)
    return Asked(
        what=number.what,
        number=number.number,
        expected=number.expected,
        verdict=str(answer.verdict["code"]),
        zh=str(answer.verdict["zh"]),
        next_zh=str(answer.verdict["next"]["zh"]),
        genuine=verified_offline(answer, keys),
    )


def verified_offline(answer: Answered, keys: Mapping[str, Any]) -> bool:
    """Run `python -m certificates verify-receipt` on the receipt and its proof."""
    with tempfile.TemporaryDirectory(prefix="mianzheng-receipt-") as name:
        folder = Path(name)
        receipt, jwks, proof = folder / "receipt.jws", folder / "keys.jwks", folder / "receipt.tlog-proof"
        receipt.write_text(answer.receipt, encoding="ascii")
        jwks.write_text(json.dumps(keys), encoding="utf-8")
        proof.write_text(answer.proof, encoding="utf-8")
        command = [sys.executable, "-m", "certificates", "verify-receipt", str(receipt), "--keys", str(jwks)]
        done = subprocess.run([*command, "--proof", str(proof)], capture_output=True, check=False)
        return done.returncode == 0
