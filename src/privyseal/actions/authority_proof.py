"""Whether a CA may issue, asked by the issuer process, which believes no row that lets a paused CA go on unless people signed it.

A row that pauses is always believed: stopping is the safe direction. That a CA goes on is believed when the change it came by was
signed by as many people of the provider as it says, each with a certificate of the administrators' CA. The provider's log tells
how many versions there were, so that deleting the row of a pause does not end it either.
"""

from __future__ import annotations

import json

from privyseal.actions.entitlement import Entitlements
from privyseal.actions.house import House
from privyseal.actions.pausing import PAUSED_OR_RESUMED
from privyseal.actions.signed_changes import flaw_of
from privyseal.engine.authority import Authority
from privyseal.model.audit import PROVIDER_LOG
from privyseal.model.authority_state import RETRY_SECONDS, AuthorityState, authority_content, paused
from privyseal.model.change import ChangeKind, read_content
from privyseal.model.errors import PrivysealError, Unavailable
from privyseal.model.identifiers import ChangeId
from privyseal.store import audit, authority_states, changes
from privyseal.store.database import Transaction
from privyseal_wire.canonical import canonical_bytes, parse_canonical
from privyseal_wire.errors import WireError


def require_issuing_proven(house: House, tx: Transaction, authority: Authority) -> None:
    """Raise Unavailable ``authority-paused`` while this CA is paused, ``authority-unproven`` where nobody who may let it go on."""
    # The log first: on PostgreSQL a pause may commit between the two, and is then seen as a pause, not as a row that is missing.
    told = _versions_in_log(tx, authority)
    newest = authority_states.newest(tx, authority.id)
    if newest is not None and not newest[0].issues:
        raise paused()
    if (newest[0].version if newest else 0) < told:
        raise _unproven(authority, "the audit log tells of a later decision than the register")
    if newest is not None:
        _require_signed(house, tx, authority, *newest)


def _versions_in_log(tx: Transaction, authority: Authority) -> int:
    entries = map(json.loads, audit.of_objects(tx, PROVIDER_LOG, [authority.slug]))
    return sum(1 for entry in entries if (entry["action"], entry["outcome"]) == (PAUSED_OR_RESUMED, "done"))


def _require_signed(house: House, tx: Transaction, authority: Authority, state: AuthorityState, change_id: ChangeId) -> None:
    change = changes.get(tx, change_id)
    if change is None or change.organization_id is not None:
        raise _unproven(authority, "the change that it came by is missing")
    try:
        proposal = read_content(parse_canonical(change.content))
        meant = authority_content(authority.slug, state.version, state.reason, issues=True)
        if proposal.kind is not ChangeKind.AUTHORITY or canonical_bytes(proposal.value) != canonical_bytes(meant):
            raise _unproven(authority, "what was signed is something else")
        flaw = flaw_of(house, tx, None, change, proposal, Entitlements(house, tx, None).held_at)
    except WireError as error:
        raise _unproven(authority, f"its change cannot be read ({error.kind})") from error
    except Unavailable:
        raise
    except PrivysealError as error:
        raise _unproven(authority, f"its change cannot be judged ({error.kind})") from error
    if flaw is not None:
        raise _unproven(authority, flaw)


def _unproven(authority: Authority, what: str) -> Unavailable:
    sentence = f"Nobody who may decided that the CA {authority.slug} goes on: {what}. Nothing is issued by it. Tell your provider."
    return Unavailable("authority-unproven", sentence, retry_after_seconds=RETRY_SECONDS)
