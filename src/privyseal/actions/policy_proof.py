"""Whether a stored policy version came about as it must, asked by the issuer process with what it reads itself.

Two ways lead to a version, and no third. The provider makes versions while it sets the organization up: what proves that is
the organization's audit log, where the entry stands before the first credential of any administrator, in the tree that the
checkpoints outside of the database are of. Every later version comes by a change: its content, byte for byte, was signed by
as many people as it says, each by a certificate of the administrators' CA. A row in the database proves neither.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from privyseal.actions.admission import ISSUED, ISSUED_PASSKEY
from privyseal.actions.entitlement import Entitlements
from privyseal.actions.house import House, sha256_hex
from privyseal.engine.administrator_id import Bearer, read_bearer
from privyseal.engine.merkle import root_at
from privyseal.engine.signed_statement import verify_stored
from privyseal.model.administrator import Administrator, Credential, Permission
from privyseal.model.audit import organization_log
from privyseal.model.change import CHANGE_LIFE, Change, ChangeKind, ChangeSignature, Decision, read_content
from privyseal.model.errors import PrivysealError, Refused, Unavailable
from privyseal.model.organization import Organization
from privyseal.model.policy import Policy
from privyseal.store import administrators, audit, changes, policies
from privyseal.store.database import Transaction
from privyseal_wire.canonical import canonical_bytes, parse_canonical
from privyseal_wire.errors import WireError
from privyseal_wire.merkle import leaf_hash, node_hash, root_from_leaves
from privyseal_wire.statements import Change as Statement

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
    jury = _Jury(house, tx, organization)
    signers: dict[str, datetime] = {}
    for kept in changes.signatures_of(tx, change.id):
        end = jury.signed_until(change, kept) if kept.decision is Decision.SIGN else None
        if end is not None:
            signers[kept.administrator_id] = end
    if len(signers) < proposal.quorum:
        raise _unproven(policy, f"{proposal.quorum} people have to have signed it, and {len(signers)} did")
    configured = house.quorum(ChangeKind.POLICY)
    if proposal.quorum < configured and jury.has_others(set(signers), max(signers.values())):
        raise _unproven(policy, f"{configured} people had to sign it, and {proposal.quorum} did although others could")


class _Jury:
    """Judges who signed a change, by what the administrators' CA says of people and what was signed about their roles.

    What counts is the right of that time: people leave and change their roles while a policy goes on.
    """

    def __init__(self, house: House, tx: Transaction, organization: Organization) -> None:
        self._house = house
        self._tx = tx
        self._organization = organization
        self._entitlements = Entitlements(house, tx, organization)

    def signed_until(self, change: Change, kept: ChangeSignature) -> datetime | None:
        """Return when the statement of a signature ends; None for a signature that does not count."""
        known = administrators.by_certificate(self._tx, kept.credential_sha256)
        bearer = self._bearer(*known) if known else None
        if known is None or bearer is None or bearer.person != kept.administrator_id:
            return None
        person, credential = known
        try:
            statement = Statement.from_bytes(verify_stored(kept.content, kept.signature, credential, self._house.relying_party))
        except (PrivysealError, WireError):
            return None
        said = (statement.service, statement.organization, statement.change, statement.kind, statement.content_sha256, statement.decision)
        digest = sha256_hex(change.content)
        service, slug = self._house.service.service_id, self._organization.slug
        if said != (service, slug, change.id, ChangeKind.POLICY.value, digest, Decision.SIGN.value) or statement.signer != bearer.person:
            return None
        ends = statement.expires_at
        begun = ends - CHANGE_LIFE
        is_revoked = credential.revoked_at is not None and credential.revoked_at <= begun
        if bearer.not_before >= ends or begun > bearer.not_after or is_revoked:
            return None
        return ends if self._entitlements.held_at(person, Permission.MANAGE_POLICIES, kept.at) else None

    def has_others(self, signers: set[str], until: datetime) -> bool:
        """Tell whether somebody beside the signers could have signed in all the time in which they may have, and still can."""
        begun = until - CHANGE_LIFE
        for person in administrators.of_organization(self._tx, self._organization.id):
            if person.id in signers or not person.may(Permission.MANAGE_POLICIES):
                continue
            held = administrators.credentials_of(self._tx, person.id)
            if any(self._was_good(person, item, begun, until) for item in held):
                return True
        return False

    def _was_good(self, person: Administrator, credential: Credential, begun: datetime, until: datetime) -> bool:
        bearer = self._bearer(person, credential)
        is_revoked = credential.revoked_at is not None and credential.revoked_at <= until
        if bearer is None or is_revoked or bearer.not_before > begun or bearer.not_after < until:
            return False
        return self._entitlements.held_at(person, Permission.MANAGE_POLICIES, begun)

    def _bearer(self, person: Administrator, credential: Credential) -> Bearer | None:
        """Return whom a certificate names, if it is this person of this organization in the role that the register has."""
        bearer = read_bearer(self._house.administrators_authority, credential.certificate_der)
        if bearer is None or (bearer.organization, bearer.person, bearer.role) != (self._organization.slug, person.id, person.role):
            return None
        return bearer


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
