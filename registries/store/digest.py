"""The store's digest: equal content gives equal digests, whatever detours led to it.

    digest.store_digest(conn)["data.public_security__residents"]      # 64 hexadecimal digits
    digest.store_digest(conn)["total"]

Tables are read in key order. A batch stands as its dataset and its ordinal there, since numbers depend on which dataset
came first; times, random numbers, peppered digests and signatures stay out. Of the ledger, kinds and business keys.
"""

import hashlib

import sqlalchemy as sa
from psycopg import sql

from registries.store.engine import driver

TOTAL = "total"

# Each statement's columns are named, so that a new column is a decision and not an accident.
_HUB = {
    "hub.dataset": "SELECT name, department, contract_version, certificate_type, fresh_for_days, score"
    " FROM hub.dataset ORDER BY name",
    "hub.batch": "SELECT dataset, sequence, state, contract_version, landed_digest, pulled, accepted, quarantined,"
    " held, new, changed, unchanged, deleted, repeated, vanished, keys_readable, hold_reason, delivery, position,"
    " watermark, floor"
    " FROM hub.batch ORDER BY dataset, sequence",
    "hub.refused_row": "SELECT r.dataset, b.sequence, r.row_number, r.outcome, u.sequence FROM hub.refused_row r"
    " JOIN hub.batch b ON b.number = r.batch LEFT JOIN hub.batch u ON u.number = r.until_batch"
    " ORDER BY r.dataset, b.sequence, r.row_number",
    "hub.finding": "SELECT b.dataset, b.sequence, f.row_number, f.rule_id, f.level FROM hub.finding f"
    " JOIN hub.batch b ON b.number = f.batch ORDER BY b.dataset, b.sequence, f.row_number, f.rule_id",
    "hub.score": "SELECT b.dataset, b.sequence, s.rule_id, s.rule_version, s.dimension, s.indicator, s.level,"
    " s.checked, s.failed, s.beyond_mending FROM hub.score s JOIN hub.batch b ON b.number = s.batch"
    " ORDER BY b.dataset, b.sequence, s.rule_id",
    "hub.case": "SELECT c.dataset, c.cause, c.kind, c.department, c.against, c.rule_id, c.register, c.attribute,"
    " o.dataset, o.sequence, c.state, c.ending, c.rows, c.rows_open, c.reopened, e.dataset, e.sequence"
    ' FROM hub."case" c LEFT JOIN hub.batch o ON o.number = c.opened_batch'
    " LEFT JOIN hub.batch e ON e.number = c.closed_batch"
    " ORDER BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17",
    "hub.case_row": "SELECT c.dataset, c.cause, c.rule_id, c.register, c.attribute, c.against, o.dataset, o.sequence,"
    ' r.row_number, r.state, e.dataset, e.sequence FROM hub.case_row r JOIN hub."case" c ON c.number = r.case_number'
    " LEFT JOIN hub.batch o ON o.number = r.opened_batch LEFT JOIN hub.batch e ON e.number = r.closed_batch"
    " ORDER BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12",
    "hub.conflict": "SELECT register, subject_key, attribute, dataset, authority, value, authority_value"
    " FROM hub.conflict ORDER BY register, subject_key, attribute, dataset",
    "hub.certificate": "SELECT c.dataset, c.number, c.type_code, c.identifier, c.issuing_authority_name,"
    " c.issuing_authority_code, c.area_code, c.issued_on, c.valid_from, c.valid_until, c.long_term, c.status,"
    " c.status_code, c.status_since, c.status_reason, c.trust_level, c.mark, c.version, c.principal,"
    " c.renewal_applied_on, b.sequence"
    " FROM hub.certificate c JOIN hub.batch b ON b.number = c.since_batch ORDER BY c.dataset, c.number",
    "hub.certificate_holder": "SELECT c.dataset, c.number, h.ordinal, h.name, h.code, h.code_type, h.role"
    " FROM hub.certificate_holder h JOIN hub.certificate c ON c.id = h.certificate_id"
    " ORDER BY c.dataset, c.number, h.ordinal",
    "hub.certificate_object": "SELECT c.dataset, c.number, o.ordinal, o.kind, o.number, o.name"
    " FROM hub.certificate_object o JOIN hub.certificate c ON c.id = o.certificate_id"
    " ORDER BY c.dataset, c.number, o.ordinal",
    "hub.subject_alias": "SELECT subject_kind, alias, subject_key FROM hub.subject_alias ORDER BY subject_kind, alias",
    "hub.certificate_event": "SELECT c.dataset, c.number, b.sequence, e.move, e.lawful, e.status, e.since, e.reason,"
    " e.valid_from, e.valid_until, e.long_term, e.version, e.authority, e.principal, e.trust_level,"
    " e.renewal_applied_on"
    " FROM hub.certificate_event e JOIN hub.certificate c ON c.id = e.certificate_id"
    " JOIN hub.batch b ON b.number = e.batch ORDER BY c.dataset, c.number, b.sequence, e.status",
    "hub.monthly_score": "SELECT month, dataset, dimension, level, department, checked, failed, beyond_mending"
    " FROM hub.monthly_score ORDER BY month, dataset, dimension, level",
    "hub.monthly_failure": "SELECT month, dataset, rule_id, rule_version, department, dimension, level, checked, failed"
    " FROM hub.monthly_failure ORDER BY month, dataset, rule_id",
    "hub.ledger_entry": "SELECT kind, issuer, jti FROM hub.ledger_entry WHERE kind <> 'answer'"
    " ORDER BY kind, issuer, jti",
}

