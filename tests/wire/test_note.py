"""Signed notes: what Go signs we open, what we sign Go opens, and nothing else opens."""

from __future__ import annotations

import base64
import hashlib
from contextlib import suppress
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from privyseal_wire.errors import NoteRefused
from privyseal_wire.note import MAX_NOTE_BYTES, MAX_SIGNATURES, make_vkey, open_note, parse_vkey, sign_note
from tests.rigs.go_log_verifier.program import GoLogVerifier, build

NOTES = Path(__file__).parents[1] / "vectors" / "notes"
KEY = Ed25519PrivateKey.from_private_bytes(b"\x01" * 32)
OTHER = Ed25519PrivateKey.from_private_bytes(b"\x02" * 32)
NAME = "log.test/provider"
VKEY = make_vkey(NAME, KEY.public_key())
TEXT = "first line\n\nafter a blank line — naïve\n"

CHARACTERS = st.characters(codec="utf-8", min_codepoint=0x20)
TEXTS = st.lists(st.text(CHARACTERS, max_size=8), min_size=1, max_size=5).map(lambda lines: "".join(f"{line}\n" for line in lines))


@pytest.fixture(scope="module")
def go(tmp_path_factory: pytest.TempPathFactory) -> GoLogVerifier:
    return build(tmp_path_factory.mktemp("go"))


def kind_of(note: str, vkey: str = VKEY) -> str:
    with pytest.raises(NoteRefused) as caught:
        open_note(note, vkey)
    assert caught.value.sentence.endswith(".")
    return caught.value.kind


def test_the_example_of_go() -> None:
    """From the package documentation of golang.org/x/mod/sumdb/note."""
    note = (NOTES / "sumdb_example.note").read_text(encoding="utf-8")
    vkey = (NOTES / "sumdb_example.vkey").read_text(encoding="utf-8")
    assert open_note(note, vkey).startswith("If you think cryptography is the answer")
    assert kind_of(note.replace("is the", "is an"), vkey) == "note-signature"
    assert parse_vkey(vkey).name == "PeterNeumann"


@given(TEXTS)
def test_what_is_signed_opens(text: str) -> None:
    note = sign_note(text, NAME, KEY)
    assert open_note(note, VKEY) == text
    assert open_note(note, f"  {VKEY}\n") == text


@given(TEXTS, st.data())
def test_a_changed_note_never_gives_another_text(text: str, data: st.DataObject) -> None:
    note = sign_note(text, NAME, KEY)
    position = data.draw(st.integers(0, len(note) - 1))
    changed = note[:position] + data.draw(st.characters(codec="utf-8") | st.just("")) + note[position + 1 :]
    with suppress(NoteRefused):
        assert open_note(changed, VKEY) == text


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_text_is_opened_or_refused(note: str, vkey: str) -> None:
    for key in (VKEY, vkey):
        with pytest.raises(NoteRefused):
            open_note(note, key)


def test_go_opens_ours(go: GoLogVerifier, tmp_path: Path) -> None:
    (tmp_path / "vkey").write_text(VKEY, encoding="utf-8")
    for number, text in enumerate((TEXT, "x\n", "\n", "\n\n", "a\n\n\n", "— looks like a signature AAAA\n")):
        file = tmp_path / f"{number}.note"
        file.write_text(sign_note(text, NAME, KEY), encoding="utf-8")
        result = go.run("note", file, tmp_path / "vkey")
        assert result.stdout == text, result.stderr
        file.write_text(sign_note(text, NAME, OTHER), encoding="utf-8")
        assert go.run("note", file, tmp_path / "vkey").returncode == 1


def test_signatures_of_others_are_passed_over() -> None:
    note = sign_note(TEXT, NAME, KEY)
    ours = note.splitlines(keepends=True)[-1]
    witness = sign_note(TEXT, "witness.test/w1", OTHER).splitlines(keepends=True)[-1]
    same_name = sign_note(TEXT, NAME, OTHER).splitlines(keepends=True)[-1]
    cosignature = f"— witness.test/w2 {base64.b64encode(b'abcd' + bytes(72)).decode()}\n"
    body = note.removesuffix(ours)
    assert open_note(body + witness + cosignature + same_name + ours, VKEY) == TEXT
    assert open_note(body + ours + ours, VKEY) == TEXT
    assert kind_of(body + witness + same_name) == "note-unsigned"
    assert kind_of(body + witness * MAX_SIGNATURES + ours) == "note-form"


