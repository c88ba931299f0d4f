"""Organizations and their registered domains."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from privyseal.model.domain import Domain, DomainEnd, ValidationMethod
from privyseal.model.errors import NotFound
from privyseal.model.identifiers import DomainId, OrganizationId
from privyseal.model.organization import Organization, OrganizationState
from privyseal.store.database import Transaction
from privyseal.store.paging import behind
from privyseal.store.prepared import Prepared
from privyseal.store.schema import Id, UtcTime, metadata

organizations = sa.Table(
    "organizations",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("slug", sa.String(40), nullable=False, unique=True),
    sa.Column("name", sa.String(64), nullable=False),
    sa.Column("country", sa.String(2), nullable=False),
    sa.Column("state_or_province", sa.String(128), nullable=False),
    sa.Column("locality", sa.String(128), nullable=False),
    sa.Column("contact_email", sa.String(254), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("vetted_at", UtcTime),
    sa.Column("vetted_by", sa.String(64), nullable=False),
    sa.Column("vetting_evidence", sa.Text, nullable=False),
    sa.Column("trial_until", UtcTime),
)

domains = sa.Table(
    "domains",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("organization_id", Id, sa.ForeignKey("organizations.id"), nullable=False),
    sa.Column("name", sa.String(253), nullable=False),
    sa.Column("token", sa.String(128), nullable=False),
    sa.Column("method", sa.String(32)),
    sa.Column("evidence", sa.Text, nullable=False),
    sa.Column("validated_at", UtcTime),
    sa.Column("expires_at", UtcTime),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("validation_id", Id),
    sa.Column("removed_at", UtcTime),
    sa.Column("removal_reason", sa.String(16), nullable=False, server_default=""),
    sa.UniqueConstraint("organization_id", "name"),
)


_BY_SLUG = Prepared(organizations.select().where(organizations.c.slug == sa.bindparam("slug")))
_BY_ID = Prepared(organizations.select().where(organizations.c.id == sa.bindparam("id")))
_DOMAINS_OF = Prepared(domains.select().where(domains.c.organization_id == sa.bindparam("organization")).order_by(domains.c.name))


def _organization(fields: Mapping[Any, Any]) -> Organization:
    return Organization(**{**fields, "state": OrganizationState(fields["state"])})


def insert(tx: Transaction, organization: Organization) -> None:
    """Add an organization; the slug is unique."""
    tx.execute(organizations.insert().values(**_columns(organization)))


def _columns(organization: Organization) -> dict[str, Any]:
    return {column.name: getattr(organization, column.name) for column in organizations.columns} | {"state": organization.state.value}


def by_slug(tx: Transaction, slug: str) -> Organization | None:
    """Return the organization of this slug or None."""
    row = _BY_SLUG.first(tx, slug=slug)
    return None if row is None else _organization(row)


def get_many(tx: Transaction, organization_ids: Iterable[OrganizationId]) -> dict[OrganizationId, Organization]:
    """Return the organizations of these ids, for lists."""
    statement = organizations.select().where(organizations.c.id.in_(sorted(set(organization_ids))))
    return {OrganizationId(row.id): _organization(row._mapping) for row in tx.execute(statement)}


def get(tx: Transaction, organization_id: OrganizationId) -> Organization:
    """Return the organization; raises NotFound."""
    row = _BY_ID.first(tx, id=organization_id)
    if row is None:
        raise NotFound("not-found", "There is no such organization, or it is not yours.")
    return _organization(row)


def require(tx: Transaction, slug: str) -> Organization:
    """Return the organization of this slug; raises NotFound."""
    organization = by_slug(tx, slug)
    if organization is None:
        raise NotFound("not-found", "There is no such organization, or it is not yours.")
    return organization


def hold(tx: Transaction, organization_id: OrganizationId) -> None:
    """Let nobody else who holds this organization go on before this transaction ends; who only refers to it is not kept waiting."""
    tx.execute(sa.select(organizations.c.id).where(organizations.c.id == organization_id).with_for_update(key_share=True))


def replace_contact(tx: Transaction, organization_id: OrganizationId, before: str, after: str) -> bool:
    """Put another corporate contact into the record; tells whether it still was the one before."""
    clause = (organizations.c.id == organization_id, organizations.c.contact_email == before)
    return tx.changed(organizations.update().where(*clause).values(contact_email=after)) == 1


def page(tx: Transaction, *, after: str = "", state: OrganizationState | None = None, limit: int = 50) -> list[Organization]:
    """Return organizations by slug, behind the one of the id ``after`` (keyset paging), all or in one state: the provider's list."""
    statement = organizations.select().order_by(organizations.c.slug, organizations.c.id).limit(limit)
    if state is not None:
        statement = statement.where(organizations.c.state == state.value)
    if after:
        statement = statement.where(behind(organizations, organizations.c.slug, after))
    return [_organization(row._mapping) for row in tx.execute(statement)]


def mark_vetted_again(tx: Transaction, organization_id: OrganizationId, **values: object) -> bool:
    """Store that an active or suspended organization was vetted once more; tells whether it was one."""
    states = (OrganizationState.ACTIVE.value, OrganizationState.SUSPENDED.value)
    statement = organizations.update().where(organizations.c.id == organization_id, organizations.c.state.in_(states))
    return tx.changed(statement.values(**values)) == 1


def _domain(fields: Mapping[Any, Any]) -> Domain:
    return Domain(**{**fields, "method": ValidationMethod(fields["method"]) if fields["method"] else None})


