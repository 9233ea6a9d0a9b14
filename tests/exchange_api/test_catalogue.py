"""The catalogue over HTTP: all of what is in force, no row of it, with a number of queries that does not grow."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import httpx
import pytest
import sqlalchemy as sa

from exchange_api.catalogue import Standing, describe
from registries.contracts.model import Server, Sharing
from registries.departments import load_catalogue
from registries.home import Role
from registries.operators.folders import operators_folder
from registries.operators.take_up import take_up
from registries.store.scores import ScoreLine
from tests.exchange_api.conftest import HOLDER, PASSWORD, Certificates, Clock, Hub, Served
from tests.made_contracts import TREES, with_girth, write_department

PLACES = ["/catalogue", "/catalogue/datasets/forestry.trees", "/catalogue/registers/ancient_trees"]


@contextmanager
def statements(served: Served) -> Iterator[Counter[str]]:
    """Counts what is read of tables through the pages' store."""
    counted: Counter[str] = Counter()

    def note(_conn: object, _cursor: object, statement: str, *_: object) -> None:
        counted[statement] += 1

    engine = served.parts.store_page._engine
    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        yield counted
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)


@pytest.fixture
def trees(hub: Hub, clock: Clock) -> Hub:
    """The hub with a department of its own."""
    write_department(operators_folder(hub.home))
    take_up(hub.home, hub.store(Role.LOAD), clock())
    return hub


@pytest.fixture
def browser(served: Served, make_account: Callable[..., int]) -> httpx.Client:
    """Somebody who is signed in, as an officer."""
    make_account("zhang", "officer")
    enter(served.http, "zhang")
    return served.http


def enter(http: httpx.Client, login: str) -> None:
    token = re.search(r'name="csrf_token" value="([^"]+)"', http.get("/sign-in").text)
    assert token is not None
    form = {"login": login, "password": PASSWORD, "csrf_token": token[1]}
    answered = http.post("/sign-in", data=form, headers={"origin": str(http.base_url)})
    assert answered.status_code == 303, answered.text


@pytest.mark.usefixtures("trees")
def test_the_catalogue_tells_what_decree_809_asks_for(served: Served) -> None:
    found = served.http.get("/v1/catalogue").json()
    assert found["version"] == 1
    assert {"id": "forestry", "level": "市"}.items() <= found["departments"][-1].items()
    (register,) = [each for each in found["registers"] if each["id"] == "ancient_trees"]
    assert register["subject_kind"] == {"id": "tree", "zh": "树木", "en": "tree"}
    assert [each["authorities"] for each in register["attributes"]] == [["forestry.trees"], ["forestry.trees"]]
    (trees_,) = [each for each in found["datasets"] if each["name"] == "forestry.trees"]
    items = trees_.pop("items")
    assert trees_ == {
        "name": "forestry.trees",
        "title": {"zh": "古树名木普查信息", "en": "Survey of ancient trees"},
        "description": {"zh": "每株古树一行", "en": ""},
        "group": "园林",
        "provider": {"id": "forestry", "zh": "林业局", "en": "Forestry Bureau"},
        "format": {"zh": "CSV 文件", "en": "CSV file"},
        "update": {"every": 30, "fresh_for": 60, "unit": "day", "delivery": "snapshot"},
        "sharing": {
            "class": "无条件共享",
            "conditions": None,
            "scope": None,
            "purpose": None,
            "legal_basis": None,
            "reason": None,
            "missing": ["grade"],
        },
        "grading": {"grade": None, "classification": "public"},
        "mode": {"id": "register", "zh": "基础库", "en": "through its register"},
        "register": "ancient_trees",
        "certificate_type": None,
        "contract": {"id": "forestry-trees", "version": "1.0.0"},
        "valid_time": None,
        "quality": {"score": None, "checked": 0, "failed": 0, "dimensions": []},
        "data_as_of": None,
    }
    assert [(each["name"], each["type"], each["classification"], each["key"]) for each in items] == [
        ("tree_number", "string", "public", True),
        ("species", "string", "public", False),
        ("protection", "string", "public", False),
        ("planted_on", "date", "public", False),
    ]
    assert [each["value"] for each in items[2]["code_table"]] == ["1", "2", "3"]


def test_the_catalogue_holds_no_row_and_no_address(served: Served, certificates: Certificates) -> None:
    certificates.add("JY14405070012345")
    text = served.http.get("/v1/catalogue").text
    assert HOLDER[0] not in text
    assert "JY14405070012345" not in text
    assert "_drop" not in text, "where sources are is nobody's business"


