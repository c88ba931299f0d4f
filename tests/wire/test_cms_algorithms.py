"""What a signature may be made with: every permitted spelling, and the sentence for each other one."""

from __future__ import annotations

import random
from contextlib import suppress

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from privyseal_wire.cms_algorithms import Hash, digest_algorithm, require_signature
from privyseal_wire.errors import CmsRefused
from tests.wire.cms_composer import der
from tests.wire.sample_signers import signer

MESSAGE = b"the signed attributes"
NULL = b"\x05\x00"
SHA256, SHA384, SHA512, SHA224, SHA3_256 = (bytes.fromhex("06096086480165030402") + bytes((last,)) for last in (1, 2, 3, 4, 8))
SHA1, MD5 = bytes.fromhex("06052b0e03021a"), bytes.fromhex("06082a864886f70d0205")
RSA, RSA_SHA256, RSA_SHA384, RSA_SHA512, RSA_SHA1, RSA_MD5, PSS, MGF1, P_SOURCE = (
    bytes.fromhex("06092a864886f70d0101") + bytes((last,)) for last in (1, 11, 12, 13, 5, 4, 10, 8, 9)
)
ECDSA_SHA256, ECDSA_SHA384, ECDSA_SHA512 = (bytes.fromhex("06082a8648ce3d0403") + bytes((last,)) for last in (2, 3, 4))
ECDSA_SHA1 = bytes.fromhex("06072a8648ce3d0401")

DIGESTS = ((SHA256, "sha256"), (SHA384, "sha384"), (SHA512, "sha512"))


@pytest.mark.parametrize(("identifier", "name"), DIGESTS)
def test_digests(identifier: bytes, name: str) -> None:
    assert digest_algorithm(identifier).name == name
    assert digest_algorithm(identifier + NULL) is digest_algorithm(identifier)


@pytest.mark.parametrize(
    ("identifier", "kind"),
    [
        (SHA1, "cms-weak"),
        (SHA1 + NULL, "cms-weak"),
        (MD5 + NULL, "cms-weak"),
        (SHA224, "cms-weak"),
        (SHA3_256, "cms-algorithm"),
        (SHA256 + NULL + NULL, "cms-algorithm"),
        (SHA256 + der(2, b"\x01"), "cms-algorithm"),
        (SHA256[:-1], "cms-algorithm"),
        (RSA_SHA256, "cms-algorithm"),
        (b"", "cms-algorithm"),
    ],
)
def test_other_digests(identifier: bytes, kind: str) -> None:
    with pytest.raises(CmsRefused) as caught:
        digest_algorithm(identifier)
    assert caught.value.kind == kind


def sign_rsa(scheme: padding.PKCS1v15 | padding.PSS, digest: Hash) -> bytes:
    key = signer("rsa2048").key
    assert isinstance(key, rsa.RSAPrivateKey)
    return key.sign(MESSAGE, scheme, digest)


def verify(kind: str, identifier: bytes, digest: Hash, signature: bytes, message: bytes = MESSAGE) -> None:
    require_signature(signer(kind).key.public_key(), identifier, digest, signature, message)


def kind_of(kind: str, identifier: bytes, digest: Hash, signature: bytes, message: bytes = MESSAGE) -> str:
    with pytest.raises(CmsRefused) as caught:
        verify(kind, identifier, digest, signature, message)
    assert caught.value.sentence.endswith(".")
    return caught.value.kind


@pytest.mark.parametrize(("oid", "digest_oid"), [(RSA_SHA256, SHA256), (RSA_SHA384, SHA384), (RSA_SHA512, SHA512)])
def test_rsa(oid: bytes, digest_oid: bytes) -> None:
    digest = digest_algorithm(digest_oid)
    signature = sign_rsa(padding.PKCS1v15(), digest)
    for identifier in (oid, oid + NULL, RSA, RSA + NULL):
        verify("rsa2048", identifier, digest, signature)
        assert kind_of("rsa2048", identifier, digest, signature, MESSAGE + b"x") == "cms-signature"
    for other in {RSA_SHA256, RSA_SHA384, RSA_SHA512} - {oid}:
        assert kind_of("rsa2048", other + NULL, digest, signature) == "cms-algorithm"
    for other, kind in ((RSA_SHA1, "cms-weak"), (RSA_MD5, "cms-weak"), (ECDSA_SHA256, "cms-algorithm"), (digest_oid, "cms-algorithm")):
        assert kind_of("rsa2048", other + NULL, digest, signature) == kind
    assert kind_of("rsa3072", RSA, digest, signature) == "cms-signature"


