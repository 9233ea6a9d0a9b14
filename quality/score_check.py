"""Kept scores are what the ledger says they were: whoever polishes one with SQL is found out, by batch and rule.

    with store_owner.begin() as conn:
        for fault in score_faults(conn): ...

Three things hold each other: the rows of `hub.score`, the payload of the batch's entry, and the leaf, which is the
SHA-256 of that and stands in the Merkle tree under signed and cosigned checkpoints (`ledger.check`). Who changes a row
alone differs from the payload; who changes the payload too, from the leaf; who changes the leaf as well, from the tree.
Bodies of batches never expire, so that one that is missing was taken away.
"""

import hashlib
import json
from collections.abc import Collection, Generator, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from quality.batch_entry import told_scores
from registries.store import score_entries
from registries.store.score_entries import BatchEntry

Connection = Any
"""The store's transaction; SQLAlchemy's name for it is known in registries only."""

WHAT: Final[Mapping[str, tuple[str, str]]] = {
    "entry_missing": ("存证日志没有这一批", "the ledger knows nothing of this batch"),
    "body_missing": ("存证正文被删除", "the ledger's body was taken away"),
    "body_changed": ("存证正文被改动", "the ledger's body was changed"),
    "batch_missing": ("批次记录被删除", "the batch's record was taken away"),
    "batch_changed": ("批次记录被改动", "the batch's record was changed"),
    "rule_missing": ("该规则的得分被删除", "the rule's score was taken away"),
    "rule_added": ("该规则的得分是后来添加的", "the rule's score was added afterwards"),
    "rule_changed": ("该规则的得分被改动", "the rule's score was changed"),
    "shown_otherwise": ("对外展示的得分与最近一批不符", "the score that is shown is not that of the latest batch"),
}


@dataclass(frozen=True)
class ScoreFault:
    """Something that is not as the ledger says.

    Attributes:
        batch: its number; None where the store lacks it.
        rule_id: which score; None where it is about the whole batch.
        what: a key of `WHAT`.
        was: what the ledger tells; now: what the store holds. Counts and words only; empty where there is nothing.
    """

    dataset: str
    sequence: int | None
    batch: int | None
    rule_id: str | None
    what: str
    was: str = ""
    now: str = ""


def batch_faults(conn: Connection, numbers: Collection[int] | None = None) -> Generator[ScoreFault]:
    """What differs from the ledger in all batches, or in these and those that are gone. As the owner or the loader."""
    for one in score_entries.batches(conn, numbers):
        yield from _faults(one)
    for lost in score_entries.unwritten(conn):
        if numbers is None or lost.number in numbers:
            yield ScoreFault(lost.dataset, lost.sequence, lost.number, None, "entry_missing")


def score_faults(conn: Connection) -> Iterator[ScoreFault]:
    """Everything about kept scores that differs from the ledger, by batch. As the owner or the loader."""
    yield from batch_faults(conn)
    for number, dataset in score_entries.stray(conn):
        yield ScoreFault(dataset, None, number, None, "batch_missing")
    for dataset, number in score_entries.shown_otherwise(conn):
        yield ScoreFault(dataset, None, number, None, "shown_otherwise")


def _faults(one: BatchEntry) -> Iterator[ScoreFault]:
    about = (one.dataset, one.sequence, one.number)
    if one.payload is None:
        yield ScoreFault(*about, None, "body_missing")
        return
    if hashlib.sha256(one.payload).digest() != one.leaf:
        yield ScoreFault(*about, None, "body_changed")
        return
    told = json.loads(one.payload)
    if one.number is None:
        yield ScoreFault(*about, None, "batch_missing")
        return
    yield from _facts(one, told)
    yield from _rules(one, told_scores(told["scores"]))


def _facts(one: BatchEntry, told: Mapping[str, Any]) -> Iterator[ScoreFault]:
    """Contract, landed digest and, since entries tell it, the moment."""
    held: dict[str, object] = {"contract_version": one.contract_version, "landed_digest": one.landed_digest}
    was: dict[str, object] = {name: told[name] for name in held}
    if "at" in told:
        held["at"], was["at"] = one.taken_over_at, datetime.fromisoformat(told["at"])
    if held != was:
        yield ScoreFault(one.dataset, one.sequence, one.number, None, "batch_changed", _shown(was), _shown(held))


def _rules(one: BatchEntry, told: Mapping[str, Mapping[str, Any]]) -> Iterator[ScoreFault]:
    about = (one.dataset, one.sequence, one.number)
    for rule in sorted(told.keys() | one.rules.keys()):
        if rule not in one.rules:
            yield ScoreFault(*about, rule, "rule_missing", _shown(told[rule]))
        elif rule not in told:
            yield ScoreFault(*about, rule, "rule_added", "", _shown(one.rules[rule]))
        else:
            now = {name: one.rules[rule][name] for name in told[rule]}
            if now != told[rule]:
                yield ScoreFault(*about, rule, "rule_changed", _shown(told[rule]), _shown(now))


def _shown(columns: Mapping[str, Any]) -> str:
    return " ".join(f"{name}={columns[name]}" for name in sorted(columns))
