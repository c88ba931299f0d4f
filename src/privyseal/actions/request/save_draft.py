"""Keep further answers of a draft; what the call does not name stays, so that two tabs never undo each other's steps."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from privyseal.actions.house import House
from privyseal.engine.private_keys import refuse_private_keys
from privyseal.model.actor import Actor
from privyseal.model.draft import DRAFT_LIFE, MAXIMUM_ANSWERS, Draft
from privyseal.model.errors import Conflict, Refused
from privyseal.model.identifiers import DraftId
from privyseal.store import drafts, organizations
from privyseal.store.database import Transaction


def save_draft(house: House, tx: Transaction, actor: Actor, slug: str, draft_id: DraftId, answers: Mapping[str, Any]) -> Draft:
    """Change the named answers (fields of ``Answers``) and keep all of them for another week.

    Raises NotFound ``draft-not-found``, Conflict ``draft-sent``, PrivateKeyFound (nothing of it is stored), Refused
    ``draft-too-large``.
    """
    organization = organizations.require(tx, slug)
    draft = drafts.require(tx, organization.id, draft_id, hold=True)
    if draft.request_id is not None:
        raise Conflict("draft-sent", "This request was sent already. Begin a new one to ask for something else.")
    for field, answer in answers.items():
        refuse_private_keys(*([answer] if isinstance(answer, str) else map(str, answer if isinstance(answer, tuple) else ())), field=field)
    changed = dataclasses.replace(
        draft, answers=dataclasses.replace(draft.answers, **answers), changed_at=tx.now, expires_at=tx.now + DRAFT_LIFE
    )
    size = len(drafts.written(changed.answers))
    if size > MAXIMUM_ANSWERS:
        field = max(answers, key=lambda name: len(str(answers[name])), default="")
        sentence = f"Your answers have {size:,} bytes together; at most {MAXIMUM_ANSWERS:,} are kept. Make this one shorter."
        raise Refused("draft-too-large", sentence, field=field)
    drafts.change(tx, changed)
    return changed
