"""What a certificate says: dates, subject, key identifiers, issuers that are none, and the reference builder seen by openssl."""

from __future__ import annotations

import contextlib
import os
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, x25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from privyseal.engine import der
from privyseal.engine.certificate import Issuer, build_reference, key_identifier, read_spki, subject_for, validity
from privyseal.engine.hierarchy import CaName, CaPlan, make_ocsp_responder
from privyseal.engine.serials import new_serial, serial_hex
from privyseal.model.errors import Refused
from privyseal.model.profile import ADMINISTRATOR_ID, TLS_SERVER, KeyAlgorithm, NameKind, SubjectField
from tests.engine.sample_issuers import NOW, RECORD, STATUS_URL, ca_key, content, issuing_ca, subject_spki

FAR = datetime(2100, 1, 1, tzinfo=UTC)


@given(st.integers(1, 10_000), st.datetimes(datetime(2000, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_both_ends_of_the_validity_count(days: int, now: datetime) -> None:
    """I17: notAfter - notBefore + 1 s is at most the lifetime."""
    first, last = validity(now, days, FAR)
    assert last - first + timedelta(seconds=1) == timedelta(days=days)
    assert first == now.replace(microsecond=0) - timedelta(minutes=5)
    assert first.microsecond == last.microsecond == 0


def test_two_hundred_days_are_not_one_second_more() -> None:
    first, last = validity(NOW, 200, FAR)
    assert (last - first).total_seconds() + 1 == 200 * 86_400


def test_a_certificate_ends_with_its_issuer() -> None:
    end = NOW.replace(microsecond=0) + timedelta(days=10)
    assert validity(NOW, 90, end)[1] == end
    assert validity(NOW, 9, end)[1] < end


def test_nothing_is_issued_under_an_expired_issuer() -> None:
    with pytest.raises(Refused, match="Renew the CA") as caught:
        validity(NOW, 90, NOW - timedelta(seconds=1))
    assert caught.value.kind == "issuer-expired"


def test_a_lifetime_of_no_day_is_a_bug() -> None:
    with pytest.raises(ValueError, match="at least one day"):
        validity(NOW, 0, FAR)


def test_the_validity_is_in_utc_whatever_the_zone_of_now() -> None:
    elsewhere = NOW.astimezone(timezone(timedelta(hours=-7)))
    assert validity(elsewhere, 1, FAR) == validity(NOW, 1, FAR)
    assert validity(elsewhere, 1, FAR)[0].tzinfo is UTC


def dns(*names: str) -> tuple[tuple[NameKind, str], ...]:
    return tuple((NameKind.DNS, name) for name in names)


def test_the_subject_stands_in_the_profiles_order_whatever_the_record_s() -> None:
    """I13: the order of attributes is the profile's."""
    backwards = dict(reversed(RECORD.items()))
    subject = subject_for(TLS_SERVER, backwards, dns("www.acme.test", "acme.test"))
    assert [kind for kind, _ in subject] == list(TLS_SERVER.subject)
    assert subject[-1] == (SubjectField.COMMON_NAME, "www.acme.test")


def test_the_common_name_is_the_first_dns_name_and_never_the_record_s() -> None:
    record = {**RECORD, SubjectField.COMMON_NAME: "www.evil.test"}
    assert (SubjectField.COMMON_NAME, "acme.test") in subject_for(TLS_SERVER, record, dns("acme.test"))


@pytest.mark.parametrize(("length", "kept"), [(64, True), (65, False)])
def test_a_first_name_that_is_too_long_for_a_common_name_is_left_out(length: int, kept: bool) -> None:  # noqa: FBT001
    name = "a" * (length - 10) + ".acme.test"
    assert len(name) == length
    fields = dict(subject_for(TLS_SERVER, RECORD, dns(name)))
    assert (SubjectField.COMMON_NAME in fields) is kept


def test_a_persons_common_name_is_the_record_s() -> None:
    record = {**RECORD, SubjectField.COMMON_NAME: "Alice Ångström"}
    subject = subject_for(ADMINISTRATOR_ID, record, ((NameKind.EMAIL, "alice@acme.test"),))
    assert [kind for kind, _ in subject] == [SubjectField.COUNTRY, SubjectField.ORGANIZATION, SubjectField.COMMON_NAME]
    assert subject[-1][1] == "Alice Ångström"


@pytest.mark.parametrize("algorithm", KeyAlgorithm)
def test_the_kind_of_a_key_and_its_identifier_are_read(algorithm: KeyAlgorithm) -> None:
    spki = subject_spki(algorithm)
    kind, bits = read_spki(spki)
    assert kind is algorithm
    assert spki.endswith(bits)
    # pyca hashes the same octets with SHA-1 (RFC 5280 method 1); ours is RFC 7093 method 1, as pkilint confirms elsewhere.
    assert len(key_identifier(spki)) == 20


def foreign_spkis() -> list[bytes]:
    keys = (ec.generate_private_key(ec.SECP256K1()), x25519.X25519PrivateKey.generate(), dsa.generate_private_key(2048))
    return [key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) for key in keys]


NO_BIT_STRING = der.sequence(der.children(subject_spki(KeyAlgorithm.ED25519))[0], der.octet_string(b"\x00" * 33))


NOT_CERTIFIED = [b"", b"\x30\x00", b"no key at all", subject_spki(KeyAlgorithm.P256)[:-1], NO_BIT_STRING, *foreign_spkis()]


@pytest.mark.parametrize("spki", NOT_CERTIFIED, ids=map(str, range(len(NOT_CERTIFIED))))
def test_other_keys_are_refused(spki: bytes) -> None:
    with pytest.raises(Refused, match="not certified here") as caught:
        read_spki(spki)
    assert caught.value.kind == "key-algorithm"


@given(st.binary(max_size=120))
def test_reading_a_key_refuses_or_reads_but_never_breaks(data: bytes) -> None:
    with pytest.raises(Refused):
        read_spki(data)


@given(st.integers(0, len(subject_spki(KeyAlgorithm.P256)) - 1), st.integers(0, 255))
def test_a_changed_key_is_refused_or_still_of_its_kind(position: int, octet: int) -> None:
    spki = bytearray(subject_spki(KeyAlgorithm.P256))
    spki[position] = octet
    with contextlib.suppress(Refused):
        assert read_spki(bytes(spki))[0] in KeyAlgorithm


def test_an_issuer_knows_its_addresses() -> None:
    issuer = issuing_ca()
    assert issuer.ocsp_url == f"{STATUS_URL}/ocsp/issuing-1"
    assert issuer.ca_issuers_url == f"{STATUS_URL}/ca/issuing-1.cer"
    assert issuer.crl_url(7) == f"{STATUS_URL}/crl/issuing-1/7.crl"


@pytest.mark.parametrize(
    ("ca_id", "status_url", "shard_count"),
    [
        ("Issuing", STATUS_URL, 128),
        ("a/b", STATUS_URL, 128),
        ("-a", STATUS_URL, 128),
        ("", STATUS_URL, 128),
        ("ca", "https://status.example.test", 128),
        ("ca", "http://status.example.test/", 128),
        ("ca", "http://status.example.test?x", 128),
        ("ca", "http://user@status.example.test", 128),
        ("ca", "", 128),
        ("ca", STATUS_URL, 0),
        ("ca", STATUS_URL, 257),
    ],
)
def test_addresses_that_do_not_fit_into_certificates_are_refused(ca_id: str, status_url: str, shard_count: int) -> None:
    with pytest.raises(Refused, match="Correct the configuration") as caught:
        Issuer(issuing_ca().certificate_der, ca_id, status_url, shard_count)
    assert caught.value.kind == "issuer-url"


def test_a_certificate_that_is_no_cas_is_no_issuer() -> None:
    leaf = build_reference(content(), issuing_ca(), ca_key("p256", 1))
    plan = CaPlan(CaName("Responder"), new_serial(3, os.urandom), NOW, 90)
    responder = make_ocsp_responder(plan, ca_key("p256", 2).public_key(), issuing_ca(), ca_key("p256", 1))
    for certificate in (leaf, responder, b"", b"garbage", issuing_ca().certificate_der + b"\x00"):
        with pytest.raises(Refused, match="not one that can issue") as caught:
            Issuer(certificate, "ca", STATUS_URL)
        assert caught.value.kind == "issuer-certificate"


def test_a_ca_whose_key_cannot_sign_is_no_issuer() -> None:
    ca = x509.load_der_x509_certificate(issuing_ca().certificate_der)
    builder = x509.CertificateBuilder(ca.issuer, ca.subject, x25519.X25519PrivateKey.generate().public_key(), ca.serial_number)
    builder = builder.not_valid_before(ca.not_valid_before_utc).not_valid_after(ca.not_valid_after_utc)
    for extension in ca.extensions:
        builder = builder.add_extension(extension.value, extension.critical)
    certificate = builder.sign(ca_key("p256"), hashes.SHA256()).public_bytes(Encoding.DER)
    with pytest.raises(Refused, match="not one that can issue"):
        Issuer(certificate, "ca", STATUS_URL)


def test_a_profile_without_purposes_has_no_extension_for_them() -> None:
    certificate = build_reference(content(profile=replace(TLS_SERVER, key_purposes=())), issuing_ca(), ca_key("p256", 1))
    with pytest.raises(x509.ExtensionNotFound):
        x509.load_der_x509_certificate(certificate).extensions.get_extension_for_class(x509.ExtendedKeyUsage)


def test_two_issuers_of_one_certificate_are_equal_and_hashable() -> None:
    again = Issuer(issuing_ca().certificate_der, "issuing-1", STATUS_URL)
    assert again == issuing_ca()
    assert hash(again) == hash(issuing_ca())
    assert replace(again, shard_count=64) != again


def test_openssl_reads_the_reference_certificate_as_meant(tmp_path: Path) -> None:
    meant = content("*.acme.test", "acme.test")
    (tmp_path / "leaf.der").write_bytes(build_reference(meant, issuing_ca(), ca_key("p256", 1)))
    command = [
        "openssl",
        "x509",
        "-inform",
        "DER",
        "-in",
        str(tmp_path / "leaf.der"),
        "-noout",
        "-text",
        "-nameopt",
        "sep_comma_plus,utf8,sname",
    ]
    text = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    flat = " ".join(text.split())
    expected = (
        "Subject: C=US,ST=California,L=Mountain View,O=Acme Rocket Works,CN=*.acme.test",
        "X509v3 Basic Constraints: critical CA:FALSE",
        "X509v3 Key Usage: critical Digital Signature X509v3 Extended Key Usage: TLS Web Server Authentication",
        "X509v3 Subject Alternative Name: DNS:*.acme.test, DNS:acme.test",
        f"OCSP - URI:{STATUS_URL}/ocsp/issuing-1 CA Issuers - URI:{STATUS_URL}/ca/issuing-1.cer",
        f"URI:{STATUS_URL}/crl/issuing-1/{meant.crl_shard}.crl",
        "Policy: 1.3.6.1.4.1.32473.1.1",
    )
    for line in expected:
        assert line in flat
    assert ":".join(serial_hex(meant.serial)[i : i + 2] for i in range(0, 36, 2)) in flat


def test_keys_that_no_profile_knows_do_not_reach_the_reference_builder() -> None:
    for spki in foreign_spkis():
        with pytest.raises(Refused):
            build_reference(content(spki_der=spki), issuing_ca(), ca_key("p256", 1))


def test_the_authority_key_identifier_is_the_issuers_subject_key_identifier() -> None:
    certificate = x509.load_der_x509_certificate(build_reference(content(), issuing_ca(), ca_key("p256", 1)))
    authority = certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    issuer = x509.load_der_x509_certificate(issuing_ca().certificate_der)
    assert authority.key_identifier == issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
