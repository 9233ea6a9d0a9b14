"""Migrations back and forth with data in the store: statements about states, and the events that they became."""

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from registries.home import Role
from registries.store import roles, schema
from registries.store.engine import Store
from registries.store.life_tables import certificate_event
from tests.registries.store.conftest import Stores
from tests.registries.store.deliveries import take_in
from tests.registries.store.sample_catalogue import LICENCES
from tests.registries.store.test_certificates import licence

FOLDER = Path(schema.__file__).parent / "migrations"


def downgrade(owner: Store, revision: str) -> None:
    with owner.begin() as conn:
        config = Config()
        config.set_main_option("script_location", str(FOLDER))
        config.set_main_option("path_separator", "os")
        config.attributes["connection"] = conn
        command.downgrade(config, revision)


def test_statements_become_events_and_back(hub: Stores, load: Store, owner: Store) -> None:
    revoked = licence("A", status="05", status_since="2024-02-01", status_reason="处罚")
    for row in (licence("A"), revoked, licence("A")):  # valid again without a decision: a case
        with load.begin() as conn:
            take_in(conn, LICENCES, [(row, False)])
    downgrade(owner, "0011")
    statements = sa.text("SELECT status, since::text, reason FROM hub.certificate_status_event ORDER BY batch")
    with owner.begin() as conn:
        told = [tuple(row) for row in conn.execute(statements)]
    assert told == [("valid", None, None), ("revoked_penalty", "2024-02-01", "处罚"), ("valid", None, None)]
    schema.migrate(owner)
    assert schema.drift(owner) == []
    with owner.begin() as conn:
        events = conn.execute(sa.select(certificate_event).order_by(certificate_event.c.batch)).all()
    assert [(event.move, event.lawful) for event in events] == [
        ("issue", True),
        ("revoke_penalty", True),
        ("issue", True),
    ]
    assert [event.long_term for event in events] == [False, False, True]  # the latest has the certificate's own dates
    for role in (Role.LOAD, Role.API, Role.PAGE):
        with hub.store(role).begin() as conn:
            assert roles.privilege_faults(conn, role) == []
