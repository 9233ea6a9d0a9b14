"""`type: sql` in a contract: one SELECT that gives one number, bound to the empty table when the contract is checked.

`{object}` and `{property}` (or `${object}`, `${property}`) name the table and the column at which the rule stands.
Columns have the types that the contract gives them. What may be asked, and where it runs: see `sandbox`.

    >>> placed("SELECT COUNT(*) FROM ${object} WHERE {property} < 0;", "shops", "area")
    'SELECT COUNT(*) FROM "shops" WHERE "area" < 0'

Standard: ODCS 3.2, data quality of type sql.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from open_data_contract_standard.model import DataQuality, SchemaObject

from registries.contracts.bounds import bounds_of
from registries.contracts.model import Column, RuleSpec
from registries.contracts.yaml_page import Page, Place
from registries.sandbox import why_not

_PLACEHOLDER: Final = re.compile(r"\$?\{(?P<name>[a-z_]+)\}")
_WRITE: Final = (
    "请写一条只读 {object}、给出一个数的 SELECT 语句",
    "write one SELECT from {object} that gives one number",
)
_FAULTS: Final = {
    "too_long": ("检查用时过长", "binding it takes too long"),
    "too_large": ("检查占用内存过多", "binding it takes too much memory"),
    "stopped": ("检查它的进程中断", "the process that binds it stopped"),
}


def placed(query: str, table: str, column: str | None) -> str:
    """The query with its placeholders replaced; KeyError for one that is none, or a property where none is meant."""
    names = {"object": table, "batch": table, **({} if column is None else {"property": column})}
    text = _PLACEHOLDER.sub(lambda found: f'"{names[found["name"]]}"', query)
    return text.strip().rstrip(";").rstrip()


def sql_rule(
    page: Page, here: Place, given: DataQuality, table: str, column: str | None
) -> tuple[str, dict[str, object]] | None:
    """The rule of a query; None, and faults noted, if it can't be one."""
    bounds = bounds_of(page, here, given)
    if given.unit not in {None, "rows"}:
        page.note((*here, "unit"), "SQL 规则没有百分比", "an SQL rule has no percentage", *_WRITE)
    query = query_at(page, (*here, "query"), given.query, table, column)
    return None if query is None else ("mianzheng:sql", {"query": query, "bounds": bounds})


def rows_query(page: Page, place: Place, given: object, table: str) -> str | None:
    """How many rows a query of unexpected rows gives, as a query."""
    query = query_at(page, place, given, table, None)
    return None if query is None else f"SELECT COUNT(*) FROM (\n{query}\n) AS unexpected"  # noqa: S608 - bound, and run in the sandbox only


def query_at(page: Page, place: Place, given: object, table: str, column: str | None) -> str | None:
    """A query with its placeholders replaced; None, and a fault, if there is none or it has unknown ones."""
    if not isinstance(given, str) or not given.strip():
        page.note(place, "规则没有 query", "the rule has no query", *_WRITE)
        return None
    try:
        return placed(given, table, column)
    except KeyError as unknown:
        known = ("object",) if column is None else ("object", "property")
        page.note_unknown(place, "占位符", "placeholder", unknown.args[0], known)
        return None


def check_queries(
    page: Page, table: SchemaObject, columns: Sequence[Column], found: Sequence[tuple[Place, RuleSpec]]
) -> None:
    """Bind all of a table's queries at once to an empty table, and note why one can't be asked."""
    queries = {place: str(rule.arguments["query"]) for place, rule in found if rule.expectation == "mianzheng:sql"}
    if not queries or page.faults:  # what is wrong with a column would be told a second time, in the engine's words
        return
    types: Mapping[str, str] = {column.name: column.logical_type for column in columns}
    reasons = why_not(table.name or "", tuple(types.items()), tuple(queries.values()))
    for place, reason in zip(queries, reasons, strict=True):
        if reason:
            zh, en = _FAULTS.get(reason, (reason, reason))
            page.note((*place, "query"), f"SQL 规则不能执行: {zh}", f"the SQL rule can't be run: {en}", *_WRITE)
