"""The auditor's side: an export, a checkpoint and a key, and nobody to be trusted."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from privyseal_wire.checkpoint import Checkpoint, sign_checkpoint
from privyseal_wire.errors import ExportRefused, NoteRefused, WireError
from privyseal_wire.export import MAX_LINE_CHARACTERS, export_line, verify_export
from privyseal_wire.merkle import EMPTY_ROOT, leaf_hash, root_from_leaves, verify_consistency, verify_inclusion
from privyseal_wire.note import make_vkey
from privyseal_wire.tiles import encode_tile, tiles_between
from tests.rigs.go_log_verifier.program import GoLogVerifier, build
from tests.vectors import make_log

KEY = Ed25519PrivateKey.from_private_bytes(b"\x06" * 32)
ORIGIN = "export.test/o-acme"
VKEY = make_vkey(ORIGIN, KEY.public_key())
SIZE = 600


@pytest.fixture(scope="module")
def go(tmp_path_factory: pytest.TempPathFactory) -> GoLogVerifier:
    return build(tmp_path_factory.mktemp("go"))


@cache
def entries() -> tuple[bytes, ...]:
    return tuple(json.dumps({"n": index, "text": 'naïve "quote"\n\u2028'}, ensure_ascii=False).encode() for index in range(SIZE))


@cache
def lines() -> tuple[str, ...]:
    return tuple(export_line(index, entry) + "\n" for index, entry in enumerate(entries()))


@cache
def checkpoint(size: int = SIZE) -> str:
    root = root_from_leaves(leaf_hash(entry) for entry in entries()[:size])
    return sign_checkpoint(Checkpoint(ORIGIN, size, root), KEY)


def tiles_of(content: tuple[bytes, ...]) -> dict[str, bytes]:
    """The level-0 tiles of a log of this content."""
    hashes = [leaf_hash(entry) for entry in content]
    return {
        tile.path(): encode_tile(hashes[tile.first : tile.first + tile.width]) for tile in tiles_between(0, len(hashes)) if tile.level == 0
    }


def refusal(export: list[str], *, size: int = SIZE, tiles: Callable[[str], bytes | None] | None = None) -> ExportRefused:
    with pytest.raises(ExportRefused) as caught:
        verify_export(export, checkpoint(size), VKEY, tiles)
    assert caught.value.sentence.endswith(".")
    return caught.value


def with_entry(index: int, entry: bytes) -> list[str]:
    """The export of somebody who changed an entry and its leaf hash as well."""
    return [*lines()[:index], export_line(index, entry) + "\n", *lines()[index + 1 :]]


def test_a_true_export() -> None:
    verdict = verify_export(lines(), checkpoint(), VKEY)
    assert (verdict.origin, verdict.size, verdict.later_entries) == (ORIGIN, SIZE, 0)
    assert verdict.sentence == f"The {SIZE} entries are the log {ORIGIN} as its checkpoint has it."
    assert verify_export(iter(line.rstrip("\n") for line in lines()), checkpoint(), VKEY, tiles_of(entries()).get) == verdict


def test_an_empty_log() -> None:
    note = sign_checkpoint(Checkpoint(ORIGIN, 0, EMPTY_ROOT), KEY)
    assert verify_export([], note, VKEY).size == 0
    assert verify_export(lines(), note, VKEY).later_entries == SIZE


@pytest.mark.parametrize("size", [1, 255, 256, 257, 599])
def test_entries_after_the_checkpoint_are_noted(size: int) -> None:
    verdict = verify_export(lines(), checkpoint(size), VKEY)
    assert (verdict.size, verdict.later_entries) == (size, SIZE - size)
    assert f"{SIZE - size} entries came after the checkpoint" in verdict.sentence


def test_a_later_entry_still_needs_its_hash() -> None:
    changed = [*lines()[:-1], lines()[-1].replace("quote", "quota")]
    assert refusal(changed, size=10).index == SIZE - 1


@pytest.mark.parametrize("index", [0, 17, 255, 256, SIZE - 1])
def test_a_changed_entry_is_named(index: int) -> None:
    changed = [*lines()[:index], lines()[index].replace("quote", "quota"), *lines()[index + 1 :]]
    refused = refusal(changed)
    assert (refused.kind, refused.index) == ("export-entry", index)
    assert refused.sentence.startswith(f"In the export, entry {index} was changed")


def test_a_missing_entry_is_named() -> None:
    refused = refusal([*lines()[:17], *lines()[18:]])
    assert (refused.kind, refused.index) == ("export-gap", 17)
    assert "entry 17 is missing" in refused.sentence


def test_an_entry_twice_is_named() -> None:
    refused = refusal([*lines()[:18], *lines()[17:]])
    assert (refused.kind, refused.index) == ("export-duplicate", 17)


def test_another_order_is_named() -> None:
    assert refusal([*lines()[:17], lines()[18], lines()[17], *lines()[19:]]).kind == "export-gap"
    assert refusal([*lines()[:18], lines()[3], *lines()[18:]]).kind == "export-order"


@pytest.mark.parametrize("kept", [0, 1, SIZE - 1])
def test_a_cut_export_is_refused(kept: int) -> None:
    refused = refusal(list(lines()[:kept]))
    assert (refused.kind, refused.index) == ("export-short", kept)


def test_a_rewritten_entry_is_found_by_the_checkpoint() -> None:
    changed = with_entry(300, b'{"n":300}')
    assert refusal(changed).kind == "export-root"
    assert "published tiles" in refusal(changed).sentence
    refused = refusal(changed, tiles=tiles_of(entries()).get)
    assert (refused.kind, refused.index) == ("export-root", 300)
    assert "entry 300 differs from the published tiles, which do match the checkpoint." in refused.sentence


def test_the_first_differing_range_is_named() -> None:
    inserted = [*entries()[:250], b"{}", *entries()[250:-1]]
    export = [export_line(index, entry) for index, entry in enumerate(inserted)]
    refused = refusal(export, tiles=tiles_of(entries()).get)
    assert refused.index == 250
    assert "entries 250 to 255 differ" in refused.sentence
    two = with_entry(20, b"{}")
    two[21], two[30] = export_line(21, b"{}"), export_line(30, b"{}")
    assert "entries 20 to 21 differ" in refusal(two, tiles=tiles_of(entries()).get).sentence


def test_tiles_of_a_log_that_grew() -> None:
    """The partial tile of the checkpoint is gone, the full tile that replaced it begins with it."""
    grown = tiles_of((*entries(), *(b"%d" % index for index in range(500))))
    refused = refusal(with_entry(590, b"{}"), tiles=grown.get)
    assert "entry 590 differs from the published tiles, which do match the checkpoint." in refused.sentence


def test_tiles_that_lie() -> None:
    changed = with_entry(300, b"{}")
    rewritten = (*entries()[:300], b"{}", *entries()[301:])
    assert "do not match the checkpoint either" in refusal(changed, tiles=tiles_of(rewritten).get).sentence
    other = (*entries()[:310], b"{}", *entries()[311:])
    refused = refusal(changed, tiles=tiles_of(other).get)
    assert refused.index == 300
    assert "it is open which of the two was changed" in refused.sentence


def test_tiles_that_are_missing_or_damaged() -> None:
    changed = with_entry(300, b"{}")
    assert "tile of entries 0 to 255 is missing" in refusal(changed, tiles=lambda _: None).sentence
    tiles = tiles_of(entries())
    tiles["tile/0/001"] = tiles["tile/0/001"][:-1]
    refused = refusal(changed, tiles=tiles.get)
    assert "The entries before 256 agree with the tiles; the tile of entries 256 to 511 is missing or damaged." in refused.sentence
    tiles = tiles_of(entries())
    del tiles["tile/0/002.p/88"]
    refused = refusal(changed, tiles=tiles.get)
    assert refused.index == 300
    assert "the tile of entries 512 to 599 is missing or damaged" in refused.sentence


def test_another_checkpoint() -> None:
    other = Ed25519PrivateKey.from_private_bytes(b"\x07" * 32)
    with pytest.raises(NoteRefused):
        verify_export(lines(), checkpoint(), make_vkey(ORIGIN, other.public_key()))
    with pytest.raises(NoteRefused):
        verify_export(lines(), checkpoint().replace("600", "599"), VKEY)


LINE = json.loads(export_line(0, b"{}"))


@pytest.mark.parametrize(
    "line",
    [
        "",
        "\n",
        "x",
        "[]",
        "{}",
        "\ufeff" + export_line(0, b"{}"),
        export_line(0, b"{}") + export_line(1, b"{}"),
        json.dumps({**LINE, "more": 1}),
        json.dumps({"index": 0, "entry": "{}"}),
        json.dumps({**LINE, "index": "0"}),
        json.dumps({**LINE, "index": False}),
        json.dumps({**LINE, "index": -1}),
        json.dumps({**LINE, "index": 0.0}),
        json.dumps({**LINE, "index": None}),
        json.dumps({**LINE, "entry": {}}),
        json.dumps({**LINE, "entry": "\ud800"}),
        json.dumps({**LINE, "leaf_hash": LINE["leaf_hash"].upper()}),
        json.dumps({**LINE, "leaf_hash": "00"}),
        json.dumps({**LINE, "leaf_hash": 0}),
        export_line(0, b"{}").replace('"index":0', '"index":0,"index":0'),
        export_line(0, b"{}").replace("{}", "\udcff"),
        export_line(0, b"x" * MAX_LINE_CHARACTERS),
    ],
    ids=range(22),
)
def test_malformed_lines(line: str) -> None:
    refused = refusal([line, *lines()[1:]])
    assert (refused.kind, refused.index) == ("export-line", 0)


@given(st.integers(0, SIZE - 1), st.data())
def test_no_changed_character_goes_unseen(index: int, data: st.DataObject) -> None:
    """A changed export is refused, or says the same entries in another spelling of JSON."""
    line = lines()[index]
    position = data.draw(st.integers(0, len(line) - 1))
    changed = line[:position] + data.draw(st.characters()) + line[position + 1 :]
    named: int | None = None
    try:
        verify_export([*lines()[:index], changed, *lines()[index + 1 :]], checkpoint(), VKEY)
    except ExportRefused as refused:
        named = refused.index
    if named is None:
        assert json.loads(changed)["entry"].encode() == entries()[index]
    else:
        assert named in (index, index + 1)


def test_bytes_that_are_no_text_are_not_exported() -> None:
    with pytest.raises(ExportRefused) as caught:
        export_line(5, b"\xff")
    assert (caught.value.kind, caught.value.index) == ("export-entry", 5)


def test_go_agrees(go: GoLogVerifier, tmp_path: Path) -> None:
    (tmp_path / "vkey").write_text(VKEY + "\n", encoding="utf-8")
    exports = {
        "true": (list(lines()), SIZE, True),
        "longer": (list(lines()), 257, True),
        "changed": ([*lines()[:17], lines()[17].replace("quote", "quota"), *lines()[18:]], SIZE, False),
        "rewritten": (with_entry(17, b"{}"), SIZE, False),
        "cut": (list(lines()[:-1]), SIZE, False),
        "gap": ([*lines()[:17], *lines()[18:]], SIZE, False),
    }
    for name, (export, size, holds) in exports.items():
        (tmp_path / "export.jsonl").write_text("".join(export), encoding="utf-8")
        (tmp_path / "note").write_text(checkpoint(size), encoding="utf-8")
        result = go.run("export", tmp_path / "export.jsonl", tmp_path / "note", tmp_path / "vkey")
        assert (result.returncode == 0) is holds, name
        assert is_accepted(export, size) is holds, name
        if name == "gap":
            assert result.stderr == "entry 18 is in the place of entry 17\n"


def is_accepted(export: list[str], size: int) -> bool:
    try:
        verify_export(export, checkpoint(size), VKEY)
    except WireError:
        return False
    return True


def test_the_vectors_are_those_of_the_generator() -> None:
    for name, text in make_log.files().items():
        assert (make_log.FOLDER / name).read_text(encoding="utf-8") == text, name


def test_the_vectors_hold_here_and_in_go(go: GoLogVerifier, tmp_path: Path) -> None:
    export, note, vkey, proofs = (make_log.FOLDER / name for name in ("export.jsonl", "checkpoint.note", "log.vkey", "proofs.json"))
    with export.open(encoding="utf-8") as file:
        assert verify_export(file, note.read_text(encoding="utf-8"), vkey.read_text(encoding="utf-8")).size == make_log.SIZE
    assert go.run("export", export, note, vkey).stdout == f"ok {make_log.SIZE}\n"
    vectors = json.loads(proofs.read_text(encoding="utf-8"))
    verdicts = go.verify_proofs(vectors, tmp_path)
    assert all(verdicts["inclusion"] + verdicts["consistency"])
    assert (len(verdicts["inclusion"]), len(verdicts["consistency"])) == (10, 9)
    check_proofs(vectors)


def check_proofs(vectors: dict[str, list[dict[str, str | int | list[str]]]]) -> None:
    """Raises unless every proof of the file holds in our verifier too."""

    def hashes(value: object) -> list[bytes]:
        assert isinstance(value, list)
        return [b64decode(item) for item in value]

    for item in vectors["inclusion"]:
        verify_inclusion(
            b64decode(str(item["leaf"])),
            int(str(item["index"])),
            int(str(item["size"])),
            hashes(item["proof"]),
            b64decode(str(item["root"])),
        )
    for item in vectors["consistency"]:
        old, new = int(str(item["old_size"])), int(str(item["new_size"]))
        verify_consistency(old, b64decode(str(item["old_root"])), new, b64decode(str(item["new_root"])), hashes(item["proof"]))
