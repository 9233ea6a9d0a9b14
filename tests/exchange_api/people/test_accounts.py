"""Accounts as administrators manage them: whose they reach, which roles they give, and what is written down."""

import re
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from exchange_api.people.accounts import NewAccount, subject_digest
from exchange_api.people.errors import LastAdministrator
from exchange_api.people.roles import Role
from registries.store import accounts, ledger, sign_ins
from tests.exchange_api.people.conftest import AUTHORITY, OTHERS, OURS, WORD, Office, send
from tests.exchange_api.people.test_signing_in import NEW_WORD

ADMIN = Role.DEPARTMENT_ADMINISTRATOR.value


def hub_administrator(office: Office) -> httpx.Client:
    """Somebody of the data authority, whose second factor was given."""
    return office.person("hub_administrator", department=AUTHORITY)[0]


def add(http: httpx.Client, login: str, *roles: str, department: str = OURS) -> httpx.Response:
    fields: dict[str, Any] = {"login": login, "name": "王小红", "department": department, "roles": list(roles)}
    return send(http, "/people/accounts", fields)


def first_word(page: httpx.Response) -> str:
    found = re.search(r"[a-z2-9]{5}(?:-[a-z2-9]{5}){3}", page.text)
    assert found
    return found.group()


def number_of(office: Office, login: str) -> int:
    with office.owner.begin() as conn:
        account = accounts.account_by_login(conn, login)
    assert account is not None
    return account.id


def acts(office: Office, number: int) -> list[tuple[str, str, list[str]]]:
    with office.owner.begin() as conn:
        wanted = sa.text("SELECT act, by_whom, details FROM hub.people_act WHERE account_id = :number ORDER BY id")
        return [(row.act, row.by_whom, list(row.details)) for row in conn.execute(wanted, {"number": number})]


def test_a_new_account_changes_its_first_password_and_nobody_else_knows_it(office: Office) -> None:
    http, _, manager = office.person(ADMIN)
    made = add(http, "xiaohong", "window_officer", "publisher")
    assert made.status_code == 200
    word = first_word(made)
    assert word not in http.get("/people/accounts").text  # shown once
    newcomer = office.enter("xiaohong", word)
    assert newcomer.get("/officer").status_code == 303
    weak = send(newcomer, "/sign-in/step", {"new": "password1234", "again": "password1234"}, "/sign-in/step")
    assert weak.status_code == 422
    same = send(newcomer, "/sign-in/step", {"new": word, "again": word}, "/sign-in/step")
    assert same.status_code == 422
    fields = {"new": NEW_WORD, "again": NEW_WORD, "next": "/officer"}
    whole = send(newcomer, "/sign-in/step", fields, "/sign-in/step")
    assert (whole.status_code, whole.headers.get("location")) == (303, "/officer"), whole.text
    assert newcomer.get("/officer").status_code == 200
    assert newcomer.get("/steward").status_code == 403
    told = acts(office, number_of(office, "xiaohong"))
    assert told[0] == ("account-made", f"account:{manager}", ["publisher", "window_officer"])
    assert told[1][0] == "password-changed"


@pytest.mark.parametrize(
    ("login", "roles", "department", "status"),
    [
        ("Xiao Hong", ["publisher"], OURS, 422),
        ("x", ["publisher"], OURS, 422),
        ("nobody1", [], OURS, 422),
        ("nobody2", ["king"], OURS, 422),
        ("nobody3", ["publisher"], OTHERS, 404),
        ("nobody4", ["hub_administrator"], OURS, 403),
        ("nobody5", ["auditor"], OURS, 403),
        ("nobody6", ["inspector", "publisher"], OURS, 403),
    ],
)
def test_what_a_department_administrator_can_not_add(
    office: Office, login: str, roles: list[str], department: str, status: int
) -> None:
    http, _, _ = office.person(ADMIN)
    assert add(http, login, *roles, department=department).status_code == status
    with office.owner.begin() as conn:
        assert accounts.account_by_login(conn, login) is None


def test_a_taken_login_is_told(office: Office) -> None:
    http, login, _ = office.person(ADMIN)
    assert add(http, login, "publisher").status_code == 409


CHANGES = ("roles", "close", "reopen", "password", "second-factor", "sign-out", "link", "unlink")


def test_accounts_of_other_departments_do_not_exist(office: Office) -> None:
    http, _, _ = office.person(ADMIN)
    login, number = office.account("publisher", department=OTHERS)
    assert login not in http.get("/people/accounts").text
    assert http.get(f"/people/accounts/{number}").status_code == 404
    fields = {"roles": ["publisher"], "provider": "gov", "subject": "x"}
    answers = {send(http, f"/people/accounts/{number}/{change}", dict(fields)).status_code for change in CHANGES}
    assert answers == {404}
    assert acts(office, number) == []


