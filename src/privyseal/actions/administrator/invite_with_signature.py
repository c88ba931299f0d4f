"""Invite an administrator under a signed ``privyseal.invitation.v1`` (architecture section 4).

An administrator of the organization signs it; or, when none is left, the operator on the machine with the key of the
administrators' CA. Durable after it: the bytes and the signature as they came, the person, the one-time link. The issuer
process verifies all of it again before it issues the Administrator ID.
"""

from __future__ import annotations

from privyseal.actions.admission import Authorization, Invited, send_link, verify_invitation
from privyseal.actions.house import House, announce, record
from privyseal.engine.names import normalize_email
from privyseal.model.actor import Actor
from privyseal.model.administrator import Administrator, AdministratorState, Role
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.errors import Refused
from privyseal.model.fact import FactKind
from privyseal.model.identifiers import AdministratorId
from privyseal.model.organization import Organization, require_active
from privyseal.model.request import require_text
from privyseal.store import organizations, passkeys
from privyseal.store.database import Transaction
from privyseal_wire.passkey import Signature


def invite_with_signature(house: House, tx: Transaction, actor: Actor, slug: str, signature: Signature) -> Invited:
    """Add the person who was signed for, or find the same one again, and a one-time link.

    ``actor`` is whoever carried the signature here; who invites is whoever signed. Raises NotFound, Refused (signature,
    signer, content, expiry, replay), NotPermitted (role, administrators left), Conflict ``name-taken``.
    """
    organization = organizations.require(tx, slug)
    require_active(organization)
    authorization = verify_invitation(house, tx, organization, signature)
    if authorization.signed is not None:
        passkeys.require_use(tx, authorization.signed.assertion)
    invited = send_link(house, tx, actor, slug, _nominee(house, tx, organization, authorization), authorization)
    if authorization.signed is None:
        _tell_aloud(house, tx, actor, slug, invited.administrator, authorization)
    return invited


def _nominee(house: House, tx: Transaction, organization: Organization, authorization: Authorization) -> Administrator:
    statement = authorization.statement
    # What is signed stands in the certificate letter by letter, so another spelling is refused, not mended.
    if require_text("name", statement.name, 64) != statement.name or normalize_email(statement.email) != statement.email:
        raise Refused("invitation-content", "The name or the address is not written as an Administrator ID carries it.")
    return Administrator(
        id=AdministratorId(house.id("adm", tx.now)),
        organization_id=organization.id,
        name=statement.name,
        email=statement.email,
        role=Role(statement.role),
        state=AdministratorState.INVITED,
        created_at=tx.now,
    )


def _tell_aloud(house: House, tx: Transaction, actor: Actor, slug: str, person: Administrator, authorization: Authorization) -> None:
    """Let nobody overlook that somebody came in without a colleague's signature: both logs, and a letter before it is used."""
    event = AuditEvent(
        "replace-last-administrator", Outcome.DONE, "administrator", person.id, reason=person.role.value, evidence=authorization.evidence
    )
    record(house, tx, actor, slug, event)
    record(house, tx, actor, "", event)
    announce(house, tx, FactKind.LAST_ADMINISTRATOR_REPLACED, {"organization": slug, "administrator": person.id})
