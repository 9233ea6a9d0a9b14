"""Alembic's environment: the connection comes in from `registries.store.schema`, never from an ini file."""  # noqa: INP001 - Alembic loads it by file

from alembic import context

from registries.store.ledger_tables import checkpoint
from registries.store.tables import HUB


def _in_hub(name: str | None, kind: str, parents: object) -> bool:  # noqa: ARG001 - Alembic's signature
    return kind != "schema" or name == HUB


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=checkpoint.metadata,
    version_table_schema=HUB,
    include_schemas=True,
    include_name=_in_hub,
)
with context.begin_transaction():
    context.run_migrations()
