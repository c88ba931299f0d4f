"""Send a browser to its organization's provider: remember, for ten minutes, what its way back is tied to."""

from __future__ import annotations

from privyseal.actions.house import House
from privyseal.model.actor import Actor, require_credential
from privyseal.model.errors import NotFound
from privyseal.model.session import Session
from privyseal.model.sign_on import ATTEMPT_LIFE, SignOn, SignOnAttempt
from privyseal.store import organizations, sign_ons
from privyseal.store.database import Transaction


def begin_sign_on(
    house: House, tx: Transaction, actor: Actor, slug: str, sign_on: SignOn, ties: tuple[str, str], session: Session | None = None
) -> None:
    """Enter the attempt; ``ties`` are the SHA-256 of state and of the browser's cookie, ``session`` is of who wants to link himself.

    Raises NotFound ``sign-on`` where this provider is not, or no longer, the one of the organization, NotPermitted ``reading-only``.
    """
    organization = organizations.require(tx, slug)
    if session is not None:
        require_credential(actor)
    known = sign_ons.in_force(tx, organization.id)
    if known is None or known.id != sign_on.id:
        raise NotFound("sign-on", "This organization has no sign-on of its own here. Sign in with a passkey or an Administrator ID.")
    state_sha256, browser_sha256 = ties
    person, session_id = (session.administrator_id, session.id) if session is not None else (None, None)
    expires_at = tx.now + ATTEMPT_LIFE
    sign_ons.insert_attempt(tx, SignOnAttempt(state_sha256, sign_on.id, slug, browser_sha256, expires_at, person, session_id))
