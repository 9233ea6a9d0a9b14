"""Deliveries of every kind, in any order, repeated, late and cut short, end as applying them in order would."""

import contextlib
import os
import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pyarrow as pa
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from quality.intake import IntakeOutcome, Step
from registries.connectors.faults import SourceChangedShape
from registries.connectors.file_faults import LateDelivery
from registries.departments import Catalogue, load_catalogue
from registries.errors import DatasetBusy
from registries.home import Role
from registries.store.digest import store_digest
from registries.store.engine import Store
from tests.conftest import Hub
from tests.quality.market import PERMITS, SHOPS, STALLS, Market, Row, market_catalogue

FEW = settings(
    max_examples=6,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # an example is small, and costs seconds
)


@dataclass(frozen=True)
class Delivery:
    """One file: all rows, or some events; its place is where it belongs among the others."""

    place: int
    whole: bool
    rows: tuple[Row, ...]

    def name(self, table: str) -> str:
        return f"{table}_{'full' if self.whole else 'changes'}_{self.place:04}"


def applied(deliveries: Iterable[Delivery]) -> dict[str, Row]:
    """What a dataset holds after its deliveries, one after the other: the whole of what is right."""
    there: dict[str, Row] = {}
    for delivery in deliveries:
        if delivery.whole:
            there = {}
        for row in delivery.rows:
            if row["op"] == "D":
                there.pop(row["code"], None)
            else:
                there[row["code"]] = row
    return there


# --- what a source does


@st.composite
def histories(draw: st.DrawFn) -> list[Row]:
    """Events in the order in which they happened, each with a watermark of its own."""
    told = draw(
        st.lists(
            st.tuples(st.sampled_from("AB"), st.sampled_from("UUD"), st.sampled_from("xy")), min_size=4, max_size=10
        )
    )
    return [{"code": code, "name": name, "at": str(at), "op": op} for at, (code, op, name) in enumerate(told, 1)]


@st.composite
def deliveries_of(draw: st.DrawFn, history: Sequence[Row]) -> list[Delivery]:
    """Change sets that cover the history, some of them overlapping, and full files of some moments, in their order."""
    ends = sorted(draw(st.sets(st.integers(1, len(history)), min_size=2, max_size=4)) | {len(history)})
    found, begin = [], 0
    for end in ends:
        first = max(0, begin - draw(st.integers(0, 2)))
        found.append(Delivery(2 * end, False, tuple(history[first:end])))
        if draw(st.booleans()):
            state = applied([Delivery(0, False, tuple(history[:end]))])
            found.append(Delivery(2 * end + 1, True, tuple(state.values())))
        begin = end
    return found


@dataclass(frozen=True)
class Story:
    """Deliveries, the order in which they arrive, and at which step an intake is cut short."""

    deliveries: list[Delivery]
    arrival: list[int]
    cuts: list[int]

    @property
    def arriving(self) -> list[Delivery]:
        return [self.deliveries[place] for place in self.arrival]


@st.composite
def stories(draw: st.DrawFn, *, shuffled: bool) -> Story:
    deliveries = draw(deliveries_of(draw(histories())))
    places = list(range(len(deliveries)))
    repeated = places + draw(st.lists(st.sampled_from(places), max_size=2))
    arrival = draw(st.permutations(repeated)) if shuffled else sorted(repeated)
    return Story(deliveries, list(arrival), draw(st.lists(st.integers(0, 30), max_size=3)))


# --- what the hub does


class Cut(Exception):
    """The process ended here, as far as the store can tell."""


def cut_after(calls: int) -> Callable[[Step, str, int], None]:
    left = iter(range(calls))

    def progress(_step: Step, _dataset: str, _rows: int) -> None:
        if next(left, None) is None:
            raise Cut

    return progress


def take_in(market: Market, dataset: str, cuts: list[int]) -> list[IntakeOutcome]:
    """Everything that waits, cut short as often as there are cuts."""
    while cuts:
        try:
            return market.intake().take_in_all(dataset, progress=cut_after(cuts.pop()))
        except Cut:
            continue
    return market.intake().take_in_all(dataset)


