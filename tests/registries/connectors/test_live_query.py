"""Live queries: one question, one answer in time, or a fault; against a real server that misbehaves."""

import asyncio
import dataclasses
import threading
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest

from certificates.records import Question
from registries.connectors.faults import AddressUnusable, SourceChangedShape
from registries.connectors.kinds import NotPulled, connector_for
from registries.connectors.live_query import LiveQuery, Told
from registries.connectors.remote_faults import BadAnswer, PageDown, UnreadableColumn
from registries.contracts.model import CertificateMapping, Column, Server
from tests.http_interface import Behaviour, Interface, Reply, served
from tests.registries.store.sample_catalogue import make_dataset

COLUMNS = (
    Column("number", "证明编号", key=True, source_name="zmbh"),
    Column("holder", "纳税人", source_name="nsrmc"),
    Column("holder_code", "代码", source_name="nsrsbh"),
    Column("status", "状态", source_name="zt"),
    Column("note", "备注", source_name="bz"),
)
DATASET = make_dataset(
    "tax.clearances",
    COLUMNS,
    server=Server("tax_live", "live_query", path="/live/clearance", timeout_seconds=0.5),
    certificate=CertificateMapping("DEMO00000000000000008", "number", "holder", "holder_code", "status"),
)
PATIENT = dataclasses.replace(DATASET, server=dataclasses.replace(DATASET.server, timeout_seconds=30.0))
QUESTION = Question("DEMO00000000000000008", "SZ1", "张三", "440507199003071234", "111", "审批", "事项", "ST-1")
RECORD = {"zmbh": "SZ1", "nsrmc": "张三", "nsrsbh": "440507199003071234", "zt": "valid", "bz": None, "other": [1]}


@pytest.fixture
def interface() -> Iterator[Interface]:
    with served() as found:
        yield found


def answering(body: object, status: int = 200, **headers: str) -> Behaviour:
    return lambda _: Reply(body, status, {name.replace("_", "-"): value for name, value in headers.items()})


def within(
    url: str, work: Callable[[LiveQuery], Coroutine[Any, Any, Any]], dataset: object = PATIENT, token: str | None = None
) -> Any:  # noqa: ANN401 - what the work gives
    async def run() -> object:
        async with LiveQuery(dataset, url, lambda what: token if what == "token" else None) as source:  # type: ignore[arg-type]
            return await work(source)

    return asyncio.run(run())


def ask(url: str, dataset: object = PATIENT, token: str | None = None) -> Told:
    found: Told = within(url, lambda source: source.ask(QUESTION, "a" * 32), dataset, token)
    return found


def test_a_question_is_asked_with_four_members_and_answered_by_a_row(
    interface: Interface, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    interface.behaviour = answering({"found": True, "record": RECORD})
    told = ask(interface.url, token="t-1")
    assert told.row == {
        "number": "SZ1",
        "holder": "张三",
        "holder_code": "440507199003071234",
        "status": "valid",
        "note": None,
    }
    assert told.content.startswith(b'{"found": true')
    (asked,) = interface.asked
    assert asked.path == "/live/clearance"
    assert asked.body == {
        "certificate_number": "SZ1",
        "holder_name": "张三",
        "holder_code": "440507199003071234",
        "holder_code_type": "111",
    }
    assert (asked.headers["authorization"], asked.headers["hub-question"]) == ("Bearer t-1", "a" * 32)


@pytest.mark.parametrize(
    "body", [{"found": False}, {"found": False, "record": None}, {"found": False, "record": RECORD}]
)
def test_a_record_that_is_not_there_is_no_row(interface: Interface, body: object) -> None:
    interface.behaviour = answering(body)
    assert ask(interface.url).row is None


def test_connections_are_kept_and_never_more_than_agreed(interface: Interface) -> None:
    interface.behaviour = answering({"found": False})

    async def twice(source: LiveQuery) -> None:
        for _ in range(3):
            await source.ask(QUESTION, "a" * 32)

    within(interface.url, twice)
    assert len({asked.client_port for asked in interface.asked}) == 1


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (b"<html>", "no whole JSON"),
        (b'{"found": true', "no whole JSON"),
        (b"[]", "found"),
        (b"null", "found"),
        (b'{"found": "true"}', "found"),
        (b'{"found": 1}', "found"),
        (b'{"found": true}', "record"),
        (b'{"found": true, "record": [1]}', "record"),
        (b'{"found": true, "found": false}', "twice"),
        (b'{"found": true, "record": {"zmbh": "\\ud800"}}', "UTF-8"),
        (b" " * 300_000, "too large"),
    ],
)
def test_what_is_no_answer_is_a_fault_and_never_no_record(interface: Interface, body: bytes, what: str) -> None:
    interface.behaviour = answering(body)
    with pytest.raises(BadAnswer, match=what) as caught:
        ask(interface.url)
    assert caught.value.page is None


