"""The ledger's tree against another project's vectors, a plain recursive definition, and its own proofs."""

import base64
import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certificates.merkle import (
    EMPTY_ROOT,
    consistency_proof,
    inclusion_proof,
    inclusion_texts,
    leaf_hash,
    new_nodes,
    node_hash,
    nodes_of,
    root,
    verify_consistency,
    verify_inclusion,
)

VECTORS = Path(__file__).parents[3] / "shared" / "vectors" / "merkle" / "testdata"
MISSING = f"vectors of transparency-dev/merkle are not at {VECTORS}"
SIZES = st.integers(1, 200)


class Tree:
    """Stored nodes in a dictionary, grown in any portions."""

    def __init__(self, *portions: int) -> None:
        self.nodes: dict[tuple[int, int], bytes] = {}
        self.size = 0
        for portion in portions:
            self.grow(portion)

    def grow(self, portion: int) -> None:
        leaves = [leaf_hash(str(n).encode()) for n in range(self.size, self.size + portion)]
        for level, index, value in new_nodes(self.size, leaves, self.read):
            assert (level, index) not in self.nodes
            self.nodes[level, index] = value
        self.size += portion

    def read(self, level: int, index: int) -> bytes:
        return self.nodes[level, index]


WHOLE = Tree(256)


def plain_root(leaves: list[bytes]) -> bytes:
    """RFC 6962, 2.1, word for word."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaf_hash(leaves[0])
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    return node_hash(plain_root(leaves[:k]), plain_root(leaves[k:]))


@pytest.mark.parametrize("size", range(70))
def test_roots_are_those_of_the_definition(size: int) -> None:
    assert root(size, WHOLE.read) == plain_root([str(n).encode() for n in range(size)])


def test_empty() -> None:
    assert root(0, WHOLE.read) == EMPTY_ROOT
    assert new_nodes(5, [], WHOLE.read) == []


@given(st.lists(st.integers(0, 40), max_size=8))
def test_growing_in_portions_gives_the_same_nodes(portions: list[int]) -> None:
    assert Tree(*portions).nodes == Tree(sum(portions)).nodes


@given(SIZES, st.data())
def test_inclusion(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    proof, head = inclusion_proof(index, size, WHOLE.read), root(size, WHOLE.read)
    leaf = WHOLE.read(0, index)
    assert verify_inclusion(leaf, index, size, proof, head)
    assert not verify_inclusion(leaf_hash(b"another"), index, size, proof, head)
    assert not verify_inclusion(leaf, index, size, [*proof, head], head)
    assert not verify_inclusion(leaf, index, size, proof, leaf_hash(b"another"))
    if proof:
        assert not verify_inclusion(leaf, index, size, proof[:-1], head)
    for other in range(size):
        assert verify_inclusion(leaf, other, size, proof, head) == (other == index)


@given(SIZES, SIZES)
def test_consistency(one: int, two: int) -> None:
    old, new = sorted((one, two))
    proof = consistency_proof(old, new, WHOLE.read)
    old_root, new_root = root(old, WHOLE.read), root(new, WHOLE.read)
    assert verify_consistency(old, new, proof, old_root, new_root)
    if old < new:
        assert not verify_consistency(old, new, proof, leaf_hash(b"fork"), new_root)
        assert not verify_consistency(old, new, proof, old_root, leaf_hash(b"fork"))
        assert not verify_consistency(old, new, proof[:-1], old_root, new_root)
        assert not verify_consistency(old, new, [*proof, old_root], old_root, new_root)


@given(SIZES, st.data())
def test_the_nodes_of_a_computation_can_be_fetched_at_once(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    places = nodes_of(lambda read: inclusion_proof(index, size, read))
    fetched = {place: WHOLE.nodes[place] for place in places}
    assert len(places) <= 2 * size.bit_length()
    assert inclusion_proof(index, size, lambda *place: fetched[place]) == inclusion_proof(index, size, WHOLE.read)


def test_out_of_range() -> None:
    for index, size in ((0, 0), (1, 1), (-1, 4)):
        with pytest.raises(ValueError, match="no such leaf"):
            inclusion_proof(index, size, WHOLE.read)
    for old, new in ((0, 1), (3, 2)):
        with pytest.raises(ValueError, match="consistency"):
            consistency_proof(old, new, WHOLE.read)


def decoded(text: str | None) -> bytes:
    return base64.b64decode(text or "")


def inclusion_vector(case: dict[str, Any]) -> bool:
    proof = [decoded(node) for node in case["proof"] or []]
    return verify_inclusion(decoded(case["leafHash"]), case["leafIdx"], case["treeSize"], proof, decoded(case["root"]))


def consistency_vector(case: dict[str, Any]) -> bool:
    proof = [decoded(node) for node in case["proof"] or []]
    return verify_consistency(case["size1"], case["size2"], proof, decoded(case["root1"]), decoded(case["root2"]))


@pytest.mark.skipif(not VECTORS.is_dir(), reason=MISSING)
@pytest.mark.parametrize(
    ("folder", "verify", "least"), [("inclusion", inclusion_vector, 90), ("consistency", consistency_vector, 90)]
)
def test_vectors(folder: str, verify: Callable[[dict[str, Any]], bool], least: int) -> None:
    files = sorted((VECTORS / folder).rglob("*.json"))
    assert len(files) >= least
    wrong = []
    for file in files:
        case = json.loads(file.read_bytes())
        if verify(case) == case["wantErr"]:
            wrong.append(f"{file.relative_to(VECTORS)}: {case['desc']}")
    assert wrong == []


@given(st.integers(1, 256), st.data())
def test_paths_of_many_leaves_are_those_of_each(size: int, draw: st.DataObject) -> None:
    places = draw.draw(st.lists(st.integers(0, size - 1), max_size=40))
    alone = {place: "".join(node.hex() for node in inclusion_proof(place, size, WHOLE.read)) for place in places}
    assert inclusion_texts(places, size, WHOLE.read, bytes.hex) == alone


@pytest.mark.parametrize("places", [[-1], [7], [0, 7], [-1, 3]])
def test_many_leaves_of_which_one_is_not_there_have_no_paths(places: list[int]) -> None:
    with pytest.raises(ValueError, match="no such leaf"):
        inclusion_texts(places, 7, WHOLE.read, bytes.hex)
