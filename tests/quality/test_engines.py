"""Spark gives what DuckDB gives: the same rows accepted, quarantined and changed, for every dataset of the sample city.

Three hubs take in the same deliveries of two days: with DuckDB, with Spark on this machine, and with every row staged.
"""

import contextlib
import gc
import operator
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from certificates.sealing import sealing_key
from certificates.types import load_types
from quality.intake import Intake
from quality.judging import LandedChunk
from registries.compare import narrow, placing, workbench
from registries.compare.choosing import look_for_engine
from registries.compare.engines import Engine, LocalEngine
from registries.compare.faults import EngineFailed, EngineMissing
from registries.compare.images import Images
from registries.compare.narrow import Shape
from registries.compare.workbench import Workbench
from registries.home import Role
from registries.landing import Landed, Landing
from registries.landing_faults import LandedMissing
from registries.operators.folders import Contracts
from registries.store.engine import Store
from sample_city.build import build, next_day
from sample_city.pushing import Progress
from tests.benchmarks.defects import take_all_in
from tests.conftest import Hub
from tests.quality.conftest import asked, digest_of
from tests.sample_city_sources import departments_up

DAYS = [date(2026, 6, 1), date(2026, 6, 2)]
PEOPLE, SEED = 500, 7
FOUND = {
    "batches": "SELECT dataset, sequence, state, pulled, accepted, quarantined, new, changed, unchanged, deleted,"
    " repeated, vanished FROM hub.batch ORDER BY 1, 2",
    "quarantined": "SELECT r.dataset, b.sequence, r.row_number FROM hub.refused_row r"
    " JOIN hub.batch b ON b.number = r.batch ORDER BY 1, 2, 3",
    "reasons": "SELECT b.dataset, b.sequence, f.row_number, f.rule_id FROM hub.finding f"
    " JOIN hub.batch b ON b.number = f.batch ORDER BY 1, 2, 3, 4",
}


def missing() -> str:
    """What Spark needs and this machine has not; empty if nothing."""
    try:
        look_for_engine({"HUB_ENGINE": "spark"})
    except EngineMissing as error:
        return error.en
    return ""


