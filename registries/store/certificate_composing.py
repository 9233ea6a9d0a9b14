"""How look-ups are composed of a dataset's merged rows: statements over whole sets, in the merge's transaction.

composed = certificate_composing.compose_single_rows(conn, rows, moved)     # every number is one row: quick
composed = certificate_composing.compose_several_rows(conn, rows, moved)    # co-owners: a row each

`moved` says which numbers something happened to (`Moved.of`): with the keys that the merge has touched it costs by what
changed, of a first batch it is everything.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.schema import CreateTable, DropTable

from registries.contracts.model import CertificateMapping, Dataset
from registries.store import digests, touched
from registries.store.batches import Batch
from registries.store.certificate_moves import composed_columns
from registries.store.certificate_rows import (
    HOLDER,
    OBJECT,
    CertificateRows,
    joined_words,
    marked_rows,
    match_digest,
    parts_of_numbers,
    several_rows,
    words_beside,
    words_of_numbers,
)
from registries.store.engine import analyse, written
from registries.store.shapes import current_table, history_table
from registries.store.tables import certificate, certificate_holder, certificate_object

_MOVED, _COMPOSED = "moved_numbers", "composed_certificates"


def _composed_table() -> sa.Table:
    return sa.Table(_COMPOSED, sa.MetaData(), *composed_columns(), prefixes=["TEMPORARY"])


@dataclass(frozen=True)
class Moved:
    """The numbers that something happened to in a batch, and the certificates that were written of them.

    Attributes:
        dataset: whose merged rows are composed.
        batch: which has been merged.
        numbers: a statement that gives them; None: nobody wrote them down.
        first: no batch came before: there is nothing of this dataset among the certificates.
        composed: the certificates that were written just now, in a temporary table: PostgreSQL knows its size, and
            can't know how many rows of a batch are in the large one.
    """

    dataset: Dataset
    batch: Batch
    numbers: sa.Select[*tuple[Any, ...]] | None
    first: bool
    composed: sa.Table = field(default_factory=_composed_table)

    @classmethod
    def of(cls, conn: sa.Connection, dataset: Dataset, mapping: CertificateMapping, batch: Batch) -> Self:
        """What the merge has touched; in its transaction."""
        keys = touched.keys_of(conn, dataset, batch)
        if keys is None:
            return cls(dataset, batch, None, touched.is_first(conn, batch))
        given = sa.union(*touched.values_of(dataset, keys, batch, mapping.number)).subquery()
        (number,) = given.c
        column = sa.Column("number_", number.type, primary_key=True)  # with an index every plan is a good one
        table = sa.Table(_MOVED, sa.MetaData(), column, prefixes=["TEMPORARY"])
        conn.execute(CreateTable(table))
        conn.execute(sa.insert(table).from_select(["number_"], sa.select(number).where(number.is_not(None))))
        analyse(conn, table)
        return cls(dataset, batch, sa.select(table.c.number_), first=False)

    def forget(self, conn: sa.Connection) -> None:
        """Drop what was gathered."""
        conn.execute(DropTable(self.composed))
        if self.numbers is not None:
            conn.execute(DropTable(sa.Table(_MOVED, sa.MetaData())))

    def came(self, current: sa.FromClause, number: str) -> list[sa.ColumnElement[bool]]:
        """The current row is of this batch."""
        if self.numbers is None:
            return [current.c.since_batch == self.batch.number]
        # an expression, since statistics know nothing of the latest batch: they would have every row read to find none
        return [current.c[number].in_(self.numbers), current.c.since_batch + 0 == self.batch.number]


def compose_single_rows(conn: sa.Connection, rows: CertificateRows, moved: Moved) -> int:
    """Every number is one row: the quick way."""
    current, holders, objects = rows.source, rows.holders(), rows.objects()
    words = sa.func.concat_ws(chr(28), *(part.words for part in holders))
    things = sa.func.concat_ws(chr(28), *(part.words for part in objects)) if objects else None
    values = rows.values()
    told = joined_words(words, things)
    chosen = sa.select(*_certificate_columns(values, rows.beside(), current.c.mark, told, moved.batch))
    count = _write_certificates(conn, chosen.where(*moved.came(current, rows.mapping.number)), moved)
    home = moved.composed.join(current, moved.composed.c.number == values["number"])
    if (len(holders) > 1 or objects) and not moved.first:
        _remove_parts(conn, moved)
    for ordinal, part in enumerate(holders, 1):
        match = _match_digest(rows, part.values)
        found = sa.select(moved.composed.c.id, sa.literal(ordinal), *part.values, match).select_from(home)
        _insert_holders(conn, found if part.present is None else found.where(part.present), moved)
    for ordinal, part in enumerate(objects, 1):
        found = sa.select(moved.composed.c.id, sa.literal(ordinal), *part.values).select_from(home)
        _insert_objects(conn, found if part.present is None else found.where(part.present))
    if not moved.first:
        _carry_marks(conn, rows, moved)
        _mark_deserted(conn, rows.mapping, moved)
    return count


def compose_several_rows(conn: sa.Connection, rows: CertificateRows, moved: Moved) -> int:
    """A number may have several rows: all that count are read again for every number that something happened to.

    Rows and parts are read once, into temporary tables: both the certificates and their parts are made of them.
    """
    dataset, mapping = rows.dataset, rows.mapping
    current, numbers = current_table(dataset), moved.numbers
    if numbers is None and not moved.first:
        numbers = _moved_numbers(dataset, mapping, current, moved.batch)
    counting = _gathered(conn, "counting_rows", several_rows(dataset, mapping, current, numbers))
    source = CertificateRows(dataset, mapping, rows.kind, counting)
    holders = _gathered(conn, "holders_of_numbers", parts_of_numbers(source, source.holders(), HOLDER))
    objects = None
    if source.objects():
        objects = _gathered(conn, "objects_of_numbers", parts_of_numbers(source, source.objects(), OBJECT))
    count = _write_certificates(conn, _several_certificates(source, holders, objects, moved), moved)
    if not moved.first:
        _mark_deserted(conn, mapping, moved)
    _write_parts(conn, mapping, holders, objects, moved)
    for table in (counting, holders, *([] if objects is None else [objects])):
        conn.execute(DropTable(table))
    return count


def _gathered(conn: sa.Connection, name: str, rows: sa.Select[*tuple[Any, ...]]) -> sa.Table:
    columns = [sa.Column(column.name, column.type) for column in rows.selected_columns]
    table = sa.Table(name, sa.MetaData(), *columns, prefixes=["TEMPORARY"])
    conn.execute(CreateTable(table))
    conn.execute(sa.insert(table).from_select([column.name for column in columns], rows))
    analyse(conn, table)
    return table


def _several_certificates(
    rows: CertificateRows, holders: sa.Table, objects: sa.Table | None, moved: Moved
) -> sa.Select[*tuple[Any, ...]]:
    """The certificates that the counting rows make, each with all its holders and objects in its digest."""
    source, number = rows.source, rows.text(rows.mapping.number)
    words = words_of_numbers(holders, HOLDER)
    things = None if objects is None else words_of_numbers(objects, OBJECT)
    marked = marked_rows(rows.dataset, rows.mapping, current_table(rows.dataset), moved.numbers)
    home = source.join(words, words.c.number_ == number).outerjoin(marked, marked.c.number_ == number)
    if things is not None:
        home = home.outerjoin(things, things.c.number_ == number)
    told = joined_words(words.c.words, None if things is None else things.c.words)
    columns = _certificate_columns(rows.values(), rows.beside(), source.c.number_mark, told, moved.batch)
    return sa.select(*columns, marked.c.marked.label("marked_rows")).select_from(home).where(source.c.row_rank == 1)


def _moved_numbers(
    dataset: Dataset, mapping: CertificateMapping, current: sa.Table, batch: Batch
) -> sa.Select[*tuple[Any, ...]]:
    """Numbers of which a row came, changed, went, or got another mark than it had when they were composed.

    All rows are looked at: for batches of which nobody wrote down what they touched.
    """
    history = history_table(dataset)
    marked = marked_rows(dataset, mapping, current, None)
    before = (
        sa.select(certificate.c.number, certificate.c.marked_rows)
        .where(certificate.c.dataset == dataset.name, certificate.c.marked_rows.is_not(None))
        .subquery()
    )
    other_marks = (
        sa.select(sa.func.coalesce(marked.c.number_, before.c.number))
        .select_from(marked.outerjoin(before, marked.c.number_ == before.c.number, full=True))
        .where(marked.c.marked.is_distinct_from(before.c.marked_rows))
    )
    moved = sa.union(
        sa.select(current.c[mapping.number].label("number_")).where(
            current.c.since_batch == batch.number, current.c[mapping.number].is_not(None)
        ),
        sa.select(history.c[mapping.number]).where(
            history.c.until_batch == batch.number, history.c[mapping.number].is_not(None)
        ),
        other_marks,
    ).subquery()
    return sa.select(moved.c.number_)


def _write_parts(
    conn: sa.Connection, mapping: CertificateMapping, holders: sa.Table, objects: sa.Table | None, moved: Moved
) -> None:
    """Holders and objects of the certificates that were written just now, instead of those that they had."""
    composed = moved.composed
    if not moved.first:
        _remove_parts(conn, moved)
    values = tuple(holders.c[name] for name in HOLDER)
    match = match_digest(mapping.type_code, holders.c.number_, *values[:3])
    found = sa.select(composed.c.id, holders.c.ordinal, *values, match)
    _insert_holders(conn, found.join_from(composed, holders, composed.c.number == holders.c.number_), moved)
    if objects is not None:
        things = sa.select(composed.c.id, objects.c.ordinal, *(objects.c[name] for name in OBJECT))
        _insert_objects(conn, things.join_from(composed, objects, composed.c.number == objects.c.number_))


def _mark_deserted(conn: sa.Connection, mapping: CertificateMapping, moved: Moved) -> None:
    """A certificate of which no row is left stays, and is being checked."""
    current, history = current_table(moved.dataset), history_table(moved.dataset)
    left = moved.numbers
    if left is None:
        left = sa.select(history.c[mapping.number]).where(history.c.until_batch == moved.batch.number)
    conn.execute(
        sa.update(certificate)
        .where(certificate.c.dataset == moved.dataset.name, certificate.c.number.in_(left))
        .where(~sa.exists().where(current.c[mapping.number] == certificate.c.number))
        .values(mark="vanished", marked_rows=None)
    )


def _certificate_columns(
    values: Mapping[str, sa.ColumnElement[Any]],
    beside: Mapping[str, sa.ColumnElement[Any]],
    mark: sa.ColumnElement[Any],
    words: sa.ColumnElement[Any],
    batch: Batch,
) -> list[sa.ColumnElement[Any]]:
    told = words.concat(words_beside(beside))
    return [
        *(value.label(name) for name, value in {**values, **beside}.items()),
        mark.label("mark"),
        digests.digest("certificate", [*values.values(), told]).label("digest"),
        sa.literal(batch.number).label("since_batch"),
    ]


def _write_certificates(conn: sa.Connection, rows: sa.Select[*tuple[Any, ...]], moved: Moved) -> int:
    """Write those that are new or differ; they stand in `moved.composed` then. How many."""
    names = [column.name for column in rows.selected_columns]
    new = insert(certificate).from_select(names, rows)
    watched = [name for name in ("digest", "mark", "marked_rows") if name in names]
    differs = sa.or_(*(certificate.c[name].is_distinct_from(new.excluded[name]) for name in watched))
    upsert = new.on_conflict_do_update(
        index_elements=[certificate.c.dataset, certificate.c.number],
        set_={name: new.excluded[name] for name in names if name not in {"dataset", "number"}},
        where=differs,
    )
    statement = new if moved.first else upsert
    kept = [column.name for column in moved.composed.c]
    done = statement.returning(*(certificate.c[name] for name in kept)).cte("done")
    conn.execute(CreateTable(moved.composed))
    count = written(conn, sa.insert(moved.composed).from_select(kept, sa.select(*done.c)))
    analyse(conn, moved.composed)
    return count


def _match_digest(rows: CertificateRows, holder: Sequence[sa.ColumnElement[Any]]) -> sa.ColumnElement[Any]:
    name, code, code_type, _ = holder
    return match_digest(rows.mapping.type_code, rows.text(rows.mapping.number), name, code, code_type)


def _insert_holders(conn: sa.Connection, rows: sa.Select[*tuple[Any, ...]], moved: Moved) -> None:
    names = ["certificate_id", "ordinal", *HOLDER, "match_digest"]
    if moved.first:
        conn.execute(sa.insert(certificate_holder).from_select(names, rows))
        return
    new = insert(certificate_holder).from_select(names, rows)
    key = (certificate_holder.c.certificate_id, certificate_holder.c.ordinal)
    others = names[2:]
    differs = sa.or_(*(certificate_holder.c[name] != new.excluded[name] for name in others))
    conn.execute(
        new.on_conflict_do_update(index_elements=key, set_={name: new.excluded[name] for name in others}, where=differs)
    )


def _insert_objects(conn: sa.Connection, rows: sa.Select[*tuple[Any, ...]]) -> None:
    conn.execute(insert(certificate_object).from_select(["certificate_id", "ordinal", *OBJECT], rows))


def _remove_parts(conn: sa.Connection, moved: Moved) -> None:
    """Of the certificates that were written just now: what they had before is composed anew."""
    for parts in (certificate_holder, certificate_object):
        conn.execute(sa.delete(parts).where(parts.c.certificate_id.in_(sa.select(moved.composed.c.id))))


def _carry_marks(conn: sa.Connection, rows: CertificateRows, moved: Moved) -> None:
    current = rows.source
    conn.execute(
        sa.update(certificate)
        .where(
            certificate.c.dataset == rows.dataset.name,
            certificate.c.number == rows.text(rows.mapping.number),
            certificate.c.mark.is_distinct_from(current.c.mark),
            *([] if moved.numbers is None else [current.c[rows.mapping.number].in_(moved.numbers)]),
        )
        .values(mark=current.c.mark)
    )
