"""Tiles: the paths and bytes of C2SP tlog-tiles, read by Go's tile reader."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from privyseal.engine.merkle import Growth, append_leaves
from privyseal_wire.checkpoint import Checkpoint, sign_checkpoint
from privyseal_wire.errors import TileRefused
from privyseal_wire.merkle import leaf_hash
from privyseal_wire.note import make_vkey
from privyseal_wire.tiles import (
    MAX_ENTRY_BYTES,
    MAX_LEVEL,
    TILE_WIDTH,
    Tile,
    decode_bundle,
    decode_tile,
    encode_bundle,
    encode_tile,
    parse_path,
    tiles_between,
)
from tests.rigs.go_log_verifier.program import GoLogVerifier, build

KEY = Ed25519PrivateKey.from_private_bytes(b"\x05" * 32)
ORIGIN = "tiles.test/provider"


@pytest.fixture(scope="module")
def go(tmp_path_factory: pytest.TempPathFactory) -> GoLogVerifier:
    return build(tmp_path_factory.mktemp("go"))


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 0), "tile/0/000"),
        (Tile(0, 0, 1), "tile/0/000.p/1"),
        (Tile(3, 999, 255), "tile/3/999.p/255"),
        (Tile(0, 1000), "tile/0/x001/000"),
        (Tile(0, 1_234_067), "tile/0/x001/x234/067"),
        (Tile(None, 1_234_067, 17), "tile/entries/x001/x234/067.p/17"),
        (Tile(63, 5), "tile/63/005"),
    ],
)
def test_paths(tile: Tile, path: str) -> None:
    assert tile.path() == path
    assert parse_path(path) == tile
    assert tile.first == tile.index * 256


@given(st.none() | st.integers(0, MAX_LEVEL), st.integers(0, 2**50), st.integers(1, TILE_WIDTH))
def test_paths_are_read_back(level: int | None, index: int, width: int) -> None:
    tile = Tile(level, index, width)
    assert parse_path(tile.path()) == tile


@pytest.mark.parametrize(
    "path",
    [
        "",
        "tile/0",
        "tile/0/0",
        "tile/00/000",
        "tile/64/000",
        "tile/-1/000",
        "tile/0/x000/001",
        "tile/0/001/002",
        "tile/0/x001",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/0/000.p/999",
        "tile/0/000/../001",
        "/tile/0/000",
        "tile/0/000\n",
        "tile/data/000",
        "tile/0/٠٠٠",
    ],
)
def test_other_paths_are_refused(path: str) -> None:
    with pytest.raises(TileRefused) as caught:
        parse_path(path)
    assert caught.value.kind == "tile-path"


@given(st.text(max_size=30))
def test_any_text_is_a_path_or_refused(text: str) -> None:
    with suppress(TileRefused):
        assert parse_path(text).path() == text


SIZES = [0, 1, 255, 256, 257, 512, 1000, 65_535, 65_536, 65_537, 70_000]


@pytest.mark.parametrize(("old", "new"), [(old, new) for old in SIZES for new in SIZES if old <= new])
def test_growth_needs_the_tiles_that_go_names(go: GoLogVerifier, old: int, new: int) -> None:
    """Go names partial tiles of every width in between; the widest of each is the one to write, unless it was there."""
    widest: dict[tuple[int | None, int], int] = {}
    for path in go.run("paths", str(old), str(new)).stdout.split():
        tile = parse_path(path)
        widest[tile.level, tile.index] = max(tile.width, widest.get((tile.level, tile.index), 0))
    expected = [
        Tile(level, index, width).path() for (level, index), width in widest.items() if width != (old >> 8 * (level or 0)) - 256 * index
    ]
    hash_tiles = [tile.path() for tile in tiles_between(old, new) if tile.level is not None]
    assert hash_tiles == expected
    bundles = [tile.path().replace("entries", "0") for tile in tiles_between(old, new) if tile.level is None]
    assert bundles == [path for path in hash_tiles if path.startswith("tile/0/")]


@given(st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=TILE_WIDTH))
def test_tiles_are_read_back(hashes: list[bytes]) -> None:
    data = encode_tile(hashes)
    assert decode_tile(data, len(hashes)) == tuple(hashes)
    for changed in (data + b"x", data[:-1], b""):
        with pytest.raises(TileRefused):
            decode_tile(changed, len(hashes))


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=20))
def test_bundles_are_read_back(entries: list[bytes]) -> None:
    data = encode_bundle(entries)
    assert decode_bundle(data, len(entries)) == tuple(entries)
    for changed, width in ((data + b"x", len(entries)), (data[:-1], len(entries)), (data, len(entries) + 1), (data, len(entries) - 1)):
        with pytest.raises(TileRefused):
            decode_bundle(changed, width)


@given(st.binary(max_size=600), st.integers(-1, 300))
def test_any_bytes_are_a_bundle_or_refused(data: bytes, width: int) -> None:
    with suppress(TileRefused):
        assert encode_bundle(decode_bundle(data, width)) == data


def test_limits() -> None:
    assert decode_bundle(encode_bundle([bytes(MAX_ENTRY_BYTES)]), 1) == (bytes(MAX_ENTRY_BYTES),)
    for entries in ([], [b""] * 257, [bytes(MAX_ENTRY_BYTES + 1)]):
        with pytest.raises(TileRefused):
            encode_bundle(entries)
    for hashes in ([], [bytes(32)] * 257, [bytes(31)]):
        with pytest.raises(TileRefused):
            encode_tile(hashes)
    for width in (0, 257):
        with pytest.raises(TileRefused):
            decode_tile(bytes(32 * width), width)


def write_log(folder: Path, entries: list[bytes], steps: list[int]) -> Growth:
    """The log as static files, written step by step as it grows."""
    nodes: dict[tuple[int, int], bytes] = {}

    def read(level: int, number: int) -> bytes:
        return nodes[level, number]

    growth = Growth(0, b"", [])
    for step in steps:
        old = growth.size
        growth = append_leaves(old, [leaf_hash(entry) for entry in entries[old:step]], read)
        nodes |= {(node.level, node.number): node.hash for node in growth.nodes}
        for tile in tiles_between(old, growth.size):
            positions = range(tile.first, tile.first + tile.width)
            if tile.level is None:
                data = encode_bundle([entries[position] for position in positions])
            else:
                data = encode_tile([nodes[8 * tile.level, position] for position in positions])
            file = folder / tile.path()
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
    (folder / "checkpoint").write_text(sign_checkpoint(Checkpoint(ORIGIN, growth.size, growth.root), KEY), encoding="utf-8")
    (folder / "vkey").write_text(make_vkey(ORIGIN, KEY.public_key()), encoding="utf-8")
    return growth


@pytest.mark.parametrize("steps", [[1], [255, 256], [1, 3, 257], [100, 600, 1000]], ids=str)
def test_go_reads_our_tiles(go: GoLogVerifier, tmp_path: Path, steps: list[int]) -> None:
    entries = [b'{"entry":%d}' % index for index in range(steps[-1])]
    write_log(tmp_path, entries, steps)
    result = go.run("tiles", tmp_path, tmp_path / "checkpoint", tmp_path / "vkey")
    assert (result.returncode, result.stdout) == (0, f"ok {steps[-1]}\n"), result.stderr
    last = [tile for tile in tiles_between(0, steps[-1]) if tile.level is None][-1]
    bundle = tmp_path / last.path()
    bundle.write_bytes(bundle.read_bytes()[:-2] + b"x}")
    result = go.run("tiles", tmp_path, tmp_path / "checkpoint", tmp_path / "vkey")
    assert (result.returncode, result.stderr) == (1, f"entry {steps[-1] - 1} differs from its tile\n")
