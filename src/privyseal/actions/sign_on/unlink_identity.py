"""End the link of an administrator with the organization's provider: by himself, or by whoever manages administrators."""

from __future__ import annotations

from privyseal.actions.house import House
from privyseal.actions.linking import end_links
from privyseal.model.actor import Actor, require, require_credential
from privyseal.model.administrator import Permission
from privyseal.model.errors import NotFound
from privyseal.model.identifiers import AdministratorId
from privyseal.model.sign_on import LinkEnd
from privyseal.store import administrators, organizations
from privyseal.store.database import Transaction


def unlink_identity(house: House, tx: Transaction, actor: Actor, slug: str, administrator_id: AdministratorId) -> bool:
    """End it, with every session through it, and tell whether there was one; raises NotFound, NotPermitted."""
    organization = organizations.require(tx, slug)
    is_own = actor.id == administrator_id and actor.organization_id == organization.id
    if is_own:
        require_credential(actor)
    else:
        require(actor, Permission.MANAGE_ADMINISTRATORS, organization.id)
    person = administrators.get(tx, administrator_id)
    if person is None or person.organization_id != organization.id:
        raise NotFound("not-found", "There is no such administrator in your organization.")
    why = LinkEnd.BY_ITSELF if is_own else LinkEnd.BY_ADMINISTRATOR
    return bool(end_links(house, tx, actor, organization, why, administrator_id))