def test_a_score_says_over_how_many_rows(clock: Clock) -> None:
    lines = [
        ScoreLine("d", "d.t", 1, clock(), rule, "v1", dimension, "0302", 1, checked, failed)
        for rule, dimension, checked, failed in (
            ("a", "accuracy", 100, 10),
            ("b", "accuracy", 100, 0),
            ("c", "completeness", 50, 0),
            ("d", "timeliness", 0, 0),
        )
    ]
    catalogue = load_catalogue()
    quality = describe(catalogue.datasets[0], catalogue, Standing(tuple(lines), clock()))["quality"]
    assert (quality["checked"], quality["failed"], round(quality["score"], 6)) == (250, 10, 0.975)
    assert {each["dimension"]: each["score"] for each in quality["dimensions"]} == {
        "accuracy": 0.95,
        "completeness": 1.0,
        "timeliness": None,
    }


def test_it_says_which_columns_tell_when_a_row_holds() -> None:
    catalogue = load_catalogue()

    def told(name: str) -> object:
        return describe(catalogue.dataset(name), catalogue, Standing())["valid_time"]

    assert told("public_security.residents") == {"from": "registered_on", "until": None}
    assert told("market_regulation.business_licences") == {"from": "valid_from", "until": "valid_until"}
    assert told("civil_affairs.divisions") is None


@pytest.mark.parametrize("kind", ["database", "sql_database", "http_api", "files", "push", "live_query"])
def test_every_kind_of_source_has_a_format(kind: str) -> None:
    catalogue = load_catalogue()
    given = catalogue.datasets[0]
    server = Server("s", kind)  # type: ignore[arg-type] # one of the kinds
    described = describe(replace(given, server=server, sharing=Sharing("无条件共享")), catalogue, Standing())
    assert described["format"]["zh"]
    assert kind != "live_query" or described["mode"]["id"] == "live_query"


@pytest.mark.usefixtures("trees")
@pytest.mark.parametrize("place", ["/v1/catalogue", *PLACES])
def test_the_number_of_queries_does_not_grow(browser: httpx.Client, served: Served, place: str) -> None:
    browser.get(place)
    with statements(served) as counted:
        assert browser.get(place).status_code == 200
    assert counted.total() == 2, counted


@pytest.mark.usefixtures("trees")
@pytest.mark.parametrize("place", PLACES)
def test_pages_ask_who_is_there(served: Served, place: str) -> None:
    answered = served.http.get(place)
    assert (answered.status_code, answered.headers["location"].partition("?")[0]) == (303, "/sign-in")


@pytest.mark.usefixtures("trees")
def test_pages_show_names_in_both_languages(browser: httpx.Client) -> None:
    home, dataset, register = (browser.get(place).text for place in PLACES)
    assert 'href="/catalogue" aria-current="page"' in home
    assert "古树名木普查信息" in home
    assert "Ancient trees" in home
    for told in ("保护等级", "third class", "每株古树一行", "30 天", "forestry-trees 1.0.0"):
        assert told in dataset
    assert "林业局：古树名木普查信息" in register
    assert "树木 tree" in register


@pytest.mark.usefixtures("trees")
def test_a_text_narrows_the_lists(browser: httpx.Client) -> None:
    found = browser.get("/catalogue", params={"text": "保护等级"}).text
    assert "古树名木普查信息" in found
    assert "常住人口" not in found
    nothing = browser.get("/catalogue", params={"text": "<script>"}).text
    assert "No dataset fits" in nothing
    assert 'value="&lt;script&gt;"' in nothing
    assert browser.get("/catalogue", params={"text": "x" * 61}).status_code == 422


def test_what_is_not_there_is_said(browser: httpx.Client) -> None:
    for place in ("/catalogue/datasets/forestry.trees", "/catalogue/registers/ancient_trees"):
        assert browser.get(place).status_code == 404


def test_a_running_server_follows_new_contracts(trees: Hub, browser: httpx.Client, clock: Clock) -> None:
    assert "胸围" not in browser.get(PLACES[1]).text
    write_department(operators_folder(trees.home), trees=with_girth())
    take_up(trees.home, trees.store(Role.LOAD), clock())
    assert "胸围" in browser.get(PLACES[1]).text


def test_stewards_see_what_was_refused_and_why(
    trees: Hub, served: Served, make_account: Callable[..., int], clock: Clock
) -> None:
    make_account("huang", "steward")
    enter(served.http, "huang")
    assert "未接受的数据契约" not in served.http.get("/steward").text
    write_department(operators_folder(trees.home), trees=TREES.replace("logicalType: date", "logicalType: <b>day</b>"))
    take_up(trees.home, trees.store(Role.LOAD), clock())
    page = served.http.get("/steward").text
    assert "未接受的数据契约" in page
    assert "forestry/trees.odcs.yaml" in page
    assert "&lt;b&gt;day" in page
