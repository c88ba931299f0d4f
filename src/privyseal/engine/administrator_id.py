"""What an Administrator ID says: the person as recorded, the organization as vetted (requirements 4.1, A39)."""

from __future__ import annotations

from datetime import datetime

from privyseal.engine.certificate import CertificateContent, Issuer, validity
from privyseal.engine.serials import shard_of
from privyseal.model.administrator import Administrator
from privyseal.model.organization import Organization
from privyseal.model.profile import ADMINISTRATOR_ID, NameKind, SubjectField

LIFETIME_DAYS = 397
PROVIDER_NAME = "Privyseal provider"
"""Organization in the Administrator IDs of the provider's own people."""


def administrator_content(
    issuer: Issuer, serial: int, now: datetime, administrator: Administrator, organization: Organization | None, spki_der: bytes
) -> CertificateContent:
    """Return the content of an Administrator ID issued at ``now``; raises Refused ``issuer-expired``."""
    not_before, not_after = validity(now, LIFETIME_DAYS, issuer.not_after)
    return content_with_dates(issuer, serial, not_before, not_after, administrator, organization, spki_der)


def content_with_dates(
    issuer: Issuer,
    serial: int,
    not_before: datetime,
    not_after: datetime,
    administrator: Administrator,
    organization: Organization | None,
    spki_der: bytes,
) -> CertificateContent:
    """Return the same content for dates that an intent already fixed."""
    subject = [(SubjectField.COUNTRY, organization.country)] if organization else []
    subject.append((SubjectField.ORGANIZATION, organization.name if organization else PROVIDER_NAME))
    subject.append((SubjectField.COMMON_NAME, administrator.name))
    return CertificateContent(
        profile=ADMINISTRATOR_ID,
        serial=serial,
        not_before=not_before,
        not_after=not_after,
        subject=tuple(subject),
        names=((NameKind.EMAIL, administrator.email),),
        spki_der=spki_der,
        crl_shard=shard_of(serial, issuer.shard_count),
    )
