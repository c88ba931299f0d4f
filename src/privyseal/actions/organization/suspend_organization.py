"""The provider suspends an organization: nothing new is issued; what exists can be read and revoked, CRL and OCSP go on."""

from __future__ import annotations

from privyseal.actions.account_life import happened, move
from privyseal.actions.house import House, announce
from privyseal.model.actor import Actor, require
from privyseal.model.administrator import Permission
from privyseal.model.fact import FactKind
from privyseal.model.organization import Organization, OrganizationEvent
from privyseal.model.request import require_text
from privyseal.store import organizations
from privyseal.store.database import Transaction


def suspend_organization(house: House, tx: Transaction, actor: Actor, slug: str, reason: str) -> Organization:
    """Suspend it; raises NotFound, NotPermitted, Refused ``text``, Conflict ``organization-state``."""
    require(actor, Permission.SUSPEND, None)
    organization = organizations.require(tx, slug)
    text = require_text("reason", " ".join(reason.splitlines()), 1000)
    audited = happened("suspend-organization", organization)
    suspended = move(house, tx, actor, organization, OrganizationEvent.SUSPEND, audited, reason=text)
    announce(house, tx, FactKind.ORGANIZATION_MOVED, {"organization": slug, "event": OrganizationEvent.SUSPEND.value})
    return suspended
