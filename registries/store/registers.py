"""Registers (基础库): views over their authorities' current tables.

Which registers there are, and whether one is merged, say their contracts. A view can't drift, and nobody copies ten
million people. In a merged register the first dataset by precedence that has a value decides each attribute (一数一源);
in the others (certificates, indicators) every row has one issuer, so that the register is a union. A subject whose key
was corrected stands under its present key: what a dataset has under a former key alone, joins it (`subjects`). Where
the authorities disagree says `conflicts`.

    conn.execute(sa.select(registers.view("geography", catalogue)).where(...))
"""

import hashlib
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from psycopg import sql
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.schema import CreateView, DropView

from registries.catalogue_faults import precedence
from registries.contracts.model import Dataset, RegisterRole
from registries.departments import Catalogue
from registries.store.engine import driver
from registries.store.shapes import DATA, current_table
from registries.store.tables import Word, subject_alias

AREA_CODE, AREA_LEVEL = "area_code", "area_level"


class Standing(NamedTuple):
    """What registers are made of: what is current, and the joins in force; `points_in_time` gives what was.

    `rows` has the columns of a dataset's current table, `aliases` those of `subject_alias`.
    """

    rows: Callable[[Dataset], sa.FromClause] = current_table
    aliases: sa.FromClause = subject_alias


CURRENT = Standing()


def view_name(register: str) -> str:
    """The name of a register's view in schema `data`."""
    return f"register_{register}"


def view(register: str, catalogue: Catalogue) -> sa.TableClause:
    """A register's view: `subject_key`, its attributes in alphabetical order, where it is, and what decides first.

    `area_code` is that of the row's administrative division, `area_level` follows from it (国家, 省, 市, 县, 乡), and
    `dataset` is the first by precedence that has the subject.
    """
    names = ("subject_key", *_columns(catalogue.of_register(register)), AREA_LEVEL, "dataset")
    return sa.table(view_name(register), *(sa.column(name) for name in names), schema=DATA)


def outdated(conn: sa.Connection, catalogue: Catalogue) -> list[str]:
    """The registers whose view is not what the contracts say, or is not there."""
    named = [register.id for register in catalogue.registers]
    return [register for register in named if _wanted_mark(register, catalogue) != _kept_mark(conn, register)]


def drop_view(conn: sa.Connection, register: str) -> None:
    """Drop a register's view, if there is one: before columns under it are widened."""
    conn.execute(DropView(_named(register), if_exists=True))


def make_views(conn: sa.Connection, catalogue: Catalogue, wanted: Sequence[str]) -> list[str]:
    """Make the views of those registers that a contract feeds; returns their names."""
    made = []
    for register in wanted:
        statement = _create_view(register, catalogue)
        if statement is not None:
            conn.execute(statement)
            remark = sql.SQL("COMMENT ON VIEW {}.{} IS {}").format(
                sql.Identifier(DATA),
                sql.Identifier(view_name(register)),
                sql.Literal(_wanted_mark(register, catalogue)),
            )
            driver(conn).execute(remark)
            made.append(view_name(register))
    return made


def rows(
    register: str, catalogue: Catalogue, standing: Standing = CURRENT
) -> sa.CompoundSelect[Any] | sa.Select[Any] | None:
    """A register's rows, with the columns of its view, as they follow from `standing`; None if nothing feeds it."""
    members = catalogue.of_register(register)
    if not members:
        return None
    wanted = catalogue.register(register)
    return _merged(members, wanted.subject_kind.id, standing) if wanted.merged else _union(members, standing)


def _named(register: str) -> sa.Table:
    return sa.Table(view_name(register), sa.MetaData(schema=DATA))


def _create_view(register: str, catalogue: Catalogue) -> CreateView | None:
    body = rows(register, catalogue)
    return None if body is None else CreateView(body, view_name(register), schema=DATA)


def _wanted_mark(register: str, catalogue: Catalogue) -> str | None:
    statement = _create_view(register, catalogue)
    if statement is None:
        return None
    return hashlib.sha256(str(statement.compile(dialect=postgresql.dialect())).encode()).hexdigest()  # type: ignore[no-untyped-call] # SQLAlchemy leaves it untyped


def _kept_mark(conn: sa.Connection, register: str) -> str | None:
    found = sa.text("SELECT obj_description(to_regclass(:name), 'pg_class')")
    mark = conn.execute(found, {"name": f"{DATA}.{view_name(register)}"}).scalar()
    return None if mark is None else str(mark)


def by_precedence(members: Sequence[Dataset], attribute: str) -> list[Dataset]:
    """The datasets that give an attribute, the one that decides it first."""
    giving = [member for member in members if attribute in role_of(member).attributes]
    return sorted(giving, key=lambda member: precedence(role_of(member), attribute))


def role_of(dataset: Dataset) -> RegisterRole:
    """What a member of a register gives to it."""
    if dataset.register is None:
        raise LookupError(dataset.name)
    return dataset.register


def attributes_of(members: Sequence[Dataset]) -> tuple[str, ...]:
    """Every attribute that one of a register's members gives, in alphabetical order."""
    return tuple(sorted({attribute for member in members for attribute in role_of(member).attributes}))


def _columns(members: Sequence[Dataset]) -> tuple[str, ...]:
    """What a view has besides keys: the attributes, and the area code, unless it is an attribute."""
    attributes = attributes_of(members)
    return attributes if AREA_CODE in attributes else (*attributes, AREA_CODE)


