"""The answers of a draft became a request: they are deleted; for a while its address still leads to the request."""

from __future__ import annotations

import dataclasses

from privyseal.actions.house import House
from privyseal.model.actor import Actor
from privyseal.model.draft import Answers, Draft
from privyseal.model.identifiers import DraftId, RequestId
from privyseal.store import drafts, organizations
from privyseal.store.database import Transaction


def close_draft(house: House, tx: Transaction, actor: Actor, slug: str, draft_id: DraftId, request_id: RequestId) -> Draft:
    """Delete the answers and note the request that came of them; a second time is harmless. Raises NotFound ``draft-not-found``.

    Whoever pressed the button twice, or comes back to the tab, is led to the request instead of to an error.
    """
    organization = organizations.require(tx, slug)
    draft = drafts.require(tx, organization.id, draft_id, hold=True)
    closed = dataclasses.replace(draft, answers=Answers(), request_id=request_id, changed_at=tx.now)
    drafts.change(tx, closed)
    return closed
