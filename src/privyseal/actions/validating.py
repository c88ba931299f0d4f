"""How a validation is stored, shared by the actions that have evidence of it: a look-up, or the answer to a letter (A37, I15)."""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta

from privyseal.actions.house import House, record, sha256_hex
from privyseal.engine.dcv import Evidence
from privyseal.model import rules
from privyseal.model.actor import Actor
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.domain import Domain
from privyseal.model.errors import Conflict
from privyseal.model.identifiers import ValidationId
from privyseal.store import organizations, validations
from privyseal.store.database import Transaction
from privyseal.store.validations import Validation


def store_validation(
    house: House, tx: Transaction, actor: Actor, slug: str, domain: Domain, evidence: Evidence, *, until: datetime | None = None
) -> Domain:
    """Keep the evidence for good and mark the domain as validated until the reuse window of its tier ends, or ``until`` before that.

    Raises Conflict ``domain-changed`` when the token is not the domain's any more, or the domain was removed.
    """
    window = timedelta(days=rules.at(rules.VALIDATION_REUSE[rules.Tier.PRIVATE], tx.now).days)
    text = evidence.to_json()
    validation_id = ValidationId(house.id("val", tx.now))
    validated = dataclasses.replace(
        domain,
        method=evidence.method,
        evidence=text,
        validated_at=tx.now,
        expires_at=tx.now + window if until is None else min(until, tx.now + window),
        validation_id=validation_id,
    )
    if not organizations.record_validation(tx, validated):
        raise Conflict("domain-changed", f"{domain.name} was changed or removed while its control was shown. Show it once more.")
    digest = sha256_hex(text.encode())
    kept = Validation(validation_id, domain.id, domain.organization_id, domain.name, evidence.method, text, digest, tx.now)
    validations.insert(tx, kept)
    event = AuditEvent("validate-domain", Outcome.DONE, "domain", domain.name, reason=evidence.method.value, evidence=(digest,))
    record(house, tx, actor, slug, event)
    return validated
