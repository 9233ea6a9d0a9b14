"""A dataset's tables as its contract makes them: current rows, their history, and the stage of one batch.

    current = shapes.current_table(dataset)      # data.public_security__residents
    history = shapes.history_table(dataset)      # data.public_security__residents_history
    staged = shapes.stage_table(dataset)         # stage.public_security__residents, unlogged, text only
    deleted = shapes.deleted_table(dataset)      # data.market_regulation__enterprises_deleted

Texts are compared byte by byte (COLLATE "C"): the same everywhere, and quick to sort.
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import array

from registries.contracts.model import Dataset, LogicalType
from registries.errors import PlanRefused
from registries.store.tables import Word

DATA = "data"
STAGE = "stage"
OWN_COLUMNS = frozenset({"since_batch", "until_batch", "mark", "row_number", "refused", "repeated"})
"""Names that the store keeps for itself."""

_LONGEST_NAME = 63 - len("__touched")  # bytes in a PostgreSQL identifier
_FILL = {"fillfactor": "90"}  # changed rows find room on their own page
_TYPES: dict[LogicalType, sa.types.TypeEngine[Any]] = {
    "string": Word,
    "integer": sa.BigInteger(),
    "number": sa.Numeric(),
    "date": sa.Date(),
    "timestamp": sa.DateTime(),
    "boolean": sa.Boolean(),
}


_NAMES: dict[LogicalType, str] = {
    "integer": "bigint",
    "number": "numeric",
    "date": "date",
    "timestamp": "timestamp",
    "boolean": "boolean",
}


class Tid(sa.types.UserDefinedType[str]):
    """Where a row is in its table, as long as nobody writes it."""

    cache_ok = True

    def get_col_spec(self, **_options: object) -> str:
        """PostgreSQL's name of it."""
        return "tid"


def check_names(dataset: Dataset) -> None:
    """Raise PlanRefused if the contract's names can't be columns beside the store's own."""
    for column in dataset.columns:
        if column.name in OWN_COLUMNS or len(column.name.encode()) > _LONGEST_NAME:
            raise PlanRefused(dataset.name, column.name, "列名为系统保留或过长", "its name is reserved or too long")
    if len(dataset.table_name.encode()) > _LONGEST_NAME:
        raise PlanRefused(dataset.name, dataset.table_name, "数据资源名过长", "the dataset's name is too long")


def column_type(logical_type: LogicalType) -> sa.types.TypeEngine[Any]:
    """The store's type of a contract's logical type."""
    return _TYPES[logical_type]


def current_table(dataset: Dataset) -> sa.Table:
    """Rows as they are now: one per key, since which batch, and marked if a newer one was refused or it vanished."""
    return sa.Table(
        dataset.table_name,
        sa.MetaData(schema=DATA),
        *_contract_columns(dataset),
        sa.Column("since_batch", sa.BigInteger, nullable=False),
        marked := sa.Column("mark", Word),
        sa.PrimaryKeyConstraint(*dataset.key),
        sa.Index(f"{dataset.table_name}_marked", marked, postgresql_where=marked.is_not(None)),  # few ever are
        postgresql_with=_FILL,
    )


def placed_table(dataset: Dataset) -> sa.Table:
    """The current table with the places of its rows, `ctid`."""
    table = current_table(dataset)
    table.append_column(sa.Column("ctid", Tid, system=True))
    return table


