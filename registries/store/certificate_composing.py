"""How look-ups are composed of a dataset's merged rows: statements over whole sets, in the merge's transaction.

composed = certificate_composing.compose_single_rows(conn, rows, batch)     # every number is one row: quick
composed = certificate_composing.compose_several_rows(conn, rows, batch)    # co-owners: a row each
certificate_composing.write_events(conn, dataset, batch)
"""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on, insert

from registries.contracts.model import CertificateMapping, Dataset
from registries.store import digests
from registries.store.batches import Batch
from registries.store.certificate_rows import (
    HOLDER,
    OBJECT,
    CertificateRows,
    joined_words,
    marked_rows,
    match_digest,
    parts_of_numbers,
    several_rows,
    words_of_numbers,
)
from registries.store.engine import written
from registries.store.shapes import current_table, history_table
from registries.store.tables import certificate, certificate_holder, certificate_object, certificate_status_event


def compose_single_rows(conn: sa.Connection, rows: CertificateRows, batch: Batch) -> int:
    """Every number is one row: the quick way."""
    current, holders, objects = rows.source, rows.holders(), rows.objects()
    words = sa.func.concat_ws(chr(28), *(part.words for part in holders))
    things = sa.func.concat_ws(chr(28), *(part.words for part in objects)) if objects else None
    values = rows.values()
    chosen = sa.select(*_certificate_columns(values, current.c.mark, joined_words(words, things), batch))
    composed = _write_certificates(conn, chosen.where(current.c.since_batch == batch.number))
    written_now = (
        certificate.c.dataset == rows.dataset.name,
        certificate.c.since_batch == batch.number,
        current.c.since_batch == batch.number,
    )
    home = certificate.join(current, certificate.c.number == values["number"])
    if len(holders) > 1 or objects:
        _remove_parts(conn, rows.dataset, batch)
    for ordinal, part in enumerate(holders, 1):
        present = sa.true() if part.present is None else part.present
        match = _match_digest(rows, part.values)
        found = sa.select(certificate.c.id, sa.literal(ordinal), *part.values, match).select_from(home)
        _insert_holders(conn, found.where(*written_now, present))
    for ordinal, part in enumerate(objects, 1):
        found = sa.select(certificate.c.id, sa.literal(ordinal), *part.values).select_from(home)
        _insert_objects(conn, found.where(*written_now, sa.true() if part.present is None else part.present))
    _carry_marks(conn, rows)
    return composed


def compose_several_rows(conn: sa.Connection, rows: CertificateRows, batch: Batch) -> int:
    """A number may have several rows: all that count are read again for every number that something happened to."""
    dataset, mapping = rows.dataset, rows.mapping
    current = current_table(dataset)
    moved = _moved_numbers(dataset, mapping, current, batch)
    counting = CertificateRows(
        dataset, mapping, rows.kind, several_rows(dataset, mapping, current, sa.select(moved.c.number_))
    )
    holders, objects = _parts_of(counting)
    words = words_of_numbers(holders, HOLDER)
    things = None if objects is None else words_of_numbers(objects, OBJECT)
    marked = marked_rows(dataset, mapping, current)
    values, number = counting.values(), counting.text(mapping.number)
    home = counting.source.join(words, words.c.number_ == number).outerjoin(marked, marked.c.number_ == number)
    if things is not None:
        home = home.outerjoin(things, things.c.number_ == number)
    told = joined_words(words.c.words, None if things is None else things.c.words)
    columns = _certificate_columns(values, counting.source.c.number_mark, told, batch)
    chosen = sa.select(*columns, marked.c.marked.label("marked_rows")).select_from(home)
    composed = _write_certificates(conn, chosen.where(counting.source.c.row_rank == 1))
    _mark_deserted(conn, dataset, mapping, batch)
    _write_parts(conn, rows, batch)
    return composed


def _moved_numbers(dataset: Dataset, mapping: CertificateMapping, current: sa.Table, batch: Batch) -> sa.Subquery:
    """Numbers of which a row came, changed, went, or got another mark than it had when they were composed."""
    history = history_table(dataset)
    marked = marked_rows(dataset, mapping, current)
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
    return sa.union(
        sa.select(current.c[mapping.number].label("number_")).where(
            current.c.since_batch == batch.number, current.c[mapping.number].is_not(None)
        ),
        sa.select(history.c[mapping.number]).where(
            history.c.until_batch == batch.number, history.c[mapping.number].is_not(None)
        ),
        other_marks,
    ).subquery()


def _parts_of(counting: CertificateRows) -> tuple[sa.CTE, sa.CTE | None]:
    holders = parts_of_numbers(counting, counting.holders(), HOLDER, "holders_of_numbers")
    objects = counting.objects()
    return holders, parts_of_numbers(counting, objects, OBJECT, "objects_of_numbers") if objects else None


def _write_parts(conn: sa.Connection, rows: CertificateRows, batch: Batch) -> None:
    """Holders and objects of the certificates that were written just now, instead of those that they had."""
    dataset, mapping = rows.dataset, rows.mapping
    written_now = (certificate.c.dataset == dataset.name, certificate.c.since_batch == batch.number)
    numbers = sa.select(certificate.c.number).where(*written_now)
    source = several_rows(dataset, mapping, current_table(dataset), numbers)
    holders, objects = _parts_of(CertificateRows(dataset, mapping, rows.kind, source))
    _remove_parts(conn, dataset, batch, with_rows=numbers.where(certificate.c.number == holders.c.number_).exists())
    values = tuple(holders.c[name] for name in HOLDER)
    match = match_digest(mapping.type_code, holders.c.number_, *values[:3])
    found = sa.select(certificate.c.id, holders.c.ordinal, *values, match)
    _insert_holders(
        conn, found.join_from(certificate, holders, certificate.c.number == holders.c.number_).where(*written_now)
    )
    if objects is not None:
        things = sa.select(certificate.c.id, objects.c.ordinal, *(objects.c[name] for name in OBJECT))
        things = things.join_from(certificate, objects, certificate.c.number == objects.c.number_)
        _insert_objects(conn, things.where(*written_now))


