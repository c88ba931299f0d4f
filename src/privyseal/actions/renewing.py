"""When an Administrator ID may take the place of another one (requirements 4.1), asked by the entrance and again by the issuer.

A *renewal* is asked for in the last 60 days and has a life of its own. A *replacement* is for what is lost, damaged or exposed:
it ends when the old one would have, and the old one is revoked when the new one exists. Neither uses a unit.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from privyseal.actions.house import House, record
from privyseal.actions.withdrawing import withdraw
from privyseal.engine import key_policy
from privyseal.engine.administrator_id import is_passkey
from privyseal.engine.csr import Csr
from privyseal.model.actor import Actor
from privyseal.model.administrator import RENEW_WITHIN, Administrator, Credential
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.errors import Conflict, NotFound, Refused
from privyseal.model.identifiers import AdministratorId
from privyseal.model.organization import Organization
from privyseal.model.passkey import REGISTRATION_LIFE
from privyseal.model.profile import ADMINISTRATOR_ID
from privyseal.model.revocation import RevocationReason
from privyseal.model.session import PROVIDER_AUDIENCE
from privyseal.model.statement import require_current, utc_text
from privyseal.store import administrators, renewals, revocations
from privyseal.store.database import Transaction
from privyseal_wire.statements import Renewal

RENEWAL = "renewal"


@dataclass(frozen=True, slots=True)
class Place:
    """The credential whose place is taken; ``is_replacement`` means: the same end date, and the old one is revoked."""

    old: Credential
    is_replacement: bool

    @property
    def until(self) -> datetime | None:
        """The end of the new one, None for a whole life."""
        return self.old.not_after if self.is_replacement else None


def replaced_place(tx: Transaction, person_id: AdministratorId, replaces: str) -> Place:
    """Return the place of the credential with this fingerprint, for a replacement.

    Raises NotFound ``replaced`` unless it is one of this person's, Conflict ``already-replaced``, ``administrator-id-valid``
    while he has another Administrator ID that counts; Refused ``replaced-ended`` when there is no life left to give.
    """
    old = _own(tx, person_id, replaces)
    if old.not_after <= tx.now:
        raise Refused("replaced-ended", "That Administrator ID has expired, so there is nothing left of its life. Invite the person again.")
    _require_alone(tx, person_id, old)
    return Place(old, is_replacement=True)


def require_renewal(
    house: House, tx: Transaction, person: Administrator, organization: Organization | None, content: bytes, spki_sha256: str
) -> Place:
    """Return the place that these signed bytes are about, if they give it to this key of this person, here and now.

    Raises as :func:`replaced_place`; Refused ``renewal-content`` for another key, person, organization or service,
    ``renewal-early`` before the last 60 days; ``statement-expired``, ``statement-life``; StatementRefused.
    """
    signed = Renewal.from_bytes(content)
    slug = organization.slug if organization else PROVIDER_AUDIENCE
    claimed = (signed.service, signed.organization, signed.administrator, signed.spki_sha256)
    if claimed != (house.service.service_id, slug, person.id, spki_sha256):
        raise Refused("renewal-content", "What was signed is for another key, or another person, organization or service. Start again.")
    require_current(signed.expires_at, tx.now, REGISTRATION_LIFE)
    if signed.kind != RENEWAL:
        return replaced_place(tx, person.id, signed.replaces)
    old = _own(tx, person.id, signed.replaces)
    if not old.is_usable(tx.now) or not old.may_be_renewed(tx.now):
        first = utc_text(old.not_after - RENEW_WITHIN)
        sentence = (
            f"This Administrator ID is renewed in the last 60 days of its life, from {first} on. Replace it if it is damaged or exposed."
        )
        raise Refused("renewal-early", sentence)
    _require_alone(tx, person.id, old)
    return Place(old, is_replacement=False)


def require_new_key(tx: Transaction, csr: Csr) -> str:
    """Return the SHA-256 of a key that an Administrator ID may be issued for; raises Refused (algorithm, size, ``key-blocked``)."""
    key_policy.check_key(csr.spki_der, ADMINISTRATOR_ID.key_algorithms)
    spki_sha256 = csr.spki_sha256.hex()
    if revocations.blocked_reason(tx, spki_sha256) is not None:
        raise Refused("key-blocked", "Somebody else may have this key. Make a new one.", field="csr")
    return spki_sha256


def take_place(house: House, tx: Transaction, actor: Actor, slug: str, person: Administrator, place: Place, credential: Credential) -> None:
    """Note that the new credential has the place of the old one, and revoke that where it was a replacement.

    Raises Conflict ``already-replaced`` when another one was faster.
    """
    old = place.old
    if not renewals.replace(tx, old.certificate_sha256, credential.certificate_sha256):
        raise _already()
    action = "replace-administrator-id" if place.is_replacement else "renew-administrator-id"
    event = AuditEvent(action, Outcome.DONE, "administrator", person.id, old.certificate_sha256, evidence=(credential.certificate_sha256,))
    record(house, tx, actor, slug, event)
    if place.is_replacement:
        withdraw(house, tx, actor, slug, person, old, RevocationReason.SUPERSEDED)


def _own(tx: Transaction, person_id: AdministratorId, sha256: str) -> Credential:
    found = administrators.by_certificate(tx, sha256)
    if found is None or found[0].id != person_id:
        raise NotFound("replaced", "There is no such Administrator ID of this person.")
    if renewals.is_replaced(tx, sha256):
        raise _already()
    return found[1]


def _require_alone(tx: Transaction, person_id: AdministratorId, old: Credential) -> None:
    """An identity has one Administrator ID that counts; passkeys are beside it, and one that ends soon has a successor coming."""
    for other in administrators.credentials_of(tx, person_id):
        if other.id == old.id or is_passkey(other.certificate_der):
            continue
        if other.is_usable(tx.now) and not renewals.is_replaced(tx, other.certificate_sha256):
            sentence = f"This person has another valid Administrator ID, until {utc_text(other.not_after)}. Use it, or revoke it first."
            raise Conflict("administrator-id-valid", sentence)


def _already() -> Conflict:
    return Conflict("already-replaced", "Another Administrator ID has taken the place of that one already.")