def history_table(dataset: Dataset) -> sa.Table:
    """Former versions: valid from `since_batch` until, not including, `until_batch`."""
    return sa.Table(
        f"{dataset.table_name}_history",
        sa.MetaData(schema=DATA),
        *_contract_columns(dataset),
        sa.Column("since_batch", sa.BigInteger, nullable=False),
        sa.Column("until_batch", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint(*dataset.key, "until_batch"),
    )


def deleted_table(dataset: Dataset) -> sa.Table:
    """Tombstones: keys that change sets deleted, with the watermark of that: so that no late row revives them."""
    kept = {*dataset.key, dataset.watermark}
    return sa.Table(
        f"{dataset.table_name}_deleted",
        sa.MetaData(schema=DATA),
        *(
            sa.Column(column.name, column_type(column.logical_type), nullable=False)
            for column in dataset.stored_columns
            if column.name in kept
        ),
        sa.Column("since_batch", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint(*dataset.key),
    )


def keeps_deleted(dataset: Dataset) -> bool:
    """Whether a dataset has tombstones: change sets that can delete, in an order that is not that of their arrival."""
    return dataset.delivery == "changes" and dataset.watermark is not None and dataset.operation is not None


def tables_of(dataset: Dataset) -> tuple[sa.Table, ...]:
    """Every table of a dataset that stays: the planner makes them."""
    tables = (current_table(dataset), history_table(dataset))
    return (*tables, deleted_table(dataset)) if keeps_deleted(dataset) else tables


def stage_table(dataset: Dataset) -> sa.Table:
    """Rows of one batch as canonical text, refused ones too, by row number from 1."""
    return sa.Table(
        dataset.table_name,
        sa.MetaData(schema=STAGE),
        sa.Column("row_number", sa.BigInteger, nullable=False),
        sa.Column("refused", sa.Boolean, nullable=False),
        sa.Column("repeated", sa.Boolean, nullable=False, server_default=sa.false()),
        *(sa.Column(column.name, Word) for column in dataset.columns),
        prefixes=["UNLOGGED"],
    )


def absent_table(dataset: Dataset) -> sa.Table:
    """Keys, as text, of current rows that a snapshot seems not to hold any more."""
    return sa.Table(
        f"{dataset.table_name}__absent",
        sa.MetaData(schema=STAGE),
        *(sa.Column(name, Word) for name in dataset.key),
        prefixes=["UNLOGGED"],
    )


def touched_table(dataset: Dataset) -> sa.Table:
    """Keys of all rows that a merge has written or marked, until the stage is dropped; logged, as step 7 needs it."""
    kinds = {column.name: column_type(column.logical_type) for column in dataset.columns}
    return sa.Table(
        f"{dataset.table_name}__touched",
        sa.MetaData(schema=STAGE),
        *(sa.Column(name, kinds[name], nullable=False) for name in dataset.key),
    )


def delta_table(dataset: Dataset) -> sa.Table:
    """What a merge has to write: new, changed and deleted rows by number; place and values of their current rows.

    The values of stored columns are `old_0`, `old_1`, ... and `old_since`: a contract's column may have any name.
    """
    return sa.Table(
        f"{dataset.table_name}__delta",
        sa.MetaData(schema=STAGE),
        sa.Column("row_number", sa.BigInteger, nullable=False),
        sa.Column("is_new", sa.Boolean, nullable=False),
        sa.Column("is_gone", sa.Boolean, nullable=False),
        sa.Column("place", Tid),
        *(
            sa.Column(f"old_{place}", column_type(column.logical_type))
            for place, column in enumerate(dataset.stored_columns)
        ),
        sa.Column("old_since", sa.BigInteger),
        prefixes=["UNLOGGED"],
    )


def typed(staged: sa.FromClause, dataset: Dataset, name: str) -> sa.ColumnElement[Any]:
    """A staged text as the value of its column's type."""
    kind = dataset.column(name).logical_type
    return staged.c[name] if kind == "string" else sa.cast(staged.c[name], column_type(kind))


def key_value(staged: sa.FromClause, dataset: Dataset, name: str) -> sa.ColumnElement[Any]:
    """A staged text as a value to compare by: of the column's type if it is one ("01" and "1" are one integer)."""
    kind = dataset.column(name).logical_type
    if kind == "string":
        return staged.c[name]
    value = sa.cast(sa.cast(staged.c[name], column_type(kind)), Word)
    return sa.case((readable(staged, dataset, name), value), else_=staged.c[name])


def readable(staged: sa.FromClause, dataset: Dataset, name: str) -> sa.ColumnElement[bool]:
    """A staged text can be cast to its column's type; one that is absent: NULL."""
    kind = dataset.column(name).logical_type
    if kind == "string":
        return staged.c[name].is_not(None)
    # the type's name stands in the text of the query: as a parameter it would make each use another expression
    return sa.func.pg_input_is_valid(staged.c[name], sa.literal(_NAMES[kind], literal_execute=True))


def same_key(current: sa.FromClause, staged: sa.FromClause, dataset: Dataset) -> sa.ColumnElement[bool]:
    """The current row has the key that the staged row names; a staged key that can't be read equals none."""
    return sa.and_(*(_same_part(current.c[name], staged, dataset, name) for name in dataset.key))


def _same_part(
    current: sa.ColumnElement[Any], staged: sa.FromClause, dataset: Dataset, name: str
) -> sa.ColumnElement[bool]:
    if dataset.column(name).logical_type == "string":
        return current == staged.c[name]
    return sa.cast(current, Word) == key_value(staged, dataset, name)


def key_readable(staged: sa.FromClause, dataset: Dataset) -> sa.ColumnElement[bool]:
    """All parts of the staged row's key are there."""
    return sa.and_(*(staged.c[name].is_not(None) for name in dataset.key))


def texts(columns: Sequence[sa.ColumnElement[Any]]) -> sa.ColumnElement[Any]:
    """Columns as one array of text."""
    return array([sa.cast(column, sa.Text) for column in columns])


def _contract_columns(dataset: Dataset) -> list[sa.Column[Any]]:
    key = set(dataset.key)
    return [
        sa.Column(column.name, column_type(column.logical_type), nullable=column.name not in key)
        for column in dataset.stored_columns
    ]
