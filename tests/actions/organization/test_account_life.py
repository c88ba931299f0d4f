"""Suspended, resumed, closed: what still works, what does not any more, and nothing is deleted (A17, A35)."""

from __future__ import annotations

import pytest

from privyseal.actions.house import About, perform
from privyseal.actions.organization.close_organization import close_organization
from privyseal.actions.organization.resume_organization import resume_organization
from privyseal.actions.organization.suspend_organization import suspend_organization
from privyseal.jobs.sweep import sweep
from privyseal.model.certificate import CertificateState
from privyseal.model.errors import Conflict, PrivysealError, Refused
from privyseal.model.organization import OrganizationState
from privyseal.model.revocation import RevocationReason
from privyseal.store import administrators, certificates, organization_events, organizations, revocations
from tests.rigs.service import OPERATOR, ServiceRig, make_csr, make_key

ORG = "resource-marketing"
ABOUT = About("set-up", ORG, "organization", ORG)


def test_a_suspended_organization_reads_and_revokes_and_gets_nothing_new(service: ServiceRig) -> None:
    service.create_organization()
    alex = service.administrator(ORG, "Alex Admin")
    waiting = service.submit(ORG, make_csr(["www.resource-marketing.test"], make_key()))
    link = service.invite(ORG, "Late Comer", by=alex)
    perform(service.house, OPERATOR, ABOUT, suspend_organization, ORG, "Unpaid since March")
    for again in (suspend_organization,):
        with pytest.raises(Conflict, match="can be resumed, or closed"):
            perform(service.house, OPERATOR, ABOUT, again, ORG, "Once more")
    with pytest.raises(Refused, match="is suspended"):
        service.submit(ORG, make_csr(["mail.resource-marketing.test"], make_key()))
    with pytest.raises(Refused, match="is suspended"):
        service.approve(waiting, alex)
    with pytest.raises(Refused, match="is suspended"):
        service.enroll(link, ORG)
    perform(service.house, OPERATOR, ABOUT, resume_organization, ORG, "Paid")
    service.enroll(link, ORG)
    with service.house.database.read(service.clock()) as tx:
        history = organization_events.of_organization(tx, organizations.require(tx, ORG).id)
    assert [(entry.event.value, entry.reason) for entry in history][-2:] == [("suspend", "Unpaid since March"), ("resume", "Paid")]


def test_a_closed_organization_is_dead_and_remembered(service: ServiceRig) -> None:
    service.create_organization()
    alex = service.administrator(ORG, "Alex Admin")
    certificate = service.issue(ORG, alex, ["www.resource-marketing.test"])
    with pytest.raises(Conflict, match="can be suspended"):
        perform(service.house, OPERATOR, ABOUT, close_organization, ORG, "Dissolved", valid_certificates=1)
    perform(service.house, OPERATOR, ABOUT, suspend_organization, ORG, "Dissolved")
    with pytest.raises(Conflict) as refusal:
        perform(service.house, OPERATOR, ABOUT, close_organization, ORG, "Dissolved", valid_certificates=0)
    assert refusal.value.kind == "certificates-changed"
    closed = perform(service.house, OPERATOR, ABOUT, close_organization, ORG, "Dissolved", valid_certificates=1)
    assert closed.state is OrganizationState.CLOSED
    with service.house.database.read(service.clock()) as tx:
        assert all(credential.revoked_at is not None for credential in administrators.credentials_within(tx, closed.id))
    sweep(service.house, lambda _: None)
    with service.house.database.read(service.clock()) as tx:
        revoked = certificates.get(tx, certificate.id)
        assert revoked is not None
        assert revoked.state is CertificateState.REVOKED
        assert revoked.revocation_reason == RevocationReason.CESSATION_OF_OPERATION.code
        assert revocations.of_serial(tx, revoked.authority_id, revoked.serial_hex) is not None
        assert certificates.count_valid(tx, closed.id) == 0
    for action, more in ((resume_organization, {}), (suspend_organization, {}), (close_organization, {"valid_certificates": 0})):
        with pytest.raises(PrivysealError) as over:
            perform(service.house, OPERATOR, ABOUT, action, ORG, "Again", **more)  # type: ignore[arg-type]
        assert over.value.kind == "organization-state"
