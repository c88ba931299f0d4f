"""Register a domain for an organization; names under it can be certified once it is validated (A37)."""

from __future__ import annotations

from privyseal.actions.house import House, record
from privyseal.engine.names import normalize_domain
from privyseal.engine.phrases import new_code
from privyseal.model.actor import Actor, require
from privyseal.model.administrator import Permission
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.domain import Domain
from privyseal.model.identifiers import DomainId
from privyseal.store import organizations
from privyseal.store.database import Transaction


def add_domain(house: House, tx: Transaction, actor: Actor, slug: str, name: str) -> Domain:
    """Return the domain with the token to publish; the same domain a second time is the first one again.

    One that was removed is registered again with a new token, and has to be validated anew.

    Raises NotFound, NotPermitted, Refused for a name that is no domain.
    """
    require(actor, Permission.VET, None)
    organization = organizations.require(tx, slug)
    normalized = normalize_domain(name)
    existing = organizations.domain_named(tx, organization.id, normalized)
    if existing is not None and existing.removed_at is None:
        return existing
    if existing is not None:
        return _again(house, tx, actor, slug, existing)
    domain = Domain(
        id=DomainId(house.id("dom", tx.now)),
        organization_id=organization.id,
        name=normalized,
        token=new_code(house.random_bytes),
        method=None,
        evidence="",
        validated_at=None,
        expires_at=None,
        created_at=tx.now,
    )
    organizations.insert_domain(tx, domain)
    record(house, tx, actor, slug, AuditEvent("add-domain", Outcome.DONE, "domain", normalized))
    return domain


def _again(house: House, tx: Transaction, actor: Actor, slug: str, removed: Domain) -> Domain:
    if organizations.register_again(tx, removed.id, new_code(house.random_bytes)):
        record(house, tx, actor, slug, AuditEvent("add-domain", Outcome.DONE, "domain", removed.name, reason="again"))
    found = organizations.domain_of_id(tx, removed.id)
    if found is None:
        raise LookupError(removed.id)
    return found
