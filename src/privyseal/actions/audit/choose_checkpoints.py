"""Choose the head of every log that is mailed today, so that a copy of each lies with somebody else (architecture section 5).

Durable after it: one outbox row for each log. A second time on the same day, after a crash or on another node, adds none.
"""

from __future__ import annotations

from datetime import datetime

from privyseal.actions.house import House, announce_once
from privyseal.model.actor import Actor
from privyseal.model.audit import PROVIDER_LOG, organization_log
from privyseal.model.fact import FactKind
from privyseal.model.organization import OrganizationState
from privyseal.store import audit, organizations
from privyseal.store.database import Transaction


def choose_checkpoints(house: House, tx: Transaction, actor: Actor, since: datetime, *, with_provider: bool) -> int:
    """Announce the newest head of every log that had one when the day's hour came (``since``); return how many are new.

    Organizations that are closed or without a contact address are left out, the provider unless ``with_provider``.
    """
    chosen = 0
    for log, (size, _) in sorted(audit.newest_checkpoints(tx).items()):
        slug = "" if log == PROVIDER_LOG else log.removeprefix(organization_log(""))
        first = audit.first_checkpoint_at(tx, log)
        if first is None or first > since or not _is_read(tx, slug, with_provider=with_provider):
            continue
        payload = {"organization": slug, "log": log, "size": size}
        chosen += announce_once(house, tx, FactKind.CHECKPOINT_CHOSEN, log, since, payload)
    return chosen


def _is_read(tx: Transaction, slug: str, *, with_provider: bool) -> bool:
    """Whether there is an address for the log of this organization, or for "" of the provider."""
    if not slug:
        return with_provider
    organization = organizations.by_slug(tx, slug)
    return organization is not None and organization.state is not OrganizationState.CLOSED and bool(organization.contact_email)
