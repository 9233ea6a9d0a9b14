"""Many answers under one receipt: the receipt holds the root of a Merkle tree, each answer its text and its path.

An answer is one JSON text, exactly as it was sent; its leaf is the SHA-256 of 0x00 and the text in UTF-8 (RFC 6962).
It holds a salt of its own, so that a neighbour's hash in a path tells nothing. Whoever keeps one answer keeps its text,
its place and path and the receipt, and needs none of the others.

Example:
    >>> bundle = bundle_of(['{"code":"valid","salt":"aa"}', '{"code":"expired","salt":"bb"}'])
    >>> holds(bundle.answers[1], 1, {"root": bundle.root, "size": 2})
    True
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from certificates import compact, merkle

MOST: Final = 1_000
"""Answers in one batch."""

_HASH: Final = 32


@dataclass(frozen=True)
class MemberAnswer:
    """One answer of a batch.

    Attributes:
        content: JSON text, byte for byte what the leaf was made of.
        path: base64url of the path's hashes, from the leaf up, one after the other.
    """

    content: str
    path: str

    def members(self) -> Mapping[str, Any]:
        """The content, read. Raises compact.NotCompact if it is no strict JSON object."""
        return compact.parse_object(self.content.encode())


@dataclass(frozen=True)
class Bundle:
    """The answers of a batch, and what its receipt says of them.

    Attributes:
        root: base64url of the tree's root.
    """

    root: str
    answers: Sequence[MemberAnswer]

    def text(self) -> bytes:
        """As it is kept and sent: a JSON array of objects with `content` and `path`."""
        listed = [{"content": answer.content, "path": answer.path} for answer in self.answers]
        return json.dumps(listed, ensure_ascii=False, separators=(",", ":")).encode()


def bundle_of(contents: Sequence[str]) -> Bundle:
    """The bundle of these answers.

    Raises:
        ValueError: None, or more than ``MOST``.
    """
    if not 0 < len(contents) <= MOST:
        raise ValueError("a batch has 1 to 1,000 answers")
    tree = merkle.levels([merkle.leaf_hash(content.encode()) for content in contents])
    answers = [
        MemberAnswer(content, compact.encode(b"".join(merkle.path_in(tree, index))))
        for index, content in enumerate(contents)
    ]
    return Bundle(compact.encode(tree[-1][0]), answers)


def holds(answer: MemberAnswer, index: int, told: Mapping[str, Any]) -> bool:
    """Whether an answer is the one at this place of the batch whose receipt tells `root` and `size`."""
    try:
        path, root = compact.decode(answer.path), compact.decode(str(told["root"]))
    except (compact.NotCompact, KeyError):
        return False
    size = told.get("size")
    if type(size) is not int or not 0 <= index < size or len(path) % _HASH:
        return False
    steps = [path[start : start + _HASH] for start in range(0, len(path), _HASH)]
    return merkle.verify_inclusion(merkle.leaf_hash(answer.content.encode()), index, size, steps, root)
