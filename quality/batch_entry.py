"""What the ledger keeps of a batch: counts and scores, so that nobody can improve last month's.

The payload is canonical JSON (sorted members, no spaces, UTF-8) with a salt of 128 bits; the leaf is its SHA-256. It
names the dataset, the batch's sequence, the contract's version, the landed digest and the moment, and no row. Each
score is a list: rule, its version, dimension, indicator, level, checked, failed, and failures beyond mending; entries
of earlier versions of the hub hold rule, version, checked and failed alone.

    >>> body = payload({"dataset": "a.b", "sequence": 1}, [], salt=b"0" * 16)
    >>> body.decode()
    '{"dataset":"a.b","salt":"MDAwMDAwMDAwMDAwMDAwMA","scores":[],"sequence":1}'
    >>> told_scores([["r", "v1", 10, 1]])
    {'r': {'rule_version': 'v1', 'checked': 10, 'failed': 1}}
"""

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from quality.scores import RuleScore
from registries.store.ledger import NewEntry

KIND: Final = "batch"
ISSUER: Final = "intake"
MEMBERS: Final = (
    *("rule_id", "rule_version", "dimension", "indicator"),
    *("level", "checked", "failed", "beyond_mending"),
)
"""What a score's list holds, in this order."""
EARLIER_MEMBERS: Final = ("rule_id", "rule_version", "checked", "failed")


def payload(facts: Mapping[str, object], scores: Iterable[RuleScore], *, salt: bytes) -> bytes:
    """The bytes that the ledger keeps: `facts` with the scores by rule and the salt."""
    told = [[getattr(score, name) for name in MEMBERS] for score in scores]
    members = {**facts, "scores": sorted(told), "salt": base64.urlsafe_b64encode(salt).rstrip(b"=").decode()}
    return json.dumps(members, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def entry(dataset: str, sequence: int, body: bytes) -> NewEntry:
    """The ledger's entry of a batch; one for each dataset and sequence, whatever crashes."""
    return NewEntry(KIND, ISSUER, f"{KIND}:{dataset}:{sequence}", hashlib.sha256(body).digest(), body)


def told_scores(listed: Sequence[Sequence[Any]]) -> dict[str, dict[str, Any]]:
    """A payload's scores: by rule, what it tells of each, whichever version of the hub wrote it."""
    told = (dict(zip(_names(each), each, strict=True)) for each in listed)
    return {str(each.pop("rule_id")): each for each in told}


def _names(listed: Sequence[Any]) -> Sequence[str]:
    return EARLIER_MEMBERS if len(listed) == len(EARLIER_MEMBERS) else MEMBERS
