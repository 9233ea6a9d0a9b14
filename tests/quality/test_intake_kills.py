"""SIGKILL at every step, and inside the steps that write: the next call finishes the same batch, to the same store."""

import os
import signal
from collections.abc import Callable

import pytest

from certificates.sealing import sealing_key
from certificates.types import load_types
from quality import telling, turnover
from quality.intake import Intake, IntakeOutcome, Step
from registries.compare.images import Images
from registries.home import Role
from registries.landing import Landing
from registries.store.engine import Store
from tests.conftest import Hub
from tests.quality.conftest import LICENCES, NOW, Delivery, asked, digest_of, licence, opened

Work = Callable[[Intake, Delivery], object]
FIRST = [licence(f"A{place}") for place in range(8)]
SECOND = [
    licence("A0", holder_name="新名称有限公司"),
    licence("A1", status_code="04", status_since="2026-02-01", status_reason="作废"),
    licence("A2", holder_code="91110000600037341M"),
    licence("A3", issuing_authority_code="x"),
    *FIRST[4:7],
    licence("B0"),
    licence("B1"),
    licence("B1", holder_name="不同的公司"),
]


def delivery(hub: Hub, name: str) -> Delivery:
    """Delivery 1, 3, 5 ... is the first list of rows, and those between are the second: each changes the one before."""
    rows = FIRST if int(name) % 2 else SECOND
    return Delivery(hub.catalogue.dataset(LICENCES), rows, name)


def take_in(hub: Hub, name: str) -> IntakeOutcome:
    return opened(hub).take_in(LICENCES, connector=delivery(hub, name))


def kill(*_: object, **__: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def killed_child(hub: Hub, name: str, work: Work) -> None:
    """Runs `work` on a delivery in a process of its own, with connections of its own, and sees it killed."""
    child = os.fork()
    if child == 0:
        key = sealing_key(hub.home.secret("landing_key"))
        landing, images = Landing(hub.home.landed, key), Images(hub.home.spill, key)
        store = Store(hub.home.store_url(Role.LOAD))
        work(Intake(store, landing, images, hub.catalogue, load_types(), lambda: NOW, {}), delivery(hub, name))
        os._exit(3)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status)
    assert os.WTERMSIG(status) == signal.SIGKILL


def at_step(wanted: Step, rows: int = 0) -> Work:
    """Take a delivery in, and die when a step has come to so many rows."""

    def progress(step: Step, _: str, so_far: int) -> None:
        if step is wanted and so_far >= rows:
            kill()

    return lambda intake, source: intake.take_in(LICENCES, connector=source, progress=progress)


def at_call(owner: object, name: str) -> Work:
    """Take a delivery in, and die where a function of the store would be called."""

    def work(intake: Intake, source: Delivery) -> None:
        setattr(owner, name, kill)
        intake.take_in(LICENCES, connector=source)

    return work


MOMENTS = [
    *(at_step(step) for step in Step),
    at_step(Step.PULL, 4),
    at_step(Step.CHECK, 1),
    at_call(turnover.quarantine, "close_earlier"),
    at_call(turnover.certificates, "compose_look_ups"),
    at_call(turnover.batches, "mark_taken_over"),
    at_call(telling.ledger, "sequence"),
    at_call(telling.batches, "mark_done"),
    at_call(telling, "kept_scores"),
]


@pytest.mark.usefixtures("placed_either_way")
def test_killed_at_any_moment_and_called_again_gives_the_same_store(make_hub: Callable[[], Hub]) -> None:
    undisturbed, killed = make_hub(), make_hub()
    assert take_in(undisturbed, "1") == take_in(killed, "1")
    for number, moment in enumerate(MOMENTS, start=2):
        name = str(number)
        expected = take_in(undisturbed, name)
        assert (expected.counts.quarantined, expected.counts.changed) in {(3, 3), (0, 3)}
        killed_child(killed, name, moment)
        again = take_in(killed, name)
        assert again == expected or again.state == "nothing_new"  # the last moment is after the end
        assert digest_of(killed) == digest_of(undisturbed)
    assert take_in(killed, name).state == "nothing_new"
    assert asked(killed, "SELECT count(*) FROM hub.batch") == [(len(MOMENTS) + 1,)]
    assert asked(killed, "SELECT count(*) FROM hub.ledger_waiting") == [(0,)]
    assert asked(killed, "SELECT count(*) FROM pg_tables WHERE schemaname = 'stage'") == [(0,)]


@pytest.mark.usefixtures("placed_either_way")
def test_a_kill_before_the_merge_commits_changes_nothing_that_is_served(hub: Hub) -> None:
    take_in(hub, "1")
    served = "SELECT * FROM data.market_regulation__business_licences ORDER BY 1"
    before = asked(hub, served)
    killed_child(hub, "2", at_call(turnover.batches, "mark_taken_over"))
    assert asked(hub, served) == before
    assert asked(hub, "SELECT count(*) FROM hub.finding WHERE batch = 2") == [(0,)]


def test_what_was_landed_is_finished_without_the_source(hub: Hub) -> None:
    take_in(hub, "1")
    killed_child(hub, "2", at_step(Step.CHECK))
    outcome = opened(hub).take_in(LICENCES)
    assert (outcome.state, outcome.batch) == ("done", 2)


def test_another_delivery_finishes_what_was_landed_first(hub: Hub) -> None:
    take_in(hub, "1")
    killed_child(hub, "2", at_step(Step.PART))
    assert take_in(hub, "3").batch == 3
    assert asked(hub, "SELECT state FROM hub.batch ORDER BY number") == [("done",)] * 3


def test_a_delivery_that_was_never_landed_gives_way_to_another(hub: Hub) -> None:
    take_in(hub, "1")
    killed_child(hub, "2", at_step(Step.PULL, 1))
    assert take_in(hub, "3").batch == 3
    found = asked(hub, "SELECT state, failure FROM hub.batch ORDER BY number")
    assert found == [("done", None), ("failed", "superseded"), ("done", None)]