@pytest.fixture(scope="session")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    return market_catalogue(tmp_path_factory.mktemp("contracts"))


@pytest.fixture
def make_market(make_hub: Callable[[], Hub], catalogue: Catalogue) -> Iterator[Callable[[], Market]]:
    made: list[Market] = []

    def make() -> Market:
        hub = make_hub()
        made.append(Market(hub.home, catalogue, hub.home.path / "drop"))
        return made[-1]

    yield make
    for market in made:
        market.store.dispose()


@pytest.fixture
def market(make_market: Callable[[], Market]) -> Market:
    return make_market()


def asked(market: Market, statement: str) -> list[tuple[object, ...]]:
    with Store(market.home.store_url(Role.OWNER)) as store, store.begin() as conn:
        return [tuple(row) for row in conn.execute(sa.text(statement))]


def held(market: Market, table: str) -> dict[str, tuple[object, ...]]:
    rows = asked(market, f"SELECT code, name, at FROM data.market__{table}")  # noqa: S608 - a name of this file
    return {str(row[0]): row[1:] for row in rows}


def as_held(rows: dict[str, Row]) -> dict[str, tuple[object, ...]]:
    return {code: (row["name"], int(row["at"])) for code, row in rows.items()}


UNBALANCED = """SELECT number FROM hub.batch WHERE state = 'done' AND (pulled <> accepted + quarantined + held
    OR accepted <> new + changed + unchanged + deleted + repeated OR pulled IS NULL)"""
OVERLAPPING = """WITH lives AS (
    SELECT code, since_batch, until_batch FROM data.market__{0}_history
    UNION ALL SELECT code, since_batch, NULL FROM data.market__{0})
    SELECT a.code FROM lives a JOIN lives b ON a.code = b.code AND a.since_batch < b.since_batch
     WHERE a.until_batch IS NULL OR a.until_batch > b.since_batch
    UNION ALL SELECT code FROM lives WHERE until_batch <= since_batch"""


def check_what_always_holds(market: Market, dataset: str) -> None:
    """Conservation of every batch, one life of a key at a time, and a second intake that changes nothing."""
    assert asked(market, UNBALANCED) == []
    assert asked(market, OVERLAPPING.format(dataset.split(".")[1])) == []
    assert asked(market, "SELECT number FROM hub.batch WHERE state NOT IN ('done', 'failed')") == []
    before = digest_of(market)
    outcomes = market.intake().take_in_all(dataset)
    assert [outcome.state for outcome in outcomes] == ["nothing_new"]
    assert digest_of(market) == before


def digest_of(market: Market) -> dict[str, str]:
    with Store(market.home.store_url(Role.OWNER)) as store, store.begin() as conn:
        return store_digest(conn)


# --- properties


PUT, DELETE = ({"code": "A", "name": "x", "at": at, "op": op} for at, op in (("1", "U"), ("2", "D")))
DELETED_FIRST = Story([Delivery(2, False, (PUT,)), Delivery(4, False, (DELETE,))], [1, 0], [])
OLD_FILE_LAST = Story(
    [Delivery(2, False, (PUT,)), Delivery(3, True, (PUT,)), Delivery(4, False, (DELETE,))], [2, 0, 1], []
)


@pytest.mark.usefixtures("placed_either_way")
@FEW
@example(story=DELETED_FIRST)
@example(story=OLD_FILE_LAST)
@given(story=stories(shuffled=True))
def test_with_watermarks_any_order_of_arrival_ends_in_the_same_state(
    make_market: Callable[[], Market], story: Story
) -> None:
    market, cuts = make_market(), list(story.cuts)
    for delivery in story.arriving:
        market.put(delivery.name("shops"), delivery.rows)
        take_in(market, SHOPS, cuts)
    assert held(market, "shops") == as_held(applied(story.deliveries))
    check_what_always_holds(market, SHOPS)


