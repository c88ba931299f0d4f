"""The provider's administrator marks an organization as vetted; it becomes active (A36, I17)."""

from __future__ import annotations

import dataclasses

from privyseal.actions.house import House, record, sha256_hex
from privyseal.model.actor import Actor, require
from privyseal.model.administrator import Permission
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.errors import Conflict, Refused
from privyseal.model.organization import Organization, OrganizationState
from privyseal.model.request import require_text
from privyseal.store import organizations
from privyseal.store.database import Transaction


def vet_organization(house: House, tx: Transaction, actor: Actor, slug: str, evidence: str) -> Organization:
    """Record who vetted it and by what evidence, and activate it.

    Raises NotFound, NotPermitted, Refused ``no-validated-domain`` before a domain is validated, Conflict when closed.
    """
    require(actor, Permission.VET, None)
    organization = organizations.require(tx, slug)
    text = require_text("evidence", evidence, 2000)
    if not any(domain.is_valid(tx.now) for domain in organizations.domains_of(tx, organization.id)):
        raise Refused("no-validated-domain", f"{organization.name} has no validated domain yet. Validate one; then vet the organization.")
    vetted = dataclasses.replace(
        organization, state=OrganizationState.ACTIVE, vetted_at=tx.now, vetted_by=actor.id[:64], vetting_evidence=text
    )
    if not organizations.mark_vetted(tx, vetted):
        raise Conflict("organization-state", f"{organization.name} is {organization.state.value} and cannot be vetted.")
    evidence_sha256 = sha256_hex(text.encode())
    record(
        house, tx, actor, slug, AuditEvent("vet-organization", Outcome.DONE, "organization", organization.id, evidence=(evidence_sha256,))
    )
    return vetted
