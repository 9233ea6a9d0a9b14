"""Files that only the hub can read, and in which any change or cut is found: landed originals and their Parquet.

Layout: 8 bytes of magic, 32 random bytes of salt, then chunks of 64 KiB, each AES-256-GCM with its 16-byte tag. The
file's key comes from the salt and the hub's key by HKDF-SHA-256, so that every file has its own; a chunk's nonce is its
number and whether it is the last (the STREAM construction of Hoang, Reyhanitabar, Rogaway and Vizár), so that chunks
cannot be swapped, and a file that ends early is found when it is opened.

Example:
    >>> import io
    >>> file, key = io.BytesIO(), bytes(32)
    >>> with SealedWriter(file, key) as writer:
    ...     _ = writer.write(b"landed")
    >>> SealedReader(file, key).read()
    b'landed'
"""

import base64
import binascii
import io
import os
from collections.abc import Iterator
from types import TracebackType
from typing import TYPE_CHECKING, BinaryIO, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from certificates.errors import CertificatesError

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

CHUNK = 64 * 1024
"""Bytes of content in every chunk but the last."""

AT_ONCE = 64
"""Chunks that a long read takes from the file at once: each trip costs more than what it brings."""

_MAGIC = b"MZSEAL01"
_SALT = 32
_HEADER = len(_MAGIC) + _SALT
_TAG = 16
_KEY = 32


class SealBroken(CertificatesError):
    """Raised when a sealed file was changed, cut or lengthened, or was sealed with another key."""

    def __init__(self) -> None:
        super().__init__(
            "封存文件已损坏、被截断，或密钥不符。请从来源重新归集该批次，并核对 landing_key。",
            "A sealed file is damaged or cut, or the key is another. Take that batch in again; check landing_key.",
        )


class BadSealingKey(CertificatesError):
    """Raised when the hub's sealing key is not 32 bytes of base64url."""

    def __init__(self) -> None:
        super().__init__(
            "封存密钥应为 32 字节（base64url）。请检查 secrets/landing_key。",
            "A sealing key has 32 bytes in base64url. Check secrets/landing_key.",
        )


def sealing_key(text: str) -> bytes:
    """The key in a secret's text, base64url with or without padding.

    Raises:
        BadSealingKey: Not base64url, or not 32 bytes.
    """
    try:
        key = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise BadSealingKey from None
    if len(key) != _KEY:
        raise BadSealingKey
    return key


class SealedWriter(io.RawIOBase):
    """Seals what is written into a binary file.

    ``close`` seals the last chunk and leaves the file itself open: flushing, syncing and renaming it is its owner's
    matter. A writer that is left by an exception, or forgotten, seals no last chunk; its file will not open.
    """

    def __init__(self, file: BinaryIO, key: bytes) -> None:
        super().__init__()
        self._pending = bytearray()
        salt = os.urandom(_SALT)
        self._file = file
        self._cipher = _cipher(key, salt)
        self._next_chunk = 0
        self._written = 0
        file.write(_MAGIC + salt)

    def writable(self) -> bool:
        """Always."""
        return True

    def tell(self) -> int:
        """Bytes of content written so far."""
        return self._written

    def write(self, data: "ReadableBuffer", /) -> int:
        """Take all bytes given; they are sealed chunk by chunk."""
        if self.closed:
            raise ValueError("write to a closed file")
        view = memoryview(data).cast("B")
        self._written += len(view)
        rest = view
        while len(self._pending) + len(rest) > CHUNK:  # a full chunk stays pending until it is known not to be the last
            room = CHUNK - len(self._pending)
            self._seal(bytes(self._pending) + rest[:room] if self._pending else rest[:room], last=False)
            self._pending.clear()
            rest = rest[room:]
        self._pending += rest
        return len(view)

    def close(self) -> None:
        """Seal the last chunk. Once is enough; a second time does nothing."""
        if not self.closed:
            self._seal(bytes(self._pending), last=True)
            self.abandon()

    def abandon(self) -> None:
        """Stop without a last chunk: what was written so far will not open."""
        self._pending.clear()
        super().close()

    def _seal(self, content: bytes | memoryview, *, last: bool) -> None:
        self._file.write(self._cipher.encrypt(_nonce(self._next_chunk, last=last), content, None))
        self._next_chunk += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.abandon()

    def __enter__(self) -> Self:
        return self

    def __del__(self) -> None:
        if not self.closed:
            self.abandon()


