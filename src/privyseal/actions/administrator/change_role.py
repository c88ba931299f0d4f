"""Give a role to a person, or take one, under the signature of somebody else who may assign roles.

Durable after it: the assignment or its end, the bytes and the signature as they came, audit entries, the fact for the letters.
The issuer process verifies the signature again whenever the person approves.
"""

from __future__ import annotations

from privyseal.actions.assigning import RoleChange, Signature, apply_change, assigning_right
from privyseal.actions.house import House
from privyseal.engine.signed_statement import Trust, require_signed, signer_of
from privyseal.model.actor import Actor, ActorKind
from privyseal.model.administrator import Assignment, Role, require_permission
from privyseal.model.errors import Refused
from privyseal.model.identifiers import AdministratorId, DepartmentId
from privyseal.model.session import PROVIDER_AUDIENCE
from privyseal.model.statement import MAXIMUM_ASSIGNMENT_LIFE, require_unexpired
from privyseal.store import organizations, passkeys
from privyseal.store.database import Transaction
from privyseal_wire.passkey import Signature as HandedIn
from privyseal_wire.statements import Assignment as Signed


def change_role(house: House, tx: Transaction, actor: Actor, slug: str, signature: HandedIn) -> Assignment:
    """Do what was signed and return what was given or taken; ``slug`` is "" for the provider, ``actor`` carried it here.

    Raises Refused (signature, content, expiry, replay), NotPermitted (``role``, ``own-role``), and as
    :func:`~privyseal.actions.assigning.apply_change`.
    """
    organization = organizations.require(tx, slug) if slug else None
    trust = Trust(house.administrators_authority, organization, house.relying_party)
    signed = require_signed(signature, passkeys.by_signer(tx, *signer_of(signature)), trust, tx.now)
    organization_id = organization.id if organization else None
    require_permission(signed.person, assigning_right(organization_id))
    statement = Signed.from_bytes(signed.content)
    meant = (statement.service, statement.organization, statement.assigner)
    if meant != (house.service.service_id, slug or PROVIDER_AUDIENCE, signed.person.id):
        sentence = "What was signed is a change of roles by another person, in another organization, or for another service."
        raise Refused("assignment-content", sentence)
    require_unexpired(statement.expires, tx.now, MAXIMUM_ASSIGNMENT_LIFE)
    passkeys.require_use(tx, signed.assertion)
    kind = ActorKind.ADMINISTRATOR if organization else ActorKind.PROVIDER_ADMINISTRATOR
    credential_sha256 = signed.credential.certificate_sha256
    signer = Actor(kind, signed.person.id, organization_id, credential_sha256, source=actor.source)
    change = RoleChange(
        AdministratorId(statement.administrator),
        Role(statement.role),
        DepartmentId(statement.department) if statement.department else None,
        gives=statement.change == "give",
    )
    kept = Signature(signed.person.id, signed.content, signed.signature, credential_sha256)
    return apply_change(house, tx, signer, organization, change, [kept])
