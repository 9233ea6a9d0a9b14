"""Whoever polishes a kept score with SQL, as the owner, is found out: by batch and rule, however deep it was done."""

import hashlib
import json
from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa

from quality.intake import IntakeOutcome
from quality.score_check import WHAT, ScoreFault, batch_faults, score_faults
from registries.home import Role
from registries.store import ledger
from tests.conftest import Hub
from tests.quality.conftest import NUMBERS, RESIDENTS, resident

RULE = "name-required"
Found = Callable[..., list[ScoreFault]]
UNGUARDED = ("ALTER TABLE hub.ledger_body DISABLE TRIGGER USER", "ALTER TABLE hub.ledger_entry DISABLE TRIGGER USER")
"""What the owner can do, and no other role."""
WAYS = [
    ("UPDATE hub.score SET checked = checked + 1000 WHERE batch = 2 AND rule_id = :rule", "rule_changed"),
    ("UPDATE hub.score SET dimension = 'accessibility' WHERE batch = 1 AND rule_id = :rule", "rule_changed"),
    ("UPDATE hub.score SET level = 3 WHERE batch = 1 AND rule_id = :rule", "rule_changed"),
    ("UPDATE hub.score SET beyond_mending = 1 WHERE batch = 1 AND rule_id = :rule", "rule_changed"),
    ("UPDATE hub.score SET rule_version = 'softer' WHERE batch = 1 AND rule_id = :rule", "rule_changed"),
    ("DELETE FROM hub.score WHERE batch = 2 AND rule_id = :rule", "rule_missing"),
    (
        """INSERT INTO hub.score (batch, dataset, rule_id, rule_version, dimension, indicator, level, checked,
           failed) VALUES (1, 'public_security.residents', 'easy', '1', 'accuracy', '0302', 1, 9, 0)""",
        "rule_added",
    ),
    ("UPDATE hub.score SET batch = 99 WHERE batch = 2", "batch_missing"),
    ("UPDATE hub.batch SET landed_digest = 'another' WHERE number = 2", "batch_changed"),
    ("UPDATE hub.batch SET taken_over_at = taken_over_at - interval '40 days' WHERE number = 2", "batch_changed"),
    ("DELETE FROM hub.batch WHERE number = 2", "batch_missing"),
    ("DELETE FROM hub.ledger_body WHERE entry_id = (SELECT max(id) FROM hub.ledger_entry)", "body_missing"),
    ("UPDATE hub.dataset SET score = 1 WHERE name = 'public_security.residents'", "shown_otherwise"),
]


@pytest.fixture
def after(hub: Hub, deliver: Callable[..., IntakeOutcome]) -> Iterator[Found]:
    """A hub with two batches, one row of the second without a name; what is found after statements, undone again."""
    deliver(RESIDENTS, [resident(number) for number in NUMBERS])
    deliver(RESIDENTS, [resident(NUMBERS[0], name=None), *[resident(number) for number in NUMBERS[1:]]], "second")
    with hub.store(Role.OWNER).begin() as conn:

        def found(*statements: str, **values: object) -> list[ScoreFault]:
            kept = conn.begin_nested()
            for statement in statements:
                conn.execute(sa.text(statement), values)
            faults = list(score_faults(conn))
            kept.rollback()
            return faults

        yield found


def test_what_nobody_touched_has_no_fault(hub: Hub, after: Found) -> None:
    assert after() == []
    with hub.store(Role.LOAD).begin() as conn:
        assert list(batch_faults(conn)) == []


def test_a_polished_score_is_found_by_batch_and_rule(after: Found) -> None:
    faults = after("UPDATE hub.score SET failed = 0 WHERE batch = 2 AND rule_id = :rule", rule=RULE)
    (polished,) = [one for one in faults if one.what == "rule_changed"]
    assert (polished.dataset, polished.batch, polished.rule_id) == (RESIDENTS, 2, RULE)
    assert "failed=1" in polished.was
    assert "failed=0" in polished.now
    assert [one.what for one in faults] == ["rule_changed", "shown_otherwise"]


def test_every_way_to_look_better_is_found(after: Found) -> None:
    for statement, what in WAYS:
        faults = after(statement, **({"rule": RULE} if ":rule" in statement else {}))
        assert what in {one.what for one in faults}, statement
        assert {one.what for one in faults} <= set(WHAT)


def test_who_changes_the_body_too_is_found_by_the_leaf_and_who_changes_the_leaf_by_the_tree(
    hub: Hub, after: Found
) -> None:
    with hub.store(Role.OWNER).begin() as conn:
        entry, payload = conn.execute(
            sa.text("SELECT entry_id, payload FROM hub.ledger_body ORDER BY entry_id DESC LIMIT 1")
        ).one()
    told = json.loads(bytes(payload))
    told["scores"] = [[*one[:6], 0, 0] if one[0] == RULE else one for one in told["scores"]]
    forged = json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    score = "UPDATE hub.score SET failed = 0 WHERE batch = 2 AND rule_id = :rule"
    body = "UPDATE hub.ledger_body SET payload = :payload WHERE entry_id = :entry"
    leaf = "UPDATE hub.ledger_entry SET leaf = :leaf WHERE id = :entry"
    values = {"rule": RULE, "payload": forged, "entry": entry}
    assert "body_changed" in {one.what for one in after(*UNGUARDED, score, body, **values)}
    deep = after(*UNGUARDED, score, body, leaf, **values, leaf=hashlib.sha256(forged).digest())
    assert {one.what for one in deep} == {"shown_otherwise"}  # and the tree tells the rest:
    with hub.store(Role.OWNER).begin() as conn:
        for statement in (*UNGUARDED, body, leaf):
            given = {"payload": forged, "entry": entry, "leaf": hashlib.sha256(forged).digest()}
            conn.execute(sa.text(statement), {name: given[name] for name in given if f":{name}" in statement})
        assert ledger.check(conn).faults
        conn.rollback()
