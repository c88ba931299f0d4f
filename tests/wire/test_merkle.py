"""Hashes, roots and proofs against the definition of RFC 9162 2.1 and the vectors of its predecessor."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privyseal_wire.errors import ProofRefused
from privyseal_wire.merkle import (
    EMPTY_ROOT,
    RootBuilder,
    fold_peaks,
    leaf_hash,
    node_hash,
    root_from_leaves,
    verify_consistency,
    verify_inclusion,
)

ROOTS = Path(__file__).parents[1] / "vectors" / "merkle_roots.json"


def split(count: int) -> int:
    return 1 << (count - 1).bit_length() - 1


def tree_hash(leaves: Sequence[bytes]) -> bytes:
    """MTH of RFC 9162 2.1.1, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    middle = split(len(leaves))
    return hashlib.sha256(b"\x01" + tree_hash(leaves[:middle]) + tree_hash(leaves[middle:])).digest()


def path(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """PATH of RFC 9162 2.1.3.1."""
    if len(leaves) == 1:
        return []
    middle = split(len(leaves))
    if index < middle:
        return [*path(index, leaves[:middle]), tree_hash(leaves[middle:])]
    return [*path(index - middle, leaves[middle:]), tree_hash(leaves[:middle])]


def subproof(size: int, leaves: Sequence[bytes], *, known: bool) -> list[bytes]:
    """SUBPROOF of RFC 9162 2.1.4.1."""
    if size == len(leaves):
        return [] if known else [tree_hash(leaves)]
    middle = split(len(leaves))
    if size <= middle:
        return [*subproof(size, leaves[:middle], known=known), tree_hash(leaves[middle:])]
    return [*subproof(size - middle, leaves[middle:], known=False), tree_hash(leaves[:middle])]


def proof(old: int, leaves: Sequence[bytes]) -> list[bytes]:
    return subproof(old, leaves, known=True) if old else []


@cache
def leaves(count: int) -> tuple[bytes, ...]:
    return tuple(leaf_hash(b"entry %d" % index) for index in range(count))


def test_known_roots() -> None:
    """The reference tree of Certificate Transparency (RFC 6962 has the same hashes)."""
    vectors = json.loads(ROOTS.read_text(encoding="utf-8"))
    hashes = [leaf_hash(bytes.fromhex(leaf)) for leaf in vectors["leaves"]]
    builder = RootBuilder()
    for size, root in enumerate(vectors["roots"]):
        assert root_from_leaves(hashes[:size]).hex() == tree_hash(hashes[:size]).hex() == root
        assert (builder.size, builder.root().hex()) == (size, root)
        if size < len(hashes):
            builder.append(hashes[size])


def test_leaves_and_nodes_are_told_apart() -> None:
    left, right = leaves(2)
    assert leaf_hash(left + right) != node_hash(left, right)
    assert fold_peaks([]) == EMPTY_ROOT


SIZES = st.integers(1, 70)


@given(SIZES, st.data())
def test_inclusion(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    all_leaves = leaves(size)
    verify_inclusion(all_leaves[index], index, size, path(index, all_leaves), tree_hash(all_leaves))


@given(SIZES, st.data())
def test_consistency(new: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(0, new))
    all_leaves = leaves(new)
    verify_consistency(old, tree_hash(all_leaves[:old]), new, tree_hash(all_leaves), proof(old, all_leaves))


def draw_change(data: st.DataObject, hashes: list[bytes]) -> list[bytes]:
    """The proof with one hash changed, dropped, doubled or added."""
    position = data.draw(st.integers(0, len(hashes)))
    if position == len(hashes):
        return [*hashes, data.draw(st.sampled_from([bytes(32), *hashes]))]
    return data.draw(
        st.sampled_from(
            [
                hashes[:position] + hashes[position + 1 :],
                hashes[: position + 1] + hashes[position:],
                [*hashes[:position], leaf_hash(hashes[position]), *hashes[position + 1 :]],
                [*hashes[:position], hashes[position][1:], *hashes[position + 1 :]],
            ]
        )
    )


@given(SIZES, st.data())
def test_a_changed_inclusion_proof_is_refused(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    all_leaves = leaves(size)
    changed = draw_change(data, path(index, all_leaves))
    with pytest.raises(ProofRefused):
        verify_inclusion(all_leaves[index], index, size, changed, tree_hash(all_leaves))


@given(SIZES, st.data())
def test_a_changed_consistency_proof_is_refused(new: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(0, new))
    all_leaves = leaves(new)
    changed = draw_change(data, proof(old, all_leaves))
    with pytest.raises(ProofRefused):
        verify_consistency(old, tree_hash(all_leaves[:old]), new, tree_hash(all_leaves), changed)


@given(SIZES, st.data())
def test_a_proof_holds_for_its_own_entry_only(size: int, data: st.DataObject) -> None:
    index, other = data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, size - 1))
    all_leaves = leaves(size)
    hashes, root = path(index, all_leaves), tree_hash(all_leaves)
    with pytest.raises(ProofRefused):
        verify_inclusion(leaf_hash(b"changed"), index, size, hashes, root)
    if other != index:
        with pytest.raises(ProofRefused):
            verify_inclusion(all_leaves[index], other, size, hashes, root)
    with pytest.raises(ProofRefused):
        verify_inclusion(all_leaves[index], index, size, hashes, leaf_hash(b"root"))


@given(SIZES, st.data())
def test_a_rewritten_log_is_not_consistent(new: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(1, new))
    changed = data.draw(st.integers(0, old - 1))
    rewritten = [*leaves(new)]
    rewritten[changed] = leaf_hash(b"rewritten")
    with pytest.raises(ProofRefused):
        verify_consistency(old, tree_hash(leaves(new)[:old]), new, tree_hash(rewritten), proof(old, rewritten))


@pytest.mark.parametrize(("index", "size"), [(0, 0), (1, 1), (-1, 1), (5, 3)])
def test_entries_outside_the_log(index: int, size: int) -> None:
    with pytest.raises(ProofRefused) as caught:
        verify_inclusion(leaves(1)[0], index, size, [], leaves(1)[0])
    assert caught.value.kind == "proof-range"


def test_a_proof_of_nothing() -> None:
    with pytest.raises(ProofRefused) as caught:
        verify_consistency(3, tree_hash(leaves(3)), 7, tree_hash(leaves(7)), [])
    assert caught.value.kind == "proof-length"


def test_a_log_does_not_shrink() -> None:
    for old, new in ((2, 1), (-1, 1)):
        with pytest.raises(ProofRefused) as caught:
            verify_consistency(old, leaves(1)[0], new, leaves(1)[0], [])
        assert caught.value.kind == "proof-range"


def test_empty_and_equal_logs() -> None:
    root = tree_hash(leaves(3))
    verify_consistency(0, EMPTY_ROOT, 3, root, [])
    verify_consistency(0, EMPTY_ROOT, 0, EMPTY_ROOT, [])
    verify_consistency(3, root, 3, root, [])
    for old, old_root, hashes in ((0, root, []), (3, EMPTY_ROOT, []), (0, EMPTY_ROOT, [root]), (3, root, [root])):
        with pytest.raises(ProofRefused):
            verify_consistency(old, old_root, 3, root, hashes)
    with pytest.raises(ProofRefused):
        verify_consistency(0, root, 0, EMPTY_ROOT, [])
