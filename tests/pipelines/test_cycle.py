"""A whole cycle on real parts: a small city's systems in, counts out, and no number of a person beside the store."""

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import psycopg
import pytest

from pipelines.assets import asset_key
from pipelines.cycle import FailedIntake, run_cycle
from pipelines.dagster_home import open_instance
from quality.errors import UnknownDataset
from quality.intake import IntakeOutcome, Step
from registries.home import HubHome, Role
from sample_city.build import build
from tests.conftest import Hub
from tests.sample_city_sources import departments_up

pytestmark = pytest.mark.timeout(900)

PEOPLE = 2000  # in a smaller city the planted defects are so large a share that batches are held
DAY = dt.date(2026, 6, 30)
NOW = dt.datetime(2026, 6, 30, 9, 0, tzinfo=dt.UTC)
PLANTED_NUMBER = "440507198807070016"
PLANTED_NAME = "欧阳泄漏验证"
Outcome = IntakeOutcome | FailedIntake


def clock() -> dt.datetime:
    return NOW


@pytest.fixture
def city(hub: Hub, tmp_path: Path, city_database: str) -> Iterator[Path]:
    """A small city whose systems run, and the hub knows where."""
    folder = tmp_path / "city"
    build(folder, city_database, PEOPLE, 7, DAY)
    with departments_up(hub.home, folder, city_database):
        yield folder


def by_name(outcomes: list[Outcome]) -> dict[str, Outcome]:
    return {outcome.dataset: outcome for outcome in outcomes}


def newest(folder: Path, pattern: str) -> Path:
    return max(folder.glob(pattern), key=lambda file: file.stat().st_mtime_ns)


def numbers_of_people(city_database: str) -> list[str]:
    with psycopg.connect(city_database) as connection:
        return [number for (number,) in connection.execute("SELECT citizen_number FROM residents") if number]


def found_beside_the_store(home: HubHome, secrets: list[str]) -> set[str]:
    """Which of the secrets stand in any file of Dagster's folder or the logs."""
    files = [file for folder in (home.dagster, home.logs) for file in folder.rglob("*") if file.is_file()]
    assert files, "nothing was searched"
    content = b"\0".join(file.read_bytes() for file in files)
    return {secret for secret in secrets if secret.encode() in content or ascii_json(secret) in content}


def ascii_json(text: str) -> bytes:
    return json.dumps(text)[1:-1].encode()


@pytest.mark.usefixtures("city")
def test_a_cycle_takes_everything_in_once(hub: Hub, city_database: str) -> None:
    steps: list[tuple[Step, str]] = []
    first = run_cycle(hub.home, clock, progress=lambda step, name, _rows: steps.append((step, name)))
    assert [outcome for outcome in first if outcome.state != "done"] == []
    order = [outcome.dataset for outcome in first]
    assert order.index("market_regulation.enterprises") < order.index("market_regulation.business_licences")
    assert len(order) >= 17
    assert {name for _step, name in steps} == {outcome.dataset for outcome in first}
    for outcome in first:
        counts = outcome.counts
        assert counts.pulled == counts.accepted + counts.quarantined + counts.held
    again = run_cycle(hub.home, clock)
    assert {outcome.state for outcome in again} == {"nothing_new"}
    with open_instance(hub.home) as instance:
        residents = instance.get_latest_materialization_event(asset_key("public_security.residents"))
        assert residents is not None
        assert residents.asset_materialization is not None
        told = residents.asset_materialization.metadata
        counts = by_name(first)["public_security.residents"].counts
        assert told["pulled"].value == counts.pulled
        assert told["dagster/row_count"].value == counts.new
        assert instance.get_runs_count(dg.RunsFilter(statuses=[dg.DagsterRunStatus.SUCCESS])) == 2 * len(first)
    secrets = numbers_of_people(city_database)
    assert len(secrets) >= PEOPLE
    assert found_beside_the_store(hub.home, secrets) == set()


def test_an_unknown_dataset_is_said_before_anything_is_done(hub: Hub) -> None:
    with pytest.raises(UnknownDataset, match=r"a\.b"):
        run_cycle(hub.home, clock, ["a.b"])


@pytest.fixture
def faulty_sources(city: Path, city_database: str) -> None:
    """Three sources that fail, each with a person's number where the driver's or parser's own text would quote it."""
    firms = newest(city / "drops" / "market_regulation", "enterprises_*.csv")
    ragged = f"{PLANTED_NUMBER},{PLANTED_NAME}\r\n".encode("gb18030")
    firms.write_bytes(firms.read_bytes() + ragged)
    lists = newest(city / "drops" / "statistics_bureau", "*.csv")
    lists.write_bytes(lists.read_bytes() + f"{PLANTED_NUMBER},{PLANTED_NAME}".encode() + b"\xff\xff\n")
    with psycopg.connect(city_database) as connection:
        connection.execute("ALTER TABLE residents RENAME TO residents_table")
        connection.execute(
            "CREATE FUNCTION quoting(t text) RETURNS text LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION 'bad % {PLANTED_NAME}', t USING DETAIL = 'Key ({PLANTED_NUMBER})'; END $$"
        )
        connection.execute(
            "CREATE VIEW residents AS SELECT * FROM residents_table WHERE quoting(citizen_number) IS NOT NULL"
        )


@pytest.mark.usefixtures("faulty_sources")
def test_failing_sources_stop_no_other_and_quote_nobody(hub: Hub, city_database: str) -> None:
    outcomes = by_name(run_cycle(hub.home, clock))
    failed = {name: outcome for name, outcome in outcomes.items() if isinstance(outcome, FailedIntake)}
    assert {"market_regulation.enterprises", "public_security.residents"} <= set(failed)
    assert outcomes["civil_affairs.divisions"].state == "done"
    assert all(outcome.zh and outcome.en for outcome in failed.values())
    with psycopg.connect(city_database) as connection:
        numbers = [n for (n,) in connection.execute("SELECT citizen_number FROM residents_table") if n]
    secrets = [PLANTED_NUMBER, PLANTED_NAME, *numbers]
    assert not [secret for secret in secrets if secret in repr(failed)]
    assert found_beside_the_store(hub.home, secrets) == set()


@pytest.mark.usefixtures("city")
def test_a_store_that_fails_with_a_row_in_its_text_quotes_nobody(hub: Hub, city_database: str) -> None:
    with psycopg.connect(hub.home.store_url(Role.OWNER).replace("+psycopg", "")) as owner:
        owner.execute(
            "CREATE FUNCTION hub.quoting() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION 'row % {PLANTED_NAME}', NEW USING DETAIL = 'Key ({PLANTED_NUMBER})'; END $$"
        )
        owner.execute("GRANT EXECUTE ON FUNCTION hub.quoting TO PUBLIC")
    with psycopg.connect(hub.home.store_url(Role.LOAD).replace("+psycopg", "")) as loader:
        loader.execute(
            "CREATE TRIGGER quoting BEFORE INSERT ON data.public_security__residents"
            " FOR EACH ROW EXECUTE FUNCTION hub.quoting()"
        )
    (outcome,) = run_cycle(hub.home, clock, ["public_security.residents"])
    assert isinstance(outcome, FailedIntake)
    secrets = [PLANTED_NUMBER, PLANTED_NAME, *numbers_of_people(city_database)]
    assert not [secret for secret in secrets if secret in repr(outcome)]
    assert found_beside_the_store(hub.home, secrets) == set()
