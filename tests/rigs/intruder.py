"""Somebody who can write the database and nothing else: he enters people as the entrance would have, and asks the issuer."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from privyseal.engine.administrator_id import administrator_content
from privyseal.engine.serials import new_serial, serial_hex
from privyseal.engine.spki import spki_of
from privyseal.issuer.desk import complete_batch
from privyseal.issuer.protocol import CompletedIntent
from privyseal.model.administrator import Administrator, AdministratorState, Credential, Role
from privyseal.model.certificate import Intent, IntentKind, IntentState
from privyseal.model.identifiers import AdministratorId, CredentialId, IntentId, InvitationId
from privyseal.model.profile import ADMINISTRATOR_ID, KeyAlgorithm
from privyseal.store import administrators, certificates, organizations
from privyseal.store.administrators import Invitation, InvitationStatement
from tests.rigs.service import AdministratorRig, ServiceRig, SubjectKey, hashes_hex, mail_of, make_key


@dataclass(slots=True)
class Intruder:
    """``key`` is the key of the Administrator ID that he wants."""

    service: ServiceRig
    key: SubjectKey

    def sql(self, statement: str, **values: object) -> None:
        """Write whatever he likes."""
        with self.service.house.database.write(self.service.clock()) as tx:
            tx.execute(sa.text(statement), values)

    def enter(
        self, slug: str, name: str = "Mallory", role: Role = Role.SECURITY_ADMINISTRATOR, *, content: bytes = b"", signature: bytes = b""
    ) -> IntentId:
        """Write a person, a used one-time link, a statement where there is one, and the intent; return its id."""
        house, spki = self.service.house, spki_of(self.key)
        authority = house.administrators_authority
        with house.database.write(self.service.clock()) as tx:
            organization = organizations.require(tx, slug)
            person = Administrator(
                AdministratorId(house.id("adm", tx.now)),
                organization.id,
                name,
                mail_of(name, slug),
                role,
                AdministratorState.INVITED,
                tx.now,
            )
            administrators.insert(tx, person)
            end = tx.now + timedelta(hours=1)
            link = Invitation(InvitationId(house.id("inv", tx.now)), person.id, os.urandom(32).hex(), tx.now, end, tx.now, hashes_hex(spki))
            administrators.insert_invitation(tx, link)
            if signature:
                # The digest of the register is his to choose as well; the issuer reads the signature alone.
                digest = os.urandom(32).hex()
                administrators.insert_statement(tx, InvitationStatement(digest, link.id, content, signature, "00" * 32, tx.now))
            serial = new_serial(0x52, os.urandom)
            meant = administrator_content(authority.issuer, serial, tx.now, person, organization, spki)
            intent = Intent(
                id=IntentId(house.id("int", tx.now)),
                kind=IntentKind.ADMINISTRATOR,
                organization_id=organization.id,
                request_id=None,
                administrator_id=person.id,
                authority_id=authority.id,
                serial_hex=serial_hex(serial),
                tbs=authority.template(ADMINISTRATOR_ID, KeyAlgorithm.P256).build_tbs(meant),
                profile_id=ADMINISTRATOR_ID.id,
                profile_version=ADMINISTRATOR_ID.version,
                not_before=meant.not_before,
                not_after=meant.not_after,
                lint="template",
                state=IntentState.PREPARED,
                created_at=tx.now,
            )
            certificates.insert_intents(tx, [intent])
        return intent.id

    def ask(self, intent_id: IntentId) -> CompletedIntent:
        """What the issuer says to an intent."""
        [result] = complete_batch(self.service.house, self.service.keys, [intent_id]).values()
        return result

    def forge_credential(self, admin: AdministratorRig) -> AdministratorRig:
        """Register a certificate of his own making for a real administrator; it names the administrators' CA as its issuer."""
        now = self.service.clock()
        real = x509.load_der_x509_certificate(admin.certificate_der)
        builder = x509.CertificateBuilder().subject_name(real.subject).issuer_name(real.issuer).public_key(self.key.public_key())
        builder = builder.serial_number(real.serial_number)
        builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=10))
        der = builder.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)
        forged = Credential(CredentialId("cre-forged"), admin.administrator.id, der, hashes_hex(der), now + timedelta(days=10), None)
        with self.service.house.database.write(now) as tx:
            administrators.insert_credential(tx, forged)
        return AdministratorRig(admin.administrator, der, self.key, admin.organization)


def make_intruder(service: ServiceRig) -> Intruder:
    """One with a new key."""
    return Intruder(service, make_key())
