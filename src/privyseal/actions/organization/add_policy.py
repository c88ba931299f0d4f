"""The provider adds a version of a certificate policy while it sets an organization up; earlier versions stay as they are.

From its first administrator on the organization decides about its policies, under dual control (docs/decisions/0020): then
this is refused, and the issuer process issues nothing under a version that came this way afterwards.
"""

from __future__ import annotations

from privyseal.actions.house import House
from privyseal.actions.setting_up import store_set_up
from privyseal.model.actor import Actor, require
from privyseal.model.administrator import Permission
from privyseal.model.errors import Conflict, NotPermitted
from privyseal.model.policy import Policy
from privyseal.model.policy_draft import NAME_CHARACTERS, PolicyDraft
from privyseal.model.request import require_text
from privyseal.store import administrators, organizations, policies
from privyseal.store.database import Transaction


def add_policy(house: House, tx: Transaction, actor: Actor, slug: str, draft: PolicyDraft, *, after: int | None = None) -> Policy:
    """Return the new version; ``after`` is the version that it was compared with, 0 for none, where somebody compared it.

    Raises NotFound, NotPermitted (right, ``organization-decides``), Refused ``policy``, Conflict ``policy-changed`` when ``after`` is
    not the newest one any more.
    """
    require(actor, Permission.VET, None)
    organization = organizations.require(tx, slug)
    organizations.hold(tx, organization.id)
    if administrators.credentials_within(tx, organization.id):
        sentence = f"{organization.name} has administrators, and they decide about its policies: they propose a change and sign it."
        raise NotPermitted("organization-decides", sentence)
    previous = policies.newest(tx, organization.id, require_text("name", draft.name, NAME_CHARACTERS))
    if after is not None and after != (previous.version if previous else 0):
        sentence = f"The policy {draft.name} has got another version meanwhile. Compare yours with that one."
        raise Conflict("policy-changed", sentence)
    return store_set_up(house, tx, actor, organization, draft, previous)
