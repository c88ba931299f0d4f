"""The two ways of linting: pkilint on copies signed by throw-away keys, and our own checks of everything that varies."""

from __future__ import annotations

import string
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from privyseal.engine import der
from privyseal.engine.certificate import CertificateContent, Issuer, build_reference, subject_for, subscriber_extensions
from privyseal.engine.hierarchy import KeyKind
from privyseal.engine.lint import UPPER_BOUNDS, Finding, Linter, LintReport, check_subject_value, check_variable_fields
from privyseal.engine.signers import SignatureAlgorithm, signature_hash
from privyseal.model.errors import Refused
from privyseal.model.profile import ADMINISTRATOR_ID, KeyAlgorithm, NameKind, Profile, SubjectField
from tests.engine.sample_issuers import RECORD, SERVER, ca_key, content, issuing_ca, subject_spki


@cache
def linter(rule_set: str = "pkix") -> Linter:
    return Linter(rule_set)


def tbs_of(certificate_der: bytes) -> bytes:
    return x509.load_der_x509_certificate(certificate_der).tbs_certificate_bytes


def kind_of(meant: CertificateContent) -> str:
    with pytest.raises(Refused) as caught:
        check_variable_fields(meant)
    assert len(caught.value.sentence) > 40
    return caught.value.kind


# ------------------------------------------------------------------------------------------------ pkilint


@pytest.mark.parametrize("kind", ["p256", "p384", "rsa2048"])
def test_a_good_certificate_is_clean_under_every_kind_of_issuer(kind: KeyKind) -> None:
    issuer = issuing_ca(kind)
    report = linter().lint_each(tbs_of(build_reference(content(issuer=issuer), issuer, ca_key(kind, 1))), issuer.algorithm)
    report.require_clean()
    assert report.is_clean
    assert report.linter.startswith("pkilint 0.")
    assert report.rule_set == "pkix"


def test_the_linted_copy_does_not_verify_under_the_ca() -> None:
    """The throw-away key is not the CA's: nobody can use what the linter saw."""
    tbs = tbs_of(build_reference(content(), issuing_ca(), ca_key("p256", 1)))
    seen: list[bytes] = []

    class Watching(Linter):
        def lint(self, certificate_der: bytes) -> LintReport:
            seen.append(certificate_der)
            return super().lint(certificate_der)

    assert Watching("pkix").lint_each(tbs, SignatureAlgorithm.ECDSA_SHA256).is_clean
    copy = x509.load_der_x509_certificate(seen[0])
    assert copy.tbs_certificate_bytes == tbs
    with pytest.raises(InvalidSignature):
        copy.verify_directly_issued_by(x509.load_der_x509_certificate(issuing_ca().certificate_der))


Extensions = list[tuple[x509.ExtensionType, bool]]


def faulty(change: Callable[[Extensions], Extensions]) -> bytes:
    """A certificate of a faulty builder: ``change`` spoils the extensions."""
    meant, issuer, key = content(), issuing_ca(), ca_key("p256", 1)
    issuer_name = x509.load_der_x509_certificate(issuer.certificate_der).subject
    subject = x509.Name([x509.NameAttribute(x509.ObjectIdentifier(kind.value), value) for kind, value in meant.subject])
    builder = x509.CertificateBuilder().issuer_name(issuer_name).subject_name(subject).serial_number(meant.serial)
    public_key = x509.load_der_x509_certificate(build_reference(meant, issuer, key)).public_key()
    builder = builder.public_key(public_key).not_valid_before(meant.not_before).not_valid_after(meant.not_after)
    for extension, critical in change(subscriber_extensions(meant, issuer)):
        builder = builder.add_extension(extension, critical)
    return builder.sign(key, signature_hash(key)).public_bytes(Encoding.DER)


def without(kind: type[x509.ExtensionType]) -> Callable[[Extensions], Extensions]:
    return lambda extensions: [(value, critical) for value, critical in extensions if not isinstance(value, kind)]


def flipped(kind: type[x509.ExtensionType]) -> Callable[[Extensions], Extensions]:
    return lambda extensions: [(value, critical is not isinstance(value, kind)) for value, critical in extensions]


def swapped(new: x509.ExtensionType, *, critical: bool = False) -> Callable[[Extensions], Extensions]:
    return lambda extensions: [*((value, mark) for value, mark in extensions if value.oid != new.oid), (new, critical)]


