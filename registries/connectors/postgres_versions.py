"""Which rows a PostgreSQL table holds, told by its row versions instead of their values: 2.5 s for ten million.

    row_versions(cursor, dataset) -> '20000:-8105214:5f0c31d2a94be077', or None

A row version is never changed in place: an update writes a new one, at another place (`ctid`) or of another transaction
(`xmin`). So two looks at one table that find the same versions find the same values. What would make an old version
look like a new one, and how that is ruled out:

    another server, or a restored one       the system identifier, and the timeline of its log
    transactions lost in a crash, their     when the server's statistics began: anew after each crash (and after a
    numbers given out again                 running server's disk was put back); a clean restart keeps them
    the table rewritten or exchanged        its number and its file's (VACUUM FULL: one more pull for nothing)
    columns renamed, retyped, made anew     their numbers and types; a number is never used again
    transaction numbers (32 bits) come      looks count as equal within 2^31 transactions only, and None where a version
    round, while old versions keep theirs   has a number that a transaction yet to come will get
    VACUUM FREEZE                           keeps `xmin` as it can be read

None, for which a caller has to look at values: views, foreign and partitioned tables, those with children, unlogged
ones, other storage than heap, columns computed when they are read, types whose text depends on more than the value
(enumerations, as their labels can be renamed), other servers than PostgreSQL 14 or later, and whoever may not read
system columns.
"""

import hashlib
from typing import Any, Final

from psycopg import sql

from registries.connectors.postgres_reading import PLAIN, asked, table_of, table_text
from registries.contracts.model import Dataset

_OWN_VALUES: Final = [
    "bigint", "bit", "bit varying", "boolean", "bytea", '"char"', "character", "character varying", "cidr", "date",
    "double precision", "inet", "integer", "interval", "json", "jsonb", "macaddr", "name", "numeric", "real",
    "smallint", "text", "time", "timestamp", "timestamptz", "timetz", "uuid",
]  # fmt: skip
"""Types whose text follows from the value alone, under the settings of `postgres_reading`."""

_PLACE: Final = sql.SQL("""
SELECT concat_ws(
    ' ',
    (SELECT system_identifier FROM pg_control_system()),
    CASE WHEN pg_is_in_recovery()
        THEN (SELECT greatest(done.timeline_id, going.min_recovery_end_timeline)::text
              FROM pg_control_checkpoint() AS done, pg_control_recovery() AS going)
        ELSE ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::integer::text END,
    extract(epoch FROM pg_stat_get_bgwriter_stat_reset_time()),
    txid_snapshot_xmax(txid_current_snapshot()) >> 31,
    kept.oid::bigint,
    pg_relation_filenode(kept.oid)::bigint,
    columns.as_read)
FROM pg_class AS kept
JOIN pg_am AS storage ON storage.oid = kept.relam
CROSS JOIN LATERAL (
    SELECT count(*) AS number,
        string_agg(concat_ws(' ', attname, attnum, atttypid::bigint, atttypmod), ',' ORDER BY attnum) AS as_read
    FROM pg_attribute
    WHERE attrelid = kept.oid AND attname = ANY ({names}::name[]) AND attgenerated <> 'v'
        AND atttypid = ANY ({types}::regtype[]::oid[])) AS columns
WHERE kept.oid = {table}::regclass AND {plain} AND kept.relpersistence = 'p' AND columns.number = {number}
""")
_VERSIONS: Final = sql.SQL("""
SELECT count(*)::text, coalesce(sum(hashtidextended(ctid, xmin::text::bigint)), 0)::text, coalesce(min(age(xmin)), 1)
FROM {table}
""")


def row_versions(cursor: Any, dataset: Dataset) -> str | None:  # noqa: ANN401 - ADBC ships no types
    """Short text that differs whenever a value that the contract names may have changed; None if that can't be told.

    Args:
        cursor: of `postgres_reading`; an error that it raises (SourceDown, with its SQLSTATE) can mean that this server
            lacks a function, a column, or a right: that can't be told, either.
        dataset: of kind `database`.
    """
    place = asked(cursor, _PLACE.format(**_questions(dataset)))
    if place is None:
        return None
    rows, total, youngest = asked(cursor, _VERSIONS.format(table=table_of(dataset)))
    if youngest < 1:
        return None
    return f"{rows}:{total}:{hashlib.sha256(place[0].encode()).hexdigest()[:16]}"


def _questions(dataset: Dataset) -> dict[str, sql.Composable]:
    names = sorted({column.source for column in dataset.columns})
    return {
        "names": sql.Literal(names),
        "types": sql.Literal(_OWN_VALUES),
        "table": table_text(dataset),
        "plain": PLAIN,
        "number": sql.Literal(len(names)),
    }
