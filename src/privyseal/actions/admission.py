"""Who may become an administrator of an organization, asked by the entrance and again by the issuer process.

Three ways lead in, and no fourth (architecture section 4): the first administrator comes by the provider's word; every
later one under an existing administrator's signature; and when nobody is left, under the key of the administrators' CA,
which only the operator on the machine can open. The first two beside each other would be a hole, so what proves that
somebody is the first is the organization's audit log, not the rows that an intruder could delete.

Under one signature somebody comes in for reading alone: every role is given by a change that several people sign
(docs/decisions/0022). Who has a certificate with a role already gets the next one with the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from privyseal.actions.house import House, announce, record, sha256_hex
from privyseal.actions.renewing import Place, replaced_place
from privyseal.engine.administrator_id import is_certified
from privyseal.engine.merkle import root_at
from privyseal.engine.phrases import code_hash, new_code
from privyseal.engine.signed_statement import SignedStatement, Trust, require_signed, signer_of, stored_signature
from privyseal.model.actor import Actor, ActorKind
from privyseal.model.administrator import Administrator, AdministratorState, Permission, Role, require_permission
from privyseal.model.audit import AuditEvent, Outcome, organization_log
from privyseal.model.errors import Conflict, NotFound, NotPermitted, Refused, Unavailable
from privyseal.model.fact import FactKind
from privyseal.model.identifiers import InvitationId
from privyseal.model.organization import Organization
from privyseal.model.statement import MAXIMUM_INVITATION_LIFE, require_unexpired
from privyseal.store import administrators, audit, passkeys
from privyseal.store.administrators import Invitation, InvitationStatement
from privyseal.store.database import Transaction
from privyseal_wire.cms import verify_attached
from privyseal_wire.fields import OPERATOR
from privyseal_wire.merkle import leaf_hash, root_from_leaves
from privyseal_wire.passkey import PasskeySigned, Signature
from privyseal_wire.statements import Invitation as SignedInvitation

LINK_LIFE = timedelta(hours=1)
ISSUED, ISSUED_PASSKEY = "issue-administrator-id", "issue-passkey"
"""The actions of the entries that a new credential leaves in the log of its organization."""

USED = "use-invitation"
"""The action of the entry about the signed invitation itself; the issuer issues on none that has one."""

_ISSUED_BYTES = tuple(f'"action":"{action}"'.encode() for action in (ISSUED, ISSUED_PASSKEY))
# Quotation marks inside of a text are escaped in JSON, so these bytes are the field itself.


@dataclass(frozen=True, slots=True)
class Invited:
    """The person, and the one-time code; the code is in the letter and nowhere else."""

    administrator: Administrator
    code: str


@dataclass(frozen=True, slots=True)
class Authorization:
    """A verified invitation: what was signed as it came, by whom (None: the operator), and until when it counts."""

    statement: SignedInvitation
    content: bytes
    signature: bytes
    signed: SignedStatement | None
    expires_at: datetime
    place: Place | None = None

    @property
    def until(self) -> datetime | None:
        """The end of what is replaced, which is that of the new credential; None for a whole life."""
        return self.place.until if self.place else None

    @property
    def signer_sha256(self) -> str:
        """Fingerprint of the signer's credential, or "" for the operator."""
        return self.signed.credential.certificate_sha256 if self.signed else ""

    @property
    def evidence(self) -> tuple[str, str]:
        """SHA-256 of content and signature, for the log."""
        return sha256_hex(self.content), sha256_hex(self.signature)


def verify_invitation(
    house: House, tx: Transaction, organization: Organization, signature: Signature, person: Administrator | None = None
) -> Authorization:
    """Return the invitation into this organization that somebody who may has signed.

    ``person`` is whom the issuer would certify; the entrance leaves him out, and whoever is known by this name is asked about.
    Raises Refused (signature, signer, content, expiry, ``invitation-role``), NotPermitted ``role`` or, when the operator signed
    for an organization that still has administrators, ``administrators-left``; CmsRefused, PasskeyRefused and StatementRefused
    for the form.
    """
    authority = house.administrators_authority
    named = signer_of(signature)
    signed: SignedStatement | None = None
    if not isinstance(signature, PasskeySigned) and named[0] == sha256_hex(authority.root):
        require_nobody_left(tx, organization)
        content, kept = verify_attached(signature, signer_certificate_der=authority.root).content, signature
    else:
        found = passkeys.by_signer(tx, *named)
        signed = require_signed(signature, found, Trust(authority, organization, house.relying_party), tx.now)
        require_permission(signed.person, Permission.MANAGE_ADMINISTRATORS)
        content, kept = signed.content, signed.signature
    statement = SignedInvitation.from_bytes(content)
    claimed = (statement.service, statement.organization, statement.inviter)
    if claimed != (house.service.service_id, organization.slug, signed.person.id if signed else OPERATOR):
        sentence = "What was signed is an invitation by another person, into another organization, or for another service."
        raise Refused("invitation-content", sentence)
    expires_at = require_unexpired(statement.expires, tx.now, MAXIMUM_INVITATION_LIFE)
    if signed is not None:
        _require_reading(house, tx, organization, statement, person)
    return Authorization(statement, content, kept, signed, expires_at)


