"""The sandbox's ledger: a Merkle log in memory, with checkpoints and proofs of the hub's own form.

log = MemoryLog("sandbox.example/ledger", key)
proof = log.append(leaf_data)          # a tlog-proof file
"""

import threading

from certificates import merkle
from certificates.checkpoints import Checkpoint, prove, sign_checkpoint
from certificates.jose import Key


class MemoryLog:
    """Grows by one leaf at a time; forgotten when the sandbox ends."""

    def __init__(self, origin: str, key: Key) -> None:
        self._origin = origin
        self._key = key
        self._nodes: dict[tuple[int, int], bytes] = {}
        self._size = 0
        self._lock = threading.Lock()

    def append(self, leaf_data: bytes) -> str:
        """Take a leaf (32 bytes) in; its proof under the checkpoint that it makes."""
        with self._lock:
            for level, index, value in merkle.new_nodes(self._size, [merkle.leaf_hash(leaf_data)], self._read):
                self._nodes[level, index] = value
            self._size += 1
            head = self._head()
            return prove(self._size - 1, head, sign_checkpoint(head, self._key), self._read).text()

    def checkpoint(self) -> str:
        """The signed note of the whole log."""
        with self._lock:
            return sign_checkpoint(self._head(), self._key)

    def _head(self) -> Checkpoint:
        return Checkpoint(self._origin, self._size, merkle.root(self._size, self._read))

    def _read(self, level: int, index: int) -> bytes:
        return self._nodes[level, index]
