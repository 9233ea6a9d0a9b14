"""SIGKILL at every step, and inside the steps that write: the next call finishes the same batch, to the same store."""

import os
import signal
from collections.abc import Callable

import pytest

from certificates.sealing import sealing_key
from certificates.types import load_types
from quality import telling, turnover
from quality.intake import Intake, IntakeOutcome, Step
from registries.home import Role
from registries.landing import Landing
from registries.store.engine import Store
from tests.conftest import Hub
from tests.quality.conftest import LICENCES, NOW, Delivery, asked, digest_of, licence, opened

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


def delivery(hub: Hub, *, second: bool) -> Delivery:
    return Delivery(hub.catalogue.dataset(LICENCES), SECOND if second else FIRST, "second" if second else "first")


def take_in(hub: Hub, *, second: bool) -> IntakeOutcome:
    return opened(hub).take_in(LICENCES, connector=delivery(hub, second=second))


def kill(*_: object, **__: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def killed_child(hub: Hub, work: Callable[[Intake], None]) -> None:
    """Runs `work` in a process of its own, with connections of its own, and sees it killed."""
    child = os.fork()
    if child == 0:
        landing = Landing(hub.home.landed, sealing_key(hub.home.secret("landing_key")))
        store = Store(hub.home.store_url(Role.LOAD))
        work(Intake(store, landing, hub.catalogue, load_types(), lambda: NOW, {}))
        os._exit(3)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status)
    assert os.WTERMSIG(status) == signal.SIGKILL


def at_step(hub: Hub, wanted: Step, rows: int) -> Callable[[Intake], None]:
    """Take the second delivery in, and die when a step has come to so many rows."""

    def progress(step: Step, _: str, so_far: int) -> None:
        if step is wanted and so_far >= rows:
            kill()

    return lambda intake: intake.take_in(LICENCES, connector=delivery(hub, second=True), progress=progress)


def at_call(hub: Hub, owner: object, name: str) -> Callable[[Intake], None]:
    """Take the second delivery in, and die where a function of the store would be called."""

    def work(intake: Intake) -> None:
        setattr(owner, name, kill)
        intake.take_in(LICENCES, connector=delivery(hub, second=True))

    return work


@pytest.fixture
def undisturbed(make_hub: Callable[[], Hub]) -> tuple[dict[str, str], IntakeOutcome]:
    hub = make_hub()
    take_in(hub, second=False)
    outcome = take_in(hub, second=True)
    return digest_of(hub), outcome


def finishes_alike(hub: Hub, undisturbed: tuple[dict[str, str], IntakeOutcome]) -> None:
    digest, outcome = undisturbed
    again = take_in(hub, second=True)
    assert again.state in {"done", "nothing_new"}
    if again.state == "done":
        assert (again.counts, again.scores, again.batch) == (outcome.counts, outcome.scores, outcome.batch)
    assert digest_of(hub) == digest
    assert asked(hub, "SELECT count(*) FROM hub.batch") == [(2,)]
    assert asked(hub, "SELECT count(*) FROM hub.ledger_waiting") == [(0,)]
    assert asked(hub, "SELECT count(*) FROM pg_tables WHERE schemaname = 'stage'") == [(0,)]
    assert take_in(hub, second=True).state == "nothing_new"


def test_killed_at_every_step(make_hub: Callable[[], Hub], undisturbed: tuple[dict[str, str], IntakeOutcome]) -> None:
    digest, outcome = undisturbed
    assert (outcome.counts.quarantined, outcome.counts.vanished, outcome.counts.changed) == (3, 1, 3)
    for step in Step:
        hub = make_hub()
        take_in(hub, second=False)
        before = digest_of(hub)
        killed_child(hub, at_step(hub, step, 0))
        if step is Step.OPEN:
            assert digest_of(hub) == before
        finishes_alike(hub, undisturbed)
    assert digest


def test_killed_within_a_step(make_hub: Callable[[], Hub], undisturbed: tuple[dict[str, str], IntakeOutcome]) -> None:
    moments = [
        lambda hub: at_step(hub, Step.PULL, 4),
        lambda hub: at_step(hub, Step.CHECK, 1),
        lambda hub: at_call(hub, turnover.quarantine, "close_earlier"),
        lambda hub: at_call(hub, turnover.certificates, "compose_look_ups"),
        lambda hub: at_call(hub, turnover.batches, "mark_taken_over"),
        lambda hub: at_call(hub, telling.ledger, "sequence"),
        lambda hub: at_call(hub, telling.batches, "mark_done"),
        lambda hub: at_call(hub, telling, "kept_scores"),
    ]
    for moment in moments:
        hub = make_hub()
        take_in(hub, second=False)
        killed_child(hub, moment(hub))
        finishes_alike(hub, undisturbed)


def test_what_was_landed_is_finished_without_the_source(make_hub: Callable[[], Hub]) -> None:
    hub = make_hub()
    take_in(hub, second=False)
    killed_child(hub, at_step(hub, Step.CHECK, 0))
    outcome = opened(hub).take_in(LICENCES)
    assert (outcome.state, outcome.batch) == ("done", 2)


def test_another_delivery_finishes_what_was_landed_first(make_hub: Callable[[], Hub]) -> None:
    hub = make_hub()
    take_in(hub, second=False)
    killed_child(hub, at_step(hub, Step.PART, 0))
    third = Delivery(hub.catalogue.dataset(LICENCES), FIRST, "third")
    assert opened(hub).take_in(LICENCES, connector=third).batch == 3
    assert asked(hub, "SELECT state FROM hub.batch ORDER BY number") == [("done",)] * 3


def test_a_delivery_that_was_never_landed_gives_way_to_another(make_hub: Callable[[], Hub]) -> None:
    hub = make_hub()
    take_in(hub, second=False)
    killed_child(hub, at_step(hub, Step.PULL, 1))
    third = Delivery(hub.catalogue.dataset(LICENCES), FIRST, "third")
    assert opened(hub).take_in(LICENCES, connector=third).batch == 3
    found = asked(hub, "SELECT state, failure FROM hub.batch ORDER BY number")
    assert found == [("done", None), ("failed", "superseded"), ("done", None)]
