"""Changes under dual control, and the policies that they make: what is signed is made by the caller, and decides."""

from __future__ import annotations

import json

from fastapi import APIRouter

from privyseal.actions.change.answer_change import answer_change
from privyseal.actions.change.propose_change import propose_change
from privyseal.actions.changing import counted, holders_of, needed_now, needed_of
from privyseal.actions.changing_kinds import KINDS, Side, concerned, judge_policy, proposal_of
from privyseal.actions.house import About, House, perform
from privyseal.doors.rest.access import described, holder, provider
from privyseal.doors.rest.addresses import After, ChangePath, Limit, Person, PolicyPath, Slug, VersionPath
from privyseal.doors.rest.authentication import Caller, CallerOf, Context
from privyseal.doors.rest.bodies import ProposalBody, SignatureBody
from privyseal.doors.rest.documents import (
    ChangeDocument,
    ChangePage,
    DifferenceDocument,
    HinderedDocument,
    PolicyVersion,
    PolicyVersions,
    SignerDocument,
)
from privyseal.doors.rest.reading import read, read_of_provider
from privyseal.model.administrator import Permission
from privyseal.model.change import Change, ChangeKind, ChangeState, Decision, belongs
from privyseal.model.errors import NotFound, Refused
from privyseal.model.identifiers import ChangeId
from privyseal.model.organization import Organization
from privyseal.model.policy import Policy, policy_content
from privyseal.model.policy_difference import differences
from privyseal.model.policy_draft import PRESETS, preset_content
from privyseal.model.statement import utc_text
from privyseal.reception.signatures import read_message
from privyseal.store import administrators, changes, policies
from privyseal.store.database import Transaction
from privyseal_wire.errors import WireError

router = APIRouter(tags=["Changes and policies"])


@router.get("/organizations/{org}/policies", **described(holder(Permission.READ), 403))
def list_policies(org: Slug, context: Context, caller: CallerOf) -> PolicyVersions:
    """List every version of every policy with its content, by name, the newest version first."""

    def work(tx: Transaction, organization: Organization) -> PolicyVersions:
        presets = {name: preset_content(draft, organization.id, tx.now) for name, draft in PRESETS.items()}
        return PolicyVersions(items=[_version(tx, policy) for policy in policies.versions_of(tx, organization.id)], presets=presets)

    return read(context, caller, About("show-policy", org, "policy", "all"), Permission.READ, work)


@router.get("/organizations/{org}/policies/{policy}/versions/{version}", **described(holder(Permission.READ), 403))
def show_policy_version(org: Slug, policy: PolicyPath, version: VersionPath, context: Context, caller: CallerOf) -> PolicyVersion:
    """Show one version with its content, which its checksum covers."""

    def work(tx: Transaction, organization: Organization) -> PolicyVersion:
        for known in policies.versions_of(tx, organization.id):
            if (known.name, known.version) == (policy, version):
                return _version(tx, known)
        raise NotFound("not-found", "There is no such version of a policy.")

    return read(context, caller, About("show-policy", org, "policy", "version"), Permission.READ, work)


def _version(tx: Transaction, policy: Policy) -> PolicyVersion:
    _, content = policies.get(tx, policy.id, policy.version)
    return PolicyVersion(
        id=policy.id,
        name=policy.name,
        version=policy.version,
        sha256=policy.sha256,
        change=policies.change_of(tx, policy.id, policy.version),
        created_at=utc_text(policy.created_at),
        content=json.loads(content),
        meaning=policy_content(policy),
    )


@router.get("/organizations/{org}/changes", **described(holder(Permission.READ), 403))
def list_changes(
    org: Slug, context: Context, caller: CallerOf, after: After = "", limit: Limit = 50, administrator: Person = ""
) -> ChangePage:
    """List the changes of the organization, the newest first, and how many people have to sign one that is proposed now.

    With an `administrator` the numbers are those of a change of this person's roles, which the person does not sign.
    """

    def work(tx: Transaction, organization: Organization) -> ChangePage:
        return _page(context.house, tx, Side(organization), after, limit, administrator)

    return read(context, caller, About("list-changes", org, "organization", org), Permission.READ, work)


