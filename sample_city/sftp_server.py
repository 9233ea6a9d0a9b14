"""Health's SFTP server: a read-only folder, one user, who is known by a key.

Host key and user key are made when the department first starts; the user's private key and the host's public one are
what the operator of a hub is told.
"""

import os
import socket
import threading
from pathlib import Path
from typing import Any

import paramiko
from paramiko.common import (
    AUTH_FAILED,
    AUTH_SUCCESSFUL,
    OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED,
    OPEN_SUCCEEDED,
)
from paramiko.sftp import SFTP_PERMISSION_DENIED

from sample_city.department_folder import LOOPBACK, DepartmentFolder

USER = "hub"
HOST_KEY, USER_KEY, HOST_PUBLIC = "host_key.pem", "user_key.pem", "host_key.pub"
WAITING = 20


class OneUser(paramiko.ServerInterface):
    """Lets in whoever has the user's key, for a session with SFTP in it and nothing else."""

    def __init__(self, key: paramiko.PKey) -> None:
        self._key = key

    def get_allowed_auths(self, username: str) -> str:
        """Keys only."""
        del username
        return "publickey"

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        """The one user with the one key."""
        known = username == USER and key == self._key
        return AUTH_SUCCESSFUL if known else AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:
        """A session."""
        del chanid
        allowed = kind == "session"
        return OPEN_SUCCEEDED if allowed else OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED


class Reading(paramiko.SFTPHandle):
    """An open file; the library reads from the attribute `readfile`."""

    def __init__(self, flags: int, path: Path) -> None:
        super().__init__(flags)
        self.readfile = path.open("rb")
        self._path = path

    def stat(self) -> paramiko.SFTPAttributes:
        """Size and time."""
        return _told(self._path)


class ReadOnly(paramiko.SFTPServerInterface):
    """The department's folder; no name leads out of it, and nothing in it can be changed."""

    def __init__(self, server: paramiko.ServerInterface, root: Path) -> None:
        super().__init__(server)
        self._root = root

    def list_folder(self, path: str) -> Any:  # noqa: ANN401 - a list, or an error code of the library
        """What stands in a folder."""
        try:
            return [_told(each) for each in sorted(self._at(path).iterdir())]
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)

    def stat(self, path: str) -> Any:  # noqa: ANN401 - as above
        """Size and time of a file."""
        try:
            return _told(self._at(path))
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)

    lstat = stat

    def open(self, path: str, flags: int, attr: paramiko.SFTPAttributes) -> Any:  # noqa: ANN401 - as above
        """A file to read."""
        del attr
        if flags & (os.O_WRONLY | os.O_RDWR):
            return SFTP_PERMISSION_DENIED
        try:
            return Reading(flags, self._at(path))
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)

    def _at(self, path: str) -> Path:
        """As a path below the root: `..` stops there."""
        return self._root / self.canonicalize(path).lstrip("/")


def _told(path: Path) -> paramiko.SFTPAttributes:
    return paramiko.SFTPAttributes.from_stat(path.stat(), path.name)


def key_of(folder: DepartmentFolder, name: str) -> paramiko.PKey:
    """A key of the department's, made when it is first asked for."""
    path = folder.path / name
    if not path.exists():
        part = path.with_suffix(".part")
        paramiko.ECDSAKey.generate().write_private_key_file(str(part))
        part.replace(path)
    return paramiko.ECDSAKey.from_private_key_file(str(path))


def serve(folder: DepartmentFolder, root: Path) -> None:
    """Serve `root` until the process ends; the address is kept in the department's folder once it listens."""
    host, user = key_of(folder, HOST_KEY), key_of(folder, USER_KEY)
    folder.keep(HOST_PUBLIC, f"{host.get_name()} {host.get_base64()}")
    root.mkdir(parents=True, exist_ok=True)
    with _listening(folder.last_port()) as listener:
        folder.listens(f"sftp://{USER}@{LOOPBACK}:{listener.getsockname()[1]}/")
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=_session, args=(connection, host, user, root), daemon=True).start()


def _listening(port: int) -> socket.socket:
    try:
        return socket.create_server((LOOPBACK, port), backlog=WAITING)
    except OSError:
        return socket.create_server((LOOPBACK, 0), backlog=WAITING)


def _session(connection: socket.socket, host: paramiko.PKey, user: paramiko.PKey, root: Path) -> None:
    """One client; what goes wrong with it is its own affair."""
    transport = paramiko.Transport(connection)
    transport.add_server_key(host)
    transport.set_subsystem_handler("sftp", paramiko.SFTPServer, ReadOnly, root)
    try:
        transport.start_server(server=OneUser(user))
        transport.join()
    except (paramiko.SSHException, EOFError, OSError):
        transport.close()
