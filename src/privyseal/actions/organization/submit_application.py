"""Anybody applies to become an organization; nothing happens before the address of the corporate contact is confirmed (A35).

What is answered says nothing of other organizations: whether a name, an address or a short name is taken, the vetting desk sees.
"""

from __future__ import annotations

from privyseal.actions.house import House, announce, record
from privyseal.actions.strangers import count_application, count_letter
from privyseal.engine.application_form import read_application
from privyseal.engine.phrases import code_hash, new_code
from privyseal.model.actor import Actor
from privyseal.model.application import Application, ApplicationState
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.fact import FactKind
from privyseal.model.identifiers import ApplicationId
from privyseal.store import applications
from privyseal.store.database import Transaction


def submit_application(house: House, tx: Transaction, actor: Actor, fields: dict[str, str]) -> Application:
    """Keep the application and mail a code to the corporate contact.

    Raises Refused (a field), TooManyRequests ``too-many-applications``, ``too-many-letters``.
    """
    form = read_application(fields)
    count_application(tx, actor)
    count_letter(house, tx, form.corporate_email)
    code = new_code(house.random_bytes)
    application = Application(
        id=ApplicationId(house.id("apl", tx.now)),
        state=ApplicationState.UNCONFIRMED,
        form=form,
        code_hash=code_hash(code),
        created_at=tx.now,
        confirmed_at=None,
        decided_at=None,
        decided_by="",
        reason="",
        organization_id=None,
    )
    applications.insert(tx, application)
    record(house, tx, actor, "", AuditEvent("submit-application", Outcome.DONE, "application", application.id))
    announce(house, tx, FactKind.APPLICATION_RECEIVED, {"organization": "", "application": application.id, "code": code})
    return application
