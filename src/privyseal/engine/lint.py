"""Pre-issuance checks: pkilint in process, and our own checks of everything that varies from certificate to certificate.

Two ways, chosen by policy and never off (architecture section 3, step 7). ``each`` lints a copy of every certificate,
signed by a throw-away key (BR 4.3.1.2). ``template`` lints a compiled template once and relies on
``check_variable_fields`` for each certificate; that function runs in both ways. No CA key is used here.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC
from functools import lru_cache
from importlib.metadata import version
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import idna
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

from privyseal.engine import der
from privyseal.engine.certificate import CertificateContent, read_spki
from privyseal.engine.serials import MAX_SERIAL_OCTETS, MIN_RANDOM_BITS
from privyseal.engine.signers import SignatureAlgorithm, SigningKey, sign
from privyseal.model.errors import Refused
from privyseal.model.profile import NameKind, SubjectField

if TYPE_CHECKING:
    from pkilint import validation
    from pkilint.cabf.serverauth import serverauth_constants
    from pkilint.cabf.smime import smime_constants
    from pkilint.document import PDUNode

# pkilint is imported where it is used: that costs half as much as all the rest of a process, and pages wait for it at its start.

UPPER_BOUNDS: Final = {
    SubjectField.COUNTRY: 2,
    SubjectField.STATE: 128,
    SubjectField.LOCALITY: 128,
    SubjectField.ORGANIZATION: 64,
    SubjectField.UNIT: 64,
    SubjectField.TITLE: 64,
    SubjectField.USER_ID: 256,  # RFC 1274 9.3.1; RFC 5280 does not name this attribute.
    SubjectField.COMMON_NAME: 64,
}
"""RFC 5280 appendix A.1, the ub- constants, in characters (not bytes)."""

MAX_NAME: Final = 253  # RFC 1035 2.3.4, without the length octets
MAX_EMAIL: Final = 254  # RFC 5321 4.5.3.1.3, a path without its angle brackets
LAST_YEAR: Final = 9999  # RFC 5280 4.1.2.5.2, GeneralizedTime has four digits

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DNS_NAME = re.compile(rf"(?:\*\.)?(?:{_LABEL}\.)*(?!\d+\Z){_LABEL}")
_EMAIL_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_OWN_URL = re.compile(r"http://([a-z0-9.-]+)(?::[0-9]{1,5})?(?:/[A-Za-z0-9._~-]+)+")
_COUNTRY = re.compile(r"[A-Z]{2}")


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding of the linter: ``severity`` FATAL, ERROR, WARNING, NOTICE, INFO; ``code`` as pkilint names it."""

    severity: str
    code: str
    message: str

    @property
    def blocks(self) -> bool:
        """Whether nothing may be signed with it: a broken MUST, or a check that could not be finished."""
        return self.severity in {"FATAL", "ERROR"}


@dataclass(frozen=True, slots=True)
class LintReport:
    """What the linter said about one certificate; ``linter`` and ``rule_set`` go into the audit entry beside it."""

    linter: str
    rule_set: str
    findings: tuple[Finding, ...]

    @property
    def is_clean(self) -> bool:
        """Whether no finding blocks; warnings and remarks do not."""
        return not any(finding.blocks for finding in self.findings)

    def require_clean(self) -> None:
        """Raises Refused kind ``lint`` with the blocking findings if there are any."""
        blocking = [f"{finding.code} {finding.message}".strip() for finding in self.findings if finding.blocks]
        if blocking:
            sentence = (
                f"The certificate would break the rules {self.rule_set}: {'; '.join(blocking)}. Nothing was signed. "
                "Correct the profile or the request and try again."
            )
            raise Refused("lint", sentence)


