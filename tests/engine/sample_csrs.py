"""Requests for the tests: ordinary ones by the library's builder, and odd ones put together element by element."""

from __future__ import annotations

import functools
import random
from collections.abc import Sequence

import gmpy2
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from privyseal.engine.lax_csr import element

SigningKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey

SEQUENCE = 0x30
SET = 0x31
INTEGER = 0x02
BIT_STRING = 0x03
OCTET_STRING = 0x04
UTF8_STRING = 0x0C

COMMON_NAME = bytes.fromhex("0603550403")
SUBJECT_ALT_NAME = bytes.fromhex("0603551d11")
EXTENSION_REQUEST = bytes.fromhex("06092a864886f70d01090e")
CHALLENGE_PASSWORD = bytes.fromhex("06092a864886f70d010907")
ECDSA_SHA256 = bytes.fromhex("300a06082a8648ce3d040302")
RSA_SHA256 = bytes.fromhex("300d06092a864886f70d01010b0500")


@functools.cache
def p256_key() -> ec.EllipticCurvePrivateKey:
    """Always the same key, so that the seeded mutations are the same bytes in each run."""
    return ec.derive_private_key(random.Random(256).getrandbits(255), ec.SECP256R1())


@functools.cache
def rsa_key() -> rsa.RSAPrivateKey:
    """Always the same key of 2048 bits."""
    generator = random.Random(2048)
    first, second = (int(gmpy2.next_prime(generator.getrandbits(1024) | 3 << 1022)) for _ in range(2))
    exponent = rsa.rsa_recover_private_exponent(65537, first, second)
    return rsa.RSAPrivateNumbers(
        p=first,
        q=second,
        d=exponent,
        dmp1=rsa.rsa_crt_dmp1(exponent, first),
        dmq1=rsa.rsa_crt_dmq1(exponent, second),
        iqmp=rsa.rsa_crt_iqmp(first, second),
        public_numbers=rsa.RSAPublicNumbers(65537, first * second),
    ).private_key()


@functools.cache
def ed25519_key() -> ed25519.Ed25519PrivateKey:
    """Always the same key."""
    return ed25519.Ed25519PrivateKey.from_private_bytes(random.Random(25519).randbytes(32))


def spki_of(key: SigningKey) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def request(
    key: SigningKey,
    common_name: str | None = "www.example.test",
    dns_names: Sequence[str] = ("www.example.test",),
    others: Sequence[x509.GeneralName] = (),
    extensions: Sequence[x509.ExtensionType] = (),
) -> x509.CertificateSigningRequest:
    """A request by the library's own builder."""
    attributes = [] if common_name is None else [x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name)]
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(attributes))
    names = [*(x509.DNSName(name) for name in dns_names), *others]
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    for extension in extensions:
        builder = builder.add_extension(extension, critical=True)
    used_hash = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return builder.sign(key, used_hash, ecdsa_deterministic=True if isinstance(key, ec.EllipticCurvePrivateKey) else None)


def request_der(key: SigningKey, common_name: str | None = "www.example.test", dns_names: Sequence[str] = ("www.example.test",)) -> bytes:
    return request(key, common_name, dns_names).public_bytes(Encoding.DER)


def request_pem(key: SigningKey, common_name: str | None = "www.example.test", dns_names: Sequence[str] = ("www.example.test",)) -> bytes:
    return request(key, common_name, dns_names).public_bytes(Encoding.PEM)


def integer(value: int) -> bytes:
    return element(INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def subject(*names: bytes, tag: int = UTF8_STRING) -> bytes:
    """A subject of common names with any bytes in them."""
    return element(SEQUENCE, b"".join(element(SET, element(SEQUENCE, COMMON_NAME + element(tag, name))) for name in names))


def attribute(oid: bytes, value: bytes) -> bytes:
    return element(SEQUENCE, oid + element(SET, value))


def san_extension(general_names: bytes) -> bytes:
    return element(SEQUENCE, SUBJECT_ALT_NAME + element(OCTET_STRING, element(SEQUENCE, general_names)))


def dns(name: bytes) -> bytes:
    return element(0x82, name)


def extension_request(*extensions: bytes) -> bytes:
    return attribute(EXTENSION_REQUEST, element(SEQUENCE, b"".join(extensions)))


def challenge(text: bytes) -> bytes:
    return attribute(CHALLENGE_PASSWORD, element(UTF8_STRING, text))


def rsa_spki(modulus: int, exponent: int = 65537, algorithm: bytes = bytes.fromhex("300d06092a864886f70d0101010500")) -> bytes:
    """The SubjectPublicKeyInfo of an RSA key with any numbers."""
    return element(SEQUENCE, algorithm + element(BIT_STRING, b"\0" + element(SEQUENCE, integer(modulus) + integer(exponent))))


def ec_spki(point: bytes, curve: bytes = bytes.fromhex("06082a8648ce3d030107")) -> bytes:
    """The SubjectPublicKeyInfo of an EC key with any point on any curve."""
    algorithm = element(SEQUENCE, bytes.fromhex("06072a8648ce3d0201") + curve)
    return element(SEQUENCE, algorithm + element(BIT_STRING, b"\0" + point))


def odd_request(
    *attributes: bytes,
    key: SigningKey | None = None,
    spki: bytes | None = None,
    name: bytes | None = None,
    version: int = 0,
    signature: bytes | None = None,
) -> bytes:
    """A request of any parts, truly signed by the key (P-256 unless another is given) unless a signature is given."""
    signer = key or p256_key()
    info = element(
        SEQUENCE,
        integer(version)
        + (subject(b"www.example.test") if name is None else name)
        + (spki_of(signer) if spki is None else spki)
        + element(0xA0, b"".join(attributes)),
    )
    if isinstance(signer, rsa.RSAPrivateKey):
        from_key, algorithm = signer.sign(info, padding.PKCS1v15(), hashes.SHA256()), RSA_SHA256
    elif isinstance(signer, ec.EllipticCurvePrivateKey):
        from_key, algorithm = signer.sign(info, ec.ECDSA(hashes.SHA256(), deterministic_signing=True)), ECDSA_SHA256
    else:
        from_key, algorithm = signer.sign(info), bytes.fromhex("300506032b6570")
    proof = from_key if signature is None else signature
    return element(SEQUENCE, info + algorithm + element(BIT_STRING, b"\0" + proof))
