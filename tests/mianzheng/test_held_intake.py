"""Held batches on a real store: released, returned, overtaken, killed at every step; and what the ledger keeps."""

import json
import os
import signal

import pytest
import sqlalchemy as sa

from certificates.sealing import sealing_key
from certificates.types import load_types
from mianzheng.held_intake import MOST_ATTEMPTS, carry_out_next
from quality.intake import Intake, IntakeOutcome, Step
from registries.compare.images import Images
from registries.home import Role
from registries.landing import Landing
from registries.store import held_batches, ledger
from registries.store.engine import Store
from registries.store.held_batches import Act, New
from tests.conftest import Hub
from tests.quality.conftest import LICENCES, NOW, NUMBERS, RESIDENTS, Delivery, Rows, asked, licence, opened, resident

GOOD = [resident(number) for number in NUMBERS]
SHRUNK = [resident(NUMBERS[0], name="李四"), resident(NUMBERS[1], name=None)]
SERVED = "SELECT citizen_number, name FROM data.public_security__residents ORDER BY 1"
OPEN_REFUSED = "SELECT batch, row_number, outcome FROM hub.refused_row WHERE until_batch IS NULL ORDER BY 1, 2"


def deliver(hub: Hub, dataset: str, rows: Rows, name: str) -> IntakeOutcome:
    delivery = Delivery(hub.catalogue.dataset(dataset), rows, name)
    return opened(hub).take_in(dataset, connector=delivery, deliverer="test")


def decide(hub: Hub, batch: int, act: Act, dataset: str = RESIDENTS) -> int | None:
    reason = "planned_change" if act == "release" else "incomplete_export"
    with hub.store(Role.PAGE).begin() as conn:
        return held_batches.decide(conn, New(batch, dataset, act, reason, b"sealed", "zhang"), NOW)


def carry_out(hub: Hub) -> bool:
    return carry_out_next(hub.store(Role.LOAD), opened(hub), lambda: NOW, set())


def decided(hub: Hub, batch: int) -> held_batches.Decision:
    with hub.store(Role.PAGE).begin() as conn:
        found = held_batches.decision_of(conn, batch)
    assert found is not None
    return found


def standing(hub: Hub) -> dict[int, str]:
    with hub.store(Role.PAGE).begin() as conn:
        return {line.batch.number: line.standing for line in held_batches.listed(conn)}


def hold(hub: Hub) -> None:
    """Two batches: a good one, and one that shrank, of which a row is refused."""
    deliver(hub, RESIDENTS, GOOD, "first")
    assert deliver(hub, RESIDENTS, SHRUNK, "second").state == "held"


def test_a_release_is_a_batch_of_its_own_as_fresh_as_the_held_one(hub: Hub) -> None:
    hold(hub)
    assert standing(hub) == {2: "waiting"}
    assert decide(hub, 2, "release") is not None
    assert decide(hub, 2, "return") is None  # one decision is in force
    assert standing(hub) == {2: "asked"}
    assert carry_out(hub)
    assert not carry_out(hub)
    known = decided(hub, 2)
    assert (known.state, known.released_batch) == ("done", 3)
    assert known.outcome is not None
    assert known.outcome["counts"]["pulled"] == 2
    assert standing(hub) == {2: "released"}
    assert asked(hub, SERVED) == [(NUMBERS[0], "李四"), (NUMBERS[1], "张三")]
    assert asked(hub, OPEN_REFUSED) == [(3, 2, "quarantined")]
    counts = "SELECT number, sequence, state, pulled, accepted, quarantined, held FROM hub.batch ORDER BY 1"
    assert asked(hub, counts)[1:] == [(2, 2, "done", 2, 0, 1, 1), (3, 3, "done", 2, 1, 1, 0)]
    fresh = (
        "SELECT d.data_as_of = b.opened_at FROM hub.dataset d, hub.batch b WHERE d.name = b.dataset AND b.number = 2"
    )
    assert asked(hub, fresh) == [(True,)]
    assert deliver(hub, RESIDENTS, SHRUNK, "second").state == "nothing_new"


