"""A real MariaDB server for tests: its own folder, socket and port on loopback, an empty data directory each time."""

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pymysql
from pymysql.cursors import Cursor

SERVER = "/usr/sbin/mariadbd"
INSTALL = "/usr/bin/mariadb-install-db"
PASSWORD = "maria-secret-word"
QUICK = (
    "--skip-log-bin",
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-buffer-pool-size=64M",
    "--skip-name-resolve",
    "--max-connections=50",
)


def is_installed() -> bool:
    return Path(SERVER).exists() and Path(INSTALL).exists()


@dataclass(frozen=True)
class MariaDb:
    """A running server; `reader` may read every database and nothing else."""

    port: int

    @property
    def url(self) -> str:
        return f"mysql+pymysql://reader:{PASSWORD}@127.0.0.1:{self.port}/exchange"

    @contextlib.contextmanager
    def cursor(self, **more: object) -> Iterator[Cursor]:
        """As the department's own administrator, every statement by itself."""
        connection = pymysql.connect(  # type: ignore[call-overload]  # its stubs don't know **more
            host="127.0.0.1",
            port=self.port,
            user="root",
            password=PASSWORD,
            database="exchange",
            autocommit=True,
            init_command="SET SESSION sql_mode = ''",  # departments' old servers take zero dates
            **more,
        )
        with connection, connection.cursor() as cursor:
            yield cursor

    def execute(self, *statements: str) -> None:
        with self.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def readers(self) -> list[int]:
        """The connections of `reader`."""
        with self.cursor() as cursor:
            cursor.execute("SELECT id FROM information_schema.processlist WHERE user = 'reader'")
            return [row[0] for row in cursor.fetchall()]


@contextlib.contextmanager
def running_mariadb() -> Iterator[MariaDb]:
    """A server with the empty database `exchange`, stopped and removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="mianzheng-maria-"))
    user = "nobody" if os.geteuid() == 0 else None
    as_user = [f"--user={user}"] if user else []
    data = folder / "data"
    data.mkdir()
    if user:
        for path in (folder, data):
            shutil.chown(path, user)
    port = _free_port()
    install = [INSTALL, "--no-defaults", f"--datadir={data}", "--auth-root-authentication-method=normal", *as_user]
    subprocess.run([*install, "--skip-test-db"], check=True, capture_output=True, timeout=120)
    server = subprocess.Popen(
        [
            *(SERVER, "--no-defaults", f"--datadir={data}", f"--socket={folder}/s", f"--pid-file={folder}/pid"),
            *(f"--port={port}", "--bind-address=127.0.0.1", f"--log-error={folder}/log", *QUICK, *as_user),
        ]
    )
    try:
        maria = MariaDb(port)
        _set_up(folder, server)
        yield maria
    finally:
        server.terminate()
        server.wait(60)
        shutil.rmtree(folder)


def _set_up(folder: Path, server: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 60
    while not _listens(folder / "s"):
        if server.poll() is not None or time.monotonic() > deadline:
            raise AssertionError((folder / "log").read_text())
        time.sleep(0.1)
    with (
        pymysql.connect(unix_socket=f"{folder}/s", user="root", autocommit=True) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute("CREATE DATABASE exchange CHARACTER SET utf8mb4")
        cursor.execute("CREATE USER reader IDENTIFIED BY %s", (PASSWORD,))
        cursor.execute("GRANT SELECT ON *.* TO reader")
        cursor.execute("CREATE OR REPLACE USER root@'127.0.0.1' IDENTIFIED BY %s", (PASSWORD,))
        cursor.execute("GRANT ALL ON *.* TO root@'127.0.0.1'")


def _listens(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
