"""How a passkey that its authenticator presented becomes an intent of the administrators' CA.

No action, but what ``enroll_passkey`` (by one-time link) and ``add_passkey`` (by its owner's signature) share. Durable after
it: what is known of the passkey, with the signed bytes by which it was added, and the intent. The issuer completes it.
"""

from __future__ import annotations

from datetime import datetime

from privyseal.actions.account_life import require_standing
from privyseal.actions.house import House, sha256_hex
from privyseal.engine import key_policy
from privyseal.engine.administrator_id import administrator_content, administrator_intent
from privyseal.engine.passkeys import Registration, read_registration, registration_challenge
from privyseal.engine.serials import new_serial
from privyseal.engine.signed_statement import SignedStatement
from privyseal.model.actor import Actor, ActorKind, require_credential
from privyseal.model.administrator import Administrator, AdministratorState
from privyseal.model.certificate import Intent
from privyseal.model.errors import Conflict, NotFound, NotPermitted, Refused, Unauthenticated
from privyseal.model.identifiers import AdministratorId, IntentId, PasskeyRowId
from privyseal.model.organization import Organization
from privyseal.model.passkey import LABEL_CHARACTERS, Passkey
from privyseal.model.profile import ADMINISTRATOR_PASSKEY
from privyseal.model.request import require_text
from privyseal.store import administrators, certificates, organizations, passkeys, revocations
from privyseal.store.database import Transaction

SERIAL_PREFIX = 0x54


def passkey_owner(tx: Transaction, actor: Actor, slug: str) -> tuple[Administrator, Organization | None]:
    """Return the person behind a call, and his organization; ``slug`` is "" for the provider's own people.

    Raises Unauthenticated for anybody but a person, NotFound across organizations, NotPermitted unless he is active and has shown
    a credential.
    """
    if actor.kind not in {ActorKind.ADMINISTRATOR, ActorKind.PROVIDER_ADMINISTRATOR}:
        raise Unauthenticated("credential-needed", "Only a person who is signed in has passkeys.")
    require_credential(actor)
    organization = organizations.require(tx, slug) if slug else None
    person = administrators.get(tx, AdministratorId(actor.id))
    if person is None or person.organization_id != (organization.id if organization else None):
        raise NotFound("not-found", "There is no such organization, or it is not yours.")
    if person.state is not AdministratorState.ACTIVE:
        raise NotPermitted("role", f"{person.name} is not an active administrator.")
    return person, organization


def answer_challenge(house: House, tx: Transaction, person: Administrator, registration: str) -> Registration:
    """Use up the challenge that a registration answers, and return the new passkey; raises Refused."""
    challenge = registration_challenge(registration)
    if not passkeys.take_challenge(tx, sha256_hex(challenge), person.id):
        raise Refused(
            "passkey-challenge", "This registration was used already, took longer than ten minutes, or is not yours. Start again."
        )
    return read_registration(registration, challenge, house.relying_party)


def register_passkey(
    house: House,
    tx: Transaction,
    person: Administrator,
    organization: Organization | None,
    read: Registration,
    label: str,
    added_by: SignedStatement | None,
    *,
    until: datetime | None = None,
) -> Intent:
    """Store the passkey and return the stored intent; ``added_by`` is None for one that a one-time link authorizes.

    ``until`` is the end of what it replaces, None for a whole life.

    Raises Refused (key, label), Conflict ``passkey-known``.
    """
    if organization is not None:
        require_standing(tx, organization)
    key_policy.check_key(read.spki_der, ADMINISTRATOR_PASSKEY.key_algorithms)
    if revocations.blocked_reason(tx, read.spki_sha256) is not None:
        raise Refused("key-blocked", "Somebody else may have this key. Use another authenticator.", field="registration")
    if passkeys.is_known(tx, read.passkey_id, read.spki_sha256):
        raise Conflict("passkey-known", "This passkey is registered already. Use it, or choose another authenticator.")
    passkey = Passkey(
        id=PasskeyRowId(house.id("pky", tx.now)),
        administrator_id=person.id,
        passkey_id=read.passkey_id,
        spki_sha256=read.spki_sha256,
        label=require_text("label", label, LABEL_CHARACTERS),
        transports=read.transports,
        sign_count=read.sign_count,
        statement=added_by.content if added_by else None,
        signature=added_by.signature if added_by else None,
        signer_sha256=added_by.credential.certificate_sha256 if added_by else None,
        credential_sha256=None,
        created_at=tx.now,
        last_used_at=None,
    )
    passkeys.insert(tx, passkey)
    authority = house.administrators_authority
    serial = new_serial(SERIAL_PREFIX, house.random_bytes)
    content = administrator_content(
        authority.issuer, serial, tx.now, person, organization, read.spki_der, profile=ADMINISTRATOR_PASSKEY, until=until
    )
    intent = administrator_intent(authority, IntentId(house.id("int", tx.now)), content, person, tx.now)
    certificates.insert_intents(tx, [intent])
    return intent
