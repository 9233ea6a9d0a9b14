"""A folder of an SFTP server that a department delivers to, and finds replies in.

    SftpFolder.of_address("health_sftp", "sftp://hub@host:22/outgoing", secret).entries()

Secrets: `host_key` (needed), and `key` or `password`; the password may stand in the address. The key that the host
shows is compared before anything secret is sent. Nothing of this machine's user is used: no agent, no known_hosts, no
keys. Only plain files directly in the folder count; a link could lead anywhere.
"""

import contextlib
import errno
import logging
import socket
import stat
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final, Self
from urllib.parse import unquote, urlsplit

import paramiko

from registries.connectors.faults import AddressUnusable, SourceDown, StillBeingWritten
from registries.connectors.file_faults import NotAFileName
from registries.connectors.place import Entry
from registries.connectors.place_faults import (
    AccessRefused,
    NoSuchPlace,
    OtherHostKey,
    SecretMissing,
    UnknownHost,
)
from registries.connectors.remote_copy import Interrupted, RemoteCopy, brought
from registries.connectors.ssh_keys import HostKeys, private_key

Secret = Callable[[str], str | None]

CONNECT_SECONDS: Final = 15.0
SILENCE_SECONDS: Final = 30.0
"""After this long without a byte a connection counts as cut."""

_FORM: Final = "sftp://user@host:port/folder"
_PORT: Final = 22
_BLOCK: Final = 128 << 10
_REFUSED: Final = (errno.EACCES, errno.EPERM)


@dataclass(frozen=True)
class _Account:
    host: str
    port: int
    user: str
    password: str | None
    key: str | None
    host_key: str | None


