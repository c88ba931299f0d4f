"""An administrator asks the contact of a request something before deciding; the request waits (requirements 5.2, state held).

Durable after it: the question, the state and the reason of the request, the audit entry, and the fact for the letter.
"""

from __future__ import annotations

from privyseal.actions.house import House, announce, record
from privyseal.model.actor import Actor, ActorKind, require, require_somewhere
from privyseal.model.administrator import Permission
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.errors import Conflict, NotFound, NotPermitted
from privyseal.model.fact import FactKind
from privyseal.model.identifiers import AdministratorId, QuestionId, RequestId
from privyseal.model.question import QUESTION_CHARACTERS, Question
from privyseal.model.request import Request, RequestEvent, next_state, require_text
from privyseal.store import departments, organizations, questions, requests
from privyseal.store.database import Transaction


def hold_request(house: House, tx: Transaction, actor: Actor, slug: str, request_id: RequestId, question: str) -> Request:
    """Hold a pending request with a question, which is mailed to its contact.

    Raises NotFound, NotPermitted, Refused ``text``, Conflict ``request-state``.
    """
    organization = organizations.require(tx, slug)
    require_somewhere(actor, Permission.APPROVE, organization.id)
    if actor.kind is not ActorKind.ADMINISTRATOR:
        raise NotPermitted("administrator-needed", "A question is asked by a person. Use an Administrator ID or a passkey.")
    request = requests.get(tx, organization.id, request_id, scope=actor.scope(Permission.READ))
    if request is None:
        raise NotFound("not-found", "There is no such request in your organization.")
    require(actor, Permission.APPROVE, organization.id, departments.path_of(tx, request.department_id))
    text = require_text("question", question, QUESTION_CHARACTERS)
    if not requests.happen(tx, [request.id], RequestEvent.HOLD, text):
        next_state(request.state, RequestEvent.HOLD)
        raise Conflict("request-state", "Somebody else just decided this request. Look at it again.")
    asked = Question(QuestionId(house.id("que", tx.now)), request.id, AdministratorId(actor.id), text, tx.now, "", None)
    questions.insert(tx, asked)
    record(house, tx, actor, slug, AuditEvent("hold-request", Outcome.DONE, "request", request.id, house.personal_hash(text)))
    announce(house, tx, FactKind.REQUEST_HELD, {"organization": slug, "request": request.id})
    return requests.get(tx, organization.id, request.id) or request
