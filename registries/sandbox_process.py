"""The sandbox's own process: a batch's rows in an empty DuckDB, and questions about them. Started by `sandbox` only.

It imports nothing of the hub, gets no environment, and gives up files, memory and configuration before it reads
anything. Interrupting DuckDB does not stop a function that works on one value for minutes, so the parent may also
kill this process at any moment: nothing is kept here.

Standard input is one Arrow stream: its schema's metadata `plan` says what is to come (see `sandbox`), its rows are
the batch. Standard output is one Arrow stream for each question, whose metadata says `fault` where it has no answer.
"""

import json
import os
import re
import resource
import sys
import threading
from collections.abc import Iterator
from typing import Any, BinaryIO

import duckdb
import pyarrow as pa

BEYOND_DUCKDB = 1_500_000_000
"""Bytes that the process may have beside DuckDB's own memory limit: interpreter, Arrow, the chunk at hand."""

_TYPES = {
    "string": "VARCHAR",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "boolean": "BOOLEAN",
}
_NUMBERS = re.compile(r"(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|DOUBLE|FLOAT|DECIMAL\([0-9,]+\))")
_GROWING = frozenset(
    ("repeat", "lpad", "rpad", "list_resize", "array_resize", "range", "generate_series", "bar", "sleep_ms", "error")
)
_MACROS = re.compile(r"(?:list|array)_[a-z_]+|if|ifnull|nullif|date_add|days_in_month|fdiv|fmod|geomean|geometric_mean")
_SOURCES = frozenset({"SHOW_REF", "TABLE_FUNCTION"})


def main(given: BinaryIO, answers: BinaryIO) -> None:
    """Reads plan and rows, answers each question."""
    with pa.ipc.open_stream(given) as stream:
        plan = json.loads(stream.schema.metadata[b"plan"])
        _give_up(plan["memory_bytes"])
        db = _opened(plan)
        _fill(db, plan, stream)
    for question in plan["questions"]:
        for batch in _answered(db, plan, question):
            _write(answers, batch)


def _give_up(memory_bytes: int) -> None:
    """No file can grow, no further file be opened past a handful, no memory beyond the bound, no core be dumped."""
    memory = memory_bytes + BEYOND_DUCKDB
    for what, most in (
        (resource.RLIMIT_DATA, memory),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 64),
    ):
        resource.setrlimit(what, (most, most))


def _opened(plan: dict[str, Any]) -> Any:  # noqa: ANN401 - duckdb's connection is loosely typed
    db = duckdb.connect(
        ":memory:",
        config={
            "enable_external_access": "false",
            "autoload_known_extensions": "false",
            "autoinstall_known_extensions": "false",
            "allow_community_extensions": "false",
            "allow_persistent_secrets": "false",
            "python_enable_replacements": "false",
            "temp_directory": "",
            "memory_limit": f"{plan['memory_bytes']}B",
            "threads": str(plan["threads"]),
        },
    )
    db.execute("SET TimeZone = 'Asia/Shanghai'")
    db.execute("SET lock_configuration = true")
    return db


def _fill(db: Any, plan: dict[str, Any], stream: Any) -> None:  # noqa: ANN401 - neither library has types here
    """The rows as text in `landed`, and what they mean in a view of the table's own name."""
    db.register("chunk", stream.schema.empty_table())
    db.execute("CREATE TABLE landed AS SELECT * FROM chunk")
    db.unregister("chunk")
    for batch in stream:
        db.register("chunk", pa.Table.from_batches([batch]))
        db.execute("INSERT INTO landed SELECT * FROM chunk")
        db.unregister("chunk")
    typed = [_typed(name, kind).alias(name) for name, kind in plan["columns"].items()]
    if typed:
        db.table("landed").select(*typed).create_view(plan["table"])


def _typed(name: str, kind: str) -> Any:  # noqa: ANN401 - an expression of duckdb
    """NULL where the text can't be read: a value that another rule refuses is not judged again."""
    if kind == "string":
        return duckdb.ColumnExpression(name)
    return duckdb.SQLExpression(f'TRY_CAST("{name}" AS {_TYPES[kind]})')  # names are [a-z0-9_], types are ours


def _answered(db: Any, plan: dict[str, Any], question: dict[str, Any]) -> Iterator[pa.Table]:  # noqa: ANN401 - duckdb's
    timer = threading.Timer(plan["seconds"], db.interrupt)
    timer.start()
    try:
        answer = _asked(db, plan, question) if question["written"] else _measured(db, plan, question)
    except duckdb.InterruptException:
        yield _fault("too_long")
    except (duckdb.OutOfMemoryException, MemoryError):
        yield _fault("too_large")
    except (duckdb.Error, pa.ArrowException) as error:
        # What the engine says of data may quote a value; of a query alone, bound to no row, it can't.
        yield _fault("failed", _first_line(error) if plan["bind_only"] else "")
    else:
        yield answer
    finally:
        timer.cancel()


# --- a query that a contract holds


