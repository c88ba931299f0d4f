"""Record that control over a domain was shown by a look-up (A37, I15).

The look-up itself takes seconds and is done by the entrance with engine/dcv before this transaction begins; its
evidence comes in here.
"""

from __future__ import annotations

import dataclasses
from datetime import timedelta

from privyseal.actions.house import House, record, sha256_hex
from privyseal.engine.dcv import Evidence
from privyseal.model import rules
from privyseal.model.actor import Actor, require
from privyseal.model.administrator import Permission
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.domain import Domain
from privyseal.model.errors import Conflict, NotFound
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
    window = timedelta(days=rules.at(rules.VALIDATION_REUSE[rules.Tier.PRIVATE], tx.now).days)
    text = evidence.to_json()
    validated = dataclasses.replace(
        domain, token=token, method=evidence.method, evidence=text, validated_at=tx.now, expires_at=tx.now + window
    )
    if not organizations.record_validation(tx, validated):
        raise Conflict("domain-changed", f"The token of {name} changed while it was looked up. Look it up again.")
    event = AuditEvent("validate-domain", Outcome.DONE, "domain", name, reason=evidence.method.value, evidence=(sha256_hex(text.encode()),))
    record(house, tx, actor, slug, event)
    return validated
