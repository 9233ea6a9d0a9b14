"""The store's form of names: the same table as `certificates.names`, as the function hub.name_form, and its digests.

    changed = name_forms.bring_up(conn_owner)       # after the migrations; 0: the store folds names as we do

Number, holder's code and name are hashed together, so that the look-up knows a certificate by its digest alone. When
the table of names has a new version, the digests of those names are made anew whose form it changed, in the transaction
that changes the function: nobody ever asks with one form what was written with another. Which version the store has
stands in the function's comment.
"""

from collections.abc import Iterator

import sqlalchemy as sa
from psycopg import sql

from certificates.names import NameTable, name_table
from registries.store.engine import driver, written

_NEXT = "name_form_next"
_MARK = sa.text("SELECT obj_description('hub.name_form(text)'::regprocedure, 'pg_proc')")
# A loader that waits for this lock plans its statement afterwards, with the new function
_LOCK = sa.text("LOCK TABLE hub.certificate_holder IN SHARE ROW EXCLUSIVE MODE")
_DIGESTS = sa.text(
    """
    UPDATE hub.certificate_holder h
       SET match_digest = hub.digest((SELECT hub.digest_key('match')),
                                     ARRAY[c.type_code, upper(btrim(c.number)), h.code_type, upper(btrim(h.code)),
                                           hub.name_form_next(h.name)])
      FROM hub.certificate c
     WHERE c.id = h.certificate_id AND hub.name_form(h.name) <> hub.name_form_next(h.name)
    """
)
_FUNCTION = """
CREATE OR REPLACE FUNCTION hub.{name}(name text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN normalize(name, NFKC) COLLATE "C" !~ {touched} THEN upper(normalize(name, NFKC) COLLATE "C")
            WHEN normalize(name, NFKC) COLLATE "C" ~ {folded}
            THEN translate(regexp_replace(upper(normalize(name, NFKC) COLLATE "C"), {left_out}, '', 'g'),
                           {before}, {after})
            ELSE regexp_replace(upper(normalize(name, NFKC) COLLATE "C"), {left_out}, '', 'g') END
"""


def bring_up(conn_owner: sa.Connection, table: NameTable | None = None) -> int:
    """Let the store fold names by the table in force; how many digests were made anew. By the owner only.

    One pass over the holders, about a minute for ten million; those whose form stays are not written.
    """
    table = table or name_table()
    if taken_up(conn_owner) == (table.version, table.digest):
        return 0
    changed = replace_form(conn_owner, _function(table, _NEXT), _function(table, "name_form"))
    mark = sql.Literal(f"{table.version} {table.digest}")
    driver(conn_owner).execute(sql.SQL("COMMENT ON FUNCTION hub.name_form(text) IS {}").format(mark))
    return changed


def replace_form(conn_owner: sa.Connection, coming: sql.SQL | sql.Composed, lasting: sql.SQL | sql.Composed) -> int:
    """Put another form in the place of hub.name_form, and make the digests anew that it changes; how many.

    Args:
        conn_owner: of the owner, in the transaction that does it all.
        coming: the statement that makes the form as hub.name_form_next.
        lasting: the same, as hub.name_form.
    """
    conn_owner.execute(_LOCK)
    cursor = driver(conn_owner)
    cursor.execute(coming)
    changed = written(conn_owner, _DIGESTS)
    cursor.execute(lasting)
    cursor.execute(sql.SQL("DROP FUNCTION hub.name_form_next(text)"))
    return changed


def taken_up(conn_owner: sa.Connection) -> tuple[int, str]:
    """Version and digest of the table by which the store folds; version 1 of those that did not say."""
    mark = conn_owner.execute(_MARK).scalar()
    version, _, digest = (mark or "1").partition(" ")
    return int(version), digest


def _function(table: NameTable, name: str) -> sql.Composed:
    """The form as a statement. Most names have nothing to fold: they are looked through once, and stay.

    Collation "C" throughout: the same letters and classes in a database of any locale.
    """
    folded = "".join(_ranges(table))
    return sql.SQL(_FUNCTION).format(
        name=sql.Identifier(name),
        touched=sql.Literal(f"[{table.left_out}{folded}]"),
        folded=sql.Literal(f"[{folded}]"),
        left_out=sql.Literal(f"[{table.left_out}]"),
        before=sql.Literal("".join(table.same.keys())),
        after=sql.Literal("".join(table.same.values())),
    )


def _ranges(table: NameTable) -> Iterator[str]:
    """The characters that are folded, as ranges of a character class."""
    codes = sorted(map(ord, table.same))
    first = last = codes[0]
    for code in codes[1:]:
        if code != last + 1:
            yield f"\\U{first:08X}-\\U{last:08X}"
            first = code
        last = code
    yield f"\\U{first:08X}-\\U{last:08X}"
