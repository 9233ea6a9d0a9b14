"""What holds a batch."""

import pytest

from quality.gate import Gauge, failed
from registries.departments import load_catalogue

RULES = [rule for rule in load_catalogue().dataset("public_security.residents").rules if rule.kind == "batch"]


@pytest.mark.parametrize(
    ("gauge", "expected"),
    [
        (Gauge(100, 30, 0), []),
        (Gauge(100, 30, 100), []),
        (Gauge(100, 31, 100), ["batch-share_refused"]),
        (Gauge(80, 0, 100), []),
        (Gauge(79, 0, 100), ["batch-volume_drop"]),
        (Gauge(500, 0, 100), []),
        (Gauge(100, 0, 0), []),
        (Gauge(0, 0, 0), ["batch-rows"]),
        (Gauge(0, 0, 100), ["batch-rows", "batch-volume_drop"]),
        (Gauge(2, 1, 0, whole=False), []),
        (Gauge(40, 19, 0, whole=False), []),
        (Gauge(40, 20, 0, whole=False), ["batch-share_refused"]),
        (Gauge(40, 0, 1000, whole=False, deleted=19, current=19), []),
        (Gauge(40, 0, 0, whole=False, deleted=20, current=100), []),
        (Gauge(40, 0, 0, whole=False, deleted=21, current=100), ["batch-volume_drop"]),
    ],
)
def test_the_gate(gauge: Gauge, expected: list[str]) -> None:
    assert [rule.id for rule in failed(RULES, gauge)] == expected
