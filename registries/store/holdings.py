"""What the store holds of one subject: every row that is its own, that it holds with others, or that names it.

    subject = holdings.subject_of(conn, catalogue.register("population"), "11010519491231002X")
    for row in holdings.rows(conn, catalogue, subject): row.dataset.name, row.relation, row.values

Rows are found by the subject's keys, the former ones too, in every column whose meaning can hold such a key. Who stands
somewhere by name and address alone is not found: names are no keys.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import pyarrow as pa
import sqlalchemy as sa

from certificates.holder_codes import subject_kind
from registries.canonical import canonical_column
from registries.contracts.model import Dataset, Register
from registries.departments import Catalogue
from registries.keeping_faults import UnknownSubject
from registries.store.certificate_rows import told_code_type
from registries.store.shapes import current_table, history_table
from registries.store.tables import Word, subject_alias

Relation = Literal["own", "holder", "shared", "mention"]
_KIN: Final = {
    "citizen_number": frozenset({"citizen_number", "holder_code"}),
    "uscc": frozenset({"uscc", "holder_code"}),
}
"""The meaning of a register's keys -> the meanings of columns elsewhere that can hold one."""


@dataclass(frozen=True)
class Subject:
    """Somebody, by all keys that are joined; the first is the present one."""

    register: Register
    keys: tuple[str, ...]

    @property
    def kind(self) -> str:
        """Such as `natural_person`."""
        return self.register.subject_kind.id


@dataclass(frozen=True)
class Place:
    """Where a dataset can hold a subject's key: columns by what the key means there."""

    dataset: Dataset
    own: tuple[str, ...]
    holders: tuple[str, ...]
    mentions: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """All of them."""
        return (*self.own, *self.holders, *self.mentions)


@dataclass(frozen=True)
class HeldRow:
    """One row, as text; a former one has `until_batch`.

    Attributes:
        relation: `own` is about the subject, `holder` a certificate of it alone, `shared` one that others hold too, and
            `mention` about somebody else.
        naming: the columns that hold one of the subject's keys.
    """

    dataset: Dataset
    relation: Relation
    naming: tuple[str, ...]
    values: dict[str, str | None]
    since_batch: int
    until_batch: int | None
    mark: str | None

    @property
    def key(self) -> tuple[str, ...]:
        """The row's own key."""
        return tuple(str(self.values[name]) for name in self.dataset.key)


def subject_of(conn: sa.Connection, register: Register, key: str) -> Subject:
    """The subject of a key, in whatever form it was typed; UnknownSubject if it has none that keys have."""
    form: str | None = canonical_column(pa.array([key], pa.string()), register.key)[0].as_py()
    if not form:
        raise UnknownSubject
    alias, kind = subject_alias, register.subject_kind.id
    own = sa.select(alias.c.subject_key).where(alias.c.subject_kind == kind, alias.c.alias == form)
    present = conn.execute(own).scalar() or form
    joined = sa.select(alias.c.alias).where(alias.c.subject_kind == kind, alias.c.subject_key == present)
    former = conn.execute(joined.order_by(alias.c.alias)).scalars()
    return Subject(register, (present, *former))


def places(catalogue: Catalogue, register: Register) -> list[Place]:
    """Every dataset that can hold keys of the register's subjects."""
    found = (_place(catalogue, dataset, register) for dataset in catalogue.datasets)
    return [place for place in found if place.columns]


def _place(catalogue: Catalogue, dataset: Dataset, register: Register) -> Place:
    kind = register.subject_kind.id
    own = []
    for role in (dataset.register, dataset.correction):
        if role is not None and catalogue.register(role.register).subject_kind.id == kind:
            own += [getattr(role, name) for name in ("subject_key", "former", "present") if hasattr(role, name)]
    mapping = dataset.certificate
    holders = [] if mapping is None else [one.code for one in mapping.holders if _can_be(dataset, one, kind)]
    issuers = set() if mapping is None else {mapping.issuing_authority_code}
    kin = _KIN.get(register.key.semantic or "", frozenset())
    known = {*own, *holders, *issuers}
    mentions = [one.name for one in dataset.stored_columns if one.semantic in kin and one.name not in known]
    return Place(dataset, tuple(own), tuple(holders), tuple(mentions))


def _can_be(dataset: Dataset, holder: Any, kind: str) -> bool:  # noqa: ANN401 - a HolderMapping
    return holder.code_type is not None or subject_kind(told_code_type(dataset, holder)) == kind


def rows(conn: sa.Connection, catalogue: Catalogue, subject: Subject) -> Iterator[HeldRow]:
    """All rows of a subject, dataset by dataset, current ones first."""
    for place in places(catalogue, subject.register):
        yield from rows_of(conn, place, subject.keys)


def rows_of(conn: sa.Connection, place: Place, keys: Sequence[str]) -> Iterator[HeldRow]:
    """A dataset's rows that hold one of the keys; current ones first."""
    names = [column.name for column in place.dataset.stored_columns]
    for table, former in ((current_table(place.dataset), False), (history_table(place.dataset), True)):
        values = [sa.cast(table.c[name], sa.Text).label(f"value_{index}") for index, name in enumerate(names)]
        other = table.c.until_batch if former else table.c.mark
        wanted = sa.select(*values, table.c.since_batch, other.label("other")).where(holds(table, place.columns, keys))
        order = (table.c.since_batch, *(table.c[name] for name in place.dataset.key))
        for row in conn.execute(wanted.order_by(*order)).all():
            texts = dict(zip(names, row[: len(names)], strict=True))
            naming = tuple(name for name in place.columns if texts[name] in keys)
            relation = _relation(conn, place, texts, naming, keys)
            until, mark = (row.other, None) if former else (None, row.other)
            yield HeldRow(place.dataset, relation, naming, texts, row.since_batch, until, mark)


def holds(table: sa.FromClause, columns: Sequence[str], keys: Sequence[str]) -> sa.ColumnElement[bool]:
    """One of the columns holds one of the keys."""
    return sa.or_(sa.false(), *(sa.cast(table.c[name], Word).in_(keys) for name in columns))


def _relation(
    conn: sa.Connection, place: Place, values: dict[str, str | None], naming: Sequence[str], keys: Sequence[str]
) -> Relation:
    if set(naming) & set(place.own):
        return "own"
    if not set(naming) & set(place.holders):
        return "mention"
    return "shared" if _others_in_row(place, values, keys) or _others_in_rows(conn, place, values, keys) else "holder"


def _others_in_row(place: Place, values: dict[str, str | None], keys: Sequence[str]) -> bool:
    mapping = place.dataset.certificate
    if mapping is None:
        return False
    parts = [(values[one.name], values[one.code]) for one in mapping.holders]
    return any(code not in keys for name, code in parts if name or code)


def _others_in_rows(conn: sa.Connection, place: Place, values: dict[str, str | None], keys: Sequence[str]) -> bool:
    """Other rows of the certificate's number name somebody else: co-owners with a row each."""
    mapping = place.dataset.certificate
    if mapping is None or place.dataset.key == (mapping.number,):
        return False
    table = current_table(place.dataset)
    code = sa.cast(table.c[mapping.holder_code], Word)
    others = sa.exists().where(sa.cast(table.c[mapping.number], Word) == values[mapping.number], code.not_in(keys))
    return bool(conn.execute(sa.select(others)).scalar_one())
