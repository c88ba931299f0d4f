"""What an Administrator ID says: the person as recorded, the organization as vetted (requirements 4.1, A39)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.x509.oid import ExtensionOID

from privyseal.engine.authority import Authority
from privyseal.engine.certificate import CertificateContent, Issuer, read_spki, validity
from privyseal.engine.serials import serial_hex, shard_of
from privyseal.model.administrator import Administrator, Role
from privyseal.model.certificate import Intent, IntentKind, IntentState
from privyseal.model.errors import Refused
from privyseal.model.identifiers import IntentId
from privyseal.model.organization import Organization
from privyseal.model.policy import Lint
from privyseal.model.profile import ADMINISTRATOR_ID, NameKind, Profile, SubjectField

LIFETIME_DAYS = 397
PROVIDER_NAME = "Privyseal provider"
"""Organization in the Administrator IDs of the provider's own people."""


def administrator_content(
    issuer: Issuer,
    serial: int,
    now: datetime,
    administrator: Administrator,
    organization: Organization | None,
    spki_der: bytes,
    *,
    profile: Profile = ADMINISTRATOR_ID,
    until: datetime | None = None,
) -> CertificateContent:
    """Return the content of an Administrator ID issued at ``now``; raises Refused ``issuer-expired``.

    It lives ``LIFETIME_DAYS``, but not past ``until``, the end of what it replaces, and not past the end of a trial.
    """
    ends = [issuer.not_after, until, organization.trial_until if organization else None]
    not_before, not_after = validity(now, LIFETIME_DAYS, min(end for end in ends if end is not None))
    return content_with_dates(issuer, serial, not_before, not_after, administrator, organization, spki_der, profile=profile)


def content_with_dates(
    issuer: Issuer,
    serial: int,
    not_before: datetime,
    not_after: datetime,
    administrator: Administrator,
    organization: Organization | None,
    spki_der: bytes,
    *,
    profile: Profile = ADMINISTRATOR_ID,
) -> CertificateContent:
    """Return the same content for dates that an intent already fixed."""
    country = [(SubjectField.COUNTRY, organization.country)] if organization else []
    return CertificateContent(
        profile=profile,
        serial=serial,
        not_before=not_before,
        not_after=not_after,
        subject=(*country, *_signed_facts(administrator, organization)),
        names=((NameKind.EMAIL, administrator.email),),
        spki_der=spki_der,
        crl_shard=shard_of(serial, issuer.shard_count),
    )


def administrator_intent(
    authority: Authority, intent_id: IntentId, content: CertificateContent, person: Administrator, now: datetime
) -> Intent:
    """Return the intent to issue ``content`` to a person; raises Refused for content that the template or the linter refuses."""
    return Intent(
        id=intent_id,
        kind=IntentKind.ADMINISTRATOR,
        organization_id=person.organization_id,
        request_id=None,
        administrator_id=person.id,
        authority_id=authority.id,
        serial_hex=serial_hex(content.serial),
        tbs=authority.template(content.profile, read_spki(content.spki_der)[0]).build_tbs(content),
        profile_id=content.profile.id,
        profile_version=content.profile.version,
        not_before=content.not_before,
        not_after=content.not_after,
        lint=Lint.TEMPLATE.value,
        state=IntentState.PREPARED,
        created_at=now,
    )


def _signed_facts(administrator: Administrator, organization: Organization | None) -> tuple[tuple[SubjectField, str], ...]:
    """What the administrators' CA says about a person, in the order of the subject; the provider has no short name."""
    unit = [(SubjectField.UNIT, organization.slug)] if organization else []
    return (
        (SubjectField.ORGANIZATION, organization.name if organization else PROVIDER_NAME),
        *unit,
        (SubjectField.TITLE, administrator.role.value),
        (SubjectField.USER_ID, administrator.id),
        (SubjectField.COMMON_NAME, administrator.name),
    )


_FACTS_OF_VERSION_1 = {SubjectField.ORGANIZATION, SubjectField.COMMON_NAME}