FAULTS: dict[str, Callable[[Extensions], Extensions]] = {
    "no authority key identifier": without(x509.AuthorityKeyIdentifier),
    "critical authority key identifier": flipped(x509.AuthorityKeyIdentifier),
    "critical subject key identifier": flipped(x509.SubjectKeyIdentifier),
    "critical access information": flipped(x509.AuthorityInformationAccess),
    "key usage for CRLs without cA": swapped(
        x509.KeyUsage(
            digital_signature=True,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            key_cert_sign=True,
            crl_sign=False,
            encipher_only=False,
            decipher_only=False,
        ),
        critical=True,
    ),
    "path length": swapped(x509.PolicyConstraints(0, None), critical=True),
    "name constraints in a leaf": swapped(x509.NameConstraints([x509.DNSName("acme.test")], None), critical=True),
    "policies twice": swapped(x509.CertificatePolicies([x509.PolicyInformation(x509.ObjectIdentifier("1.3.6.1.4.1.32473.1"), None)] * 2)),
    "blank in a DNS name": swapped(x509.SubjectAlternativeName([x509.DNSName("www acme.test")])),
    "IP address of three octets": swapped(x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.17"), bytes.fromhex("30058703010203"))),
    "mail address without a domain": swapped(x509.SubjectAlternativeName([x509.RFC822Name("alice")])),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_the_linter_stops_a_faulty_builder(fault: str) -> None:
    """Control 3."""
    report = linter().lint(faulty(FAULTS[fault]))
    assert not report.is_clean
    with pytest.raises(Refused, match="Nothing was signed") as caught:
        report.require_clean()
    assert caught.value.kind == "lint"


NARROW = ["*.acme.test", "localhost", "*.localhost", "intranet", "acme.t1", "a.b-c.d1"]


@pytest.mark.parametrize("name", NARROW)
def test_names_that_pkilints_patterns_miss_are_noticed_and_do_not_block(name: str) -> None:
    """Wildcards and single labels are well-formed; RFC 5280 leaves them to the application (RFC 9525 6.3)."""
    meant = replace(content(), names=((NameKind.DNS, name),), subject=((SubjectField.ORGANIZATION, "Acme"),))
    check_variable_fields(meant)
    report = linter().lint(build_reference(meant, issuing_ca(), ca_key("p256", 1)))
    report.require_clean()
    noticed = [finding for finding in report.findings if finding.code == "pkix.invalid_domain_name_syntax"]
    assert [finding.severity for finding in noticed] == ["NOTICE"]
    assert "accepted" in noticed[0].message


def test_a_status_front_on_localhost_does_not_block() -> None:
    issuer = Issuer(issuing_ca().certificate_der, "issuing-1", "http://localhost:8080")
    report = linter().lint(build_reference(content(), issuer, ca_key("p256", 1)))
    report.require_clean()
    assert {finding.code for finding in report.findings if finding.severity == "NOTICE"} == {"pkix.invalid_uri_syntax"}


@pytest.mark.parametrize(
    "extension",
    [
        x509.SubjectAlternativeName([x509.DNSName("local_host")]),
        x509.SubjectAlternativeName([x509.DNSName("a.*.test")]),
        x509.SubjectAlternativeName([x509.RFC822Name("localhost")]),
        x509.SubjectAlternativeName([x509.RFC822Name(".test")]),
        x509.SubjectAlternativeName([x509.UniformResourceIdentifier("http://local host/")]),
        x509.SubjectAlternativeName([x509.UniformResourceIdentifier("http://nobody@localhost/x")]),
    ],
)
def test_what_is_no_name_at_all_still_blocks(extension: x509.ExtensionType) -> None:
    assert not linter().lint(faulty(swapped(extension))).is_clean


@given(st.from_regex(r"(\*\.)?[a-z0-9-]{1,10}(\.[a-z0-9-]{1,10}){0,3}", fullmatch=True))
def test_the_linter_blocks_no_name_that_our_own_check_accepts(name: str) -> None:
    meant = replace(content(), names=((NameKind.DNS, name),), subject=())
    try:
        check_variable_fields(meant)
    except Refused:
        return
    assert linter().lint(build_reference(meant, issuing_ca(), ca_key("p256", 1))).is_clean


def test_under_the_baseline_requirements_nothing_is_lowered() -> None:
    meant = replace(content(profile=public_profile()), names=((NameKind.DNS, "localhost"),), subject=())
    assert not linter("tls-br").lint(build_reference(meant, issuing_ca(), ca_key("p256", 1))).is_clean


def test_warnings_are_reported_and_do_not_block() -> None:
    report = linter().lint(faulty(without(x509.SubjectKeyIdentifier)))
    assert "WARNING" in {finding.severity for finding in report.findings}
    report.require_clean()


def test_a_fatal_finding_blocks_like_an_error() -> None:
    for severity, blocks in (("FATAL", True), ("ERROR", True), ("WARNING", False), ("NOTICE", False), ("INFO", False)):
        assert LintReport("", "pkix", (Finding(severity, "code", ""),)).is_clean is not blocks


@pytest.mark.parametrize("data", [b"", b"garbage", b"\x30\x00", b"\x30\x03\x02\x01\x05"])
def test_bytes_that_are_no_certificate_give_a_fatal_finding(data: bytes) -> None:
    report = linter().lint(data)
    assert [finding.severity for finding in report.findings] == ["FATAL"]
    assert not report.is_clean


def test_another_rule_set_is_a_bug() -> None:
    with pytest.raises(ValueError, match="no lint rule set 'zlint'"):
        Linter("zlint")


def public_profile() -> Profile:
    """As a public CA's organization-validated profile would look, to see the Baseline Requirements at work."""
    return replace(SERVER, lint="tls-br", policy_oids=("2.23.140.1.2.2",))


def test_the_baseline_requirements_are_a_rule_set_too() -> None:
    issuer, key = Issuer(issuing_ca().certificate_der, "issuing-1", "http://status.example.com"), ca_key("p256", 1)
    meant = content("www.acme.com", profile=public_profile())
    report = linter("tls-br").lint_each(tbs_of(build_reference(meant, issuer, key)), issuer.algorithm)
    assert report.rule_set == "tls-br"
    assert {finding.code for finding in report.findings if finding.blocks} == set()
    too_long = replace(meant, not_after=meant.not_before + timedelta(days=398))
    underscore = replace(meant, names=(*meant.names, (NameKind.DNS, "my_host.acme.com")))  # I2
    for wrong, word in ((too_long, "validity_period_exceeds"), (underscore, "invalid_dnsname_syntax")):
        findings = linter("tls-br").lint(build_reference(wrong, issuer, key)).findings
        assert any(word in finding.code for finding in findings if finding.blocks), findings


# --------------------------------------------------------------------------------------- our own checks


def test_good_content_passes() -> None:
    for algorithm in KeyAlgorithm:
        check_variable_fields(content("*.acme.test", "a-1.acme.test", "localhost", "xn--mnchen-3ya.test", spki_der=subject_spki(algorithm)))


@pytest.mark.parametrize("serial", [-1, 0, 1, 2**63, 2**64 - 1, 2**159, 2**160])
def test_serials_are_positive_large_and_of_at_most_20_octets(serial: int) -> None:
    assert kind_of(replace(content(), serial=serial)) == "serial"


@pytest.mark.parametrize("serial", [2**64, 2**159 - 1])
def test_the_bounds_of_serials_are_good(serial: int) -> None:
    check_variable_fields(replace(content(), serial=serial))
    assert len(der.integer(serial)) - 2 <= 20


def test_dates_are_whole_seconds_in_utc_and_in_order() -> None:
    meant = content()
    for first, last in (
        (meant.not_before, meant.not_before),
        (meant.not_after, meant.not_before),
        (meant.not_before.replace(tzinfo=None), meant.not_after),
        (meant.not_before, meant.not_after.replace(tzinfo=None)),
        (meant.not_before.replace(microsecond=1), meant.not_after),
        (meant.not_before, meant.not_after.replace(microsecond=1)),
        (datetime(1949, 12, 31, tzinfo=UTC), meant.not_after),
    ):
        assert kind_of(replace(meant, not_before=first, not_after=last)) == "validity"


@pytest.mark.parametrize("field", UPPER_BOUNDS)
def test_each_subject_field_fits_exactly_to_its_upper_bound(field: SubjectField) -> None:
    """I27: 64 good, 65 refused; characters are counted, not bytes, and the linter agrees."""
    bound = UPPER_BOUNDS[field]
    letters = ["US"] if field is SubjectField.COUNTRY else ["x" * bound, "ü" * bound, "安" * bound, "x" + "x̂" * 31 + "x" * (bound - 63)]
    for value in letters:
        assert len(value) == bound
        check_subject_value(field, value)
        with pytest.raises(Refused) as caught:
            check_subject_value(field, value + "x")
        assert caught.value.kind == "subject-too-long"
        assert str(bound) in caught.value.sentence
        if field is not SubjectField.COMMON_NAME:
            record = {**RECORD, field: value}
            meant = content()
            meant = replace(meant, subject=subject_for(SERVER, record, meant.names))
            report = linter().lint(build_reference(meant, issuing_ca(), ca_key("p256", 1)))
            assert report.is_clean


@pytest.mark.parametrize("value", ["us", "U", "U1", "", "ÜS", "U\n"])
def test_a_country_is_two_capital_letters(value: str) -> None:
    with pytest.raises(Refused) as caught:
        check_subject_value(SubjectField.COUNTRY, value)
    assert caught.value.kind == "subject-country"


@pytest.mark.parametrize(
    "value",
    [
        "", " ", "-", ".", "!!!", " Acme", "Acme ", "Acme\n", "Ac\tme", "Ac\x00me", "Ac\x7fme", "Acme\u202egro", "Ac\u200bme", "Ac\ufeffme",
        "Ac\u2028me", "Ac\u2066me", "\ue000Acme", "\U0010ffffAcme", "Acme \ud800", "Acme u\u0308ber", "\x1b[31mAcme",
    ],
)  # fmt: skip
def test_a_subject_has_no_character_that_a_reader_cannot_see(value: str) -> None:
    with pytest.raises(Refused) as caught:
        check_subject_value(SubjectField.ORGANIZATION, value)
    assert caught.value.kind == "subject-characters"


@pytest.mark.parametrize(
    "value", ["Acme, Inc.", "A&B <C> \"D\" 'E'", "Müller & Söhne", "安全株式会社", "ООО Ромашка", "شركة", "7-Eleven", "@*", "3M"]
)
def test_subjects_of_the_world_pass_the_check_and_the_linter(value: str) -> None:
    if not any(character.isalnum() for character in value):
        with pytest.raises(Refused):
            check_subject_value(SubjectField.ORGANIZATION, value)
        return
    check_subject_value(SubjectField.ORGANIZATION, value)
    meant = content()
    meant = replace(meant, subject=subject_for(SERVER, {SubjectField.ORGANIZATION: value}, meant.names))
    assert linter().lint(build_reference(meant, issuing_ca(), ca_key("p256", 1))).is_clean


@given(st.text(max_size=70))
def test_any_text_as_a_subject_is_refused_or_fit_to_print(value: str) -> None:
    try:
        check_subject_value(SubjectField.ORGANIZATION, value)
    except Refused:
        return
    assert len(value) <= 64
    assert unicodedata.is_normalized("NFC", value)
    assert not any(unicodedata.category(character).startswith("C") for character in value)
    value.encode()


def test_the_order_of_the_subject_is_the_profiles() -> None:
    """I13."""
    meant = content()
    organization = (SubjectField.ORGANIZATION, "Acme")
    foreign = replace(SERVER, subject=(SubjectField.ORGANIZATION, SubjectField.COMMON_NAME))
    assert kind_of(replace(meant, subject=meant.subject[::-1])) == "subject-order"
    assert kind_of(replace(meant, subject=(organization, organization))) == "subject-order"
    assert kind_of(replace(meant, profile=foreign)) == "subject-order"
    check_variable_fields(replace(meant, subject=()))
    check_variable_fields(replace(meant, subject=(organization,)))


def test_a_servers_common_name_is_one_of_its_names() -> None:
    meant = content("www.acme.test")
    evil = ((SubjectField.ORGANIZATION, "Acme"), (SubjectField.COMMON_NAME, "www.evil.test"))
    assert kind_of(replace(meant, subject=evil)) == "subject-common-name"


@pytest.mark.parametrize(
    "name",
    [
        "",
        "*",
        "*.",
        "**.acme.test",
        "a.*.test",
        "foo*.acme.test",
        "acme.test.",
        ".acme.test",
        "acme..test",
        "my_host.acme.test",
        "-a.test",
        "a-.test",
        "ACME.test",
        "a b.test",
        "a\n.test",
        "acme.test\n",
        "acme.test:443",
        "http://acme.test",
        "192.0.2.1",
        "0x7f.1",
        "1",
        "::1",
        "fe80::1%eth0",
        "xn--.test",
        "xn--a.test",
        "xn--80ak6aa92e\u0430.test",
        "ab--cd.test",
        "münchen.test",
        "аcme.test",
        "good.test\x00.evil.test",
        "a" * 64 + ".test",
        ".".join(["a" * 62] * 4) + ".test",
        "xn--MNCHEN-3ya.test",
        "a@acme.test",
    ],
)
def test_names_that_are_not_normalized_are_not_signed(name: str) -> None:
    """The signer refuses what the intake should have refused (lesson a of the incidents)."""
    meant = content("acme.test")
    assert kind_of(replace(meant, names=((NameKind.DNS, name),), subject=())) == "name-form"


LONGEST = ".".join(["a" * 63, "b" * 63, "c" * 63, "d" * 61])


@pytest.mark.parametrize("name", [LONGEST, "a" * 63 + ".test", "a.b-c.d1", "1.acme.test", "0.a", "xn--mnchen-3ya.test", "*.a.b"])
def test_names_at_the_bounds_are_signed(name: str) -> None:
    assert len(LONGEST) == 253
    check_variable_fields(replace(content(), names=((NameKind.DNS, name),), subject=()))


@given(st.text(st.sampled_from(string.printable + "äа\u200b"), max_size=80))
def test_any_text_as_a_name_is_refused_or_a_name_that_pyca_encodes(name: str) -> None:
    try:
        check_variable_fields(replace(content(), names=((NameKind.DNS, name),), subject=()))
    except Refused:
        return
    assert set(name) <= set(string.ascii_lowercase + string.digits + "-.*")
    x509.SubjectAlternativeName([x509.DNSName(name)]).public_bytes()


def test_the_number_of_names_is_bounded_and_no_name_stands_twice() -> None:
    meant = content()
    many = tuple((NameKind.DNS, f"n{number}.acme.test") for number in range(101))
    assert kind_of(replace(meant, names=(), subject=())) == "names-count"
    assert kind_of(replace(meant, names=many, subject=())) == "names-count"
    check_variable_fields(replace(meant, names=many[:100], subject=()))
    assert kind_of(replace(meant, names=(many[0], many[0]), subject=())) == "names-duplicate"


def administrator(*addresses: str) -> CertificateContent:
    names = tuple((NameKind.EMAIL, address) for address in addresses)
    return replace(content(), profile=ADMINISTRATOR_ID, names=names, subject=((SubjectField.COMMON_NAME, "Alice"),))


@pytest.mark.parametrize("address", ["alice@acme.test", "o'hara+x@a.b", "A.B@acme.test", "x" * 64 + "@acme.test"])
def test_mail_addresses_are_signed(address: str) -> None:
    check_variable_fields(administrator(address))


@pytest.mark.parametrize(
    "address",
    [
        "",
        "@",
        "alice",
        "alice@",
        "@acme.test",
        "a b@acme.test",
        '"a b"@acme.test',
        "a@x, b@x",
        "a..b@acme.test",
        ".a@acme.test",
        "a@*.acme.test",
        "alice@ACME.test",
        "älice@acme.test",
        "a@acme.test\r\nBcc: b@evil.test",
        "x" * 65 + "@acme.test",
        "a@192.0.2.1",
        "a@" + LONGEST,
    ],
)
def test_other_mail_addresses_are_not_signed(address: str) -> None:
    assert kind_of(administrator(address)) == "name-form"


def test_a_kind_of_name_that_the_profile_does_not_certify_is_refused() -> None:
    meant = content()
    assert kind_of(replace(meant, names=(*meant.names, (NameKind.EMAIL, "alice@acme.test")))) == "name-kind"
    assert kind_of(replace(administrator("a@acme.test"), names=((NameKind.DNS, "acme.test"),))) == "name-kind"


def test_keys_are_of_the_profiles_kinds_and_in_their_one_encoding() -> None:
    meant = content()
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    point = key.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    algorithm = der.children(spki)[0]
    assert kind_of(replace(meant, spki_der=der.sequence(algorithm, der.bit_string(point)))) == "key-not-canonical"
    assert kind_of(replace(meant, spki_der=spki[:-1] + bytes((spki[-1] ^ 1,)))) == "key-not-canonical"
    assert kind_of(replace(meant, spki_der=der.sequence(algorithm, der.bit_string(b"\x00")))) == "key-not-canonical"
    assert kind_of(replace(meant, spki_der=b"\x30\x00")) == "key-algorithm"
    assert kind_of(replace(administrator("a@acme.test"), spki_der=subject_spki(KeyAlgorithm.ED25519))) == "key-algorithm"