def _mark_deserted(conn: sa.Connection, dataset: Dataset, mapping: CertificateMapping, batch: Batch) -> None:
    """A certificate of which no row is left stays, and is being checked."""
    current, history = current_table(dataset), history_table(dataset)
    left = sa.select(history.c[mapping.number]).where(history.c.until_batch == batch.number)
    conn.execute(
        sa.update(certificate)
        .where(certificate.c.dataset == dataset.name, certificate.c.number.in_(left))
        .where(~sa.exists().where(current.c[mapping.number] == certificate.c.number))
        .values(mark="vanished", marked_rows=None)
    )


def _certificate_columns(
    values: Mapping[str, sa.ColumnElement[Any]], mark: sa.ColumnElement[Any], words: sa.ColumnElement[Any], batch: Batch
) -> list[sa.ColumnElement[Any]]:
    return [
        *(value.label(name) for name, value in values.items()),
        mark.label("mark"),
        digests.digest("certificate", [*values.values(), words]).label("digest"),
        sa.literal(batch.number).label("since_batch"),
    ]


def _write_certificates(conn: sa.Connection, rows: sa.Select[*tuple[Any, ...]]) -> int:
    names = [column.name for column in rows.selected_columns]
    new = insert(certificate).from_select(names, rows)
    watched = [name for name in ("digest", "mark", "marked_rows") if name in names]
    differs = sa.or_(*(certificate.c[name].is_distinct_from(new.excluded[name]) for name in watched))
    return written(
        conn,
        new.on_conflict_do_update(
            index_elements=[certificate.c.dataset, certificate.c.number],
            set_={name: new.excluded[name] for name in names if name not in {"dataset", "number"}},
            where=differs,
        ),
    )


def _match_digest(rows: CertificateRows, holder: Sequence[sa.ColumnElement[Any]]) -> sa.ColumnElement[Any]:
    name, code, code_type, _ = holder
    return match_digest(rows.mapping.type_code, rows.text(rows.mapping.number), name, code, code_type)


def _insert_holders(conn: sa.Connection, rows: sa.Select[*tuple[Any, ...]]) -> None:
    names = ["certificate_id", "ordinal", *HOLDER, "match_digest"]
    new = insert(certificate_holder).from_select(names, rows)
    key = (certificate_holder.c.certificate_id, certificate_holder.c.ordinal)
    others = names[2:]
    differs = sa.or_(*(certificate_holder.c[name] != new.excluded[name] for name in others))
    conn.execute(
        new.on_conflict_do_update(index_elements=key, set_={name: new.excluded[name] for name in others}, where=differs)
    )


def _insert_objects(conn: sa.Connection, rows: sa.Select[*tuple[Any, ...]]) -> None:
    conn.execute(insert(certificate_object).from_select(["certificate_id", "ordinal", *OBJECT], rows))


def _remove_parts(
    conn: sa.Connection, dataset: Dataset, batch: Batch, *, with_rows: sa.ColumnElement[bool] | None = None
) -> None:
    """Of the certificates that were written just now: what they had before is composed anew."""
    now = [certificate.c.dataset == dataset.name, certificate.c.since_batch == batch.number]
    if with_rows is not None:
        now.append(with_rows)
    for parts in (certificate_holder, certificate_object):
        conn.execute(sa.delete(parts).where(parts.c.certificate_id == certificate.c.id, *now))


def write_events(conn: sa.Connection, dataset: Dataset, batch: Batch) -> None:
    """A status event where the status is not what the last event said; one join, whatever the statistics say."""
    event = certificate_status_event
    written_now = (certificate.c.dataset == dataset.name, certificate.c.since_batch == batch.number)
    last = (
        sa.select(event.c.certificate_id, event.c.status, event.c.since, event.c.reason)
        .join_from(event, certificate, certificate.c.id == event.c.certificate_id)
        .where(*written_now)
        .ext(distinct_on(event.c.certificate_id))
        .order_by(event.c.certificate_id, event.c.batch.desc())
        .subquery()
    )
    told = (certificate.c.status, certificate.c.status_since, certificate.c.status_reason)
    before = (last.c.status, last.c.since, last.c.reason)
    moved = sa.or_(*(mine.is_distinct_from(theirs) for mine, theirs in zip(told, before, strict=True)))
    rows = (
        sa.select(certificate.c.id, sa.literal(batch.number), *told)
        .select_from(certificate.outerjoin(last, last.c.certificate_id == certificate.c.id))
        .where(*written_now, certificate.c.status.is_not(None), moved)
    )
    conn.execute(insert(event).from_select(["certificate_id", "batch", "status", "since", "reason"], rows))


def _carry_marks(conn: sa.Connection, rows: CertificateRows) -> None:
    current = rows.source
    conn.execute(
        sa.update(certificate)
        .where(
            certificate.c.dataset == rows.dataset.name,
            certificate.c.number == rows.text(rows.mapping.number),
            certificate.c.mark.is_distinct_from(current.c.mark),
        )
        .values(mark=current.c.mark)
    )
