"""Credentials and status lists over HTTP: issued for valid answers, followed by the list, on every moment asked for."""

from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from certificates.bundles import open_bundle
from certificates.credentials import Credential, open_credential
from certificates.keys import KeyPurpose
from certificates.published_keys import published_keys
from certificates.receipts import verify_receipt
from certificates.status_lists import MEDIA_TYPE, State, StatusListToken, open_status_list
from exchange_api.credentials import PATH
from registries.errors import StoreError
from registries.home import Role
from registries.store.ledger import check
from registries.store.roles import privilege_faults
from tests.exchange_api.conftest import HOLDER, TYPE, Asking, Certificates, Clock, Hub, Served, serving

NUMBER, OTHER_NUMBER = "4405080001234", "4405080005678"
ISSUED = ("issuing_authority", "issued_on", "valid_from")


@pytest.fixture
def jwks(served: Served) -> dict[str, Any]:
    found: dict[str, Any] = served.http.get("/v1/keys.jwks").json()
    return found


def ask_for_one(served: Served, asking: Asking, number: str = NUMBER, **claims: object) -> httpx.Response:
    token = asking.token(served.url, asking.question(number), url=served.url + PATH, **claims)
    return send(served, token)


def send(served: Served, token: str) -> httpx.Response:
    return served.http.post(PATH, content=token, headers={"content-type": "application/jwt"})


def credential_of(response: httpx.Response, jwks: dict[str, Any], clock: Clock) -> Credential:
    assert response.status_code == 200, response.text
    text = response.json()["credential"]
    return open_credential(text, published_keys(jwks, "credential"), at=int(clock().timestamp()))


def fetch(served: Served, credential: Credential, jwks: dict[str, Any], at: int | None = None) -> StatusListToken:
    query = "" if at is None else f"?time={at}"
    response = served.http.get(credential.status.uri + query)
    assert (response.status_code, response.headers["content-type"]) == (200, MEDIA_TYPE)
    return open_status_list(response.text, published_keys(jwks, "status"), uri=credential.status.uri, at=at)


def state_of(served: Served, credential: Credential, jwks: dict[str, Any], at: int | None = None) -> State:
    return fetch(served, credential, jwks, at).state(credential.status.idx)


def test_a_credential_for_a_valid_answer(
    served: Served, certificates: Certificates, asking: Asking, clock: Clock, jwks: dict[str, Any]
) -> None:
    certificates.add(NUMBER)
    response = ask_for_one(served, asking)
    credential = credential_of(response, jwks, clock)
    receipt = verify_receipt(response.json()["receipt"], jwks)
    assert (credential.iss, credential.receipt) == (served.url, receipt.jti)
    shown = credential.certificate
    assert (shown["certificate_number"], shown["certificate_type"], shown["holder_name"]) == (NUMBER, TYPE, HOLDER[0])
    assert (shown["certificate_type_name"], shown["valid_on"]) == ("营业执照", "2026-03-02")
    assert all(shown[name] for name in ISSUED)
    assert credential.expires == credential.issued_at + 30 * 86_400
    assert state_of(served, credential, jwks) == State.VALID


def test_the_list_follows_the_certificate(
    served: Served, certificates: Certificates, asking: Asking, clock: Clock, jwks: dict[str, Any]
) -> None:
    certificates.add(NUMBER)
    certificates.add(OTHER_NUMBER)
    credential = credential_of(ask_for_one(served, asking), jwks, clock)
    other = credential_of(ask_for_one(served, asking, OTHER_NUMBER), jwks, clock)
    assert credential.status.idx != other.status.idx
    told = {}
    for code, state in (("10", State.VALID), ("05", State.INVALID)):
        clock.move(hours=1)
        certificates.add(NUMBER, status_code=code, status_date=None)
        assert state_of(served, credential, jwks) == state
        told[int(clock().timestamp())] = state
    clock.move(hours=1)
    certificates.vanish(OTHER_NUMBER)
    assert state_of(served, other, jwks) == State.BEING_CHECKED  # absent is not cancelled
    for moment, state in told.items():  # and each list of the past says what it said
        assert state_of(served, credential, jwks, moment) == state
        assert state_of(served, other, jwks, moment) == State.VALID
        assert fetch(served, credential, jwks, moment).issued_at <= moment