def _require_reading(
    house: House, tx: Transaction, organization: Organization, statement: SignedInvitation, person: Administrator | None
) -> None:
    """Raise Refused ``invitation-role`` for any role but reading, unless the administrators' CA certified it to this person before.

    A row that says so is not enough: whoever writes the database could put the role there. A role that was taken meanwhile does
    not come back with the certificate, because the log tells that it was taken.
    """
    role = Role(statement.role)
    if role is Role.READ_ONLY:
        return
    known = person or namesake_of(tx, organization, statement.name)
    if known is not None and (known.name, known.email, known.role) == (statement.name, statement.email, role):
        held = administrators.credentials_of(tx, known.id)
        if any(is_certified(house.administrators_authority, item.certificate_der, known, organization.slug) for item in held):
            return
    sentence = (
        "An invitation lets somebody in for reading alone, with the role read-only. Invite the person so, and propose the role "
        "then: a role holds when several people have signed it."
    )
    raise Refused("invitation-role", sentence, field="role")


def namesake_of(tx: Transaction, organization: Organization, name: str) -> Administrator | None:
    """Return the person of this organization who has this full name, in whatever case, or None."""
    return _namesake(administrators.of_organization(tx, organization.id), name)


def _namesake(people: Sequence[Administrator], name: str) -> Administrator | None:
    return next((known for known in people if known.name.casefold() == name.casefold()), None)


def require_nobody_left(tx: Transaction, organization: Organization) -> None:
    """Raise NotPermitted ``administrators-left`` while anybody has an Administrator ID that is neither revoked nor expired."""
    if any(credential.is_usable(tx.now) for credential in administrators.credentials_within(tx, organization.id)):
        sentence = f"Somebody of {organization.name} still has a good Administrator ID and invites others. Nobody else can."
        raise NotPermitted("administrators-left", sentence)


def require_first(tx: Transaction, organization: Organization) -> None:
    """Raise NotPermitted ``organization-decides`` unless nobody ever had an Administrator ID of this organization.

    The log is asked beside the register, and its entries are hashed again: rows that were deleted or changed do not help.
    Raises Unavailable ``evidence-differs`` when the entries are not those of the tree.
    """
    log = organization_log(organization.slug)
    # The head first: where others integrate meanwhile, there are more entries then and never fewer.
    head = audit.newest_checkpoint(tx, log)
    size = head[0] if head else 0
    hashes, known = [], administrators.has_had_any(tx, organization.id)
    for leaf_index, entry in audit.every_entry(tx, log):
        known = known or any(issued in entry for issued in _ISSUED_BYTES)
        if leaf_index is not None:
            hashes.append(leaf_hash(entry))
    if known:
        sentence = f"{organization.name} has had administrators. Further ones come under the signature of one of them."
        raise NotPermitted("organization-decides", sentence)
    if len(hashes) < size or root_from_leaves(hashes[:size]) != _root(tx, log, size):
        sentence = f"The entries of the audit log {log} are not those of its tree. Nobody is let in until this is reconciled."
        raise Unavailable("evidence-differs", sentence, retry_after_seconds=3600)


def _root(tx: Transaction, log: str, size: int) -> bytes:
    try:
        return root_at(size, lambda level, number: audit.node(tx, log, level, number))
    except LookupError:
        return b""


