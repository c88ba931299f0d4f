"""The compiled templates: byte-equal to the reference, refused where they do not fit, and read back to the last bit."""

from __future__ import annotations

import subprocess
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest
from cryptography import x509
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from privyseal.engine import der
from privyseal.engine.certificate import CertificateContent, Issuer, build_reference, subject_for
from privyseal.engine.certificate_template import (
    CertificateTemplate,
    assemble,
    compile_template,
    encode_subject,
    lint_template,
    read_back,
    sign_tbs,
)
from privyseal.engine.hierarchy import KeyKind
from privyseal.engine.lint import Linter
from privyseal.engine.pem import certificate_to_pem
from privyseal.engine.serials import shard_of
from privyseal.engine.signers import sign
from privyseal.model.errors import Refused, Unavailable
from privyseal.model.profile import ADMINISTRATOR_ID, PROFILES, KeyAlgorithm, KeyPurpose, NameKind, Profile, SubjectField
from tests.engine.sample_issuers import NOW, SERVER, ca_key, content, issuing_ca, root, subject_spki

ISSUER_KINDS: tuple[KeyKind, ...] = ("p256", "p384", "rsa2048")
NAMELESS = replace(SERVER, id="tls-server-nameless", subject=())
"""A profile without a subject, whose subjectAltName therefore is critical."""


@cache
def linter(rule_set: str = "pkix") -> Linter:
    return Linter(rule_set)


@cache
def issuer_for(kind: KeyKind, rule_set: str) -> Issuer:
    """The issuing CA; under the rules of public trust at a name that the public has, which they ask for."""
    issuer = issuing_ca(kind)
    return issuer if rule_set == "pkix" else replace(issuer, status_url="http://status.example.com")


@cache
def template(kind: KeyKind = "p256", algorithm: KeyAlgorithm = KeyAlgorithm.P256, profile: Profile = SERVER) -> CertificateTemplate:
    return compile_template(profile, issuer_for(kind, profile.lint), algorithm, linter(profile.lint))


def reference_tbs(meant: CertificateContent, kind: KeyKind) -> bytes:
    certificate = build_reference(meant, issuing_ca(kind), ca_key(kind, 1))
    return x509.load_der_x509_certificate(certificate).tbs_certificate_bytes


# ---------------------------------------------------------------------------------------------- byte-equal

LABEL = st.from_regex(r"[a-z0-9]([a-z0-9]{0,61}[a-z0-9])?", fullmatch=True)
TOP_LABEL = st.from_regex(r"[a-z][a-z0-9]{0,20}", fullmatch=True)


@st.composite
def dns_names(draw: st.DrawFn) -> tuple[tuple[NameKind, str], ...]:
    """1 to 100 names, some short, some near 253 characters, some wildcards, some internationalized."""
    count = draw(st.one_of(st.integers(1, 4), st.integers(5, 100)))
    stems = draw(st.lists(st.lists(LABEL, min_size=0, max_size=3), min_size=1, max_size=6))
    top = draw(TOP_LABEL)
    names: dict[str, None] = {}
    for number in range(count):
        stem = [*stems[number % len(stems)], *([f"n{number}"] if number >= len(stems) else [])]
        name = ".".join([*stem, draw(st.sampled_from(["xn--mnchen-3ya", "acme"])), top])
        name = "*." + name if draw(st.booleans()) else name
        if len(name) <= 253:
            names[name] = None
    return tuple((NameKind.DNS, name) for name in names) or ((NameKind.DNS, "acme.test"),)


def plain_text(limit: int) -> st.SearchStrategy[str]:
    """Text of any script as a vetted record may hold it: letters, numbers, marks, punctuation, symbols, inner blanks."""
    characters = st.characters(codec="utf-8", categories=["L", "N", "P", "S", "M"]) | st.just(" ")
    texts = st.text(characters, min_size=1, max_size=limit).map(lambda text: unicodedata.normalize("NFC", "A" + text).strip()[:limit])
    return texts.filter(lambda text: text == text.strip() and unicodedata.is_normalized("NFC", text))


RECORDS = st.fixed_dictionaries(
    {SubjectField.COUNTRY: st.sampled_from(["US", "DE", "JP", ""]), SubjectField.ORGANIZATION: plain_text(64)},
    optional={SubjectField.STATE: plain_text(128), SubjectField.LOCALITY: plain_text(128)},
)
DATES = st.datetimes(datetime(2026, 11, 23), datetime(2110, 1, 1), timezones=st.just(UTC)).map(lambda moment: moment.replace(microsecond=0))  # noqa: DTZ001


