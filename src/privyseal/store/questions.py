"""Questions about requests, asked by administrators and answered by contacts."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from privyseal.model.identifiers import RequestId
from privyseal.model.question import Question
from privyseal.store.database import Transaction
from privyseal.store.prepared import Prepared, is_among
from privyseal.store.schema import Id, UtcTime, metadata

request_questions = sa.Table(
    "request_questions",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("request_id", Id, sa.ForeignKey("requests.id"), nullable=False, index=True),
    sa.Column("administrator_id", Id, nullable=False),
    sa.Column("question", sa.String(500), nullable=False),
    sa.Column("asked_at", UtcTime, nullable=False),
    sa.Column("answer", sa.String(500), nullable=False),
    sa.Column("answered_at", UtcTime),
)

_OF_REQUESTS = Prepared(
    request_questions.select().where(is_among(request_questions.c.request_id, "requests")).order_by(request_questions.c.id)
)


def insert(tx: Transaction, question: Question) -> None:
    """Add a question."""
    tx.execute(request_questions.insert().values(**{column.name: getattr(question, column.name) for column in request_questions.columns}))


def of_request(tx: Transaction, request_id: RequestId) -> list[Question]:
    """Return the questions about a request, the oldest first."""
    return of_requests(tx, [request_id])[request_id]


def of_requests(tx: Transaction, request_ids: Sequence[RequestId]) -> dict[RequestId, list[Question]]:
    """Return the questions about each request, the oldest first."""
    found: dict[RequestId, list[Question]] = {request_id: [] for request_id in request_ids}
    for row in _OF_REQUESTS.every(tx, requests=list(found)):
        found[row["request_id"]].append(Question(**row))
    return found


def answer(tx: Transaction, request_id: RequestId, text: str) -> bool:
    """Keep the answer to the last question about a request; tells whether there was one without an answer."""
    last = sa.select(sa.func.max(request_questions.c.id)).where(request_questions.c.request_id == request_id).scalar_subquery()
    statement = request_questions.update().where(request_questions.c.id == last, request_questions.c.answered_at.is_(None))
    return tx.changed(statement.values(answer=text, answered_at=tx.now)) == 1
