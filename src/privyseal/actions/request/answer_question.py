"""The contact of a held request answers the question; the challenge phrase shows that it is the contact.

Durable after it: the answer, the request pending again, the audit entry, and the fact for the administrators' letters.
"""

from __future__ import annotations

from privyseal.actions.house import House, announce, record
from privyseal.model.actor import Actor
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.errors import Conflict, NotFound
from privyseal.model.fact import FactKind
from privyseal.model.proof import PhraseProof
from privyseal.model.question import QUESTION_CHARACTERS
from privyseal.model.request import Request, RequestEvent, next_state, require_text
from privyseal.store import organizations, questions, requests
from privyseal.store.database import Transaction


def answer_question(house: House, tx: Transaction, actor: Actor, slug: str, proof: PhraseProof, answer: str) -> Request:
    """Keep the answer and let the request that ``proof`` is for wait for a decision again.

    Raises NotFound, Refused ``text``, Conflict ``request-state``.
    """
    organization = organizations.require(tx, slug)
    request = requests.get(tx, organization.id, proof.request_id)
    if request is None:
        raise NotFound("not-found", "There is no such request in your organization.")
    text = require_text("answer", answer, QUESTION_CHARACTERS)
    if not requests.happen(tx, [request.id], RequestEvent.RELEASE):
        next_state(request.state, RequestEvent.RELEASE)
        raise Conflict("request-state", "Somebody just decided this request. Look at it again.")
    questions.answer(tx, request.id, text)
    record(house, tx, actor, slug, AuditEvent("answer-question", Outcome.DONE, "request", request.id, house.personal_hash(text)))
    announce(house, tx, FactKind.REQUEST_ANSWERED, {"organization": slug, "request": request.id})
    return requests.get(tx, organization.id, request.id) or request