@st.composite
def contents(draw: st.DrawFn) -> tuple[KeyKind, CertificateContent]:
    kind = draw(st.sampled_from(ISSUER_KINDS))
    issuer = issuing_ca(kind)
    profile = draw(st.sampled_from([SERVER, SERVER, NAMELESS]))
    names = draw(dns_names())
    serial = draw(st.integers(2**64, 2**159 - 1))
    first = min(draw(DATES), issuer.not_after - timedelta(days=1))
    last = min(first + timedelta(seconds=draw(st.integers(1, 10**9))), issuer.not_after)
    algorithm = draw(st.sampled_from(KeyAlgorithm))
    return kind, CertificateContent(
        profile=profile,
        serial=serial,
        not_before=first,
        not_after=last,
        subject=subject_for(profile, draw(RECORDS), names),
        names=names,
        spki_der=subject_spki(algorithm),
        crl_shard=shard_of(serial, issuer.shard_count),
    )


@given(contents())
@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_the_template_writes_exactly_the_references_bytes(case: tuple[KeyKind, CertificateContent]) -> None:
    kind, meant = case
    algorithm = next(algorithm for algorithm in KeyAlgorithm if subject_spki(algorithm) == meant.spki_der)
    tbs = template(kind, algorithm, meant.profile).build_tbs(meant)
    assert tbs == reference_tbs(meant, kind)
    read_back(assemble(tbs, issuing_ca(kind).algorithm, b"not verified here"), meant, issuing_ca(kind))


@pytest.mark.parametrize("count", [1, 2, 100])
@pytest.mark.parametrize("kind", ISSUER_KINDS)
@pytest.mark.parametrize("algorithm", KeyAlgorithm)
def test_every_kind_of_key_with_few_and_many_names(kind: KeyKind, algorithm: KeyAlgorithm, count: int) -> None:
    names = [f"host-{number}.{'long-label-' * 5}x.acme.test" for number in range(count)]
    meant = content(*names, spki_der=subject_spki(algorithm), issuer=issuing_ca(kind))
    assert template(kind, algorithm).build_tbs(meant) == reference_tbs(meant, kind)


def test_dates_on_both_sides_of_2050_take_their_two_forms() -> None:
    for year, form in ((2049, b"\x17\x0d49"), (2050, b"\x18\x0f2050")):
        meant = replace(content(), not_after=datetime(year, 6, 1, tzinfo=UTC))
        tbs = template().build_tbs(meant)
        assert form in tbs
        assert tbs == reference_tbs(meant, "p256")


@pytest.mark.parametrize("algorithm", [KeyAlgorithm.RSA, KeyAlgorithm.P256, KeyAlgorithm.P384])
def test_administrator_ids_are_byte_equal_too(algorithm: KeyAlgorithm) -> None:
    names = ((NameKind.EMAIL, "alice.o'hara+id@acme.test"),)
    record = {SubjectField.COUNTRY: "US", SubjectField.ORGANIZATION: "Acme", SubjectField.COMMON_NAME: "Алиса 安"}
    subject = subject_for(ADMINISTRATOR_ID, record, names)
    meant = replace(content(spki_der=subject_spki(algorithm)), profile=ADMINISTRATOR_ID, names=names, subject=subject)
    tbs = template("p256", algorithm, ADMINISTRATOR_ID).build_tbs(meant)
    assert tbs == reference_tbs(meant, "p256")
    read_back(sign_tbs(tbs, ca_key("p256", 1), issuing_ca()), meant, issuing_ca())


def test_the_alternative_names_are_critical_exactly_when_there_is_no_subject() -> None:
    for profile, critical in ((SERVER, False), (NAMELESS, True)):
        meant = replace(content(), profile=profile, subject=content().subject if profile.subject else ())
        certificate = x509.load_der_x509_certificate(
            sign_tbs(template("p256", KeyAlgorithm.P256, profile).build_tbs(meant), ca_key("p256", 1), issuing_ca())
        )
        assert certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).critical is critical


def test_a_leaf_can_never_be_a_ca() -> None:
    """Control 4: whatever the profile says, there is no cA and no keyCertSign."""
    for profile in (*PROFILES.values(), SERVER, NAMELESS):
        for algorithm in profile.key_algorithms:
            leading = compile_or_none(profile if profile.lint != "pkix" else replace(profile, policy_oids=()), algorithm)
            assert der.sequence(der.object_identifier("2.5.29.19"), b"\x01\x01\xff", der.octet_string(b"\x30\x00")) in leading


