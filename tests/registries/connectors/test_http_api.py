"""HTTP interfaces: a real server on loopback that pages in every style, and misbehaves in every way that we know of."""

import dataclasses
import email.utils
import itertools
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from registries.connectors import http_api, http_pages
from registries.connectors.faults import AddressUnusable, SourceChangedShape, SourceDown
from registries.connectors.http_api import ROWS, HttpApi
from registries.connectors.kinds import connector_for
from registries.connectors.remote_faults import BadAnswer, PageDown, PagesMoved, UnreadableColumn
from registries.contracts.model import Column, Dataset, Paging, Server
from registries.landing import Landing
from tests.http_interface import Asked, Behaviour, Interface, Reply, served
from tests.registries.store.sample_catalogue import make_dataset

COLUMNS = (
    Column("number", "证书字号", key=True),
    Column("registered_on", "登记日期", "date", source_name="date"),
    Column("amount", "金额", "number"),
    Column("annulled", "已撤销", "boolean"),
)
PAGED = Paging("page", size=3, rows_at="/data", total_at="/total")
CURSOR = Paging("cursor", size=3, rows_at="/data", next_at="/next")
LINKED = Paging("link", size=3, rows_at="/data", next_at="/links/next")
HEADER = Paging("link", size=3)


def dataset(paging: Paging, **more: object) -> Dataset:
    server = Server("civil", "http_api", path="/v1/marriages", paging=paging)
    return make_dataset("civil.marriages", COLUMNS, server=server, **more)


def row(number: int, **more: object) -> dict[str, object]:
    return {"number": f"J{number:06}", "date": "2026-01-02", "amount": 9.90, "annulled": False, "extra": 1, **more}


@pytest.fixture
def interface() -> Iterator[Interface]:
    with served() as found:
        yield found


@dataclasses.dataclass
class Waits:
    """Pauses that were asked for, and took no time."""

    seconds: list[float] = dataclasses.field(default_factory=list)

    def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


@pytest.fixture
def waits() -> Waits:
    return Waits()


def paged(rows: list[dict[str, object]], size: int | None = None) -> Behaviour:
    """Counted pages, never more than `size` rows."""

    def behave(asked: Asked) -> Reply:
        step = size or int(asked.query["size"])
        first = (int(asked.query["page"]) - 1) * step
        return Reply({"data": rows[first : first + step], "total": len(rows)})

    return behave


def by_cursor(rows: list[dict[str, object]]) -> Behaviour:
    def behave(asked: Asked) -> Reply:
        first = int(asked.query.get("cursor", "0"))
        following = first + 3 if first + 3 < len(rows) else None
        return Reply({"data": rows[first : first + 3], "next": following})

    return behave


def by_link(rows: list[dict[str, object]], *, header: bool) -> Behaviour:
    def behave(asked: Asked) -> Reply:
        first = int(asked.query.get("from", "0"))
        more = first + 3 < len(rows)
        link = f"/v1/marriages?from={first + 3}"
        if not header:
            return Reply({"data": rows[first : first + 3], "links": {"next": link if more else None}})
        headers = {
            "Link": f'</v1/marriages?from=0>; rel=first, <{link}>; rel="next"; title="下"'.encode().decode("latin1")
        }
        return Reply(rows[first : first + 3], headers=headers if more else {})

    return behave


STYLES: list[tuple[Paging, Callable[[list[dict[str, object]]], Behaviour]]] = [
    (PAGED, paged),
    (dataclasses.replace(PAGED, total_at=""), paged),
    (CURSOR, by_cursor),
    (LINKED, lambda rows: by_link(rows, header=False)),
    (HEADER, lambda rows: by_link(rows, header=True)),
]


def rows_of(api: HttpApi) -> list[dict[str, Any]]:
    return [found for batch in api.chunks() for found in batch.to_pylist()]


# --- as it should be