def test_roles_that_the_hub_gives_are_out_of_reach_and_nobody_changes_itself(office: Office) -> None:
    http, _, mine = office.person(ADMIN)
    _, auditor = office.account("auditor")
    _, clerk = office.account("publisher")
    for change in CHANGES:
        sent = send(http, f"/people/accounts/{auditor}/{change}", {"roles": ["publisher"], "provider": "gov"})
        assert sent.status_code in {403, 422}
    up = send(http, f"/people/accounts/{clerk}/roles", {"roles": ["publisher", "hub_administrator"]})
    assert up.status_code == 403
    for change in ("roles", "close", "password", "second-factor"):
        assert send(http, f"/people/accounts/{mine}/{change}", {"roles": ["steward"]}).status_code == 409
    assert acts(office, auditor) == acts(office, clerk) == acts(office, mine) == []


def test_changes_count_at_once_and_are_written_down(office: Office) -> None:
    http, _, _ = office.person(ADMIN)
    clerk, login, number = office.person("publisher")
    assert send(http, f"/people/accounts/{number}/roles", {"roles": ["steward"]}).status_code == 303
    assert clerk.get("/publisher").status_code == 303  # signed out
    assert office.enter(login).get("/steward").status_code == 200
    assert send(http, f"/people/accounts/{number}/close").status_code == 303
    assert send(office.browser(), "/sign-in", {"login": login, "password": WORD}).status_code == 401
    assert send(http, f"/people/accounts/{number}/reopen").status_code == 303
    word = first_word(send(http, f"/people/accounts/{number}/password"))
    assert send(office.browser(), "/sign-in", {"login": login, "password": WORD}).status_code == 401
    assert office.enter(login, word).get("/sign-in/step").status_code == 200
    told = [act for act, _, _ in acts(office, number)]
    assert told == ["roles", "account-closed", "account-reopened", "password-reset"]
    page = http.get("/people/acts")
    assert "重置口令" in page.text
    assert "林小明" not in page.text.split("<main")[1]


def test_a_locked_account_is_no_administrators_to_open_or_close(office: Office) -> None:
    http, _, _ = office.person(ADMIN)
    _, number = office.account("window_officer")
    with office.owner.begin() as conn:
        accounts.lock_account(conn, number, "inspection")
    for change in ("close", "reopen"):
        assert send(http, f"/people/accounts/{number}/{change}").status_code == 409


def test_the_hub_reaches_everybody_and_keeps_one_administrator(office: Office) -> None:
    http = hub_administrator(office)
    login, number = office.account("publisher", department=OTHERS)
    assert login in http.get(f"/people/accounts?text={login}").text
    assert send(http, f"/people/accounts/{number}/roles", {"roles": ["auditor"]}).status_code == 303
    reading = office.enter(login)
    assert reading.get("/people/acts").status_code == 200
    assert reading.get(f"/people/accounts/{number}").status_code == 403
    assert add(http, "faraway", "department_administrator", department=OTHERS).status_code == 200
    with office.owner.begin() as conn:
        everyone = accounts.list_accounts(conn, None, limit=1000)
        chiefs = [one for one in everyone if Role.HUB_ADMINISTRATOR in one.roles]
        for one in chiefs[1:]:
            accounts.change_account(conn, one.id, state="closed")
    operator = office.parts.people
    from mianzheng.people import OPERATOR

    with pytest.raises(LastAdministrator):
        operator.close(OPERATOR, chiefs[0].id)
    with pytest.raises(LastAdministrator):
        operator.give_roles(OPERATOR, chiefs[0].id, frozenset({"publisher"}))


def test_each_act_is_in_the_ledger_without_a_name(office: Office) -> None:
    from mianzheng.people import OPERATOR

    first = office.parts.people.add(OPERATOR, NewAccount("ledgered", "赵钱孙", OURS, frozenset({"publisher"})))
    with office.owner.begin() as conn:
        number = conn.execute(
            sa.text("SELECT id FROM hub.people_act WHERE account_id = :id"), {"id": first.account_id}
        ).scalar_one()
        key = ("people", f"people-act-{number:012}")
        payload = ledger.stored(conn, [key])[key].payload
        with pytest.raises(Exception, match="insert-only"), conn.begin_nested():
            conn.execute(sa.text("UPDATE hub.people_act SET act = 'x'"))
    assert payload is not None
    assert f'"account_id":{first.account_id}'.encode() in payload
    assert "赵".encode() not in payload
    assert b"ledgered" not in payload


def test_an_identity_belongs_to_one_account(office: Office) -> None:
    from mianzheng.people import OPERATOR

    _, one = office.account("publisher")
    _, two = office.account("publisher")
    people = office.parts.people
    people.link(OPERATOR, one, "https://id.example", "subject-1")
    with pytest.raises(Exception, match="linked already"):
        people.link(OPERATOR, two, "https://id.example", "subject-1")
    with office.owner.begin() as conn:
        kept = conn.execute(sa.text("SELECT i::text FROM hub.account_identity i")).scalars().all()
        found = sign_ins.account_of(conn, "https://id.example", subject_digest("https://id.example", "subject-1"))
        other = sign_ins.account_of(conn, "https://id.test", subject_digest("https://id.example", "subject-1"))
    assert found is not None
    assert (found.id, other) == (one, None)
    assert not any("subject-1" in row for row in kept)
    people.unlink(OPERATOR, one)
    people.link(OPERATOR, two, "https://id.example", "subject-1")
