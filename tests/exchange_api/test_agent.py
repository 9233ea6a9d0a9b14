"""The agent: the deployed interfaces' names on one side, signed requests on the other; nothing lost, nothing twice."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from certificates.receipts import verify_receipt
from exchange_api.agent.application import create_agent
from exchange_api.agent.desk import Desk
from exchange_api.agent.envelope import mapping, read_call
from exchange_api.agent.errors import NotTaken
from exchange_api.agent.queue import Queue
from exchange_api.client import Client
from tests.exchange_api.conftest import listening, running
from tests.exchange_api.sandbox_served import ServedSandbox, now, serving_sandbox

TOKEN = "local-token-of-the-hall"
KEY = bytes(range(32))
Json = dict[str, Any]


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedSandbox]:
    with serving_sandbox(tmp_path_factory.mktemp("sandbox")) as served:
        yield served


class Hall:
    """A vendor's system beside its agent."""

    def __init__(self, url: str, desk: Desk, folder: Path) -> None:
        self.http = httpx.Client(base_url=url, timeout=30)
        self.desk = desk
        self.folder = folder

    def call(self, place: str, data: Json, request_id: str = "", token: str = TOKEN) -> Json:
        head = {"accessId": "hall", "accessToken": token, "requestId": request_id}
        answer = self.http.post(place, json={"head": head, "data": data})
        assert answer.status_code == 200
        body: Json = answer.json()
        return body

    def status(self, place: str, data: Json, request_id: str = "", token: str = TOKEN) -> int:
        return int(self.call(place, data, request_id, token)["head"]["status"])


@contextmanager
def agent(hub: ServedSandbox, folder: Path, url: str = "", clock: Any = now) -> Iterator[Hall]:  # noqa: ANN401 - a clock
    client = Client(
        url or hub.url, hub.client_id, hub.key, sandbox=True, clock=clock, pause=lambda _: None, tries=1, timeout=5
    )
    with client, listening() as (bound, own):
        desk = Desk(client, Queue(folder, KEY), clock)
        with running(create_agent(desk, "hall", TOKEN, deliver_every=3600), bound):
            hall = Hall(own, desk, folder)
            with hall.http:
                yield hall


@pytest.fixture
def hall(hub: ServedSandbox, tmp_path: Path) -> Iterator[Hall]:
    with agent(hub, tmp_path / "queue") as running:
        yield running


def asked(hub: ServedSandbox, place: int = 0, **more: str) -> Json:
    """A fixed number in the names of the deployed interfaces."""
    question = hub.sandbox.numbers.answers()[place].question
    return {
        "certTypeCode": question["certificate_type"],
        "certNo": question["certificate_number"],
        "holderName": question["holder_name"],
        "holderCode": question["holder_code"],
        "holderTypeCode": question["holder_code_type"],
        "useCause": question["purpose"],
        "itemCode": question["service_item"],
        "businessCode": "SBX-1",
        "orgName": "沙箱窗口",
        "username": "林小明",
    } | more


def test_a_verdict_in_the_deployed_envelope_with_a_receipt_for_the_archive(hub: ServedSandbox, hall: Hall) -> None:
    answer = hall.call("/verifyCertInfo", asked(hub))
    assert answer["head"]["status"] == 0
    data = answer["data"]
    assert (data["certState"], data["certNo"], data["issueOrgName"]) == ("valid", "SBX-VALID", "沙箱市市场监督管理局")
    assert len(data["validEndDate"]) == 8
    assert verify_receipt(data["receipt"], hub.sandbox.jwks()).answer["code"] == "valid"


def test_each_verdict_has_its_status_and_ignorance_has_its_own(hub: ServedSandbox, hall: Hall) -> None:
    tries = hub.sandbox.numbers.answers()
    found = {one.code: hall.status("/verifyCertInfo", asked(hub, n)) for n, one in enumerate(tries) if not one.busy}
    assert {code: status for code, status in found.items() if status} == {
        "no_match": 10,
        "refused": 100,
        "not_covered": 901,
        "pending_check": 902,
        "unavailable": 903,
    }
    assert found == {code: mapping()["statuses"][code]["status"] for code in found}


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"useCause": " "}, 12),
        ({"holderName": None}, 12),
        ({"holderTypeCode": "777"}, 103),
        ({"certTypeCode": "short"}, 113),
        ({"certIdentifier": "1.2.3"}, 906),
        ({"useCause": "长" * 201}, 906),
        ({"asOf": "the day before"}, 906),
    ],
)
def test_what_is_wrong_has_the_deployed_status_and_names_the_member(
    hub: ServedSandbox, hall: Hall, changed: Json, status: int
) -> None:
    answer = hall.call("/verifyCertInfo", asked(hub) | changed)
    assert answer["head"]["status"] == status
    assert status == 906 or next(iter(changed)) in answer["head"]["message"]
    assert hall.desk.waiting() == 0


def test_an_identifier_stands_for_type_and_number(hub: ServedSandbox, hall: Hall) -> None:
    data = asked(hub)
    del data["certTypeCode"], data["certNo"]
    data["certificateID"] = "1.2.156.3005.2.11100000000013338W011.11430000006122244L.20230000403.001.U"
    answer = hall.call("/elssp/v1/GetCertificateDataByCertificateID", data)
    assert answer["head"]["status"] == 10