def _asked(db: Any, plan: dict[str, Any], question: dict[str, Any]) -> pa.Table:  # noqa: ANN401 - duckdb's
    """The one number that a contract's query gives; a fault if it is none, or may not be asked."""
    query = question["query"]
    refused = _refused(db, plan, query)
    if refused:
        return _fault("refused", refused)
    shape = db.execute("DESCRIBE (" + query + "\n)").fetchall()  # binds it, and runs nothing
    if len(shape) != 1 or not _NUMBERS.fullmatch(shape[0][1]):
        return _fault("refused", "it doesn't give one number")
    if plan["bind_only"]:
        return pa.table({"value": pa.array([], pa.float64())})
    rows = db.execute(query).fetchmany(2)
    if len(rows) != 1 or rows[0][0] is None:
        return _fault("no_number")
    return pa.table({"value": pa.array([float(rows[0][0])], pa.float64())})


def _refused(db: Any, plan: dict[str, Any], query: str) -> str:  # noqa: ANN401 - duckdb's
    """Why a query may not be asked: it should be one SELECT, of the table alone, with functions that calculate."""
    told = json.loads(db.execute("SELECT json_serialize_sql(?)", [query]).fetchone()[0])
    if told["error"]:
        return _first_line(told.get("error_message", "it can't be read"))
    if len(told["statements"]) != 1 or query.rstrip().endswith(";"):
        return "it should be one SELECT, without a semicolon"
    parts = list(_parts(told["statements"][0]))
    tables = {plan["table"]} | {str(part["key"]) for part in parts if "key" in part}
    unsteady = {name for (name,) in db.execute(_UNSTEADY).fetchall()} - {*plan["columns"]}
    for part in parts:
        reason = _part_refused(part, tables, unsteady)
        if reason:
            return reason
    return ""


_UNSTEADY = "SELECT DISTINCT function_name FROM duckdb_functions() WHERE stability <> 'CONSISTENT'"


def _part_refused(part: dict[str, Any], tables: set[str], unsteady: set[str]) -> str:
    kind = part.get("type")
    if kind in _SOURCES and not _is_unnest(part):
        return "it may read nothing but {object}"
    if kind == "BASE_TABLE" and (
        part["table_name"] not in tables or part.get("schema_name") or part.get("catalog_name")
    ):
        return f"it may read nothing but {{object}}, not {part['table_name']}"
    if part.get("class") == "PARAMETER":
        return "it has a parameter"
    name = _function_of(part)
    if name in unsteady or name in _GROWING or _is_other_macro(name):
        return f"it may not use {name}"
    return ""


def _is_unnest(part: dict[str, Any]) -> bool:
    return (part.get("function") or {}).get("function_name") == "unnest"


def _function_of(part: dict[str, Any]) -> str:
    """The function that a part calls; `current_date` and its like look like columns."""
    if part.get("class") == "COLUMN_REF":
        names = part.get("column_names") or [""]
        return str(names[-1]).lower() if len(names) == 1 else ""
    return str(part.get("function_name") or "").lower()


def _is_other_macro(name: str) -> bool:
    return name in _system_macros() and not _MACROS.fullmatch(name)


def _system_macros() -> frozenset[str]:
    global _KNOWN_MACROS  # noqa: PLW0603 - asked once per process
    if not _KNOWN_MACROS:
        rows = duckdb.connect(":memory:").execute(
            "SELECT DISTINCT function_name FROM duckdb_functions() WHERE function_type LIKE '%macro'"
        )
        _KNOWN_MACROS = frozenset(name for (name,) in rows.fetchall())
    return _KNOWN_MACROS


_KNOWN_MACROS: frozenset[str] = frozenset()


def _parts(tree: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - JSON
    if isinstance(tree, dict):
        yield tree
        for inner in tree.values():
            yield from _parts(inner)
    elif isinstance(tree, list):
        for inner in tree:
            yield from _parts(inner)


# --- a question that the hub composed


def _measured(db: Any, plan: dict[str, Any], question: dict[str, Any]) -> pa.Table:  # noqa: ANN401 - duckdb's
    """The hub's own SQL over a view `asked` (row_number, value, value_2 ...) of the rows that a rule is about."""
    rows = db.table("landed")
    if question["condition"]:
        rows = rows.filter(duckdb.ColumnExpression(question["condition"]))
    values = [
        (_typed(name, plan["columns"][name]) if question["typed"] else duckdb.ColumnExpression(name)).alias(
            "value" if place == 0 else f"value_{place + 1}"
        )
        for place, name in enumerate(question["columns"])
    ]
    rows.select(duckdb.ColumnExpression("row_number"), *values).create_view("asked", replace=True)
    return db.execute(question["query"], question["parameters"]).to_arrow_table()


# --- answers


def _fault(name: str, detail: str = "") -> pa.Table:
    return pa.table({}).replace_schema_metadata({"fault": name, "detail": detail})


def _write(answers: BinaryIO, table: pa.Table) -> None:
    with pa.ipc.new_stream(answers, table.schema) as stream:
        stream.write_table(table)
    answers.flush()


def _first_line(error: object) -> str:
    return str(error).strip().partition("\n")[0][:300]


if __name__ == "__main__":
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not get among the answers
    main(sys.stdin.buffer, out)
