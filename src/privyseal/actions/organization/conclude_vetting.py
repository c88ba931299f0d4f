"""A second person of the provider concludes a vetting; with the first one the organization becomes active (A35, A36, I17)."""

from __future__ import annotations

from typing import Any

from privyseal.actions.account_life import address_of, happened, move, newest_findings, note, require_person, require_vetting
from privyseal.actions.admission import require_first, send_link
from privyseal.actions.house import House, announce, record
from privyseal.model.actor import Actor
from privyseal.model.administrator import Administrator, AdministratorState, Permission, Role
from privyseal.model.errors import Conflict
from privyseal.model.fact import FactKind
from privyseal.model.identifiers import AdministratorId
from privyseal.model.organization import Organization, OrganizationEvent, OrganizationState
from privyseal.model.vetting import Vetting, VettingState, require_complete, require_second_person
from privyseal.store import administrators, applications, organizations, vettings
from privyseal.store.database import Transaction


def conclude_vetting(house: House, tx: Transaction, actor: Actor, slug: str) -> Organization:
    """Conclude what somebody else filled in and handed over; returns the active organization.

    Raises NotFound, NotPermitted (``second-person`` for whoever took part in it), Refused ``vetting-incomplete`` and
    ``no-validated-domain`` when something ended meanwhile, Conflict ``vetting-state``, ``organization-state``.
    """
    require_person(actor, Permission.CONCLUDE_VETTING)
    organization = organizations.require(tx, slug)
    vetting = require_vetting(tx, organization, VettingState.SUBMITTED)
    found, files = vettings.findings_of(tx, vetting.id), vettings.files_of(tx, vetting.id)
    fillers = {vetting.submitted_by, *(finding.by for finding in found), *(file.by for file in files)}
    require_second_person([(person, address_of(tx, person)) for person in fillers], (actor.id, address_of(tx, actor.id)))
    require_complete(
        newest_findings(found),
        {file.item for file in files},
        has_domain=any(domain.is_valid(tx.now) for domain in organizations.domains_of(tx, organization.id)),
        organization=organization.name,
        now=tx.now,
    )
    if not vettings.move(tx, vetting.id, VettingState.SUBMITTED, VettingState.CONCLUDED, concluded_at=tx.now, concluded_by=actor.id):
        raise Conflict("vetting-state", "Somebody else has just changed this vetting. Look at it again.")
    # Both are named: who acts, and whose work it is.
    audited = happened(
        "conclude-vetting", organization, f"filled in by {vetting.submitted_by}", tuple(sorted({file.sha256 for file in files}))
    )
    values: dict[str, Any] = {"vetted_at": tx.now, "vetted_by": vetting.submitted_by[:64], "vetting_evidence": _summary(vetting)}
    if organization.state is OrganizationState.VETTING:
        active = move(house, tx, actor, organization, OrganizationEvent.ACTIVATE, audited, **values)
        _hand_over(house, tx, actor, active)
        return active
    if not organizations.mark_vetted_again(tx, organization.id, **values):
        raise Conflict("organization-state", f"{organization.name} is closed and is not vetted again.")
    note(tx, actor, organization, OrganizationEvent.VET_AGAIN, organization.state, f"number {vetting.number} concluded")
    record(house, tx, actor, slug, audited)
    return organizations.get(tx, organization.id)


def _hand_over(house: House, tx: Transaction, actor: Actor, organization: Organization) -> None:
    """Send the kit, and apart from it the one-time link of the first administrator whom the application named."""
    announce(house, tx, FactKind.KIT_MADE, {"organization": organization.slug})
    application = applications.of_organization(tx, organization.id)
    if application is None or administrators.of_organization(tx, organization.id):
        return
    require_first(tx, organization)
    first = Administrator(
        id=AdministratorId(house.id("adm", tx.now)),
        organization_id=organization.id,
        name=application.form.administrator_name,
        email=application.form.administrator_email,
        role=Role.SECURITY_ADMINISTRATOR,
        state=AdministratorState.INVITED,
        created_at=tx.now,
    )
    send_link(house, tx, actor, organization.slug, first)


def _summary(vetting: Vetting) -> str:
    return f"Vetting number {vetting.number}, {vetting.id}"
