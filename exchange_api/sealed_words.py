"""Words that people write into forms, as the store keeps them: sealed with the hub's key, since they may name people.

>>> words = SealedWords(bytes(32))
>>> words.opened(words.sealed("张三来电说明")), words.opened(None)
('张三来电说明', '')
"""

import io

from certificates.sealing import SealedReader, SealedWriter


class SealedWords:
    """Seals and opens; `key` is the landing key, 32 bytes."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def sealed(self, words: str) -> bytes:
        """What the store keeps."""
        file = io.BytesIO()
        with SealedWriter(file, self._key) as writer:
            writer.write(words.encode())
        return file.getvalue()

    def opened(self, sealed: bytes | None) -> str:
        """The words; "" where there are none. certificates.sealing.SealBroken if they were changed."""
        return "" if sealed is None else SealedReader(io.BytesIO(sealed), self._key).read().decode()