@router.get("/organizations/{org}/changes/{change_id}", **described(holder(Permission.READ), 403))
def show_change(org: Slug, change_id: ChangePath, context: Context, caller: CallerOf) -> ChangeDocument:
    """Show a change: what is signed, what differs from the version before, who signed, how many are missing."""
    return _shown(context.house, caller, context, org, change_id, Permission.READ)


@router.post("/organizations/{org}/changes", status_code=201, **described(holder(Permission.READ), 403, 409, post=True))
def propose(org: Slug, body: ProposalBody, context: Context, caller: CallerOf) -> ChangeDocument:
    """Propose a change: its content, and the signature of whoever proposes it over a `privyseal.change.v1` about this content.

    The signature counts as the first one, and decides, not who carries it.
    """
    about = About("propose-change", org, "change", "new")
    read(context, caller, about, Permission.READ, lambda _tx, organization: organization)
    return _proposed(context, caller, about, body)


@router.post("/organizations/{org}/changes/{change_id}/answers", **described(holder(Permission.READ), 403, 409, post=True))
def answer(org: Slug, change_id: ChangePath, body: SignatureBody, context: Context, caller: CallerOf) -> ChangeDocument:
    """Hand in a signed `privyseal.change.v1`: it says whether the change is signed, refused or taken back.

    With the last signature that is needed the change holds before the answer.
    """
    about = About("answer-change", org, "change", change_id)
    read(context, caller, about, Permission.READ, lambda _tx, organization: organization)
    return _answered(context, caller, about, ChangeId(change_id), body)


@router.get("/provider/changes", **described(provider(Permission.READ), 403))
def list_provider_changes(
    context: Context, caller: CallerOf, after: After = "", limit: Limit = 50, administrator: Person = ""
) -> ChangePage:
    """List the provider's own changes, of prices for example, the newest first."""
    about = About("list-changes", "", "service", "changes")

    def work(tx: Transaction) -> ChangePage:
        return _page(context.house, tx, Side(None), after, limit, administrator)

    return read_of_provider(context, caller, about, Permission.READ, work)


@router.get("/provider/changes/{change_id}", **described(provider(Permission.READ), 403))
def show_provider_change(change_id: ChangePath, context: Context, caller: CallerOf) -> ChangeDocument:
    """Show a change of the provider."""
    return _shown(context.house, caller, context, "", change_id, Permission.READ)


@router.post("/provider/changes", status_code=201, **described(provider(Permission.READ), 403, 409, post=True))
def propose_of_provider(body: ProposalBody, context: Context, caller: CallerOf) -> ChangeDocument:
    """Propose a change of the provider, signed as for an organization; `organization` in the statement is `provider`."""
    about = About("propose-change", "", "change", "new")
    read_of_provider(context, caller, about, Permission.READ, lambda _tx: None)
    return _proposed(context, caller, about, body)


@router.post("/provider/changes/{change_id}/answers", **described(provider(Permission.READ), 403, 409, post=True))
def answer_of_provider(change_id: ChangePath, body: SignatureBody, context: Context, caller: CallerOf) -> ChangeDocument:
    """Sign, refuse or take back a change of the provider."""
    about = About("answer-change", "", "change", change_id)
    read_of_provider(context, caller, about, Permission.READ, lambda _tx: None)
    return _answered(context, caller, about, ChangeId(change_id), body)


def _proposed(context: Context, caller: Caller, about: About, body: ProposalBody) -> ChangeDocument:
    signature = read_message(body.signature, "signature")
    content = body.content.encode("utf-8", "surrogateescape")
    answered = perform(context.house, caller.actor, about, propose_change, about.organization, content, signature)
    return _shown(context.house, caller, context, about.organization, answered.change.id, None)


