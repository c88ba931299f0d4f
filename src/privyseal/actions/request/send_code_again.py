"""Mail the confirmation of a request once more, to the address that it names and to no other.

Durable after it: the hash of a new code in place of the old one, the audit entry, and the fact for the letter. Whoever
presses twice within a minute gets one letter.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from privyseal.actions.house import House, announce, record
from privyseal.actions.strangers import count_letter
from privyseal.engine.phrases import code_hash, new_code
from privyseal.model.actor import Actor
from privyseal.model.allowance import CODES
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.errors import Conflict, NotFound
from privyseal.model.fact import FactKind
from privyseal.model.identifiers import RequestId
from privyseal.model.request import Request, RequestState
from privyseal.store import organizations, requests, throttles
from privyseal.store.database import Transaction

ON_ITS_WAY: Final = timedelta(minutes=1)
"""So long after a letter another one is not sent: the button was pressed twice."""


def send_code_again(house: House, tx: Transaction, actor: Actor, slug: str, request_id: RequestId) -> Request:
    """Return the request whose letter is on its way; only the newest code counts.

    Raises NotFound, Conflict ``request-state`` unless it waits for its confirmation, TooManyRequests ``too-many-codes`` or
    ``too-many-letters``.
    """
    organization = organizations.require(tx, slug)
    # Locked, so that of two who press at the same moment the second one sees the letter of the first.
    request = requests.lock(tx, organization.id, [request_id]).get(request_id)
    if request is None:
        raise NotFound("not-found", "There is no such request in your organization.")
    if request.state is not RequestState.UNCONFIRMED:
        raise Conflict("request-state", "The request does not wait for a confirmation any more. Look at where it stands.")
    subject = f"code-again:{request.id}"
    _, last_at = throttles.misses(tx, subject)
    if last_at is not None and tx.now < last_at + ON_ITS_WAY:
        return request
    throttles.take(tx, subject, CODES)
    count_letter(house, tx, request.contact_email)
    code = new_code(house.random_bytes)
    if not requests.renew_code(tx, organization.id, request.id, code_hash(code)):
        raise Conflict("request-state", "The request does not wait for a confirmation any more. Look at where it stands.")
    record(house, tx, actor, slug, AuditEvent("send-code-again", Outcome.DONE, "request", request.id))
    announce(house, tx, FactKind.REQUEST_RECEIVED, {"organization": slug, "request": request.id, "code": code})
    return request
