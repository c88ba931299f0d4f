"""A service with one organization, three people and their requests, as the letters find it: real rows, real certificates."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TypeAlias

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from privyseal.actions.house import House, ServiceIdentity, sha256_hex
from privyseal.engine.authority import Authority
from privyseal.engine.certificate import CertificateContent, Issuer, build_reference, subject_for
from privyseal.engine.hierarchy import CaName, CaPlan, generate_key, make_issuing_ca, make_root
from privyseal.engine.phrases import code_hash
from privyseal.engine.serials import new_serial, serial_hex, shard_of
from privyseal.engine.signers import SigningKey
from privyseal.features import MailSecurity, MailSettings, SmtpSettings
from privyseal.features.notices import LISTENS
from privyseal.model.administrator import Administrator, AdministratorState, Role
from privyseal.model.certificate import Certificate, CertificateState, Intent, IntentKind, IntentState
from privyseal.model.fact import FactKind
from privyseal.model.identifiers import (
    AdministratorId,
    AuthorityId,
    CertificateId,
    IntentId,
    InvitationId,
    OrganizationId,
    PolicyId,
    RequestId,
)
from privyseal.model.organization import Organization, OrganizationState, subject_values
from privyseal.model.profile import TLS_SERVER, NameKind
from privyseal.model.request import Request, RequestKind, RequestState, read_endpoint
from privyseal.store import administrators, authorities, certificates, organizations, outbox, requests
from privyseal.store.administrators import Invitation
from privyseal.store.authorities import StoredAuthority
from privyseal.store.database import Database
from privyseal.store.outbox import OutboxRow

NOW = datetime(2026, 11, 22, 14, 5, 6, tzinfo=UTC)
STATUS_URL = "http://status.privyseal.test"
SENDER = "certificates@privyseal.test"
ACME = OrganizationId("org-1")
DANA, ERIN, FRED = AdministratorId("adm-dana"), AdministratorId("adm-erin"), AdministratorId("adm-fred")
Names: TypeAlias = tuple[tuple[NameKind, str], ...]
NAMES: Names = ((NameKind.DNS, "www.acme.test"), (NameKind.DNS, "acme.test"))
CODE = "-7sT0nly-0nce_and-n0t-t0-be-guessed-by-any1"


@dataclass(frozen=True, slots=True)
class Authorities:
    """Root and issuing CA with the key that issues."""

    by_slug: dict[str, Authority]
    key: SigningKey


@cache
def make_authorities() -> Authorities:
    """CAs that live long enough for a clock fixed in 2026 and for the real one."""
    root_key, key = generate_key("p256"), generate_key("p256")
    plan = CaPlan(CaName("DEMO - do not trust", "Provider", "US"), new_serial(1, os.urandom), NOW - timedelta(days=400), 7305)
    root = make_root(plan, root_key)
    plan = replace(plan, name=CaName("Issuing CA", "Provider", "US"), serial=new_serial(2, os.urandom), lifetime_days=3652)
    issuing = make_issuing_ca(plan, key.public_key(), Issuer(root, "root", STATUS_URL, 1), root_key)
    authority = Authority(AuthorityId("ca-issuing"), "issuing", "issuing", Issuer(issuing, "issuing", STATUS_URL), (issuing,), root)
    return Authorities({"issuing": authority}, key)


def make_house(database: Database, clock: Callable[[], datetime] = lambda: NOW) -> House:
    """The house that the letters wing gets from the app."""
    service = ServiceIdentity(
        "privyseal.test", "privyseal.test", "https://privyseal.test", "https://admin.privyseal.test", STATUS_URL, b"salt"
    )
    return House(database, service, make_authorities().by_slug, LISTENS, clock, os.urandom)


def settle_in(house: House) -> None:
    """Store the organization, its administrators Dana (security), Erin (certificates) and Fred (auditor), and the CA."""
    organization = Organization(
        ACME,
        "acme",
        "Acme & Söhne <Rockets>",
        "US",
        "California",
        "Mountain View",
        "it@acme.test",
        OrganizationState.ACTIVE,
        NOW,
        NOW,
        "",
        "",
    )
    people = (
        Administrator(DANA, ACME, "Dana Doe", "dana@acme.test", Role.SECURITY_ADMINISTRATOR, AdministratorState.ACTIVE, NOW),
        Administrator(ERIN, ACME, "Erin Roe", "erin@acme.test", Role.CERTIFICATE_ADMINISTRATOR, AdministratorState.ACTIVE, NOW),
        Administrator(FRED, ACME, "Fred Poe", "fred@acme.test", Role.AUDITOR, AdministratorState.ACTIVE, NOW),
    )
    authority = house.issuing
    with house.database.write(NOW) as tx:
        organizations.insert(tx, organization)
        for person in people:
            administrators.insert(tx, person)
        stored = StoredAuthority(authority.id, authority.slug, authority.kind, authority.issuer.certificate_der, 128, NOW)
        authorities.insert(tx, stored)


def add_request(
    house: House,
    number: int = 1,
    state: RequestState = RequestState.PENDING,
    *,
    state_reason: str = "",
    names: Names = NAMES,
    servers: tuple[str, ...] = ("web-server:www.acme.test", "load-balancer:lb7.internal:8443"),
    server_platform: str = "nginx",
    comment: str = "for the shop",
    contact_name: str = "Carol Coe",
) -> Request:
    """Store the request ``req-NUMBER`` for www.acme.test and acme.test by Carol."""
    with house.database.read(NOW) as tx:
        record = dict(subject_values(organizations.get(tx, ACME), ""))
    request = Request(
        id=RequestId(f"req-{number}"),
        organization_id=ACME,
        kind=RequestKind.NEW,
        replaces=None,
        replaces_serial_hex="",
        state=state,
        state_reason=state_reason,
        policy_id=PolicyId("pol-1"),
        policy_version=1,
        csr_der=b"csr",
        spki_der=b"spki",
        spki_sha256="00" * 32,
        key_algorithm="p256",
        key_bits=256,
        subject=subject_for(TLS_SERVER, record, names),
        names=names,
        lifetime_days=365,
        endpoints=tuple(read_endpoint(text) for text in servers),
        unit_tier="standard",
        contact_name=contact_name,
        contact_email="carol@acme.test",
        server_platform=server_platform,
        comment=comment,
        phrase_hash="",
        requester_kind="requester",
        requester_id="anonymous",
        warnings=("www.acme.test already has a valid certificate, serial number 0102.",),
        created_at=NOW,
        changed_at=NOW,
    )
    with house.database.write(NOW) as tx:
        assert requests.insert(tx, request, sameness=f"{number:064d}", confirm_code_hash=code_hash(CODE))
    return request


def add_certificate(house: House, request: Request) -> tuple[Certificate, bytes]:
    """Store a real certificate for the request; returns it and its private key in PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    spki = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    serial, issuer = new_serial(0x11, os.urandom), house.issuing.issuer
    begin, end = NOW - timedelta(days=400), NOW + timedelta(days=365)
    content = CertificateContent(TLS_SERVER, serial, begin, end, request.subject, request.names, spki, shard_of(serial, 128))
    der = build_reference(content, issuer, make_authorities().key)
    intent = _intent(house, request, serial_hex(serial), begin, end)
    certificate = Certificate(
        id=CertificateId(f"crt-{request.id}"),
        organization_id=ACME,
        request_id=request.id,
        intent_id=intent.id,
        authority_id=house.issuing.id,
        serial_hex=serial_hex(serial),
        state=CertificateState.VALID,
        common_name=request.names[0][1],
        names=request.names,
        der=der,
        sha256=sha256_hex(der),
        spki_sha256=sha256_hex(spki),
        not_before=begin,
        not_after=end,
        issued_at=NOW,
        revoked_at=None,
        revocation_reason=None,
        contact_name=request.contact_name,
        contact_email=request.contact_email,
        phrase_hash="",
        picked_up_at=None,
        replaces=None,
        revoke_after=None,
    )
    with house.database.write(NOW) as tx:
        certificates.insert_intents(tx, [intent])
        certificates.insert(tx, [certificate])
    return certificate, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _intent(house: House, request: Request, serial: str, begin: datetime, end: datetime) -> Intent:
    return Intent(
        id=IntentId(f"int-{request.id}"),
        kind=IntentKind.REQUEST,
        organization_id=ACME,
        request_id=request.id,
        administrator_id=None,
        authority_id=house.issuing.id,
        serial_hex=serial,
        tbs=b"tbs",
        profile_id="tls-server",
        profile_version=1,
        not_before=begin,
        not_after=end,
        lint="template",
        state=IntentState.COMPLETED,
        created_at=NOW,
    )


