"""A year on a real hub: twelve monthly deliveries; at its end cases, scores, alerts and dashboards tell that story.

What was planted comes from the sample city's own script, which knows nothing of the hub: transport's clerk mends half
of his rows, human resources ignores its deadlines, all others have mended everything by the next month; once there is a
drift, a batch that is held, a department that is late, and a newer list that ends conflicts.
"""

import contextlib
import dataclasses
import re
import shutil
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import uvicorn
from playwright.sync_api import Browser, Page

from exchange_api.application import create_app
from exchange_api.pages.boards.every import EVERY
from exchange_api.parts import ApiSettings, HubParts, open_parts
from exchange_api.passwords import hash_password
from mianzheng.asked_year import ITEMS, answering, ask_of_month
from mianzheng.demonstration import prepare_demonstration
from mianzheng.embedded_postgres import Cluster, free_port
from mianzheng.monthly_contracts import write_monthly_contracts
from mianzheng.scripted_year import ScriptedYear, YearClock, morning_of, rest_of_month, year_end
from mianzheng.store_set_up import keep_addresses
from quality.intake import Intake
from registries.departments import Catalogue
from registries.home import HubHome, Role
from registries.operators.take_up import take_up
from registries.store import accounts
from registries.store.engine import Store
from sample_city import year
from sample_city.city import found
from sample_city.scripts import IGNORES, MENDS_HALF, MONTHS, month_after
from sample_city.year_events import EVENTS
from tests.benchmarks.defects import RULES
from tests.benchmarks.defects import found as findings_of
from tests.conftest import OWNER, PASSWORD, TEMPLATE, administration, short_lived_folder
from tests.exchange_api.pages.looking import look_at
from tests.sample_city_sources import departments_up

pytestmark = [pytest.mark.journey, pytest.mark.browser, pytest.mark.xdist_group("year"), pytest.mark.timeout(1800)]

PEOPLE, SEED = 2_000, 2016
IGNORER, CLERK = "human_resources", "transport"
LEVEL_2 = {
    "transport.driver_permits": (
        "category_code-code_validity",
        "issuing_authority_code-uscc",
        "valid_until-not_expired",
    ),
    "transport.operation_permits": ("holder_code-reference", "holder_name-reference", "plate_number-licence_plate"),
    "human_resources.qualifications": (
        "certificate_identifier-certificate_identifier",
        "issued_on-in_future",
        "trade_code-code_validity",
    ),
}
"""The planted kinds of the two departments that open cases."""

STAYS = {
    ("development_and_reform.public_credit", "penalty_count-not_negative"),  # one list a year: late in the end
    ("development_and_reform.public_credit", "freshness-in_time"),
    ("market_regulation.business_licences", "holder_code-reference"),  # an enterprise's row was wrong; the licence did
    ("market_regulation.business_licences", "holder_name-reference"),  # not come again since
}
AFTER_A_YEAR = {CLERK: (MENDS_HALF.window(MONTHS - 1)), IGNORER: (IGNORES.window(MONTHS - 1))}
WIDTHS = {1280: 800, 390: 844}
DAY_OF = {event: month_after(year.FIRST_DAY, month) for event, (month, _) in EVENTS.items()}


@dataclasses.dataclass
class Ended:
    """The hub on the day after the last delivery."""

    home: HubHome
    city: Path
    owner: Store
    parts: HubParts
    address: str
    today: Any
    misses: Counter[Any] = dataclasses.field(default_factory=Counter)

    def rows(self, statement: str, **bound: object) -> list[tuple[Any, ...]]:
        with self.owner.begin() as conn:
            return [tuple(row) for row in conn.execute(sa.text(statement), bound)]


PEOPLE_OF_THE_HUB = (
    ("steward", "data_administration", "steward"),
    ("clerk", CLERK, "publisher"),
    ("ignorer", IGNORER, "publisher"),
    ("boss", IGNORER, "department_administrator"),
    ("authority", "data_administration", "hub_administrator"),
)