def offer(dataset: Dataset, names: Sequence[str], kind: str | None, standing: Standing = CURRENT) -> sa.Subquery:
    """One dataset's part of a register: subject key and attributes as text, NULL where it has none; one row each.

    `kind`: of subjects, whose former keys are not shown: their rows join the present key's unless it has its own.
    """
    table = standing.rows(dataset)
    key = sa.cast(table.c[role_of(dataset).subject_key], Word)
    own = _rows_of(dataset, table, names, key)
    if kind is None:
        return own.subquery()
    alias = standing.aliases.alias()
    named = sa.exists().where(alias.c.subject_kind == kind, alias.c.alias == key)
    present = standing.rows(dataset).alias()
    has_own = sa.exists().where(
        sa.cast(present.c[role_of(dataset).subject_key], Word) == alias.c.subject_key, *_belongs(dataset, present)
    )
    former = (
        sa.select(alias.c.subject_key, *_values(dataset, table, names))
        .join_from(alias, table, key == alias.c.alias)
        .where(alias.c.subject_kind == kind, *_belongs(dataset, table), ~has_own)
        .ext(distinct_on(alias.c.subject_key))
        .order_by(alias.c.subject_key, *_latest(dataset, table))
    )
    alone, joined = own.where(~named).subquery(), former.subquery()
    return sa.union_all(sa.select(*alone.c), sa.select(*joined.c)).subquery()


def _rows_of(
    dataset: Dataset, table: sa.FromClause, names: Sequence[str], key: sa.ColumnElement[Any]
) -> sa.Select[*tuple[Any, ...]]:
    offered: sa.Select[*tuple[Any, ...]] = sa.select(key.label("subject_key"), *_values(dataset, table, names))
    offered = offered.where(*_belongs(dataset, table))
    subject = table.c[role_of(dataset).subject_key]
    if dataset.key != (role_of(dataset).subject_key,):
        # several rows may name one subject: the latest decides
        offered = offered.ext(distinct_on(subject)).order_by(subject, *_latest(dataset, table))
    return offered


def _latest(dataset: Dataset, table: sa.FromClause) -> list[sa.ColumnElement[Any]]:
    return [table.c.since_batch.desc(), *(table.c[name] for name in dataset.key)]


def _belongs(dataset: Dataset, table: sa.FromClause) -> list[sa.ColumnElement[bool]]:
    role = role_of(dataset)
    return [
        table.c[role.subject_key].is_not(None),
        *([table.c.mark.is_distinct_from("vanished")] if dataset.certificate else []),  # others may only be misspelt
        *(table.c[name].is_not_distinct_from(value) for name, value in role.where),
    ]


def _values(dataset: Dataset, table: sa.FromClause, names: Sequence[str]) -> list[sa.Label[Any]]:
    given = dict(role_of(dataset).attributes)
    if dataset.area_column:
        given.setdefault(AREA_CODE, dataset.area_column)
    return [
        (sa.cast(table.c[given[name]], Word) if name in given else sa.cast(sa.null(), Word)).label(name)
        for name in names
    ]


def _level(area_code: sa.ColumnElement[Any]) -> sa.Label[Any]:
    """The level of a division, by the digits of its code (GB/T 2260; from nine digits on GB/T 10114)."""
    forms = (("^0{6}$", "国家"), ("^[0-9]{2}0{4}$", "省"), ("^[0-9]{4}00$", "市"), ("^[0-9]{6}$", "县"))
    words = [(area_code.regexp_match(form), sa.literal(word, Word)) for form, word in forms]
    return sa.case(*words, (area_code.regexp_match("^[0-9]{9,12}$"), sa.literal("乡", Word))).label(AREA_LEVEL)


def _union(members: Sequence[Dataset], standing: Standing) -> sa.CompoundSelect[Any] | sa.Select[Any]:
    parts = []
    for member in members:
        part = offer(member, _columns(members), None, standing)
        parts.append(sa.select(*part.c, _level(part.c[AREA_CODE]), sa.literal(member.name, Word).label("dataset")))
    return sa.union_all(*parts) if len(parts) > 1 else parts[0]


def _merged(members: Sequence[Dataset], kind: str, standing: Standing) -> sa.Select[Any]:
    parts = [offer(member, _columns(members), kind, standing) for member in members]
    if len(parts) == 1:
        part = parts[0]
        return sa.select(*part.c, _level(part.c[AREA_CODE]), sa.literal(members[0].name, Word).label("dataset"))
    keys = sa.union(*(sa.select(part.c.subject_key) for part in parts)).subquery()
    joined: sa.FromClause = keys
    for part in parts:
        joined = joined.outerjoin(part, part.c.subject_key == keys.c.subject_key)
    first = sa.case(
        *((part.c.subject_key.is_not(None), member.name) for part, member in zip(parts, members, strict=True))
    )
    part_of = {member.name: part for member, part in zip(members, parts, strict=True)}
    values = {
        name: sa.func.coalesce(*(part_of[member.name].c[name] for member in _deciding(members, name)), type_=Word)
        for name in _columns(members)
    }
    labelled = (value.label(name) for name, value in values.items())
    level = _level(values[AREA_CODE])
    return sa.select(keys.c.subject_key, *labelled, level, sa.cast(first, Word).label("dataset")).select_from(joined)


def _deciding(members: Sequence[Dataset], name: str) -> Sequence[Dataset]:
    """Who decides a column: for attributes by their own precedence, for the area whoever decides first."""
    return by_precedence(members, name) or members
