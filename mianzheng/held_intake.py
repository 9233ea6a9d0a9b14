"""Carries out what stewards decided of held batches: the worker's part, and the command line's.

    passed_over = set()
    while carry_out_next(store, intake, clock, passed_over):
        pass

A worker that is killed leaves the decision waiting, and the next one finishes the same batch. Each decision that was
carried out, or could not be, is in the ledger.
"""

import hashlib
import json
import secrets
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from typing import Any, Literal, NamedTuple

from quality.errors import QualityError
from quality.intake import Intake
from registries.errors import DatasetBusy, RegistriesError, StoreDown
from registries.store import held_batches, ledger
from registries.store.engine import Store
from registries.store.held_batches import Decision

KIND, ISSUER = "held_decision", "stewards"
MOST_ATTEMPTS = 4
_GIVEN_UP = {
    "zh": "放行多次失败，已停止。请联系运维人员查看日志，或退回该批次",
    "en": "releasing it failed again and again; ask the operator to look at the logs, or return the batch",
}
_RETURNED = {"zh": "已退回报送部门，挂起的行不入库", "en": "returned to its department; the rows stay out"}


class _Came(NamedTuple):
    state: Literal["done", "refused"]
    outcome: dict[str, Any]


def carry_out_next(store: Store, intake: Intake, clock: Callable[[], datetime], passed_over: set[str]) -> bool:
    """Carry out the oldest decision that waits; False if none does but of datasets that are passed over, as busy.

    Raises:
        StoreDown: the decision stays as it is.
    """
    with store.begin() as conn:
        waiting = held_batches.next_waiting(conn, frozenset(passed_over))
        if waiting is None:
            return False
        held_batches.note_attempt(conn, waiting.id)
    with store.begin() as conn:
        if not held_batches.lock(conn, waiting.id):  # another worker has it
            return _passed_over(conn, waiting, passed_over)
        try:
            came = _carry_out(intake, waiting)
        except DatasetBusy:
            return _passed_over(conn, waiting, passed_over)
        now = clock()
        held_batches.finish(conn, waiting.id, came.state, came.outcome, now)
        ledger.append(conn, [_entry(waiting, came, now)], now)
    with store.begin() as conn:
        ledger.sequence(conn)
    return True


def _passed_over(conn: Any, decision: Decision, passed_over: set[str]) -> bool:  # noqa: ANN401 - SQLAlchemy's
    held_batches.note_attempt(conn, decision.id, -1)
    passed_over.add(decision.dataset)
    return True


def _carry_out(intake: Intake, decision: Decision) -> _Came:
    if decision.attempts >= MOST_ATTEMPTS:
        return _Came("refused", _GIVEN_UP)
    if decision.act == "return":
        return _Came("done", _RETURNED)
    try:
        outcome = intake.release(decision)
    except (DatasetBusy, StoreDown):
        raise
    except (RegistriesError, QualityError) as error:
        return _Came("refused", {"zh": error.zh, "en": error.en})
    told = _released(outcome.batch, held_again=outcome.state == "held")
    return _Came("done", {**told, "state": outcome.state, "batch": outcome.batch, "counts": asdict(outcome.counts)})


def _released(batch: int | None, *, held_again: bool) -> dict[str, str]:
    if held_again:
        return {
            "zh": f"已按放行重新检查，但批次 {batch} 又被其他规则挂起，请另行处置",
            "en": f"judged again, and batch {batch} is held by other rules; decide about it",
        }
    return {"zh": f"已放行，入库批次 {batch}", "en": f"released as batch {batch}"}


def _entry(decision: Decision, came: _Came, now: datetime) -> ledger.NewEntry:
    """What was decided, and what came of it: of who decided, and of the note, digests only."""
    salt = secrets.token_hex(16)
    told = {
        "act": decision.act,
        "dataset": decision.dataset,
        "batch": decision.batch,
        "reason": decision.reason,
        "by": hashlib.sha256((salt + decision.decided_by).encode()).hexdigest(),
        "decided_at": decision.decided_at.isoformat(),
        "note": None if decision.note is None else hashlib.sha256(decision.note).hexdigest(),
        "state": came.state,
        "became": came.outcome.get("batch"),
        "at": now.isoformat(),
        "salt": salt,
    }
    body = json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    return ledger.NewEntry(KIND, ISSUER, f"held:{decision.id}", hashlib.sha256(body).digest(), body)
