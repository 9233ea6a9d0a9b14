"""Signing in with steps: one-time codes, first passwords, second factors to set up; one's own account; confirming."""

import re

import httpx
import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher

from exchange_api.people.one_time_codes import code_at, step_of
from registries.store import accounts
from tests.exchange_api.people.conftest import WORD, Office, send, token

NEW_WORD = "二十四桥明月夜玉人何处教吹箫"


def secret_on(page: httpx.Response) -> bytes:
    """The secret that a page shows, as an authenticator would keep it."""
    import base64

    shown = re.search(r'<code class="mono">([A-Z2-7 ]{39})</code>', page.text)
    assert shown
    return base64.b32decode(shown.group(1).replace(" ", ""))


def sealed_on(page: httpx.Response) -> str:
    found = re.search(r'name="sealed" value="([0-9a-f]+)"', page.text)
    assert found
    return found.group(1)


def code_of(office: Office, secret: bytes) -> str:
    """The authenticator's code now; time moves on first, so that none is the one of before."""
    office.clock.move(seconds=90)
    return code_at(secret, step_of(office.clock()))


def set_up(office: Office, http: httpx.Client) -> tuple[bytes, list[str]]:
    """Set a second factor up on one's own account: the secret and the recovery codes."""
    page = http.get("/account/second-factor")
    secret = secret_on(page)
    fields = {"sealed": sealed_on(page), "code": code_of(office, secret), "csrf_token": token(page)}
    shown = http.post("/account/second-factor", data=fields)
    recovery = re.findall(r"[A-Z2-7]{4}(?:-[A-Z2-7]{4}){3}", shown.text)
    assert (shown.status_code, len(recovery)) == (200, 10)
    return secret, recovery


def test_a_code_is_asked_for_and_counts_once(office: Office) -> None:
    http, login, _ = office.person("steward")
    secret, recovery = set_up(office, http)
    assert http.get("/steward").status_code == 200
    again = office.enter(login)
    assert again.get("/steward").headers["location"].startswith("/sign-in")
    code = code_of(office, secret)
    assert send(again, "/sign-in/step", {"code": "000000"}, "/sign-in/step").status_code == 401
    passed = send(again, "/sign-in/step", {"code": code, "next": "/steward"}, "/sign-in/step")
    assert (passed.status_code, passed.headers["location"]) == (303, "/steward")
    assert again.get("/steward").status_code == 200
    other = office.enter(login)
    assert send(other, "/sign-in/step", {"code": code}, "/sign-in/step").status_code == 401  # seen over a shoulder
    assert send(other, "/sign-in/step", {"code": recovery[0].lower()}, "/sign-in/step").status_code == 303
    third = office.enter(login)
    assert send(third, "/sign-in/step", {"code": recovery[0]}, "/sign-in/step").status_code == 401


def test_the_token_changes_when_a_session_becomes_whole(office: Office) -> None:
    http, login, _ = office.person("steward")
    secret, _ = set_up(office, http)
    again = office.enter(login)
    before = again.cookies["mianzheng"]
    send(again, "/sign-in/step", {"code": code_of(office, secret)}, "/sign-in/step")
    assert again.cookies["mianzheng"] != before
    assert office.browser(mianzheng=before).get("/steward").status_code == 303


def test_guessing_codes_has_to_wait(office: Office) -> None:
    http, login, _ = office.person("steward")
    secret, _ = set_up(office, http)
    again = office.enter(login)
    answers = [send(again, "/sign-in/step", {"code": f"{n:06}"}, "/sign-in/step").status_code for n in range(6)]
    assert answers == [401] * 5 + [429]
    right = send(again, "/sign-in/step", {"code": code_of(office, secret)}, "/sign-in/step")
    assert right.status_code == 303  # 90 seconds on


def test_secrets_are_sealed_at_rest(office: Office) -> None:
    http, _, number = office.person("steward")
    secret, recovery = set_up(office, http)
    with office.owner.begin() as conn:
        account = accounts.account_by_id(conn, number)
        rows = conn.execute(sa.text("SELECT r::text FROM hub.recovery_code r")).scalars().all()
    assert account is not None
    assert account.code_sealed is not None
    assert secret not in account.code_sealed
    assert not any(recovery[0].replace("-", "") in row for row in rows)


def test_who_needs_a_second_factor_sets_it_up_before_anything_else(office: Office) -> None:
    login, _ = office.account("inspector")
    http = office.enter(login)
    assert http.get("/").headers["location"] == "/sign-in"
    assert http.get("/sign-in").headers["location"].startswith("/sign-in/step")
    page = http.get("/sign-in/step")
    fields = {"sealed": sealed_on(page), "code": code_of(office, secret_on(page))}
    wrong = send(http, "/sign-in/step", fields | {"code": "000000"}, "/sign-in/step")
    assert (wrong.status_code, sealed_on(wrong)) == (401, sealed_on(page))  # the same secret is shown again
    shown = send(http, "/sign-in/step", fields, "/sign-in/step")
    assert "恢复码" in shown.text
    assert http.get("/account").status_code == 200


