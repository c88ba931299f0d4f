"""The audit export: JSON Lines of a whole log, and its verification against a checkpoint by somebody who trusts nobody.

One line is ``{"index": n, "leaf_hash": hex, "entry": text}``; ``entry`` is the stored RFC 8785 text. The auditor needs
the export, a checkpoint he got elsewhere (mail, a tile server) and the log's verifier key; with the published tiles a
difference is narrowed down to entries. Reads line by line and keeps 32 bytes per entry only when there are tiles.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from privyseal_wire.canonical import parse_json
from privyseal_wire.checkpoint import Checkpoint, open_checkpoint
from privyseal_wire.errors import CanonicalRefused, ExportRefused
from privyseal_wire.merkle import HASH_BYTES, RootBuilder, leaf_hash
from privyseal_wire.tiles import TILE_WIDTH, Tile, decode_tile

MAX_LINE_CHARACTERS = 1024 * 1024

ReadTile = Callable[[str], bytes | None]
"""Gives the bytes of the tile at a relative path of C2SP tlog-tiles, or None when there is none."""

_HEX_HASH = re.compile(r"[0-9a-f]{64}")
_KEYS = {"index", "leaf_hash", "entry"}


@dataclass(frozen=True, slots=True)
class ExportVerdict:
    """The export is the log: its first ``size`` entries have the root of the checkpoint.

    ``later_entries`` came after the checkpoint, whose root says nothing about them; ``sentence`` is for people.
    """

    origin: str
    size: int
    root: bytes
    later_entries: int
    sentence: str


def export_line(index: int, entry: bytes) -> str:
    """Return the line, without line break, of one stored entry; raises ExportRefused ``export-entry`` for bytes that are no text."""
    try:
        text = entry.decode()
    except UnicodeDecodeError as error:
        raise ExportRefused("export-entry", f"Entry {index} is not UTF-8 text and cannot be exported.", index=index) from error
    fields = {"index": index, "leaf_hash": leaf_hash(entry).hex(), "entry": text}
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))


def verify_export(lines: Iterable[str], checkpoint_note: str, vkey: str, tiles: ReadTile | None = None) -> ExportVerdict:
    """Return the verdict when every entry has its hash and together they have the root of the checkpoint.

    ``lines`` may end with line breaks. Raises NoteRefused when the checkpoint is not signed by ``vkey``, and
    ExportRefused: ``export-line``, ``export-gap``, ``export-duplicate``, ``export-order``, ``export-entry`` (names the
    entry whose hash differs), ``export-short``, ``export-root`` (with tiles: names the first differing range).
    """
    checkpoint = open_checkpoint(checkpoint_note, vkey)
    builder = RootBuilder()
    leaves = bytearray()
    read = 0
    for line in lines:
        leaf = _verify_line(line, read)
        if read < checkpoint.size:
            builder.append(leaf)
            if tiles is not None:
                leaves += leaf
        read += 1
    if read < checkpoint.size:
        sentence = f"The export ends before entry {read}, but the checkpoint of {checkpoint.origin} covers {checkpoint.size} entries."
        raise ExportRefused("export-short", sentence, index=read)
    if builder.root() != checkpoint.root:
        raise _differing(checkpoint, bytes(leaves), tiles)
    return _verdict(checkpoint, read - checkpoint.size)


def _verdict(checkpoint: Checkpoint, later: int) -> ExportVerdict:
    sentence = f"The {checkpoint.size} entries are the log {checkpoint.origin} as its checkpoint has it."
    if later:
        sentence += f" {later} entries came after the checkpoint; their own hashes are right, a later checkpoint has to cover them."
    return ExportVerdict(checkpoint.origin, checkpoint.size, checkpoint.root, later, sentence)


def _verify_line(line: str, expected: int) -> bytes:
    # Returns the leaf hash, computed from the entry; the one that is written down only tells which entry was changed.
    index, stated, entry = _read_line(line, expected)
    if index != expected:
        raise _out_of_place(index, expected)
    try:
        leaf = leaf_hash(entry.encode())
    except UnicodeEncodeError as error:
        raise _malformed(expected) from error
    if leaf.hex() != stated:
        sentence = f"In the export, entry {index} was changed: the hash of its text differs from the leaf hash that the export gives."
        raise ExportRefused("export-entry", sentence, index=index)
    return leaf


def _read_line(line: str, expected: int) -> tuple[int, str, str]:
    if len(line) > MAX_LINE_CHARACTERS:
        raise _malformed(expected)
    try:
        fields = parse_json(line.encode())
    except (CanonicalRefused, UnicodeEncodeError) as error:
        raise _malformed(expected) from error
    if not isinstance(fields, dict) or fields.keys() != _KEYS:
        raise _malformed(expected)
    index, stated, entry = fields["index"], fields["leaf_hash"], fields["entry"]
    if type(index) is not int or index < 0 or not isinstance(entry, str) or not isinstance(stated, str) or not _HEX_HASH.fullmatch(stated):
        raise _malformed(expected)
    return index, stated, entry


def _malformed(expected: int) -> ExportRefused:
    sentence = f"Line {expected + 1} of the export, where entry {expected} should be, is not an object of index, leaf_hash and entry."
    return ExportRefused("export-line", sentence, index=expected)


def _out_of_place(index: int, expected: int) -> ExportRefused:
    if index > expected:
        return ExportRefused("export-gap", f"In the export, entry {expected} is missing: entry {index} comes in its place.", index=expected)
    if index == expected - 1:
        return ExportRefused("export-duplicate", f"In the export, entry {index} is there twice.", index=index)
    return ExportRefused("export-order", f"In the export, entry {index} comes where entry {expected} should be.", index=expected)


def _differing(checkpoint: Checkpoint, leaves: bytes, tiles: ReadTile | None) -> ExportRefused:
    sentence = f"The export does not match the checkpoint of {checkpoint.origin}: its first {checkpoint.size} entries have another root."
    if tiles is None:
        return ExportRefused("export-root", f"{sentence} Give the published tiles to learn which entries differ.")
    return _against_tiles(sentence, checkpoint, leaves, tiles)


def _against_tiles(sentence: str, checkpoint: Checkpoint, leaves: bytes, tiles: ReadTile) -> ExportRefused:
    found, published_root, missing = _compare(checkpoint.size, leaves, tiles)
    if found is None and missing is None:
        return ExportRefused("export-root", f"{sentence} The tiles agree with the export, so they do not match the checkpoint either.")
    if found is None and missing is not None:
        sentence += f" The entries before {missing.start} agree with the tiles; the tile of {_name(missing)} is missing or damaged."
        return ExportRefused("export-root", sentence, index=missing.start)
    differing = found or range(0)
    sentence += f" First, {_name(differing)} {'differs' if len(differing) == 1 else 'differ'} from the published tiles"
    if published_root == checkpoint.root:
        sentence += ", which do match the checkpoint."
    elif missing is None:
        sentence += ", but the tiles do not match the checkpoint either, so it is open which of the two was changed."
    else:
        sentence += f"; the tile of {_name(missing)} is missing or damaged, so it is open which of the two was changed."
    return ExportRefused("export-root", sentence, index=differing.start)


def _compare(size: int, leaves: bytes, tiles: ReadTile) -> tuple[range | None, bytes | None, range | None]:
    # Returns the first run of leaf hashes that differ within one tile, the root of the tiles, the first missing tile.
    builder = RootBuilder()
    found: range | None = None
    for first in range(0, size, TILE_WIDTH):
        covered = range(first, min(first + TILE_WIDTH, size))
        hashes = _read_hashes(covered, tiles)
        if hashes is None:
            return found, None, covered
        if found is None:
            found = _first_run(
                [index for index in covered if leaves[index * HASH_BYTES : (index + 1) * HASH_BYTES] != hashes[index - first]]
            )
        for item in hashes:
            builder.append(item)
    return found, builder.root(), None


def _read_hashes(covered: range, tiles: ReadTile) -> tuple[bytes, ...] | None:
    # A log that grew since may have kept only the full tile; it begins with the partial one.
    tile = Tile(0, covered.start // TILE_WIDTH, len(covered))
    for candidate in (tile, Tile(0, tile.index)):
        data = tiles(candidate.path())
        if data is not None and len(data) == candidate.width * HASH_BYTES:
            return decode_tile(data, candidate.width)[: len(covered)]
    return None


def _first_run(indexes: list[int]) -> range | None:
    if not indexes:
        return None
    end = indexes[0] + 1
    for index in indexes[1:]:
        if index != end:
            break
        end += 1
    return range(indexes[0], end)


def _name(entries: range) -> str:
    return f"entry {entries.start}" if len(entries) == 1 else f"entries {entries.start} to {entries[-1]}"
