"""Sign prepared Administrator IDs, only in the issuer process.

The issuer reads person, organization and used link again, builds the to-be-signed bytes again from them, and signs
only when they equal the stored ones. What authorizes an Administrator ID or a first passkey is the invitation behind the
one-time link: the issuer verifies its signature itself, so that whoever can only write the database lets nobody in. A
passkey that its owner added later is authorized by his signature instead, which is verified here again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from privyseal.actions.account_life import require_standing
from privyseal.actions.admission import ISSUED, ISSUED_PASSKEY, USED, Authorization, require_admitted
from privyseal.actions.house import House, announce, record, require_evidence, sha256_hex
from privyseal.actions.renewing import Place, require_renewal, take_place
from privyseal.engine.administrator_id import LIFETIME_DAYS, content_with_dates, require_administrator_id
from privyseal.engine.authority import key_of_tbs
from privyseal.engine.certificate import read_spki
from privyseal.engine.certificate_template import read_back, sign_tbs
from privyseal.engine.passkey_addition import require_addition
from privyseal.engine.serials import serial_from_hex
from privyseal.engine.signed_statement import verify_stored
from privyseal.engine.signers import SigningKey
from privyseal.model.actor import Actor
from privyseal.model.administrator import Administrator, AdministratorState, Credential
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.certificate import Intent, IntentKind, IntentState
from privyseal.model.errors import PrivysealError, Refused
from privyseal.model.fact import FactKind
from privyseal.model.identifiers import CredentialId, IntentId
from privyseal.model.organization import Organization
from privyseal.model.passkey import Passkey
from privyseal.model.profile import ADMINISTRATOR_ID, ADMINISTRATOR_PASSKEY
from privyseal.store import administrators, certificates, organizations, passkeys, renewals, revocations
from privyseal.store.database import Transaction
from privyseal_wire.errors import WireError

_PROFILES = {(profile.id, profile.version): profile for profile in (ADMINISTRATOR_ID, ADMINISTRATOR_PASSKEY)}


@dataclass(frozen=True, slots=True)
class CompletedIds:
    """Credentials now registered, and intents that the issuer refused with the reason."""

    credentials: tuple[Credential, ...]
    failures: tuple[tuple[IntentId, PrivysealError], ...]


def complete_administrator_ids(
    house: House, tx: Transaction, actor: Actor, key: SigningKey, intent_ids: Sequence[IntentId]
) -> CompletedIds:
    """Verify, sign and register; each intent succeeds or fails for itself. Raises Unavailable (evidence, clock)."""
    require_evidence(tx)
    done: list[Credential] = []
    failures: list[tuple[IntentId, PrivysealError]] = []
    intents = certificates.intents_of(tx, intent_ids)
    # Of two issuers on two nodes the second one waits here, so that it sees whom the first one let in.
    for organization_id in sorted({intent.organization_id for intent in intents.values() if intent.organization_id is not None}):
        organizations.hold(tx, organization_id)
    for intent in intents.values():
        try:
            credential = _translated(house, tx, actor, key, intent)
        except PrivysealError as refusal:
            failures.append((intent.id, refusal))
            _record_refusal(house, tx, actor, intent, refusal)
        else:
            done.append(credential)
    return CompletedIds(tuple(done), tuple(failures))


def _record_refusal(house: House, tx: Transaction, actor: Actor, intent: Intent, refusal: PrivysealError) -> None:
    """Into the provider's log and, where there is one, the organization's: its auditor shall see who tried to come in."""
    event = AuditEvent("complete-administrator-id", Outcome.REFUSED, "intent", intent.id, reason=refusal.kind)
    record(house, tx, actor, "", event)
    if intent.organization_id is not None:
        record(house, tx, actor, organizations.get(tx, intent.organization_id).slug, event)


def _complete(house: House, tx: Transaction, actor: Actor, key: SigningKey, intent: Intent) -> Credential:
    authority = house.administrators_authority
    person, organization = _person(tx, intent)
    spki_der = key_of_tbs(intent.tbs)
    profile = _PROFILES.get((intent.profile_id, intent.profile_version))
    if profile is None:
        raise Refused("intent", "This intent is for a profile that is none of Administrator IDs.")
    passkey = _passkey(tx, person, sha256_hex(spki_der)) if profile is ADMINISTRATOR_PASSKEY else None
    authorization, place = _authorized(house, tx, person, organization, passkey, sha256_hex(spki_der))
    if revocations.blocked_reason(tx, sha256_hex(spki_der)) is not None:
        raise Refused(
            "key-blocked", "Since this key was enrolled, somebody else may have it. A new one-time link and a new key are needed."
        )
    ends = [place.until if place else None, organization.trial_until if organization else None]
    longest = min([end for end in ends if end is not None], default=intent.not_after)
    if (intent.not_after - intent.not_before).days > LIFETIME_DAYS or intent.not_after > longest or intent.authority_id != authority.id:
        raise Refused("intent", "The intent lives too long or is for another certification authority.")
    serial = serial_from_hex(intent.serial_hex)
    dates = (intent.not_before, intent.not_after)
    content = content_with_dates(authority.issuer, serial, *dates, person, organization, spki_der, profile=profile)
    template = authority.template(profile, read_spki(spki_der)[0])
    if template.build_tbs(content) != intent.tbs:
        raise Refused("certificate-differs", "The prepared bytes are not those of the recorded person.")
    der = sign_tbs(intent.tbs, key, authority.issuer)
    read_back(der, content, authority.issuer)
    if not certificates.close_intents(tx, [intent.id], IntentState.COMPLETED):
        raise Refused("intent", "The intent was completed or abandoned already.")
    credential = Credential(CredentialId(house.id("cre", tx.now)), person.id, der, sha256_hex(der), intent.not_after, None)
    administrators.insert_credential(tx, credential)
    if passkey is not None:
        passkeys.certify(tx, passkey.id, credential.certificate_sha256)
    administrators.change_state(tx, person.id, AdministratorState.INVITED, AdministratorState.ACTIVE)
    slug = organization.slug if organization else ""
    action = ISSUED_PASSKEY if passkey else ISSUED
    _record_issued(house, tx, actor, slug, credential, authorization, action=action, serial_hex=intent.serial_hex)
    if place is not None:
        take_place(house, tx, actor, slug, person, place, credential)
    _announce(house, tx, slug, credential, "passkey" if passkey else "administrator-id")
    return credential


def _record_issued(
    house: House,
    tx: Transaction,
    actor: Actor,
    slug: str,
    credential: Credential,
    authorization: Authorization | None,
    *,
    action: str,
    serial_hex: str,
) -> None:
    evidence = authorization.evidence if authorization else ()
    person_id, sha256 = credential.administrator_id, credential.certificate_sha256
    event = AuditEvent(action, Outcome.DONE, "administrator", person_id, sha256, f"serial {serial_hex}", evidence)
    record(house, tx, actor, slug, event)
    if authorization is not None:
        record(house, tx, actor, slug, AuditEvent(USED, Outcome.DONE, "invitation", authorization.evidence[0], reason=person_id))


def _authorized(
    house: House, tx: Transaction, person: Administrator, organization: Organization | None, passkey: Passkey | None, spki_sha256: str
) -> tuple[Authorization | None, Place | None]:
    """Verify what lets this key in, and return it with the place of the credential that the new one follows or replaces."""
    if passkey is not None and passkey.statement is not None:
        _verify_addition(house, tx, person, organization, passkey)
        return None, None
    renewal = renewals.of_key(tx, person.id, spki_sha256) if passkey is None else None
    if renewal is not None:
        content = _own_words(house, tx, person, organization, (renewal.content, renewal.signature, renewal.signer_sha256))
        return None, require_renewal(house, tx, person, organization, content, spki_sha256)
    authorization = _admission(house, tx, person, organization, spki_sha256)
    return authorization, authorization.place if authorization else None


def _announce(house: House, tx: Transaction, slug: str, credential: Credential, kind: str) -> None:
    about = {"organization": slug, "administrator": credential.administrator_id, "certificate_sha256": credential.certificate_sha256}
    announce(house, tx, FactKind.CREDENTIAL_ADDED, about | {"credential": kind})


def _admission(
    house: House, tx: Transaction, person: Administrator, organization: Organization | None, spki_sha256: str
) -> Authorization | None:
    link = administrators.invitation_used_for(tx, person.id, spki_sha256)
    if link is None:
        raise Refused("link", "No one-time link was used for this key.")
    # The provider's own people decide nothing about certificates; they come by the operator's word.
    return require_admitted(house, tx, person, organization, link) if organization else None


def _translated(house: House, tx: Transaction, actor: Actor, key: SigningKey, intent: Intent) -> Credential:
    try:
        return _complete(house, tx, actor, key, intent)
    except WireError as error:
        raise Refused(error.kind, error.sentence) from error


def _passkey(tx: Transaction, person: Administrator, spki_sha256: str) -> Passkey:
    passkey = passkeys.of_key(tx, person.id, spki_sha256)
    if passkey is None or passkey.credential_sha256 is not None:
        raise Refused("intent", "Nothing is known of the passkey of this intent, or it has a certificate already.")
    return passkey


def _own_words(
    house: House, tx: Transaction, person: Administrator, organization: Organization | None, kept: tuple[bytes, bytes, str]
) -> bytes:
    """Verify the owner's signature again and return what he signed; a row that says he signed is not enough (I13)."""
    content, signature, signer_sha256 = kept
    found = administrators.by_certificate(tx, signer_sha256)
    if found is None or found[0].id != person.id or person.state is not AdministratorState.ACTIVE or not found[1].is_usable(tx.now):
        raise Refused("signer-unknown", "This was not signed with a usable credential of its owner.")
    credential = found[1]
    require_administrator_id(house.administrators_authority, credential.certificate_der, person, organization, tx.now)
    return verify_stored(content, signature, credential, house.relying_party)


def _verify_addition(house: House, tx: Transaction, person: Administrator, organization: Organization | None, passkey: Passkey) -> None:
    kept = (passkey.statement or b"", passkey.signature or b"", passkey.signer_sha256 or "")
    content = _own_words(house, tx, person, organization, kept)
    service, slug = house.service.service_id, organization.slug if organization else ""
    require_addition(content, service, slug, person.id, passkey.passkey_id, passkey.spki_sha256, now=tx.now)


def _person(tx: Transaction, intent: Intent) -> tuple[Administrator, Organization | None]:
    if intent.kind is not IntentKind.ADMINISTRATOR or intent.state is not IntentState.PREPARED or intent.administrator_id is None:
        raise Refused("intent", "This is not a prepared Administrator ID.")
    person = administrators.get(tx, intent.administrator_id)
    if person is None or person.state is AdministratorState.REMOVED or person.organization_id != intent.organization_id:
        raise Refused("intent", "The person of this intent does not exist or was removed.")
    if person.organization_id is None:
        return person, None
    organization = organizations.get(tx, person.organization_id)
    require_standing(tx, organization)
    return person, organization
