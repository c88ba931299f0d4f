"""What the actions of an organization's sign-on share: how a person of the provider is kept, and how links end."""

from __future__ import annotations

from privyseal.actions.house import House, record
from privyseal.model.actor import Actor
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.identifiers import AdministratorId
from privyseal.model.organization import Organization
from privyseal.model.sign_on import LinkEnd, SignOnLink, SignOnSettings
from privyseal.store import sign_ons
from privyseal.store.database import Transaction


def subject_hash(house: House, settings: SignOnSettings, subject: str) -> str:
    """Return the salted hash of a person of a provider: a sub means somebody at its issuer, and for one client, alone."""
    return house.personal_hash(f"{settings.issuer}\n{settings.client_id}\n{settings.claim}\n{subject}")


def end_links(
    house: House, tx: Transaction, actor: Actor, organization: Organization, why: LinkEnd, administrator_id: AdministratorId | None = None
) -> list[SignOnLink]:
    """End the links of one person, or of everybody, each with its entry in the log; return them."""
    ended = sign_ons.end_links(tx, organization.id, why, administrator_id)
    events = [AuditEvent("unlink-identity", Outcome.DONE, "administrator", link.administrator_id, reason=why.value) for link in ended]
    if events:
        record(house, tx, actor, organization.slug, *events)
    return ended
