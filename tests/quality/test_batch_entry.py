"""A batch's ledger entry: the same facts give the same bytes, and one entry per dataset and sequence."""

import hashlib
import json

from quality.batch_entry import entry, payload, told_scores
from quality.scores import RuleScore

SCORES = [RuleScore("b", "1", "accuracy", "0302", 1, 10, 1), RuleScore("a", "1", "accuracy", "0302", 1, 10, 0)]


def test_the_payload_is_canonical_and_salted() -> None:
    body = payload({"sequence": 1, "dataset": "x.y"}, SCORES, salt=b"s" * 16)
    assert body == payload({"dataset": "x.y", "sequence": 1}, SCORES[::-1], salt=b"s" * 16)
    assert body != payload({"dataset": "x.y", "sequence": 1}, SCORES, salt=b"t" * 16)
    assert json.loads(body)["scores"] == [
        ["a", "1", "accuracy", "0302", 1, 10, 0, 0],
        ["b", "1", "accuracy", "0302", 1, 10, 1, 0],
    ]
    assert told_scores(json.loads(body)["scores"])["b"]["failed"] == 1


def test_entries_of_earlier_versions_are_read_for_what_they_tell() -> None:
    assert told_scores([["a", "1", 10, 2]]) == {"a": {"rule_version": "1", "checked": 10, "failed": 2}}


def test_the_entry_is_named_after_dataset_and_sequence() -> None:
    made = entry("x.y", 7, b"body")
    assert (made.kind, made.jti, made.leaf) == ("batch", "batch:x.y:7", hashlib.sha256(b"body").digest())