_TABLES = sa.text(
    "SELECT c.relname, array_agg(a.attname::text ORDER BY a.attnum) FILTER (WHERE a.attname <> ALL(:numbers)),"
    " (SELECT array_agg(k.attname::text ORDER BY p.place) FROM pg_index i"
    "   CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS p(attnum, place)"
    "   JOIN pg_attribute k ON k.attrelid = c.oid AND k.attnum = p.attnum"
    "  WHERE i.indrelid = c.oid AND i.indisprimary),"
    " bool_or(a.attname = 'until_batch')"
    " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped"
    " WHERE n.nspname = 'data' AND c.relkind = 'r' GROUP BY c.oid, c.relname ORDER BY c.relname"
)
_BATCH_COLUMNS = ["since_batch", "until_batch"]


def store_digest(conn: sa.Connection) -> dict[str, str]:
    """SHA-256 per listed table, in hexadecimal, and `total` over all of them; needs a role that reads everything.

    Rows leave PostgreSQL as one COPY stream per table: memory stays flat.
    """
    statements = {name: sql.SQL(statement) for name, statement in _HUB.items()} | _contract_tables(conn)
    found = {name: _digest(conn, statement) for name, statement in sorted(statements.items())}
    total = hashlib.sha256("".join(f"{name} {value}\n" for name, value in found.items()).encode())
    return found | {TOTAL: total.hexdigest()}


def _contract_tables(conn: sa.Connection) -> dict[str, sql.Composable]:
    rows = conn.execute(_TABLES, {"numbers": _BATCH_COLUMNS}).all()
    return {f"data.{table}": _statement(table, columns, key, former=former) for table, columns, key, former in rows}


def _statement(table: str, columns: list[str], key: list[str], *, former: bool) -> sql.Composable:
    """All contract columns, with the batches as ordinals of their dataset."""
    wanted = [sql.Identifier("t", column) for column in columns] + [sql.Identifier("s", "sequence")]
    joins: sql.Composable = sql.SQL(" JOIN hub.batch s ON s.number = t.since_batch")
    if former:
        wanted.append(sql.Identifier("u", "sequence"))
        joins += sql.SQL(" JOIN hub.batch u ON u.number = t.until_batch")
    return sql.SQL("SELECT {wanted} FROM {table} t{joins} ORDER BY {key}").format(
        wanted=sql.SQL(", ").join(wanted),
        table=sql.Identifier("data", table),
        joins=joins,
        key=sql.SQL(", ").join(sql.Identifier("t", column) for column in key),
    )


def _digest(conn: sa.Connection, statement: sql.Composable) -> str:
    digest = hashlib.sha256()
    with driver(conn).cursor().copy(sql.SQL("COPY ({}) TO STDOUT").format(statement)) as stream:
        for block in stream:
            digest.update(block)
    return digest.hexdigest()
