"""The tree over stored nodes against the definition, and Go as the judge of its proofs."""

from __future__ import annotations

import time
from base64 import b64encode
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privyseal.engine.merkle import Node, append_leaves, consistency_proof, inclusion_proof, root_at
from privyseal.model.errors import BadRequest
from privyseal_wire.merkle import EMPTY_ROOT, leaf_hash, node_hash, root_from_leaves, verify_consistency, verify_inclusion
from tests.rigs.go_log_verifier.program import GoLogVerifier, build

SIZES = (1, 2, 3, 255, 256, 257, 1000)


@pytest.fixture(scope="module")
def go(tmp_path_factory: pytest.TempPathFactory) -> GoLogVerifier:
    return build(tmp_path_factory.mktemp("go"))


@cache
def leaves(count: int) -> tuple[bytes, ...]:
    return tuple(leaf_hash(b"entry %d" % index) for index in range(count))


class Nodes:
    """What a store keeps: each node once, never changed; counts how often it is asked."""

    def __init__(self) -> None:
        self.hashes: dict[tuple[int, int], bytes] = {}
        self.reads = 0

    def read(self, level: int, number: int) -> bytes:
        self.reads += 1
        return self.hashes[level, number]

    def keep(self, nodes: list[Node]) -> None:
        for node in nodes:
            assert (node.level, node.number) not in self.hashes
            self.hashes[node.level, node.number] = node.hash


@cache
def stored(size: int) -> Nodes:
    nodes = Nodes()
    nodes.keep(append_leaves(0, leaves(size), nodes.read).nodes)
    return nodes


@given(st.lists(st.integers(0, 40), max_size=6))
def test_growing_in_steps_is_growing_at_once(steps: list[int]) -> None:
    nodes, size = Nodes(), 0
    for step in steps:
        growth = append_leaves(size, leaves(size + step)[size:], nodes.read)
        nodes.keep(growth.nodes)
        size += step
        assert growth.size == size
        assert growth.root == root_from_leaves(leaves(size)) == root_at(size, nodes.read)
    whole = append_leaves(0, leaves(size), Nodes().read)
    assert nodes.hashes == {(node.level, node.number): node.hash for node in whole.nodes}


@given(st.integers(1, 300))
def test_exactly_the_complete_subtrees_are_stored(size: int) -> None:
    nodes = stored(size).hashes
    assert set(nodes) == {(level, number) for level in range(9) for number in range(size >> level)}
    for (level, number), value in nodes.items():
        if level:
            assert value == node_hash(nodes[level - 1, 2 * number], nodes[level - 1, 2 * number + 1])


@given(st.integers(1, 1000), st.data())
def test_proofs_hold_at_every_size(size: int, data: st.DataObject) -> None:
    nodes = stored(1000)
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, size))
    root = root_at(size, nodes.read)
    verify_inclusion(leaves(1000)[index], index, size, inclusion_proof(index, size, nodes.read), root)
    verify_consistency(old, root_at(old, nodes.read), size, root, consistency_proof(old, size, nodes.read))


def test_small_logs_completely() -> None:
    nodes = stored(40)
    for size in range(1, 41):
        root = root_at(size, nodes.read)
        assert root == root_from_leaves(leaves(size))
        for index in range(size):
            verify_inclusion(leaves(40)[index], index, size, inclusion_proof(index, size, nodes.read), root)
        for old in range(size + 1):
            verify_consistency(old, root_at(old, nodes.read), size, root, consistency_proof(old, size, nodes.read))


@given(st.integers(0, 1000), st.data())
def test_little_is_read(size: int, data: st.DataObject) -> None:
    nodes = stored(1000)
    nodes.reads = 0
    append_leaves(size, leaves(1000)[size : size + 1], nodes.read)
    assert nodes.reads == size.bit_count()
    if size:
        nodes.reads = 0
        inclusion_proof(data.draw(st.integers(0, size - 1)), size, nodes.read)
        assert nodes.reads <= 2 * size.bit_length()


def text(value: bytes) -> str:
    return b64encode(value).decode()


def test_go_verifies_the_proofs(go: GoLogVerifier, tmp_path: Path) -> None:
    nodes = stored(1000)
    inclusion, consistency = [], []
    for size in SIZES:
        root = root_at(size, nodes.read)
        for index in sorted({0, size // 2, size - 1}):
            hashes = [text(item) for item in inclusion_proof(index, size, nodes.read)]
            inclusion.append({"index": index, "size": size, "leaf": text(leaves(1000)[index]), "root": text(root), "proof": hashes})
        for old in (old for old in SIZES if old <= size):
            roots = {"old_root": text(root_at(old, nodes.read)), "new_root": text(root)}
            hashes = [text(item) for item in consistency_proof(old, size, nodes.read)]
            consistency.append({"old_size": old, "new_size": size, **roots, "proof": hashes})
    verdicts = go.verify_proofs({"inclusion": inclusion, "consistency": consistency}, tmp_path)
    assert verdicts == {"inclusion": [True] * len(inclusion), "consistency": [True] * len(consistency)}

    other = text(leaf_hash(b"changed"))
    changed = {
        "inclusion": [{**item, "leaf": other} for item in inclusion],
        "consistency": [{**item, "old_root": other} for item in consistency],
    }
    verdicts = go.verify_proofs(changed, tmp_path)
    assert verdicts == {"inclusion": [False] * len(inclusion), "consistency": [False] * len(consistency)}


@pytest.mark.parametrize(("index", "size"), [(0, 0), (3, 3), (-1, 3)])
def test_there_is_no_proof_of_what_is_not_there(index: int, size: int) -> None:
    with pytest.raises(BadRequest, match="not in a log") as caught:
        inclusion_proof(index, size, stored(3).read)
    assert caught.value.kind == "log-range"


@pytest.mark.parametrize(("old", "new"), [(3, 2), (-1, 2)])
def test_a_log_does_not_shrink(old: int, new: int) -> None:
    with pytest.raises(BadRequest, match="cannot continue"):
        consistency_proof(old, new, stored(3).read)


def test_a_log_has_no_negative_size() -> None:
    assert root_at(0, stored(1).read) == EMPTY_ROOT
    for call in (lambda: root_at(-1, stored(1).read), lambda: append_leaves(-1, (), stored(1).read)):
        with pytest.raises(BadRequest, match="negative"):
            call()


def test_leaves_are_hashes() -> None:
    with pytest.raises(BadRequest) as caught:
        append_leaves(0, [b"an entry, not its hash"], stored(1).read)
    assert caught.value.kind == "log-leaf"


def test_a_missing_node_is_the_error_of_its_store() -> None:
    with pytest.raises(KeyError):
        root_at(3, Nodes().read)


def test_appending_costs_microseconds() -> None:
    hashes = [leaf_hash(b"%d" % index) for index in range(20_000)]
    start = time.process_time()
    append_leaves(0, hashes, Nodes().read)
    assert (time.process_time() - start) / len(hashes) < 50e-6  # A few of these on an idle machine; the bound is for busy ones.
