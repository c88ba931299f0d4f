"""Strangers fill nobody's mailbox with letters and no disk with drafts. Both databases."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Final

import pytest
import sqlalchemy as sa

from privyseal.actions.house import About, perform
from privyseal.actions.request.confirm_request import confirm_request
from privyseal.actions.request.start_draft import start_draft
from privyseal.actions.request.submit_request import submit_request
from privyseal.engine.submission import read_submission
from privyseal.jobs.retention import KEEP_MISSES, forget_old_misses
from privyseal.model.actor import Actor, ActorKind
from privyseal.model.allowance import DRAFTS, LETTERS
from privyseal.model.errors import TooManyRequests
from privyseal.model.fact import FactKind
from privyseal.model.request import Request, RequestState
from privyseal.store import outbox, throttles
from tests.rigs.service import ServiceRig, make_csr, make_key

ORG: Final = "resource-marketing"
NAME: Final = "www.resource-marketing.test"
VICTIM: Final = "victim@elsewhere.test"
ABOUT: Final = About("submit-request", ORG, "request", "new")
HOUR: Final = timedelta(hours=1)


@pytest.fixture
def organization(service: ServiceRig) -> ServiceRig:
    """A service whose letters wait in the outbox."""
    service.create_organization(units=50)
    service.listeners[FactKind.REQUEST_RECEIVED] = ("letters",)
    return service


def stranger(source: str = "s" * 32) -> Actor:
    return Actor(ActorKind.REQUESTER, "anonymous", source=source)


def send(service: ServiceRig, email: str, csr: str = "", source: str = "s" * 32) -> Request:
    """A request of somebody unknown; each with a key of its own, else it would be the one before."""
    raw = service.raw_submission(csr or make_csr([NAME], make_key()), contact_email=email)
    submission = read_submission(raw, os.urandom)
    return perform(service.house, stranger(source), ABOUT, submit_request, ORG, submission).request


def letters(service: ServiceRig) -> list[str]:
    with service.house.database.read(service.clock()) as tx:
        return [row.payload["code"] for row in tx.execute(sa.select(outbox.outbox.c.payload)) if "code" in row.payload]


def test_nobody_fills_a_mailbox_whose_owner_never_asked(organization: ServiceRig) -> None:
    spellings = (VICTIM, "Victim@elsewhere.test", "victim+1@elsewhere.test", "victim+a+b@Elsewhere.TEST")
    for number in range(LETTERS.most):
        # From many networks: it is the mailbox that is protected.
        assert send(organization, spellings[number % len(spellings)], source=f"{number:032}").state is RequestState.UNCONFIRMED
    for spelling in spellings:
        with pytest.raises(TooManyRequests) as refused:
            send(organization, spelling)
        assert refused.value.kind == "too-many-letters"
        assert 0 < refused.value.retry_after_seconds <= 3600
    assert len(letters(organization)) == LETTERS.most
    send(organization, "somebody@elsewhere.test")
    organization.clock.advance(HOUR)
    organization.integrate()
    send(organization, VICTIM)


def test_the_same_request_again_is_no_letter(organization: ServiceRig) -> None:
    csr = make_csr([NAME], make_key())
    assert len({send(organization, VICTIM, csr).id for _ in range(LETTERS.most + 5)}) == 1
    assert len(letters(organization)) == 1


def test_who_confirms_the_address_goes_on(organization: ServiceRig) -> None:
    requests = [send(organization, VICTIM) for _ in range(LETTERS.most)]
    confirmed = perform(organization.house, stranger(), ABOUT, confirm_request, ORG, requests[0].id, letters(organization)[0])
    assert confirmed.state is RequestState.PENDING
    for _ in range(LETTERS.most):
        send(organization, VICTIM)
    # The same code a second time is harmless, and gives nothing either.
    perform(organization.house, stranger(), ABOUT, confirm_request, ORG, requests[0].id, letters(organization)[0])
    with pytest.raises(TooManyRequests):
        send(organization, VICTIM)


def test_a_program_of_the_organization_is_not_counted(organization: ServiceRig) -> None:
    for _ in range(LETTERS.most + 2):
        assert organization.submit(ORG, make_csr([NAME], make_key()), contact_email=VICTIM).state is RequestState.PENDING


def test_one_source_begins_so_many_drafts(organization: ServiceRig) -> None:
    def begin(source: str) -> None:
        perform(organization.house, stranger(source), ABOUT, start_draft, ORG, "nginx")

    for _ in range(DRAFTS.most):
        begin("a" * 32)
    with pytest.raises(TooManyRequests) as refused:
        begin("a" * 32)
    assert refused.value.kind == "too-many-drafts"
    begin("b" * 32)
    organization.clock.advance(HOUR)
    organization.integrate()
    begin("a" * 32)


def test_what_was_counted_is_forgotten_after_a_month(organization: ServiceRig) -> None:
    send(organization, VICTIM)
    assert forget_old_misses(organization.house) == 0
    organization.clock.advance(KEEP_MISSES + HOUR)
    assert forget_old_misses(organization.house) == 1
    with organization.house.database.read(organization.clock()) as tx:
        assert tx.execute(sa.select(sa.func.count()).select_from(throttles.attempts)).scalar_one() == 0