class Linter:
    """pkilint with one rule set of the profiles: ``pkix`` (RFC 5280), ``tls-br`` or ``smime-br`` (CA/Browser Forum).

    Build it once per process and rule set: the first takes about a second, for pkilint's own modules, another 0.2 s; ``lint``
    then costs a few milliseconds of CPU. Raises ValueError for another rule set.
    """

    def __init__(self, rule_set: str) -> None:
        if rule_set not in {"pkix", "tls-br", "smime-br"}:
            raise ValueError(f"there is no lint rule set {rule_set!r}; profiles use pkix, tls-br or smime-br")
        from pkilint import loader  # noqa: PLC0415

        self.rule_set = rule_set
        self.linter = f"pkilint {version('pkilint')}"
        self._pkix = _pkix_rules()
        self._load = loader.RFC5280CertificateDocumentLoader().load_der_document

    def lint(self, certificate_der: bytes) -> LintReport:
        """Findings about one certificate in DER. Bytes that pkilint cannot decode give one FATAL finding."""
        try:
            document = self._load(certificate_der, "certificate")
        except ValueError as error:
            return LintReport(self.linter, self.rule_set, (Finding("FATAL", "privyseal.undecodable", str(error)),))
        if self.rule_set == "pkix":
            results = self._pkix.validate(document.root)
        elif self.rule_set == "smime-br":
            from pkilint.cabf import smime  # noqa: PLC0415

            kind_of_mail = smime.determine_validation_level_and_generation(document)
            if kind_of_mail is None:
                unknown = Finding("FATAL", "privyseal.not_smime", "it names no policy of the S/MIME Baseline Requirements")
                return LintReport(self.linter, self.rule_set, (unknown,))
            results = _smime_br_rules(*kind_of_mail).validate(document.root)
        else:
            from pkilint import finding_filter  # noqa: PLC0415
            from pkilint.cabf import serverauth  # noqa: PLC0415

            kind = serverauth.determine_certificate_type(document)
            results = _tls_br_rules(kind).validate(document.root)
            results, _ = finding_filter.filter_results(serverauth.create_serverauth_finding_filters(kind), results)
        read = ((_finding(described), result.node) for result in results for described in result.finding_descriptions)
        findings = tuple(_lowered(finding, node) if self.rule_set == "pkix" else finding for finding, node in read)
        return LintReport(self.linter, self.rule_set, findings)

    def lint_each(self, tbs: bytes, algorithm: SignatureAlgorithm) -> LintReport:
        """Findings about the certificate that ``tbs`` would become, seen on a copy signed by a throw-away key.

        ``algorithm`` is the issuer's. The copy verifies under no CA, so it is worth nothing if it leaks.
        """
        key = _throw_away_key(algorithm)
        signature = sign(tbs, key, key.public_key())
        return self.lint(der.sequence(tbs, algorithm.identifier, der.bit_string(signature)))


def _finding(described: validation.ValidationFindingDescription) -> Finding:
    return Finding(str(described.finding.severity), described.finding.code, described.message or "")


def _lowered(finding: Finding, node: PDUNode) -> Finding:
    """The finding, lowered to NOTICE where pkilint's patterns are narrower than the RFCs and our own check knows the value as good.

    pkilint's RFC 5280 rules take a name for wrong that has one label (localhost), a wildcard (RFC 9525 6.3) or a last
    label with a digit, in URIs, mail addresses and name constraints too. Only these three codes can be lowered.
    """
    in_constraints = "nameConstraints" in node.path
    match finding.code:
        case "pkix.invalid_domain_name_syntax":
            is_good = _is_dns_name(str(node.pdu), allow_wildcard=not in_constraints)
        case "pkix.invalid_email_address_syntax":
            # RFC 5280 4.2.1.10: a constraint on addresses may be a host, or a domain with a dot in front.
            is_good = _is_dns_name(str(node.pdu).removeprefix("."), allow_wildcard=False) if in_constraints else _is_email(str(node.pdu))
        case "pkix.invalid_uri_syntax":
            is_good = _is_own_url(str(node.pdu))
        case _:
            is_good = False
    return replace(finding, severity="NOTICE", message=f"{finding.message} (accepted: RFC 1034 3.5)") if is_good else finding


def _pkix_rules() -> validation.ValidatorContainer:
    """The rules of pkilint's own command ``lint_pkix_cert``."""
    from pkilint.pkix import certificate, extension, name  # noqa: PLC0415

    return certificate.create_pkix_certificate_validator_container(
        certificate.create_decoding_validators(name.ATTRIBUTE_TYPE_MAPPINGS, extension.EXTENSION_MAPPINGS),
        [
            certificate.create_issuer_validator_container([]),
            certificate.create_validity_validator_container(),
            certificate.create_subject_validator_container([]),
            certificate.create_extensions_validator_container([]),
            certificate.create_spki_validator_container([]),
        ],
    )


