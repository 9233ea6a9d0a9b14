"""The ledger's Merkle tree (RFC 6962, section 2.1): hashes, roots, proofs, and their verification.

Only nodes over complete subtrees are stored: node ``(level, index)`` covers the leaves from ``index * 2**level`` on,
``2**level`` of them, and never changes once it is there. Whatever else a tree of some size needs is computed from them.
A caller gives a reader of stored nodes; the functions read at most two nodes for each level.

Example:
    >>> nodes = {}
    >>> read = lambda level, index: nodes[level, index]
    >>> for level, index, value in new_nodes(0, [leaf_hash(b"a"), leaf_hash(b"b")], read):
    ...     nodes[level, index] = value
    >>> verify_inclusion(leaf_hash(b"b"), 1, 2, inclusion_proof(1, 2, read), root(2, read))
    True
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256

NodeReader = Callable[[int, int], bytes]
"""Level and index to the stored node's 32 bytes."""

EMPTY_ROOT = sha256(b"").digest()
"""Root of the tree without leaves."""


def leaf_hash(data: bytes) -> bytes:
    """Hash of one leaf's data: SHA-256 of 0x00 and the data."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node: SHA-256 of 0x01, left and right."""
    return sha256(b"\x01" + left + right).digest()


NodeHash = Callable[[bytes, bytes], bytes]


def levels(leaf_hashes: Sequence[bytes], node: NodeHash = node_hash) -> list[list[bytes]]:
    """All levels of a tree that is whole in memory, leaves first; a node without a neighbour rises as it is."""
    found = [list(leaf_hashes)]
    while len(found[-1]) > 1:
        below = found[-1]
        pairs = zip(below[::2], below[1::2], strict=False)
        found.append([node(left, right) for left, right in pairs] + below[len(below) & ~1 :])
    return found


def path_in(tree: Sequence[Sequence[bytes]], index: int) -> list[bytes]:
    """The audit path of a leaf in such a tree, from the leaf up."""
    path = []
    for level in tree[:-1]:
        if index ^ 1 < len(level):
            path.append(level[index ^ 1])
        index //= 2
    return path


def new_nodes(size: int, leaf_hashes: Iterable[bytes], read: NodeReader) -> list[tuple[int, int, bytes]]:
    """The nodes (level, index, hash) that become complete when leaves are appended to a tree of ``size`` leaves.

    ``read`` is asked only for nodes that were complete before.
    """
    made: dict[tuple[int, int], bytes] = {}
    for position, value in enumerate(leaf_hashes, start=size):
        level, index, node = 0, position, value
        made[level, index] = node
        while index % 2:
            left = made.get((level, index - 1)) or read(level, index - 1)
            level, index, node = level + 1, index // 2, node_hash(left, node)
            made[level, index] = node
    return [(level, index, value) for (level, index), value in made.items()]


def root(size: int, read: NodeReader) -> bytes:
    """Root hash of the tree of the first ``size`` leaves."""
    return _range_hash(0, size, read) if size else EMPTY_ROOT


def inclusion_proof(index: int, size: int, read: NodeReader) -> list[bytes]:
    """The audit path (RFC 6962, 2.1.1) of a leaf in the tree of the first ``size`` leaves, from the leaf up.

    Raises:
        ValueError: There is no such leaf.
    """
    if not 0 <= index < size:
        raise ValueError("no such leaf in a tree of that size")
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(_range_hash(middle, end, read))
            end = middle
        else:
            path.append(_range_hash(start, middle, read))
            start = middle
    return path[::-1]


def inclusion_texts(places: Iterable[int], size: int, read: NodeReader, told: Callable[[bytes], str]) -> dict[int, str]:
    """The audit paths of many leaves as texts, by place: each node told by itself, from the leaf up.

    Leaves that stand together share most of their paths: each shared part is computed and told once for all of them.

    Raises:
        ValueError: There is no such leaf.

    Example:
        >>> inclusion_texts([0, 1], 3, lambda level, index: bytes([level, index]), lambda node: node.hex() + ";")
        {0: '0001;0002;', 1: '0000;0002;'}
    """
    wanted = sorted(set(places))
    if wanted and not (wanted[0] >= 0 and wanted[-1] < size):
        raise ValueError("no such leaf in a tree of that size")
    found: dict[int, str] = {}
    # first and last of those wanted, the range of leaves below a node, and what stands above that node
    below = [(0, len(wanted), 0, size, "")] if wanted else []
    while below:
        first, last, start, end, above = below.pop()
        if end - start == 1:
            found[wanted[first]] = above
            continue
        middle = start + _split(end - start)
        parted = bisect_left(wanted, middle, first, last)
        if parted < last:
            below.append((parted, last, middle, end, told(_range_hash(start, middle, read)) + above))
        if first < parted:
            below.append((first, parted, start, middle, told(_range_hash(middle, end, read)) + above))
    return found


