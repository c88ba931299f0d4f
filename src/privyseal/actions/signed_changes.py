"""Who really signed a change, judged from what was signed, by what the administrators' CA says and what gave people their roles.

No action, but what the issuer process asks before it believes a policy version or a role that came by a change. What counts is
the right of that time: people leave and change their roles while what they decided goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TypeAlias

from privyseal.actions.changing_kinds import concerned
from privyseal.actions.house import House, sha256_hex
from privyseal.engine.administrator_id import Bearer, read_bearer
from privyseal.engine.signed_statement import verify_stored
from privyseal.model.administrator import Administrator, Credential, Permission
from privyseal.model.change import CHANGE_LIFE, PROVIDER, Change, ChangeSignature, Decision, Proposal, right_of
from privyseal.model.errors import PrivysealError
from privyseal.model.organization import Organization
from privyseal.store import administrators, changes
from privyseal.store.database import Transaction
from privyseal_wire.errors import WireError
from privyseal_wire.statements import Change as Statement

HeldAt: TypeAlias = Callable[[Administrator, Permission, datetime], bool]
"""Whether a person, whose Administrator ID was verified, held a right throughout the organization at a moment."""


def flaw_of(
    house: House, tx: Transaction, organization: Organization | None, change: Change, proposal: Proposal, held_at: HeldAt
) -> str | None:
    """Return in words what is missing for this change to hold, as the end of a sentence; None for one that holds.

    ``organization`` None is the provider. ``proposal`` is what the content of the change says. As many different people as it says
    signed exactly it; where that are fewer than this process wants, nobody else may have held the right in that time, with whatever
    credential.
    """
    jury = _Jury(house, tx, organization, right_of(proposal.kind, of_provider=organization is None), held_at)
    signers: dict[str, datetime] = {}
    for kept in changes.signatures_of(tx, change.id):
        end = jury.signed_until(change, proposal, kept) if kept.decision is Decision.SIGN else None
        if end is not None:
            signers[kept.administrator_id] = end
    if len(signers) < proposal.quorum:
        return f"{proposal.quorum} people have to have signed it, and {len(signers)} did"
    configured = house.quorum(proposal.kind)
    if proposal.quorum < configured and jury.has_others({*signers, concerned(proposal)}, max(signers.values())):
        return f"{configured} people had to sign it, and {proposal.quorum} did although others hold the right"
    return None


class _Jury:
    """Judges the signatures under the changes of one organization, or of the provider (None), that need one right."""

    def __init__(self, house: House, tx: Transaction, organization: Organization | None, right: Permission, held_at: HeldAt) -> None:
        self._house = house
        self._tx = tx
        self._organization_id = organization.id if organization else None
        self._slug = organization.slug if organization else ""
        self._right = right
        self._held_at = held_at

    def signed_until(self, change: Change, proposal: Proposal, kept: ChangeSignature) -> datetime | None:
        """Return when the statement of a signature ends; None for a signature that does not count."""
        known = administrators.by_certificate(self._tx, kept.credential_sha256)
        bearer = self._bearer(*known) if known else None
        if known is None or bearer is None or bearer.person != kept.administrator_id or bearer.person == concerned(proposal):
            return None
        person, credential = known
        try:
            statement = Statement.from_bytes(verify_stored(kept.content, kept.signature, credential, self._house.relying_party))
        except (PrivysealError, WireError):
            return None
        said = (statement.service, statement.organization, statement.change, statement.kind, statement.content_sha256, statement.decision)
        digest = sha256_hex(change.content)
        service, side = self._house.service.service_id, self._slug or PROVIDER
        meant = (service, side, change.id, proposal.kind.value, digest, Decision.SIGN.value)
        if said != meant or statement.signer != bearer.person:
            return None
        ends = statement.expires_at
        begun = ends - CHANGE_LIFE
        is_revoked = credential.revoked_at is not None and credential.revoked_at <= begun
        if bearer.not_before >= ends or begun > bearer.not_after or is_revoked:
            return None
        return ends if self._held_at(person, self._right, kept.at) else None

    def has_others(self, signers: set[str], until: datetime) -> bool:
        """Tell whether somebody beside the signers held the right when they may have begun to sign, and holds it still.

        What became of his credentials does not matter, as it does not where a change is proposed: neither an end that somebody
        wrote into a row nor a card that a colleague revoked makes one signature enough.
        """
        begun = until - CHANGE_LIFE
        for person in administrators.of_organization(self._tx, self._organization_id):
            if person.id in signers or not person.may(self._right):
                continue
            held = administrators.credentials_of(self._tx, person.id)
            if any(self._was_certified(person, item, begun) for item in held) and self._held_at(person, self._right, begun):
                return True
        return False

    def _was_certified(self, person: Administrator, credential: Credential, moment: datetime) -> bool:
        bearer = self._bearer(person, credential)
        return bearer is not None and bearer.not_before <= moment

    def _bearer(self, person: Administrator, credential: Credential) -> Bearer | None:
        """Return whom a certificate names, if it is this person of this side in the role that the register has."""
        bearer = read_bearer(self._house.administrators_authority, credential.certificate_der)
        if bearer is None or (bearer.organization, bearer.person, bearer.role) != (self._slug, person.id, person.role):
            return None
        return bearer
