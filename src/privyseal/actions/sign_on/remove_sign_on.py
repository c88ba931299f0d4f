"""Remove the OpenID Connect provider of an organization: every link ends, and every session through one at its next request."""

from __future__ import annotations

from privyseal.actions.house import House, announce, record
from privyseal.actions.linking import end_links
from privyseal.model.actor import Actor, require
from privyseal.model.administrator import Permission
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.fact import FactKind
from privyseal.model.sign_on import LinkEnd
from privyseal.store import organizations, sign_ons
from privyseal.store.database import Transaction


def remove_sign_on(house: House, tx: Transaction, actor: Actor, slug: str) -> bool:
    """Remove it and tell whether there was one; a second time changes nothing. Raises NotFound, NotPermitted."""
    organization = organizations.require(tx, slug)
    require(actor, Permission.MANAGE_ADMINISTRATORS, organization.id)
    organizations.hold(tx, organization.id)
    found = sign_ons.in_force(tx, organization.id, hold=True)
    if found is None or not sign_ons.end(tx, found.id):
        return False
    ended = len(end_links(house, tx, actor, organization, LinkEnd.OTHER_PROVIDER))
    announce(
        house, tx, FactKind.SIGN_ON_CHANGED, {"organization": slug, "sign_on": found.id, "by": actor.id, "is_set": False, "ended": ended}
    )
    record(house, tx, actor, slug, AuditEvent("remove-sign-on", Outcome.DONE, "sign-on", found.id))
    return True
