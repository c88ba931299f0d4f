"""``seal audit``: an exported log is verified here, and one changed byte is found."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from privyseal_wire.checkpoint import Checkpoint, sign_checkpoint
from privyseal_wire.export import export_line
from privyseal_wire.merkle import leaf_hash, root_from_leaves
from privyseal_wire.note import make_vkey
from privyseal_wire.tiles import Tile
from tests.agent.conftest import Rig
from tests.agent.rest_service import Reply, Seen

ORIGIN = "pki.acme.test/org-acme"
AUDIT = "/organizations/acme/audit"
SIZE = 2_345


class Log:
    """A log of SIZE entries with its key."""

    def __init__(self) -> None:
        self.entries = [json.dumps({"index": number, "name": "bücher"}, ensure_ascii=False).encode() for number in range(SIZE)]
        leaves = [leaf_hash(entry) for entry in self.entries]
        key = Ed25519PrivateKey.generate()
        self.note = sign_checkpoint(Checkpoint(ORIGIN, SIZE, root_from_leaves(leaves)), key).encode()
        self.vkey = make_vkey(ORIGIN, key.public_key())
        self.tiles = {
            Tile(0, start // 256, len(leaves[start : start + 256])).path(): b"".join(leaves[start : start + 256])
            for start in range(0, SIZE, 256)
        }

    def page(self, seen: Seen) -> Reply:
        start, limit = (int(seen.query[name][0]) for name in ("start", "limit"))
        lines = [export_line(index, self.entries[index]) for index in range(start, min(start + limit, SIZE))]
        return "".join(f"{line}\n" for line in lines).encode()


@pytest.fixture(scope="module")
def log() -> Log:
    return Log()


@pytest.fixture
def files(rig: Rig, log: Log) -> tuple[Path, Path]:
    rig.service.on("GET", AUDIT, log.page)
    rig.service.on("GET", f"{AUDIT}/checkpoint", log.note)
    out, checkpoint = rig.folder / "log.jsonl", rig.folder / "log.checkpoint"
    told = rig.seal("audit", "export", "--out", str(out), "--checkpoint", str(checkpoint), "--json")
    assert told.json == {"origin": ORIGIN, "size": SIZE, "export": str(out), "checkpoint": str(checkpoint)}
    return out, checkpoint


def verify(rig: Rig, log: Log, files: tuple[Path, Path], *more: str) -> tuple[int, str, str]:
    told = rig.seal("audit", "verify", str(files[0]), "--checkpoint", str(files[1]), "--key", log.vkey, *more)
    return told.status, told.out, told.err


def test_an_export_verifies(rig: Rig, log: Log, files: tuple[Path, Path]) -> None:
    status, out, err = verify(rig, log, files)
    assert (status, err) == (0, "")
    assert out == f"The {SIZE} entries are the log {ORIGIN} as its checkpoint has it.\n"
    told = rig.seal("audit", "verify", str(files[0]), "--checkpoint", str(files[1]), "--key", log.vkey, "--json")
    assert told.json["verified"] is True
    assert told.json["size"] == SIZE
    assert [seen.query["start"] for seen in rig.service.asked("GET", AUDIT)] == [["0"], ["1000"], ["2000"]]


def test_an_existing_export_is_not_overwritten(rig: Rig, files: tuple[Path, Path]) -> None:
    words = ("audit", "export", "--out", str(files[0]), "--checkpoint", str(files[1]))
    assert "is not overwritten" in rig.seal(*words).err
    assert rig.seal(*words, "--overwrite").status == 0


def test_one_changed_byte_is_found(rig: Rig, log: Log, files: tuple[Path, Path]) -> None:
    text = files[0].read_text()
    files[0].write_text(text.replace('{\\"index\\": 1234', '{\\"index\\": 9234'))
    status, out, err = verify(rig, log, files)
    assert (status, out) == (1, "")
    assert "entry 1234 was changed" in err


def test_a_rewritten_entry_is_found_by_the_checkpoint_and_placed_by_the_tiles(rig: Rig, log: Log, files: tuple[Path, Path]) -> None:
    lines = files[0].read_text().splitlines()
    lines[1234] = export_line(1234, b'{"index": 1234, "name": "nobody"}')
    files[0].write_text("\n".join(lines) + "\n")
    assert "does not match the checkpoint" in verify(rig, log, files)[2]
    tiles = rig.folder / "tiles"
    for path, data in log.tiles.items():
        (tiles / path).parent.mkdir(parents=True, exist_ok=True)
        (tiles / path).write_bytes(data)
    status, _, err = verify(rig, log, files, "--tiles", str(tiles))
    assert status == 1
    assert "entry 1234 differ" in err


def test_another_key_and_missing_files(rig: Rig, log: Log, files: tuple[Path, Path]) -> None:
    other = make_vkey(ORIGIN, Ed25519PrivateKey.generate().public_key())
    told = rig.seal("audit", "verify", str(files[0]), "--checkpoint", str(files[1]), "--key", other)
    assert told.status == 1
    assert verify(rig, log, (rig.folder / "missing", files[1]))[0] == 1
    assert verify(rig, log, (files[0], rig.folder / "missing"))[0] == 1
    files[0].write_bytes(b"\xff\xfe")
    assert "cannot be read as text" in verify(rig, log, files)[2]


def test_a_service_that_keeps_entries_back(rig: Rig, log: Log) -> None:
    rig.service.on("GET", AUDIT, b"")
    rig.service.on("GET", f"{AUDIT}/checkpoint", log.note)
    told = rig.seal("audit", "export", "--out", str(rig.folder / "x"))
    assert told.status == 1
    assert f"sent 0 entries, but its checkpoint covers {SIZE}" in told.err
    assert not (rig.folder / "x").exists()
    rig.service.on("GET", "/provider/audit/checkpoint", b"\xff")
    assert rig.seal("audit", "export", "--provider").status == 1
