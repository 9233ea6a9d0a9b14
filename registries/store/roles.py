"""The store's roles: made with their passwords, and checked before a process serves.

roles.create_roles(owner, {Role.LOAD: "...", Role.API: "...", Role.PAGE: "..."})
with store.begin() as conn:
    assert not roles.privilege_faults(conn, Role.API)
"""

from collections.abc import Mapping

import sqlalchemy as sa
from psycopg import sql

from registries.home import Role
from registries.store.engine import Store, driver

_LOCK = 6_002
_LEDGER = (
    "ledger_entry",
    "ledger_body",
    "ledger_beside",
    "ledger_sequence",
    "ledger_node",
    "checkpoint",
    "cosignature",
    "time_stamp",
)
_SETTINGS = {
    # merges sort and hash millions of rows; where few change, an index is the way to them on any disk of today
    Role.LOAD: {"work_mem": "128MB", "maintenance_work_mem": "512MB", "random_page_cost": "1.1"},
    Role.API: {"statement_timeout": "30s", "jit": "off"},
    Role.PAGE: {"statement_timeout": "60s"},
}


def create_roles(store_owner: Store, passwords: Mapping[Role, str]) -> None:
    """Make the roles of `passwords` or set their passwords; the connected user may then act for hub_load.

    The password is hashed here (SCRAM), so that no server log can show it.

    Raises:
        StoreError: the user may not create roles.
    """
    with store_owner.begin() as conn:
        conn.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
        for role, password in passwords.items():
            _create(conn, role, password)
        if Role.LOAD in passwords:
            # the owner makes schemas for the loader, and its functions may read what the loader owns
            _run(conn, "GRANT {role} TO CURRENT_USER WITH INHERIT TRUE, SET TRUE", Role.LOAD)
        _close_database(conn, passwords)


def _create(conn: sa.Connection, role: Role, password: str) -> None:
    known = conn.execute(sa.text("SELECT count(*) FROM pg_roles WHERE rolname = :name"), {"name": role.value}).scalar()
    if not known:
        _run(conn, "CREATE ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION", role)
    hashed = driver(conn).pgconn.encrypt_password(password.encode(), role.value.encode(), b"scram-sha-256")
    _run(conn, "ALTER ROLE {role} PASSWORD {value}", role, hashed.decode("ascii"))
    for setting, value in _SETTINGS.get(role, {}).items():
        _run(conn, f"ALTER ROLE {{role}} SET {setting} = {{value}}", role, value)


def _close_database(conn: sa.Connection, roles: Mapping[Role, str]) -> None:
    name = sql.Identifier(str(conn.execute(sa.text("SELECT current_database()")).scalar()))
    cursor = driver(conn)
    cursor.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(name))
    for role in roles:
        cursor.execute(
            sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {} TO {}").format(name, sql.Identifier(role.value))
        )


def _run(conn: sa.Connection, statement: str, role: Role, value: str = "") -> None:
    composed = sql.SQL(statement).format(role=sql.Identifier(role.value), value=sql.Literal(value))
    driver(conn).execute(composed)


_FAULTS = sa.text(
    """
    SELECT format('%I may %s %I.%I', r.rolname, p.privilege, n.nspname, c.relname)
      FROM pg_class c
      JOIN pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_roles r ON r.rolname = :role
     CROSS JOIN LATERAL (
        SELECT unnest(CASE
          WHEN n.nspname IN ('data', 'stage') THEN ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']
          WHEN c.relname IN ('pepper', 'conflict', 'subject_alias', 'subject_join', 'subject_proposal', 'ledger_asked')
            OR r.rolname = 'hub_api' AND c.relname IN ('case_check', 'case_material', 'material_received', 'dispute',
                                                       'dispute_evidence', 'case', 'case_row', 'case_evidence',
                                                       'objection', 'objection_evidence', 'completion',
                                                       'completion_step', 'held_batch', 'held_decision')
            OR c.relname IN ('subject_access', 'shown_dataset', 'shown_field', 'status_place', 'watch_subject')
            OR c.relname LIKE 'certificate%' OR c.relname LIKE 'eras%'
            OR c.relname LIKE 'budget%' OR c.relname LIKE 'asker%' OR c.relname LIKE 'inspect%'
            THEN ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']
          WHEN c.relname = ANY(:ledger) OR c.relname IN ('right_step', 'case_step') OR c.relname LIKE 'monthly%'
            THEN ARRAY['UPDATE', 'DELETE', 'TRUNCATE']
          -- who answers questions gives itself no right to ask; pages do, within what was applied for
          WHEN c.relname IN ('grant_right', 'application', 'stop_notice') AND r.rolname = 'hub_api'
            THEN ARRAY['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']
          WHEN c.relname IN ('grant_right', 'application', 'stop_notice') THEN ARRAY['DELETE', 'TRUNCATE']
          ELSE ARRAY['TRUNCATE'] END) AS privilege) p
     WHERE n.nspname IN ('hub', 'data', 'stage') AND c.relkind IN ('r', 'p', 'v', 'm')
       AND (has_table_privilege(r.oid, c.oid, p.privilege)
            OR (p.privilege IN ('SELECT', 'INSERT', 'UPDATE') AND has_any_column_privilege(r.oid, c.oid, p.privilege)))
     ORDER BY 1
    """
)
_POWERS = sa.text(
    """
    SELECT format('%I is a superuser, may create roles or bypasses row security', rolname) FROM pg_roles
     WHERE rolname = :role AND (rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls)
    UNION ALL
    SELECT format('%I is a member of %I', m.rolname, g.rolname)
      FROM pg_auth_members a JOIN pg_roles m ON m.oid = a.member JOIN pg_roles g ON g.oid = a.roleid
     WHERE m.rolname = :role
    """
)
_LOADER_FAULTS = sa.text(
    """
    SELECT format('%I may %s %I.%I', CAST(:role AS text), p, 'hub', t)
      FROM unnest(CAST(:ledger AS text[]) || ARRAY['certificate_event', 'monthly_dataset', 'monthly_score',
                                                         'monthly_failure', 'monthly_use']) t
     CROSS JOIN unnest(ARRAY['UPDATE', 'DELETE', 'TRUNCATE']) p
     WHERE has_table_privilege(CAST(:role AS name), format('hub.%I', t), p)
    UNION ALL
    SELECT format('%I may SELECT hub.pepper', CAST(:role AS text))
     WHERE has_table_privilege(CAST(:role AS name), 'hub.pepper', 'SELECT')
    UNION ALL
    SELECT format('%I may change hub.%I', CAST(:role AS text), t) FROM unnest(ARRAY['erasure', 'erased_key']) t
     WHERE has_table_privilege(CAST(:role AS name), format('hub.%I', t), 'INSERT, UPDATE, DELETE, TRUNCATE')
    """
)


def privilege_faults(conn: sa.Connection, role: Role) -> list[str]:
    """What `role` may do beyond its work, one line per right; empty if all is well. The owner has no such bounds.

    hub_api and hub_page: nothing on schemas data and stage, on certificates or the pepper. All but the owner: no
    UPDATE, DELETE or TRUNCATE on the ledger, no membership in another role, no powers over the server.
    """
    if role is Role.OWNER:
        return []
    bounds = {"role": role.value, "ledger": list(_LEDGER)}
    tables = _LOADER_FAULTS if role is Role.LOAD else _FAULTS
    found = [*conn.execute(tables, bounds).scalars(), *conn.execute(_POWERS, {"role": role.value}).scalars()]
    current = conn.execute(sa.text("SELECT current_user")).scalar()
    return found if current == role.value else [*found, f"connected as {current}, not as {role.value}"]
