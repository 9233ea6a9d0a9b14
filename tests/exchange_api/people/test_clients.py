"""A department's systems: registered, keys with proof of possession, rotated, suspended, revoked; when used last."""

import json
import re
import threading
import time
from datetime import timedelta

import httpx
import pytest
import sqlalchemy as sa

from certificates.jose import ES256, Key, new_key
from certificates.key_proofs import make_key_proof
from exchange_api.people.key_uses import KeyUses
from registries.home import Role as StoreRole
from registries.store import clients
from registries.store.engine import Store
from tests.exchange_api.conftest import Asking
from tests.exchange_api.people.conftest import OTHERS, Office, send

ADMIN = "department_administrator"
Place = tuple[Office, httpx.Client, str]


@pytest.fixture
def place(office: Office) -> Place:
    """An administrator, and a client that it has registered."""
    http, login, _ = office.person(ADMIN)
    client_id = f"system-{login}"
    assert send(http, "/people/clients", {"client_id": client_id, "name": "审批系统"}).status_code == 303
    return office, http, client_id


def challenge_on(page: httpx.Response) -> str:
    found = re.search(r'id="challenge">([A-Za-z0-9_-]{43})<', page.text)
    assert found
    return found.group(1)


def fields_for(office: Office, challenge: str, key: Key, client_id: str, **changed: object) -> dict[str, object]:
    told = {"client": client_id, "audience": office.url, "now": office.clock()} | changed
    proof = make_key_proof(challenge, key, **told)  # type: ignore[arg-type] # by name
    return {"jwk": json.dumps(key.to_jwk()), "proof": proof}


def add_key(place: Place, key: Key, replaces: str = "") -> httpx.Response:
    office, http, client_id = place
    challenge = challenge_on(http.get(f"/people/clients/{client_id}"))
    fields = fields_for(office, challenge, key, client_id) | {"replaces": replaces}
    return send(http, f"/people/clients/{client_id}/keys", fields)


def keys_in_use(place: Place) -> set[str]:
    office, _, client_id = place
    with office.owner.begin() as conn:
        found = clients.client_with_keys(conn, client_id)
    assert found is not None
    return set(found.keys)


def test_a_key_is_added_with_proof_replaced_and_revoked(place: Place) -> None:
    _, http, client_id = place
    first, second = new_key(ES256), new_key(ES256)
    assert add_key(place, first).status_code == 303
    assert keys_in_use(place) == {first.kid}
    assert add_key(place, second, replaces=first.kid).status_code == 303
    assert keys_in_use(place) == {second.kid}
    assert add_key(place, first).status_code == 409  # what was revoked stays so
    assert send(http, f"/people/clients/{client_id}/keys/{second.kid}/revoke").status_code == 303
    assert send(http, f"/people/clients/{client_id}/keys/{second.kid}/revoke").status_code == 404
    assert keys_in_use(place) == set()
    page = http.get("/people/acts").text
    assert second.kid in page
    assert "登记公钥" in page


def test_a_proof_counts_once_and_for_its_own_key_client_and_hub(place: Place) -> None:
    office, http, client_id = place
    to, page = f"/people/clients/{client_id}/keys", f"/people/clients/{client_id}"
    key = new_key(ES256)

    def challenge() -> str:
        return challenge_on(http.get(page))

    def refused(fields: dict[str, object]) -> bool:
        return send(http, to, fields).status_code == 422

    assert refused(fields_for(office, challenge(), key, client_id, client="another"))
    assert refused(fields_for(office, challenge(), key, client_id, audience="https://other.example"))
    assert refused(fields_for(office, challenge(), key, client_id, now=office.clock() - timedelta(seconds=901)))
    assert refused(fields_for(office, challenge(), key, client_id, now=office.clock() + timedelta(seconds=61)))
    assert refused(fields_for(office, "a" * 43, key, client_id))  # never given out
    assert refused(fields_for(office, challenge(), key, client_id) | {"jwk": json.dumps(new_key(ES256).to_jwk())})
    assert refused(fields_for(office, challenge(), key, client_id) | {"jwk": "{}"})
    assert refused(fields_for(office, challenge(), key, client_id) | {"jwk": "[" * 9000})
    assert refused(fields_for(office, challenge(), key, client_id) | {"proof": "x.y.z"})
    private = json.dumps(key.to_jwk() | {"d": "AAAA"})
    assert refused(fields_for(office, challenge(), key, client_id) | {"jwk": private})
    late = challenge()
    office.clock.move(minutes=16)
    assert send(http, "/account/confirm", {"given": "门前大桥下游过一群鸭"}, "/account/confirm").status_code == 303
    assert refused(fields_for(office, late, key, client_id))
    right = fields_for(office, challenge(), key, client_id)
    assert send(http, to, right).status_code == 303
    other, _, _ = office.person(ADMIN)
    theirs = fields_for(office, challenge_on(other.get(page)), new_key(ES256), client_id)
    assert refused(theirs)  # a challenge of another administrator's
    again = new_key(ES256)
    used = fields_for(office, challenge(), again, client_id)
    assert send(http, to, used).status_code == 303
    third = new_key(ES256)
    proof = make_key_proof(
        json_challenge(str(used["proof"])), third, client=client_id, audience=office.url, now=office.clock()
    )
    assert refused({"jwk": json.dumps(third.to_jwk()), "proof": proof})