def insert_domain(tx: Transaction, domain: Domain) -> None:
    """Add a domain that awaits its validation."""
    values = {column.name: getattr(domain, column.name) for column in domains.columns}
    tx.execute(domains.insert().values(**values | {"method": domain.method.value if domain.method else None}))


def domains_of(tx: Transaction, organization_id: OrganizationId) -> list[Domain]:
    """Return the organization's domains by name."""
    return [_domain(row) for row in _DOMAINS_OF.every(tx, organization=organization_id)]


def domain_page(tx: Transaction, organization_id: OrganizationId, *, after: str = "", limit: int = 50) -> list[Domain]:
    """Return domains of an organization by name, behind the one of the id ``after`` (keyset paging)."""
    scope = domains.c.organization_id == organization_id
    statement = domains.select().where(scope).order_by(domains.c.name, domains.c.id).limit(limit)
    if after:
        statement = statement.where(behind(domains, domains.c.name, after, scope))
    return [_domain(row._mapping) for row in tx.execute(statement)]


def domain_named(tx: Transaction, organization_id: OrganizationId, name: str) -> Domain | None:
    """Return the organization's domain of this name or None."""
    row = tx.execute(domains.select().where(domains.c.organization_id == organization_id, domains.c.name == name)).first()
    return None if row is None else _domain(row._mapping)


def record_validation(tx: Transaction, domain: Domain) -> bool:
    """Store method, evidence and dates of a validation; conditional on the token that was looked up, and on its being registered."""
    statement = (
        domains.update()
        .where(domains.c.id == domain.id, domains.c.token == domain.token, domains.c.removed_at.is_(None))
        .values(
            method=domain.method.value if domain.method else None,
            evidence=domain.evidence,
            validated_at=domain.validated_at,
            expires_at=domain.expires_at,
            validation_id=domain.validation_id,
        )
    )
    return tx.changed(statement) == 1


def remove_domain(tx: Transaction, domain_id: DomainId, reason: DomainEnd) -> bool:
    """Mark a domain as removed; tells whether it was registered."""
    statement = domains.update().where(domains.c.id == domain_id, domains.c.removed_at.is_(None))
    return tx.changed(statement.values(removed_at=tx.now, removal_reason=reason.value)) == 1


def register_again(tx: Transaction, domain_id: DomainId, token: str) -> bool:
    """Register a removed domain again, with a token of its own and no evidence yet; tells whether it was removed."""
    statement = domains.update().where(domains.c.id == domain_id, domains.c.removed_at.is_not(None))
    values = {"token": token, "method": None, "evidence": "", "validated_at": None, "expires_at": None, "validation_id": None}
    return tx.changed(statement.values(**values, removed_at=None, removal_reason="")) == 1


def domain_of_id(tx: Transaction, domain_id: DomainId) -> Domain | None:
    """Return the domain of this id, whoever's it is, or None."""
    row = tx.execute(domains.select().where(domains.c.id == domain_id)).first()
    return None if row is None else _domain(row._mapping)


def validated_domains(tx: Transaction, *, after: str = "", limit: int = 500) -> list[Domain]:
    """Return registered domains of every organization with evidence of any age, by id, behind the id ``after``: for periodic work."""
    statement = domains.select().where(domains.c.validated_at.is_not(None), domains.c.removed_at.is_(None), domains.c.id > after)
    return [_domain(row._mapping) for row in tx.execute(statement.order_by(domains.c.id).limit(limit))]


def holders_of(tx: Transaction, names: Iterable[str]) -> list[tuple[DomainId, OrganizationId, str]]:
    """Return who registered any of these exact domain names."""
    rows = tx.execute(sa.select(domains.c.id, domains.c.organization_id, domains.c.name).where(domains.c.name.in_(list(names))))
    return [(DomainId(row.id), OrganizationId(row.organization_id), row.name) for row in rows]


def names_of(tx: Transaction, organization_ids: Iterable[str]) -> dict[str, str]:
    """Return id -> name of the organizations among these ids: for texts that name what something was about."""
    clause = organizations.c.id.in_(sorted(set(organization_ids)))
    return {row.id: row.name for row in tx.execute(sa.select(organizations.c.id, organizations.c.name).where(clause))}


def count_trials(tx: Transaction) -> int:
    """Return how many trials go on."""
    statement = sa.select(sa.func.count()).select_from(organizations)
    statement = statement.where(organizations.c.trial_until.is_not(None), organizations.c.state != OrganizationState.CLOSED.value)
    return int(tx.execute(statement).scalar_one())


def trials(tx: Transaction, *, until: datetime, after: str = "", limit: int = 200) -> list[Organization]:
    """Return trials that go on and end before ``until``, by id, behind the id ``after``: for periodic work."""
    statement = organizations.select().where(organizations.c.trial_until < until, organizations.c.id > after)
    statement = statement.where(organizations.c.state != OrganizationState.CLOSED.value).order_by(organizations.c.id).limit(limit)
    return [_organization(row._mapping) for row in tx.execute(statement)]


def count_by_state(tx: Transaction) -> dict[OrganizationState, int]:
    """Return how many organizations are in each state; states without any are left out."""
    statement = sa.select(organizations.c.state, sa.func.count().label("organizations")).group_by(organizations.c.state)
    return {OrganizationState(row.state): row.organizations for row in tx.execute(statement)}
