"""Add a version of a certificate policy; earlier versions stay as they are."""

from __future__ import annotations

import dataclasses

from privyseal.actions.house import House, record, sha256_hex
from privyseal.model import rules
from privyseal.model.actor import Actor, require
from privyseal.model.administrator import Permission
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.identifiers import PolicyId
from privyseal.model.policy import Lint, Policy, policy_content, require_policy_content
from privyseal.model.profile import TLS_SERVER, KeyAlgorithm
from privyseal.model.request import require_text
from privyseal.model.unit import UnitTier
from privyseal.store import organizations, policies
from privyseal.store.database import Transaction
from privyseal_wire.canonical import canonical_bytes


@dataclasses.dataclass(frozen=True, slots=True)
class PolicyDraft:
    """What the provider chooses; the defaults are the private server policy."""

    name: str = "tls-server"
    tier: rules.Tier = rules.Tier.PRIVATE
    unit_tier: UnitTier = UnitTier.STANDARD
    key_algorithms: tuple[KeyAlgorithm, ...] = (KeyAlgorithm.RSA, KeyAlgorithm.P256, KeyAlgorithm.P384, KeyAlgorithm.P521)
    lifetimes_days: tuple[int, ...] = (90, 365, 397)
    approvals: int = 1
    lint: Lint = Lint.EACH
    max_endpoints: int = 20
    open_enrollment: bool = True


def add_policy(house: House, tx: Transaction, actor: Actor, slug: str, draft: PolicyDraft) -> Policy:
    """Return the new version; raises NotFound, NotPermitted, Refused ``policy``."""
    require(actor, Permission.VET, None)
    organization = organizations.require(tx, slug)
    name = require_text("name", draft.name, 64)
    previous = policies.newest(tx, organization.id, name)
    policy = Policy(
        id=previous.id if previous else PolicyId(house.id("pol", tx.now)),
        organization_id=organization.id,
        name=name,
        version=previous.version + 1 if previous else 1,
        profile_id=TLS_SERVER.id,
        profile_version=TLS_SERVER.version,
        tier=draft.tier,
        unit_tier=draft.unit_tier,
        key_algorithms=draft.key_algorithms,
        lifetimes_days=draft.lifetimes_days,
        approvals=draft.approvals,
        lint=draft.lint,
        max_endpoints=draft.max_endpoints,
        open_enrollment=draft.open_enrollment,
        sha256="",
        created_at=tx.now,
    )
    content = canonical_bytes(policy_content(require_policy_content(policy)))
    stored = dataclasses.replace(policy, sha256=sha256_hex(content))
    policies.insert(tx, stored, content)
    record(house, tx, actor, slug, AuditEvent("add-policy", Outcome.DONE, "policy", policy.id, stored.sha256, f"version {policy.version}"))
    return stored