@pytest.fixture(scope="module")
def ended(cluster: Cluster, template: tuple[HubHome, Catalogue], database_names: Iterator[str]) -> Iterator[Ended]:
    """The whole year, taken in, and the hub served as it stands then."""
    folder, names = short_lived_folder(), (next(database_names), next(database_names))
    with administration(cluster) as connection:
        connection.execute(f'CREATE DATABASE "{names[0]}" TEMPLATE {TEMPLATE} OWNER {OWNER}')
        connection.execute(f'CREATE DATABASE "{names[1]}"')
    home = HubHome(folder / "hub")
    home.prepare()
    passwords = {role: template[0].secret(f"password_{role.value}") for role in (Role.LOAD, Role.API, Role.PAGE)}
    keep_addresses(home, cluster.url(OWNER, PASSWORD, names[0]), passwords)
    home.secret_or_new("landing_key")
    try:
        with Store(home.store_url(Role.OWNER)) as owner:
            let_people_in(owner)
            prepare_demonstration(home, morning_of(year.FIRST_DAY))
            deliver_monthly(home)
            address = f"http://127.0.0.1:{free_port()}"
            misses, clock = live_through(home, folder / "city", cluster.url("postgres", PASSWORD, names[1]), address)
            with served(home, clock, address) as (parts, address):
                yield Ended(home, folder / "city", owner, parts, address, clock().date(), misses)
    finally:
        with administration(cluster) as connection:
            for name in names:
                connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
        shutil.rmtree(folder)


def deliver_monthly(home: HubHome) -> None:
    write_monthly_contracts(home)
    with Store(home.store_url(Role.LOAD)) as load:
        assert not take_up(home, load, morning_of(year.FIRST_DAY)).refused


def let_people_in(owner: Store) -> None:
    with owner.begin() as conn:
        for login, department, role in PEOPLE_OF_THE_HUB:
            accounts.add_account(conn, login, hash_password(PASSWORD), "黄敏", department, frozenset({role}))


def live_through(home: HubHome, city: Path, url: str, address: str) -> tuple[Counter[Any], YearClock]:
    """Twelve deliveries and what lies between them; what the hub found of the last one too much or too little."""
    year.begin(city, url, PEOPLE, SEED)
    clock = YearClock(morning_of(year.FIRST_DAY))
    with (
        departments_up(home, city, url),
        Intake.open(home, clock) as intake,
        answering(home, address, clock) as client,
    ):
        scripted = ScriptedYear(city, url, intake, clock)
        asked = partial(ask_of_month, client, city)
        for month in scripted.months():
            if month + 1 < MONTHS:
                rest_of_month(scripted, home, asked)
        truth = year.truth_of(city, MONTHS - 1)
        told = findings_of(home, intake, truth)
        year_end(scripted, home, asked)
    return (truth - told) + (told - truth), clock


@contextlib.contextmanager
def served(home: HubHome, clock: Callable[[], Any], address: str) -> Iterator[tuple[HubParts, str]]:
    """The application at an address, in a thread."""
    port = int(address.rpartition(":")[2])
    with open_parts(home, clock, ApiSettings(issuer=address)) as parts:
        config = uvicorn.Config(create_app(parts), host="127.0.0.1", port=port, log_level="warning", lifespan="off")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        until = time.monotonic() + 30
        while not server.started and time.monotonic() < until:
            time.sleep(0.05)
        assert server.started
        try:
            yield parts, address
        finally:
            server.should_exit = True
            thread.join(20)


# --- what the store knows


def test_every_planted_row_of_the_last_month_was_found_and_nothing_else(ended: Ended) -> None:
    assert ended.misses == Counter()


