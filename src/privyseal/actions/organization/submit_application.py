"""Anybody applies to become an organization; nothing happens before the address of the corporate contact is confirmed (A35).

What is answered says nothing of other organizations: whether a name, an address or a short name is taken, the vetting desk sees.
"""

from __future__ import annotations

from privyseal.actions.house import House, announce, record
from privyseal.actions.strangers import count_application, count_letter
from privyseal.engine.names import normalize_domain, normalize_email
from privyseal.engine.phrases import code_hash, new_code
from privyseal.model.actor import Actor
from privyseal.model.application import MAXIMUM_DOMAINS, Application, ApplicationState, Form, check_texts
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.errors import Refused
from privyseal.model.fact import FactKind
from privyseal.model.identifiers import ApplicationId
from privyseal.store import applications
from privyseal.store.database import Transaction


def submit_application(house: House, tx: Transaction, actor: Actor, fields: dict[str, str]) -> Application:
    """Keep the application and mail a code to the corporate contact.

    Raises Refused (a field), TooManyRequests ``too-many-applications``, ``too-many-letters``.
    """
    form = _form(fields)
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


def _form(fields: dict[str, str]) -> Form:
    texts = check_texts(fields)
    corporate = _email("corporate_email", fields["corporate_email"])
    return Form(
        **texts,
        domains=_domains(fields["domains"]),
        corporate_email=corporate,
        technical_email=_email("technical_email", fields["technical_email"]) if fields["technical_email"].strip() else "",
        billing_email=_email("billing_email", fields["billing_email"]) if fields["billing_email"].strip() else "",
        administrator_email=_email("administrator_email", fields["administrator_email"]),
    )


def _email(field: str, text: str) -> str:
    try:
        return normalize_email(text)
    except Refused as refusal:
        raise Refused(refusal.kind, refusal.sentence, field=field) from refusal


def _domains(text: str) -> tuple[str, ...]:
    wanted = text.replace(",", " ").split()
    if not wanted or len(wanted) > MAXIMUM_DOMAINS:
        raise Refused("domains", f"Name one to {MAXIMUM_DOMAINS} domains, each on a line of its own.", field="domains")
    try:
        return tuple(dict.fromkeys(normalize_domain(name) for name in wanted))
    except Refused as refusal:
        raise Refused(refusal.kind, refusal.sentence, field="domains") from refusal