def compile_or_none(profile: Profile, algorithm: KeyAlgorithm) -> bytes:
    compiled = template("p256", algorithm, profile)
    names = tuple({NameKind.DNS: (kind, "acme.com"), NameKind.EMAIL: (kind, "a@acme.com")}[kind] for kind in profile.name_kinds)
    record = {SubjectField.ORGANIZATION: "Acme", SubjectField.COMMON_NAME: "Alice"}
    meant = content(spki_der=subject_spki(algorithm))
    return compiled.build_tbs(replace(meant, profile=profile, names=names, subject=subject_for(profile, record, names)))


# ------------------------------------------------------------------------------------------------- compiling


NOT_RECOMMENDED = {
    "cabf.serverauth.ov.common_name_attribute_present",
    "cabf.serverauth.subscriber.subject_key_identifier_extension_present",
    "cabf.serverauth.subscriber_rsa_digitalsignature_and_keyencipherment_present",
}
"""What the Baseline Requirements allow and would rather not see (7.1.2.7): old clients need each of them."""


@pytest.mark.parametrize("key", sorted(PROFILES), ids=lambda key: key[0])
def test_every_profile_of_the_product_compiles_under_every_issuer(key: tuple[str, int]) -> None:
    profile = PROFILES[key]
    for kind in ISSUER_KINDS:
        for algorithm in profile.key_algorithms:
            compiled = template(kind, algorithm, profile)
            assert compiled.lint.is_clean
            assert compiled.lint.rule_set == profile.lint
            told = {finding.code for finding in compiled.lint.findings if finding.severity != "INFO"}
            assert told <= (NOT_RECOMMENDED if profile.lint == "tls-br" else set())


def test_the_linter_knows_our_key_identifiers() -> None:
    """The linter recomputes them: RFC 7093 method 1, not an unknown method."""
    codes = {finding.code for finding in lint_template(template(), linter()).findings}
    assert codes == {"pkix.subject_key_identifier_rfc7093_method_1_identified"}


def test_a_profile_that_breaks_a_rule_is_not_compiled() -> None:
    twice = replace(SERVER, id="twice", policy_oids=("1.3.6.1.4.1.32473.1.1", "1.3.6.1.4.1.32473.1.1"))
    with pytest.raises(Refused, match="Nothing was signed") as caught:
        compile_template(twice, issuing_ca(), KeyAlgorithm.P256, linter())
    assert caught.value.kind == "lint"


def test_a_profile_with_a_policy_arc_over_32_bits_is_not_compiled() -> None:
    """UUID-based identifiers (2.25) are legal, but pkilint and Go before 1.22 cannot read certificates that carry one."""
    uuid_based = replace(SERVER, id="uuid", policy_oids=("2.25.277320034658988844165182841423189235414",))
    with pytest.raises(Refused, match="32-bits"):
        compile_template(uuid_based, issuing_ca(), KeyAlgorithm.P256, linter())


def test_a_key_that_the_profile_does_not_certify_is_not_compiled() -> None:
    with pytest.raises(Refused, match="certifies keys of the kinds") as caught:
        compile_template(ADMINISTRATOR_ID, issuing_ca(), KeyAlgorithm.ED25519, linter())
    assert caught.value.kind == "key-algorithm"


def test_a_linter_of_another_rule_set_is_a_bug() -> None:
    with pytest.raises(ValueError, match="linted by tls-br"):
        compile_template(replace(SERVER, lint="tls-br"), issuing_ca(), KeyAlgorithm.P256, linter())


def test_content_that_belongs_to_another_template_is_refused() -> None:
    meant = content()
    late = replace(meant, not_after=issuing_ca().not_after + timedelta(seconds=1))
    others = [
        replace(meant, profile=replace(SERVER, version=2)),
        replace(meant, spki_der=subject_spki(KeyAlgorithm.P384)),
        replace(meant, crl_shard=(meant.crl_shard + 1) % 128),
        late,
    ]
    for other in others:
        with pytest.raises(Refused, match="does not fit the template") as caught:
            template().build_tbs(other)
        assert caught.value.kind == "template-mismatch"


def test_content_that_breaks_a_rule_is_refused_by_the_template_itself() -> None:
    with pytest.raises(Refused) as caught:
        template().build_tbs(replace(content(), serial=5))
    assert caught.value.kind == "serial"


# ---------------------------------------------------------------------------------------------------- signing


