"""How the first policies of an organization are stored, before it has people who decide about them; the issuer asks for the entry.

No action, but what ``add_policy`` and the beginning of a trial share (docs/decisions/0020).
"""

from __future__ import annotations

import dataclasses

from privyseal.actions.house import House, record, sha256_hex
from privyseal.actions.policy_proof import ADDED
from privyseal.model.actor import Actor
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.identifiers import PolicyId
from privyseal.model.organization import Organization
from privyseal.model.policy import Policy, policy_content
from privyseal.model.policy_draft import PolicyDraft
from privyseal.store import policies
from privyseal.store.database import Transaction
from privyseal_wire.canonical import canonical_bytes


def store_set_up(
    house: House, tx: Transaction, actor: Actor, organization: Organization, draft: PolicyDraft, previous: Policy | None = None
) -> Policy:
    """Store the version that follows ``previous``, with its entry in the organization's log; raises Refused ``policy``."""
    policy = draft.version_after(previous, PolicyId(house.id("pol", tx.now)), organization.id, tx.now)
    content = canonical_bytes(policy_content(policy))
    stored = dataclasses.replace(policy, sha256=sha256_hex(content))
    policies.insert(tx, stored, content)
    event = AuditEvent(ADDED, Outcome.DONE, "policy", policy.id, stored.sha256, f"version {policy.version}")
    record(house, tx, actor, organization.slug, event)
    return stored
