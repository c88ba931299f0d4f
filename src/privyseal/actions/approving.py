"""How signed approvals are judged and kept: one or many of one organization, in one transaction.

No action, but what ``approve_request`` and ``approve_requests`` share. Each approval is judged on its own; what is accepted
is then written together, because a statement for many costs hardly more than one for one (E1).

 1. the CA that would issue is not paused
 2. the signature is by a registered, usable Administrator ID or passkey of a person who may approve
 3. the requests are locked, so that two who decide at once get one truth (I20)
 4. what was signed is, byte for byte, what the service would certify (I14), and is still valid
 5. it is not the signer's own request, nor a replay; the request is open, and not yet approved by this person
 6. a unit is left
 7. states, signed bytes and audit entries are written
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from privyseal.actions.house import House, record, sha256_hex
from privyseal.actions.pausing import require_issuing
from privyseal.engine.approval_content import require_approved
from privyseal.engine.signed_statement import SignedStatement, Trust, require_signed, signer_of
from privyseal.model.actor import Actor, ActorKind
from privyseal.model.administrator import Administrator, Credential, Permission, require_held, require_permission
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.errors import Conflict, NotFound, NotPermitted, PrivysealError, Refused, Unavailable
from privyseal.model.identifiers import AdministratorId, ApprovalId, DepartmentId, RequestId
from privyseal.model.organization import Organization, require_active, require_vetted
from privyseal.model.policy import Policy, require_approver
from privyseal.model.request import Request, RequestEvent, RequestKind, RequestState, next_state
from privyseal.model.statement import MAXIMUM_STATEMENT_LIFE, require_current
from privyseal.model.unit import UnitTier
from privyseal.store import administrators, departments, organizations, passkeys, policies, requests, units
from privyseal.store.database import Transaction
from privyseal.store.failpoints import failpoint
from privyseal_wire.errors import WireError
from privyseal_wire.passkey import Signature

K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class SignedApproval:
    """What was handed in: ``signature`` is CMS, or a passkey's assertion, over the content of an approval of ``request_id``."""

    request_id: RequestId
    signature: Signature


@dataclass(frozen=True, slots=True)
class Approved:
    """``is_complete`` says that no further approval is needed and the certificate can be prepared."""

    request_id: RequestId
    approvals: int
    approvals_needed: int

    @property
    def is_complete(self) -> bool:
        """Whether the policy's number of approvals is reached."""
        return self.approvals >= self.approvals_needed


@dataclass(frozen=True, slots=True)
class _Statement:
    """A signature that verifies, and who made it."""

    handed_in: SignedApproval
    signed: SignedStatement


@dataclass(frozen=True, slots=True)
class _Accepted:
    statement: _Statement
    approval: requests.Approval
    approved: Approved


def judge_approvals(house: House, tx: Transaction, slug: str, handed_in: Sequence[SignedApproval]) -> list[Approved | PrivysealError]:
    """Keep every approval that counts; return in order what became of each. Nothing of a refused one is written.

    Refusals are NotFound, Refused (signature, content, expiry, replay), NotPermitted (role, own request) and Conflict (state,
    second approval by one person, no units). Raises what concerns all: NotFound, Conflict of the organization, Unavailable.
    """
    organization = organizations.require(tx, slug)
    require_active(organization)
    require_issuing(house, tx, organization)
    bench = _Bench(house, tx, organization)
    opened = [bench.attempt(bench.open, item) for item in handed_in]
    bench.lock([item.handed_in.request_id for item in opened if isinstance(item, _Statement)])
    judged = [bench.attempt(bench.judge, item) if isinstance(item, _Statement) else item for item in opened]
    _keep(house, tx, organization, [item for item in judged if isinstance(item, _Accepted)])
    failpoint("approve.before-commit")
    return [item.approved if isinstance(item, _Accepted) else item for item in judged]


