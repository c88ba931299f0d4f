"""Add a version of a certificate policy; earlier versions stay as they are."""

from __future__ import annotations

import dataclasses
from datetime import datetime

from privyseal.actions.house import House, record, sha256_hex
from privyseal.model import rules
from privyseal.model.actor import Actor, require
from privyseal.model.administrator import Permission
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.errors import Conflict
from privyseal.model.identifiers import PolicyId
from privyseal.model.organization import Organization
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

    def version_after(self, previous: Policy | None, policy_id: PolicyId, organization: Organization, now: datetime) -> Policy:
        """Return the version that would follow ``previous``, without a checksum; raises Refused ``policy`` for one of no sense."""
        policy = Policy(
            id=previous.id if previous else policy_id,
            organization_id=organization.id,
            name=require_text("name", self.name, 64),
            version=previous.version + 1 if previous else 1,
            profile_id=TLS_SERVER.id,
            profile_version=TLS_SERVER.version,
            tier=self.tier,
            unit_tier=self.unit_tier,
            key_algorithms=self.key_algorithms,
            lifetimes_days=self.lifetimes_days,
            approvals=self.approvals,
            lint=self.lint,
            max_endpoints=self.max_endpoints,
            open_enrollment=self.open_enrollment,
            sha256="",
            created_at=now,
        )
        return require_policy_content(policy)


def add_policy(house: House, tx: Transaction, actor: Actor, slug: str, draft: PolicyDraft, *, after: int | None = None) -> Policy:
    """Return the new version; ``after`` is the version that it was compared with, 0 for none, where somebody compared it.

    Raises NotFound, NotPermitted, Refused ``policy``, Conflict ``policy-changed`` when ``after`` is not the newest one any more.
    """
    require(actor, Permission.VET, None)
    organization = organizations.require(tx, slug)
    previous = policies.newest(tx, organization.id, require_text("name", draft.name, 64))
    if after is not None and after != (previous.version if previous else 0):
        sentence = f"The policy {draft.name} has got another version meanwhile. Compare yours with that one."
        raise Conflict("policy-changed", sentence)
    policy = draft.version_after(previous, PolicyId(house.id("pol", tx.now)), organization, tx.now)
    content = canonical_bytes(policy_content(policy))
    stored = dataclasses.replace(policy, sha256=sha256_hex(content))
    policies.insert(tx, stored, content)
    record(house, tx, actor, slug, AuditEvent("add-policy", Outcome.DONE, "policy", policy.id, stored.sha256, f"version {policy.version}"))
    return stored