@pytest.mark.usefixtures("placed_either_way")
@FEW
@given(story=stories(shuffled=False))
def test_without_watermarks_deliveries_are_applied_in_their_order(
    make_market: Callable[[], Market], story: Story
) -> None:
    market, cuts = make_market(), list(story.cuts)
    for number, delivery in enumerate(story.arriving):
        market.put(delivery.name("stalls"), delivery.rows)
        if number % 2:  # some wait for each other
            take_in(market, STALLS, cuts)
    take_in(market, STALLS, cuts)
    assert held(market, "stalls") == as_held(applied(story.deliveries))
    check_what_always_holds(market, STALLS)


@dataclass
class Pushed:
    """A delivery that its department hands in; `position` as a client counts its own."""

    dataset: str
    sent: Delivery
    position: str | None
    catalogue: Catalogue

    description = "a push"

    @property
    def delivery(self) -> Literal["snapshot", "changes"]:
        return "snapshot" if self.sent.whole else "changes"

    def identity(self) -> str:
        return f"{self.sent.place} {self.sent.whole} {len(self.sent.rows)}"

    def original(self) -> None:
        """Rows only."""

    def watermark(self) -> None:
        """None: it is not asked for by watermark."""

    def chunks(self) -> Iterator[pa.RecordBatch]:
        names = [column.name for column in self.catalogue.dataset(self.dataset).columns]
        for start in range(0, len(self.sent.rows), 2):
            part = self.sent.rows[start : start + 2]
            yield pa.RecordBatch.from_pydict(
                {name: pa.array([row.get(name) for row in part], pa.string()) for name in names}
            )


@FEW
@given(story=stories(shuffled=True), numbered=st.booleans())
def test_pushes_with_watermarks_end_in_the_same_state(
    make_market: Callable[[], Market], story: Story, numbered: bool
) -> None:
    market, cuts = make_market(), list(story.cuts)
    for delivery in story.arriving:
        position = f"{delivery.place:04}" if numbered else None
        pushed = Pushed(SHOPS, delivery, position, market.catalogue)
        cut = cuts.pop() if cuts else None
        if cut is not None:
            with contextlib.suppress(Cut):
                market.intake().take_in(SHOPS, connector=pushed, progress=cut_after(cut))
        market.intake().take_in(SHOPS, connector=pushed)
    assert held(market, "shops") == as_held(applied(story.deliveries))
    assert asked(market, UNBALANCED) == []
    assert asked(market, OVERLAPPING.format("shops")) == []


def killed(market: Market, dataset: str, calls: int) -> bool:
    """Take everything in, in a process of its own that is killed at a step; whether it got that far."""
    child = os.fork()
    if child == 0:
        left = iter(range(calls))

        def progress(*_: object) -> None:
            if next(left, None) is None:
                os.kill(os.getpid(), signal.SIGKILL)

        market.intake(Store(market.home.store_url(Role.LOAD))).take_in_all(dataset, progress=progress)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


@settings(FEW, max_examples=3)
@given(story=stories(shuffled=True), kills=st.lists(st.integers(0, 40), min_size=3, max_size=5))
def test_killed_processes_leave_what_can_be_finished(
    make_market: Callable[[], Market], story: Story, kills: list[int]
) -> None:
    market = make_market()
    for delivery in story.arriving:
        market.put(delivery.name("shops"), delivery.rows)
        if kills:
            killed(market, SHOPS, kills.pop())
    while kills:
        killed(market, SHOPS, kills.pop())
    market.intake().take_in_all(SHOPS)
    assert held(market, "shops") == as_held(applied(story.deliveries))
    check_what_always_holds(market, SHOPS)


# --- one by one


def shop(code: str, at: int, name: str = "x", op: str = "U", **more: str) -> Row:
    return {"code": code, "name": name, "at": str(at), "op": op, **more}


