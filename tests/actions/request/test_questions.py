"""A request is held with a question, answered by its contact or released: by who may, from the states that allow it."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from privyseal.actions.house import About, perform
from privyseal.actions.request.answer_question import answer_question
from privyseal.actions.request.hold_request import hold_request
from privyseal.actions.request.release_request import release_request
from privyseal.model.actor import ANONYMOUS, Actor
from privyseal.model.errors import Conflict, NotFound, NotPermitted, PrivysealError, Refused
from privyseal.model.identifiers import RequestId
from privyseal.model.proof import PhraseProof
from privyseal.model.request import Request, RequestState
from privyseal.store import audit, questions
from tests.rigs.service import AdministratorRig, ServiceRig, make_csr, make_key

ORG = "resource-marketing"
ABOUT = About("hold-request", ORG, "request", "test")


@pytest.fixture
def request_of_dana(service: ServiceRig, fox: AdministratorRig) -> Request:
    assert fox.organization == ORG
    return service.submit(ORG, make_csr(["www.resource-marketing.test"], make_key()))


def hold(service: ServiceRig, actor: Actor, request_id: RequestId, question: str = "Which server?", org: str = ORG) -> Request:
    return perform(service.house, actor, ABOUT, hold_request, org, request_id, question)


def refused(kind: type[PrivysealError], work: Callable[[], object]) -> str:
    with pytest.raises(kind) as caught:
        work()
    return caught.value.kind


def test_held_answered_held_and_released(service: ServiceRig, fox: AdministratorRig, request_of_dana: Request) -> None:
    request = request_of_dana
    held = hold(service, fox.actor, request.id, "  Which server? ")
    assert (held.state, held.state_reason) == (RequestState.HELD, "Which server?")
    proof = PhraseProof(request.organization_id, request.id)
    answered = perform(service.house, ANONYMOUS, ABOUT, answer_question, ORG, proof, "The second one.")
    assert answered.state is RequestState.PENDING
    hold(service, fox.actor, request.id, "Since when?")
    assert perform(service.house, fox.actor, ABOUT, release_request, ORG, request.id).state is RequestState.PENDING
    with service.house.database.read(service.clock()) as tx:
        asked = questions.of_request(tx, request.id)
        entries = [json.loads(entry) for entry in audit.of_objects(tx, f"o-{ORG}", [request.id])]
    assert [(item.question, item.answer) for item in asked] == [("Which server?", "The second one."), ("Since when?", "")]
    assert [entry["action"] for entry in entries] == [
        "submit-request",
        "hold-request",
        "answer-question",
        "hold-request",
        "release-request",
    ]
    assert "server" not in json.dumps(entries[1:3]), "the log has no text of a person"
    hold(service, fox.actor, request.id, "And now?")
    perform(service.house, ANONYMOUS, ABOUT, answer_question, ORG, proof, "Now.")
    with service.house.database.read(service.clock()) as tx:
        assert [item.answer for item in questions.of_request(tx, request.id)] == ["The second one.", "", "Now."]
    service.approve(request, fox)


def test_what_is_refused(service: ServiceRig, fox: AdministratorRig, request_of_dana: Request) -> None:
    request = request_of_dana
    machine = service.machine(ORG)
    proof = PhraseProof(request.organization_id, request.id)
    assert refused(Refused, lambda: hold(service, fox.actor, request.id, " ")) == "text"
    assert refused(Refused, lambda: hold(service, fox.actor, request.id, "a\r\nBcc: x@evil.test")) == "text"
    assert refused(Refused, lambda: hold(service, fox.actor, request.id, "x" * 501)) == "text"
    assert refused(NotPermitted, lambda: hold(service, machine, request.id)) == "administrator-needed"
    assert refused(NotFound, lambda: hold(service, fox.actor, RequestId("req-" + "0" * 32))) == "not-found"
    service.create_organization("hoffman-brandt", name="Hoffman", domains=("hoffman-brandt.test",))
    helen = service.administrator("hoffman-brandt", "Helen")
    assert refused(NotFound, lambda: hold(service, helen.actor, request.id)) == "not-found"
    assert refused(NotFound, lambda: hold(service, helen.actor, request.id, org="hoffman-brandt")) == "not-found"
    assert refused(Conflict, lambda: perform(service.house, fox.actor, ABOUT, release_request, ORG, request.id)) == "request-state"
    assert refused(Conflict, lambda: perform(service.house, ANONYMOUS, ABOUT, answer_question, ORG, proof, "x")) == "request-state"
    hold(service, fox.actor, request.id)
    assert refused(Conflict, lambda: hold(service, fox.actor, request.id)) == "request-state"
