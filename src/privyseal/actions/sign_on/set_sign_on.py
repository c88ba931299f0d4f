"""Set the OpenID Connect provider of an organization, whose document the entrance has just read.

1. the settings before end, and their secret is forgotten
2. where they were of another provider, client or claim: every link ends, and with it every session through one
3. the new ones count, and the people concerned are told by mail
All of it is durable at once, or nothing is.
"""

from __future__ import annotations

from dataclasses import replace

from privyseal.actions.house import House, announce, record, sha256_hex
from privyseal.actions.linking import end_links
from privyseal.model.actor import Actor, require
from privyseal.model.administrator import Permission
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.fact import FactKind
from privyseal.model.identifiers import SignOnId
from privyseal.model.sign_on import LinkEnd, SignOn, SignOnSettings
from privyseal.store import organizations, sign_ons
from privyseal.store.database import Transaction
from privyseal_wire.canonical import canonical_bytes


def set_sign_on(house: House, tx: Transaction, actor: Actor, slug: str, settings: SignOnSettings) -> SignOn:
    """Set it and return what counts; without a secret, the one that is known for the same client stays. Raises NotFound, NotPermitted."""
    organization = organizations.require(tx, slug)
    require(actor, Permission.MANAGE_ADMINISTRATORS, organization.id)
    organizations.hold(tx, organization.id)
    ended = 0
    before = sign_ons.in_force(tx, organization.id, hold=True)
    if before is not None:
        same_client = (before.settings.issuer, before.settings.client_id) == (settings.issuer, settings.client_id)
        if same_client and not settings.client_secret:
            settings = replace(settings, client_secret=before.settings.client_secret)
        if before.settings == settings:
            return before
        sign_ons.end(tx, before.id)
        if not before.settings.is_same_provider(settings):
            ended = len(end_links(house, tx, actor, organization, LinkEnd.OTHER_PROVIDER))
    made = SignOn(SignOnId(house.id("sgn", tx.now)), organization.id, settings, tx.now, actor.id)
    sign_ons.insert(tx, made)
    told = {"issuer": settings.issuer, "client_id": settings.client_id, "claim": settings.claim, "secret": bool(settings.client_secret)}
    announce(
        house, tx, FactKind.SIGN_ON_CHANGED, {"organization": slug, "sign_on": made.id, "by": actor.id, "is_set": True, "ended": ended}
    )
    record(house, tx, actor, slug, AuditEvent("set-sign-on", Outcome.DONE, "sign-on", made.id, sha256_hex(canonical_bytes(told))))
    return made