class _Bench:
    """Where the approvals of one transaction are judged: rows that they share are read once, accepted ones count at once."""

    def __init__(self, house: House, tx: Transaction, organization: Organization) -> None:
        self._house = house
        self._tx = tx
        self._organization = organization
        self._trust = Trust(house.administrators_authority, organization, house.relying_party)
        self._signers: dict[tuple[str, str], tuple[Administrator, Credential] | None] = {}
        self._policies: dict[tuple[str, int], Policy] = {}
        self._units_left: dict[UnitTier, int] = {}
        self._paths: dict[DepartmentId | None, str] = {}
        self._people: dict[AdministratorId, Administrator | None] = {}
        self._requests: dict[RequestId, Request] = {}
        self._decided: dict[RequestId, RequestState] = {}
        self._earlier: dict[RequestId, list[requests.Approval]] = {}

    def attempt(self, work: Callable[[K], V], item: K) -> V | PrivysealError:
        """Return what ``work`` returns, or the refusal that it raises; raises Unavailable, which concerns all."""
        try:
            return work(item)
        except Unavailable:
            raise
        except PrivysealError as refusal:
            return refusal
        except WireError as error:
            return Refused(error.kind, error.sentence)

    def open(self, item: SignedApproval) -> _Statement:
        """Verify a signature."""
        named = signer_of(item.signature)
        if named not in self._signers:
            self._signers[named] = passkeys.by_signer(self._tx, *named)
        signed = require_signed(item.signature, self._signers[named], self._trust, self._tx.now)
        require_held(signed.person, Permission.APPROVE)
        return _Statement(item, signed)

    def lock(self, request_ids: Sequence[RequestId]) -> None:
        """Lock these requests, then read who approved them: who comes second has waited and sees what the first one stored."""
        self._requests = requests.lock(self._tx, self._organization.id, request_ids) if request_ids else {}
        self._earlier = requests.approvals_of(self._tx, list(self._requests)) if self._requests else {}

    def judge(self, statement: _Statement) -> _Accepted:
        """Accept an approval, or raise why not."""
        house, tx, signed = self._house, self._tx, statement.signed
        approver = signed.person
        request = self._requests.get(statement.handed_in.request_id)
        if request is None:
            raise NotFound("not-found", "There is no such request in your organization.")
        self._require_reach(approver, request)
        policy, service, slug = self._policy(request), house.service.service_id, self._organization.slug
        require_vetted(self._organization, policy.tier, tx.now)
        expires_at = require_approved(signed.content, request, policy, service=service, organization=slug, approver=approver.id)
        require_current(expires_at, tx.now, MAXIMUM_STATEMENT_LIFE)
        content_sha256 = signed.content_sha256
        require_approver(policy, approver, by_passkey=signed.assertion is not None)
        before = self._require_turn(request, approver, policy, content_sha256)
        passkeys.require_use(tx, signed.assertion)
        approved = Approved(request.id, before + 1, policy.approvals)
        approval = requests.Approval(
            id=ApprovalId(house.id("apr", tx.now)),
            request_id=request.id,
            administrator_id=approver.id,
            decision="approve",
            content=signed.content,
            content_sha256=content_sha256,
            signature=signed.signature,
            credential_sha256=signed.credential.certificate_sha256,
            expires_at=expires_at,
            at=tx.now,
        )
        self._earlier[request.id].append(approval)
        if approved.is_complete:
            self._decided[request.id] = next_state(request.state, RequestEvent.APPROVE)
            if request.kind is RequestKind.NEW:
                self._units_left[UnitTier(request.unit_tier)] -= 1
        return _Accepted(statement, approval, approved)

    def _require_reach(self, approver: Administrator, request: Request) -> None:
        """Raise NotFound for a request that the approver may not even see, NotPermitted for one that he may see alone (I19)."""
        path = self._path(request)
        if not approver.may(Permission.READ, path):
            raise NotFound("not-found", "There is no such request in your organization.")
        require_permission(approver, Permission.APPROVE, path)

    def _path(self, request: Request) -> str:
        if request.department_id not in self._paths:
            self._paths[request.department_id] = departments.path_of(self._tx, request.department_id)
        return self._paths[request.department_id]

    def _policy(self, request: Request) -> Policy:
        key = (request.policy_id, request.policy_version)
        if key not in self._policies:
            self._policies[key], _ = policies.get(self._tx, *key)
        return self._policies[key]

    def _require_turn(self, request: Request, approver: Administrator, policy: Policy, content_sha256: str) -> int:
        """Return how many others approved it before; raises unless this approver may approve it now."""
        if approver.email.casefold() == request.contact_email.casefold() or request.requester_id == approver.id:
            raise NotPermitted("own-request", "Nobody approves a request of his own. Ask another administrator of your organization.")
        if policy.approvals < 1:
            raise Refused("policy", "The policy of this request asks for no approval, which no policy may do.")
        earlier = self._earlier[request.id]
        if any(approval.content_sha256 == content_sha256 for approval in earlier):
            raise Refused("approval-replayed", "Exactly this approval was used before. Sign a new one.")
        next_state(self._decided.get(request.id, request.state), RequestEvent.APPROVE)
        current = {approval.administrator_id for approval in earlier if self._counts(approval, request)}
        if approver.id in current:
            raise Conflict("already-approved", f"{approver.name} has approved this request already; it needs another person's approval.")
        if request.kind is RequestKind.NEW and self._left(UnitTier(request.unit_tier)) < 1:
            sentence = f"There is no {request.unit_tier} unit left. Order more units; then approve the request again."
            raise Conflict("no-units", sentence)
        return len(current)

    def _counts(self, approval: requests.Approval, request: Request) -> bool:
        """Tell whether an earlier approval still counts: not void, not expired, and its giver may still approve this request."""
        if not approval.is_current(self._tx.now):
            return False
        if approval.administrator_id not in self._people:
            self._people[approval.administrator_id] = administrators.get(self._tx, approval.administrator_id)
        giver = self._people[approval.administrator_id]
        return giver is not None and giver.may(Permission.APPROVE, self._path(request))

    def _left(self, tier: UnitTier) -> int:
        if tier not in self._units_left:
            self._units_left[tier] = units.balance(self._tx, self._organization.id, tier).available
        return self._units_left[tier]


def _keep(house: House, tx: Transaction, organization: Organization, accepted: Sequence[_Accepted]) -> None:
    """Write what was accepted; raises Conflict when a request is not where it was judged to be, and then nothing is kept."""
    if not accepted:
        return
    complete = [item.approved.request_id for item in accepted if item.approved.is_complete]
    waiting = [item.approved.request_id for item in accepted if not item.approved.is_complete]
    touched = requests.touch(tx, waiting, RequestEvent.APPROVE) if waiting else []
    moved = requests.happen(tx, complete, RequestEvent.APPROVE) if complete else []
    if {*touched, *moved} != {*waiting, *complete}:
        raise Conflict("request-state", "Somebody else just decided this request. Look at it again.")
    requests.insert_approvals(tx, [item.approval for item in accepted])
    events: dict[Actor, list[AuditEvent]] = {}
    for item in accepted:
        approval, credential_sha256 = item.approval, item.approval.credential_sha256
        signer = Actor(ActorKind.ADMINISTRATOR, approval.administrator_id, organization.id, credential_sha256)
        evidence = (approval.content_sha256, sha256_hex(approval.signature))
        event = AuditEvent("approve-request", Outcome.DONE, "request", approval.request_id, approval.content_sha256, evidence=evidence)
        events.setdefault(signer, []).append(event)
    for signer, written in events.items():
        record(house, tx, signer, organization.slug, *written)