def test_twelve_batches_of_each_dataset_and_each_event_in_its_month(ended: Ended) -> None:
    counted = dict(ended.rows("SELECT dataset, count(*) FROM hub.batch GROUP BY 1"))
    twelve = ("public_security.residents", "market_regulation.enterprises", "human_resources.insured_persons")
    assert [counted[name] for name in twelve] == [MONTHS] * 3
    assert counted["transport.driver_permits"] == 2 * MONTHS - 1, "the clerk hands in again between two deliveries"
    assert counted["health.birth_certificates"] == MONTHS - 1, "late once"
    held = ended.rows("SELECT dataset, opened_at::date, accepted FROM hub.batch WHERE hold_reason IS NOT NULL")
    assert held == [("human_resources.insured_persons", DAY_OF["held"], 0)]
    faults = "SELECT count(*) FROM hub.batch WHERE pulled <> accepted + quarantined + held OR state <> 'done'"
    assert ended.rows(faults) == [(0,)]


CASES = """
SELECT dataset, rule_id, state, rows, rows_open, reopened, escalated_to FROM hub."case"
 WHERE department = :department AND cause = 'finding' AND rule_id = ANY(:rules) ORDER BY dataset, rule_id, number
"""


def rules_of(department: str) -> list[str]:
    return [rule for name, rules in LEVEL_2.items() if name.startswith(f"{department}.") for rule in rules]


def test_the_clerk_mends_half_of_them(ended: Ended) -> None:
    """One case for each rule, all year: of 26 rows 22 are mended, and 4 came last or are the half that is left."""
    found = ended.rows(CASES, department=CLERK, rules=rules_of(CLERK))
    first, end = AFTER_A_YEAR[CLERK]
    assert {(row[0], row[1]) for row in found} == {
        (name, rule) for name, rules in LEVEL_2.items() if name.startswith(CLERK) for rule in rules
    }
    assert {row[2:6] for row in found} == {("open", end, end - first, 0)}
    assert (end, end - first) == (26, 4)
    sizes = ended.rows(
        "SELECT b.number, count(DISTINCT f.row_number) FROM hub.batch b JOIN hub.finding f ON f.batch = b.number "
        "WHERE b.dataset = 'transport.driver_permits' AND f.rule_id = 'valid_until-not_expired' GROUP BY 1 ORDER BY 1"
    )
    assert [size for _, size in sizes] == [4, 2] * (MONTHS - 1) + [4]


def test_who_ignores_its_deadlines_has_all_of_them_open_and_the_authority_knows(ended: Ended) -> None:
    found = ended.rows(CASES, department=IGNORER, rules=rules_of(IGNORER))
    first, end = AFTER_A_YEAR[IGNORER]
    assert [row[2:] for row in found] == [("open", end, end, 0, "authority")] * len(rules_of(IGNORER))
    assert (first, end) == (0, 13)
    conflict = ended.rows(
        "SELECT state, rows_open, against FROM hub.\"case\" WHERE cause = 'conflict' AND department = :d", d=IGNORER
    )
    assert conflict == [("open", end, "public_security")]


def test_all_others_mend_everything_by_the_next_month(ended: Ended) -> None:
    """Whatever a rule found in their data is closed, but for what came with the last delivery."""
    last = month_after(year.FIRST_DAY, MONTHS - 1)
    found = ended.rows(
        'SELECT DISTINCT c.dataset, c.rule_id FROM hub."case" c JOIN hub.case_row r ON r.case_number = c.number '
        "JOIN hub.batch b ON b.number = r.opened_batch "
        "WHERE c.cause = 'finding' AND r.state = 'open' AND b.opened_at::date < :last "
        "AND c.department NOT IN ('transport', 'human_resources')",
        last=last,
    )
    assert {tuple(row) for row in found} <= STAYS


def test_a_newer_list_ends_the_conflicts_of_the_real_divisions(ended: Ended) -> None:
    found = ended.rows(
        'SELECT state, ending, rows, closed_at::date FROM hub."case" '
        "WHERE cause = 'conflict' AND dataset = 'statistics_bureau.divisions'"
    )
    assert found
    assert {(state, ending, day) for state, ending, _, day in found} == {("closed", "mended", DAY_OF["newer_list"])}
    assert sum(rows for _, _, rows, _ in found) > 100


