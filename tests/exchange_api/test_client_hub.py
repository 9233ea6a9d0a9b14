"""The client against a real hub: every kind of answer verifies, refusals are signed, the feed goes on where it was."""

from dataclasses import replace
from datetime import date

import httpx
import pytest

from certificates.trust_root import fingerprint
from exchange_api.client import Client, Refused, Untrusted
from registries.home import Role
from registries.store import grants
from tests.exchange_api.conftest import HOLDER, ITEM, PURPOSE, TYPE, Asking, Certificates, Clock, Hub, Served

NUMBER = "44050000001"


def test_a_client_of_a_real_hub(served: Served, certificates: Certificates, asking: Asking, clock: Clock) -> None:
    certificates.add(NUMBER)
    root = fingerprint(served.http.get("/v1/keys.jwks").json())
    with Client(served.url, asking.client_id, asking.key, root=root, clock=clock, tries=1) as hub:
        question = asking.question(NUMBER)
        assert hub.verify(**question).code == "valid"
        assert hub.verify(**question | {"certificate_number": "44059999999"}).code == "no_match"
        refused = hub.verify(**question | {"purpose": "其他用途"})
        assert (refused.code, refused.told.act) == ("refused", "verification")
        _a_batch(hub, question)
        opened = hub.watch(**question)
        assert (opened.code, opened.told.act) == ("valid", "watch")
        assert list(hub.feed()) == []
        certificates.rows[NUMBER]["status_code"] = "22"
        certificates.deliver()
        [event] = hub.feed()
        assert (event["watch"], event["changed"]) == (opened.content["opened"]["id"], ["status"])
        assert list(hub.feed(after=event["sequence"])) == []
        stranger = Client(served.url, "nobody", asking.key, clock=clock, tries=1)
        with stranger, pytest.raises(Refused) as unknown:
            list(stranger.feed())
        assert unknown.value.code == "not-verified"
        _changed_on_the_way(hub)


def _a_batch(hub: Client, question: dict[str, str]) -> None:
    common = {name: question.pop(name) for name in ("purpose", "service_item", "case")}
    batch = hub.batch([question, question | {"certificate_number": "44059999999"}], **common)
    question |= common
    assert [one["code"] for one in batch.answers] == ["valid", "no_match"]
    swapped = replace(batch, body={**batch.body, "answers": batch.body["answers"][::-1]})
    for wrong in (swapped, replace(batch, body={**batch.body, "answers": batch.body["answers"][:1]})):
        with pytest.raises(Untrusted):
            _ = wrong.answers


def test_values_beside_a_receipt_are_proven_by_it(
    hub: Hub, served: Served, certificates: Certificates, asking: Asking, clock: Clock
) -> None:
    certificates.add(NUMBER)
    with hub.store(Role.OWNER).begin() as conn:
        for act in ("query", "retrieval"):
            grants.add_grant(conn, "civil_affairs", act, PURPOSE, "市政数局", date(2026, 1, 1), certificate_type=TYPE)
    name, code, code_type = HOLDER
    why = {"purpose": PURPOSE, "service_item": ITEM, "case": "ST-2026-0001"}
    subject = {"name": name, "code": code, "code_type": code_type}
    with Client(served.url, asking.client_id, asking.key, clock=clock, tries=1) as client:
        held = client.certificates(subject=subject, certificate_types=[TYPE], **why)
        assert held.told.act == "certificates"
        assert NUMBER in str(held.values)
        assert NUMBER not in str(held.content)
        with pytest.raises(Untrusted) as changed:
            _ = replace(
                held, body={**held.body, "disclosures": [*held.body["disclosures"], "WyJhIiwiYiIsImMiXQ"]}
            ).values
        assert changed.value.reason == "values"
        copy = {"cause": "归档", "purpose": "仅用于本次审批", "expires_on": "2026-03-31"}
        marked = client.retrieve(**asking.question(NUMBER), copy=copy)
        assert (marked.told.act, marked.code) == ("retrieval", "valid")
        assert marked.body["copy"]["media_type"] == "application/pdf"


def _changed_on_the_way(hub: Client) -> None:
    """A page whose body or address is another is not the hub's."""
    path = "/v1/watches/feed?after=0"
    real = hub._http.get

    def changed(url: str, **more: object) -> httpx.Response:
        response = real(url, **more)  # type: ignore[arg-type] # passed through
        if "feed" in url:
            response._content = response.content.replace(b"status", b"nothing")
        return response

    hub._http.get = changed  # type: ignore[method-assign, assignment] # somebody on the way
    with pytest.raises(Untrusted) as other:
        hub._page(path)
    assert other.value.reason == "digest"
