"""What time brings for trials: a letter a week before the end, and the end. Runs on every node; a second time does nothing.

Certificates and credentials of a trial end with it by their own dates, so nothing has to be revoked.
"""

from __future__ import annotations

from datetime import timedelta

from privyseal.actions.account_life import happened, move
from privyseal.actions.house import House, announce, announce_once, record
from privyseal.model.actor import Actor
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.errors import Conflict
from privyseal.model.fact import FactKind
from privyseal.model.organization import Organization, OrganizationEvent
from privyseal.model.session import SessionEnd
from privyseal.store import administrators, organizations, sessions
from privyseal.store.database import Transaction

REMIND_BEFORE = timedelta(days=7)


def end_trials(house: House, tx: Transaction, actor: Actor) -> int:
    """Close each trial whose days are over, and tell of those that end within a week; return how many were closed."""
    ended, after = 0, ""
    while found := organizations.trials(tx, until=tx.now + REMIND_BEFORE, after=after):
        for organization in found:
            ended += _end(house, tx, actor, organization)
        after = found[-1].id
    return ended


def _end(house: House, tx: Transaction, actor: Actor, organization: Organization) -> int:
    until = organization.trial_until
    if until is None:
        return 0
    if tx.now < until:
        announce_once(house, tx, FactKind.TRIAL_ENDS, organization.id, until - REMIND_BEFORE, {"organization": organization.slug})
        return 0
    try:
        move(house, tx, actor, organization, OrganizationEvent.END_TRIAL, happened("end-trial", organization))
    except Conflict:
        return 0  # Somebody suspended, resumed or closed it in this moment; the next round sees what became of it.
    for person in administrators.of_organization(tx, organization.id):
        for session in sessions.live_of(tx, person.id):
            sessions.end(tx, session.id, SessionEnd.CREDENTIAL_EXPIRED)
    for token in administrators.tokens_of(tx, organization.id):
        if administrators.revoke_token(tx, organization.id, token.id):
            record(house, tx, actor, organization.slug, AuditEvent("revoke-api-token", Outcome.DONE, "api-token", token.id))
    announce(house, tx, FactKind.ORGANIZATION_MOVED, {"organization": organization.slug, "event": OrganizationEvent.END_TRIAL.value})
    return 1
