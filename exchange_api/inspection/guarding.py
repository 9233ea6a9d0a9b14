"""Against guessing, for the way of a question: what a budget allows, and from where on nothing more is told.

    refused = spend(work, [Asking(key, asker, department, purpose, grants), ...], now)     # step 3
    refused.get(key)                                        # RefusalReason, or None: it may be asked
    cut = cut_off(work, [Told(key, asker, misses), ...], now)                              # after step 5, in order
    key in cut                                              # cut[key]: so many of its misses may be told, the rest not

Both are one statement for a whole group, and none where nothing was asked or missed.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from certificates.verdicts import RefusalReason
from exchange_api.transactions import Transaction
from registries.store import budgets
from registries.store.budgets import Miss, Spend
from registries.store.grants import Grant

Key = tuple[str, str]


class Asking(NamedTuple):
    """A question that grants cover; `questions`: how many it holds."""

    key: Key
    asker: str
    department: str
    purpose: str
    grants: tuple[Grant | None, ...]
    questions: int = 1


class Told(NamedTuple):
    """A question that was answered, and how many of its look-ups found nothing."""

    key: Key
    asker: str
    misses: int


def spend(work: Transaction, asked: Sequence[Asking], now: datetime) -> dict[Key, RefusalReason]:
    """Take what questions need from the budgets, the first ones first; which of them may not be asked, and why."""
    spends = [Spend(each.asker, each.department, each.purpose, _ids(each.grants), each.questions) for each in asked]
    refused = budgets.take(work.conn, spends, now) if spends else {}
    return {asked[place].key: why.reason for place, why in refused.items()}


def cut_off(work: Transaction, told: Sequence[Told], now: datetime) -> dict[Key, int]:
    """Note the misses; of askers that this ends, the questions that may tell less than they found, and how many misses.

    0: nothing of it may be told; the asker gets a refusal (`too_many_misses`) instead, hits included.
    """
    misses = [Miss(each.asker, place, each.misses) for place, each in enumerate(told) if each.misses]
    cut = {}
    for ended in budgets.note(work.conn, misses, now):
        for place, each in enumerate(told):
            if each.asker == ended.asker and place > ended.after:
                cut[each.key] = 0
            elif each.asker == ended.asker and place == ended.after and each.misses > ended.told:
                cut[each.key] = ended.told
    return cut


def _ids(grants: Sequence[Grant | None]) -> tuple[int, ...]:
    return tuple(grant.id for grant in grants if grant is not None)