class SealedReader(io.RawIOBase):
    """Reads and seeks in a sealed binary file. The last chunk is checked at once, every other when it is read.

    A read gives as many bytes as were asked for unless the content ends. One chunk is kept in memory; of a longer read
    AT_ONCE are read together. Closing the reader leaves the file open.

    Raises:
        SealBroken: On opening or on reading, when the file is not as it was sealed, or the key is another one.
    """

    def __init__(self, file: BinaryIO, key: bytes) -> None:
        super().__init__()
        self._file = file
        end = file.seek(0, io.SEEK_END)
        file.seek(0)
        header = file.read(_HEADER)
        if len(header) != _HEADER or not header.startswith(_MAGIC):
            raise SealBroken
        self._cipher = _cipher(key, header[len(_MAGIC) :])
        sealed = end - _HEADER
        self._chunks = -(-sealed // (CHUNK + _TAG))
        if self._chunks == 0:
            raise SealBroken
        self.size = sealed - self._chunks * _TAG
        self._position = 0
        self._open_number, self._open_content = -1, b""
        for _ in self._opened(self._chunks - 1, 1):
            pass

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def tell(self) -> int:
        """Place in the content, in bytes."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Go to a place in the content; past its end nothing is read."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self.size}[whence]
        if start + offset < 0:
            raise ValueError("negative seek position")
        self._position = start + offset
        return self._position

    def read(self, size: int | None = -1, /) -> bytes:
        """So many bytes from the place on, across chunks; all that are left if `size` is negative."""
        left = max(0, self.size - self._position)
        return b"".join(self._parts(left if size is None or size < 0 else min(size, left)))

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        """Fill the buffer from the place on, across chunks; the number of bytes read."""
        target = memoryview(buffer).cast("B")
        filled = 0
        for part in self._parts(min(len(target), max(0, self.size - self._position))):
            target[filled : filled + len(part)] = part
            filled += len(part)
        return filled

    def _parts(self, wanted: int) -> Iterator[bytes | memoryview]:
        while wanted:
            number, offset = divmod(self._position, CHUNK)
            ahead = min(AT_ONCE, -(-(offset + wanted) // CHUNK))
            for content in self._opened(number, ahead):
                part = content[offset : offset + wanted]
                self._position += len(part)
                wanted -= len(part)
                offset = 0
                yield part

    def _opened(self, number: int, ahead: int) -> Iterator[memoryview]:
        """Chunks from a number on, read together; the last of them is kept."""
        if number == self._open_number:
            yield memoryview(self._open_content)
            return
        self._file.seek(_HEADER + number * (CHUNK + _TAG))
        sealed = memoryview(self._file.read(ahead * (CHUNK + _TAG)))
        for place in range(ahead):
            self._open_content = self._unsealed(number + place, sealed[place * (CHUNK + _TAG) :][: CHUNK + _TAG])
            self._open_number = number + place
            yield memoryview(self._open_content)

    def _unsealed(self, number: int, sealed: memoryview) -> bytes:
        try:
            return self._cipher.decrypt(_nonce(number, last=number == self._chunks - 1), sealed, None)
        except InvalidTag:
            raise SealBroken from None


def _cipher(key: bytes, salt: bytes) -> AESGCM:
    if len(key) != _KEY:
        raise BadSealingKey
    derived = HKDF(algorithm=SHA256(), length=_KEY, salt=salt, info=b"mianzheng sealed file, version 1").derive(key)
    return AESGCM(derived)


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + (b"\x01" if last else b"\x00")
