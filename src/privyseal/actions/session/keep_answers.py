"""Keep what somebody answered until it is signed on the next page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from privyseal.actions.house import House
from privyseal.model.actor import Actor
from privyseal.model.errors import Refused
from privyseal.model.identifiers import SessionId
from privyseal.model.kept_form import ANSWERS_CHARACTERS, ANSWERS_LIFE, MOST_ANSWERS, KeptAnswers, keepable
from privyseal.store import kept_answers
from privyseal.store.database import Transaction

MARK_BYTES = 16


def keep_answers(house: House, tx: Transaction, actor: Actor, session_id: SessionId, path: str, values: Mapping[str, Sequence[str]]) -> str:
    """Keep the answers of the form at ``path`` for its session, and return the mark under which they are found.

    Raises Refused ``answers`` for what is empty or longer than any form asks for.
    """
    kept = keepable(values, ANSWERS_CHARACTERS)
    if kept is None:
        raise Refused("answers", "The answers are empty, or longer than this form allows. Shorten them.")
    mark = house.random_bytes(MARK_BYTES).hex()
    answers = KeptAnswers(session_id, mark, path, kept, tx.now, tx.now + ANSWERS_LIFE)
    kept_answers.put(tx, answers, MOST_ANSWERS)
    return mark
