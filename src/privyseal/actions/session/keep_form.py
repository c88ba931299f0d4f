"""Keep what somebody typed while the credential is shown again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from privyseal.actions.house import House
from privyseal.model.actor import Actor
from privyseal.model.identifiers import SessionId
from privyseal.model.kept_form import KEPT_FORM_LIFE, KeptForm, keepable
from privyseal.store import kept_forms
from privyseal.store.database import Transaction


def keep_form(house: House, tx: Transaction, actor: Actor, session_id: SessionId, path: str, values: Mapping[str, Sequence[str]]) -> bool:
    """Keep a form for its session and tell whether that was possible: not what is empty but for secrets, and not what is too much."""
    kept = keepable(values)
    if kept is None:
        return False
    kept_forms.put(tx, KeptForm(session_id, path, kept, tx.now + KEPT_FORM_LIFE))
    return True