def test_times_without_a_list(
    served: Served, certificates: Certificates, asking: Asking, clock: Clock, jwks: dict[str, Any]
) -> None:
    certificates.add(NUMBER)
    uri = credential_of(ask_for_one(served, asking), jwks, clock).status.uri
    fetched = served.http.get(uri)
    now = int(clock().timestamp())
    for time, status in ((now, 200), (now + 60, 406), (now - 60, 406), ("soon", 422), (-1, 422), (10**12, 422)):
        assert served.http.get(f"{uri}?time={time}").status_code == status, time
    assert served.http.get(f"{served.url}/v1/status-lists/99").status_code == 404
    assert served.http.get(f"{served.url}/v1/status-lists/0").status_code == 422
    unchanged = served.http.get(uri, headers={"If-None-Match": fetched.headers["etag"]})
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert fetched.headers["cache-control"] == "public, max-age=60"
    assert fetched.headers["access-control-allow-origin"] == "*"
    clock.move(minutes=2)
    assert served.http.get(uri, headers={"If-None-Match": fetched.headers["etag"]}).status_code == 200


def test_where_all_lists_are(
    served: Served, certificates: Certificates, asking: Asking, clock: Clock, jwks: dict[str, Any]
) -> None:
    assert served.http.get("/v1/status-lists").json() == {"status_lists": []}
    certificates.add(NUMBER)
    credential = credential_of(ask_for_one(served, asking), jwks, clock)
    assert served.http.get("/v1/status-lists").json() == {"status_lists": [credential.status.uri]}


def test_the_same_request_gets_the_same_credential(
    served: Served, hub: Hub, certificates: Certificates, asking: Asking
) -> None:
    certificates.add(NUMBER)
    token = asking.token(served.url, asking.question(NUMBER), url=served.url + PATH)
    first, second = send(served, token).json()["credential"], send(served, token).json()["credential"]
    assert first.rpartition(".")[0] == second.rpartition(".")[0]
    assert first.split("~")[1:] == second.split("~")[1:]
    with hub.store(Role.OWNER).begin() as conn:
        assert conn.execute(sa.text("SELECT taken FROM hub.status_list")).scalars().all() == [1]
        assert conn.execute(sa.text("SELECT count(*) FROM hub.ledger_entry WHERE kind = 'credential'")).scalar() == 1


def test_another_process_gives_the_same_credential_and_the_same_list(
    served: Served, hub: Hub, certificates: Certificates, asking: Asking, clock: Clock, jwks: dict[str, Any]
) -> None:
    certificates.add(NUMBER)
    credential = credential_of(ask_for_one(served, asking), jwks, clock)
    with serving(hub, clock) as again:
        there = again.http.get(f"/v1/status-lists/{credential.status.uri.rpartition('/')[2]}")
        assert there.status_code == 200
        with hub.store(Role.OWNER).begin() as conn:
            assert conn.execute(sa.text("SELECT count(*) FROM hub.status_version")).scalar() == 1


@pytest.mark.parametrize("code", ["05", "77"])
def test_no_credential_unless_valid(served: Served, certificates: Certificates, asking: Asking, code: str) -> None:
    certificates.add(NUMBER, status_code=code)
    refused = ask_for_one(served, asking)
    assert (refused.status_code, refused.json()["code"]) == (409, "no-credential")
    assert ask_for_one(served, asking, "4405080000000").status_code == 409
    assert served.http.get("/v1/status-lists").json() == {"status_lists": []}


def test_a_request_for_another_address(served: Served, certificates: Certificates, asking: Asking) -> None:
    certificates.add(NUMBER)
    assert send(served, asking.token(served.url, asking.question(NUMBER))).status_code == 401
    here = asking.token(served.url, asking.question(NUMBER), url=served.url + PATH)
    refused = served.http.post("/v1/verifications", content=here, headers={"content-type": "application/jwt"})
    assert refused.json()["code"] == "wrong-url"


