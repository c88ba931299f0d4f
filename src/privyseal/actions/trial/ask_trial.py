"""Anybody asks to try the service; nothing exists before the address is confirmed (requirements 4.2, Test Drive).

What is answered says nothing of others: whether a short name is taken is told when the address is confirmed.
"""

from __future__ import annotations

from privyseal.actions.beginning_trials import require_offered, require_trials, trial_form
from privyseal.actions.house import House, announce, record
from privyseal.actions.strangers import count_application, count_letter
from privyseal.engine.phrases import code_hash, new_code
from privyseal.model.actor import Actor
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.fact import FactKind
from privyseal.model.identifiers import TrialId
from privyseal.model.trial import Trial, TrialState
from privyseal.store import trials
from privyseal.store.database import Transaction


def ask_trial(house: House, tx: Transaction, actor: Actor, fields: dict[str, str]) -> Trial:
    """Keep the wish and mail a code; ``fields`` are name, slug, person_name and person_email.

    Raises Refused (a field, ``no-trials``), Conflict ``trials-full``, TooManyRequests ``too-many-applications``, ``too-many-letters``.
    """
    require_offered(house)
    require_trials(house, tx)
    form = trial_form(fields)
    count_application(tx, actor)
    count_letter(house, tx, form.person_email)
    code = new_code(house.random_bytes)
    trial = Trial(TrialId(house.id("trl", tx.now)), TrialState.UNCONFIRMED, form, code_hash(code), tx.now, None, None)
    trials.insert(tx, trial)
    record(house, tx, actor, "", AuditEvent("ask-trial", Outcome.DONE, "trial", trial.id))
    announce(house, tx, FactKind.TRIAL_ASKED, {"organization": "", "trial": trial.id, "code": code})
    return trial