def test_the_ledger_keeps_who_released_what_and_which_rules_were_waived(hub: Hub) -> None:
    hold(hub)
    decide(hub, 2, "release")
    carry_out(hub)
    with hub.store(Role.OWNER).begin() as conn:
        bodies = sa.text("SELECT e.kind, b.payload FROM hub.ledger_entry e JOIN hub.ledger_body b ON b.entry_id = e.id")
        told = [(row.kind, json.loads(bytes(row.payload))) for row in conn.execute(bodies)]
        assert ledger.check(conn).faults == []
    of_batches = [body for kind, body in told if kind == "batch"]
    assert (of_batches[-1]["release_of"], of_batches[-1]["waived"]) == (2, sorted(of_batches[1]["held_by"]))
    (decision,) = [body for kind, body in told if kind == "held_decision"]
    assert {name: decision[name] for name in ("act", "batch", "reason", "became", "state")} == {
        "act": "release",
        "batch": 2,
        "reason": "planned_change",
        "became": 3,
        "state": "done",
    }
    assert "zhang" not in str(decision)


def test_what_is_returned_stays_out_and_is_not_taken_again(hub: Hub) -> None:
    hold(hub)
    decide(hub, 2, "return")
    carry_out(hub)
    assert standing(hub) == {2: "returned"}
    assert len(asked(hub, SERVED)) == 4
    assert asked(hub, OPEN_REFUSED) == [(2, 1, "held"), (2, 2, "quarantined")]
    assert deliver(hub, RESIDENTS, SHRUNK, "second").state == "nothing_new"
    assert deliver(hub, RESIDENTS, GOOD, "third").state == "done"


def test_an_older_batch_does_not_undo_a_newer_one(hub: Hub) -> None:
    hold(hub)
    deliver(hub, RESIDENTS, [*GOOD[:3], resident(NUMBERS[3], name="王五")], "third")
    assert standing(hub) == {2: "overtaken"}
    served = asked(hub, SERVED)
    decide(hub, 2, "release")
    carry_out(hub)
    known = decided(hub, 2)
    assert known.state == "refused"
    assert known.outcome is not None
    assert "覆盖新数据" in known.outcome["zh"]
    assert asked(hub, SERVED) == served
    assert asked(hub, "SELECT count(*) FROM hub.batch") == [(3,)]
    assert decide(hub, 2, "return") is not None  # a decision that could not be carried out is none


def test_where_watermarks_decide_an_older_batch_undoes_nothing(hub: Hub) -> None:
    rows = [licence(f"A{place}") for place in range(8)]
    deliver(hub, LICENCES, rows, "first")
    older = [licence("A0", holder_name="旧名称"), licence("A1", holder_name="新一")]
    assert deliver(hub, LICENCES, older, "second").state == "held"
    later = [licence("A0", holder_name="新名称", updated_at="2026-02-01 08:00:00"), *rows[1:]]
    assert deliver(hub, LICENCES, later, "third").state == "done"
    decide(hub, 2, "release", LICENCES)
    carry_out(hub)
    assert decided(hub, 2).state == "done"
    told = (
        "SELECT certificate_number, holder_name FROM data.market_regulation__business_licences"
        " WHERE certificate_number = 'A0'"
    )
    assert asked(hub, told) == [("A0", "新名称")]


def test_bad_news_that_did_not_wait_is_taken_over_once(hub: Hub) -> None:
    deliver(hub, LICENCES, [licence(f"A{place}") for place in range(8)], "first")
    revoked = licence("A0", status_code="05", status_since="2026-02-01", status_reason="行政处罚")
    assert deliver(hub, LICENCES, [revoked, licence("A1", holder_name="另一公司")], "second").counts.changed == 1
    decide(hub, 2, "release", LICENCES)
    carry_out(hub)
    outcome = decided(hub, 2).outcome
    assert outcome is not None
    assert {name: count for name, count in outcome["counts"].items() if count} == {
        "pulled": 2,
        "accepted": 2,
        "changed": 1,
        "unchanged": 1,
        "vanished": 6,
    }
    told = (
        "SELECT number, status, (SELECT count(*) FROM hub.certificate_event e WHERE e.certificate_id = c.id)"
        " FROM hub.certificate c WHERE number IN ('A0', 'A1') ORDER BY 1"
    )
    assert asked(hub, told) == [("A0", "revoked_penalty", 2), ("A1", "valid", 1)]