def test_the_month_of_drift_and_no_other(ended: Ended) -> None:
    found = ended.rows(
        "SELECT b.dataset, b.opened_at::date FROM hub.score s JOIN hub.batch b ON b.number = s.batch "
        "WHERE s.rule_id = 'distribution-drift' AND s.failed > 0 AND b.delivery = 'snapshot'"
    )
    assert found == [("market_regulation.enterprises", DAY_OF["drift"])]


def test_who_was_late_was_told_and_delivered(ended: Ended) -> None:
    found = ended.rows(
        "SELECT dataset, state, opened_at::date, closed_at::date FROM hub.\"case\" WHERE rule_id = 'freshness-in_time' "
        "ORDER BY number"
    )
    health = [row[1:] for row in found if row[0] == "health.birth_certificates"]
    after = month_after(year.FIRST_DAY, EVENTS["late"][0] + 1)
    assert [(state, closed) for state, _, closed in health] == [("closed", after)]
    assert {row[0] for row in found if row[1] == "open"} <= {"development_and_reform.public_credit"}


def test_months_are_closed_and_the_ledger_holds(ended: Ended) -> None:
    from registries.store.ledger_check import check

    closed = ended.rows("SELECT count(DISTINCT month) FROM hub.monthly_score")
    assert closed == [(MONTHS - 1,)]
    with ended.owner.begin() as conn:
        assert check(conn).faults == []


def test_everybody_heard_of_what_concerns_them_and_of_nothing_else(ended: Ended) -> None:
    told = Counter(
        {
            (login, kind): count
            for login, kind, count in ended.rows(
                "SELECT t.login, a.kind, sum(a.count)::int FROM hub.alert a JOIN hub.account t ON t.id = a.account_id "
                "GROUP BY 1, 2"
            )
        }
    )
    kinds = {login: {kind for who, kind in told if who == login} for login, _, _ in PEOPLE_OF_THE_HUB}
    assert {"refused", "case_opened"} <= kinds["clerk"]
    assert {"refused", "case_opened", "red", "held"} <= kinds["ignorer"]
    assert kinds["boss"] == kinds["authority"] == {"escalated"}
    assert {"held", "late", "drift", "overdue"} <= kinds["steward"]
    assert told["steward", "held"] == 1
    elsewhere = ended.rows(
        "SELECT count(*) FROM hub.alert a JOIN hub.account t ON t.id = a.account_id "
        "WHERE t.login IN ('clerk', 'ignorer', 'boss') AND a.department <> t.department"
    )
    assert elsewhere == [(0,)]


# --- what people see


@dataclasses.dataclass
class Window:
    """Somebody's browser window, and everything that must not happen in it."""

    page: Page
    address: str
    faults: list[str]

    def go(self, path: str) -> Page:
        answered = self.page.goto(self.address + path)
        assert answered is not None
        assert answered.status == 200, path
        self.page.wait_for_load_state("networkidle")
        return self.page


@pytest.fixture
def window(ended: Ended, browser: Browser) -> Iterator[Callable[..., Window]]:
    """A maker of windows of somebody who is signed in."""
    contexts, opened = [], []

    def make(login: str, width: int = 1280) -> Window:
        context = browser.new_context(viewport={"width": width, "height": WIDTHS[width]}, locale="zh-CN")
        contexts.append(context)
        page = context.new_page()
        one = Window(page, ended.address, [])
        page.on("console", lambda said: one.faults.append(said.text) if said.type in {"error", "warning"} else None)
        page.on("pageerror", lambda error: one.faults.append(str(error)))
        page.goto(ended.address + "/sign-in")
        page.fill("#login", login)
        page.fill("#password", PASSWORD)
        page.click("button[type=submit].primary")
        page.wait_for_url(ended.address + "/")
        opened.append(one)
        return one

    yield make
    for context in contexts:
        context.close()
    assert [fault for one in opened for fault in one.faults] == []


def table_of(page: Page) -> list[list[str]]:
    """The cells of a dashboard's table, the first line of each."""
    cells = "(row) => [...row.children].map((cell) => cell.innerText.split('\\n')[0].trim())"
    return [row.evaluate(cells) for row in page.locator("#board-rows tr").all()]


