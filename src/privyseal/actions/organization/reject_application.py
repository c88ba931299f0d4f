"""The vetting desk rejects an application that it does not even take up; the reason is mailed to the applicant."""

from __future__ import annotations

from privyseal.actions.account_life import require_person
from privyseal.actions.house import House, announce, record
from privyseal.model.actor import Actor
from privyseal.model.administrator import Permission
from privyseal.model.application import Application, ApplicationState
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.errors import Conflict
from privyseal.model.fact import FactKind
from privyseal.model.identifiers import ApplicationId
from privyseal.model.request import require_text
from privyseal.store import applications
from privyseal.store.database import Transaction


def reject_application(house: House, tx: Transaction, actor: Actor, application_id: ApplicationId, reason: str) -> Application:
    """Reject it; raises NotFound, NotPermitted, Refused ``text``, Conflict ``application-state``."""
    require_person(actor, Permission.VET)
    applications.require(tx, application_id)
    text = require_text("reason", " ".join(reason.splitlines()), 1000)
    if not applications.decide(tx, application_id, ApplicationState.REJECTED, decided_by=actor.id, reason=text):
        raise Conflict("application-state", "This application does not wait for a decision: it is not confirmed yet, or decided already.")
    record(house, tx, actor, "", AuditEvent("reject-application", Outcome.DONE, "application", application_id))
    announce(house, tx, FactKind.APPLICATION_REJECTED, {"organization": "", "application": application_id})
    return applications.require(tx, application_id)
