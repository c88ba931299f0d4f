"""Trials as the provider starts them."""

from __future__ import annotations

from privyseal.actions.administrator.invite_administrator import invite_administrator
from privyseal.actions.beginning_trials import trial_form
from privyseal.actions.house import About, perform
from privyseal.actions.trial.create_trial import create_trial
from privyseal.model.administrator import Role
from privyseal.model.organization import Organization
from tests.rigs.service import OPERATOR, AdministratorRig, ServiceRig


def begin_trial(rig: ServiceRig, wish: str = "acme", *, person: str = "Ann Try") -> tuple[Organization, AdministratorRig]:
    """A trial by the provider's word, and its one administrator."""
    fields = {"name": f"{wish.title()} Works", "slug": wish, "person_name": person, "person_email": f"ann@{wish}.test"}
    about = About("create-trial", "", "organization", "new")
    trial = perform(rig.house, OPERATOR, about, create_trial, trial_form(fields))
    # The same person again, because the first link went away by mail.
    email, role = fields["person_email"], Role.SECURITY_ADMINISTRATOR
    invited = perform(rig.house, OPERATOR, about, invite_administrator, trial.slug, person, email, role)
    return trial, rig.enroll(invited, trial.slug)
