"""What each kind of change means: whether its value may hold after the version it was made of, and how it comes to hold.

No action. ``judge`` is asked when a change is proposed and again before it is applied; ``apply`` runs in the transaction of the
last signature.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from privyseal.actions import pausing
from privyseal.actions.assigning import Signature, apply_change, judge_change
from privyseal.actions.house import House, record, sha256_hex
from privyseal.actions.removing import judge_removal, remove_person
from privyseal.model import rules
from privyseal.model.actor import Actor
from privyseal.model.administrator import Administrator, Permission
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.change import PROVIDER, Change, ChangeKind, Decision, Proposal, belongs, read_content, right_of
from privyseal.model.errors import Conflict, NotFound, Refused
from privyseal.model.identifiers import AdministratorId
from privyseal.model.organization import Organization, require_active
from privyseal.model.policy import Policy
from privyseal.model.policy_draft import judge_content
from privyseal.model.price import Price, judge_price
from privyseal.model.role_change import Removal, RoleChange, read_role_change
from privyseal.store import assignments, changes, organizations, policies, prices
from privyseal.store.database import Transaction
from privyseal_wire.canonical import canonical_bytes, parse_canonical

CHANGED: Final = "change-policy"
"""The action of the entry about a policy version that a change made."""


@dataclass(frozen=True, slots=True)
class Side:
    """Whose changes they are: an organization's, or the provider's (None)."""

    organization: Organization | None

    @property
    def slug(self) -> str:
        """The short name, "" for the provider: as logs are named."""
        return self.organization.slug if self.organization else ""

    @property
    def named(self) -> str:
        """What statements say."""
        return self.organization.slug if self.organization else PROVIDER

    @property
    def title(self) -> str:
        """The name for sentences."""
        return self.organization.name if self.organization else "the provider"

    def right(self, kind: ChangeKind) -> Permission:
        """The right that signing a change of a kind needs here."""
        return right_of(kind, of_provider=self.organization is None)

    def require_kind(self, kind: ChangeKind) -> None:
        """Raise Refused ``change-kind`` for a kind that belongs to the other side, or that nothing can be changed of."""
        if not belongs(kind, to_provider=self.organization is None) or kind not in KINDS:
            raise Refused("change-kind", f"A change of the kind {kind.value} is none of {self.title}.")


def side_of(tx: Transaction, slug: str) -> Side:
    """Return the side of a short name, "" for the provider; raises NotFound, Conflict for an organization that is not active."""
    if not slug:
        return Side(None)
    organization = organizations.require(tx, slug)
    require_active(organization)
    return Side(organization)


@dataclass(frozen=True, slots=True)
class Kind:
    """``newest`` gives the version that holds now (0: none), ``judge`` raises Refused, ``apply`` writes the new one."""

    newest: Callable[[Transaction, Side, Proposal], int]
    judge: Callable[[Transaction, Side, Proposal], object]
    apply: Callable[[House, Transaction, Side, Actor, Change, Proposal], None]


def proposal_of(content: bytes) -> Proposal:
    """Return the proposal that these canonical bytes are; raises CanonicalRefused, Refused ``change-content``."""
    return read_content(parse_canonical(content))


def require_base(tx: Transaction, side: Side, proposal: Proposal) -> None:
    """Raise Conflict ``change-overtaken`` unless the proposal was made of the version that holds now."""
    newest = KINDS[proposal.kind].newest(tx, side, proposal)
    if newest != proposal.base:
        sentence = (
            f"{proposal.subject} has version {newest} now, and this change was made of version {proposal.base}. Nothing was changed. "
            "Compare what you want with the newest version and propose it anew."
        )
        raise Conflict("change-overtaken", sentence)


def _organization(side: Side) -> Organization:
    if side.organization is None:
        raise NotFound("not-found", "There is no such organization, or it is not yours.")
    return side.organization


def _newest_policy(tx: Transaction, side: Side, proposal: Proposal) -> int:
    known = policies.newest(tx, _organization(side).id, proposal.subject)
    return known.version if known else 0


def judge_policy(tx: Transaction, side: Side, proposal: Proposal) -> Policy:
    """Return the policy version that a change proposes, without a checksum; raises Refused ``policy``."""
    organization = _organization(side)
    policy = judge_content(proposal.value, organization.id, tx.now)
    previous = policies.newest(tx, organization.id, proposal.subject)
    if policy.name != proposal.subject or policy.version != proposal.base + 1:
        raise Refused("policy", "The policy has another name or version than the change says.", field="policy")
    if previous is not None and policy.id != previous.id:
        raise Refused("policy", f"The policy {policy.name} has another id.", field="policy")
    if previous is None and policies.is_known(tx, policy.id):
        raise Refused("policy", "Another policy has this id. Propose the change anew.", field="policy")
    if previous is not None and previous.tier is rules.Tier.PUBLIC and policy.tier is not rules.Tier.PUBLIC:
        sentence = f"The policy {policy.name} is of the public tier, whose rules are stricter; it does not go back to the private one."
        raise Refused("policy", sentence, field="tier")
    return policy


def _apply_policy(house: House, tx: Transaction, side: Side, actor: Actor, change: Change, proposal: Proposal) -> None:
    policy = judge_policy(tx, side, proposal)
    content = canonical_bytes(proposal.value)
    stored = dataclasses.replace(policy, sha256=sha256_hex(content))
    policies.insert(tx, stored, content, change.id)
    event = AuditEvent(
        CHANGED, Outcome.DONE, "policy", stored.id, stored.sha256, f"version {stored.version}", evidence=(change.content_sha256,)
    )
    record(house, tx, actor, side.slug, event)


def _newest_price(tx: Transaction, side: Side, proposal: Proposal) -> int:
    known = prices.newest(tx, judge_price(proposal.value, tx.now).tier)
    return known.version if known else 0


def _judge_price(tx: Transaction, side: Side, proposal: Proposal) -> Price:
    price = judge_price(proposal.value, tx.now)
    if price.tier.value != proposal.subject or price.version != proposal.base + 1:
        raise Refused("price", "The price is of another tier or version than the change says.", field="cents")
    return price


def _apply_price(house: House, tx: Transaction, side: Side, actor: Actor, change: Change, proposal: Proposal) -> None:
    price = _judge_price(tx, side, proposal)
    if not prices.insert(tx, price, change.id):
        raise Conflict("change-overtaken", f"The price of a {price.tier.value} unit was just changed by somebody else.")
    said = f"version {price.version}"
    event = AuditEvent("change-price", Outcome.DONE, "price", price.tier.value, change.content_sha256, said)
    record(house, tx, actor, side.slug, event)


def _steps(tx: Transaction, _side: Side, proposal: Proposal) -> int:
    # The roles of a person have no numbers; how often they were given and taken says which ones somebody saw who signs.
    return assignments.steps_of(tx, AdministratorId(proposal.subject))


def judge_role(tx: Transaction, side: Side, proposal: Proposal) -> RoleChange | Removal:
    """Return the change of roles, or the removal, that is proposed.

    Raises Refused, NotFound and Conflict as ``assigning.judge_change`` and ``removing.judge_removal``.
    """
    change = read_role_change(proposal.value)
    if change.administrator_id != proposal.subject:
        raise Refused("role-change", "The change is about another person than it says.", field="role")
    judge_decision(tx, side.organization, change)
    return change


def judge_decision(tx: Transaction, organization: Organization | None, change: RoleChange | Removal) -> Administrator:
    """Return whom a change of roles, or a removal, is of; raises as the two rooms that it asks."""
    if isinstance(change, Removal):
        return judge_removal(tx, organization, change.administrator_id)
    return judge_change(tx, organization, change)


def _apply_role(house: House, tx: Transaction, side: Side, actor: Actor, change: Change, proposal: Proposal) -> None:
    signed = [
        Signature(kept.administrator_id, kept.content, kept.signature, kept.credential_sha256)
        for kept in changes.signatures_of(tx, change.id)
        if kept.decision is Decision.SIGN
    ]
    decided = judge_role(tx, side, proposal)
    if isinstance(decided, Removal):
        told = [digest for item in signed for digest in (sha256_hex(item.content), sha256_hex(item.signature))]
        remove_person(house, tx, actor, side.organization, decided.administrator_id, told)
    else:
        apply_change(house, tx, actor, side.organization, decided, change.id, signed)


def concerned(proposal: Proposal) -> str:
    """Return the id of the person whom a change is about and who therefore does not sign it; "" for nobody."""
    return proposal.subject if proposal.kind is ChangeKind.ROLE else ""


KINDS: Final[Mapping[ChangeKind, Kind]] = {
    ChangeKind.POLICY: Kind(_newest_policy, judge_policy, _apply_policy),
    ChangeKind.PRICE: Kind(_newest_price, _judge_price, _apply_price),
    ChangeKind.ROLE: Kind(_steps, judge_role, _apply_role),
    ChangeKind.AUTHORITY: Kind(pausing.newest_version, pausing.judge, pausing.apply),
}
"""What can be changed under dual control today."""
