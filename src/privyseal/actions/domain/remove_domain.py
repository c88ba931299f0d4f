"""Remove a domain from an organization: from then on nothing new is issued under it (A37).

Nothing is deleted: the domain keeps its name, its evidence and its certificates, which live to their end or are revoked
one by one. Registered again it has a new token and must be validated anew.
"""

from __future__ import annotations

from privyseal.actions.house import House, announce, record
from privyseal.model.actor import Actor, ActorKind, require
from privyseal.model.administrator import Permission
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.domain import Domain, DomainEnd
from privyseal.model.errors import NotFound
from privyseal.model.fact import FactKind
from privyseal.store import organizations
from privyseal.store.database import Transaction


def remove_domain(house: House, tx: Transaction, actor: Actor, slug: str, name: str, reason: DomainEnd) -> Domain:
    """Remove it and tell everybody who decides there; a second time is harmless.

    Raises NotFound, NotPermitted. A security administrator removes what is his organization's, the provider any.
    """
    organization = organizations.require(tx, slug)
    if actor.kind in {ActorKind.PROVIDER_ADMINISTRATOR, ActorKind.OPERATOR}:
        require(actor, Permission.VET, None)
    else:
        require(actor, Permission.MANAGE_DOMAINS, organization.id)
    domain = organizations.domain_named(tx, organization.id, name)
    if domain is None:
        raise NotFound("not-found", "There is no such domain registered for this organization.")
    if organizations.remove_domain(tx, domain.id, reason):
        record(house, tx, actor, slug, AuditEvent("remove-domain", Outcome.DONE, "domain", domain.name, reason=reason.value))
        about = {"organization": slug, "domain": domain.id, "reason": reason.value, "by": actor.id}
        announce(house, tx, FactKind.DOMAIN_REMOVED, about)
    removed = organizations.domain_of_id(tx, domain.id)
    if removed is None:
        raise LookupError(domain.id)
    return removed
