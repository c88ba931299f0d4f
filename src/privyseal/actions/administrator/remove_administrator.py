"""Remove a person under the signature of somebody else who may: every role ends, every credential is revoked, nothing is deleted.

From then on no session, no connection, no event stream and no earlier approval of his counts; each is asked from the database.
"""

from __future__ import annotations

from privyseal.actions.assigning import able_besides, assigning_right, hold, require_left, require_person
from privyseal.actions.house import House, announce, record
from privyseal.actions.withdrawing import withdraw
from privyseal.engine.signed_statement import Trust, require_signed, signer_of
from privyseal.model.actor import Actor, ActorKind
from privyseal.model.administrator import Administrator, AdministratorState, require_permission
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.errors import Conflict, NotPermitted, Refused
from privyseal.model.fact import FactKind
from privyseal.model.identifiers import AdministratorId
from privyseal.model.revocation import RevocationReason
from privyseal.model.session import PROVIDER_AUDIENCE
from privyseal.model.statement import MAXIMUM_ASSIGNMENT_LIFE, require_unexpired
from privyseal.store import administrators, assignments, organizations, passkeys
from privyseal.store.database import Transaction
from privyseal_wire.passkey import Signature
from privyseal_wire.statements import Removal


def remove_administrator(house: House, tx: Transaction, actor: Actor, slug: str, signature: Signature) -> Administrator:
    """Do what was signed and return the person; ``slug`` is "" for the provider, ``actor`` carried it here.

    Raises NotFound, Refused (signature, content, expiry), NotPermitted (``role``, ``own-role``), Conflict
    ``last-security-administrator``.
    """
    organization = organizations.require(tx, slug) if slug else None
    trust = Trust(house.administrators_authority, organization, house.relying_party)
    signed = require_signed(signature, passkeys.by_signer(tx, *signer_of(signature)), trust, tx.now)
    organization_id = organization.id if organization else None
    right = assigning_right(organization_id)
    require_permission(signed.person, right)
    statement = Removal.from_bytes(signed.content)
    meant = (statement.service, statement.organization, statement.remover)
    if meant != (house.service.service_id, slug or PROVIDER_AUDIENCE, signed.person.id):
        sentence = "What was signed is the removal by another person, from another organization, or for another service."
        raise Refused("removal-content", sentence)
    require_unexpired(statement.expires, tx.now, MAXIMUM_ASSIGNMENT_LIFE)
    hold(tx, organization)
    person = require_person(tx, organization, AdministratorId(statement.administrator))
    if person.may(right):
        require_left(tx, organization, person)
    if person.id == signed.person.id and able_besides(tx, organization, person.id):
        raise NotPermitted("own-role", "Nobody removes himself while somebody else can. Ask another security administrator.")
    passkeys.require_use(tx, signed.assertion)
    kind = ActorKind.ADMINISTRATOR if organization else ActorKind.PROVIDER_ADMINISTRATOR
    signer = Actor(kind, signed.person.id, organization_id, signed.credential.certificate_sha256, source=actor.source)
    _remove(house, tx, signer, slug, person, signed.evidence)
    return administrators.get(tx, person.id) or person


def _remove(house: House, tx: Transaction, signer: Actor, slug: str, person: Administrator, evidence: tuple[str, ...]) -> None:
    if not administrators.change_state(tx, person.id, person.state, AdministratorState.REMOVED):
        raise Conflict("administrator-state", f"Somebody else just changed what {person.name} is. Look again.")
    events = [AuditEvent("remove-administrator", Outcome.DONE, "administrator", person.id, evidence=evidence)]
    for assignment in person.assignments:
        assignments.end(tx, assignment.id, signer.id)
        reason = f"{assignment.role.value} in {assignment.department_id or 'organization'}"
        events.append(AuditEvent("take-role", Outcome.DONE, "assignment", assignment.id, reason=reason, evidence=evidence))
    record(house, tx, signer, slug, *events)
    for credential in administrators.credentials_of(tx, person.id):
        withdraw(house, tx, signer, slug, person, credential, RevocationReason.PRIVILEGE_WITHDRAWN)
    announce(house, tx, FactKind.ADMINISTRATOR_REMOVED, {"organization": slug, "administrator": person.id, "by": signer.id})
