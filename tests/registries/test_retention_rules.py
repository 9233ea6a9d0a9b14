"""How long a contract keeps its data, and periods of the calendar."""

import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registries.contract_diff.diff import compare, load_part
from registries.contracts.loading import load_contract
from registries.contracts.periods import Period, Retention

GOOD = Path(__file__).parent / "good" / "shops.odcs.yaml"
PROMISE = "  - {property: latency, value: 3, unit: d}\n"
TITLE = "      - {property: titleEn, value: Shops}\n"


def contract(folder: Path, *, promise: str = "", table: str = "") -> Path:
    folder.mkdir(parents=True)
    text = GOOD.read_text("utf-8").replace(PROMISE, PROMISE + promise, 1).replace(TITLE, TITLE + table, 1)
    path = folder / "shops.odcs.yaml"
    path.write_text(text, "utf-8")
    return path


def retention(folder: Path, *, promise: str = "", table: str = "") -> Retention:
    return load_contract(contract(folder, promise=promise, table=table))[0].retention


def test_nothing_told_is_left_to_the_hub(tmp_path: Path) -> None:
    assert retention(tmp_path / "a") == Retention()


def test_one_period_is_for_everything_but_never_too_short_for_answers(tmp_path: Path) -> None:
    found = retention(tmp_path / "a", promise="  - {property: retention, value: 1, unit: y}\n")
    assert (str(found.landed), str(found.history), str(found.bodies)) == ("1y", "1y", "3y")


def test_a_promise_for_another_table_says_nothing_here(tmp_path: Path) -> None:
    path = contract(tmp_path / "a", promise="  - {property: retention, value: 1, unit: y, element: stalls}\n")
    shops, stalls = load_contract(path)
    assert (shops.retention.landed, str(stalls.retention.landed)) == (None, "1y")


def test_parts_told_apart_count(tmp_path: Path) -> None:
    table = "      - {property: retention, value: {landed: 30d, bodies: 20y, erasure: refused, legalBasis: 条例}}\n"
    found = retention(tmp_path / "a", promise="  - {property: retention, value: 6, unit: m}\n", table=table)
    assert (str(found.landed), str(found.history), str(found.bodies)) == ("30d", "6m", "20y")
    assert (found.erasure, found.legal_basis) == ("refused", "条例")


@pytest.mark.parametrize(
    ("before", "after", "what", "step"),
    [
        ("landed: 30d", "landed: 60d", "retention_longer", "major"),
        ("history: 2y", "history: 1y", "retention_shorter", "minor"),
        ("erasure: allowed", "erasure: named", "erasure_narrowed", "major"),
        ("erasure: named", "erasure: allowed", "erasure_widened", "minor"),
    ],
)
def test_a_change_says_at_whose_cost_it_is(tmp_path: Path, before: str, after: str, what: str, step: str) -> None:
    old, new = (
        load_part(contract(tmp_path / name, table=f"      - {{property: retention, value: {{{value}}}}}\n"))
        for name, value in (("old", before), ("new", after))
    )
    assert [(each.what, each.step) for each in compare(old, new).differences] == [(what, step)]


@given(
    st.integers(1, 9999),
    st.sampled_from("dmy"),
    st.datetimes(dt.datetime(2020, 1, 1), dt.datetime(2030, 1, 1), timezones=st.just(dt.UTC)),  # noqa: DTZ001 - bounds of the strategy are naive
)
def test_a_period_before_a_moment_is_about_its_days_ago(count: int, unit: str, moment: dt.datetime) -> None:
    period = Period.parse(f"{count}{unit}")
    assert period is not None
    if period.days > 365 * 1900:
        return
    gone = (moment - period.before(moment)).days
    assert abs(gone - period.days) <= 1 + float(period.days) * 0.03 + 3
    assert period.before(moment).time() == moment.time()
