"""The provider starts a trial for somebody, by the telephone or at a fair; the one-time link goes to that person."""

from __future__ import annotations

from privyseal.actions.beginning_trials import begin_trial
from privyseal.actions.house import House, record
from privyseal.model.actor import Actor, require
from privyseal.model.administrator import Permission
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.organization import Organization
from privyseal.model.trial import TrialForm
from privyseal.store.database import Transaction


def create_trial(house: House, tx: Transaction, actor: Actor, form: TrialForm) -> Organization:
    """Start it and return it; raises NotPermitted, Refused ``no-trials``, Conflict ``slug-taken``, ``trials-full``."""
    require(actor, Permission.VET, None)
    organization = begin_trial(house, tx, actor, form)
    record(house, tx, actor, "", AuditEvent("create-trial", Outcome.DONE, "organization", organization.id))
    return organization
