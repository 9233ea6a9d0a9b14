"""Conflicts (多源不一致): where a department's value differs from the authority's, kept in `hub.conflict`.

    conflicts.compare_all(conn, catalogue, register)                    # every subject of the register
    conflicts.compare(conn, catalogue, register, found)                 # only these (`subject_keys.gathered`)
    conflicts.are_told(conn, catalogue, register)                       # the contracts still say what they said

Both find the same for the subjects that they look at; which one it has to be, says `quality.telling`. Two datasets of
one register may be told of at the same time: the second waits until the first has committed.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.schema import CreateTableAs, DropTable

from registries.contracts.model import Dataset, Register
from registries.departments import Catalogue
from registries.store import telling_tables
from registries.store.engine import analyse, written
from registries.store.registers import CURRENT, Standing, attributes_of, by_precedence, offer, role_of
from registries.store.shapes import current_table
from registries.store.tables import Word, conflict, subject_alias

_LOCK = 6_022
_COLUMNS = ("register", "subject_key", "attribute", "dataset", "authority", "value", "authority_value", "public")
_EACH = ("attribute", "authority", "value", "authority_value", "public")


def compare_all(conn: sa.Connection, catalogue: Catalogue, register: str) -> int:
    """Find all conflicts of a register anew, by one statement for each dataset; returns how many there are."""
    _lock(conn, register)
    conn.execute(sa.delete(conflict).where(conflict.c.register == register))
    members = [one for one in members_of(catalogue, register) if _has_rows(conn, current_table(one))]
    found = _find(conn, catalogue.register(register), members, CURRENT)
    telling_tables.keep_mark(conn, _what(register), _mark(catalogue, register))
    return found


def compare(conn: sa.Connection, catalogue: Catalogue, register: str, subjects: sa.Table) -> int:
    """Find the conflicts of some subjects anew; returns how many they have.

    Args:
        conn: of the role hub_load.
        catalogue: the contracts in force.
        register: its id.
        subjects: their keys, with all that are joined with one of them, as `subject_keys.gathered` gives them.
    """
    _lock(conn, register)
    chosen = sa.select(subjects.c.key)
    conn.execute(sa.delete(conflict).where(conflict.c.register == register, conflict.c.subject_key.in_(chosen)))
    members = members_of(catalogue, register)
    if len(members) == 1:
        return 0
    with _standing_of(conn, members, subjects) as (having, standing):
        return _find(conn, catalogue.register(register), having, standing)


def are_told(conn: sa.Connection, catalogue: Catalogue, register: str) -> bool:
    """Whether what is kept was found by the contracts as they are: only what changed since needs a look."""
    return telling_tables.is_told_so(conn, _what(register), _mark(catalogue, register))


def members_of(catalogue: Catalogue, register: str) -> tuple[Dataset, ...]:
    """The datasets of a register that can contradict each other: none where every row has one issuer."""
    return tuple(catalogue.of_register(register)) if catalogue.register(register).merged else ()


def _lock(conn: sa.Connection, register: str) -> None:
    conn.execute(sa.text("SELECT pg_advisory_xact_lock(:space, hashtext(:name))"), {"space": _LOCK, "name": register})


def _has_rows(conn: sa.Connection, table: sa.Table) -> bool:
    return bool(conn.execute(sa.select(sa.exists().select_from(table))).scalar_one())


# --- the contracts' part


def _what(register: str) -> str:
    return f"conflicts:{register}"


def _mark(catalogue: Catalogue, register: str) -> str:
    """A digest of what the register's contracts say about who decides what."""
    kind = catalogue.register(register).subject_kind.id
    said = [kind, *(_said(member) for member in members_of(catalogue, register))]
    return hashlib.sha256(repr(said).encode()).hexdigest()


def _said(member: Dataset) -> tuple[object, ...]:
    role = role_of(member)
    public = [name for name in sorted(role.attributes) if _is_public(member, name)]
    roles = (
        role.subject_key,
        sorted(role.attributes.items()),
        role.precedence,
        role.where,
        sorted(role.authorities.items()),
    )
    return (member.name, member.key, member.certificate is not None, roles, public)