@lru_cache(maxsize=16)
def _tls_br_rules(kind: serverauth_constants.CertificateType) -> validation.ValidatorContainer:
    """The rules of ``lint_cabf_serverauth_cert`` for one type of certificate."""
    from pkilint.cabf import serverauth  # noqa: PLC0415
    from pkilint.pkix import certificate  # noqa: PLC0415

    decoding, rules = serverauth.create_decoding_validators(), serverauth.create_validators(kind)
    return certificate.create_pkix_certificate_validator_container(decoding, rules)


@lru_cache(maxsize=16)
def _smime_br_rules(level: smime_constants.ValidationLevel, generation: smime_constants.Generation) -> validation.ValidatorContainer:
    """The rules of ``lint_cabf_smime_cert`` for one level of validation and generation."""
    from pkilint.cabf import smime  # noqa: PLC0415
    from pkilint.pkix import certificate  # noqa: PLC0415

    decoding, rules = smime.create_decoding_validators(), smime.create_subscriber_validators(level, generation)
    return certificate.create_pkix_certificate_validator_container(decoding, rules)


@lru_cache(maxsize=4)
def _throw_away_key(algorithm: SignatureAlgorithm) -> SigningKey:
    makers: dict[SignatureAlgorithm, Callable[[], SigningKey]] = {
        SignatureAlgorithm.ECDSA_SHA256: lambda: ec.generate_private_key(ec.SECP256R1()),
        SignatureAlgorithm.ECDSA_SHA384: lambda: ec.generate_private_key(ec.SECP384R1()),
        SignatureAlgorithm.RSA_SHA256: lambda: rsa.generate_private_key(65537, 2048),
        SignatureAlgorithm.ED25519: ed25519.Ed25519PrivateKey.generate,
    }
    return makers[algorithm]()


def check_variable_fields(content: CertificateContent) -> None:
    """Our own checks of what varies between certificates of one profile; the signer repeats them for every certificate.

    Raises Refused, one kind for each rule: ``serial``, ``validity``, ``subject-order``, ``subject-too-long``,
    ``subject-characters``, ``subject-country``, ``subject-common-name``, ``names-count``, ``names-duplicate``,
    ``name-kind``, ``name-form``, ``key-algorithm``, ``key-not-canonical``.
    """
    _check_serial(content.serial)
    _check_validity(content)
    _check_subject(content)
    _check_names(content)
    _check_key(content)


def _check_serial(serial: int) -> None:
    # BR 7.1 wants 64 random bits; RFC 5280 4.1.2.2 at most 20 octets, and an INTEGER of 160 bits has 21.
    if not 1 << MIN_RANDOM_BITS <= serial < 1 << (8 * MAX_SERIAL_OCTETS - 1):
        raise Refused("serial", "A serial number has more than 64 bits and at most 20 octets. Allocate it with new_serial.")


def _check_validity(content: CertificateContent) -> None:
    first, last = content.not_before, content.not_after
    in_utc = first.tzinfo is UTC and last.tzinfo is UTC
    if not in_utc or first.microsecond or last.microsecond or not first < last or first.year < der.FIRST_UTC_TIME_YEAR:
        sentence = "A certificate's dates are whole seconds in UTC, and the last one is later than the first. Compute them with validity."
        raise Refused("validity", sentence)


def _check_subject(content: CertificateContent) -> None:
    order = content.profile.subject
    places = [order.index(kind) if kind in order else -1 for kind, _ in content.subject]
    if -1 in places or any(left >= right for left, right in pairwise(places)):
        fields = ", ".join(kind.name.lower() for kind in order)
        sentence = f"The subject of profile {content.profile.id} has the fields {fields}, in this order, each at most once."
        raise Refused("subject-order", sentence)
    for kind, value in content.subject:
        check_subject_value(kind, value)
    if NameKind.DNS in content.profile.name_kinds:
        common_names = {value for kind, value in content.subject if kind is SubjectField.COMMON_NAME}
        # BR 7.1.4.3: a common name repeats one of the subject alternative names.
        if not common_names <= {value for _, value in content.names}:
            sentence = "The common name of a server certificate is one of its DNS names; let subject_for choose it."
            raise Refused("subject-common-name", sentence, field="common_name")