def invite(house: House, person: Administrator, code: str = CODE) -> None:
    """Store a person and the one-time link of ``code``."""
    with house.database.write(NOW) as tx:
        administrators.insert(tx, person)
        link = Invitation(InvitationId(f"inv-{person.id}"), person.id, code_hash(code), NOW, NOW + timedelta(hours=1), None, None)
        administrators.insert_invitation(tx, link)


def fact(kind: FactKind, listener: str, number: int = 1, **payload: object) -> OutboxRow:
    """A fact as a listener gets it; without more, about the request or certificate of ``req-NUMBER``."""
    about = {"organization": "acme", "request": f"req-{number}", "certificate": f"crt-req-{number}"}
    return OutboxRow(f"fact-{number}", kind.value, listener, about | payload, NOW)


def waiting_copies(database: Database) -> list[OutboxRow]:
    """The rows that an announcement to several people left, one for each."""
    with database.read(NOW) as tx:
        return outbox.waiting(tx)


def to_server(host: str, port: int) -> MailSettings:
    """Settings for a mail server without protection, as on the loopback of a test."""
    return MailSettings(SENDER, "Privyseal", SmtpSettings(host, port, MailSecurity.NONE))


def to_directory(path: Path) -> MailSettings:
    """Settings for a Maildir."""
    return MailSettings(SENDER, "Privyseal", path)
