"""A folder of an S3-compatible store that a department delivers to, and finds replies in.

    S3Bucket.of_address("tax_bucket", "s3://outgoing/tax?endpoint=https://host:9000", secret).entries()

Secrets: `access_key` and `secret_key`. Further parameters of an address: `region`, and `addressing=virtual` for stores
that want the bucket in the host's name. Nothing of this machine is used: no credentials from its environment, its files
or a metadata service, no proxy. Without `http://` the endpoint is spoken to by TLS, unless it is this machine.
"""

import contextlib
import re
from collections.abc import Callable, Generator, Iterator
from typing import BinaryIO, Final, Self
from urllib.parse import parse_qs, unquote, urlsplit

from pyarrow import NativeFile, fs

from registries.connectors.faults import AddressUnusable, SourceDown, StillBeingWritten
from registries.connectors.place import Entry
from registries.connectors.place_faults import AccessRefused, NoSuchPlace, SecretMissing
from registries.connectors.remote_copy import Interrupted, RemoteCopy, brought

Secret = Callable[[str], str | None]

CONNECT_SECONDS: Final = 10.0

_FORM: Final = "s3://bucket/prefix?endpoint=https://host:port&region=..."
_PARAMETERS: Final = {"endpoint", "region", "addressing"}
_REGION: Final = "us-east-1"
_BLOCK: Final = 4 << 20
_LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")
_CODE: Final = re.compile(r"AWS Error ([A-Z][A-Z_]+)|HTTP response code (\d{3})")
_REFUSED: Final = {
    "ACCESS_DENIED",
    "INVALID_ACCESS_KEY_ID",
    "SIGNATURE_DOES_NOT_MATCH",
    "INVALID_CLIENT_TOKEN_ID",
    "403",
}
_ABSENT: Final = {"NO_SUCH_BUCKET", "RESOURCE_NOT_FOUND", "404"}


class S3Bucket:
    """A bucket, or what begins with a prefix in it; `server` is what faults call it."""

    def __init__(self, server: str, store: fs.S3FileSystem, folder: str) -> None:
        self._server = server
        self._store = store
        self._folder = folder
        self._tags: dict[Entry, bytes] = {}
        self._copies: dict[Entry, RemoteCopy] = {}

    @classmethod
    def of_address(cls, server: str, address: str, secret: Secret) -> Self:
        """The folder that an address means; AddressUnusable if it means none, and it is not repeated."""
        try:
            parts = urlsplit(address)
            told = {
                name: values[-1] for name, values in parse_qs(parts.query, strict_parsing=bool(parts.query)).items()
            }
            endpoint = _endpoint(told.get("endpoint", ""))
        except ValueError:
            raise AddressUnusable(server, _FORM) from None
        bucket = parts.netloc.rpartition("@")[2]
        if not bucket or parts.fragment or told.keys() - _PARAMETERS:
            raise AddressUnusable(server, _FORM)
        store = fs.S3FileSystem(
            access_key=_given(server, "access_key", parts.username, secret),
            secret_key=_given(server, "secret_key", parts.password, secret),
            region=told.get("region", _REGION),
            connect_timeout=CONNECT_SECONDS,
            force_virtual_addressing=told.get("addressing") == "virtual",
            **endpoint,
        )
        return cls(server, store, f"{bucket}/{unquote(parts.path).strip('/')}".rstrip("/"))

    def entries(self) -> list[Entry]:
        """The objects directly below the prefix."""
        with self._faults():
            found = self._store.get_file_info(fs.FileSelector(self._folder, allow_not_found=True))
            if not found and self._store.get_file_info(self._folder.partition("/")[0]).type == fs.FileType.NotFound:
                raise NoSuchPlace(self._server)
        return [_entry(one) for one in found if one.type == fs.FileType.File]

    def open(self, entry: Entry) -> BinaryIO:
        """A copy of the object, brought here once, from its start."""
        if entry not in self._copies:
            with self._faults():
                self._copies[entry] = brought(self._server, entry, lambda offset: self._blocks(entry, offset))
        return self._copies[entry].open()

    def unchanged(self, entry: Entry) -> bool:
        """What was brought was looked at before and after, and does not change here."""
        return entry in self._copies

    def put(self, folder: str, name: str, content: BinaryIO) -> None:
        """Write an object below a further prefix; the store shows it when it is whole."""
        with self._faults(), self._store.open_output_stream(f"{self._folder}/{folder}/{name}") as file:
            while block := content.read(_BLOCK):
                file.write(block)

    def remove(self, folder: str, name: str) -> None:
        """Remove an object below a further prefix."""
        with self._faults(), contextlib.suppress(FileNotFoundError):
            self._store.delete_file(f"{self._folder}/{folder}/{name}")

    def _blocks(self, entry: Entry, offset: int) -> Generator[bytes]:
        """The object from an offset on, as long as it is the same one."""
        path = f"{self._folder}/{entry.name}"
        with self._cuts(entry):
            with self._store.open_input_file(path) as file:
                self._check(entry, file)
                file.seek(offset)
                while block := file.read(_BLOCK):
                    yield block
            with self._store.open_input_file(path) as file:
                self._check(entry, file)

    def _check(self, entry: Entry, file: NativeFile) -> None:
        tag = file.metadata()["ETag"]
        if file.size() != entry.size or self._tags.setdefault(entry, tag) != tag:
            raise StillBeingWritten(entry.name)

    @contextlib.contextmanager
    def _cuts(self, entry: Entry) -> Iterator[None]:
        """What asking again may mend."""
        try:
            yield
        except OSError as error:
            code = _code(error)
            if code in _REFUSED:
                raise
            if isinstance(error, FileNotFoundError) or code in {*_ABSENT, "NO_SUCH_KEY"}:
                raise StillBeingWritten(entry.name) from None
            raise Interrupted from None

    @contextlib.contextmanager
    def _faults(self) -> Iterator[None]:
        """Errors of the store as faults, which repeat only its code."""
        try:
            yield
        except OSError as error:
            code = _code(error)
            if code in _REFUSED:
                raise AccessRefused(self._server) from None
            if isinstance(error, FileNotFoundError) or code in _ABSENT:
                raise NoSuchPlace(self._server) from None
            raise SourceDown(self._server, code or "S3") from None


def _given(server: str, what: str, told: str | None, secret: Secret) -> str:
    found = unquote(told) if told else secret(what)
    if not found:
        raise SecretMissing(server, what)
    return found


def _endpoint(told: str) -> dict[str, str]:
    """The endpoint as pyarrow wants it; ValueError if it is none."""
    if not told:
        return {"scheme": "https"}
    parts = urlsplit(told if "://" in told else f"//{told}")
    if not parts.hostname or parts.path.strip("/") or parts.scheme not in {"", "http", "https"}:
        raise ValueError("not an endpoint")
    default = "http" if parts.hostname in _LOOPBACK else "https"
    return {"scheme": parts.scheme or default, "endpoint_override": parts.netloc.rpartition("@")[2]}


def _code(error: OSError) -> str | None:
    """The store's own code, which tells nothing of what was asked for."""
    found = _CODE.search(str(error))
    return found and (found[1] or found[2])


def _entry(found: fs.FileInfo) -> Entry:
    return Entry(found.base_name, found.size, f"{found.size}:{found.mtime_ns}", (found.mtime_ns or 0) / 1e9)
