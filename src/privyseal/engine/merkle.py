"""The Merkle tree of a log over stored nodes (RFC 9162 2.1): growing it, its roots, its proofs.

Only complete subtrees are stored: the node of level L and number N covers the entries from N 2^L on, 2^L of them. They
never change once written, so a reader of nodes may cache them. Hashing and verifying stand in privyseal_wire.merkle,
where the other parties have them too; here nothing is verified.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from privyseal.model.errors import BadRequest
from privyseal_wire.merkle import EMPTY_ROOT, HASH_BYTES, fold_peaks, node_hash

ReadNode = Callable[[int, int], bytes]
"""Gives the 32-byte hash of the complete subtree of (level, number); the caller's own error when there is none."""


class Node(NamedTuple):
    """A complete subtree of 2^``level`` entries, the ``number``-th of its level; level 0 holds leaf hashes."""

    level: int
    number: int
    hash: bytes


class Growth(NamedTuple):
    """A log after new entries: its size, its root and the nodes to store, each once and in the order of completion."""

    size: int
    root: bytes
    nodes: list[Node]


def append_leaves(size: int, leaf_hashes: Sequence[bytes], read: ReadNode) -> Growth:
    """Return the log of ``size`` entries after these leaf hashes.

    Reads one node per bit set in ``size``, makes at most two nodes per leaf. Raises BadRequest ``log-range`` for a
    negative size, ``log-leaf`` for a hash that has not 32 bytes.
    """
    if any(len(leaf) != HASH_BYTES for leaf in leaf_hashes):
        raise BadRequest("log-leaf", f"A leaf hash has {HASH_BYTES} bytes.")
    peaks = [read(level, number) for level, number in _peaks(0, _require_size(size))]
    nodes: list[Node] = []
    for index, leaf in enumerate(leaf_hashes, start=size):
        node, position, level = leaf, index, 0
        nodes.append(Node(0, index, leaf))
        while position & 1:
            node = node_hash(peaks.pop(), node)
            position >>= 1
            level += 1
            nodes.append(Node(level, position, node))
        peaks.append(node)
    return Growth(size + len(leaf_hashes), fold_peaks(peaks), nodes)


def root_at(size: int, read: ReadNode) -> bytes:
    """Return the root of the first ``size`` entries; raises BadRequest ``log-range`` for a negative size."""
    return _range_hash(0, _require_size(size), read) if size else EMPTY_ROOT


def inclusion_proof(index: int, size: int, read: ReadNode) -> tuple[bytes, ...]:
    """Return the proof that entry ``index`` is in the log of ``size`` entries, lowest hash first (RFC 9162 2.1.3.1).

    Raises BadRequest ``log-range`` when it is not.
    """
    if not 0 <= index < size:
        raise BadRequest("log-range", f"Entry {index} is not in a log of {size} entries.")
    proof: list[bytes] = []
    low, high = 0, size
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            proof.append(_range_hash(middle, high, read))
            high = middle
        else:
            proof.append(_range_hash(low, middle, read))
            low = middle
    return tuple(reversed(proof))


def consistency_proof(old_size: int, new_size: int, read: ReadNode) -> tuple[bytes, ...]:
    """Return the proof that the log of ``new_size`` begins with the log of ``old_size`` (RFC 9162 2.1.4.1).

    It is empty for ``old_size`` 0 and for equal sizes. Raises BadRequest ``log-range`` when the old log is larger.
    """
    if not 0 <= old_size <= new_size:
        raise BadRequest("log-range", f"A log of {new_size} entries cannot continue one of {old_size}.")
    if old_size in (0, new_size):
        return ()
    proof: list[bytes] = []
    low, high = 0, new_size
    while high != old_size:
        middle = low + _split(high - low)
        if old_size <= middle:
            proof.append(_range_hash(middle, high, read))
            high = middle
        else:
            proof.append(_range_hash(low, middle, read))
            low = middle
    if low:  # The old log is not itself a complete subtree whose hash the verifier has.
        proof.append(_range_hash(low, high, read))
    return tuple(reversed(proof))


def _require_size(size: int) -> int:
    if size < 0:
        raise BadRequest("log-range", "A log has no negative number of entries.")
    return size


def _split(count: int) -> int:
    # RFC 9162 2.1.1: the largest power of two smaller than the number of entries.
    return 1 << (count - 1).bit_length() - 1


def _peaks(low: int, high: int) -> list[tuple[int, int]]:
    # The complete subtrees of the entries from low to before high, largest first; low is a multiple of the largest.
    peaks = []
    while low < high:
        level = (high - low).bit_length() - 1
        peaks.append((level, low >> level))
        low += 1 << level
    return peaks


def _range_hash(low: int, high: int, read: ReadNode) -> bytes:
    return fold_peaks([read(level, number) for level, number in _peaks(low, high)])
