"""What a signer is named by, compared with what cryptography's own certificate reader says."""

from __future__ import annotations

import random
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding

from privyseal_wire.errors import CmsRefused
from privyseal_wire.signer_certificate import read_signer_certificate, read_signer_name
from tests.wire.cms_composer import der
from tests.wire.sample_signers import KINDS, NOW, certify, new_key, signer

VECTORS = Path(__file__).parents[1] / "vectors" / "cms"


def readable() -> list[bytes]:
    found = [signer(kind).der for kind in KINDS] + [path.read_bytes() for path in sorted(VECTORS.glob("*.cer"))]
    key = new_key("p256")
    found += [certify(key, "no identifier", key_identifier=False).public_bytes(Encoding.DER)]
    found += [certify(key, "serial", serial=serial).public_bytes(Encoding.DER) for serial in (1, 127, 128, 2**159 - 1)]
    return found


def test_the_names_are_those_of_the_certificate() -> None:
    for data in readable():
        certificate, name = x509.load_der_x509_certificate(data), read_signer_name(data)
        assert name.issuer == certificate.issuer.public_bytes()
        assert int.from_bytes(name.serial, "big") == certificate.serial_number
        try:
            assert name.key_identifier == certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
        except x509.ExtensionNotFound:
            assert name.key_identifier is None


@pytest.mark.parametrize("kind", KINDS)
def test_the_key_is_that_of_the_certificate(kind: str) -> None:
    owner = read_signer_certificate(signer(kind).der)
    assert owner.public_key == signer(kind).key.public_key()
    assert owner.name == read_signer_name(signer(kind).der)


def of_other_keys() -> dict[str, bytes]:
    edwards = ed25519.Ed25519PrivateKey.generate()
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Edwards")])
    builder = x509.CertificateBuilder(name, name, edwards.public_key(), 1, NOW, NOW + timedelta(days=1))
    return {
        "a short RSA key": certify(new_key("rsa1024"), "short").public_bytes(Encoding.DER),
        "another curve": certify(new_key("k256"), "curve").public_bytes(Encoding.DER),
        "Ed25519": builder.sign(edwards, None).public_bytes(Encoding.DER),
    }


@pytest.mark.parametrize("name", of_other_keys())
def test_keys_that_do_not_sign_statements(name: str) -> None:
    certificate = of_other_keys()[name]
    assert read_signer_name(certificate).serial == b"\x01"
    with pytest.raises(CmsRefused, match="no RSA key of 2048 bits") as caught:
        read_signer_certificate(certificate)
    assert caught.value.kind == "cms-certificate"


def frame(*tbs: bytes) -> bytes:
    return der(0x30, der(0x30, *tbs), der(0x30), der(0x03, b"\x00"))


SERIAL, EMPTY, VERSION = der(2, b"\x05"), der(0x30), der(0xA0, der(2, b"\x02"))
FIELDS = (SERIAL, EMPTY, EMPTY, EMPTY, EMPTY, EMPTY)


def identifier(value: bytes) -> bytes:
    return der(0x30, bytes.fromhex("0603551d0e"), der(0x04, value))


def test_versions_and_optional_fields() -> None:
    """A certificate of version 1 has neither version nor extensions; RFC 5280 4.1."""
    assert read_signer_name(frame(*FIELDS)) == read_signer_name(frame(VERSION, *FIELDS))
    extensions = der(0xA3, der(0x30, der(0x30, bytes.fromhex("0603551d0f"), der(1, b"\xff"), der(4, b"")), identifier(der(4, b"id"))))
    assert read_signer_name(frame(VERSION, *FIELDS, der(0x81, b"\x00"), extensions)).key_identifier == b"id"
    assert read_signer_name(frame(VERSION, *FIELDS, der(0xA3, der(0x30)))).key_identifier is None


UNREADABLE = {
    "nothing": b"",
    "half": signer("p256").der[:200],
    "a byte more": signer("p256").der + b"\x00",
    "PEM": signer("p256").pem,
    "no fields": frame(),
    "a version and nothing": frame(VERSION),
    "five fields": frame(VERSION, *FIELDS[:5]),
    "extensions that are none": frame(VERSION, *FIELDS, der(0xA3, der(2, b"\x01"))),
    "an identifier that is none": frame(VERSION, *FIELDS, der(0xA3, der(0x30, identifier(der(2, b"\x01"))))),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_unreadable(name: str) -> None:
    for read in (read_signer_name, read_signer_certificate):
        with pytest.raises(CmsRefused) as caught:
            read(UNREADABLE[name])
        assert caught.value.kind == "cms-certificate"


def test_a_key_that_is_none() -> None:
    with pytest.raises(CmsRefused) as caught:
        read_signer_certificate(frame(VERSION, *FIELDS))
    assert caught.value.kind == "cms-certificate"


def test_changed_certificates_never_raise_anything_else() -> None:
    source = random.Random(20261125)
    certificates = readable()
    for number in range(5_000):
        changed = bytearray(certificates[number % len(certificates)])
        for _ in range(source.randrange(1, 4)):
            changed[source.randrange(len(changed))] = source.randrange(256)
        with suppress(CmsRefused):
            assert read_signer_certificate(bytes(changed)).name == read_signer_name(bytes(changed))
