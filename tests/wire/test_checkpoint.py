"""Checkpoints: three lines that say how long a log is and what it holds."""

from __future__ import annotations

from base64 import b64encode

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from privyseal_wire.checkpoint import MAX_TREE_SIZE, Checkpoint, open_checkpoint, sign_checkpoint
from privyseal_wire.errors import NoteRefused
from privyseal_wire.note import make_vkey, sign_note

KEY = Ed25519PrivateKey.from_private_bytes(b"\x03" * 32)
ORIGIN = "privyseal.localhost/provider"
VKEY = make_vkey(ORIGIN, KEY.public_key())
ROOT = bytes(range(32))


def test_the_text() -> None:
    text = Checkpoint(ORIGIN, 17, ROOT).to_text()
    assert text == f"{ORIGIN}\n17\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"


@given(st.integers(0, MAX_TREE_SIZE), st.binary(min_size=32, max_size=32), st.lists(st.sampled_from(["x", "Timestamp: 5"]), max_size=2))
def test_signed_and_opened(size: int, root: bytes, extensions: list[str]) -> None:
    checkpoint = Checkpoint(ORIGIN, size, root, tuple(extensions))
    assert open_checkpoint(sign_checkpoint(checkpoint, KEY), VKEY) == checkpoint


ENCODED = b64encode(ROOT).decode()


@pytest.mark.parametrize(
    "text",
    [
        "\n",
        f"{ORIGIN}\n",
        f"{ORIGIN}\n1\n",
        f"{ORIGIN}\n1\n{ENCODED}\n\n",
        f"\n1\n{ENCODED}\n",
        f"{ORIGIN}\n01\n{ENCODED}\n",
        f"{ORIGIN}\n-1\n{ENCODED}\n",
        f"{ORIGIN}\n+1\n{ENCODED}\n",
        f"{ORIGIN}\n1 \n{ENCODED}\n",
        f"{ORIGIN}\n٣\n{ENCODED}\n",
        f"{ORIGIN}\n{MAX_TREE_SIZE + 1}\n{ENCODED}\n",
        f"{ORIGIN}\n1\n{ENCODED[:-2]}\n",
        f"{ORIGIN}\n1\n{b64encode(ROOT[:31]).decode()}\n",
        f"{ORIGIN}\n1\n{ENCODED[:-2]}9=\n",
        f"{ORIGIN}\n1\né{ENCODED}\n",
    ],
    ids=range(15),
)
def test_malformed(text: str) -> None:
    note = sign_note(text, ORIGIN, KEY)
    with pytest.raises(NoteRefused) as caught:
        open_checkpoint(note, VKEY)
    assert caught.value.kind == "checkpoint-form"


def test_text_without_its_last_line_break() -> None:
    with pytest.raises(NoteRefused):
        Checkpoint.from_text(f"{ORIGIN}\n1\n{ENCODED}")


@pytest.mark.parametrize(
    "checkpoint",
    [
        Checkpoint("", 1, ROOT),
        Checkpoint("a\nb", 1, ROOT),
        Checkpoint(ORIGIN, -1, ROOT),
        Checkpoint(ORIGIN, 1, ROOT[1:]),
        Checkpoint(ORIGIN, 1, ROOT, ("",)),
        Checkpoint(ORIGIN, 1, ROOT, ("a\nb",)),
    ],
    ids=range(6),
)
def test_values_without_a_text_are_not_signed(checkpoint: Checkpoint) -> None:
    with pytest.raises(NoteRefused):
        sign_checkpoint(checkpoint, KEY)


def test_the_key_of_another_log_is_not_enough() -> None:
    """A key signs for the log of its own name: the same key under another origin proves nothing."""
    note = sign_note(Checkpoint("privyseal.localhost/o-acme", 1, ROOT).to_text(), ORIGIN, KEY)
    with pytest.raises(NoteRefused) as caught:
        open_checkpoint(note, VKEY)
    assert caught.value.kind == "checkpoint-origin"


def test_another_key_is_refused() -> None:
    note = sign_checkpoint(Checkpoint(ORIGIN, 1, ROOT), KEY)
    other = make_vkey(ORIGIN, Ed25519PrivateKey.from_private_bytes(b"\x04" * 32).public_key())
    with pytest.raises(NoteRefused) as caught:
        open_checkpoint(note, other)
    assert caught.value.kind == "note-unsigned"