def test_late_puts_and_deletes_change_nothing_that_is_newer(market: Market) -> None:
    market.put("shops_changes_0002", [shop("A", 4), shop("B", 5, op="D"), shop("C", 6)])
    market.intake().take_in_all(SHOPS)
    market.put("shops_changes_0001", [shop("A", 3, "old"), shop("B", 2), shop("C", 1, op="D")])
    (late,) = market.intake().take_in_all(SHOPS)
    assert (late.counts.accepted, late.counts.unchanged) == (3, 3)
    assert held(market, "shops") == {"A": ("x", 4), "C": ("x", 6)}
    market.put("shops_changes_0003", [shop("B", 7), shop("C", 8, op="D"), shop("Z", 9, op="D")])
    (last,) = market.intake().take_in_all(SHOPS)
    assert (last.counts.new, last.counts.deleted, last.counts.unchanged) == (1, 1, 1)
    assert held(market, "shops") == {"A": ("x", 4), "B": ("x", 7)}


def test_a_full_file_says_which_keys_are_gone_as_of_its_watermark(market: Market) -> None:
    market.put("shops_changes_0001", [shop("A", 1), shop("B", 2), shop("C", 9)])
    market.put("shops_full_0002", [shop("A", 5)])
    market.intake().take_in_all(SHOPS)
    assert held(market, "shops") == {"A": ("x", 5), "C": ("x", 9)}  # C is newer than the file
    market.put("shops_changes_0003", [shop("B", 4), shop("D", 5), shop("E", 6)])
    market.intake().take_in_all(SHOPS)
    assert held(market, "shops") == {"A": ("x", 5), "C": ("x", 9), "E": ("x", 6)}


def test_a_row_that_was_refused_in_a_full_file_is_taken_when_it_comes_mended(market: Market) -> None:
    market.put("shops_full_0001", [shop("A", 5), shop("B", 2, name="")])
    market.put("shops_changes_0002", [shop("B", 2), shop("C", 2)])
    market.intake().take_in_all(SHOPS)
    assert held(market, "shops") == {"A": ("x", 5), "B": ("x", 2)}  # the file knew B, and did not know C


def test_several_rows_of_a_key_are_versions_and_equal_watermarks_contradict(market: Market) -> None:
    rows = [shop("A", 1), shop("A", 3, "y"), shop("A", 2, op="D"), shop("B", 1), shop("B", 1, "y")]
    market.put("shops_changes_0001", rows)
    (outcome,) = market.intake().take_in_all(SHOPS)
    assert held(market, "shops") == {"A": ("y", 3)}
    assert (outcome.counts.new, outcome.counts.repeated, outcome.counts.quarantined) == (1, 2, 2)
    market.put("stalls_changes_0001", rows)
    (outcome,) = market.intake().take_in_all(STALLS)
    assert held(market, "stalls") == {"B": ("y", 1)}  # the last row of A deletes it
    assert (outcome.counts.new, outcome.counts.unchanged, outcome.counts.repeated) == (1, 1, 3)


def test_of_a_deleting_row_only_key_operation_and_watermark_are_judged(market: Market) -> None:
    market.put("shops_changes_0001", [shop("A", 1), shop("B", 1)])
    market.put("shops_changes_0002", [shop("A", 2, name="", op="D"), {**shop("B", 2, op="D"), "at": ""}])
    _, outcome = market.intake().take_in_all(SHOPS)
    assert (outcome.counts.deleted, outcome.counts.quarantined) == (1, 1)
    assert asked(market, "SELECT code, mark FROM data.market__shops") == [("B", "update_refused")]


def test_a_certificate_that_is_deleted_waits_with_a_case_until_it_comes_back(market: Market) -> None:
    columns = ("code", "name", "at", "op", "holder", "status")
    marks = "SELECT number, mark FROM hub.certificate"
    cases = "SELECT state FROM hub.\"case\" WHERE cause = 'vanished'"
    for number, (row, mark) in enumerate(
        [(shop("A", 1), None), (shop("A", 5, op="D"), "vanished"), (shop("A", 3), "vanished"), (shop("A", 7), None)]
    ):
        market.put(f"permits_changes_{number:04}", [{**row, "holder": "1", "status": "10"}], columns)
        (outcome,) = market.intake().take_in_all(PERMITS)
        assert outcome.counts.deleted == (row["op"] == "D")
        assert asked(market, marks) == [("A", mark)]
        assert asked(market, cases) == ([] if number == 0 else [("closed" if mark is None else "open",)])


