"""Anybody asks to try the service; nothing exists before the address is confirmed (requirements 4.2, Test Drive).

What is answered says nothing of others: whether a short name is taken is told when the address is confirmed.
"""

from __future__ import annotations

from privyseal.actions.beginning_trials import require_trials
from privyseal.actions.house import House, announce, record
from privyseal.actions.strangers import count_application, count_letter
from privyseal.engine.names import normalize_email
from privyseal.engine.phrases import code_hash, new_code
from privyseal.model.actor import Actor
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.errors import Refused
from privyseal.model.fact import FactKind
from privyseal.model.identifiers import TrialId
from privyseal.model.request import require_text
from privyseal.model.trial import Trial, TrialForm, TrialState, trial_name, trial_slug
from privyseal.store import trials
from privyseal.store.database import Transaction


def ask_trial(house: House, tx: Transaction, actor: Actor, fields: dict[str, str]) -> Trial:
    """Keep the wish and mail a code; ``fields`` are name, slug, person_name and person_email.

    Raises Refused (a field, ``no-trials``), Conflict ``trials-full``, TooManyRequests ``too-many-applications``, ``too-many-letters``.
    """
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


def trial_form(fields: dict[str, str]) -> TrialForm:
    """Return what was written, with the marks of a trial; raises Refused at the field that is wrong."""
    try:
        email = normalize_email(fields["person_email"])
    except Refused as refusal:
        raise Refused(refusal.kind, refusal.sentence, field="person_email") from refusal
    return TrialForm(trial_name(fields["name"]), trial_slug(fields["slug"]), require_text("person_name", fields["person_name"], 64), email)
