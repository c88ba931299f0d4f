"""Keys and reasons to revoke in the one spelling of all pages."""

from __future__ import annotations

import pytest

from privyseal.look.certificate_words import key_words, reason_text, reason_words
from privyseal.model.profile import KeyAlgorithm
from privyseal.model.revocation import RevocationReason


@pytest.mark.parametrize(
    ("algorithm", "bits", "words"),
    [
        ("rsa", 2048, "RSA, 2,048 bits"),
        ("p256", 256, "ECDSA P-256"),
        ("ed25519", 256, "Ed25519"),
        ("ECDSA secp256k1", 256, "ECDSA secp256k1"),
        ("", 0, ""),
    ],
)
def test_keys(algorithm: str, bits: int, words: str) -> None:
    assert key_words(algorithm, bits) == words


def test_every_kind_of_key_has_words_of_its_own() -> None:
    assert len({key_words(algorithm.value, 256) for algorithm in KeyAlgorithm}) == len(KeyAlgorithm)
    assert not {algorithm.value for algorithm in KeyAlgorithm} & {key_words(algorithm.value, 256) for algorithm in KeyAlgorithm}


def test_every_reason_has_plain_words_and_the_name_of_the_standard() -> None:
    assert set(reason_words()) == set(RevocationReason)
    assert reason_text(RevocationReason.SUPERSEDED.code) == "Another certificate has replaced it (superseded)"
    assert reason_text(None) == reason_text(0) == "Another reason (unspecified)"
