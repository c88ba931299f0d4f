"""Who is behind a call, as the entrance authenticated it."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from privyseal.model.administrator import PERMISSIONS, Administrator, Permission
from privyseal.model.errors import NotFound, NotPermitted, Unauthenticated
from privyseal.model.identifiers import OrganizationId


class ActorKind(enum.Enum):
    """Kinds of callers; the audit log names them."""

    ADMINISTRATOR = "administrator"
    PROVIDER_ADMINISTRATOR = "provider-administrator"
    API_TOKEN = "api-token"  # noqa: S105 - the name of a kind, not a secret
    REQUESTER = "requester"
    OPERATOR = "operator"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Actor:
    """``organization_id`` is None for the provider, the system and nobody; ``source`` is a salted hash of the address."""

    kind: ActorKind
    id: str
    organization_id: OrganizationId | None = None
    credential_sha256: str = ""
    permissions: frozenset[Permission] = frozenset()
    source: str = ""


SYSTEM = Actor(ActorKind.SYSTEM, "system")
ANONYMOUS = Actor(ActorKind.REQUESTER, "anonymous")


def administrator_actor(person: Administrator, credential_sha256: str, source: str) -> Actor:
    """Return a person who showed this credential, with the rights he holds now: none unless he is active."""
    kind = ActorKind.PROVIDER_ADMINISTRATOR if person.organization_id is None else ActorKind.ADMINISTRATOR
    rights = frozenset(permission for permission in PERMISSIONS[person.role] if person.may(permission))
    return Actor(kind, person.id, person.organization_id, credential_sha256, rights, source)


def require(actor: Actor, permission: Permission, organization_id: OrganizationId | None) -> None:
    """Raise unless ``actor`` holds ``permission`` in this organization (None: at the provider).

    Raises Unauthenticated for nobody, NotFound across organizations (never "forbidden"), NotPermitted within.
    """
    if actor.kind is ActorKind.SYSTEM:
        return
    if actor.kind is ActorKind.REQUESTER:
        raise Unauthenticated("credential-needed", "This needs an Administrator ID or an API token.")
    if organization_id is not None and actor.organization_id != organization_id:
        raise NotFound("not-found", "There is no such organization, or it is not yours.")
    if permission not in actor.permissions:
        raise NotPermitted("permission", f"Your credential does not include the right to {permission.value.replace('-', ' ')}.")