def test_rules_that_nobody_looked_at_hold_the_release_again(hub: Hub) -> None:
    hold(hub)
    with hub.store(Role.OWNER).begin() as conn:
        conn.execute(sa.text("UPDATE hub.held_batch SET rules = ARRAY['another-rule']"))
    decide(hub, 2, "release")
    carry_out(hub)
    outcome = decided(hub, 2).outcome
    assert outcome is not None
    assert outcome["state"] == "held"
    assert len(asked(hub, SERVED)) == 4
    assert standing(hub) == {2: "released", 3: "waiting"}
    decide(hub, 3, "release")
    carry_out(hub)
    assert standing(hub) == {2: "released", 3: "released"}
    assert len(asked(hub, SERVED)) == 2


def test_a_former_contract_and_lost_files_are_told(hub: Hub) -> None:
    hold(hub)
    (hub.home.landed / "2.parquet").unlink()
    decide(hub, 2, "release")
    carry_out(hub)
    with hub.store(Role.OWNER).begin() as conn:
        conn.execute(sa.text("UPDATE hub.batch SET contract_version = '0.0.1' WHERE number = 2"))
    decide(hub, 2, "release")
    carry_out(hub)
    told = asked(hub, "SELECT outcome ->> 'zh' FROM hub.held_decision ORDER BY id")
    assert ["落地文件" in str(told[0][0]), "契约已变更" in str(told[1][0])] == [True, True]
    assert len(asked(hub, SERVED)) == 4


def killed(hub: Hub, at: Step) -> None:
    """Carries the decision out in a process of its own, which is killed at a step."""
    child = os.fork()
    if child == 0:
        store = Store(hub.home.store_url(Role.LOAD))
        key = sealing_key(hub.home.secret("landing_key"))
        landing, images = Landing(hub.home.landed, key), Images(hub.home.spill, key)
        intake = _Mortal(store, landing, images, hub.catalogue, load_types(), lambda: NOW, {})
        intake.at = at
        carry_out_next(store, intake, lambda: NOW, set())
        os._exit(3)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status)


class _Mortal(Intake):
    at: Step

    def release(self, decision: held_batches.Decision, **_: object) -> IntakeOutcome:
        return super().release(decision, progress=self._die)

    def _die(self, step: Step, _dataset: str, _rows: int) -> None:
        if step is self.at:
            os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize("at", [Step.OPEN, Step.CHECK, Step.TAKE_OVER, Step.TELL])
def test_a_release_that_was_killed_is_finished_as_the_same_batch(hub: Hub, at: Step) -> None:
    hold(hub)
    decide(hub, 2, "release")
    hub.close()
    killed(hub, at)
    assert decided(hub, 2).attempts == 1
    assert carry_out(hub)
    assert standing(hub) == {2: "released"}
    assert asked(hub, "SELECT number, state FROM hub.batch ORDER BY 1") == [(1, "done"), (2, "done"), (3, "done")]
    assert asked(hub, SERVED) == [(NUMBERS[0], "李四"), (NUMBERS[1], "张三")]
    assert asked(hub, "SELECT count(*) FROM hub.ledger_entry WHERE issuer = 'stewards'") == [(1,)]


def test_a_release_that_was_killed_before_it_landed_is_landed_again(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    hold(hub)
    decide(hub, 2, "release")
    hub.close()
    with monkeypatch.context() as patched:
        patched.setattr(Landing, "land_again", lambda *_: os.kill(os.getpid(), signal.SIGKILL))
        killed(hub, Step.TELL)
    assert asked(hub, "SELECT state FROM hub.batch WHERE number = 3") == [("opened",)]
    assert carry_out(hub)
    assert asked(hub, "SELECT number, state FROM hub.batch ORDER BY 1") == [(1, "done"), (2, "done"), (3, "done")]
    assert asked(hub, SERVED) == [(NUMBERS[0], "李四"), (NUMBERS[1], "张三")]


def test_a_decision_under_which_workers_end_again_and_again_is_given_up(hub: Hub) -> None:
    hold(hub)
    number = decide(hub, 2, "release")
    with hub.store(Role.LOAD).begin() as conn:
        held_batches.note_attempt(conn, int(number or 0), MOST_ATTEMPTS)
    carry_out(hub)
    assert decided(hub, 2).state == "refused"
    assert len(asked(hub, SERVED)) == 4
