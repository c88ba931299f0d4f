"""Whoever asked for a trial confirms the address with the mailed code; then the trial exists, and a one-time link is mailed."""

from __future__ import annotations

from privyseal.actions.beginning_trials import begin_trial, require_offered
from privyseal.actions.house import House, record
from privyseal.actions.strangers import forget_letters
from privyseal.engine.phrases import code_hash, code_matches
from privyseal.model.actor import Actor
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.errors import NotFound
from privyseal.model.identifiers import TrialId
from privyseal.model.organization import Organization
from privyseal.model.trial import CONFIRM_WITHIN
from privyseal.store import organizations, trials
from privyseal.store.database import Transaction


def start_trial(house: House, tx: Transaction, actor: Actor, trial_id: TrialId, code: str) -> Organization:
    """Start it and return it; a second time returns the same one.

    Raises NotFound ``confirmation-not-found`` for a wrong or old code, Refused ``no-trials``, Conflict ``slug-taken``, ``trials-full``:
    then the code works on.
    """
    unknown = NotFound(
        "confirmation-not-found", "This confirmation does not fit any trial that waits for it. Use the link from the newest mail."
    )
    try:
        trial = trials.require(tx, trial_id)
    except NotFound as error:
        raise unknown from error
    if not code_matches(code, trial.code_hash):
        raise unknown
    require_offered(house)
    if trials.start(tx, trial_id, code_hash(code), tx.now - CONFIRM_WITHIN):
        organization = begin_trial(house, tx, actor, trial.form)
        trials.name_organization(tx, trial_id, organization.id)
        record(house, tx, actor, "", AuditEvent("confirm-trial", Outcome.DONE, "trial", trial_id, reason=organization.id))
        forget_letters(house, tx, trial.form.person_email)
        return organization
    known = trials.require(tx, trial_id)
    if known.organization_id is None:
        raise unknown
    return organizations.get(tx, known.organization_id)