def months_of(page: Page) -> dict[str, int]:
    """Month -> its column in a dashboard's table."""
    heads = page.locator("table:has(#board-rows) thead th").all_inner_texts()
    return {text.strip(): place for place, text in enumerate(heads) if re.match(r"\d{4}-\d{2}", text.strip())}


def score(text: str) -> float:
    """The figure of a score's cell; none where there is no data."""
    found = re.match(r"[\d.]+", text)
    return float(found[0]) if found else 101.0


def number(text: str) -> int:
    return int(re.sub(r"\D", "", text) or 0)


def test_the_dashboard_of_cases_tells_that_story(ended: Ended, window: Callable[..., Window]) -> None:
    one = window("steward")
    rows = {row[0]: row for row in table_of(one.go("/steward/boards/cases"))}
    names = {each.id: each.name_zh for each in ended.parts.catalogue.departments}
    asked = "SELECT department, count(*), sum(rows_open)::int FROM hub.\"case\" WHERE state = 'open' GROUP BY 1"
    counted = {department: (cases, open_rows) for department, cases, open_rows in ended.rows(asked)}
    assert {names[department] for department in counted} == set(rows)
    for department, (cases, open_rows) in counted.items():
        row = rows[names[department]]
        assert (number(row[1]), number(row[-2])) == (cases, open_rows), department
    planted = year.truth_of(ended.city, MONTHS - 1)
    ours = rules_of(IGNORER)
    truth = sum(
        count
        for (name, _, kind), count in planted.items()
        if name == "human_resources.qualifications" and RULES[name][kind].rule in ours
    )
    by_rule = ended.rows(CASES, department=IGNORER, rules=ours)
    assert sum(row[4] for row in by_rule) == truth == 3 * 13
    overdue = {name: number(row[-5]) for name, row in rows.items()}
    assert overdue[names[IGNORER]] == counted[IGNORER][0], "all of its cases have a red card"


def test_the_conflict_map_and_freshness_tell_it_too(ended: Ended, window: Callable[..., Window]) -> None:
    one = window("steward")
    names = {each.id: each.name_zh for each in ended.parts.catalogue.departments}
    conflicts = {(row[0], row[1]): number(row[3]) for row in table_of(one.go("/steward/boards/conflicts"))}
    assert conflicts[names[IGNORER], names["public_security"]] == 13
    assert (names["statistics_bureau"], names["civil_affairs"]) not in conflicts
    fresh = {row[0]: row[2] for row in table_of(one.go("/steward/boards/freshness"))}
    states = Counter(fresh.values())
    assert not [title for title, state in fresh.items() if "已超期" in state and "信用" not in title]
    assert states["从未报送"] == 3


def test_the_score_of_who_ignores_it_falls_and_the_clerk_s_stays(ended: Ended, window: Callable[..., Window]) -> None:
    page = window("steward").go("/steward/boards/scores?dimension=accuracy")
    months = sorted(months_of(page).items())
    assert len(months) == MONTHS
    rows = {row[0]: row for row in table_of(page)}
    names = {each.id: each.name_zh for each in ended.parts.catalogue.departments}
    points = {name: [score(rows[names[name]][place]) for _, place in months] for name in (IGNORER, CLERK)}
    assert points[IGNORER][-1] < points[IGNORER][0] - 1
    assert abs(points[CLERK][-1] - points[CLERK][0]) < 0.5
    assert min(rows, key=lambda name: score(rows[name][months[-1][1]])) == names[IGNORER], "the last of all"


def test_scores_fall_in_the_months_of_the_two_events_alone(ended: Ended, window: Callable[..., Window]) -> None:
    """A batch was held, and a department was late: their next deliveries come too late, and nobody else's."""
    page = window("steward").go("/steward/boards/scores")
    names = {each.name_zh: each.id for each in ended.parts.catalogue.departments}
    months = months_of(page)
    low = {
        (names[row[0]], month) for row in table_of(page) for month, place in months.items() if score(row[place]) < 95
    }
    after = {name: f"{month_after(DAY_OF[name], 1):%Y-%m}" for name in ("held", "late")}
    assert {one for one in low if one[0] != "standards_administration"} == {
        (IGNORER, after["held"]),
        ("health", after["late"]),
    }