@pytest.mark.parametrize(("paging", "behaviour"), STYLES)
@pytest.mark.parametrize("count", [0, 1, 3, 7])
def test_every_row_comes_once_whatever_the_style(
    interface: Interface, paging: Paging, behaviour: Callable[[list[dict[str, object]]], Behaviour], count: int
) -> None:
    interface.behaviour = behaviour([row(number) for number in range(count)])
    connector = connector_for(dataset(paging), {"civil": interface.url})
    assert connector is not None
    found = [each for batch in connector.chunks() for each in batch.to_pylist()]
    assert [each["number"] for each in found] == [f"J{number:06}" for number in range(count)]
    asked = len(interface.asked)
    assert connector.identity().startswith(f"{count}:")
    assert [each for batch in connector.chunks() for each in batch.to_pylist()] == found
    assert len(interface.asked) == asked  # nothing is pulled twice
    assert (connector.position, connector.watermark(), connector.original()) == (None, None, None)
    assert connector.description == "civil/v1/marriages"


def test_values_keep_the_text_they_were_written_as(interface: Interface) -> None:
    body = b'{"total": 2, "data": [{"number": 12345678901234567890, "date": null, "amount": 1.50, "annulled": true},'
    body += rb' {"number": "\u5f20", "amount": 1e5, "annulled": "0", "date": "2026-01-02", "more": {"a": [1]}}]}'
    interface.behaviour = lambda _: Reply(body)
    assert rows_of(HttpApi(dataset(PAGED), interface.url)) == [
        {"number": "12345678901234567890", "registered_on": None, "amount": "1.50", "annulled": "true"},
        {"number": "张", "registered_on": "2026-01-02", "amount": "1e5", "annulled": "false"},
    ]


def test_an_interface_that_gives_fewer_rows_than_asked_for_is_read_to_its_end(interface: Interface) -> None:
    interface.behaviour = paged([row(number) for number in range(7)], size=2)
    assert len(rows_of(HttpApi(dataset(dataclasses.replace(PAGED, total_at="")), interface.url))) == 7


def test_the_total_may_stand_in_a_header_and_spares_the_empty_page(interface: Interface) -> None:
    rows = [row(number) for number in range(6)]
    pages = paged(rows)
    interface.behaviour = lambda asked: dataclasses.replace(pages(asked), headers={"X-Total-Count": "6"})
    assert len(rows_of(HttpApi(dataset(dataclasses.replace(PAGED, total_at="")), interface.url))) == 6
    assert len(interface.asked) == 2


def test_the_identity_changes_with_any_value_of_the_contract_and_only_then(interface: Interface) -> None:
    def identity(*rows: dict[str, object]) -> str:
        interface.behaviour = paged(list(rows))
        return HttpApi(dataset(PAGED), interface.url).identity()

    same = identity(row(1), row(2))
    assert identity(row(1), row(2, extra="other")) == same
    others = [
        identity(row(1), row(2, amount=9.91)),
        identity(row(1), row(2, date=None)),
        identity(row(1), row(2, date="")),
        identity(row(1)),
        identity(row(2), row(1)),
    ]
    assert len({same, *others}) == 6


