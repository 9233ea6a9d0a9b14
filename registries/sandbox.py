"""Questions to a batch's rows, some of them in words of a contract: asked in a process that can do nothing else.

A contract's SQL is text that somebody else wrote. It is never run on the store, nor in this process: a process of its
own holds the rows in an empty in-memory DuckDB without files, network, extensions, environment or a second table,
takes one SELECT at a time, and is killed where it takes too long. Memory is bounded; nothing is spilled.

    with Sandbox(Plan("shops", {"code": "string"}, questions)) as sandbox:
        sandbox.add(chunk)                  # row_number, and the plan's columns as text
        answers = sandbox.answers()         # one per question: a table, or why there is none
"""

import json
import subprocess
import sys
import threading
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import pyarrow as pa

SECONDS: Final = 60.0
"""How long one question may take."""

MEMORY_BYTES: Final = 1_000_000_000
"""How much the rows and the questions' own work may take."""

THREADS: Final = 2
_GRACE: Final = 5.0
_PROGRAM: Final = Path(__file__).with_name("sandbox_process.py")


@dataclass(frozen=True)
class Question:
    """One question.

    Attributes:
        query: of a contract (`written`), one SELECT from the table that gives one number; of the hub, any over `asked`.
        columns: of the hub's: what `value`, `value_2` ... are.
        typed: as their logical types; otherwise as text.
        condition: a column of truth values: the rows that the question is about; all of them without it.
        parameters: of the hub's, bound by name.
    """

    query: str
    written: bool = False
    columns: tuple[str, ...] = ()
    typed: bool = True
    condition: str | None = None
    parameters: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """What is to come: the table's name, its columns with their logical types, and the questions."""

    table: str
    columns: Mapping[str, str]
    questions: tuple[Question, ...]
    bind_only: bool = False
    seconds: float = SECONDS
    memory_bytes: int = MEMORY_BYTES
    threads: int = THREADS

    @property
    def conditions(self) -> tuple[str, ...]:
        """The columns of truth values that come beside the table's own."""
        named = (question.condition for question in self.questions)
        return tuple(dict.fromkeys(name for name in named if name is not None))

    @property
    def schema(self) -> Any:  # noqa: ANN401 - pyarrow ships no types
        """What `add` takes."""
        return pa.schema(
            [
                pa.field("row_number", pa.int64()),
                *(pa.field(name, pa.string()) for name in self.columns),
                *(pa.field(name, pa.bool_()) for name in self.conditions),
            ]
        )


@dataclass(frozen=True)
class Answer:
    """A table, or why there is none: refused, failed, no_number, too_long, too_large, stopped."""

    table: pa.Table | None
    fault: str = ""
    detail: str = ""


class Sandbox:
    """A plan's process, from its first row to its last answer."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        schema = plan.schema.with_metadata({"plan": json.dumps(asdict(plan), default=str)})
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-B", str(_PROGRAM)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={},
            cwd="/",
        )
        self._rows = _Rows(self._process, schema)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._rows.close()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._process.wait()

    @property
    def process_id(self) -> int:
        """Of the process that holds the rows."""
        return self._process.pid

    def add(self, rows: pa.Table) -> None:
        """Gives it some rows more, columns named and ordered as the plan's schema."""
        self._rows.write(rows)

    def answers(self) -> list[Answer]:
        """Ends the rows, and gives the answers in the questions' order."""
        self._rows.close()
        return [self._answer() for _ in self._plan.questions]

    def _answer(self) -> Answer:
        """The next answer. The process is killed if interrupting the question did not help."""
        late = threading.Event()

        def stop() -> None:
            late.set()
            self._process.kill()

        timer = threading.Timer(self._plan.seconds + _GRACE, stop)
        timer.start()
        try:
            with pa.ipc.open_stream(self._process.stdout) as stream:
                told = stream.schema.metadata or {}
                table = stream.read_all()
        except (pa.ArrowException, OSError, ValueError):
            return Answer(None, "too_long" if late.is_set() else "stopped")
        finally:
            timer.cancel()
        fault = told.get(b"fault", b"").decode()
        return Answer(None if fault else table, fault, told.get(b"detail", b"").decode())


class _Rows:
    """The rows on their way in: a process that died takes none, and says so by giving no answers."""

    def __init__(self, process: subprocess.Popen[bytes], schema: Any) -> None:  # noqa: ANN401 - pyarrow ships no types
        self._sink = process.stdin
        self._schema = schema
        self._stream: Any = None
        self._closed = False
        self._try(lambda: setattr(self, "_stream", pa.ipc.new_stream(self._sink, schema)))

    def write(self, rows: pa.Table) -> None:
        if not self._closed:
            self._try(lambda: self._stream.write_table(rows.select(self._schema.names).cast(self._schema)))

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._try(self._stream.close)
        if self._sink is not None:
            self._try(self._sink.close)

    def _try(self, act: Any) -> None:  # noqa: ANN401 - any call
        try:
            act()
        except (BrokenPipeError, OSError, pa.ArrowException):
            self._closed = True


@lru_cache(maxsize=512)
def why_not(table: str, columns: tuple[tuple[str, str], ...], queries: tuple[str, ...]) -> tuple[str, ...]:
    """Why each of a contract's queries can't be asked of a table of that name; empty where it can.

    They are bound to an empty table: nothing runs.

    Args:
        table: its name.
        columns: names with their logical types.
        queries: placeholders replaced.
    """
    plan = Plan(table, dict(columns), tuple(Question(query, written=True) for query in queries), bind_only=True)
    with Sandbox(plan) as sandbox:
        return tuple(_told(answer) for answer in sandbox.answers())


def _told(answer: Answer) -> str:
    if answer.fault in {"refused", "failed"}:
        return answer.detail or answer.fault
    return answer.fault


def named(columns: Iterable[str], known: Mapping[str, str]) -> dict[str, str]:
    """Of the known columns with their types those that are named, each once."""
    return {name: known[name] for name in dict.fromkeys(columns)}