@pytest.mark.parametrize(("oid", "digest_oid"), [(ECDSA_SHA256, SHA256), (ECDSA_SHA384, SHA384), (ECDSA_SHA512, SHA512)])
@pytest.mark.parametrize("kind", ["p256", "p384", "p521"])
def test_ecdsa(kind: str, oid: bytes, digest_oid: bytes) -> None:
    digest = digest_algorithm(digest_oid)
    key = signer(kind).key
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    signature = key.sign(MESSAGE, ec.ECDSA(digest))
    verify(kind, oid, digest, signature)
    assert kind_of(kind, oid, digest, signature, MESSAGE + b"x") == "cms-signature"
    assert kind_of(kind, oid, digest, signature + b"\x00") == "cms-signature"
    for other in {ECDSA_SHA256, ECDSA_SHA384, ECDSA_SHA512} - {oid}:
        assert kind_of(kind, other, digest, signature) == "cms-algorithm"
    # RFC 5758 3.2: the parameters are absent, not NULL.
    for other, refused in ((oid + NULL, "cms-algorithm"), (ECDSA_SHA1, "cms-weak"), (RSA + NULL, "cms-algorithm"), (PSS, "cms-algorithm")):
        assert kind_of(kind, other, digest, signature) == refused


def integer(value: int) -> bytes:
    return der(2, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def pss(hash_name: bytes, mask: bytes, salt: int, *more: bytes) -> bytes:
    """Contents of an AlgorithmIdentifier of RSA-PSS; empty names and a salt of 0 are left out."""
    fields = [der(0xA0 + number, item) for number, item in ((0, hash_name), (1, mask), (2, integer(salt) if salt else b"")) if item]
    return PSS + der(0x30, *fields, *more)


def named(oid: bytes, parameters: bytes = b"") -> bytes:
    return der(0x30, oid, parameters)


@pytest.mark.parametrize("digest_oid", [SHA256, SHA384, SHA512])
def test_pss(digest_oid: bytes) -> None:
    digest = digest_algorithm(digest_oid)
    for salt in (20, digest.digest_size, 150):
        signature = sign_rsa(padding.PSS(padding.MGF1(digest), salt), digest)
        for null in (b"", NULL):
            usual = named(digest_oid, null)
            identifier = pss(usual, named(MGF1, usual), salt)
            verify("rsa2048", identifier, digest, signature)
            verify("rsa2048", pss(usual, named(MGF1, usual), salt, der(0xA3, integer(1))), digest, signature)
            assert kind_of("rsa2048", identifier, digest, signature, MESSAGE + b"x") == "cms-signature"
            assert kind_of("rsa2048", pss(usual, named(MGF1, usual), salt + 1), digest, signature) == "cms-signature"


def test_a_salt_that_is_not_named_has_twenty_bytes() -> None:
    digest = digest_algorithm(SHA256)
    signature = sign_rsa(padding.PSS(padding.MGF1(digest), 20), digest)
    verify("rsa2048", pss(named(SHA256), named(MGF1, named(SHA256)), 0), digest, signature)


def test_pss_parameters_that_are_refused() -> None:
    digest = digest_algorithm(SHA256)
    signature = sign_rsa(padding.PSS(padding.MGF1(digest), 32), digest)
    usual, mask = named(SHA256), named(MGF1, named(SHA256))
    for identifier in (
        pss(named(SHA384), mask, 32),
        pss(usual, named(MGF1, named(SHA384)), 32),
        pss(usual, named(P_SOURCE, named(SHA256)), 32),
        pss(usual, named(MGF1), 32),
        pss(named(SHA1, NULL), named(MGF1, named(SHA1, NULL)), 32),
        pss(b"", mask, 32),
        pss(usual, b"", 32),
        pss(usual, mask, 19),
        pss(usual, mask, 2049),
        pss(usual, mask, 2**64),
        pss(usual, mask, 32, der(0xA3, integer(2))),
        pss(usual, mask, 32, NULL),
        PSS,
        PSS + NULL,
        PSS + der(0x30),
    ):
        assert kind_of("rsa2048", identifier, digest, signature) == "cms-algorithm", identifier.hex()
    assert kind_of("rsa2048", pss(usual, mask, 400), digest, signature) == "cms-signature"  # More salt than the key has room for.


def test_changed_identifiers_never_raise_anything_else() -> None:
    source = random.Random(20261124)
    digest = digest_algorithm(SHA256)
    signature = sign_rsa(padding.PSS(padding.MGF1(digest), 32), digest)
    identifier = pss(named(SHA256), named(MGF1, named(SHA256)), 32)
    for _ in range(3_000):
        changed = bytearray(identifier)
        changed[source.randrange(len(changed))] = source.randrange(256)
        with suppress(CmsRefused):
            verify("rsa2048", bytes(changed), digest, signature)
        with suppress(CmsRefused):
            assert isinstance(digest_algorithm(bytes(changed)), hashes.HashAlgorithm)