def test_holders_and_copies_are_asked_for_as_the_hub_wants_it(hub: ServedSandbox) -> None:
    data = asked(hub, expiryTime="20261201", certificateCopyCause="归档")
    del data["useCause"]
    copy = read_call("/downloadFile", {"data": data})
    assert copy.question["copy"] == {"cause": "归档", "purpose": "SANDBOX", "expires_on": "2026-12-01"}
    holder = read_call("/elssp/v1/GetCertificateDataByHolder", {"data": data})
    assert holder.question["certificate_types"] == [data["certTypeCode"]]
    assert holder.question["subject"]["code"] == data["holderCode"]
    assert holder.asked_by == {"orgName": "沙箱窗口", "username": "林小明"}
    with pytest.raises(NotTaken, match="expiryTime"):
        read_call("/downloadFile", {"data": asked(hub)})


def test_nobody_comes_in_without_the_local_token_or_by_another_name(hub: ServedSandbox, hall: Hall) -> None:
    assert hall.status("/verifyCertInfo", asked(hub), token="guessed") == 11
    assert hall.http.post("/verifyCertInfo", content=b"{}").json()["head"]["status"] == 11
    rebound = hall.http.post("/verifyCertInfo", json={}, headers={"host": "evil.example"})
    assert rebound.status_code == 400
    assert list(hall.folder.iterdir()) == []


def test_the_same_request_id_is_one_question(hub: ServedSandbox, hall: Hall) -> None:
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: hall.call("/verifyCertInfo", asked(hub), "R-1"), range(8)))
    assert len({answer["data"]["receipt"] for answer in answers}) == 1
    assert hall.status("/verifyCertInfo", asked(hub, 3), "R-1") == 907


def test_what_the_hub_does_not_offer_is_told(hub: ServedSandbox, hall: Hall) -> None:
    assert hall.status("/queryCertInfoByHolderCode", asked(hub)) == 909


def test_a_question_waits_for_the_hub_sealed_and_is_asked_once(hub: ServedSandbox, tmp_path: Path) -> None:
    queue, sandbox_folder = tmp_path / "queue", tmp_path / "sandbox"
    with serving_sandbox(sandbox_folder) as first:
        port, key = int(first.url.rpartition(":")[2]), first.key
    with agent(first, queue) as hall:  # nobody listens there now
        assert hall.status("/verifyCertInfo", asked(hub), "R-2") == 904
        assert hall.status("/verifyCertInfo", asked(hub, 3), "R-3") == 904
        assert hall.desk.deliver() == 0
    files = [file for file in queue.iterdir() if file.is_file()]
    assert len(files) == 2
    number = asked(hub)["certNo"].encode()
    assert not any(number in file.read_bytes() or b"SBX" in file.read_bytes() for file in files)
    with listening(port), agent(first, queue) as hall:
        assert hall.desk.waiting() == 2  # a restart forgets nothing
    again = tmp_path / "again"
    with serving_sandbox(again, port=port) as back:
        back.sandbox.register("approval-1", key.to_jwk())
        with agent(first, queue) as hall:
            assert hall.desk.deliver() == 2
            assert hall.desk.waiting() == 0
            assert hall.call("/verifyCertInfo", asked(hub), "R-2")["data"]["certState"] == "valid"
            assert hall.call("/verifyCertInfo", asked(hub, 3), "R-3")["data"]["certState"] == "expired"
        assert back.sandbox.log.checkpoint().split("\n")[1] == "2"


def test_an_answer_lost_on_the_way_is_given_again_or_told_as_lost_never_a_second_one(tmp_path: Path) -> None:
    moved, cut = [now()], [True]

    def clock() -> datetime:
        return moved[0]

    with serving_sandbox(tmp_path / "sandbox", clock) as hub, agent(hub, tmp_path / "queue", clock=clock) as hall:
        real = hall.desk._client._post

        def post(signed: Any) -> Any:  # noqa: ANN401 - the client's own types
            response = real(signed)
            return None if cut[0] else response

        hall.desk._client._post = post  # type: ignore[method-assign] # the wire is cut behind the hub
        for name in ("R-4", "R-5", "R-6"):
            assert hall.status("/verifyCertInfo", asked(hub), name) == 904
        cut[0] = False
        assert hall.status("/verifyCertInfo", asked(hub), "R-4") == 0
        moved[0] += timedelta(seconds=200)
        assert hall.status("/verifyCertInfo", asked(hub), "R-5") == 908
        moved[0] += timedelta(days=8)
        hall.desk.deliver()
        assert list((tmp_path / "queue").glob("*.waiting")) == []
        assert hub.sandbox.log.checkpoint().split("\n")[1] == "3"


def test_a_damaged_question_is_told_and_stops_no_other(hub: ServedSandbox, hall: Hall, tmp_path: Path) -> None:
    assert hall.status("/verifyCertInfo", asked(hub), "R-6") == 0
    [file] = list((tmp_path / "queue").glob("*.done"))
    file.write_bytes(file.read_bytes()[:-1] + b"!")
    assert hall.status("/verifyCertInfo", asked(hub), "R-6") == 908
    assert hall.status("/verifyCertInfo", asked(hub), "R-7") == 0


def test_what_is_mapped_can_be_read_and_says_nothing_else(hub: ServedSandbox, hall: Hall) -> None:
    hall.call("/verifyCertInfo", asked(hub), "R-8")
    told = hall.http.get("/").text
    assert json.loads(told)["mapping"]["statuses"]["no_match"]["status"] == 10
    assert TOKEN not in told
    assert "SBX" not in told
