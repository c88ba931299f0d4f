"""Give a machine a token; its text is shown once and only its hash is kept."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from privyseal.actions.house import House, record
from privyseal.engine.phrases import new_token
from privyseal.model.actor import Actor, ActorKind, require
from privyseal.model.administrator import Permission
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.errors import Conflict
from privyseal.model.identifiers import ApiTokenId
from privyseal.model.organization import require_active
from privyseal.model.token import require_token_life, require_token_name, require_token_scopes
from privyseal.store import administrators, organizations
from privyseal.store.administrators import ApiToken
from privyseal.store.database import Transaction


@dataclass(frozen=True, slots=True)
class CreatedToken:
    """The record, and the text that is never seen again."""

    token: ApiToken
    text: str


def create_api_token(
    house: House, tx: Transaction, actor: Actor, slug: str, name: str, scopes: Collection[Permission], days: int
) -> CreatedToken:
    """Return a new token of an organization; raises NotFound, NotPermitted, Refused ``token-scope`` or ``token-life``.

    Raises Conflict ``token-name`` while a token of this name can still be used.
    """
    organization = organizations.require(tx, slug)
    require_active(organization)
    if actor.kind is not ActorKind.OPERATOR:
        require(actor, Permission.MANAGE_TOKENS, organization.id)
    wanted, life, known_as = require_token_scopes(scopes), require_token_life(days), require_token_name(name)
    # A page that is sent twice, and two people at once, must not leave a second token that nobody looks for.
    organizations.hold(tx, organization.id)
    if any(other.name == known_as and other.is_usable(tx.now) for other in administrators.tokens_of(tx, organization.id)):
        sentence = f"There is a usable token with the name {known_as} already. Choose another name, or revoke that token first."
        raise Conflict("token-name", sentence, field="name")
    text, token_hash = new_token(house.random_bytes)
    token = ApiToken(
        id=ApiTokenId(house.id("tok", tx.now)),
        organization_id=organization.id,
        name=known_as,
        token_hash=token_hash,
        scopes=wanted,
        created_at=tx.now,
        expires_at=tx.now + timedelta(days=life),
        revoked_at=None,
    )
    administrators.insert_token(tx, token)
    scope_text = " ".join(sorted(scope.value for scope in wanted))
    record(house, tx, actor, slug, AuditEvent("create-api-token", Outcome.DONE, "api-token", token.id, reason=scope_text))
    return CreatedToken(token, text)
