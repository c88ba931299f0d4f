"""The TLS certificate of the service's own ports, from its own issuing CA: for a demonstration or a private network.

The operator who holds the issuer's passphrase does this on the machine while the service stands still. Intent,
certificate and audit entry are written like any other's; the certificate belongs to no organization.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from privyseal.actions.authority_proof import require_issuing_proven
from privyseal.actions.house import House, record, sha256_hex
from privyseal.cli.processes import read_passphrase
from privyseal.cli.settings import Settings
from privyseal.engine import hierarchy
from privyseal.engine.certificate import CertificateContent, validity
from privyseal.engine.certificate_template import read_back, sign_tbs
from privyseal.engine.pem import chain_to_pem
from privyseal.engine.serials import new_serial, serial_hex, shard_of
from privyseal.engine.signers import encrypted_key_file
from privyseal.engine.spki import private_key_pem, spki_of
from privyseal.model.actor import Actor, ActorKind
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.certificate import Certificate, CertificateState, Intent, IntentKind, IntentState
from privyseal.model.identifiers import CertificateId, IntentId
from privyseal.model.profile import TLS_SERVER, KeyAlgorithm, NameKind, SubjectField
from privyseal.store import certificates
from privyseal.store.database import Transaction

LIFETIME_DAYS = 397
SERIAL_PREFIX = 0x53
OPERATOR = Actor(ActorKind.OPERATOR, "operator")


def issue_service_certificate(house: House, settings: Settings, names: Sequence[str]) -> None:
    """Make a key and a certificate for these host names and write both where the settings say; old files are replaced.

    Raises Unavailable as ``require_issuing_proven``: what several people paused, the operator does not use alone.
    """
    authority = house.issuing
    secret = read_passphrase(settings.path(settings.issuer_passphrase))
    issuing_key = encrypted_key_file.load(settings.data / "keys" / "issuing.key", secret)
    key = hierarchy.generate_key("p256")
    now = house.clock()
    serial = new_serial(SERIAL_PREFIX, house.random_bytes)
    not_before, not_after = validity(now, LIFETIME_DAYS, authority.issuer.not_after)
    content = CertificateContent(
        profile=TLS_SERVER,
        serial=serial,
        not_before=not_before,
        not_after=not_after,
        subject=((SubjectField.COMMON_NAME, names[0]),),
        names=tuple((NameKind.DNS, name) for name in names),
        spki_der=spki_of(key),
        crl_shard=shard_of(serial, authority.issuer.shard_count),
    )
    template = authority.template(TLS_SERVER, KeyAlgorithm.P256)
    intent = _intent(house, content, template.build_tbs(content))
    with house.database.write(now) as tx:
        require_issuing_proven(house, tx, authority)
        certificates.insert_intents(tx, [intent])
    der = sign_tbs(intent.tbs, issuing_key, authority.issuer)
    read_back(der, content, authority.issuer)
    with house.database.write(house.clock()) as tx:
        _store(house, tx, intent, content, der)
    _write(settings.path(settings.tls_key), private_key_pem(key))
    _write(settings.path(settings.tls_certificate), chain_to_pem([der, *authority.chain]).encode())


def _intent(house: House, content: CertificateContent, tbs: bytes) -> Intent:
    now = house.clock()
    return Intent(
        id=IntentId(house.id("int", now)),
        kind=IntentKind.SERVICE,
        organization_id=None,
        request_id=None,
        administrator_id=None,
        authority_id=house.issuing.id,
        serial_hex=serial_hex(content.serial),
        tbs=tbs,
        profile_id=TLS_SERVER.id,
        profile_version=TLS_SERVER.version,
        not_before=content.not_before,
        not_after=content.not_after,
        lint="template",
        state=IntentState.PREPARED,
        created_at=now,
    )


def _store(house: House, tx: Transaction, intent: Intent, content: CertificateContent, der: bytes) -> None:
    certificates.close_intents(tx, [intent.id], IntentState.COMPLETED)
    certificate = Certificate(
        id=CertificateId(house.id("crt", tx.now)),
        organization_id=None,
        request_id=None,
        intent_id=intent.id,
        authority_id=intent.authority_id,
        serial_hex=intent.serial_hex,
        state=CertificateState.VALID,
        common_name=content.names[0][1],
        names=content.names,
        der=der,
        sha256=sha256_hex(der),
        spki_sha256=sha256_hex(content.spki_der),
        not_before=intent.not_before,
        not_after=intent.not_after,
        issued_at=tx.now,
        revoked_at=None,
        revocation_reason=None,
        contact_name="operator",
        contact_email="",
        phrase_hash="",
        picked_up_at=tx.now,
        replaces=None,
        revoke_after=None,
    )
    certificates.insert(tx, [certificate])
    evidence = (sha256_hex(intent.tbs), certificate.sha256)
    event = AuditEvent(
        "issue-service-certificate", Outcome.DONE, "certificate", certificate.serial_hex, certificate.sha256, evidence=evidence
    )
    record(house, tx, OPERATOR, "", event)


def _write(path: object, content: bytes) -> None:
    name = str(path)
    handle = os.open(f"{name}.new", os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(f"{name}.new", name)  # noqa: PTH105 - the same names in all three calls