def _answered(context: Context, caller: Caller, about: About, change_id: ChangeId, body: SignatureBody) -> ChangeDocument:
    signature = read_message(body.signature, "signature")
    perform(context.house, caller.actor, about, answer_change, about.organization, change_id, signature)
    return _shown(context.house, caller, context, about.organization, change_id, None)


def _shown(house: House, caller: Caller, context: Context, slug: str, change_id: str, permission: Permission | None) -> ChangeDocument:
    about = About("show-change", slug, "change", change_id)

    def work(tx: Transaction, side: Side) -> ChangeDocument:
        change = changes.get(tx, ChangeId(change_id))
        if change is None or change.organization_id != (side.organization.id if side.organization else None):
            raise NotFound("not-found", "There is no such change.")
        return _document(house, tx, side, change)

    if slug:
        return read(context, caller, about, permission, lambda tx, organization: work(tx, Side(organization)))
    return read_of_provider(context, caller, about, Permission.READ, lambda tx: work(tx, Side(None)))


def _page(house: House, tx: Transaction, side: Side, after: str, limit: int, person: str) -> ChangePage:
    found = changes.page(tx, side.organization.id if side.organization else None, after=after, limit=limit + 1)
    kinds = [kind for kind in KINDS if belongs(kind, to_provider=side.organization is None)]
    return ChangePage(
        items=[_document(house, tx, side, change) for change in found[:limit]],
        next=found[limit - 1].id if len(found) > limit else "",
        signatures_needed={kind.value: needed_now(house, tx, side, kind, person if kind is ChangeKind.ROLE else "") for kind in kinds},
    )


def _document(house: House, tx: Transaction, side: Side, change: Change) -> ChangeDocument:
    kept = changes.signatures_of(tx, change.id)
    names = administrators.names_of(tx, [change.proposer_id, *(item.administrator_id for item in kept)])
    standing = change.standing(tx.now)
    is_open = standing is ChangeState.OPEN
    count = counted(house, tx, side, change) if is_open else {item.administrator_id for item in kept if item.decision is Decision.SIGN}
    about = concerned(proposal_of(change.content))
    holders = holders_of(tx, side, change.kind, about) if is_open else []
    needed = max(change.quorum, needed_of(house, change.kind, holders)) if is_open else change.quorum
    return ChangeDocument(
        id=change.id,
        kind=change.kind.value,
        subject=change.subject,
        base=change.base,
        state=standing.value,
        reason=change.reason,
        proposer=change.proposer_id,
        proposer_name=names.get(change.proposer_id, ""),
        signatures_needed=needed,
        signatures_missing=max(0, needed - len(count)) if is_open else 0,
        cannot_sign=[
            HinderedDocument(administrator=item.person.id, name=item.person.name, why=item.hindrance.value)
            for item in holders
            if item.hindrance is not None
        ],
        answers=[
            SignerDocument(
                administrator=item.administrator_id,
                name=names.get(item.administrator_id, ""),
                decision=item.decision.value,
                counts=item.decision is Decision.SIGN and item.administrator_id in count,
                at=utc_text(item.at),
            )
            for item in kept
        ],
        created_at=utc_text(change.created_at),
        expires_at=utc_text(change.expires_at),
        closed_at=utc_text(change.closed_at) if change.closed_at else None,
        content=change.content.decode(),
        content_sha256=change.content_sha256,
        differences=_differences(tx, side, change),
    )


def _differences(tx: Transaction, side: Side, change: Change) -> list[DifferenceDocument]:
    if change.kind is not ChangeKind.POLICY or side.organization is None or change.standing(tx.now) is not ChangeState.OPEN:
        return []
    try:
        after = judge_policy(tx, side, proposal_of(change.content))
    except (Refused, WireError):
        return []
    before = policies.newest(tx, side.organization.id, change.subject)
    return [DifferenceDocument(field=item.field, before=item.before, after=item.after) for item in differences(before, after)]
