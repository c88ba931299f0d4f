"""Reading requests: what is right becomes a Csr, what is not one says what it is, and a request proves its key."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import ipaddress
import subprocess
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, x25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat, pkcs7
from hypothesis import given
from hypothesis import strategies as st

from privyseal.engine.csr import MAX_CSR_BYTES, MAX_NAMES, Csr, read_csr
from privyseal.engine.key_policy import KeyFacts
from privyseal.engine.lax_csr import element, split_request
from privyseal.engine.names import normalize_dns_name
from privyseal.engine.private_keys import PrivateKeyFound
from privyseal.model.errors import BadRequest, PrivysealError, Refused
from privyseal.model.profile import KeyAlgorithm
from tests.engine.sample_csrs import (
    SEQUENCE,
    SET,
    SigningKey,
    attribute,
    challenge,
    dns,
    ec_spki,
    ed25519_key,
    extension_request,
    odd_request,
    p256_key,
    request,
    request_der,
    request_pem,
    rsa_key,
    rsa_spki,
    san_extension,
    spki_of,
    subject,
)

PRIVATE_KEY = p256_key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
PUBLIC_KEY = p256_key().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def _certificate() -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "www.example.test")])
    day = datetime(2026, 11, 21, tzinfo=UTC)
    builder = x509.CertificateBuilder(name, name, p256_key().public_key(), 1, day, day)
    return builder.sign(p256_key(), hashes.SHA256())


def _revocation_list() -> x509.CertificateRevocationList:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "CA")])
    day = datetime(2026, 11, 21, tzinfo=UTC)
    return x509.CertificateRevocationListBuilder(name, day, day).sign(p256_key(), hashes.SHA256())


def _pem(label: str, der: bytes) -> bytes:
    return f"-----BEGIN {label}-----\n{base64.encodebytes(der).decode()}-----END {label}-----\n".encode()


def _error(data: bytes) -> PrivysealError:
    with pytest.raises((BadRequest, Refused)) as error:
        read_csr(data)
    assert error.value.field in {"csr", "key"}
    assert error.value.sentence.isprintable()
    assert error.value.sentence.endswith(".")
    return error.value


@pytest.mark.parametrize(
    ("key", "facts"),
    [
        (p256_key(), KeyFacts(KeyAlgorithm.P256, 256)),
        (rsa_key(), KeyFacts(KeyAlgorithm.RSA, 2048)),
        (ed25519_key(), KeyFacts(KeyAlgorithm.ED25519, 256)),
    ],
    ids=["p256", "rsa", "ed25519"],
)
def test_a_request_is_read(key: SigningKey, facts: KeyFacts) -> None:
    der = request_der(key, "www.example.test", ["www.example.test", "shop.example.test"])
    assert read_csr(der) == Csr(
        der=der,
        spki_der=spki_of(key),
        spki_sha256=hashlib.sha256(spki_of(key)).digest(),
        key=facts,
        common_name="www.example.test",
        dns_names=("www.example.test", "shop.example.test"),
        other_names=(),
        asked_extensions=("2.5.29.17",),
    )


def test_pem_in_all_its_habits() -> None:
    pem = request_pem(p256_key())
    csr = read_csr(pem)
    habits = {
        "CRLF": pem.replace(b"\n", b"\r\n"),
        "CR": pem.replace(b"\n", b"\r"),
        "trailing blanks": pem.replace(b"\n", b"  \t\n") + b"\n \n",
        "indented": b"    " + pem.replace(b"\n", b"\n    "),
        "no last line break": pem.rstrip(),
        "byte order mark": b"\xef\xbb\xbf" + pem,
        "text before and after": "Hello,\nmein Gruß – here it is:\n".encode() + pem + b"-- \nAnna\n",
        "old label": pem.replace(b"CERTIFICATE REQUEST", b"NEW CERTIFICATE REQUEST"),
        "one line": pem.replace(b"\n", b" "),
        "DER": csr.der,
    }
    for habit, data in habits.items():
        assert read_csr(data) == csr, habit


def test_what_openssl_writes(tmp_path: Path) -> None:
    command = "openssl req -new -newkey rsa:2048 -nodes -keyout key -subj /C=XX/ST=Some-State/O=Other/CN=www.example.test -text"
    extension = ["-addext", "subjectAltName=DNS:www.example.test,DNS:*.example.test,IP:192.0.2.1,email:a@example.test"]
    run = subprocess.run([*command.split(), *extension], cwd=tmp_path, check=True, capture_output=True)
    csr = read_csr(run.stdout)
    assert csr.common_name == "www.example.test"
    assert csr.dns_names == ("www.example.test", "*.example.test")
    assert csr.other_names == (("ip", "192.0.2.1"), ("email", "a@example.test"))
    spki = subprocess.run(
        ["openssl", "pkey", "-in", "key", "-pubout", "-outform", "DER"], cwd=tmp_path, check=True, capture_output=True
    ).stdout
    assert csr.spki_der == spki
    defaults = subprocess.run(["openssl", "req", "-new", "-key", "key", "-batch"], cwd=tmp_path, check=True, capture_output=True).stdout
    assert read_csr(defaults).dns_names == ()  # Incident I26: "Some-State" and "Internet Widgits" are not even looked at.


def test_the_common_name_comes_first_when_the_san_does_not_repeat_it() -> None:
    assert read_csr(request_der(p256_key(), "a.example.test", ["b.example.test"])).dns_names == ("a.example.test", "b.example.test")
    assert read_csr(request_der(p256_key(), "B.example.test", ["b.example.test"])).dns_names == ("b.example.test",)
    assert read_csr(request_der(p256_key(), "a.example.test", [])).dns_names == ("a.example.test",)
    assert read_csr(request_der(p256_key(), None, ["b.example.test"])).common_name is None
    several = read_csr(odd_request(name=subject(b"a.example.test", b"b.example.test")))
    assert (several.common_name, several.dns_names) == ("a.example.test", ("a.example.test", "b.example.test"))
    assert read_csr(odd_request(name=subject())).dns_names == ()


def test_common_names_in_all_string_types() -> None:
    # RFC 5280 4.1.2.4 DirectoryString, and what is found beside it; T61String holds Latin-1 in practice.
    encodings = {0x0C: "utf-8", 0x13: "ascii", 0x14: "latin-1", 0x16: "ascii", 0x1A: "ascii", 0x1C: "utf-32-be", 0x1E: "utf-16-be"}
    for tag, encoding in encodings.items():
        assert read_csr(odd_request(name=subject("www.example.test".encode(encoding), tag=tag))).dns_names == ("www.example.test",)
    assert read_csr(odd_request(name=subject("bücher.test".encode("latin-1"), tag=0x14))).common_name == "bücher.test"
    long = "a" * 200 + ".example.test"  # X.520 stops at 64 characters; a name that is too long is refused by its own sentence.
    assert read_csr(odd_request(name=subject(long.encode()))).common_name == long


def test_names_are_raw_so_that_the_names_can_be_refused() -> None:
    san = extension_request(san_extension(dns(b"good.com\0.evil.com") + dns(b"my_host.example.test")))
    csr = read_csr(odd_request(san, name=subject("g\u00f6od.com\0.evil.com".encode())))
    assert csr.dns_names == ("g\u00f6od.com\0.evil.com", "good.com\0.evil.com", "my_host.example.test")
    for name in csr.dns_names:
        with pytest.raises(Refused):
            normalize_dns_name(name)
    # RFC 5280 4.2.1.6 wants ASCII here; a maker that writes UTF-8 means the name, and what is signed is its A-label.
    international = read_csr(odd_request(extension_request(san_extension(dns("bücher.test".encode())))))
    assert normalize_dns_name(international.dns_names[1]) == "xn--bcher-kva.test"


def test_other_names_are_told_apart() -> None:
    others = [
        x509.IPAddress(ipaddress.ip_address("2001:db8::1")),
        x509.UniformResourceIdentifier("https://example.test/"),
        x509.RFC822Name("a@example.test"),
        x509.OtherName(x509.ObjectIdentifier("1.3.6.1.4.1.311.20.2.3"), b"\x0c\x01a"),
        x509.RegisteredID(x509.ObjectIdentifier("1.2.3")),
        x509.DirectoryName(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a")])),
    ]
    csr = read_csr(request(p256_key(), others=others).public_bytes(Encoding.DER))
    assert csr.other_names == (
        ("ip", "2001:db8::1"),
        ("uri", "https://example.test/"),
        ("email", "a@example.test"),
        ("other", "other name 1.3.6.1.4.1.311.20.2.3"),
        ("other", "registered id 1.2.3"),
        ("other", "directory name CN=a"),
    )


def test_extensions_are_noticed_and_never_more() -> None:
    asked = [
        x509.BasicConstraints(ca=True, path_length=None),
        x509.ExtendedKeyUsage([x509.ObjectIdentifier("2.5.29.37.0"), x509.ObjectIdentifier("1.3.6.1.4.1.311.20.2.1")]),
        x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.311.25.2"), b"\x04\x00"),
        x509.NameConstraints([x509.DNSName("example.test")], None),
    ]
    csr = read_csr(request(p256_key(), extensions=asked).public_bytes(Encoding.DER))
    assert csr.asked_extensions == ("2.5.29.17", "2.5.29.19", "2.5.29.37", "1.3.6.1.4.1.311.25.2", "2.5.29.30")


def test_a_hundred_names_and_no_more() -> None:
    names = [f"host{number}.example.test" for number in range(MAX_NAMES + 1)]
    assert len(read_csr(request_der(rsa_key(), names[0], names[:MAX_NAMES])).dns_names) == MAX_NAMES
    for der in (request_der(rsa_key(), names[0], names), request_der(rsa_key(), "other.example.test", names[:MAX_NAMES])):
        error = _error(der)
        assert isinstance(error, Refused)
        assert error.kind == "too-many-names"
        assert "101 names" in error.sentence
    mails = [x509.RFC822Name(f"a{number}@example.test") for number in range(MAX_NAMES)]
    assert _error(request(p256_key(), others=mails).public_bytes(Encoding.DER)).kind == "too-many-names"


def test_unsorted_attributes_are_read_by_the_lax_reader() -> None:
    # strongSwan sends them so: the extensions before the challenge password, which DER sorts first.
    san = extension_request(san_extension(dns(b"www.example.test")))
    password = challenge(b"challenge")
    for key in (p256_key(), rsa_key(), ed25519_key()):
        unsorted_der = odd_request(*sorted((san, password), reverse=True), key=key)
        with pytest.raises(ValueError, match="InvalidSetOrdering"):
            x509.load_der_x509_csr(unsorted_der)
        csr = read_csr(unsorted_der)
        assert csr.der == unsorted_der
        assert csr.dns_names == ("www.example.test",)
        assert csr.spki_der == spki_of(key)
        # The proof of possession covers the bytes as they were sent: sorting them afterwards breaks it.
        assert _error(split_request(unsorted_der).with_sorted_attributes()).kind == "proof-invalid"
        assert read_csr(odd_request(*sorted((san, password)), key=key)).dns_names == csr.dns_names


def test_the_key_has_one_identity_whatever_its_encoding() -> None:
    point = p256_key().public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    csr = read_csr(odd_request(spki=ec_spki(point)))
    assert csr.spki_der == spki_of(p256_key())
    assert csr.spki_sha256 == read_csr(request_der(p256_key())).spki_sha256


def test_other_things_are_called_by_their_name() -> None:
    certificate = _certificate()
    bundle = pkcs7.serialize_certificates([certificate], Encoding.DER)
    revoked = _revocation_list()
    pem = request_pem(p256_key())
    other_pem = request_pem(rsa_key())
    things = {
        b"": "csr-empty",
        b" \r\n\t ": "csr-empty",
        b"Dear all, the request comes tomorrow.": "csr-not-a-request",
        certificate.public_bytes(Encoding.PEM): "csr-is-certificate",
        certificate.public_bytes(Encoding.DER): "csr-is-certificate",
        _pem("CERTIFICATE REQUEST", certificate.public_bytes(Encoding.DER)): "csr-is-certificate",
        _pem("TRUSTED CERTIFICATE", certificate.public_bytes(Encoding.DER)): "csr-is-certificate",
        pkcs7.serialize_certificates([certificate], Encoding.PEM): "csr-is-pkcs7",
        bundle: "csr-is-pkcs7",
        _pem("CMS", bundle): "csr-is-pkcs7",
        _pem("CERTIFICATE REQUEST", bundle): "csr-is-pkcs7",
        PUBLIC_KEY: "csr-is-public-key",
        rsa_spki(rsa_key().public_key().public_numbers().n): "csr-is-public-key",
        rsa_key().public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH): "csr-is-public-key",
        revoked.public_bytes(Encoding.PEM): "csr-not-a-request",
        revoked.public_bytes(Encoding.DER): "csr-not-a-request",
        _pem("<script>alert(1)</script>", b"a"): "csr-not-a-request",
        pem + pem: "csr-several",
        pem + other_pem: "csr-several",
        pem + certificate.public_bytes(Encoding.PEM): "csr-several",
        b"\xff\xfe" + pem.decode().encode("utf-16-le"): "csr-utf-16",
        pem.decode().encode("utf-16-be"): "csr-utf-16",
        pem.decode().encode("utf-16-le"): "csr-utf-16",
        b"\n".join(pem.splitlines()[1:-1]): "csr-no-begin-line",
        pem[:-20]: "csr-cut-off",
        pem.replace(b"\nM", b"\n&", 1): "csr-damaged",
        pem.replace(b"\n", b"\\n"): "csr-damaged",
        b"0" * 20: "csr-not-a-request",
        b"\x30\x84\xff": "csr-damaged",
        b"\x30\x80" + request_der(p256_key())[3:] + b"\0\0": "csr-ber",
        request_der(p256_key()) + b"\0": "csr-trailing-bytes",
        _pem("CERTIFICATE REQUEST", request_der(p256_key()) + b"more"): "csr-trailing-bytes",
        request_der(p256_key())[:-1]: "csr-cut-off",
        b"a" * (MAX_CSR_BYTES + 1): "csr-too-large",
    }
    for data, kind in things.items():
        error = _error(data)
        assert isinstance(error, BadRequest)
        assert error.kind == kind, data[:60]


def test_the_sentences_for_people() -> None:
    certificate = _error(_certificate().public_bytes(Encoding.PEM)).sentence
    assert certificate == (
        "This is a certificate, not a certificate signing request. Make a certificate signing request (CSR) on the server and send that."
    )
    several = _error(request_pem(p256_key()) + PUBLIC_KEY).sentence
    assert several == "There are several things in this (certificate request, public key). Send only the certificate signing request."


def test_a_private_key_beside_or_instead_of_the_request() -> None:
    digest = hashlib.sha256(spki_of(p256_key())).digest()
    der = p256_key().private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    for data in (
        PRIVATE_KEY,
        PRIVATE_KEY + request_pem(p256_key()),
        request_pem(rsa_key()) + PRIVATE_KEY,
        der,
        PRIVATE_KEY.decode().encode("utf-16"),
    ):
        with pytest.raises(PrivateKeyFound) as refusal:
            read_csr(data)
        assert refusal.value.spki_sha256 == (digest,)
        assert refusal.value.field == "csr"


def test_the_proof_of_possession() -> None:
    strangers_key = ec.generate_private_key(ec.SECP256R1())
    proofs = {
        "by another key": odd_request(spki=spki_of(strangers_key)),
        "by another kind of key": odd_request(spki=spki_of(rsa_key())),
        "empty": odd_request(signature=b""),
        "negative": odd_request(signature=bytes.fromhex("3006020180020101")),
        "zero": odd_request(signature=bytes.fromhex("3006020100020100")),
    }
    for what, der in proofs.items():
        assert _error(der).kind in {"proof-invalid", "proof-algorithm"}, what
    changed = bytearray(request_der(p256_key()))
    changed[changed.index(b"www") + 1] ^= 1
    assert _error(bytes(changed)).kind == "proof-invalid"


def test_weak_and_unknown_methods_of_proof() -> None:
    info = split_request(request_der(rsa_key())).info
    key = rsa_key()
    methods: dict[str, tuple[hashes.HashAlgorithm, str]] = {
        "300d06092a864886f70d0101040500": (hashes.MD5(), "proof-weak-hash"),  # noqa: S303 - the weak hash is the case
        "300d06092a864886f70d0101050500": (hashes.SHA1(), "proof-weak-hash"),  # noqa: S303 - the weak hash is the case
        "300d06092a864886f70d01010e0500": (hashes.SHA224(), "proof-weak-hash"),
        "300d06092a864886f70d0101030500": (hashes.MD5(), "proof-algorithm"),  # noqa: S303 - MD4, which nobody knows any more
        "300d06092a864886f70d0101550500": (hashes.SHA256(), "proof-algorithm"),
        "300a06082a8648ce3d040302": (hashes.SHA256(), "proof-algorithm"),
    }
    for algorithm, (used_hash, kind) in methods.items():
        signature = key.sign(info, padding.PKCS1v15(), used_hash)
        der = element(SEQUENCE, info + bytes.fromhex(algorithm) + element(3, b"\0" + signature))
        assert _error(der).kind == kind, algorithm


def test_rsa_pss_is_a_good_proof_for_an_ordinary_key() -> None:
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    pss = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH)
    csr = builder.sign(rsa_key(), hashes.SHA256(), rsa_padding=pss)
    assert read_csr(csr.public_bytes(Encoding.DER)).key == KeyFacts(KeyAlgorithm.RSA, 2048)


def test_keys_are_refused_by_the_key_policy_before_anything_is_computed_with_them() -> None:
    x25519_spki = x25519.X25519PrivateKey.generate().public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    keys = {
        rsa_spki(1 << 65535 | 1): "key-size",
        rsa_spki(rsa_key().public_key().public_numbers().n, 2**2000 + 1): "key-exponent",
        spki_of(ec.generate_private_key(ec.SECP256K1())): "key-curve",
        x25519_spki: "key-algorithm",
        ec_spki(b""): "key-invalid",
    }
    for spki, kind in keys.items():
        error = _error(odd_request(spki=spki))
        assert (error.kind, error.field) == (kind, "key")


def test_broken_subjects_extensions_and_attributes() -> None:
    san = san_extension(dns(b"www.example.test"))
    two_lists = (extension_request(san), attribute(bytes.fromhex("060a2b06010401823702010e"), element(SEQUENCE, san)))
    cases = {
        "version 2": (odd_request(version=1), "csr-version"),
        "the same extension twice": (odd_request(extension_request(san, san)), "csr-extensions"),
        "two lists of extensions": (odd_request(*sorted(two_lists)), "csr-extensions"),
        "the same list twice": (odd_request(extension_request(san), extension_request(san)), "csr-extensions"),
        "a name that is no text": (odd_request(extension_request(san_extension(dns(b"\xff.test")))), "csr-extensions"),
        "an X.400 address": (odd_request(extension_request(san_extension(element(0xA3, b"")))), "csr-extensions"),
        "an address of 5 bytes": (odd_request(extension_request(san_extension(element(0x87, b"12345")))), "csr-extensions"),
        "an empty extension": (odd_request(extension_request(b"\x30\x00")), "csr-extensions"),
        "a list that is a number": (odd_request(attribute(bytes.fromhex("06092a864886f70d01090e"), b"\2\1\0")), "csr-extensions"),
        "an attribute without a type": (odd_request(b"\x30\x00"), "csr-damaged"),
        "a common name that is a number": (odd_request(name=subject(b"\1", tag=2)), "csr-subject"),
        "a subject that is no UTF-8": (odd_request(name=subject(b"\xff\xfe")), "csr-subject"),
        "a subject in half characters": (odd_request(name=subject(b"abc", tag=0x1E)), "csr-damaged"),
        "a subject that is a set": (odd_request(name=element(SET, b"")), "csr-damaged"),
        "a subject of garbage": (odd_request(name=element(SEQUENCE, b"\x02\x01\x00")), "csr-damaged"),
    }
    for what, (der, kind) in cases.items():
        assert _error(der).kind == kind, what


def test_the_largest_requests_cost_little() -> None:
    """Within 64 KiB: 3,000 names, deep nesting, the largest keys (reliability section 5.2: 250 ms CPU, 64 MiB)."""
    names = b"".join(dns(b"host%d.example.test" % number) for number in range(2600))
    hostile = [
        odd_request(extension_request(san_extension(names))),
        odd_request(name=subject(*[b"cn"] * 3000)),
        odd_request(*[challenge(b"a")] * 2000),
        odd_request(extension_request(san_extension(element(0xA4, subject(*[b"cn"] * 3000))))),
        odd_request(spki=rsa_spki(1 << 65535 | 1)),
        b"\x30\x83\x00\xff\xfb" + b"\x30\x80" * 30000,
        b"-----BEGIN CERTIFICATE REQUEST-----" * 1800,
        b"-----BEGIN " + b"A" * 60000,
    ]
    tracemalloc.start()
    for data in hostile:
        assert len(data) <= MAX_CSR_BYTES
        with contextlib.suppress(PrivysealError):
            read_csr(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 64 * 1024 * 1024


@given(st.binary(max_size=300))
def test_any_bytes_are_a_request_or_our_error(data: bytes) -> None:
    for candidate in (data, b"\x30\x82" + data, _pem("CERTIFICATE REQUEST", data)):
        _error(candidate)


@given(
    st.text(max_size=80),
    st.lists(st.text(alphabet=st.characters(max_codepoint=127), max_size=80), max_size=5),
)
def test_all_names_come_back_as_they_were_asked(common_name: str, names: list[str]) -> None:
    san = extension_request(san_extension(b"".join(dns(name.encode()) for name in names)))
    csr = read_csr(odd_request(*([san] if names else []), name=subject(common_name.encode())))
    in_san = {name.lower() for name in names}
    assert csr.common_name == common_name
    assert csr.dns_names == ((common_name, *names) if common_name.lower() not in in_san else tuple(names))


def test_rsa_keys_too_small_prove_nothing() -> None:
    small = rsa.generate_private_key(65537, 1024)
    assert _error(request_der(small)).kind == "key-size"