def test_a_broken_signature_of_ours_is_not_passed_over() -> None:
    note = sign_note(TEXT, NAME, KEY)
    ours = note.splitlines(keepends=True)[-1]
    broken = sign_note("other\n", NAME, KEY).splitlines(keepends=True)[-1]
    assert kind_of(note.removesuffix(ours) + broken + ours) == "note-signature"
    short = f"— {NAME} {base64.b64encode(parse_vkey(VKEY).key_id + b'x').decode()}\n"
    assert kind_of(note.removesuffix(ours) + short) == "note-signature"


LINE = sign_note("x\n", NAME, KEY).splitlines(keepends=True)[-1]


@pytest.mark.parametrize(
    ("note", "kind"),
    [
        ("", "note-form"),
        ("x\n", "note-form"),
        (f"x\n{LINE}", "note-form"),
        (f"x\n\n{LINE[:-1]}", "note-form"),
        ("x\n\n", "note-form"),
        (f"x\n\n{LINE}{LINE.replace('— ', '- ')}", "note-form"),
        (f"x\n\n{LINE}— {NAME}\n", "note-form"),
        (f"x\n\n{LINE}— {NAME} AAAA\n", "note-form"),
        (f"x\n\n{LINE}— a+b {LINE.split()[2]}\n", "note-form"),
        (f"x\n\n{LINE}— {NAME} {LINE.split()[2]} x\n", "note-form"),
        (f"x\n\n{LINE}— {NAME} é{LINE.split()[2]}\n", "note-form"),
        (f"x\r\n\n{LINE}", "note-text"),
        (f"x\n\n\t{LINE}", "note-text"),
        (f"\ud800\n\n{LINE}", "note-text"),
        ("x" * (MAX_NOTE_BYTES + 1), "note-size"),
    ],
    ids=range(15),
)
def test_malformed_notes(note: str, kind: str) -> None:
    assert kind_of(note) == kind


def key_hash(name: str, data: bytes) -> str:
    return hashlib.sha256(name.encode() + b"\n" + data).hexdigest()[:8]


@pytest.mark.parametrize(
    "vkey",
    [
        "",
        NAME,
        VKEY.replace("log", "lug"),
        VKEY[:-1],
        VKEY + "=",
        VKEY.replace("+", " ", 1),
        f"{NAME}+{key_hash(NAME, bytes(32))}+{base64.b64encode(bytes(32)).decode()}",
        f"{NAME}+{key_hash(NAME, b'e' + bytes(32))}+{base64.b64encode(b'e' + bytes(32)).decode()}",
        f"a b+{key_hash('a b', VKEY.encode())}+{VKEY.split('+', 2)[2]}",
        VKEY.replace("+", "+0", 1),
    ],
    ids=range(10),
)
def test_malformed_keys(vkey: str) -> None:
    assert kind_of(sign_note(TEXT, NAME, KEY), vkey) == "note-key"


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb", "a\u2028b", "\ud800"])
def test_names_of_keys(name: str) -> None:
    with pytest.raises(NoteRefused):
        sign_note(TEXT, name, KEY)
    with pytest.raises(NoteRefused):
        make_vkey(name, KEY.public_key())


@pytest.mark.parametrize("text", ["", "x", "a\rb\n", "a\x00\n", "\ud800\n", "x" * MAX_NOTE_BYTES + "\n"])
def test_texts_that_are_not_signed(text: str) -> None:
    with pytest.raises(NoteRefused) as caught:
        sign_note(text, NAME, KEY)
    assert caught.value.kind == "note-text"


def test_a_note_is_not_too_large_to_be_opened() -> None:
    with pytest.raises(NoteRefused) as caught:
        sign_note("x" * (MAX_NOTE_BYTES - 1) + "\n", NAME, KEY)
    assert caught.value.kind == "note-size"
