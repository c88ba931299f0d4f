"""Give a machine a token; its text is shown once and only its hash is kept."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from privyseal.actions.house import House, record
from privyseal.engine.phrases import new_token
from privyseal.model.actor import Actor, ActorKind, require
from privyseal.model.administrator import TOKEN_SCOPES, Permission
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.errors import Refused
from privyseal.model.identifiers import ApiTokenId
from privyseal.model.organization import require_active
from privyseal.model.request import require_text
from privyseal.store import administrators, organizations
from privyseal.store.administrators import ApiToken
from privyseal.store.database import Transaction

LONGEST_LIFE_DAYS = 397


@dataclass(frozen=True, slots=True)
class CreatedToken:
    """The record, and the text that is never seen again."""

    token: ApiToken
    text: str


def create_api_token(
    house: House, tx: Transaction, actor: Actor, slug: str, name: str, scopes: Collection[Permission], days: int
) -> CreatedToken:
    """Return a new token of an organization; raises NotFound, NotPermitted, Refused ``token-scope`` or ``token-life``."""
    organization = organizations.require(tx, slug)
    require_active(organization)
    if actor.kind is not ActorKind.OPERATOR:
        require(actor, Permission.MANAGE_TOKENS, organization.id)
    if not scopes or not set(scopes) <= TOKEN_SCOPES:
        listed = ", ".join(sorted(scope.value for scope in TOKEN_SCOPES))
        raise Refused(
            "token-scope", f"A token carries one or more of {listed}. Approving and revoking need a person's signature.", field="scopes"
        )
    if not 1 <= days <= LONGEST_LIFE_DAYS:
        raise Refused("token-life", f"A token lives 1 to {LONGEST_LIFE_DAYS} days.", field="days")
    text, token_hash = new_token(house.random_bytes)
    token = ApiToken(
        id=ApiTokenId(house.id("tok", tx.now)),
        organization_id=organization.id,
        name=require_text("name", name, 64),
        token_hash=token_hash,
        scopes=frozenset(scopes),
        created_at=tx.now,
        expires_at=tx.now + timedelta(days=days),
        revoked_at=None,
    )
    administrators.insert_token(tx, token)
    scope_text = " ".join(sorted(scope.value for scope in scopes))
    record(house, tx, actor, slug, AuditEvent("create-api-token", Outcome.DONE, "api-token", token.id, reason=scope_text))
    return CreatedToken(token, text)