def require_administrator_id(
    authority: Authority, certificate_der: bytes, administrator: Administrator, organization: Organization | None, now: datetime
) -> None:
    """Raise Refused ``credential-forged`` unless this is an Administrator ID of exactly this person, signed by the administrators' CA.

    A row in the register is not enough: whoever can write the database could put a key of his own there, move a person
    into another organization, or raise a role (I13). An Administrator ID of version 1 of the profile tells neither short
    name nor role nor id; for these the database is believed, until the last of them ends.
    """
    expected = _signed_facts(administrator, organization)
    of_version_1 = tuple((field, value) for field, value in expected if field in _FACTS_OF_VERSION_1)
    found = _read_facts(authority.root, certificate_der)
    if found is None or found[0] not in {expected, of_version_1} or not found[1] <= now <= found[2]:
        sentence = (
            f"The certificate registered for {administrator.name} is not an Administrator ID of this person in this role from the "
            "administrators' CA. Nothing signed with it counts. Tell your provider: the register was changed by somebody else."
        )
        raise Refused("credential-forged", sentence)


def is_issued_by(authority: Authority, certificate_der: bytes, now: datetime) -> bool:
    """Tell whether the administrators' CA signed this certificate and it is valid now; what the register says is asked elsewhere."""
    found = _read_facts(authority.root, certificate_der)
    return found is not None and found[1] <= now <= found[2]


@dataclass(frozen=True, slots=True)
class Bearer:
    """Whom a certificate of the administrators' CA names: the short name of the organization ("" for the provider), id and role.

    ``name`` and ``email`` are the full name and the address.
    """

    organization: str
    person: str
    role: Role | None
    name: str
    email: str
    not_before: datetime
    not_after: datetime


def read_bearer(authority: Authority, certificate_der: bytes) -> Bearer | None:
    """Return whom this Administrator ID or passkey names, of any time; None for one that the administrators' CA did not sign."""
    found = _read_facts(authority.root, certificate_der)
    if found is None:
        return None
    facts = dict(found[0])
    roles = {role.value: role for role in Role}
    title = roles.get(facts.get(SubjectField.TITLE, ""))
    named = (facts.get(SubjectField.UNIT, ""), facts.get(SubjectField.USER_ID, ""), title, facts.get(SubjectField.COMMON_NAME, ""))
    return Bearer(*named, found[3], found[1], found[2])


def is_certified(authority: Authority, certificate_der: bytes, administrator: Administrator, slug: str) -> bool:
    """Tell whether this certificate, of any time, is one that the administrators' CA made for this person of ``slug`` in this role."""
    bearer = read_bearer(authority, certificate_der)
    if bearer is None:
        return False
    named = (bearer.organization, bearer.person, bearer.role, bearer.name, bearer.email)
    return named == (slug, administrator.id, administrator.role, administrator.name, administrator.email)


@lru_cache(maxsize=4096)
def _read_facts(ca_der: bytes, certificate_der: bytes) -> tuple[tuple[tuple[SubjectField, str], ...], datetime, datetime, str] | None:
    """Facts, dates and address of a certificate that this CA signed, or None; cached, because administrators decide often."""
    try:
        certificate = x509.load_der_x509_certificate(certificate_der)
        certificate.verify_directly_issued_by(x509.load_der_x509_certificate(ca_der))
        facts = [(SubjectField(attribute.oid.dotted_string), str(attribute.value)) for attribute in certificate.subject]
        signed = tuple((field, value) for field, value in facts if field is not SubjectField.COUNTRY)
        named = [extension.value for extension in certificate.extensions if isinstance(extension.value, x509.SubjectAlternativeName)]
        email = ",".join(address for names in named for address in names.get_values_for_type(x509.RFC822Name))
        return signed, certificate.not_valid_before_utc, certificate.not_valid_after_utc, email
    except (ValueError, TypeError, InvalidSignature):
        return None


@lru_cache(maxsize=4096)
def is_passkey(certificate_der: bytes) -> bool:
    """Tell whether a certificate of the administrators' CA is that of a passkey: it names no purpose (``ADMINISTRATOR_PASSKEY``).

    Ask after ``require_administrator_id``; the answer for other certificates means nothing.
    """
    return all(extension.oid != ExtensionOID.EXTENDED_KEY_USAGE for extension in x509.load_der_x509_certificate(certificate_der).extensions)