@pytest.mark.parametrize("name", ["zmbh", "nsrmc", "nsrsbh", "zt"])
def test_a_record_without_a_column_that_decides_is_a_fault(interface: Interface, name: str) -> None:
    interface.behaviour = answering(
        {"found": True, "record": {key: value for key, value in RECORD.items() if key != name}}
    )
    with pytest.raises(SourceChangedShape) as caught:
        ask(interface.url)
    assert caught.value.missing == (name,)


def test_a_nested_value_is_a_fault(interface: Interface) -> None:
    interface.behaviour = answering({"found": True, "record": RECORD | {"bz": {"a": 1}}})
    with pytest.raises(UnreadableColumn, match="bz"):
        ask(interface.url)


@pytest.mark.parametrize("status", [201, 204, 400, 401, 404, 429, 500, 503])
def test_other_statuses_are_no_answer_and_not_tried_again(interface: Interface, status: int) -> None:
    interface.behaviour = answering(b"" if status == 204 else {"found": False}, status)
    with pytest.raises(PageDown) as caught:
        ask(interface.url)
    assert (caught.value.code, len(interface.asked)) == (str(status), 1)


def test_redirects_and_compressed_answers_are_refused(interface: Interface) -> None:
    with served() as elsewhere:
        elsewhere.behaviour = answering({"found": False})
        interface.behaviour = answering(b"", 307, Location=f"{elsewhere.url}/live/clearance")
        with pytest.raises(BadAnswer, match="leads elsewhere"):
            ask(interface.url)
        assert elsewhere.asked == []
    interface.behaviour = answering(b"x", Content_Encoding="gzip")
    with pytest.raises(BadAnswer, match="compressed"):
        ask(interface.url)


def test_a_source_that_is_silent_is_a_time_out(interface: Interface) -> None:
    release = threading.Event()
    interface.behaviour = lambda _: Reply({"found": release.wait(60)})
    try:
        with pytest.raises(PageDown) as caught:
            ask(interface.url, DATASET)
        assert caught.value.code == "timeout"
    finally:
        release.set()


def test_a_source_that_drips_is_a_time_out_too(interface: Interface) -> None:
    """Each byte comes well within the time; the whole would not."""
    interface.behaviour = lambda _: Reply(b'{"found": false}' + b" " * 100, pause=0.1)
    with pytest.raises(PageDown) as caught:
        ask(interface.url, DATASET)
    assert caught.value.code == "timeout"


def test_a_source_that_is_not_there_tells_no_address() -> None:
    with pytest.raises(PageDown) as caught:
        ask("http://hub:word@127.0.0.1:1")
    assert caught.value.code == "ConnectError"
    assert all(part not in str(caught.value) for part in ("127.0.0.1", "word", "张三", "SZ1"))
    with pytest.raises(AddressUnusable):
        ask("tax.example")


def test_it_is_never_pulled() -> None:
    with pytest.raises(NotPulled):
        connector_for(DATASET, {"tax_live": "http://127.0.0.1:1"})
