"""The contact confirms the address of a request with the code mailed to it."""

from __future__ import annotations

from privyseal.actions.house import House, announce, record
from privyseal.actions.strangers import forget_letters
from privyseal.engine.phrases import code_hash
from privyseal.model.actor import Actor
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.errors import Conflict, NotFound
from privyseal.model.fact import FactKind
from privyseal.model.identifiers import RequestId
from privyseal.model.request import Request, RequestState
from privyseal.store import organizations, requests
from privyseal.store.database import Transaction


def confirm_request(house: House, tx: Transaction, actor: Actor, slug: str, request_id: RequestId, code: str) -> Request:
    """Move an unconfirmed request to the administrators; a second time is harmless.

    Raises NotFound when the code does not belong to such a request, Conflict ``request-over`` when it was taken back or lapsed.
    """
    organization = organizations.require(tx, slug)
    hashed = code_hash(code)
    is_new = requests.confirm(tx, organization.id, request_id, hashed)
    if is_new:
        record(house, tx, actor, slug, AuditEvent("confirm-request", Outcome.DONE, "request", request_id))
        announce(house, tx, FactKind.REQUEST_CONFIRMED, {"organization": slug, "request": request_id})
    elif not requests.is_confirmed_by(tx, request_id, hashed):
        raise NotFound("confirmation-not-found", "This confirmation does not fit any open request. Use the link from the newest mail.")
    request = requests.get(tx, organization.id, request_id)
    if request is None:
        raise NotFound("confirmation-not-found", "This confirmation does not fit any open request. Use the link from the newest mail.")
    if request.state is RequestState.WITHDRAWN:
        raise Conflict("request-over", "The request was taken back, so nothing is left to confirm. Make a new one if you need it.")
    if request.state is RequestState.LAPSED:
        raise Conflict("request-over", "The request ended by itself, so nothing is left to confirm. Make a new one if you need it.")
    if is_new:
        forget_letters(house, tx, request.contact_email)
    return request
