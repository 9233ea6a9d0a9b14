"""A MariaDB server for the sample city's exchange database, where one is installed (`mariadbd`): none is shipped.

Run as the service user when we are root; it listens on 127.0.0.1 alone, on a free port, and ends with its supervisor.

    server = MariaDb.installed(folder, service_user="nobody")
    server.prepare()                 # goes on by itself
    server.start("human_resources", password)
    server.url
    server.stop()
"""

import contextlib
import dataclasses
import os
import pwd
import shutil
import socket
import subprocess
import time
from pathlib import Path
from typing import Any, Self

from mianzheng.embedded_postgres import free_port
from mianzheng.errors import StartFailedError
from mianzheng.processes import die_with_parent, signals_held_back

PLACES = os.pathsep.join(("/usr/sbin", "/usr/bin", "/usr/local/sbin", "/usr/local/bin"))
PROGRAMS = ("mariadbd", "mariadb-install-db", "my_print_defaults")  # the second one asks the third
START_SECONDS = 60
SETTINGS = (
    "--no-defaults",
    "--bind-address=127.0.0.1",
    "--skip-name-resolve",
    "--skip-log-bin",
    "--performance-schema=OFF",
    "--innodb-buffer-pool-size=64M",
    "--innodb-log-file-size=16M",
    "--character-set-server=utf8mb4",
    "--local-infile=OFF",
)
# Read by the server before it lets anybody in; the file is 0600 and gone as soon as it runs.
ACCOUNTS = """\
ALTER USER 'root'@'localhost' IDENTIFIED BY '{word}';
CREATE DATABASE IF NOT EXISTS {name} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE USER IF NOT EXISTS '{name}'@'127.0.0.1' IDENTIFIED BY '{word}';
ALTER USER '{name}'@'127.0.0.1' IDENTIFIED BY '{word}';
GRANT ALL ON {name}.* TO '{name}'@'127.0.0.1';
"""


@dataclasses.dataclass
class MariaDb:
    """One server in `folder`, with one database and its user."""

    program: str
    installer: str
    folder: Path
    service_user: str
    port: int = 0
    url: str = ""
    _installing: subprocess.Popen[bytes] | None = None
    _server: subprocess.Popen[bytes] | None = None

    @classmethod
    def installed(cls, folder: Path, service_user: str) -> Self | None:
        """A server of the machine's own binaries; None where there are none."""
        searched = os.pathsep.join((os.environ.get("PATH", os.defpath), PLACES))
        program, installer, asked = (shutil.which(name, path=searched) for name in PROGRAMS)
        found = None not in (program, installer, asked)
        return cls(str(program), str(installer), folder, service_user) if found else None

    def prepare(self) -> None:
        """Begin to make the data folder, if this is the first time; `start` waits for it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        self._give(self.folder)
        if (self.folder / "data").exists():
            return
        part = self.folder / "data.part"
        shutil.rmtree(part, ignore_errors=True)
        options = ["--no-defaults", f"--datadir={part}", "--auth-root-authentication-method=normal", "--skip-test-db"]
        with signals_held_back():
            self._installing = self._popen([self.installer, *options], "install.log")

    def start(self, name: str, password: str) -> None:
        """Run the server with a database and a user called `name`; `password` has letters, digits, - and _ only.

        Raises:
            StartFailedError: it did not come up; its log is named.
        """
        if self._installing is not None:
            if self._installing.wait() != 0:
                raise self._failed("install.log")
            (self.folder / "data.part").rename(self.folder / "data")
        accounts = self.folder / "accounts.sql"
        accounts.touch(mode=0o600)
        accounts.write_text(ACCOUNTS.format(name=name, word=password), encoding="ascii")
        self._give(accounts)
        try:
            self._launch(accounts)
        finally:
            accounts.unlink()
        self.url = f"mysql+pymysql://{name}:{password}@127.0.0.1:{self.port}/{name}?charset=utf8mb4"

    def stop(self) -> None:
        """End it; does nothing where it does not run."""
        for process in (self._installing, self._server):
            if process is not None and process.poll() is None:
                process.terminate()
                process.wait()
        self._server = None

    def _launch(self, accounts: Path) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            self.port = free_port()
            places = [f"--datadir={self.folder / 'data'}", f"--socket={self.folder / 'socket'}", f"--port={self.port}"]
            more = [f"--pid-file={self.folder / 'pid'}", f"--init-file={accounts}"]
            with signals_held_back():
                self._server = self._popen([self.program, *SETTINGS, *places, *more], "server.log")
            if self._listens(deadline):
                return
            time.sleep(0.5)  # one that a kill left behind may still be closing its files
        raise self._failed("server.log")

    def _listens(self, deadline: float) -> bool:
        """Whether it lets clients in; False once it has ended."""
        while self._server is not None and self._server.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1) as probe:
                if probe.recv(1):  # it greets when it is ready, and listens before that
                    return True
            time.sleep(0.05)
        return False

    def _failed(self, log: str) -> StartFailedError:
        place = self.folder / log
        return StartFailedError(
            f"MariaDB 没有启动,原因见 {place}。也可卸载 MariaDB 后重试,此时改用 PostgreSQL。",
            f"MariaDB did not come up; see {place}. Without MariaDB installed, PostgreSQL is used instead.",
        )

    def _popen(self, command: list[str], log: str) -> subprocess.Popen[bytes]:
        with (self.folder / log).open("ab") as file:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                start_new_session=True,
                preexec_fn=die_with_parent,  # noqa: PLW1509 - the supervisor has no threads
                **self._identity(),
            )

    def _identity(self) -> dict[str, Any]:
        environment = {"PATH": f"{os.defpath}{os.pathsep}{PLACES}", "LANG": "C.UTF-8", "TZ": "UTC"}
        if os.geteuid() != 0:
            return {"env": environment, "cwd": "/"}
        user = pwd.getpwnam(self.service_user)
        return {"env": environment, "cwd": "/", "user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}

    def _give(self, place: Path) -> None:
        if os.geteuid() == 0:
            user = pwd.getpwnam(self.service_user)
            os.chown(place, user.pw_uid, user.pw_gid)
