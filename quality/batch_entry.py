"""What the ledger keeps of a batch: counts and scores, so that nobody can improve last month's.

The payload is canonical JSON (sorted members, no spaces, UTF-8) with a salt of 128 bits; the leaf is its SHA-256. It
names the dataset, the batch's sequence, the contract's version and the landed digest, and no row.

    >>> body = payload({"dataset": "a.b", "sequence": 1}, [], salt=b"0" * 16)
    >>> body.decode()
    '{"dataset":"a.b","salt":"MDAwMDAwMDAwMDAwMDAwMA","scores":[],"sequence":1}'
"""

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping

from quality.scores import RuleScore
from registries.store.ledger import NewEntry

KIND = "batch"
ISSUER = "intake"


def payload(facts: Mapping[str, object], scores: Iterable[RuleScore], *, salt: bytes) -> bytes:
    """The bytes that the ledger keeps: `facts` with the scores by rule and the salt."""
    told = [[score.rule_id, score.rule_version, score.checked, score.failed] for score in scores]
    members = {**facts, "scores": sorted(told), "salt": base64.urlsafe_b64encode(salt).rstrip(b"=").decode()}
    return json.dumps(members, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def entry(dataset: str, sequence: int, body: bytes) -> NewEntry:
    """The ledger's entry of a batch; one for each dataset and sequence, whatever crashes."""
    return NewEntry(KIND, ISSUER, f"{KIND}:{dataset}:{sequence}", hashlib.sha256(body).digest(), body)