def test_a_late_change_set_without_watermarks_is_named_once_and_the_others_go_on(market: Market) -> None:
    market.put("stalls_changes_0002", [shop("A", 1)])
    market.intake().take_in_all(STALLS)
    market.put("stalls_changes_0001", [shop("A", 1, "old")])
    market.put("stalls_changes_0003", [shop("B", 1)])
    with pytest.raises(LateDelivery):
        market.intake().take_in_all(STALLS)
    assert held(market, "stalls") == {"A": ("x", 1), "B": ("x", 1)}
    check_what_always_holds(market, STALLS)
    assert asked(market, "SELECT state, failure FROM hub.batch WHERE state = 'failed'") == [("failed", "LateDelivery")]


@pytest.mark.parametrize(("table", "goes_on"), [("shops", True), ("stalls", False)])
def test_a_file_that_cannot_be_read_is_one_failed_batch_however_often_it_is_tried(
    market: Market, table: str, goes_on: bool
) -> None:
    dataset = f"market.{table}"
    market.put(f"{table}_changes_0001", [shop("A", 1)])
    market.put(f"{table}_changes_0002", [{"code": "B"}], ("code",))
    market.put(f"{table}_changes_0003", [shop("C", 3)])
    for _ in range(3):
        with pytest.raises(SourceChangedShape):
            market.intake().take_in_all(dataset)
    assert set(held(market, table)) == ({"A", "C"} if goes_on else {"A"})
    tried = 2 if goes_on else 1  # once more, as another batch came in between
    assert asked(market, "SELECT count(*) FROM hub.batch WHERE state = 'failed'") == [(tried,)]
    market.put(f"{table}_changes_0002", [shop("B", 2)])
    market.intake().take_in_all(dataset)
    assert set(held(market, table)) == {"A", "B", "C"}
    check_what_always_holds(market, dataset)


# --- at the same time


def test_two_processes_never_load_one_dataset_and_load_different_ones_at_once(market: Market) -> None:
    """A child stops in the middle of its load until the parent has tried the same dataset and finished another."""
    market.put("shops_changes_0001", [shop("A", 1)])
    market.put("stalls_changes_0001", [shop("B", 1)])
    inside, go_on = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:

        def wait(step: Step, *_: object) -> None:
            if step is Step.TAKE_OVER:
                os.write(inside[1], b"x")
                os.read(go_on[0], 1)

        market.intake(Store(market.home.store_url(Role.LOAD))).take_in_all(SHOPS, progress=wait)
        os._exit(0)
    os.read(inside[0], 1)
    with pytest.raises(DatasetBusy):
        market.intake().take_in_all(SHOPS)
    assert [outcome.state for outcome in market.intake().take_in_all(STALLS)] == ["done"]
    assert held(market, "shops") == {}
    os.write(go_on[1], b"x")
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert (held(market, "shops"), held(market, "stalls")) == ({"A": ("x", 1)}, {"B": ("x", 1)})


def test_a_change_set_that_deletes_a_great_part_is_held(make_hub: Callable[[], Hub], tmp_path: Path) -> None:
    market_catalogue(tmp_path)
    contract = tmp_path / "market" / "lists.odcs.yaml"
    contract.write_text(contract.read_text("utf-8").replace("maxDrop: 1", "maxDrop: 0.2"), "utf-8")
    market = Market(make_hub().home, load_catalogue([tmp_path]), tmp_path / "drop")
    codes = [f"A{chr(65 + number // 26)}{chr(65 + number % 26)}" for number in range(100)]
    market.put("shops_full_0001", [shop(code, 1) for code in codes])
    market.put("shops_changes_0002", [shop(code, 2, op="D") for code in codes[:20]])
    market.put("shops_changes_0003", [shop(code, 3, op="D") for code in codes[20:41]])
    states = [outcome.state for outcome in market.intake().take_in_all(SHOPS)]
    assert states[:3] == ["done", "done", "held"]
    assert len(held(market, "shops")) == 80
    market.store.dispose()