def consistency_proof(old: int, new: int, read: NodeReader) -> list[bytes]:
    """The proof (RFC 6962, 2.1.2) that the tree of ``new`` leaves begins with the tree of ``old`` leaves.

    Raises:
        ValueError: Not ``0 < old <= new``.
    """
    if not 0 < old <= new:
        raise ValueError("a consistency proof leads from a tree with leaves to one that is not smaller")
    path: list[bytes] = []
    start, end, whole = 0, new, True
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            path.append(_range_hash(middle, end, read))
            end = middle
        else:
            path.append(_range_hash(start, middle, read))
            start, whole = middle, False
    if not whole:
        path.append(_range_hash(start, end, read))
    return path[::-1]


def nodes_of(compute: Callable[[NodeReader], object]) -> list[tuple[int, int]]:
    """Which stored nodes a computation reads, so that a store can fetch them in one query.

    Example:
        >>> nodes_of(lambda read: root(5, read))
        [(2, 0), (0, 4)]
    """
    asked: list[tuple[int, int]] = []

    def note(level: int, index: int) -> bytes:
        asked.append((level, index))
        return EMPTY_ROOT

    compute(note)
    return asked


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root_hash: bytes) -> bool:
    """Whether an audit path leads from a leaf's hash to the root (RFC 9162, 2.1.3.2)."""
    return root_above(leaf, index, size, proof) == root_hash


def root_above(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], node: Callable[[bytes, bytes], bytes] = node_hash
) -> bytes | None:
    """The root to which an audit path leads from a leaf's hash; None if the path is not one of that leaf and tree.

    ``node`` hashes inner nodes, for trees with another digest than the ledger's.
    """
    if not 0 <= index < size or any(len(step) != sha256().digest_size for step in (leaf, *proof)):
        return None
    place, last, current = index, size - 1, leaf
    for step in proof:
        if last == 0:
            return None
        if place % 2 or place == last:
            current = node(step, current)
            while place and not place % 2:
                place, last = place // 2, last // 2
        else:
            current = node(current, step)
        place, last = place // 2, last // 2
    return current if last == 0 else None


def verify_consistency(old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> bool:
    """Whether the tree of ``new`` leaves begins with the tree of ``old`` leaves (RFC 9162, 2.1.4.2)."""
    if old == new:
        return old > 0 and not proof and old_root == new_root  # nothing is consistent with an empty tree
    if not 0 < old < new or any(len(node) != sha256().digest_size for node in proof):
        return False
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    if not path:
        return False
    return _climb(old - 1, new - 1, path) == (old_root, new_root)


def _climb(place: int, last: int, path: Sequence[bytes]) -> tuple[bytes, bytes] | None:
    while place % 2:
        place, last = place // 2, last // 2
    older = newer = path[0]
    for node in path[1:]:
        if last == 0:
            return None
        if place % 2 or place == last:
            older, newer = node_hash(node, older), node_hash(node, newer)
            while place and not place % 2:
                place, last = place // 2, last // 2
        else:
            newer = node_hash(newer, node)
        place, last = place // 2, last // 2
    return (older, newer) if last == 0 else None


def _split(width: int) -> int:
    """The largest power of two below a width of at least 2."""
    return 1 << ((width - 1).bit_length() - 1)


def _range_hash(start: int, end: int, read: NodeReader) -> bytes:
    """Hash over the leaves from ``start`` to before ``end``; ``start`` is a multiple of the width's power of two."""
    width = end - start
    if width & (width - 1) == 0:
        level = width.bit_length() - 1
        return read(level, start >> level)
    middle = start + _split(width)
    return node_hash(_range_hash(start, middle, read), _range_hash(middle, end, read))