def _is_public(dataset: Dataset, attribute: str) -> bool:
    role = role_of(dataset)
    columns = (role.subject_key, role.attributes[attribute])
    return all(dataset.column(name).classification == "public" for name in columns)


# --- the rows' part


@contextmanager
def _standing_of(
    conn: sa.Connection, members: Sequence[Dataset], subjects: sa.Table
) -> Iterator[tuple[list[Dataset], Standing]]:
    """The members that have rows of those subjects, and these rows, each read once into a table of their own."""
    rows = {}
    for place, member in enumerate(members):
        current = current_table(member)
        own = sa.cast(current.c[role_of(member).subject_key], Word) == subjects.c.key
        made = CreateTableAs(sa.select(*current.c).join(subjects, own), f"compared_{place}", temporary=True)
        conn.execute(made)
        analyse(conn, made.table)
        rows[member.name] = made.table
    aliases = sa.select(*subject_alias.c).join(subjects, subject_alias.c.alias == subjects.c.key).subquery()
    having = [member for member in members if _has_rows(conn, rows[member.name])]
    yield having, Standing(lambda dataset: rows[dataset.name].alias(), aliases)
    for table in rows.values():
        conn.execute(DropTable(table))


def _find(conn: sa.Connection, register: Register, members: Sequence[Dataset], standing: Standing) -> int:
    found = 0
    for later in members:
        rows = _differing(register, later, members, standing)
        if rows is not None:
            found += written(conn, insert(conflict).from_select(_COLUMNS, rows))
    return found


def _differing(
    register: Register, later: Dataset, members: Sequence[Dataset], standing: Standing
) -> sa.Select[*tuple[Any, ...]] | None:
    """Every value of `later` that differs from what the datasets before it decide; None if it comes first in all."""
    before = {name: _before(later, members, name) for name in attributes_of([later])}
    names = [name for name, earlier in before.items() if earlier]
    if not names:
        return None
    kind = register.subject_kind.id
    own = offer(later, names, kind, standing)
    others = {one.name: offer(one, names, kind, standing) for one in members if _comes_in(one, before.values())}
    joined: sa.FromClause = own
    for other in others.values():
        joined = joined.outerjoin(other, other.c.subject_key == own.c.subject_key)
    told = [_told(name, later, before[name], own, others) for name in names]
    each = sa.values(
        *(sa.column(name, Word) for name in _EACH[:-1]), sa.column("public", sa.Boolean), name="each_value"
    )
    value = each.data(told).lateral()
    shown = (sa.literal(register.id), own.c.subject_key, value.c.attribute, sa.literal(later.name))
    rows = sa.select(*shown, *(value.c[name] for name in _EACH[1:])).select_from(joined.join(value, sa.true()))
    return rows.where(value.c.value != value.c.authority_value)


def _before(later: Dataset, members: Sequence[Dataset], attribute: str) -> list[Dataset]:
    ranked = by_precedence(members, attribute)
    return ranked[: ranked.index(later)]


def _comes_in(dataset: Dataset, lists: Iterable[Sequence[Dataset]]) -> bool:
    return any(dataset in datasets for datasets in lists)


def _told(
    attribute: str, later: Dataset, earlier: Sequence[Dataset], own: sa.Subquery, others: dict[str, sa.Subquery]
) -> tuple[sa.ColumnElement[Any], ...]:
    values = [others[one.name].c[attribute] for one in earlier]
    decided = sa.func.coalesce(*values, type_=Word)
    first = [(value.is_not(None), sa.literal(one.name, Word)) for value, one in zip(values, earlier, strict=True)]
    public = all(_is_public(one, attribute) for one in (later, *earlier))
    return (sa.literal(attribute, Word), sa.case(*first), own.c[attribute], decided, sa.literal(public))