def test_a_changed_row_is_in_doubt(
    served: Served, hub: Hub, certificates: Certificates, asking: Asking, clock: Clock, jwks: dict[str, Any]
) -> None:
    certificates.add(NUMBER)
    credential = credential_of(ask_for_one(served, asking), jwks, clock)
    with hub.store(Role.OWNER).begin() as conn:
        conn.execute(sa.text("UPDATE hub.certificate SET valid_until = '2030-01-01', long_term = false"))
    clock.move(minutes=11)
    assert state_of(served, credential, jwks) == State.BEING_CHECKED


def test_the_ledger_holds_it_and_nothing_personal(
    served: Served, hub: Hub, certificates: Certificates, asking: Asking, clock: Clock, jwks: dict[str, Any]
) -> None:
    certificates.add(NUMBER)
    credential_of(ask_for_one(served, asking), jwks, clock)
    served.parts.answering.tend_ledger()
    with hub.store(Role.OWNER).begin() as conn:
        bodies = (
            conn.execute(
                sa.text(
                    "SELECT payload FROM hub.ledger_body b JOIN hub.ledger_entry e ON e.id = b.entry_id"
                    " WHERE e.kind = 'credential'"
                )
            )
            .scalars()
            .all()
        )
        assert len(bodies) == 1
        assert b"~" not in bytes(bodies[0])
        assert check(conn).faults == []


def test_no_role_of_the_hub_reads_whose_place_it_is(hub: Hub) -> None:
    for role in (Role.API, Role.PAGE):
        with hub.store(role).begin() as conn:
            assert privilege_faults(conn, role) == []
    for role in (Role.API, Role.PAGE, Role.LOAD):
        with pytest.raises(StoreError, match="InsufficientPrivilege"), hub.store(role).begin() as conn:
            conn.execute(sa.text("SELECT * FROM hub.status_place"))


def test_what_was_published_is_never_changed(
    served: Served, hub: Hub, certificates: Certificates, asking: Asking, clock: Clock, jwks: dict[str, Any]
) -> None:
    certificates.add(NUMBER)
    state_of(served, credential_of(ask_for_one(served, asking), jwks, clock), jwks)
    for statement in ("UPDATE hub.status_version SET kid = 'x'", "DELETE FROM hub.status_version"):
        with pytest.raises(StoreError, match="InsufficientPrivilege"), hub.store(Role.OWNER).begin() as conn:
            conn.execute(sa.text(statement))


def test_after_a_rotation_old_lists_are_signed_by_the_key_of_their_time(
    served: Served, certificates: Certificates, asking: Asking, clock: Clock, jwks: dict[str, Any]
) -> None:
    certificates.add(NUMBER)
    credential = credential_of(ask_for_one(served, asking), jwks, clock)
    before = fetch(served, credential, jwks)
    moment = int(clock().timestamp())
    clock.move(hours=2)
    new = served.parts.keys.rotate(KeyPurpose.STATUS, clock())
    later: dict[str, Any] = served.http.get("/v1/keys.jwks").json()
    assert fetch(served, credential, later).kid == new.kid
    assert fetch(served, credential, later, moment).kid == before.kid


def test_an_office_without_network_gets_a_bundle(
    served: Served, certificates: Certificates, asking: Asking, clock: Clock, jwks: dict[str, Any]
) -> None:
    certificates.add(NUMBER)
    credential = credential_of(ask_for_one(served, asking), jwks, clock)
    response = served.http.get("/v1/offline-bundle?days=3")
    now, root = int(clock().timestamp()), served.parts.keys.fingerprint()
    bundle = open_bundle(response.content, root=root, at=now + 3 * 86_400 - 1)
    assert bundle.state(credential.status) == State.VALID
    assert bundle.checkpoint is not None
    assert (bundle.issuer, bundle.issued_at, bundle.expires) == (served.url, now, now + 3 * 86_400)
    for days in (0, 8):
        assert served.http.get(f"/v1/offline-bundle?days={days}").status_code == 422
