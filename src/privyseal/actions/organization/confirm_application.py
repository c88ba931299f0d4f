"""The applicant confirms the address of the corporate contact with the code mailed to it; then the vetting desk sees the application."""

from __future__ import annotations

from privyseal.actions.house import House, announce, record
from privyseal.actions.strangers import forget_letters
from privyseal.engine.phrases import code_hash, code_matches
from privyseal.model.actor import Actor
from privyseal.model.application import CONFIRM_WITHIN, Application, ApplicationState
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.errors import NotFound
from privyseal.model.fact import FactKind
from privyseal.model.identifiers import ApplicationId
from privyseal.store import applications
from privyseal.store.database import Transaction


def confirm_application(house: House, tx: Transaction, actor: Actor, application_id: ApplicationId, code: str) -> Application:
    """Confirm it; a second time is harmless. Raises NotFound ``confirmation-not-found`` for a wrong or old code."""
    unknown = NotFound("confirmation-not-found", "This confirmation does not fit any open application. Use the link from the newest mail.")
    try:
        application = applications.require(tx, application_id)
    except NotFound as error:
        raise unknown from error
    if not code_matches(code, application.code_hash):
        raise unknown
    if applications.confirm(tx, application_id, code_hash(code), tx.now - CONFIRM_WITHIN):
        record(house, tx, actor, "", AuditEvent("confirm-application", Outcome.DONE, "application", application_id))
        announce(house, tx, FactKind.APPLICATION_CONFIRMED, {"organization": "", "application": application_id})
        forget_letters(house, tx, application.form.corporate_email)
    elif application.state is ApplicationState.UNCONFIRMED:
        raise unknown
    return applications.require(tx, application_id)