pytestmark = [
    pytest.mark.skipif(bool(missing()), reason=missing() or "-"),
    pytest.mark.xdist_group("spark"),
    pytest.mark.timeout(1800),
    # pyspark leaves sockets to the garbage collector
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """One Spark for all tests here; Java's thorough compiler would take longer than they do."""
    from registries.compare.spark_engine import SparkEngine

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1")
        with SparkEngine("local[2]", tmp_path_factory.mktemp("spill") / "spark") as engine:
            yield engine
    gc.collect()


@contextlib.contextmanager
def intake_of(hub: Hub, engine: Engine, today: Callable[[], date]) -> Iterator[Intake]:
    """As `Intake.open`, with an engine that outlives it."""
    home = hub.home
    key = sealing_key(home.secret("landing_key"))
    landing, images = Landing(home.landed, key), Images(home.spill, key)

    def now() -> datetime:
        return datetime.combine(today(), datetime.min.time(), UTC).replace(hour=4)

    catalogue, types, secrets = Contracts(home).catalogue, load_types(), home.secret_or_none
    with Store(home.store_url(Role.LOAD)) as store:
        yield Intake(store, landing, images, catalogue, types, now, home.sources, secrets, engine)


def test_every_dataset_of_the_city_comes_to_the_same_on_spark(
    make_hub: Callable[[], Hub], city_database: str, tmp_path: Path, spark: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    city, days = tmp_path / "city", iter(DAYS)
    build(city, city_database, PEOPLE, SEED, DAYS[0])
    on_duckdb, on_spark, whole = make_hub(), make_hub(), make_hub()
    with departments_up(on_duckdb.home, city, city_database), LocalEngine() as local, contextlib.ExitStack() as stack:
        for hub in (on_spark, whole):
            shutil.copy(on_duckdb.home.path / "sources.json", hub.home.path)
            shutil.copytree(on_duckdb.home.path / "secrets", hub.home.path / "secrets", ignore=ours, dirs_exist_ok=True)
        intakes = [
            (stack.enter_context(intake_of(hub, engine, lambda: today)), small)
            for hub, engine, small in ((on_duckdb, local, 0), (on_spark, spark, 0), (whole, local, 1 << 40))
        ]
        pushed = Progress()
        for today in days:
            taken = []
            for intake, small in intakes:
                monkeypatch.setattr(placing, "SMALL", small)
                outcomes, reached = take_all_in(intake, city, pushed)
                taken.append({name: {**of_one, "seconds": None} for name, of_one in outcomes.items()})
            pushed = reached
            assert taken[1] == taken[0] == taken[2]
            if today != DAYS[-1]:
                next_day(city, city_database)
        assert_telling(on_duckdb, intakes[0][0])
    for wanted in FOUND.values():
        assert asked(on_spark, wanted) == asked(on_duckdb, wanted) == asked(whole, wanted)
    assert digest_of(on_spark) == digest_of(on_duckdb) == digest_of(whole)


def ours(_: str, names: list[str]) -> list[str]:
    """All secrets of a hub but those that open sources."""
    return [name for name in names if not name.startswith("source_")]


def assert_telling(hub: Hub, intake: Intake) -> None:
    """The comparison says something: both days came, with rows of every kind, NULLs among them."""
    names = {dataset.name for dataset in intake.catalogue.datasets if dataset.pulled}
    days = Counter(name for (name, *_) in asked(hub, FOUND["batches"]))
    assert names <= days.keys()
    assert sum(count > 1 for count in days.values()) >= len(names) // 2
    columns = "sum(quarantined), sum(changed), sum(new), sum(unchanged), sum(deleted) + sum(vanished)"
    [sums] = asked(hub, f"SELECT {columns} FROM hub.batch")  # noqa: S608 - written above
    assert all(sums)
    absent = 0
    for (number,) in asked(hub, "SELECT number FROM hub.batch WHERE pulled > 0"):
        landed = intake.landing.landed(int(str(number)))
        absent += sum(column.null_count for _, rows in intake.landing.read(landed) for column in rows.columns)
    assert absent > 0


# --- questions across rows

SHAPE = Shape(
    key=("area", "code"),
    numeric=frozenset({"code"}),
    content=("area", "code", "name"),
    unique=(("name",),),
    refers=("name",),
)
TEXTS = [None, "", "a", "b", "ab", "1", "01", "汕头"]


def rows_of(seed: int, rows: int = 300) -> pa.Table:
    """Rows with NULLs and many duplicates, of a key as of everything."""
    draw = np.random.default_rng(seed)
    names = [*TEXTS, *(f"n{place}" for place in range(rows // 2))]
    return pa.table(
        {
            "area": pa.array(draw.choice(np.array(TEXTS, object), rows), pa.string()),
            "code": pa.array(draw.choice(np.array([*TEXTS, *map(str, range(40))], object), rows), pa.string()),
            "name": pa.array(draw.choice(np.array(names, object), rows), pa.string()),
        }
    )


def answers(engine: Engine, rows: pa.Table, before: pa.Table) -> list[object]:
    """Everything that the workbench asks of an engine."""
    bench = Workbench(SHAPE, engine)
    for first in range(0, rows.num_rows or 1, 100):
        bench.add(SHAPE.narrow(first + 1, rows.slice(first, 100)))
    image = SHAPE.narrow(1, before).select(["key", "content", "text_0", "text_1"])
    found = bench.against(image)
    strange = bench.strange(0, narrow.values(before.column("name").unique().slice(0, 80)))
    absent = Counter(zip(*(column.to_pylist() for column in found.absent.columns), strict=True))
    return [bench.sharing().tolist(), strange.tolist(), found.rows.tolist(), absent, found.absent.schema]


@pytest.mark.parametrize("part_rows", [workbench.PART_ROWS, 150])
@pytest.mark.parametrize("seed", [1, 2])
def test_questions_have_the_same_answers(
    spark: Engine, monkeypatch: pytest.MonkeyPatch, seed: int, part_rows: int
) -> None:
    monkeypatch.setattr(workbench, "PART_ROWS", part_rows)
    rows, before = rows_of(seed), pa.concat_tables([rows_of(seed).slice(0, 150), rows_of(seed + 10)])
    before = before.filter(pa.compute.is_valid(before.column("area")))
    with LocalEngine() as local:
        expected = answers(local, rows, before)
    assert all(expected)
    assert answers(spark, rows, before) == expected


def test_nothing_at_all_is_an_answer_too(spark: Engine) -> None:
    with LocalEngine() as local:
        expected = answers(local, rows_of(1, 0), rows_of(1, 3))
    assert answers(spark, rows_of(1, 0), rows_of(1, 3)) == expected


# --- work in workers


def test_answers_come_in_the_order_of_the_items(spark: Engine) -> None:
    assert list(spark.each(operator.neg, range(9))) == [-item for item in range(9)]


def test_tables_come_back_as_they_were(spark: Engine) -> None:
    table = rows_of(3)
    [found] = spark.each(operator.itemgetter(0), [(table, "汕头")])
    assert found.equals(table)
    assert found.schema == table.schema


def test_our_errors_come_back_as_themselves(spark: Engine, tmp_path: Path) -> None:
    gone = LandedChunk(Landing(tmp_path, bytes(32)), Landed(1, "", 1, 1, None, tmp_path / "1.parquet"), 1, (0,))
    with pytest.raises(LandedMissing) as raised:
        list(spark.each(operator.methodcaller("read"), [gone]))
    assert str(raised.value) == str(LandedMissing("1.parquet"))


def test_of_foreign_errors_nothing_is_told_but_their_kind(spark: Engine, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(EngineFailed) as raised:
        list(spark.each(int, ["440524188001010014x"]))
    assert "ValueError" in raised.value.kind
    told = "".join([*capfd.readouterr(), str(raised.value), *map(str, raised.value.__dict__.values())])
    assert "440524" not in told
    assert raised.value.__cause__ is None
    assert list(spark.each(int, ["5"])) == [5]


def test_nothing_is_heard_from_outside_and_nothing_lies_open(spark: Engine) -> None:
    list(spark.each(operator.neg, [1]))
    settings = dict(spark._running.context.getConf().getAll())
    assert settings["spark.io.encryption.enabled"] == "true"
    assert settings["spark.driver.bindAddress"] == "127.0.0.1"
    folder = Path(settings["spark.local.dir"])
    assert folder.parent.stat().st_mode & 0o777 == 0o700
    assert listening(spark._running.java.pid) == {"127.0.0.1"}


def listening(process: int) -> set[str]:
    """The addresses at which a process listens (Linux: /proc)."""
    mine = {entry.readlink().name for entry in Path(f"/proc/{process}/fd").iterdir() if entry.is_symlink()}
    found = set()
    for name in ("tcp", "tcp6"):
        for line in Path(f"/proc/{process}/net/{name}").read_text("ascii").splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and f"socket:[{fields[9]}]" in mine:
                ipv4 = bytes.fromhex(fields[1].split(":")[0][-8:])[::-1]
                found.add(".".join(map(str, ipv4)))
    return found


def test_spark_starts_again_after_java_has_ended(spark: Engine) -> None:
    list(spark.each(operator.neg, [1]))
    java = spark._running.java
    java.kill()
    java.wait()
    assert list(spark.each(operator.neg, [1, 2])) == [-1, -2]