class SftpFolder:
    """A folder of an SFTP server; `server` is what faults call it."""

    def __init__(self, server: str, account: _Account, folder: str) -> None:
        self._server = server
        self._account = account
        self._folder = folder
        self._copies: dict[Entry, RemoteCopy] = {}

    @classmethod
    def of_address(cls, server: str, address: str, secret: Secret) -> Self:
        """The folder that an address means; AddressUnusable if it means none, and it is not repeated."""
        try:
            parts = urlsplit(address)
            host, port, user = parts.hostname, parts.port or _PORT, unquote(parts.username or "")
        except ValueError:
            raise AddressUnusable(server, _FORM) from None
        if not host or not user or parts.query or parts.fragment:
            raise AddressUnusable(server, _FORM)
        password = unquote(parts.password) if parts.password else secret("password")
        account = _Account(host, port, user, password, secret("key"), secret("host_key"))
        return cls(server, account, unquote(parts.path).rstrip("/") or "/")

    def entries(self) -> list[Entry]:
        """The plain files in it; a link or folder is none, whatever it leads to."""
        with self._faults(), self._connected() as sftp:
            found = sftp.listdir_attr(self._folder)
        return [_entry(one) for one in found if stat.S_ISREG(one.st_mode or 0) and "/" not in one.filename]

    def open(self, entry: Entry) -> BinaryIO:
        """A copy of the file, brought here once, from its start."""
        if entry not in self._copies:
            with self._faults():
                self._copies[entry] = brought(self._server, entry, lambda offset: self._blocks(entry, offset))
        return self._copies[entry].open()

    def unchanged(self, entry: Entry) -> bool:
        """What was brought was looked at before and after, and does not change here."""
        return entry in self._copies

    def put(self, folder: str, name: str, content: BinaryIO) -> None:
        """Write a file into a folder below; a link in the folder's place is not followed."""
        with self._faults(), self._connected() as sftp:
            path = f"{self._folder.rstrip('/')}/{folder}"
            if folder not in sftp.listdir(self._folder):
                sftp.mkdir(path, 0o770)
            if not stat.S_ISDIR(sftp.lstat(path).st_mode or 0):
                raise NoSuchPlace(self._server)
            part = f"{path}/.{name}.part"
            with sftp.open(part, "wb") as file:
                file.chmod(0o660)
                file.set_pipelined(pipelined=True)
                while block := content.read(_BLOCK):
                    file.write(block)
            sftp.posix_rename(part, f"{path}/{name}")

    def remove(self, folder: str, name: str) -> None:
        """Remove a file from a folder below."""
        with self._faults(), self._connected() as sftp, contextlib.suppress(FileNotFoundError):
            sftp.remove(f"{self._folder.rstrip('/')}/{folder}/{name}")

    def _blocks(self, entry: Entry, offset: int) -> Generator[bytes]:
        """The file from an offset on, as long as it is what was listed."""
        path = f"{self._folder.rstrip('/')}/{entry.name}"
        with _cuts(), self._connected() as sftp:
            _check(sftp, path, entry)
            with sftp.open(path, "rb") as file:
                file.MAX_REQUEST_SIZE = _BLOCK  # paramiko's 32 KB cost four times the round trips
                file.seek(offset)
                while block := file.read(_BLOCK):
                    yield block
            _check(sftp, path, entry)

    @contextlib.contextmanager
    def _connected(self) -> Iterator[paramiko.SFTPClient]:
        account = self._account
        with socket.create_connection((account.host, account.port), CONNECT_SECONDS) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # each block is asked for by itself
            transport = paramiko.Transport(connection)
            try:
                self._greet(transport)
                self._sign_in(transport)
                sftp = paramiko.SFTPClient.from_transport(transport)
                channel = None if sftp is None else sftp.get_channel()
                if sftp is None or channel is None:
                    raise SourceDown(self._server, "SFTP")
                channel.settimeout(SILENCE_SECONDS)
                yield sftp
            finally:
                transport.close()

    def _greet(self, transport: paramiko.Transport) -> None:
        """Agree on a session, and look at the host's key before anything else is said."""
        known = None if self._account.host_key is None else HostKeys(self._account.host_key, self._server)
        options = transport.get_security_options()
        wanted = tuple(one for one in options.key_types if known is not None and one in known.types)
        if wanted:
            options.key_types = wanted
        transport.start_client(timeout=CONNECT_SECONDS)
        shown = transport.get_remote_server_key()
        if known is None:
            raise UnknownHost(self._server, shown.fingerprint)
        if not known.know(shown):
            raise OtherHostKey(self._server, shown.fingerprint)

    def _sign_in(self, transport: paramiko.Transport) -> None:
        account = self._account
        transport.auth_timeout = SILENCE_SECONDS
        if account.key is not None:
            transport.auth_publickey(account.user, private_key(account.key, self._server))
        elif account.password is not None:
            transport.auth_password(account.user, account.password, fallback=False)
        else:
            raise SecretMissing(self._server, "key")

    @contextlib.contextmanager
    def _faults(self) -> Iterator[None]:
        """Errors of the network and of the library as faults, which repeat nothing of what the host said."""
        logging.getLogger("paramiko").setLevel(logging.CRITICAL)  # it logs errors that are told here
        try:
            yield
        except FileNotFoundError:
            raise NoSuchPlace(self._server) from None
        except UnicodeDecodeError:
            raise NotAFileName(self._server) from None
        except (paramiko.AuthenticationException, PermissionError):
            raise AccessRefused(self._server) from None
        except (paramiko.SSHException, EOFError):
            raise SourceDown(self._server, "SSH") from None
        except OSError as error:
            raise SourceDown(self._server, error.strerror or "connection") from None


@contextlib.contextmanager
def _cuts() -> Iterator[None]:
    """What a new connection may mend."""
    try:
        yield
    except paramiko.AuthenticationException:
        raise
    except (paramiko.SSHException, EOFError, TimeoutError, ConnectionError):
        raise Interrupted from None
    except OSError as error:
        if error.errno in {*_REFUSED, errno.ENOENT}:
            raise
        raise Interrupted from None


def _check(sftp: paramiko.SFTPClient, path: str, entry: Entry) -> None:
    """The file is a plain one, and still as it was listed."""
    try:
        status = sftp.lstat(path)
    except FileNotFoundError:
        raise StillBeingWritten(entry.name) from None
    if not stat.S_ISREG(status.st_mode or 0) or _state(status) != entry.state:
        raise StillBeingWritten(entry.name)


def _entry(status: paramiko.SFTPAttributes) -> Entry:
    return Entry(status.filename, status.st_size or 0, _state(status), float(status.st_mtime or 0))


def _state(status: paramiko.SFTPAttributes) -> str:
    return f"{status.st_size}:{status.st_mtime}"