def test_what_was_issued_and_asked_and_taken_on_paper(ended: Ended, window: Callable[..., Window]) -> None:
    """Human resources issues on paper what its table lacks; new certificates are there within a month."""
    one = window("steward")
    names = {each.id: each.name_zh for each in ended.parts.catalogue.departments}
    shares = {row[0]: row[6] for row in table_of(one.go("/steward/boards/coverage?by=department&since=2026"))}
    assert score(shares[names[IGNORER]]) < 90
    assert score(shares[names[CLERK]]) == 100
    lag = {row[0]: number(row[3]) for row in table_of(one.go("/steward/boards/lag"))}
    assert lag
    assert all(8 <= median <= 16 for median in lag.values()), lag
    used = table_of(one.go("/steward/boards/usage"))
    assert {row[0] for row in used} >= set(ITEMS)
    for _, asked, valid, valid_count, *_, other in used:  # a case check has no verdict: it makes no share smaller
        verdicts = number(asked) - number(other)
        assert not verdicts or abs(score(valid) - 100 * number(valid_count) / verdicts) < 0.2
    paper = table_of(one.go("/steward/boards/paper"))
    assert [number(cell) for cell in paper[0][1:] if cell.isdigit()]
    taken = ended.rows(
        "SELECT date_trunc('month', received_at)::date, count(*) FROM hub.material_received GROUP BY 1 ORDER BY 1"
    )
    counts = [count for _, count in taken]
    assert len(counts) == MONTHS
    assert counts == sorted(counts, reverse=True)
    assert (counts[0], counts[-1]) == (6, 1)


@pytest.mark.parametrize("width", WIDTHS)
def test_every_dashboard_of_the_year_looks_right(window: Callable[..., Window], width: int) -> None:
    one = window("steward", width)
    for name in EVERY:
        look_at(one.go(f"/steward/boards/{name}"), f"year-{name}", width)


@pytest.mark.parametrize(
    ("login", "path", "name"),
    [
        ("steward", "/steward/cases", "steward-cases"),
        ("steward", "/steward/held", "steward-held"),
        ("steward", "/steward", "steward"),
        ("steward", "/alerts", "steward-alerts"),
        ("ignorer", "/publisher/cases", "ignorer-cases"),
        ("clerk", "/publisher", "clerk"),
        ("clerk", "/alerts", "clerk-alerts"),
        ("authority", "/alerts", "authority-alerts"),
        ("boss", "/alerts", "boss-alerts"),
    ],
)
def test_the_pages_of_the_year_look_right(window: Callable[..., Window], login: str, path: str, name: str) -> None:
    for width in WIDTHS:
        look_at(window(login, width).go(path), f"year-{name}", width)


def test_a_reminder_and_the_bell(ended: Ended, window: Callable[..., Window]) -> None:
    """The steward prints the letter about the oldest case of who ignores it; the bell counts what was not read."""
    case = ended.rows(CASES, department=IGNORER, rules=rules_of(IGNORER))
    assert case
    number_of = ended.rows("SELECT min(number) FROM hub.\"case\" WHERE department = :d AND state = 'open'", d=IGNORER)
    one = window("steward")
    look_at(one.go(f"/steward/cases/{number_of[0][0]}"), "year-case", 1280)
    look_at(one.go(f"/steward/cases/{number_of[0][0]}/letter"), "year-letter", 1280)
    page = one.go("/alerts")
    unread = page.locator("[data-bell-count]")
    unread.wait_for(state="visible")
    assert number(unread.inner_text()) > 0
    page.get_by_role("button", name="全部已读").click()
    page.wait_for_load_state("networkidle")
    assert page.locator("[data-bell-count]").is_hidden()
    assert found(ended.city) is not None
