"""The sandbox under attack: no file, no network, no other database or setting or secret; bounded in time and memory."""

import os
import socket
import threading
from pathlib import Path

import pyarrow as pa
import pytest

from registries.sandbox import Answer, Plan, Question, Sandbox, why_not

COLUMNS = {"code": "string", "amount": "number"}
ROWS = pa.table({"row_number": [1, 2, 3], "code": ["a", "b", None], "amount": ["1.5", "-2", "x"]})


def asked(*queries: str, seconds: float = 20.0, memory_bytes: int = 200_000_000, written: bool = True) -> list[Answer]:
    """Answers over three rows; the hub's own questions (not `written`) are not looked at before they run."""
    questions = tuple(Question(query, written=written, columns=() if written else ("code",)) for query in queries)
    plan = Plan("shops", COLUMNS, questions, seconds=seconds, memory_bytes=memory_bytes)
    with Sandbox(plan) as sandbox:
        sandbox.add(ROWS)
        return sandbox.answers()


def test_a_query_gives_its_number() -> None:
    found = asked('SELECT COUNT(*) FROM "shops"', "SELECT SUM(amount) FROM shops", "SELECT COUNT(*) > 5 FROM shops")
    assert [answer.table.column("value").to_pylist() for answer in found[:2]] == [[3.0], [-0.5]]  # type: ignore[union-attr] # they are there
    assert found[2].fault == "refused"


ATTACKS = [
    "SELECT COUNT(*) FROM read_text('/etc/passwd')",
    "SELECT COUNT(*) FROM '/etc/passwd'",
    "SELECT COUNT(*) FROM read_csv('{server}')",
    "SELECT COUNT(*) FROM glob('/*')",
    "SELECT COUNT(*) FROM sniff_csv('/etc/passwd')",
    "SELECT COUNT(*) FROM parquet_scan('{server}/x.parquet')",
    "COPY shops TO '{folder}/out.csv'",
    "EXPORT DATABASE '{folder}/out'",
    "ATTACH '{folder}/other.db'",
    "ATTACH ':memory:' AS other",
    "CREATE TABLE other AS SELECT 1",
    "DELETE FROM landed",
    "DROP TABLE landed",
    "INSERT INTO landed SELECT * FROM landed",
    "INSTALL httpfs",
    "LOAD httpfs",
    "SET memory_limit = '99GB'",
    "SET enable_external_access = true",
    "PRAGMA database_list",
    "CALL pragma_version()",
    "CREATE SECRET s (TYPE s3)",
    "SELECT COUNT(*) FROM duckdb_secrets()",
    "SELECT COUNT(*) FROM duckdb_settings()",
    "SELECT COUNT(*) FROM information_schema.tables",
    "SELECT COUNT(*) FROM pg_catalog.pg_class",
    "SELECT COUNT(*) FROM query('SELECT 1')",
    "SELECT COUNT(*) FROM query_table('landed')",
    "SELECT COUNT(*) FROM landed",
    "SELECT COUNT(*) FROM ROWS",
    "SELECT getenv('HOME')",
    "SELECT LENGTH(current_setting('memory_limit')) FROM shops",
    "SELECT COUNT(*) FROM shops WHERE current_user = 'x'",
    "SELECT 1; SELECT 2",
    "SELECT 1) TO '{folder}/out.csv'; --",
    "SELECT COUNT(*) FROM (SHOW TABLES)",
    "SUMMARIZE shops",
    "EXPLAIN SELECT 1",
    "WITH x AS (DELETE FROM landed RETURNING 1) SELECT COUNT(*) FROM x",
    "PREPARE p AS SELECT 1",
    "SELECT nextval('s') FROM shops",
    "SELECT sleep_ms(100000) FROM shops",
    "SELECT MAX(LENGTH(repeat(code, 1000000000))) FROM shops",
    "SELECT COUNT(*) FROM range(1000000000000)",
    "SELECT COUNT(*) FROM (SELECT unnest(range(1000000000)))",
]


def test_attacks_are_refused_when_the_contract_is_checked_and_when_it_runs(tmp_path: Path) -> None:
    queries = tuple(attack.format(server="http://127.0.0.1:9", folder=tmp_path) for attack in ATTACKS)
    reasons = why_not("shops", tuple(COLUMNS.items()), queries)
    assert [query for query, reason in zip(queries, reasons, strict=True) if not reason] == []
    assert [query for query, answer in zip(queries, asked(*queries), strict=True) if answer.table is not None] == []
    assert list(tmp_path.iterdir()) == []


def test_even_what_is_not_looked_at_reaches_nothing(tmp_path: Path) -> None:
    """Defence in depth: were the first check to fail, the process itself would refuse."""
    secret = tmp_path / "secret.csv"
    secret.write_text("planted-value-77\n")
    with socket.create_server(("127.0.0.1", 0)) as server:
        heard = threading.Event()
        server.settimeout(0.2)
        port = server.getsockname()[1]
        found = asked(
            f"SELECT content AS row_number FROM read_text('{secret}')",  # noqa: S608 - an attack
            f"SELECT * FROM read_csv('http://127.0.0.1:{port}/x.csv')",  # noqa: S608 - another
            f"COPY landed TO '{tmp_path}/out.csv'",
            f"ATTACH '{tmp_path}/other.db'",
            "LOAD httpfs",
            "SET lock_configuration = false",
            "SET enable_external_access = true",
            "SELECT * FROM ROWS",
            written=False,
        )
        try:
            server.accept()
            heard.set()
        except TimeoutError:
            pass
    assert [answer.fault for answer in found] == ["failed"] * len(found)
    assert [answer.detail for answer in found] == [""] * len(found)
    assert not heard.is_set()
    assert [path.name for path in tmp_path.iterdir()] == ["secret.csv"]


def test_the_process_has_no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_PLANTED", "planted-value-77")
    plan = Plan("shops", COLUMNS, (Question('SELECT COUNT(*) FROM "shops"', written=True),))
    with Sandbox(plan) as sandbox:
        environment = Path(f"/proc/{sandbox.process_id}/environ").read_bytes()
        assert b"planted-value-77" not in environment
        assert sandbox.answers()[0].table is not None


def test_a_question_that_takes_too_long_is_ended_and_the_next_is_answered() -> None:
    endless = "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT MAX(n) FROM r"
    found = asked(endless, "SELECT COUNT(*) FROM shops", seconds=1.0)
    assert (found[0].fault, found[1].fault) == ("too_long", "")


def test_a_function_that_can_t_be_interrupted_is_killed_with_its_process() -> None:
    stubborn = "SELECT max(length(repeat(value || 'x', 2000000000))) AS row_number FROM asked"
    found = asked(*[stubborn] * 2, seconds=0.5, written=False)
    assert found[0].fault in {"too_long", "too_large", "failed", "stopped"}
    assert found[1].table is None


def test_memory_is_bounded() -> None:
    doubled = "SELECT COUNT(DISTINCT a.code || b.code) FROM many a, many b"
    query = f"WITH many AS (SELECT code || x AS code FROM shops, unnest({list(range(3000))}) AS t(x)) {doubled}"  # noqa: S608 - an attack
    assert asked(query, memory_bytes=30_000_000)[0].fault in {"too_large", "too_long", "stopped"}


def test_a_process_that_died_gives_no_answers() -> None:
    with Sandbox(Plan("shops", COLUMNS, (Question("SELECT COUNT(*) FROM shops", written=True),))) as sandbox:
        os.kill(sandbox.process_id, 9)
        for _ in range(100):
            sandbox.add(ROWS)
        assert sandbox.answers()[0].fault == "stopped"