def json_challenge(proof: str) -> str:
    import base64

    payload = proof.split(".")[1]
    return str(json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["challenge"])


def test_clients_of_other_departments_do_not_exist(place: Place) -> None:
    office, _, client_id = place
    other, _, _ = office.person(ADMIN, department=OTHERS)
    assert client_id not in other.get("/people/clients").text
    assert other.get(f"/people/clients/{client_id}").status_code == 404
    key = new_key(ES256)
    for to in ("suspend", "resume", "revoke", "keys", f"keys/{key.kid}/revoke"):
        sent = send(other, f"/people/clients/{client_id}/{to}", fields_for(office, "a" * 43, key, client_id))
        assert sent.status_code in {404, 422}
    taken = send(other, "/people/clients", {"client_id": client_id, "name": "抢注"})
    assert taken.status_code == 409


@pytest.mark.parametrize(("client_id", "name"), [("a b", "系统"), ("ab", "系统"), ("x" * 65, "系统"), ("fine-1", " ")])
def test_ids_and_names_have_a_form(office: Office, client_id: str, name: str) -> None:
    http, _, _ = office.person(ADMIN)
    assert send(http, "/people/clients", {"client_id": client_id, "name": name}).status_code == 422


def test_suspended_resumed_and_revoked_for_good(place: Place) -> None:
    office, http, client_id = place
    assert add_key(place, new_key(ES256)).status_code == 303

    def change(to: str) -> int:
        return send(http, f"/people/clients/{client_id}/{to}").status_code

    assert (change("suspend"), change("resume")) == (303, 303)
    with office.owner.begin() as conn:
        clients.set_client_state(conn, client_id, "suspended", "inspection")
    assert (change("resume"), change("suspend")) == (409, 409)  # an inspector's to lift
    assert change("revoke") == 303
    assert (change("resume"), change("revoke")) == (409, 409)
    assert keys_in_use(place) == set()
    with pytest.raises(AssertionError):
        add_key(place, new_key(ES256))  # its page offers no challenge any more


def test_the_last_use_is_kept_to_the_minute_and_waits_for_nobody(place: Place) -> None:
    office, http, client_id = place
    key = new_key(ES256)
    assert add_key(place, key).status_code == 303
    now = office.clock()
    with Store(office.home.store_url(StoreRole.API)) as api:
        for at in (now, now + timedelta(seconds=30), now + timedelta(seconds=59)):
            with api.begin() as conn:
                clients.note_key_uses(conn, [key.kid, "unknown"], at)
        with api.begin() as one, api.begin() as two:
            clients.note_key_uses(one, [key.kid], now + timedelta(minutes=5))
            clients.note_key_uses(two, [key.kid], now + timedelta(minutes=5))  # would hang if it waited
    with office.owner.begin() as conn:
        line = clients.client_line(conn, client_id)
    assert line is not None
    assert line.last_used_at == now + timedelta(minutes=5)
    row = http.get("/people/clients").text.split(f">{client_id}<")[1][:800]
    assert re.search(r"\d{4}-\d\d-\d\d \d\d:\d\d", row)


def test_answering_notes_the_use_of_a_key(place: Place) -> None:
    office, _, client_id = place
    key = new_key(ES256)
    assert add_key(place, key).status_code == 303
    asking = Asking(client_id, key, office.clock)
    token = asking.token(office.url, asking.question("440500000000001"))
    answer = httpx.post(
        office.url + "/v1/verifications", content=token, headers={"content-type": "application/jwt"}, trust_env=False
    )
    assert answer.status_code == 200
    for _ in range(100):
        with office.owner.begin() as conn:
            line = clients.client_line(conn, client_id)
        if line is not None and line.last_used_at is not None:
            break
        time.sleep(0.1)
    assert line is not None
    assert line.last_used_at == office.clock()


def test_closing_waits_for_uses_that_are_being_written(place: Place) -> None:
    office, _, client_id = place
    key = new_key(ES256)
    assert add_key(place, key).status_code == 303
    waiting = sa.text("SELECT count(*) FROM pg_locks WHERE relation = 'hub.client_key'::regclass AND NOT granted")
    with Store(office.home.store_url(StoreRole.API)) as api:
        with office.owner.begin() as holding:
            holding.execute(sa.text("LOCK TABLE hub.client_key"))
            uses = KeyUses(api)
            uses.note(key.kid, office.clock())
            for _ in range(100):  # it is written a second later
                if holding.execute(waiting).scalar_one():
                    break
                time.sleep(0.1)
            closing = threading.Thread(target=uses.__exit__, args=(None, None, None))
            closing.start()
            closing.join(0.5)
            assert closing.is_alive()
        closing.join(10)
        assert not closing.is_alive()
    with office.owner.begin() as conn:
        line = clients.client_line(conn, client_id)
    assert line is not None
    assert line.last_used_at == office.clock()