def test_what_is_pulled_lies_sealed_and_without_a_name(
    interface: Interface, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import tempfile

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    interface.behaviour = paged([{**row(1), "number": "张三的证书"}])
    api = HttpApi(dataset(PAGED), interface.url)
    api.identity()
    assert list(tmp_path.iterdir()) == []
    assert api._pulled is not None
    api._pulled[0].seek(0)
    assert "张三".encode() not in api._pulled[0].read()
    assert rows_of(api)[0]["number"] == "张三的证书"


def test_many_rows_come_in_batches_of_one_size(interface: Interface) -> None:
    rows = [row(number) for number in range(ROWS + 5)]
    interface.behaviour = paged(rows)
    api = HttpApi(dataset(dataclasses.replace(PAGED, size=4_000)), interface.url)
    assert [batch.num_rows for batch in api.chunks()] == [ROWS, 5]


def test_the_token_goes_with_every_request_and_no_proxy_is_asked(
    interface: Interface, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    interface.behaviour = paged([row(1)])
    connector = connector_for(dataset(PAGED), {"civil": interface.url + "/base/"}, {"source_civil.token": "t-1\n"}.get)
    assert connector is not None
    connector.identity()
    assert {(asked.path, asked.headers["authorization"]) for asked in interface.asked} == {
        ("/base/v1/marriages", "Bearer t-1")
    }


def test_a_password_in_the_address_becomes_basic_authentication(interface: Interface) -> None:
    interface.behaviour = paged([row(1)])
    HttpApi(dataset(PAGED), interface.url.replace("://", "://hub:word@")).identity()
    assert interface.asked[0].headers["authorization"] == "Basic aHViOndvcmQ="
    assert "word" not in interface.asked[0].url


# --- what passes


def failing(behaviour: Behaviour, replies: list[Reply]) -> Behaviour:
    """Answers these first, one for each request, then as it should."""
    waiting = iter(replies)
    return lambda asked: next(waiting, None) or behaviour(asked)


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_what_may_pass_is_tried_again_after_growing_pauses(interface: Interface, waits: Waits, status: int) -> None:
    interface.behaviour = failing(paged([row(1)]), [Reply(b"", status)] * 3)
    assert len(rows_of(HttpApi(dataset(PAGED), interface.url, wait=waits))) == 1
    bounds = [(0.25, 0.5), (0.5, 1.0), (1.0, 2.0)]
    assert all(low <= seconds <= high for (low, high), seconds in zip(bounds, waits.seconds, strict=True))


def test_a_connection_cut_half_way_is_tried_again(interface: Interface, waits: Waits) -> None:
    interface.behaviour = failing(paged([row(1)]), [Reply({"data": [row(1)]}, cut=True)])
    assert len(rows_of(HttpApi(dataset(PAGED), interface.url, wait=waits))) == 1
    assert len(waits.seconds) == 1


def test_a_page_that_takes_too_long_is_tried_again(
    interface: Interface, waits: Waits, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks = itertools.chain([0.0, 1000.0], itertools.repeat(0.0))
    monkeypatch.setattr(http_pages.time, "monotonic", lambda: next(ticks))
    interface.behaviour = paged([row(1)])
    assert len(rows_of(HttpApi(dataset(PAGED), interface.url, wait=waits))) == 1
    assert len(waits.seconds) == 1


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_retry_after_is_honoured_to_the_second(interface: Interface, waits: Waits, form: str) -> None:
    now = time.time() - 86_400  # their clock is a day behind; it is theirs that counts
    later = {"Retry-After": "7"} if form == "seconds" else {"Retry-After": email.utils.formatdate(now + 7, usegmt=True)}
    reply = Reply(b"", 429, {"Date": email.utils.formatdate(now, usegmt=True), **later})
    interface.behaviour = failing(paged([row(1)]), [reply])
    rows_of(HttpApi(dataset(PAGED), interface.url, wait=waits))
    assert waits.seconds == [7.0]


def test_a_pause_that_is_too_long_ends_the_pull_at_once(interface: Interface, waits: Waits) -> None:
    interface.behaviour = lambda _: Reply(b"", 429, {"Retry-After": "86400"})
    with pytest.raises(PageDown) as caught:
        HttpApi(dataset(PAGED), interface.url, wait=waits).identity()
    assert (caught.value.code, len(interface.asked), waits.seconds) == ("429", 1, [])


def test_a_spent_budget_is_waited_for_before_the_next_request(interface: Interface, waits: Waits) -> None:
    pages = paged([row(number) for number in range(6)])
    limited = {"RateLimit-Remaining": "0", "RateLimit-Reset": "3"}
    interface.behaviour = lambda asked: dataclasses.replace(pages(asked), headers=limited)
    rows_of(HttpApi(dataset(PAGED), interface.url, wait=waits))
    assert waits.seconds == [3.0, 3.0]


# --- what does not


def broken_at(number: int, reply: Reply, behaviour: Behaviour) -> Behaviour:
    return lambda asked: reply if asked.query["page"] == str(number) else behaviour(asked)


def test_page_7_that_answers_500_leaves_nothing_and_the_next_run_begins_again(
    interface: Interface, waits: Waits, tmp_path: Path
) -> None:
    good = paged([row(number) for number in range(30)])
    interface.behaviour = broken_at(7, Reply({"error": "张三 440507199003071234"}, 500), good)
    landing = Landing(tmp_path, bytes(32))
    with pytest.raises(PageDown) as caught:
        landing.land(1, HttpApi(dataset(PAGED), interface.url, wait=waits))
    assert isinstance(caught.value, SourceDown)
    assert (caught.value.page, caught.value.code) == (7, "500")
    assert "7" in caught.value.zh
    assert "张三" not in str(caught.value)
    assert [asked.query["page"] for asked in interface.asked] == [*"123456", *"77777"]
    assert list(tmp_path.iterdir()) == []
    interface.behaviour = good
    assert landing.land(1, HttpApi(dataset(PAGED), interface.url, wait=waits)).rows == 30


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_other_refusals_are_not_tried_again(interface: Interface, waits: Waits, status: int) -> None:
    interface.behaviour = broken_at(2, Reply(b"", status), paged([row(number) for number in range(9)]))
    with pytest.raises(PageDown) as caught:
        HttpApi(dataset(PAGED), interface.url, wait=waits).identity()
    assert (caught.value.page, caught.value.code, len(interface.asked), waits.seconds) == (2, str(status), 2, [])


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirects_are_not_followed(interface: Interface, status: int) -> None:
    with served() as elsewhere:
        elsewhere.behaviour = paged([row(1)])
        interface.behaviour = lambda _: Reply(b"", status, {"Location": elsewhere.url})
        with pytest.raises(BadAnswer, match="leads elsewhere"):
            HttpApi(dataset(PAGED), interface.url).identity()
        assert elsewhere.asked == []


@pytest.mark.parametrize(
    "form", ["{other}", "//127.0.0.1:{port}/x", "http://hub:word@{host}/x", "file:///etc/passwd", "http://["]
)
def test_links_to_another_origin_are_not_followed(interface: Interface, form: str) -> None:
    with served() as elsewhere:
        port = elsewhere.url.rpartition(":")[2]
        link = form.format(other=elsewhere.url, port=port, host=urlsplit(interface.url).netloc)
        interface.behaviour = lambda _: Reply({"data": [row(1)], "links": {"next": link}})
        with pytest.raises(BadAnswer, match="another place") as caught:
            HttpApi(dataset(LINKED), interface.url, lambda what: "t" if what == "token" else None).identity()
        assert (caught.value.page, elsewhere.asked) == (1, [])


def test_the_same_cursor_twice_is_a_loop(interface: Interface) -> None:
    counter = itertools.count()
    interface.behaviour = lambda _: Reply({"data": [row(next(counter))], "next": "again"})
    with pytest.raises(BadAnswer, match="loop"):
        HttpApi(dataset(CURSOR), interface.url).identity()
    assert len(interface.asked) == 2


def test_the_same_link_twice_is_a_loop(interface: Interface) -> None:
    counter = itertools.count()
    interface.behaviour = lambda asked: Reply({"data": [row(next(counter))], "links": {"next": asked.url}})
    with pytest.raises(BadAnswer, match="loop"):
        HttpApi(dataset(LINKED), interface.url).identity()
    assert len(interface.asked) == 1


def test_an_interface_that_gives_page_1_for_every_page_is_a_loop(interface: Interface) -> None:
    counter = itertools.count()
    interface.behaviour = lambda _: Reply({"data": [row(1)], "served": next(counter)})
    with pytest.raises(BadAnswer, match="loop") as caught:
        HttpApi(dataset(PAGED), interface.url).identity()
    assert caught.value.page == 2


def test_pages_without_an_end_are_given_up(interface: Interface, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_api, "MOST_PAGES", 12)
    counter = itertools.count()
    interface.behaviour = lambda _: Reply({"data": [row(next(counter))]})
    with pytest.raises(BadAnswer, match="page 12"):
        HttpApi(dataset(PAGED), interface.url).identity()
    assert len(interface.asked) == 12


def test_a_total_that_shrinks_while_paging_is_told(interface: Interface) -> None:
    rows = [row(number) for number in range(9)]

    def behave(asked: Asked) -> Reply:
        reply = paged(rows)(asked)
        if asked.query["page"] == "2":
            rows.pop(0)  # after this one row is in no page
        return reply

    interface.behaviour = behave
    with pytest.raises(PagesMoved):
        HttpApi(dataset(PAGED), interface.url).identity()


def test_a_total_that_is_not_the_number_of_rows_is_told(interface: Interface) -> None:
    interface.behaviour = lambda asked: Reply({"data": [row(1)] if asked.query["page"] == "1" else [], "total": 5})
    with pytest.raises(PagesMoved):
        HttpApi(dataset(PAGED), interface.url).identity()


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (b"<html>sign in</html>", "no whole JSON"),
        (b'{"data": [{"number": "J1"', "no whole JSON"),
        (b'{"data": [{"number": "J1", "number": "J2"}]}', "a member twice"),
        (b'{"data": [{"amount": NaN}]}', "NaN"),
        (b'{"data": [{"number": "\\ud800"}]}', "UTF-8"),
        (b'{"data": [{"number": "\\u0000"}]}', "NUL"),
        (b'{"data": [{"number": "\xd6\xd0"}]}', "UTF-8"),
        (b"[" * 100_000, "nested"),
        (b'{"rows": []}', "list of rows"),
        (b'{"data": [1]}', "list of rows"),
        (b'{"data": null}', "list of rows"),
    ],
)
def test_answers_that_are_not_as_agreed_are_named_by_page(interface: Interface, body: bytes, what: str) -> None:
    interface.behaviour = broken_at(2, Reply(body), paged([row(number) for number in range(9)]))
    with pytest.raises(BadAnswer, match=what) as caught:
        HttpApi(dataset(PAGED), interface.url).identity()
    assert caught.value.page == 2
    assert "J1" not in str(caught.value)


def test_a_page_that_is_too_large_or_compressed_is_not_read(
    interface: Interface, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_pages, "PAGE_BYTES", 1_000)
    interface.behaviour = lambda _: Reply(b" " * 2_000)
    with pytest.raises(BadAnswer, match="too large"):
        HttpApi(dataset(PAGED), interface.url).identity()
    interface.behaviour = lambda _: Reply(b"bomb", headers={"Content-Encoding": "gzip"})
    with pytest.raises(BadAnswer, match="compressed"):
        HttpApi(dataset(PAGED), interface.url).identity()


def test_a_member_that_no_row_has_is_a_changed_shape(interface: Interface) -> None:
    rows = [{name: value for name, value in row(number).items() if name != "date"} for number in range(4)]
    interface.behaviour = paged(rows)
    with pytest.raises(SourceChangedShape) as caught:
        HttpApi(dataset(PAGED), interface.url).identity()
    assert caught.value.missing == ("date",)


def test_a_nested_value_is_named_by_its_column(interface: Interface) -> None:
    interface.behaviour = paged([row(1, amount={"yuan": 1})])
    with pytest.raises(UnreadableColumn, match="amount"):
        HttpApi(dataset(PAGED), interface.url).identity()


def test_an_interface_that_is_not_there_tells_no_address(waits: Waits) -> None:
    with pytest.raises(PageDown) as caught:
        HttpApi(dataset(PAGED), "http://hub:word@127.0.0.1:1", wait=waits).identity()
    assert (caught.value.page, len(waits.seconds)) == (1, 4)
    assert all(secret not in str(caught.value) for secret in ("127.0.0.1", "word", "hub:"))


@pytest.mark.parametrize("address", ["ftp://host/x", "civil.example", "http://", "http://host:port", "file:///etc"])
def test_an_address_that_is_none_says_so(address: str) -> None:
    with pytest.raises(AddressUnusable):
        HttpApi(dataset(PAGED), address).identity()
