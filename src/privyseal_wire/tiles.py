"""C2SP tlog-tiles: the log as static files of height 8, their paths and their bytes.

The format of https://c2sp.org/tlog-tiles. A tile of level L and index N holds the hashes of tree level 8 L from 256 N
on; the right-most one of a level is partial. Entry bundles hold 256 entries, each after a two-byte length. Paths are
relative to the log's prefix. Writing the files is the service's work.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from privyseal_wire.errors import TileRefused
from privyseal_wire.merkle import HASH_BYTES

TILE_HEIGHT = 8
TILE_WIDTH = 256
MAX_LEVEL = 63
MAX_ENTRY_BYTES = 65_535

_LENGTH = struct.Struct(">H")
_PATH = re.compile(r"tile/(entries|0|[1-9][0-9]?)/((?:x[0-9]{3}/)*)([0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")


@dataclass(frozen=True, slots=True)
class Tile:
    """One file of the log. ``level`` is None for an entry bundle; ``width`` is 256, or less for a partial tile."""

    level: int | None
    index: int
    width: int = TILE_WIDTH

    @property
    def first(self) -> int:
        """The position, on the tree level of the tile, of its first hash (or of the first entry of a bundle)."""
        return self.index * TILE_WIDTH

    def path(self) -> str:
        """Return where the file stands below the log, such as ``tile/0/x001/234.p/17``."""
        groups = [f"{self.index % 1000:03}"]
        rest = self.index // 1000
        while rest:
            groups.append(f"x{rest % 1000:03}")
            rest //= 1000
        level = "entries" if self.level is None else str(self.level)
        partial = "" if self.width == TILE_WIDTH else f".p/{self.width}"
        return f"tile/{level}/{'/'.join(reversed(groups))}{partial}"


def parse_path(path: str) -> Tile:
    """Return the tile that a path names; raises TileRefused ``tile-path`` for any other text."""
    match = _PATH.fullmatch(path)
    if match:
        level, higher, lowest, width = match.groups()
        index = int(higher.replace("x", "").replace("/", "") + lowest)
        tile = Tile(None if level == "entries" else int(level), index, int(width or TILE_WIDTH))
        if (tile.level or 0) <= MAX_LEVEL and tile.width <= TILE_WIDTH and tile.path() == path:
            return tile
    raise TileRefused("tile-path", "This is not the path of a tile (C2SP tlog-tiles).")


def tiles_between(old_size: int, new_size: int) -> Iterator[Tile]:
    """Give every tile and entry bundle to write when a log grows: full ones that were not full, and the partial ones.

    Sizes count entries. From size 0 it gives all tiles of the new log.
    """
    for level in (None, *range((new_size.bit_length() + TILE_HEIGHT - 1) // TILE_HEIGHT)):
        shift = TILE_HEIGHT * (level or 0)
        old, new = old_size >> shift, new_size >> shift
        if new == old:
            continue
        for index in range(old // TILE_WIDTH, new // TILE_WIDTH):
            yield Tile(level, index)
        if new % TILE_WIDTH:
            yield Tile(level, new // TILE_WIDTH, new % TILE_WIDTH)


def encode_tile(hashes: Sequence[bytes]) -> bytes:
    """Return the bytes of a tile of 1 to 256 hashes; raises TileRefused ``tile-bytes``."""
    if not 1 <= len(hashes) <= TILE_WIDTH or any(len(item) != HASH_BYTES for item in hashes):
        raise TileRefused("tile-bytes", f"A tile holds 1 to {TILE_WIDTH} hashes of {HASH_BYTES} bytes.")
    return b"".join(hashes)


def decode_tile(data: bytes, width: int) -> tuple[bytes, ...]:
    """Return the ``width`` hashes of a tile; raises TileRefused ``tile-bytes`` when it does not hold exactly these."""
    if not 1 <= width <= TILE_WIDTH or len(data) != width * HASH_BYTES:
        raise TileRefused("tile-bytes", f"The tile has {len(data):,} bytes; {width} hashes have {width * HASH_BYTES:,}.")
    return tuple(data[start : start + HASH_BYTES] for start in range(0, len(data), HASH_BYTES))


def encode_bundle(entries: Sequence[bytes]) -> bytes:
    """Return the bytes of a bundle of 1 to 256 entries; raises TileRefused ``tile-bytes``."""
    if not 1 <= len(entries) <= TILE_WIDTH or any(len(entry) > MAX_ENTRY_BYTES for entry in entries):
        raise TileRefused("tile-bytes", f"A bundle holds 1 to {TILE_WIDTH} entries of at most {MAX_ENTRY_BYTES:,} bytes.")
    return b"".join(_LENGTH.pack(len(entry)) + entry for entry in entries)


def decode_bundle(data: bytes, width: int) -> tuple[bytes, ...]:
    """Return the ``width`` entries of a bundle; raises TileRefused ``tile-bytes`` when it does not hold exactly these."""
    entries: list[bytes] = []
    position = 0
    while position < len(data) and len(entries) < width:
        start = position + _LENGTH.size
        length = int.from_bytes(data[position:start], "big")
        position = start + length
        entries.append(data[start:position])
    if position != len(data) or len(entries) != width or not 1 <= width <= TILE_WIDTH:
        raise TileRefused("tile-bytes", f"The bundle does not hold exactly {width} whole entries.")
    return tuple(entries)