def test_half_a_sign_in_ends_after_ten_minutes(office: Office) -> None:
    login, _ = office.account("inspector")
    http = office.enter(login)
    office.clock.move(minutes=10)
    assert http.get("/sign-in/step").headers["location"] == "/sign-in"


def test_a_password_is_changed_and_other_sessions_end(office: Office) -> None:
    http, login, _ = office.person("steward")
    other = office.enter(login)
    for fields, status in (
        ({"old": "wrong", "new": NEW_WORD, "again": NEW_WORD}, 401),
        ({"old": WORD, "new": NEW_WORD, "again": NEW_WORD + "x"}, 422),
        ({"old": WORD, "new": "short", "again": "short"}, 422),
        ({"old": WORD, "new": f"{login}-{login}", "again": f"{login}-{login}"}, 422),
        ({"old": WORD, "new": WORD, "again": WORD}, 422),
        ({"old": WORD, "new": NEW_WORD, "again": NEW_WORD}, 200),
    ):
        assert send(http, "/account/password", dict(fields)).status_code == status
    assert http.get("/steward").status_code == 200
    assert other.get("/steward").status_code == 303
    assert office.enter(login, NEW_WORD).get("/steward").status_code == 200


def test_a_weak_hash_is_made_anew_at_sign_in(office: Office) -> None:
    login, number = office.account("steward")
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(WORD)
    with office.owner.begin() as conn:
        accounts.change_account(conn, number, password_hash=weak)
    office.enter(login)
    with office.owner.begin() as conn:
        account = accounts.account_by_id(conn, number)
    assert account is not None
    assert "m=65536" in account.password_hash
    assert office.enter(login).get("/steward").status_code == 200


def test_sessions_are_listed_and_ended(office: Office) -> None:
    login, number = office.account("steward")
    first = office.browser()
    first.headers["user-agent"] = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    office.enter(login, browser=first)
    second, third = office.enter(login), office.enter(login)
    page = second.get("/account")
    assert "Firefox · Linux" in page.text
    assert page.text.count('/end"') == 2
    with office.owner.begin() as conn:
        labelled = next(one.id for one in accounts.sessions_of(conn, number) if one.label)
    stranger, _, _ = office.person("steward")
    assert send(stranger, f"/account/sessions/{labelled}/end").status_code == 303  # changes nothing
    assert first.get("/steward").status_code == 200
    assert send(second, f"/account/sessions/{labelled}/end").status_code == 303
    assert [http.get("/steward").status_code for http in (first, second, third)] == [303, 200, 200]
    assert send(second, "/account/sign-out-elsewhere").status_code == 303
    assert [http.get("/steward").status_code for http in (second, third)] == [200, 303]


def test_what_matters_asks_who_one_is_after_ten_minutes(office: Office) -> None:
    http, _, _ = office.person("department_administrator")
    assert http.get("/account/second-factor").status_code == 200
    office.clock.move(minutes=10)
    sent = http.get("/account/second-factor")
    assert sent.headers["location"] == "/account/confirm?next=%2Faccount%2Fsecond-factor"
    assert send(http, "/account/confirm", {"given": "wrong"}, "/account/confirm").status_code == 401
    passed = send(http, "/account/confirm", {"given": WORD, "next": "/account/second-factor"}, "/account/confirm")
    assert passed.headers["location"] == "/account/second-factor"
    assert http.get("/account/second-factor").status_code == 200


def test_a_locked_account_is_told_so_only_to_who_knows_its_password(office: Office) -> None:
    http, login, number = office.person("steward")
    with office.owner.begin() as conn:
        assert accounts.lock_account(conn, number, "inspection")
        assert not accounts.lock_account(conn, number, "inspection")
    assert http.get("/steward").status_code == 303
    visitor = office.browser()
    assert send(visitor, "/sign-in", {"login": login, "password": "wrong"}).status_code == 401
    told = send(visitor, "/sign-in", {"login": login, "password": WORD})
    assert told.status_code == 403
    assert "核查" in told.text
    with office.owner.begin() as conn:
        assert accounts.unlock_account(conn, number)
    assert office.enter(login).get("/steward").status_code == 200


@pytest.mark.parametrize("path", ["/account", "/account/second-factor", "/account/confirm"])
def test_own_pages_are_for_who_is_signed_in(office: Office, path: str) -> None:
    assert office.browser().get(path).headers["location"].startswith("/sign-in")
