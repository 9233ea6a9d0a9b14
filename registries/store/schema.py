"""Schema `hub`: brought up to date by Alembic, configured in code; and whether it has drifted from the tables' words.

schema.migrate(Store(home.store_url(Role.OWNER)))    # safe at every start, and from two processes at once
"""

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext

from registries.store import name_forms
from registries.store.access_tables import subject_access
from registries.store.alert_tables import alert
from registries.store.budget_tables import budget_spent
from registries.store.case_tables import case_check
from registries.store.casework_tables import case_row
from registries.store.dashboard_tables import score_month
from registries.store.delivery_tables import delivery_reply
from registries.store.engine import Store
from registries.store.field_tables import shown_field
from registries.store.inspection_tables import inspected_answer
from registries.store.keeping_tables import erasure
from registries.store.ledger_tables import checkpoint
from registries.store.life_tables import certificate_event
from registries.store.monthly_tables import monthly_score
from registries.store.people_tables import people_act
from registries.store.profile_tables import batch_profile
from registries.store.rights_tables import right_step
from registries.store.status_tables import status_place
from registries.store.tables import HUB
from registries.store.telling_tables import told
from registries.store.trusted_time_tables import time_stamp
from registries.store.watch_tables import watch
from registries.store.window_tables import completion

_FOLDER = Path(__file__).parent / "migrations"
_LOCK = 6_001
_ELSEWHERE = (
    alert,
    batch_profile,
    budget_spent,
    case_check,
    case_row,
    certificate_event,
    checkpoint,
    completion,
    delivery_reply,
    erasure,
    inspected_answer,
    monthly_score,
    people_act,
    right_step,
    score_month,
    shown_field,
    status_place,
    subject_access,
    time_stamp,
    told,
    watch,
)  # tables beside `tables`: the metadata is whole when their modules are there


def migrate(store_owner: Store) -> None:
    """Run all migrations that have not run yet, in one transaction; `roles.create_roles` comes first.

    The store folds names by the table in force from then on.

    Raises:
        StoreError: PostgreSQL refused, or the user does not own the database.
    """
    with store_owner.begin() as conn:
        conn.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
        conn.execute(sa.schema.CreateSchema(HUB, if_not_exists=True))
        config = Config()
        config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
        config.set_main_option("path_separator", "os")
        config.attributes["connection"] = conn
        command.upgrade(config, "head")
        name_forms.bring_up(conn)


def drift(store_owner: Store) -> list[str]:
    """What the database's schema `hub` lacks or has beyond `tables` and `ledger_tables`; empty if they are equal."""
    with store_owner.begin() as conn:
        context = MigrationContext.configure(
            conn,
            opts={
                "include_schemas": True,
                "include_name": lambda name, kind, _parents: kind != "schema" or name == HUB,
                "version_table_schema": HUB,
            },
        )
        return [str(change) for change in compare_metadata(context, _ELSEWHERE[0].metadata)]