@pytest.mark.parametrize("kind", ISSUER_KINDS)
def test_openssl_accepts_the_certificate_for_its_name_and_purpose(tmp_path: Path, kind: KeyKind) -> None:
    meant = content("www.acme.test", "*.shop.acme.test", issuer=issuing_ca(kind))
    leaf = sign_tbs(template(kind).build_tbs(meant), ca_key(kind, 1), issuing_ca(kind))
    read_back(leaf, meant, issuing_ca(kind))
    for name, certificate in (("root", root(kind).certificate_der), ("issuing", issuing_ca(kind).certificate_der), ("leaf", leaf)):
        (tmp_path / name).write_text(certificate_to_pem(certificate))
    command = ["openssl", "verify", "-x509_strict", "-attime", str(int(NOW.timestamp())), "-purpose", "sslserver", "-CAfile", "root"]
    for host, accepted in (("www.acme.test", True), ("a.shop.acme.test", True), ("acme.test", False)):
        arguments = [*command, "-untrusted", "issuing", "-verify_hostname", host, "leaf"]
        assert (subprocess.run(arguments, cwd=tmp_path, capture_output=True, check=False).returncode == 0) is accepted


def test_the_key_of_another_ca_signs_nothing() -> None:
    tbs = template().build_tbs(content())
    for other in (ca_key("p256"), ca_key("p384", 1), ca_key("rsa2048", 1)):
        with pytest.raises(Unavailable, match="nothing was issued"):
            sign_tbs(tbs, other, issuing_ca())


def test_bytes_for_another_issuer_are_not_signed() -> None:
    tbs = template("rsa2048").build_tbs(content(issuer=issuing_ca("rsa2048")))
    for wrong in (tbs, b"", b"\x30\x00", tbs[:20]):
        with pytest.raises(Refused) as caught:
            sign_tbs(wrong, ca_key("p256", 1), issuing_ca())
        assert caught.value.kind == "certificate-differs"


# ------------------------------------------------------------------------------------------------- reading back


@cache
def intact() -> tuple[CertificateContent, bytes]:
    """One content and its bytes; the same for a whole run, because Hypothesis wants to draw alike twice."""
    meant = replace(content(), serial=0x11 << 136 | 0x0123456789ABCDEF, crl_shard=0xEF % 128)
    return meant, template().build_tbs(meant)


def signed(tbs: bytes, issuer: Issuer) -> bytes:
    """A certificate of any bytes, with a true signature, as a fault before the signature would make it."""
    return assemble(tbs, issuer.algorithm, sign(tbs, ca_key("p256", 1), issuer.public_key))


@pytest.mark.parametrize("bit", [0x01, 0x80])
def test_one_changed_bit_anywhere_is_found(bit: int) -> None:
    """P7 and control 3: a faulty builder cannot slip a byte past the reading."""
    (meant, tbs), issuer = intact(), issuing_ca()
    for position in range(len(tbs)):
        changed = bytearray(tbs)
        changed[position] ^= bit
        with pytest.raises(Refused) as caught:
            read_back(signed(bytes(changed), issuer), meant, issuer)
        assert caught.value.kind == "certificate-differs", position


@given(st.data())
def test_any_mutation_is_found(data: st.DataObject) -> None:
    (meant, tbs), issuer = intact(), issuing_ca()
    start = data.draw(st.integers(0, len(tbs) - 1))
    end = data.draw(st.integers(start, min(len(tbs), start + 40)))
    changed = tbs[:start] + data.draw(st.binary(max_size=40)) + tbs[end:]
    if changed == tbs:
        read_back(signed(changed, issuer), meant, issuer)
        return
    with pytest.raises(Refused) as caught:
        read_back(signed(changed, issuer), meant, issuer)
    assert caught.value.kind == "certificate-differs"


def changed_extensions(tbs: bytes, change: Callable[[list[bytes]], list[bytes]]) -> bytes:
    """The same to-be-signed bytes with other extensions."""
    *fields, explicit = der.children(tbs)
    (extensions,) = der.children(explicit)
    return der.sequence(*fields, der.tlv(0xA3, der.sequence(*change(list(der.children(extensions))))))


def with_false_written(extension: bytes) -> bytes:
    oid, *rest = der.children(extension)
    return extension if len(rest) > 1 else der.sequence(oid, b"\x01\x01\x00", *rest)


