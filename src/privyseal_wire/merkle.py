"""The Merkle tree of RFC 9162 2.1 with SHA-256, as its verifier sees it: hashes, roots, proofs.

Building a tree over stored nodes and making proofs is the service's work (privyseal.engine.merkle). Every hash is 32
bytes; a proof is a sequence of hashes, lowest first, as Go's sumdb/tlog and RFC 9162 order them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from privyseal_wire.errors import ProofRefused

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()  # RFC 9162 2.1.1: the hash of an empty list is the hash of an empty string.


def leaf_hash(entry: bytes) -> bytes:
    """Return SHA-256(0x00 || entry)."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return SHA-256(0x01 || left || right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class RootBuilder:
    """Computes the root of leaves that come one after the other, keeping one hash per level.

    Appending costs one to two hashes on average.
    """

    __slots__ = ("_peaks", "_size")

    def __init__(self) -> None:
        """Start with the empty tree."""
        self._peaks: list[bytes] = []  # Roots of the complete subtrees that make up the tree, largest first.
        self._size = 0

    @property
    def size(self) -> int:
        """How many leaves have been appended."""
        return self._size

    def append(self, leaf: bytes) -> None:
        """Add the hash of the next leaf."""
        position, node = self._size, leaf
        while position & 1:
            node = node_hash(self._peaks.pop(), node)
            position >>= 1
        self._peaks.append(node)
        self._size += 1

    def root(self) -> bytes:
        """Return the root over all leaves so far."""
        return fold_peaks(self._peaks)


def fold_peaks(peaks: Sequence[bytes]) -> bytes:
    """Return the root over complete subtrees, largest first; without any it is ``EMPTY_ROOT``."""
    if not peaks:
        return EMPTY_ROOT
    root = peaks[-1]
    for peak in reversed(peaks[:-1]):
        root = node_hash(peak, root)
    return root


def root_from_leaves(leaf_hashes: Iterable[bytes]) -> bytes:
    """Return the root over these leaf hashes; holds only one hash per level at a time."""
    builder = RootBuilder()
    for leaf in leaf_hashes:
        builder.append(leaf)
    return builder.root()


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Raise ProofRefused unless ``proof`` shows that the leaf hash stands at ``index`` in the tree of ``size`` leaves.

    RFC 9162 2.1.3.2. Kinds: ``proof-range``, ``proof-length``, ``proof-root``.
    """
    if not 0 <= index < size:
        raise ProofRefused("proof-range", f"Entry {index} is not in a log of {size} entries.")
    position, last, node = index, size - 1, leaf
    for sibling in _checked(proof):
        if last == 0:
            raise ProofRefused("proof-length", "The inclusion proof is longer than the tree is high.")
        if position & 1 or position == last:
            node = node_hash(sibling, node)
            position, last = _skip_left_edge(position, last)
        else:
            node = node_hash(node, sibling)
        position, last = position >> 1, last >> 1
    if last:
        raise ProofRefused("proof-length", "The inclusion proof is shorter than the tree is high.")
    if node != root:
        raise ProofRefused("proof-root", f"The inclusion proof of entry {index} does not lead to the root of the log.")


def verify_consistency(old_size: int, old_root: bytes, new_size: int, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Raise ProofRefused unless ``proof`` shows that the larger tree begins with all leaves of the smaller one.

    RFC 9162 2.1.4.2; for ``old_size`` 0 and for equal sizes the proof is empty. Kinds: ``proof-range``,
    ``proof-length``, ``proof-root``.
    """
    if not 0 <= old_size <= new_size:
        raise ProofRefused("proof-range", f"A log of {new_size} entries cannot continue one of {old_size}.")
    hashes = list(_checked(proof))
    if old_size in (0, new_size):
        if hashes:
            raise ProofRefused("proof-length", "The consistency proof has to be empty for these sizes.")
        if old_root != (new_root if old_size == new_size else EMPTY_ROOT):
            raise ProofRefused("proof-root", "The smaller log is not the beginning of the larger one.")
        return
    if old_size & (old_size - 1) == 0:
        hashes.insert(0, old_root)  # A complete subtree is a node of the new tree itself; the proof leaves it out.
    if _fold_consistency(old_size, new_size, hashes) != (old_root, new_root):
        raise ProofRefused("proof-root", "The smaller log is not the beginning of the larger one.")


def _fold_consistency(old_size: int, new_size: int, hashes: Sequence[bytes]) -> tuple[bytes, bytes]:
    # RFC 9162 2.1.4.2 steps 4 to 8: returns the roots of both trees that the hashes lead to.
    if not hashes:
        raise ProofRefused("proof-length", "The consistency proof is empty.")
    position, last = old_size - 1, new_size - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    old = new = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            raise ProofRefused("proof-length", "The consistency proof is longer than the tree is high.")
        if position & 1 or position == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            position, last = _skip_left_edge(position, last)
        else:
            new = node_hash(new, sibling)
        position, last = position >> 1, last >> 1
    if last:
        raise ProofRefused("proof-length", "The consistency proof is shorter than the tree is high.")
    return old, new


def _skip_left_edge(position: int, last: int) -> tuple[int, int]:
    # A right-most node without a right sibling has no partner on the levels above until it is a right child.
    while not position & 1 and position:
        position, last = position >> 1, last >> 1
    return position, last


def _checked(proof: Sequence[bytes]) -> Sequence[bytes]:
    if any(len(node) != HASH_BYTES for node in proof):
        raise ProofRefused("proof-length", f"A hash of the proof does not have {HASH_BYTES} bytes.")
    return proof
