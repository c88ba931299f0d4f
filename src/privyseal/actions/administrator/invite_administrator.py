"""Invite a person to be an administrator: a one-time link, mailed, valid for an hour (architecture section 4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from privyseal.actions.house import House, announce, record
from privyseal.engine.names import normalize_email
from privyseal.engine.phrases import code_hash, new_code
from privyseal.model.actor import Actor, ActorKind, require
from privyseal.model.administrator import Administrator, AdministratorState, Permission, Role
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.errors import Conflict, NotPermitted, Refused
from privyseal.model.fact import FactKind
from privyseal.model.identifiers import AdministratorId, InvitationId
from privyseal.model.organization import require_active
from privyseal.model.request import require_text
from privyseal.store import administrators, organizations
from privyseal.store.administrators import Invitation
from privyseal.store.database import Transaction

LINK_LIFE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Invited:
    """The person, and the one-time code; the code is in the letter and nowhere else."""

    administrator: Administrator
    code: str


def invite_administrator(house: House, tx: Transaction, actor: Actor, slug: str, name: str, email: str, role: Role) -> Invited:
    """Add a person and a one-time link.

    The provider may add the first administrators of an active organization and its own people; later ones are added
    by the organization. Raises NotFound, NotPermitted, Refused, Conflict ``name-taken``.
    """
    organization = organizations.require(tx, slug) if slug else None
    organization_id = organization.id if organization else None
    _require_may_invite(tx, actor, slug)
    if organization is not None:
        require_active(organization)
    if (role is Role.PROVIDER_ADMINISTRATOR) != (organization is None):
        raise Refused("role", f"The role {role.value} does not exist there.", field="role")
    invited = Administrator(
        id=AdministratorId(house.id("adm", tx.now)),
        organization_id=organization_id,
        name=require_text("name", name, 64),
        email=normalize_email(email),
        role=role,
        state=AdministratorState.INVITED,
        created_at=tx.now,
    )
    administrator = _person(tx, invited)
    code = new_code(house.random_bytes)
    invitation = Invitation(
        InvitationId(house.id("inv", tx.now)), administrator.id, code_hash(code), tx.now, tx.now + LINK_LIFE, None, None
    )
    administrators.insert_invitation(tx, invitation)
    record(house, tx, actor, slug, AuditEvent("invite-administrator", Outcome.DONE, "administrator", administrator.id, reason=role.value))
    announce(house, tx, FactKind.ADMINISTRATOR_INVITED, {"organization": slug, "administrator": administrator.id, "code": code})
    return Invited(administrator, code)


def _person(tx: Transaction, invited: Administrator) -> Administrator:
    """Add the person, or return the same one who was invited earlier and missed the hour; raises Conflict ``name-taken``."""
    people = administrators.of_organization(tx, invited.organization_id)
    namesake = next((known for known in people if known.name.casefold() == invited.name.casefold()), None)
    if namesake is None:
        administrators.insert(tx, invited)
        return invited
    same = (namesake.email, namesake.role, namesake.state) == (invited.email, invited.role, AdministratorState.INVITED)
    if not same:
        raise Conflict("name-taken", f"There is an administrator {invited.name} already; the full name must differ from every other one's.")
    return namesake


def _require_may_invite(tx: Transaction, actor: Actor, slug: str) -> None:
    if actor.kind in {ActorKind.PROVIDER_ADMINISTRATOR, ActorKind.OPERATOR}:
        require(actor, Permission.OPERATE if not slug else Permission.VET, None)
        if slug:
            organization = organizations.require(tx, slug)
            if any(known.state is AdministratorState.ACTIVE for known in administrators.of_organization(tx, organization.id)):
                sentence = f"{organization.name} has administrators of its own, who decide about further ones. The provider cannot add any."
                raise NotPermitted("organization-decides", sentence)
        return
    require(actor, Permission.MANAGE_ADMINISTRATORS, organizations.require(tx, slug).id if slug else None)
