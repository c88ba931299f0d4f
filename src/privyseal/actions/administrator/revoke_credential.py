"""Revoke an Administrator ID; from then on no signature and no connection with it counts."""

from __future__ import annotations

from privyseal.actions.house import House
from privyseal.actions.withdrawing import withdraw
from privyseal.model.actor import Actor, ActorKind, require
from privyseal.model.administrator import Permission
from privyseal.model.errors import NotFound
from privyseal.model.revocation import RevocationReason
from privyseal.store import administrators, organizations
from privyseal.store.database import Transaction


def revoke_credential(house: House, tx: Transaction, actor: Actor, slug: str, certificate_sha256: str, reason: RevocationReason) -> None:
    """Revoke it in the register and on the administrators' CRL; a second time is harmless.

    Raises NotFound, NotPermitted. The provider may revoke any (a lost card), an organization its own.
    """
    organization_id = organizations.require(tx, slug).id if slug else None
    if actor.kind in {ActorKind.PROVIDER_ADMINISTRATOR, ActorKind.OPERATOR}:
        require(actor, Permission.REVOKE_CREDENTIALS, None)
    else:
        require(actor, Permission.MANAGE_ADMINISTRATORS, organization_id)
    found = administrators.by_certificate(tx, certificate_sha256)
    if found is None or found[0].organization_id != organization_id:
        raise NotFound("not-found", "There is no such Administrator ID.")
    withdraw(house, tx, actor, slug, *found, reason)
