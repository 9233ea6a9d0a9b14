"""Accounts, sessions, clients and grants."""

import datetime as dt

from certificates.jose import new_key
from registries.store import accounts, clients, grants
from registries.store.engine import Store
from tests.registries.store.sample_catalogue import LICENCE_TYPE, NOW

TODAY = NOW.date()


def test_sessions_open_are_touched_and_end(owner: Store, api: Store) -> None:
    with owner.begin() as conn:
        number = accounts.add_account(conn, "zhang", "hash", "张", "office", ("officer", "steward"))
        assert accounts.add_account(conn, "zhang", "new hash", "张", "office", ("officer",)) == number
    with api.begin() as conn:
        found = accounts.account_by_login(conn, "zhang")
        assert found == accounts.Account(number, "zhang", "new hash", "张", "office", frozenset({"officer"}), "open")
        accounts.open_session(conn, b"t" * 32, number, b"c" * 32, NOW, NOW + dt.timedelta(hours=1))
        accounts.touch_session(conn, b"t" * 32, NOW + dt.timedelta(minutes=5))
        session = accounts.session_by_digest(conn, b"t" * 32)
        assert session is not None
        assert session.account.id == number
        assert session.csrf_digest == b"c" * 32
        assert session.last_seen_at == NOW + dt.timedelta(minutes=5)
        accounts.open_session(
            conn, b"u" * 32, number, b"c" * 32, NOW + dt.timedelta(hours=2), NOW + dt.timedelta(days=1)
        )
        assert accounts.session_by_digest(conn, b"t" * 32) is None  # past its end: swept
        accounts.end_session(conn, b"u" * 32)
        assert accounts.session_by_digest(conn, b"u" * 32) is None
        assert accounts.account_by_login(conn, "nobody") is None


def test_closing_an_account_ends_its_sessions(owner: Store, api: Store) -> None:
    with owner.begin() as conn:
        number = accounts.add_account(conn, "zhang", "hash", "张", "office", ("officer",))
    with api.begin() as conn:
        accounts.open_session(conn, b"t" * 32, number, b"c" * 32, NOW, NOW + dt.timedelta(hours=1))
    with owner.begin() as conn:
        accounts.close_account(conn, "zhang")
    with api.begin() as conn:
        assert accounts.session_by_digest(conn, b"t" * 32) is None
        closed = accounts.account_by_login(conn, "zhang")
        assert closed is not None
        assert closed.state == "closed"


def test_a_client_shows_its_keys_in_use_only(owner: Store, api: Store) -> None:
    first, second = new_key("ES256"), new_key("ES256")
    with owner.begin() as conn:
        clients.add_client(conn, "system", "office", "审批系统")
        clients.add_client_key(conn, "system", first.to_jwk())
        clients.add_client_key(conn, "system", second.to_jwk())
        clients.revoke_client_key(conn, first.kid)
        clients.add_client_key(conn, "system", first.to_jwk())  # revoked for good
        clients.add_client(conn, "bare", "office", "无密钥")
    with api.begin() as conn:
        found = clients.client_with_keys(conn, "system")
        assert found is not None
        assert dict(found.keys) == {second.kid: second.to_jwk()}
        assert found.state == "active"
        bare = clients.client_with_keys(conn, "bare")
        assert bare is not None
        assert not bare.keys
        assert clients.client_with_keys(conn, "../system") is None


def test_a_grant_covers_its_purpose_item_type_and_days_only(owner: Store, api: Store) -> None:
    first, last = dt.date(2026, 1, 1), dt.date(2026, 12, 31)
    with owner.begin() as conn:
        number = grants.add_grant(
            conn, "office", "verification", "审批", "me", first, certificate_type=LICENCE_TYPE, valid_until=last
        )
        again = grants.add_grant(
            conn, "office", "verification", "审批", "me", first, certificate_type=LICENCE_TYPE, valid_until=last
        )
        assert again == number

    def covered(department: str, act: grants.Act, kind: str, purpose: str, day: dt.date) -> bool:
        with api.begin() as conn:
            wish = grants.Wish(act, purpose, "any item", kind)
            (found,) = grants.covering_grants(conn, [(grants.Claimant(department, ""), wish)], day)
        return found is not None and found.id == number

    assert covered("office", "verification", LICENCE_TYPE, "审批", first)
    assert covered("office", "verification", LICENCE_TYPE, "审批", last)
    assert not covered("other", "verification", LICENCE_TYPE, "审批", first)
    assert not covered("office", "query", LICENCE_TYPE, "审批", first)
    assert not covered("office", "verification", "other", "审批", first)
    assert not covered("office", "verification", LICENCE_TYPE, "好奇", first)
    assert not covered("office", "verification", LICENCE_TYPE, "审批", first - dt.timedelta(days=1))
    assert not covered("office", "verification", LICENCE_TYPE, "审批", last + dt.timedelta(days=1))
    with owner.begin() as conn:
        grants.end_grant(conn, number, dt.date(2026, 2, 1))
        assert [grant.id for grant in grants.list_grants(conn, "office")] == [number]
    assert not covered("office", "verification", LICENCE_TYPE, "审批", last)
