"""From contracts to tables: makes what is missing, adds and widens columns in place, and says what it changed.

    for change in planner.plan(Store(home.store_url(Role.LOAD)), catalogue):
        print(change.relation, change.what)

A change that would lose data (another key, a narrower type) is refused; a column that a contract no longer has
stays in its table and gets no more values.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import sqlalchemy as sa
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.schema import CreateIndex, CreateTable, SetTableComment

from registries.contracts.model import Dataset
from registries.departments import Catalogue
from registries.errors import PlanRefused
from registries.store import registers, shown_datasets, shown_fields
from registries.store.engine import Store
from registries.store.shapes import DATA, check_names, current_table, tables_of
from registries.store.tables import dataset as dataset_row
from registries.store.tables import department as department_row

_LOCK = 6_003
_WIDER = {("BIGINT", "NUMERIC"), *((kind, "TEXT") for kind in ("BIGINT", "NUMERIC", "DATE", "TIMESTAMP", "BOOLEAN"))}


@dataclass(frozen=True)
class Change:
    """One thing that was changed; `column` is empty for tables and views."""

    what: Literal["table_made", "column_added", "column_widened", "view_made"]
    relation: str
    column: str = ""


def plan(store_load: Store, catalogue: Catalogue) -> list[Change]:
    """Bring schema `data` and the catalogue's mirror up to the contracts, in one transaction; nothing twice.

    Raises:
        PlanRefused: a contract changes a key, or narrows a type.
    """
    with store_load.begin() as conn:
        conn.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
        shapes = _existing(conn)
        changes = [change for dataset in catalogue.datasets for change in _wanted(dataset, shapes)]
        views = [each.id for each in catalogue.registers] if changes else registers.outdated(conn, catalogue)
        for register in (*views, *_retired_registers(conn, catalogue)):
            registers.drop_view(conn, register)
        for dataset in catalogue.datasets:
            _carry_out(conn, dataset, [change for change in changes if change.relation in _names(dataset)])
        _make_indexes(conn, catalogue)
        made = [Change("view_made", name) for name in registers.make_views(conn, catalogue, views)]
        record_catalogue(conn, catalogue)
    return changes + made


def _make_indexes(conn: sa.Connection, catalogue: Catalogue) -> None:
    """Those that a table lacks, because it is new or was made by an earlier version of the hub."""
    there = sa.inspect(conn).get_multi_indexes(schema=DATA)
    names = {index["name"] for indexes in there.values() for index in indexes}
    for dataset in catalogue.datasets:
        for index in sorted(current_table(dataset).indexes, key=lambda index: str(index.name)):
            if index.name not in names:
                conn.execute(CreateIndex(index))


def record_catalogue(conn: sa.Connection, catalogue: Catalogue) -> None:
    """Mirror departments and datasets into schema `hub`, for joins; what is known of their sources stays."""
    for department in catalogue.departments:
        values = {column.name: getattr(department, column.name) for column in department_row.c}
        _upsert(conn, department_row, values)
    for dataset in catalogue.datasets:
        kept = ("name", "department", "title_zh", "title_en", "contract_version")
        values = {name: getattr(dataset, name) for name in kept}
        values["fresh_for_days"] = dataset.sla.fresh_for_calendar_days
        values["certificate_type"] = dataset.certificate.type_code if dataset.certificate else None
        _upsert(conn, dataset_row, values)
    shown_datasets.record(conn, catalogue)
    shown_fields.record(conn, catalogue)


def _upsert(conn: sa.Connection, table: sa.Table, values: dict[str, object]) -> None:
    (key,) = table.primary_key.columns
    statement = insert(table).values(values)
    others = {name: statement.excluded[name] for name in values if name != key.name}
    differs = sa.or_(*(table.c[name].is_distinct_from(value) for name, value in others.items()))
    conn.execute(statement.on_conflict_do_update(index_elements=[key], set_=others, where=differs))


def _retired_registers(conn: sa.Connection, catalogue: Catalogue) -> list[str]:
    """The registers that still have a view, but no contract any more; what was in their tables stays there."""
    named = {registers.view_name(register.id) for register in catalogue.registers}
    prefix = registers.view_name("")
    views = sa.inspect(conn).get_view_names(schema=DATA)
    return [name.removeprefix(prefix) for name in views if name.startswith(prefix) and name not in named]


_Shapes = dict[str, dict[str, str]]  # relation -> column -> type


def _existing(conn: sa.Connection) -> _Shapes:
    inspector = sa.inspect(conn)
    shapes: _Shapes = {name: {} for name in inspector.get_table_names(schema=DATA)}
    for (_, relation), columns in inspector.get_multi_columns(schema=DATA).items():
        if relation in shapes:
            shapes[relation] = {column["name"]: _word(column["type"]) for column in columns}
    for (_, relation), key in inspector.get_multi_pk_constraint(schema=DATA).items():
        shapes[relation][""] = ",".join(key["constrained_columns"])
    return shapes


def _word(kind: sa.types.TypeEngine[object]) -> str:
    return str(kind.as_generic(allow_nulltype=True)).split(" ")[0].replace("DATETIME", "TIMESTAMP").split("(")[0]


def _names(dataset: Dataset) -> list[str]:
    return [table.name for table in tables_of(dataset)]


def _wanted(dataset: Dataset, shapes: _Shapes) -> Iterator[Change]:
    check_names(dataset)
    for table in tables_of(dataset):
        if table.name not in shapes:
            yield Change("table_made", table.name)
            continue
        shape = shapes[table.name]
        if shape[""] != ",".join(column.name for column in table.primary_key.columns):
            raise PlanRefused(dataset.name, ",".join(dataset.key), "主键不能改变", "a key can't change")
        yield from _wanted_columns(dataset, table, shape)


def _wanted_columns(dataset: Dataset, table: sa.Table, shape: dict[str, str]) -> Iterator[Change]:
    for column in table.columns:
        wanted = _word(column.type)
        if column.name not in shape:
            yield Change("column_added", table.name, column.name)
        elif shape[column.name] != wanted:
            if (shape[column.name], wanted) not in _WIDER:
                raise PlanRefused(dataset.name, column.name, "类型只能放宽", "a type can only be widened")
            yield Change("column_widened", table.name, column.name)


def _carry_out(conn: sa.Connection, dataset: Dataset, changes: list[Change]) -> None:
    operations = Operations(MigrationContext.configure(conn))
    for table in tables_of(dataset):
        for change in changes:
            if change.relation != table.name:
                continue
            if change.what == "table_made":
                conn.execute(CreateTable(table))
            elif change.what == "column_added":
                operations.add_column(table.name, sa.Column(change.column, table.c[change.column].type), schema=DATA)
            else:
                operations.alter_column(table.name, change.column, schema=DATA, type_=table.c[change.column].type)
        if changes:
            table.comment = f"{dataset.name} {dataset.contract_version}"
            conn.execute(SetTableComment(table))