def require_admitted(
    house: House, tx: Transaction, person: Administrator, organization: Organization, invitation: Invitation
) -> Authorization | None:
    """Return what lets this person in by this link, or None for the first administrator of an organization.

    Raises as :func:`verify_invitation` and :func:`require_first`; Refused ``invitation-content`` for another person,
    ``invitation-used`` when an Administrator ID was issued on this invitation already.
    """
    kept = administrators.statement_of(tx, invitation.id)
    if kept is None:
        require_first(tx, organization)
        return None
    authorization = verify_invitation(house, tx, organization, stored_signature(kept.content, kept.signature), person)
    statement = authorization.statement
    if (statement.name, statement.email, statement.role) != (person.name, person.email, person.role.value):
        raise Refused("invitation-content", "Another name, address or role was signed than the one of this person.")
    if audit.of_objects(tx, organization_log(organization.slug), [authorization.evidence[0]]):
        raise Refused("invitation-used", "An Administrator ID was issued on this invitation. Ask whoever invited you for a new one.")
    if statement.replaces is None:
        return authorization
    return replace(authorization, place=replaced_place(tx, person.id, statement.replaces))


def send_link(
    house: House, tx: Transaction, actor: Actor, slug: str, invited: Administrator, authorization: Authorization | None = None
) -> Invited:
    """Enter the person, or find the same one again, and mail a one-time link that is good for an hour.

    Raises Conflict ``name-taken``, Refused ``invitation-replayed`` when exactly this was signed and handed in before.
    """
    replaces = authorization.statement.replaces if authorization is not None else None
    person = _person(tx, invited, replaces)
    code = new_code(house.random_bytes)
    end = tx.now + LINK_LIFE if authorization is None else min(tx.now + LINK_LIFE, authorization.expires_at)
    link = Invitation(InvitationId(house.id("inv", tx.now)), person.id, code_hash(code), tx.now, end, None, None)
    administrators.insert_invitation(tx, link)
    if authorization is not None:
        _keep(tx, link, authorization)
        if authorization.signed is not None:
            signer = authorization.signed.person
            actor = Actor(ActorKind.ADMINISTRATOR, signer.id, signer.organization_id, authorization.signer_sha256)
    evidence = () if authorization is None else authorization.evidence
    event = AuditEvent("invite-administrator", Outcome.DONE, "administrator", person.id, reason=person.role.value, evidence=evidence)
    record(house, tx, actor, slug, event)
    announce(house, tx, FactKind.ADMINISTRATOR_INVITED, {"organization": slug, "administrator": person.id, "code": code})
    return Invited(person, code)


def _keep(tx: Transaction, link: Invitation, authorization: Authorization) -> None:
    digest = authorization.evidence[0]
    kept = InvitationStatement(digest, link.id, authorization.content, authorization.signature, authorization.signer_sha256, tx.now)
    if not administrators.insert_statement(tx, kept):
        raise Refused("invitation-replayed", "Exactly this invitation was handed in before. Sign a new one.")


def _person(tx: Transaction, invited: Administrator, replaces: str | None) -> Administrator:
    """Add the person, or return the same one: who missed the hour, lost the Administrator ID, or whose one ends soon.

    For a replacement the person is known already; raises as ``replaced_place``, and Conflict ``link-pending``.
    """
    namesake = _namesake(administrators.of_organization(tx, invited.organization_id), invited.name)
    if namesake is None and replaces is not None:
        raise NotFound("replaced", "There is no such Administrator ID of this person.")
    if namesake is None:
        return administrators.insert(tx, invited)
    is_known = (namesake.name, namesake.email) == (invited.name, invited.email)
    if is_known and namesake.state is AdministratorState.INVITED and not administrators.credentials_of(tx, namesake.id):
        return namesake if namesake.role is invited.role else administrators.enter_as(tx, namesake, invited.role)
    if is_known and namesake.role is not invited.role and namesake.state is not AdministratorState.REMOVED:
        sentence = f"{namesake.name} came in with the role {namesake.role.value}. Invite the same person again with that role."
        raise Conflict("name-taken", sentence)
    if not is_known or namesake.state is AdministratorState.REMOVED:
        raise Conflict("name-taken", f"There is an administrator {invited.name} already; the full name must differ from every other one's.")
    if replaces is not None:
        replaced_place(tx, namesake.id, replaces)
        if administrators.has_open_invitation(tx, namesake.id):
            sentence = f"{namesake.name} has a one-time link that is still good. Wait until it is used, or has ended after an hour."
            raise Conflict("link-pending", sentence)
    elif not all(credential.may_be_renewed(tx.now) for credential in administrators.credentials_of(tx, namesake.id)):
        sentence = (
            f"{namesake.name} has an Administrator ID. It is renewed in the last 60 days of its life; revoke it first when it is lost."
        )
        raise Conflict("name-taken", sentence)
    return namesake
