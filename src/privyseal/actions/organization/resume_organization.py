"""The provider resumes a suspended organization."""

from __future__ import annotations

from privyseal.actions.account_life import happened, move, require_two_persons
from privyseal.actions.house import House, announce
from privyseal.model.actor import Actor, require
from privyseal.model.administrator import Permission
from privyseal.model.fact import FactKind
from privyseal.model.organization import Organization, OrganizationEvent
from privyseal.model.request import require_text
from privyseal.store import organizations
from privyseal.store.database import Transaction


def resume_organization(house: House, tx: Transaction, actor: Actor, slug: str, reason: str) -> Organization:
    """Resume it; raises NotFound, NotPermitted, Refused ``text``, ``not-vetted``, Conflict ``organization-state``."""
    require(actor, Permission.SUSPEND, None)
    organization = organizations.require(tx, slug)
    require_two_persons(tx, organization)
    text = require_text("reason", " ".join(reason.splitlines()), 1000)
    audited = happened("resume-organization", organization)
    resumed = move(house, tx, actor, organization, OrganizationEvent.RESUME, audited, reason=text)
    announce(house, tx, FactKind.ORGANIZATION_MOVED, {"organization": slug, "event": OrganizationEvent.RESUME.value})
    return resumed
