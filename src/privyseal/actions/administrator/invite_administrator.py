"""Invite the provider's own people, or the first administrator of an organization, by the provider's word (architecture section 4).

Later administrators of an organization need a signature: invite_with_signature.
"""

from __future__ import annotations

from privyseal.actions.account_life import require_standing
from privyseal.actions.admission import Invited, require_first, send_link
from privyseal.actions.contacting import require_not_alerted_of
from privyseal.actions.house import House
from privyseal.engine.names import normalize_email
from privyseal.model.actor import Actor, require
from privyseal.model.administrator import PROVIDER_ROLES, Administrator, AdministratorState, Permission, Role
from privyseal.model.errors import Refused
from privyseal.model.identifiers import AdministratorId
from privyseal.model.request import require_text
from privyseal.store import organizations
from privyseal.store.database import Transaction


def invite_administrator(house: House, tx: Transaction, actor: Actor, slug: str, name: str, email: str, role: Role) -> Invited:
    """Add a person and a one-time link.

    Raises NotFound, NotPermitted (``organization-decides`` as soon as the organization has had an administrator),
    Refused (a field, ``alert-contact``), Conflict ``name-taken``.
    """
    require(actor, Permission.MANAGE_STAFF if not slug else Permission.VET, None)
    organization = organizations.require(tx, slug) if slug else None
    if organization is not None:
        require_standing(tx, organization)
        require_first(tx, organization)
    if (role in PROVIDER_ROLES) != (organization is None):
        raise Refused("role", f"The role {role.value} does not exist there.", field="role")
    address = normalize_email(email)
    if organization is not None:
        organizations.hold(tx, organization.id)
        require_not_alerted_of(tx, organization, role, address)
    invited = Administrator(
        id=AdministratorId(house.id("adm", tx.now)),
        organization_id=organization.id if organization else None,
        name=require_text("name", name, 64),
        email=address,
        role=role,
        state=AdministratorState.INVITED,
        created_at=tx.now,
    )
    return send_link(house, tx, actor, slug, invited)
