"""The public files of the audit logs: hash tiles and checkpoints (C2SP tlog-tiles), and their off-host copies.

Files are written after the commit and can always be written again from the database; a checkpoint is written after
its tiles, by rename. The copies under ``copies`` are what a shorter database is found out by.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from privyseal_wire.checkpoint import Checkpoint
from privyseal_wire.tiles import TILE_HEIGHT, TILE_WIDTH, encode_tile, tiles_between

ReadNode = Callable[[int, int], bytes]


class LogFiles:
    """Writes ``<directory>/<log>/checkpoint`` and ``tile/...``, and ``<copy>/<log>.checkpoint`` for each copy directory."""

    def __init__(self, directory: Path, copies: tuple[Path, ...]) -> None:
        self._directory = directory
        self._copies = copies
        self._read: dict[Path, tuple[int, int]] = {}

    def written_size(self, log: str) -> int:
        """Return the size of the checkpoint that was last written, 0 before the first."""
        try:
            return _checkpoint_of((self._directory / log / "checkpoint").read_text()).size
        except FileNotFoundError:
            return 0

    def write(self, log: str, size: int, note: str, read_node: ReadNode) -> None:
        """Write the tiles that are new since the last checkpoint, then the checkpoint, then its copies."""
        folder = self._directory / log
        for tile in tiles_between(self.written_size(log), size):
            if tile.level is None:
                continue  # Entries are for the organization's auditor only; the export gives them.
            first = tile.index * TILE_WIDTH
            hashes = [read_node(tile.level * TILE_HEIGHT, first + offset) for offset in range(tile.width)]
            _write(folder / tile.path(), encode_tile(hashes))
        _write(folder / "checkpoint", note.encode())
        for copy in self._copies:
            _write(copy / f"{log}.checkpoint", note.encode())

    def notes(self) -> Iterator[tuple[str, str]]:
        """Yield (log, note) of every checkpoint that lies here or in a copy directory."""
        for path in sorted(self._directory.glob("*/checkpoint")):
            yield path.parent.name, path.read_text()
        for copy in self._copies:
            for path in sorted(copy.glob("*.checkpoint")):
                yield path.name.removesuffix(".checkpoint"), path.read_text()

    def new_notes(self) -> list[tuple[str, str]]:
        """Return (log, note) of every checkpoint here that was written since the last call, oldest first; at first of all.

        Copies are on other machines and may hang; they are read by ``notes`` alone.
        """
        written = {path: path.stat() for path in self._directory.glob("*/checkpoint")}
        new = [path for path, status in written.items() if self._read.get(path) != (status.st_mtime_ns, status.st_ino)]
        new.sort(key=lambda path: written[path].st_mtime_ns)
        notes = [(path.parent.name, path.read_text()) for path in new]
        self._read |= {path: (written[path].st_mtime_ns, written[path].st_ino) for path in new}
        return notes


def _checkpoint_of(note: str) -> Checkpoint:
    text, separator, _ = note.partition("\n\n")
    return Checkpoint.from_text(text + "\n" if separator else note)


def _open_directory(folder: Path) -> None:
    """Make a directory that everybody may read, whatever the process's umask: these files are public, and the issuer compares them."""
    if not folder.is_dir():
        _open_directory(folder.parent)
        folder.mkdir(exist_ok=True)
        folder.chmod(0o755)


def _write(path: Path, content: bytes) -> None:
    _open_directory(path.parent)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with temporary.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.chmod(0o644)
    temporary.rename(path)
