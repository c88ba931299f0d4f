"""Revoke every credential of a person at once, for an emergency; the roles stay, and somebody who has a right counts as before.

One person does it. Sessions and connections end with their next call, open event streams within half a minute.
"""

from __future__ import annotations

from privyseal.actions.house import House
from privyseal.actions.withdrawing import withdraw
from privyseal.model.actor import Actor, ActorKind, require
from privyseal.model.administrator import Permission
from privyseal.model.errors import NotFound
from privyseal.model.identifiers import AdministratorId
from privyseal.model.revocation import RevocationReason
from privyseal.store import administrators, organizations
from privyseal.store.database import Transaction


def revoke_credentials(
    house: House, tx: Transaction, actor: Actor, slug: str, administrator_id: AdministratorId, reason: RevocationReason
) -> int:
    """Revoke Administrator IDs and passkeys, and return how many there were; a second time is harmless and returns 0.

    ``slug`` is "" for the provider's own people. Whoever manages the people there does it, and the operator.

    Raises NotFound, NotPermitted ``role``.
    """
    organization_id = organizations.require(tx, slug).id if slug else None
    if actor.kind is ActorKind.OPERATOR:
        require(actor, Permission.REVOKE_CREDENTIALS, None)
    else:
        require(actor, Permission.MANAGE_STAFF if organization_id is None else Permission.MANAGE_ADMINISTRATORS, organization_id)
    person = administrators.get(tx, administrator_id)
    if person is None or person.organization_id != organization_id:
        raise NotFound("not-found", "There is no such person, or it is nobody of yours.")
    administrators.hold(tx, person.id)
    usable = [item for item in administrators.credentials_of(tx, person.id) if item.is_usable(tx.now)]
    return sum(withdraw(house, tx, actor, slug, person, credential, reason) for credential in usable)
