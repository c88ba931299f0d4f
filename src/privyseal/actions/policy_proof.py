"""Whether a stored policy version came about as it must, asked by the issuer process with what it reads itself.

Two ways lead to a version, and no third. The provider makes versions while it sets the organization up: what proves that is
the organization's audit log, where the entry stands before the first credential of any administrator, in the tree that the
checkpoints outside of the database are of. Every later version comes by a change: its content, byte for byte, was signed by
as many people as it says, each by a certificate of the administrators' CA. A row in the database proves neither.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

from privyseal.actions.admission import ISSUED, ISSUED_PASSKEY
from privyseal.actions.entitlement import Entitlements
from privyseal.actions.house import House
from privyseal.actions.signed_changes import flaw_of
from privyseal.engine.merkle import root_at
from privyseal.model.audit import organization_log
from privyseal.model.change import Change, ChangeKind, read_content
from privyseal.model.errors import Refused, Unavailable
from privyseal.model.organization import Organization
from privyseal.model.policy import Policy
from privyseal.store import audit, changes, policies
from privyseal.store.database import Transaction
from privyseal_wire.canonical import canonical_bytes, parse_canonical
from privyseal_wire.merkle import leaf_hash, node_hash, root_from_leaves

ADDED: Final = "add-policy"
"""The action of the entry about a version that the provider made."""

_CREDENTIALS: Final = frozenset({ISSUED, ISSUED_PASSKEY})
_PAGE: Final = 64


def require_policy_proven(house: House, tx: Transaction, organization: Organization, policy: Policy, content: bytes) -> None:
    """Raise Refused ``policy-unproven`` unless this version came by a signed change, or by the provider before anybody could sign.

    Raises Unavailable ``evidence-differs`` when the entries of the log are not those of its tree.
    """
    change_id = policies.change_of(tx, policy.id, policy.version)
    if change_id is None:
        _require_set_up(tx, organization, policy)
        return
    change = changes.get(tx, change_id)
    if change is None or change.organization_id != organization.id:
        raise _unproven(policy, "its change is missing")
    _require_signed(house, tx, organization, policy, content, change)


def _unproven(policy: Policy, what: str) -> Refused:
    sentence = f"Nobody who may decided about version {policy.version} of the policy {policy.name}: {what}. Tell your provider."
    return Refused("policy-unproven", sentence)


def _require_signed(house: House, tx: Transaction, organization: Organization, policy: Policy, content: bytes, change: Change) -> None:
    proposal = read_content(parse_canonical(change.content))
    if proposal.kind is not ChangeKind.POLICY or canonical_bytes(proposal.value) != content:
        raise _unproven(policy, "what was signed is another content")
    flaw = flaw_of(house, tx, organization, change, proposal, Entitlements(house, tx, organization).held_at)
    if flaw is not None:
        raise _unproven(policy, flaw)


def _require_set_up(tx: Transaction, organization: Organization, policy: Policy) -> None:
    """Raise unless the provider's entry about exactly this version stands before the first credential in the log."""
    log = organization_log(organization.slug)
    head = audit.newest_checkpoint(tx, log)
    size = head[0] if head else 0
    leaves: list[bytes] = []
    found: int | None = None
    for entry in _integrated(tx, log, size):
        leaves.append(leaf_hash(entry))
        if found is None:
            found = len(leaves) - 1 if _is_about(entry, policy) else None
            if found is None and _action_of(entry) in _CREDENTIALS:
                raise _unproven(policy, "the provider made it after the organization had administrators")
        if found is not None and _is_complete(len(leaves)):
            break
    if found is None:
        _require_waiting(tx, log, size, policy)
        return
    if not _is_beginning(tx, log, size, leaves):
        sentence = f"The entries of the audit log {log} are not those of its tree. Nothing is issued until this is reconciled."
        raise Unavailable("evidence-differs", sentence, retry_after_seconds=3600)


def _integrated(tx: Transaction, log: str, size: int) -> Iterator[bytes]:
    """Yield the entries of the tree of this size, in order, as many at a time as a set-up usually has."""
    start = 0
    while start < size:
        read = [(index, entry) for index, _, entry in audit.export(tx, log, start=start, limit=_PAGE) if index < size]
        if not read:
            return
        for _, entry in read:
            yield entry
        start = read[-1][0] + 1


def _is_complete(count: int) -> bool:
    return count & (count - 1) == 0


def _is_beginning(tx: Transaction, log: str, size: int, leaves: list[bytes]) -> bool:
    """Whether the tree of ``size`` entries begins with these, which are all of them or a power of two."""
    try:
        if len(leaves) == size:
            return root_from_leaves(leaves) == root_at(size, lambda level, number: audit.node(tx, log, level, number))
        node, level = root_from_leaves(leaves), len(leaves).bit_length() - 1
        largest = size.bit_length() - 1
        while level < largest:
            node, level = node_hash(node, audit.node(tx, log, level, 1)), level + 1
        return node == audit.node(tx, log, largest, 0)
    except LookupError:
        return False


def _require_waiting(tx: Transaction, log: str, size: int, policy: Policy) -> None:
    """The first second of an organization: neither the version nor anybody's credential is in the tree yet."""
    for entry in audit.behind(tx, log, size):
        if _is_about(entry, policy):
            return
        if _action_of(entry) in _CREDENTIALS:
            break
    raise _unproven(policy, "the provider did not make it while it set the organization up")


def _action_of(entry: bytes) -> str:
    fields = json.loads(entry)
    return fields["action"] if fields["outcome"] == "done" else ""


def _is_about(entry: bytes, policy: Policy) -> bool:
    if policy.sha256.encode() not in entry:
        return False
    fields = json.loads(entry)
    about = fields["object"]
    return (fields["action"], fields["outcome"], about["id"], about["sha256"]) == (ADDED, "done", policy.id, policy.sha256)