FORMS: dict[str, Callable[[bytes], bytes]] = {
    "a written default": lambda tbs: changed_extensions(tbs, lambda extensions: [with_false_written(item) for item in extensions]),
    "an extension twice": lambda tbs: changed_extensions(tbs, lambda extensions: [*extensions, extensions[-1]]),
    "an extension less": lambda tbs: changed_extensions(tbs, lambda extensions: extensions[:-1]),
    "no extension": lambda tbs: changed_extensions(tbs, lambda _: []),
    "extensions in another order": lambda tbs: changed_extensions(tbs, lambda extensions: extensions[::-1]),
    "a fourth field of an extension": lambda tbs: changed_extensions(
        tbs, lambda extensions: [der.sequence(*der.children(extensions[0]), der.NULL), *extensions[1:]]
    ),
    "a unique identifier": lambda tbs: der.sequence(*der.children(tbs)[:-1], b"\x81\x02\x00\x01", der.children(tbs)[-1]),
    "a field behind the extensions": lambda tbs: der.sequence(*der.children(tbs), der.NULL),
    "no version": lambda tbs: der.sequence(*der.children(tbs)[1:]),
    "two values in one part of the subject": lambda tbs: der.sequence(
        *der.children(tbs)[:5], der.sequence(der.tlv(der.SET, b"".join(der.children(tbs)[5:6]) * 2)), *der.children(tbs)[6:]
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_another_form_of_the_same_content_is_found(form: str) -> None:
    (meant, tbs), issuer = intact(), issuing_ca()
    with pytest.raises(Refused) as caught:
        read_back(signed(FORMS[form](tbs), issuer), meant, issuer)
    assert caught.value.kind == "certificate-differs"


def test_bytes_behind_the_certificate_are_found() -> None:
    (meant, tbs), issuer = intact(), issuing_ca()
    with pytest.raises(Refused, match="form"):
        read_back(signed(tbs, issuer) + b"\x00", meant, issuer)


def faults() -> dict[str, CertificateContent]:
    meant = content()
    return {
        "serial number": replace(meant, serial=meant.serial + 128),
        "validity": replace(meant, not_after=meant.not_after + timedelta(seconds=1)),
        "validity of the beginning": replace(meant, not_before=meant.not_before - timedelta(seconds=1)),
        "subject": replace(meant, subject=meant.subject[1:]),
        "public key": replace(meant, spki_der=subject_spki(KeyAlgorithm.RSA)),
        "extension list, a name more": replace(meant, names=(*meant.names, (NameKind.DNS, "evil.test"))),
        "extension list, a name less": replace(meant, names=meant.names[:1]),
        "extension list, names in another order": replace(meant, names=meant.names[::-1]),
        "extension list, another shard": replace(meant, crl_shard=(meant.crl_shard + 1) % 128),
        "extension list, another purpose": replace(meant, profile=replace(SERVER, key_purposes=(KeyPurpose.CLIENT_AUTH,))),
        "extension list, no policy": replace(meant, profile=replace(SERVER, policy_oids=())),
    }


@pytest.mark.parametrize("field", faults())
def test_a_certificate_of_other_content_is_refused_with_the_field_named(field: str) -> None:
    meant = content()
    other = replace(faults()[field], serial=meant.serial if field != "serial number" else meant.serial + 128)
    other = replace(other, crl_shard=(meant.crl_shard + 1) % 128 if field.endswith("shard") else meant.crl_shard)
    leaf = build_reference(other, issuing_ca(), ca_key("p256", 1))
    with pytest.raises(Refused, match=field.partition(",")[0].removesuffix(" of the beginning")):
        read_back(leaf, meant, issuing_ca())


def test_a_certificate_of_another_issuer_is_refused() -> None:
    meant = content()
    twin = Issuer(root().certificate_der, issuing_ca().id, issuing_ca().status_url)
    leaf = build_reference(meant, twin, ca_key("p256"))
    with pytest.raises(Refused, match="issuer"):
        read_back(leaf, meant, issuing_ca())


def test_what_is_no_certificate_is_refused() -> None:
    for data in (b"", b"\x30\x00", issuing_ca().certificate_der[:-1], b"x" * 500):
        with pytest.raises(Refused, match="form"):
            read_back(data, content(), issuing_ca())


def test_the_country_is_printable_and_all_else_utf8() -> None:
    """I13 and RFC 5280 4.1.2.4."""
    encoded = encode_subject(((SubjectField.COUNTRY, "US"), (SubjectField.ORGANIZATION, "Acme @*")))
    assert b"\x13\x02US" in encoded
    assert b"\x0c\x07Acme @*" in encoded