@lru_cache(maxsize=4096)
def check_subject_value(kind: SubjectField, value: str) -> None:
    """Checks one subject value, of a certificate or of a record that is being vetted.

    Raises Refused kinds ``subject-too-long``, ``subject-country`` and ``subject-characters``. Cached, because an
    organization's certificates repeat all values but one; a refusal is not cached.
    """
    field = kind.name.lower()
    if len(value) > UPPER_BOUNDS[kind]:
        bound = UPPER_BOUNDS[kind]
        sentence = f"The subject field {field} has {len(value)} characters; at most {bound} fit (RFC 5280). Shorten the vetted record."
        raise Refused("subject-too-long", sentence, field=field)
    if kind is SubjectField.COUNTRY and _COUNTRY.fullmatch(value) is None:
        raise Refused("subject-country", "The country is the two capital letters of ISO 3166, for example US.", field=field)
    if value != value.strip() or not any(character.isalnum() for character in value) or not _is_plain_text(value):
        sentence = (
            f"The subject field {field} needs a letter or digit, no blanks at its ends, and no control, invisible or direction-changing "
            "characters, in Unicode's composed form (NFC). Correct the vetted record."
        )
        raise Refused("subject-characters", sentence, field=field)


def _is_plain_text(value: str) -> bool:
    if value.isascii():
        return value.isprintable()
    # Categories C*: control, format (zero width, direction), surrogate, private, unassigned. Zl, Zp: line and paragraph separators.
    categories = {unicodedata.category(character) for character in value}
    return unicodedata.is_normalized("NFC", value) and categories.isdisjoint({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def _check_names(content: CertificateContent) -> None:
    if not 1 <= len(content.names) <= content.profile.max_names:
        sentence = f"A certificate of profile {content.profile.id} has 1 to {content.profile.max_names} names, not {len(content.names)}."
        raise Refused("names-count", sentence, field="names")
    if len(set(content.names)) != len(content.names):
        raise Refused("names-duplicate", "A name stands in the certificate twice; list each name once.", field="names")
    for kind, value in content.names:
        if kind not in content.profile.name_kinds:
            sentence = f"Profile {content.profile.id} certifies no names of kind {kind.value}; {value!r} is one."
            raise Refused("name-kind", sentence, field="names")
        if not (_is_dns_name(value, allow_wildcard=True) if kind is NameKind.DNS else _is_email(value)):
            raise Refused("name-form", f"{value!r} is not a normalized {kind.value} name; only normalized names are signed.", field="names")


def _is_dns_name(value: str, *, allow_wildcard: bool) -> bool:
    # RFC 5280 4.2.1.6: the preferred name syntax of RFC 1034 3.5, here in lower case, and never four numbers (an address).
    if len(value) > MAX_NAME or _DNS_NAME.fullmatch(value) is None or (value.startswith("*") and not allow_wildcard):
        return False
    return "--" not in value or all(_is_label(label) for label in value.split("."))


def _is_email(value: str) -> bool:
    # RFC 5280 4.2.1.6: a Mailbox of RFC 5321 4.1.2; of its local parts only dot-strings, never quoted ones.
    local, _, domain = value.rpartition("@")
    is_local = len(local) <= 64 and _EMAIL_LOCAL.fullmatch(local) is not None
    return is_local and len(value) <= MAX_EMAIL and _is_dns_name(domain, allow_wildcard=False)


def _is_own_url(value: str) -> bool:
    """Whether a URI is of the form that ``certificate.Issuer`` makes."""
    match = _OWN_URL.fullmatch(value)
    return match is not None and _is_dns_name(match[1], allow_wildcard=False)


def _is_label(label: str) -> bool:
    """Whether a label with hyphens in the third and fourth place is a true A-label (RFC 5891 4.2.3.1, 5.4)."""
    if label[2:4] != "--":
        return True
    try:
        return label.startswith("xn--") and idna.alabel(idna.ulabel(label)) == label.encode("ascii")
    except (idna.IDNAError, UnicodeError):
        return False


def _check_key(content: CertificateContent) -> None:
    kind = read_spki(content.spki_der)[0]
    if kind not in content.profile.key_algorithms:
        allowed = ", ".join(algorithm.value for algorithm in content.profile.key_algorithms)
        sentence = f"Profile {content.profile.id} certifies keys of the kinds {allowed}, not {kind.value}."
        raise Refused("key-algorithm", sentence, field="csr")
    try:
        again = load_der_public_key(content.spki_der).public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    except (ValueError, UnsupportedAlgorithm):
        again = b""
    if again != content.spki_der:
        sentence = "The public key is not valid, or not in its one canonical encoding; make a new key and a new CSR."
        raise Refused("key-not-canonical", sentence, field="csr")
