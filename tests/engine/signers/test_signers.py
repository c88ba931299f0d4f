"""Signatures: the right algorithm for each key, and a broken or exchanged key never gets a signature out."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any, Self

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import Encoding, KeySerializationEncryption, PrivateFormat, PublicFormat

from privyseal.engine.hierarchy import KeyKind
from privyseal.engine.signers import SignatureAlgorithm, sign, signature_algorithm, signature_hash, verify
from privyseal.model.errors import Refused, Unavailable
from tests.engine.sample_issuers import ca_key

KINDS: dict[KeyKind, tuple[SignatureAlgorithm, str]] = {
    "p256": (SignatureAlgorithm.ECDSA_SHA256, "-sha256"),
    "p384": (SignatureAlgorithm.ECDSA_SHA384, "-sha384"),
    "rsa2048": (SignatureAlgorithm.RSA_SHA256, "-sha256"),
}


class TokenKey(ec.EllipticCurvePrivateKey):
    """A key as a PKCS #11 adapter presents it; ``spoil`` plays the token that returns a wrong signature."""

    def __init__(self, inner: ec.EllipticCurvePrivateKey, *, spoil: bool = False) -> None:
        self._inner = inner
        self._spoil = spoil

    def sign(self, data: bytes | bytearray | memoryview, signature_algorithm: ec.EllipticCurveSignatureAlgorithm) -> bytes:
        assert not isinstance(signature_algorithm.algorithm, Prehashed)
        return self._inner.sign(bytes(data) + b"!" * self._spoil, signature_algorithm)

    def public_key(self) -> ec.EllipticCurvePublicKey:
        return self._inner.public_key()

    @property
    def curve(self) -> ec.EllipticCurve:
        return self._inner.curve

    @property
    def key_size(self) -> int:
        return self._inner.key_size

    def exchange(self, algorithm: ec.ECDH, peer_public_key: ec.EllipticCurvePublicKey) -> bytes:
        raise NotImplementedError

    def private_numbers(self) -> ec.EllipticCurvePrivateNumbers:
        raise NotImplementedError

    def private_bytes(self, encoding: Encoding, format: PrivateFormat, encryption_algorithm: KeySerializationEncryption) -> bytes:  # noqa: A002 - pyca's name
        raise NotImplementedError

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[Any, Any]) -> Self:
        return self


@pytest.mark.parametrize("kind", KINDS)
def test_openssl_verifies_the_signature(tmp_path: Path, kind: KeyKind) -> None:
    key = ca_key(kind)
    public = key.public_key()
    algorithm, digest = KINDS[kind]
    assert signature_algorithm(key) is signature_algorithm(public) is algorithm
    (tmp_path / "public.pem").write_bytes(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    (tmp_path / "signature").write_bytes(sign(b"message", key, public))
    (tmp_path / "message").write_bytes(b"message")
    command = ["openssl", "dgst", digest, "-verify", "public.pem", "-signature", "signature", "message"]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=True).stdout == b"Verified OK\n"


def test_ed25519_signs_too() -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    assert signature_algorithm(key) is SignatureAlgorithm.ED25519
    assert signature_hash(key) is None
    verify(b"message", sign(b"message", key, key.public_key()), key.public_key())


def test_the_hash_for_builders_follows_the_key() -> None:
    assert [signature_hash(ca_key(kind)).name for kind in KINDS] == ["sha256", "sha384", "sha256"]  # type: ignore[union-attr]


@pytest.mark.parametrize("kind", KINDS)
def test_a_changed_message_does_not_verify(kind: KeyKind) -> None:
    key = ca_key(kind)
    signature = sign(b"message", key, key.public_key())
    with pytest.raises(InvalidSignature):
        verify(b"massage", signature, key.public_key())


def test_a_key_object_of_a_token_signs_like_a_key_from_a_file() -> None:
    inner = ec.generate_private_key(ec.SECP256R1())
    verify(b"message", sign(b"message", TokenKey(inner), inner.public_key()), inner.public_key())


def test_a_token_that_returns_a_wrong_signature_is_found() -> None:
    inner = ec.generate_private_key(ec.SECP256R1())
    with pytest.raises(Unavailable, match="nothing was issued") as caught:
        sign(b"message", TokenKey(inner, spoil=True), inner.public_key())
    assert caught.value.kind == "signature"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("other", KINDS)
def test_the_key_of_another_ca_is_found(kind: KeyKind, other: KeyKind) -> None:
    with pytest.raises(Unavailable, match="belongs to this CA"):
        sign(b"message", ca_key(kind), ca_key(other, 1).public_key())


def test_other_keys_do_not_sign() -> None:
    weak = rsa.generate_private_key(65537, 1024)
    for key in (ec.generate_private_key(ec.SECP521R1()), ec.generate_private_key(ec.SECP256K1()), weak):
        with pytest.raises(Refused, match="Use another key") as caught:
            signature_algorithm(key)
        assert caught.value.kind == "signing-key"
