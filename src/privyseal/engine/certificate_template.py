"""Certificates from compiled DER: one template for each profile, CA and kind of key, filled for each certificate.

Filling costs a few microseconds where CertificateBuilder costs fifty and more; the bytes are the same, which
tests/engine/test_certificate_template.py proves. The order of work: ``build_tbs`` (checks everything variable), lint by
policy, commit the intent, ``sign_tbs``, ``read_back``.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final, TypeAlias

from cryptography import x509
from cryptography.hazmat import asn1
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from privyseal.engine import der
from privyseal.engine.certificate import (
    CertificateContent,
    Issuer,
    key_identifier,
    leading_extensions,
    read_spki,
    subject_for,
    trailing_extensions,
    validity,
)
from privyseal.engine.certificate_fields import AlternativeNames, Attribute, Certificate, Extension
from privyseal.engine.lint import Linter, LintReport, check_variable_fields
from privyseal.engine.serials import MAX_SERIAL_OCTETS, shard_of
from privyseal.engine.signers import SignatureAlgorithm, SigningKey, sign
from privyseal.model.errors import BadRequest, Refused
from privyseal.model.profile import KeyAlgorithm, NameKind, Profile, SubjectField

_SAMPLE_AGE: Final = timedelta(days=2)
_VERSION_3: Final = b"\xa0\x03\x02\x01\x02"
_VERSION_3_NUMBER: Final = 2
_EXTENSIONS_TAG: Final = 0xA3
_NAME_TAGS: Final = {NameKind.DNS: 0x82, NameKind.EMAIL: 0x81}  # RFC 5280 4.2.1.6, dNSName [2], rfc822Name [1]
_SUBJECT_ALT_NAME: Final = "2.5.29.17"
_SUBJECT_KEY_IDENTIFIER: Final = "2.5.29.14"
_ALT_NAME_ID: Final = der.object_identifier(_SUBJECT_ALT_NAME)
_ALT_NAME_ID_CRITICAL: Final = _ALT_NAME_ID + b"\x01\x01\xff"
_SUBJECT_KEY_ID: Final = der.object_identifier(_SUBJECT_KEY_IDENTIFIER)

_Extension: TypeAlias = tuple[str, bool, bytes]


@dataclass(frozen=True, slots=True)
class CertificateTemplate:
    """Everything of a certificate that its profile, CA and kind of key fix, as DER; ``compile_template`` makes it.

    ``lint`` is what the linter said about the sample certificate, to be recorded in audit entries.
    """

    profile: Profile
    issuer: Issuer
    key_algorithm: KeyAlgorithm
    lint: LintReport
    _algorithm_and_issuer: bytes = field(repr=False)
    _leading: bytes = field(repr=False)
    _authority_key: bytes = field(repr=False)
    _trailing: tuple[bytes, ...] = field(repr=False)

    def build_tbs(self, content: CertificateContent) -> bytes:
        """The to-be-signed bytes of ``content``, equal to those of ``certificate.build_reference``.

        Raises Refused as ``lint.check_variable_fields``, and kind ``template-mismatch`` if ``content`` is of another
        profile, kind of key or CRL shard, or outlives the CA.
        """
        check_variable_fields(content)
        key_algorithm, _ = read_spki(content.spki_der)
        shard = shard_of(content.serial, self.issuer.shard_count)
        same = content.profile == self.profile and key_algorithm is self.key_algorithm and content.crl_shard == shard
        if not same or content.not_after > self.issuer.not_after:
            template = f"profile {self.profile.id} under CA {self.issuer.id} for {self.key_algorithm.value} keys"
            sentence = f"The certificate does not fit the template of {template}, or outlives that CA. Choose the template by the content."
            raise Refused("template-mismatch", sentence)
        names = b"".join([der.tlv(_NAME_TAGS[kind], value.encode("ascii")) for kind, value in content.names])
        subject_alt_name = _ALT_NAME_ID if content.subject else _ALT_NAME_ID_CRITICAL
        extensions = b"".join(
            (
                self._leading,
                der.tlv(der.SEQUENCE, subject_alt_name + der.octet_string(der.tlv(der.SEQUENCE, names))),
                self._authority_key,
                _encode_subject_key(content.spki_der),
                self._trailing[shard],
            )
        )
        return der.sequence(
            _VERSION_3,
            der.integer(content.serial),
            self._algorithm_and_issuer,
            _encode_dates(content),
            encode_subject(content.subject),
            content.spki_der,
            der.tlv(_EXTENSIONS_TAG, der.tlv(der.SEQUENCE, extensions)),
        )


def compile_template(profile: Profile, issuer: Issuer, key_algorithm: KeyAlgorithm, linter: Linter) -> CertificateTemplate:
    """The template of ``profile`` under ``issuer`` for keys of ``key_algorithm``, linted once on a sample certificate.

    ``linter`` has the profile's rule set. About 50 ms of CPU; compile at start and keep. Raises Refused kind ``lint``
    if the profile breaks a rule, kind ``key-algorithm`` if the profile does not certify such keys.
    """
    if linter.rule_set != profile.lint:
        raise ValueError(f"profile {profile.id} is linted by {profile.lint}, not by {linter.rule_set}")
    parts = [_fixed_extensions(profile, key_algorithm, issuer, shard) for shard in range(issuer.shard_count)]
    template = CertificateTemplate(
        profile=profile,
        issuer=issuer,
        key_algorithm=key_algorithm,
        lint=LintReport(linter.linter, linter.rule_set, ()),
        _algorithm_and_issuer=issuer.algorithm.identifier + issuer.subject_der,
        _leading=_encode_extensions(parts[0].leading),
        _authority_key=_encode_extensions([parts[0].authority_key]),
        _trailing=tuple(_encode_extensions(part.trailing) for part in parts),
    )
    report = lint_template(template, linter)
    report.require_clean()
    return replace(template, lint=report)


def lint_template(template: CertificateTemplate, linter: Linter) -> LintReport:
    """What ``linter`` says about a sample certificate of ``template``, signed by a throw-away key."""
    return linter.lint_each(template.build_tbs(_sample(template)), template.issuer.algorithm)


def _sample(template: CertificateTemplate) -> CertificateContent:
    """Content with every subject field and one name of each kind that the profile knows; it is never signed by a CA."""
    # RFC 2606 3: nobody's, and yet below a public suffix, as the rules of the CA/Browser Forum want it.
    samples = {NameKind.DNS: "sample.example.com", NameKind.EMAIL: "sample@example.com"}
    names = tuple((kind, samples[kind]) for kind in template.profile.name_kinds)
    record = {SubjectField.COUNTRY: "US", **dict.fromkeys(set(SubjectField) - {SubjectField.COUNTRY}, "Sample")}
    # The issuer's last two days fit under every issuer, however old.
    not_before, not_after = validity(template.issuer.not_after - _SAMPLE_AGE, 1, template.issuer.not_after)
    serial = 1 << (8 * MAX_SERIAL_OCTETS - 2)
    return CertificateContent(
        profile=template.profile,
        serial=serial,
        not_before=not_before,
        not_after=not_after,
        subject=subject_for(template.profile, record, names),
        names=names,
        spki_der=_sample_key(template.key_algorithm),
        crl_shard=shard_of(serial, template.issuer.shard_count),
    )


@lru_cache(maxsize=8)
def _sample_key(kind: KeyAlgorithm) -> bytes:
    """SubjectPublicKeyInfo of a key that is forgotten at once."""
    curves: dict[KeyAlgorithm, ec.EllipticCurve] = {
        KeyAlgorithm.P256: ec.SECP256R1(),
        KeyAlgorithm.P384: ec.SECP384R1(),
        KeyAlgorithm.P521: ec.SECP521R1(),
    }
    key: SigningKey
    if kind is KeyAlgorithm.RSA:
        key = rsa.generate_private_key(65537, 2048)
    elif kind is KeyAlgorithm.ED25519:
        key = ed25519.Ed25519PrivateKey.generate()
    else:
        key = ec.generate_private_key(curves[kind])
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _encode_extensions(extensions: list[_Extension]) -> bytes:
    return b"".join(
        der.sequence(der.object_identifier(oid), b"\x01\x01\xff" if critical else b"", der.octet_string(value))
        for oid, critical, value in extensions
    )


def _encode_dates(content: CertificateContent) -> bytes:
    return der.sequence(der.time(content.not_before), der.time(content.not_after))


def _encode_subject_key(spki_der: bytes) -> bytes:
    return der.tlv(der.SEQUENCE, _SUBJECT_KEY_ID + der.octet_string(der.octet_string(key_identifier(spki_der))))


def encode_subject(subject: tuple[tuple[SubjectField, str], ...]) -> bytes:
    """A Name in DER: one attribute in each RDN, the country as PrintableString, all else as UTF8String (RFC 5280 4.1.2.4)."""
    return der.tlv(der.SEQUENCE, b"".join([_encode_attribute(kind, value) for kind, value in subject]))


@lru_cache(maxsize=4096)
def _encode_attribute(kind: SubjectField, value: str) -> bytes:
    # Cached, because an organization's certificates repeat all attributes but the common name.
    tag = der.PRINTABLE_STRING if kind is SubjectField.COUNTRY else der.UTF8_STRING
    return der.tlv(der.SET, der.sequence(der.object_identifier(kind.value), der.tlv(tag, value.encode())))


def assemble(tbs: bytes, algorithm: SignatureAlgorithm, signature: bytes) -> bytes:
    """The certificate in DER from its three parts (RFC 5280 4.1)."""
    return der.sequence(tbs, algorithm.identifier, der.bit_string(signature))


def sign_tbs(tbs: bytes, key: SigningKey, issuer: Issuer) -> bytes:
    """The certificate in DER: exactly the bytes ``tbs``, signed by ``key``, the signature verified by the issuer's certificate.

    Raises Refused kind ``certificate-differs`` if ``tbs`` names another signature algorithm than the issuer's,
    Unavailable kind ``signature`` if the signature does not verify (a broken token, the key of another CA).
    """
    try:
        # version, serialNumber, then the algorithm that must be repeated outside (RFC 5280 4.1.1.2).
        serial = der.read_header(tbs, der.read_header(tbs).start + len(_VERSION_3))
    except BadRequest:
        raise _differs("form") from None
    if not tbs.startswith(issuer.algorithm.identifier, serial.end):
        raise _differs("signature algorithm")
    return assemble(tbs, issuer.algorithm, sign(tbs, key, issuer.public_key))


def read_back(certificate_der: bytes, content: CertificateContent, issuer: Issuer) -> None:
    """Reads an issued certificate with pyca's parsers and compares every field with what was meant.

    Raises Refused kind ``certificate-differs`` naming the first field that is not as meant. The signature is verified
    by ``sign_tbs``.
    """
    try:
        differing = _first_difference(asn1.decode_der(Certificate, certificate_der), content, issuer)
        if not differing:
            # Last, because pyca's reader of certificates warns about odd values instead of refusing them.
            x509.load_der_x509_certificate(certificate_der)
    except (ValueError, TypeError, OverflowError, x509.InvalidVersion):
        differing = "form"
    if differing:
        raise _differs(differing)


def _first_difference(certificate: Certificate, content: CertificateContent, issuer: Issuer) -> str:
    """Name of the first field that is not as meant, or nothing."""
    tbs = certificate.tbs
    algorithms = (_raw(tbs.algorithm), _raw(certificate.algorithm))
    comparisons = (
        ("version", tbs.version == _VERSION_3_NUMBER),
        ("serial number", tbs.serial == content.serial),
        ("signature algorithm", algorithms == (issuer.algorithm.identifier, issuer.algorithm.identifier)),
        ("issuer", _raw(tbs.issuer) == issuer.subject_der),
        ("validity", [_read_time(tbs.validity.not_before), _read_time(tbs.validity.not_after)] == [content.not_before, content.not_after]),
        ("subject", [_read_attribute(attributes) for attributes in tbs.subject] == list(content.subject)),
        ("public key", _raw(tbs.key) == content.spki_der),
        ("extension list", _is_as_meant(tbs.extensions, content, issuer)),
    )
    return next((name for name, is_same in comparisons if not is_same), "")


def _is_as_meant(extensions: list[Extension], content: CertificateContent, issuer: Issuer) -> bool:
    fixed = _fixed_extensions(content.profile, read_spki(content.spki_der)[0], issuer, content.crl_shard)
    read = [(extension.id.dotted_string, extension.critical, extension.value) for extension in extensions]
    place = len(fixed.leading)
    subject_key = (_SUBJECT_KEY_IDENTIFIER, False, der.octet_string(key_identifier(content.spki_der)))
    if read[:place] != fixed.leading or read[place + 1 :] != [fixed.authority_key, subject_key, *fixed.trailing]:
        return False
    oid, critical, names_der = read[place]
    names = asn1.decode_der(AlternativeNames, der.sequence(names_der)).names
    same_names = [(name.tag, name.value.as_str()) for name in names] == [(kind.value, value) for kind, value in content.names]
    return oid == _SUBJECT_ALT_NAME and critical is (not content.subject) and same_names


def _read_time(moment: asn1.UTCTime | asn1.GeneralizedTime) -> datetime:
    """The moment in UTC; raises ValueError unless it is written as RFC 5280 4.1.2.5 wants it for its year."""
    read = moment.as_datetime().replace(tzinfo=UTC)
    if isinstance(moment, asn1.GeneralizedTime) is not (read.year >= der.FIRST_GENERALIZED_YEAR):
        raise ValueError("a date in the other form")
    return read


def _read_attribute(attributes: asn1.SetOf[Attribute]) -> tuple[SubjectField, str]:
    """The one attribute of an RDN; raises ValueError for several, for an unknown type and for the other string type."""
    [attribute] = attributes.as_list()
    field_read, value = SubjectField(attribute.type.dotted_string), attribute.value
    if isinstance(value, str) is (field_read is SubjectField.COUNTRY):
        raise ValueError("a text in the other form")
    return field_read, value if isinstance(value, str) else value.as_str()


def _raw(element: asn1.TLV) -> bytes:
    return der.tlv(element.tag_bytes[0], bytes(element.data))


@dataclass(frozen=True, slots=True)
class _FixedExtensions:
    """The extensions that do not vary between certificates of one profile, kind of key, CA and shard: OID, criticality, value."""

    leading: list[_Extension]
    authority_key: _Extension
    trailing: list[_Extension]


@lru_cache(maxsize=4096)
def _fixed_extensions(profile: Profile, key_algorithm: KeyAlgorithm, issuer: Issuer, shard: int) -> _FixedExtensions:
    (authority_key,) = _values([(x509.AuthorityKeyIdentifier(issuer.key_identifier, None, None), False)])
    return _FixedExtensions(
        leading=_values(leading_extensions(profile, key_algorithm)),
        authority_key=authority_key,
        trailing=_values(trailing_extensions(profile, issuer, shard)),
    )


def _values(extensions: list[tuple[x509.ExtensionType, bool]]) -> list[_Extension]:
    return [(extension.oid.dotted_string, critical, extension.public_bytes()) for extension, critical in extensions]


def _differs(field_name: str) -> Refused:
    sentence = (
        f"The {field_name} of the certificate is not what was approved, so the certificate is not released. This points to a fault "
        "in the service or its database; look at the intent and tell the operator."
    )
    return Refused("certificate-differs", sentence)
