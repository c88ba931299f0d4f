"""Record that control over a domain was shown by a look-up (A37, I15).

The look-up itself takes seconds and is done by the entrance with engine/domain_control before this transaction begins; its
evidence comes in here.
"""

from __future__ import annotations

import dataclasses

from privyseal.actions.house import House
from privyseal.actions.validating import store_validation
from privyseal.engine.dcv import Evidence
from privyseal.model.actor import Actor, require
from privyseal.model.administrator import Permission
from privyseal.model.domain import Domain
from privyseal.model.errors import NotFound
from privyseal.store import organizations
from privyseal.store.database import Transaction


def record_validation(house: House, tx: Transaction, actor: Actor, slug: str, name: str, token: str, evidence: Evidence) -> Domain:
    """Mark the domain as validated until the reuse window of its tier ends.

    Raises NotFound, NotPermitted, Conflict ``domain-changed`` when the token looked up is not the domain's any more.
    """
    require(actor, Permission.VET, None)
    organization = organizations.require(tx, slug)
    domain = organizations.domain_named(tx, organization.id, name)
    if domain is None:
        raise NotFound("not-found", "There is no such domain registered for this organization.")
    return store_validation(house, tx, actor, slug, dataclasses.replace(domain, token=token), evidence)
