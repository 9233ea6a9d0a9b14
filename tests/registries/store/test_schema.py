"""Migrations make what the tables say; the roles have what they need and no more."""

import pytest
import sqlalchemy as sa

from registries.errors import StoreDown, StoreError
from registries.home import Role
from registries.store import roles, schema
from registries.store.engine import Store
from tests.registries.store.conftest import Stores


def test_migrations_and_tables_say_the_same(owner: Store) -> None:
    assert schema.drift(owner) == []
    schema.migrate(owner)
    assert schema.drift(owner) == []


def test_drift_is_seen(owner: Store) -> None:
    with owner.begin() as conn:
        conn.execute(sa.text("ALTER TABLE hub.batch ADD COLUMN surprise text"))
        conn.execute(sa.text("DROP INDEX hub.score_dataset_batch_idx"))
    found = " ".join(schema.drift(owner))
    assert "surprise" in found
    assert "score_dataset_batch_idx" in found


@pytest.mark.parametrize("role", [Role.LOAD, Role.API, Role.PAGE])
@pytest.mark.usefixtures("load")
def test_no_role_has_more_than_its_work_needs(hub: Stores, role: Role) -> None:
    with hub.store(role).begin() as conn:
        assert roles.privilege_faults(conn, role) == []


@pytest.mark.parametrize(
    ("right", "role"),
    [
        ("SELECT ON data.test_police__people TO hub_api", Role.API),
        ("SELECT ON hub.certificate TO hub_api", Role.API),
        ("SELECT (number) ON hub.certificate TO hub_api", Role.API),
        ("UPDATE ON hub.ledger_entry TO hub_api", Role.API),
        ("DELETE ON hub.ledger_body TO hub_load", Role.LOAD),
        ("SELECT ON hub.pepper TO hub_load", Role.LOAD),
        ("SELECT ON hub.conflict TO hub_page", Role.PAGE),
        ("hub_load TO hub_api", Role.API),
    ],
)
def test_readiness_sees_a_right_too_many(hub: Stores, load: Store, owner: Store, right: str, role: Role) -> None:
    giver = load if "data." in right else owner
    with giver.begin() as conn:
        conn.execute(sa.text(f"GRANT {right}"))
    with hub.store(role).begin() as conn:
        assert roles.privilege_faults(conn, role)
    if right.startswith("hub_load"):
        with owner.begin() as conn:
            conn.execute(sa.text("REVOKE hub_load FROM hub_api"))  # roles outlive the test's database


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM data.test_police__people",
        "SELECT * FROM hub.certificate_holder",
        "SELECT secret FROM hub.pepper",
        "UPDATE hub.ledger_entry SET kind = 'x'",
        "DELETE FROM hub.ledger_sequence",
        "TRUNCATE hub.ledger_node",
        "SELECT hub.digest_key('match')",
        "SELECT password_hash FROM hub.account; CREATE TABLE hub.mine (x int)",
    ],
)
def test_the_api_can_not(api: Store, statement: str) -> None:
    with pytest.raises(StoreError) as caught, api.begin() as conn:
        conn.execute(sa.text(statement))
    assert caught.value.sqlstate == "42501"


def test_errors_hold_no_values(load: Store) -> None:
    row = sa.text("INSERT INTO data.test_police__people (number, since_batch) VALUES (:number, 1)")
    with load.begin() as conn:
        conn.execute(row, {"number": "440508199001010014"})
    with pytest.raises(StoreError) as caught, load.begin() as conn:
        conn.execute(row, {"number": "440508199001010014"})
    assert "440508199001010014" not in repr(caught.value) + str(caught.value)
    assert caught.value.__cause__ is None
    assert "test_police__people" in caught.value.en


def test_a_server_that_is_down_is_named_so() -> None:
    with pytest.raises(StoreDown), Store("postgresql://nobody:x@127.0.0.1:1/none").begin():
        pass
