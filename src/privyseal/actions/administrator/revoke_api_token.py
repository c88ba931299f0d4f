"""Take a machine's token away."""

from __future__ import annotations

from privyseal.actions.house import House, record
from privyseal.model.actor import Actor, require
from privyseal.model.administrator import Permission
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.errors import NotFound
from privyseal.model.identifiers import ApiTokenId
from privyseal.model.token import TokenEnd
from privyseal.store import administrators, organizations
from privyseal.store.database import Transaction


def revoke_api_token(house: House, tx: Transaction, actor: Actor, slug: str, token_id: ApiTokenId, why: TokenEnd | None = None) -> None:
    """Revoke a token of this organization, at once and for good; raises NotFound, NotPermitted."""
    organization = organizations.require(tx, slug)
    require(actor, Permission.MANAGE_TOKENS, organization.id)
    if not administrators.revoke_token(tx, organization.id, token_id):
        raise NotFound("not-found", "There is no such token, or it is revoked already.")
    record(house, tx, actor, slug, AuditEvent("revoke-api-token", Outcome.DONE, "api-token", token_id, reason=why.value if why else ""))
