"""Who is behind a call, as the entrance authenticated it."""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace

from privyseal.model.administrator import READING, Administrator, Permission
from privyseal.model.errors import NotFound, NotPermitted, Unauthenticated
from privyseal.model.identifiers import OrganizationId
from privyseal.model.scope import EVERYTHING, Scope


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
    """``organization_id`` is None for the provider, the system and nobody; ``source`` is a salted hash of the address.

    ``permissions`` are rights throughout the organization; ``partial`` are those that reach no further than the subtree of
    the department with this path.
    """

    kind: ActorKind
    id: str
    organization_id: OrganizationId | None = None
    credential_sha256: str = ""
    permissions: frozenset[Permission] = frozenset()
    source: str = ""
    partial: frozenset[tuple[Permission, str]] = frozenset()

    def scope(self, permission: Permission) -> Scope:
        """Return how far this right reaches."""
        if self.kind is ActorKind.SYSTEM or permission in self.permissions:
            return EVERYTHING
        return Scope(everything=False, paths=tuple(sorted(path for held, path in self.partial if held is permission)))


SYSTEM = Actor(ActorKind.SYSTEM, "system")
ANONYMOUS = Actor(ActorKind.REQUESTER, "anonymous")


def administrator_actor(person: Administrator, credential_sha256: str, source: str) -> Actor:
    """Return a person who showed this credential, with the rights he holds now: none unless he is active."""
    kind = ActorKind.PROVIDER_ADMINISTRATOR if person.organization_id is None else ActorKind.ADMINISTRATOR
    scopes = {permission: person.scope(permission) for permission in Permission}
    rights = frozenset(permission for permission, scope in scopes.items() if scope.everything)
    partial = frozenset((permission, path) for permission, scope in scopes.items() for path in scope.paths)
    return Actor(kind, person.id, person.organization_id, credential_sha256, rights, source, partial)


def reading_actor(person: Administrator, source: str) -> Actor:
    """Return a person who came through the organization's sign-on: no credential, and of his rights those to read."""
    actor = administrator_actor(person, "", source)
    partial = frozenset((permission, path) for permission, path in actor.partial if permission in READING)
    return replace(actor, permissions=actor.permissions & READING, partial=partial)


def require_credential(actor: Actor) -> None:
    """Raise NotPermitted ``reading-only`` for a person who has shown no credential of his own."""
    if actor.kind in {ActorKind.ADMINISTRATOR, ActorKind.PROVIDER_ADMINISTRATOR} and not actor.credential_sha256:
        sentence = (
            "You came through your organization's sign-on, which is for reading only. Sign in with a passkey or an Administrator ID "
            "to do this."
        )
        raise NotPermitted("reading-only", sentence)


def require(actor: Actor, permission: Permission, organization_id: OrganizationId | None, path: str = "") -> None:
    """Raise unless ``actor`` holds ``permission`` in this organization (None: at the provider).

    Asked for the whole of it, or for what belongs to the department of ``path``. Raises Unauthenticated for nobody, NotFound
    across organizations (never "forbidden"), NotPermitted ``permission`` or ``scope`` within.
    """
    scope = require_somewhere(actor, permission, organization_id)
    if not scope.covers(path):
        right = permission.value.replace("-", " ")
        raise NotPermitted("scope", f"Your right to {right} does not reach this far: it is for certain departments alone.")


def require_somewhere(actor: Actor, permission: Permission, organization_id: OrganizationId | None) -> Scope:
    """Return how far the right of ``actor`` reaches in this organization; raises unless he holds it for some part, as :func:`require`.

    For what then looks for rows within this scope and nowhere else.
    """
    if actor.kind is ActorKind.SYSTEM:
        return EVERYTHING
    if actor.kind is ActorKind.REQUESTER:
        raise Unauthenticated("credential-needed", "This needs an Administrator ID or an API token.")
    if organization_id is not None and actor.organization_id != organization_id:
        raise NotFound("not-found", "There is no such organization, or it is not yours.")
    # Rights of the same name belong to organizations and to the provider: those of one mean nothing at the other.
    is_elsewhere = organization_id is None and actor.organization_id is not None
    scope = actor.scope(permission)
    if is_elsewhere or scope.is_empty:
        raise NotPermitted("permission", f"Your credential does not include the right to {permission.value.replace('-', ' ')}.")
    return scope
