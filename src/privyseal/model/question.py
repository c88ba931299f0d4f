"""A question of an administrator to the contact of a request, and its answer (requirements 5.2, state held)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from privyseal.model.identifiers import AdministratorId, QuestionId, RequestId

QUESTION_CHARACTERS: Final = 500


@dataclass(frozen=True, slots=True)
class Question:
    """``answer`` is empty and ``answered_at`` None until the contact has answered; both texts are one line."""

    id: QuestionId
    request_id: RequestId
    administrator_id: AdministratorId
    question: str
    asked_at: datetime
    answer: str
    answered_at: datetime | None
