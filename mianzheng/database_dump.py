"""PostgreSQL's own pg_dump and pg_restore, of the wheel: a database into a stream, and back out of it.

Passwords go by the environment, never on a command line; what the programs say on failure is cut to its first line,
since the rest may quote rows.
"""

import subprocess
import threading
from collections.abc import Callable
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

from mianzheng.embedded_postgres import Cluster
from mianzheng.errors import MianzhengError

_BLOCK = 1 << 20


class Readable(Protocol):
    """What can be read in blocks."""

    def read(self, size: int, /) -> bytes:
        """The next bytes; none at the end."""


class DumpFailedError(MianzhengError):
    """pg_dump or pg_restore failed; no backup was made, or the new database is not whole."""

    def __init__(self, program: str, said: str) -> None:
        """`said` is the program's first line of complaint."""
        super().__init__(
            f"{program} 执行失败:{said}。请检查数据库是否运行、磁盘空间与权限后重试",
            f"{program} failed: {said}; check that the database runs, disk space and rights, then try again",
        )


def dump(cluster: Cluster, url: str, snapshot: str, write: Callable[[bytes], Any]) -> None:
    """Write the database as it was when the snapshot was exported; its transaction is still open.

    Raises:
        DumpFailedError: pg_dump failed.
    """
    what = ("--format=custom", "--compress=1", "--no-unlogged-table-data", f"--snapshot={snapshot}")
    command = [cluster.tool("pg_dump"), "--lock-wait-timeout=60s", *what, *_connection(url)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=_environment(url))
    complaints = _collected(process)
    if process.stdout is not None:
        while block := process.stdout.read(_BLOCK):
            write(block)
    _ended(process, "pg_dump", complaints())


def restore(cluster: Cluster, url: str, source: Readable) -> None:
    """Fill an empty database, in one transaction: it has everything or nothing.

    Raises:
        DumpFailedError: pg_restore failed; the database stayed empty.
    """
    what = ("--single-transaction", "--exit-on-error", "--no-comments")
    command = [cluster.tool("pg_restore"), *what, *_connection(url)]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=_environment(url)
    )
    complaints = _collected(process)
    try:
        while process.stdin is not None and (block := source.read(_BLOCK)):
            process.stdin.write(block)
        if process.stdin is not None:
            process.stdin.close()
    except BrokenPipeError:
        pass  # it ended early, and says why
    _ended(process, "pg_restore", complaints())


def _connection(url: str) -> list[str]:
    parts = urlsplit(url)
    place = ["--host", parts.hostname or "127.0.0.1", "--port", str(parts.port or 5432)]
    return [*place, "--username", unquote(parts.username or ""), "--dbname", unquote(parts.path.lstrip("/"))]


def _environment(url: str) -> dict[str, str]:
    return {"PGPASSWORD": unquote(urlsplit(url).password or ""), "LANG": "C.UTF-8", "TZ": "UTC"}


def _collected(process: "subprocess.Popen[bytes]") -> Callable[[], bytes]:
    """Read what a program complains about while its output is being read."""
    said: list[bytes] = []
    thread = threading.Thread(target=lambda: said.append(process.stderr.read() if process.stderr else b""))
    thread.start()

    def complaints() -> bytes:
        thread.join()
        return b"".join(said)

    return complaints


def _ended(process: "subprocess.Popen[bytes]", program: str, said: bytes) -> None:
    for pipe in (process.stdout, process.stderr, process.stdin):
        if pipe is not None:
            pipe.close()
    if process.wait() != 0:
        raise DumpFailedError(program, said.decode("utf-8", "replace").partition("\n")[0])
