"""Somebody begins to answer the questions of a request; the answers are kept for a week under an address nobody can guess.

Drafts are not audited: nothing was decided or refused, and what people have half written is nobody's evidence.
"""

from __future__ import annotations

from privyseal.actions.house import House
from privyseal.actions.strangers import count_draft
from privyseal.model.actor import Actor
from privyseal.model.draft import DRAFT_LIFE, Answers, Draft
from privyseal.model.identifiers import DraftId
from privyseal.model.organization import require_active
from privyseal.store import drafts, organizations
from privyseal.store.database import Transaction

_RANDOM_BYTES = 20


def start_draft(house: House, tx: Transaction, actor: Actor, slug: str, platform: str) -> Draft:
    """Store a draft with its first answer, the kind of server.

    Raises NotFound, Refused ``organization-not-active``, TooManyRequests ``too-many-drafts``.
    """
    organization = organizations.require(tx, slug)
    require_active(organization)
    count_draft(tx, actor)
    draft = Draft(
        # Not an id of the usual form: that one tells when it was born, and this one is the only key to the draft.
        id=DraftId(f"drf-{house.random_bytes(_RANDOM_BYTES).hex()}"),
        organization_id=organization.id,
        answers=Answers(platform=platform),
        request_id=None,
        created_at=tx.now,
        changed_at=tx.now,
        expires_at=tx.now + DRAFT_LIFE,
    )
    drafts.insert(tx, draft)
    return draft
