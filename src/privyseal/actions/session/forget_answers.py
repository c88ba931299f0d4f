"""Forget answers that were signed: whoever goes back then finds the questions, and not the page to sign."""

from __future__ import annotations

from privyseal.actions.house import House
from privyseal.model.actor import Actor
from privyseal.model.identifiers import SessionId
from privyseal.store import kept_answers
from privyseal.store.database import Transaction


def forget_answers(house: House, tx: Transaction, actor: Actor, session_id: SessionId, mark: str) -> None:
    """Forget them; those that are not there are forgotten already."""
    kept_answers.forget(tx, session_id, mark)
