"""How a CA is paused and goes on, and what an entrance asks before it lets anybody approve or prepare anything.

No action. ``judge`` and ``apply`` are what a change of the kind ``authority`` means (changing_kinds). What stands here is for
entrances, which believe the newest version; the issuer process asks for more (authority_proof), and it alone decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from privyseal.actions.house import TEST_ISSUING, House, record
from privyseal.engine.authority import Authority
from privyseal.model.actor import Actor
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.authority_state import AuthorityState, judge_authority_state, paused, require_altered, require_pausable
from privyseal.model.change import Change, Proposal
from privyseal.model.errors import Conflict, Refused
from privyseal.model.identifiers import RequestId
from privyseal.model.organization import Organization
from privyseal.store import authorities, authority_states, organizations, requests
from privyseal.store.authorities import StoredAuthority
from privyseal.store.database import Transaction

PAUSED_OR_RESUMED: Final = "change-authority"
"""The action of the entry that each version of a CA's state leaves in the provider's log, under the short name of the CA."""


def newest_version(tx: Transaction, _side: object, proposal: Proposal) -> int:
    """Return the version that holds now of what is proposed; 0 for a CA that was never paused. Raises as :func:`judge`."""
    known = authority_states.newest(tx, _authority(tx, judge_authority_state(proposal.value, tx.now).authority).id)
    return known[0].version if known else 0


def judge(tx: Transaction, _side: object, proposal: Proposal) -> AuthorityState:
    """Return the state that is proposed.

    Raises Refused (``authority-state``, ``authority-not-paused``), Conflict ``authority-unchanged``.
    """
    state = judge_authority_state(proposal.value, tx.now)
    authority = _authority(tx, state.authority)
    if state.authority != proposal.subject or state.version != proposal.base + 1:
        raise Refused("authority-state", "The state is of another CA or version than the change says.", field="reason")
    require_pausable(authority.slug, authority.kind)
    known = authority_states.newest(tx, authority.id)
    require_altered(known[0] if known else None, state)
    return state


def apply(house: House, tx: Transaction, side: object, actor: Actor, change: Change, proposal: Proposal) -> None:
    """Pause the CA or let it go on; raises as :func:`judge`, Conflict ``change-overtaken``."""
    state = judge(tx, side, proposal)
    if not authority_states.insert(tx, _authority(tx, state.authority).id, state, change.id):
        raise Conflict("change-overtaken", f"The CA {state.authority} was just paused or let go on by somebody else.")
    said = f"version {state.version}: {'goes on' if state.issues else 'paused'}"
    record(house, tx, actor, "", AuditEvent(PAUSED_OR_RESUMED, Outcome.DONE, "ca", state.authority, change.content_sha256, said))


def _authority(tx: Transaction, slug: str) -> StoredAuthority:
    known = authorities.by_slug(tx, slug)
    if known is None:
        raise Refused("authority-state", "This service has no CA of this short name. The page of the CAs shows them.", field="authority")
    return known


def pause_of(house: House, tx: Transaction, organization: Organization) -> AuthorityState | None:
    """Return the pause of the CA that issues to this organization, or None while it issues; one look-up."""
    authority = _issuing(house, organization)
    known = authority_states.newest(tx, authority.id) if authority else None
    return known[0] if known and not known[0].issues else None


def _issuing(house: House, organization: Organization) -> Authority | None:
    # By the record alone: whether the mark of a trial is right is asked where something is certified.
    return house.authorities.get(TEST_ISSUING) if organization.is_trial else house.issuing


def require_issuing(house: House, tx: Transaction, organization: Organization) -> None:
    """Raise Unavailable ``authority-paused`` while the CA that issues to this organization is paused."""
    if pause_of(house, tx, organization) is not None:
        raise paused()


def without_paused(house: House, tx: Transaction, request_ids: Sequence[RequestId]) -> list[RequestId]:
    """Return those of these requests whose CA issues; the others stay as they are and wait. One look-up while no CA is paused."""
    resting = authority_states.paused(tx)
    if not resting:
        return list(request_ids)
    owner_of = {request_id: item.organization_id for request_id, item in requests.get_many(tx, list(request_ids)).items()}
    issuing = {owner: _issuing(house, organizations.get(tx, owner)) for owner in set(owner_of.values())}
    waits = {owner for owner, authority in issuing.items() if authority is not None and authority.id in resting}
    return [request_id for request_id in request_ids if request_id in owner_of and owner_of[request_id] not in waits]
