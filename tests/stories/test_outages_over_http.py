"""Parts of a running service fail: people get a sentence and a 503 at worst, and nothing that was accepted is lost."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator

import httpx2
import pytest

from tests.rigs.live_people import Caller, LiveOrganization, LiveProvider
from tests.rigs.live_service import LiveService
from tests.rigs.ports import wait_until
from tests.rigs.postgresql import PostgresServer
from tests.rigs.service import make_csr, make_key

SWEEP_SECONDS = 60.0


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """A database server that these tests may stop."""
    with PostgresServer() as running:
        yield running


@pytest.fixture(scope="module")
def company(server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveOrganization]:
    """A customer of a service on that server."""
    with LiveService(tmp_path_factory.mktemp("outages"), ["steady.test"], server.create_database()) as service:
        yield LiveProvider(service).found("steady", "Steady Ltd.", "steady.test", units=10)
    assert "rest.failed" not in service.output, service.output


def test_the_mail_server_is_down(company: LiveOrganization) -> None:
    mail = company.live.mail
    mail.go_down()
    try:
        issued = company.issue(make_csr(["mail.steady.test"], make_key()))
        assert issued["state"] == "valid"
        wait_until(lambda: "delivery failed" in company.live.output, seconds=30, what="a letter was tried in vain")
        assert [letter for letter in mail.to(company.contact) if "mail.steady.test" in str(letter.message["Subject"])] == []
    finally:
        mail.come_back()
    letter = company.live.wait_for_letter(company.contact, "mail.steady.test", "issued", seconds=90)
    assert len([other for other in mail.deliveries if other.message_id == letter.message_id]) == 1


def test_the_issuer_dies_while_somebody_approves(company: LiveOrganization) -> None:
    live = company.live
    request_id = company.submit(make_csr(["issuer.steady.test"], make_key()))["id"]
    signature = company.admin.sign(company.approval_content(request_id))
    answers: list[httpx2.Response] = []

    def approve() -> None:
        answers.append(company.admin.rest.ask("POST", f"{company.path}/requests/{request_id}/approval", {"signature": signature}))

    issuer = live.process("issuer")
    os.kill(issuer, signal.SIGSTOP)
    approving = threading.Thread(target=approve)
    approving.start()
    wait_until(lambda: state_of(company, request_id) == "issuing", seconds=30, what="the issuer was asked")
    os.kill(issuer, signal.SIGKILL)
    approving.join(60)
    [answer] = answers
    assert answer.status_code == 202, answer.text
    assert answer.json()["request"]["state"] == "issuing"
    live.wait_until_ready()
    began = time.monotonic()
    wait_until(lambda: state_of(company, request_id) == "issued", seconds=SWEEP_SECONDS, what="the sweep issued it", pause=0.5)
    assert time.monotonic() - began <= SWEEP_SECONDS
    found = company.token.get(f"{company.path}/certificates", name="issuer.steady.test")["items"]
    assert [item["state"] for item in found] == ["valid"]
    assert company.units()[0] == 0
    live.wait_for_letter(company.contact, "issuer.steady.test", "issued", seconds=30)


def state_of(company: LiveOrganization, request_id: str) -> str:
    """Where a request stands."""
    return str(company.token.get(f"{company.path}/requests/{request_id}")["state"])


def test_the_database_is_gone_and_comes_back(company: LiveOrganization, server: PostgresServer) -> None:
    request_id = company.submit(make_csr(["gone.steady.test"], make_key()))["id"]
    signature = company.admin.sign(company.approval_content(request_id))
    nobody = Caller(company.live)
    server.stop()
    try:
        approval = f"{company.path}/requests/{request_id}/approval"
        answers = [
            nobody.ask("GET", company.path),
            nobody.ask("POST", f"{company.path}/requests", company.form(make_csr(["gone.steady.test"], make_key()))),
            nobody.ask("POST", f"{company.path}/requests/{request_id}/pickup", {"phrase": "blue kettle 9"}),
            company.token.ask("GET", f"{company.path}/requests"),
            company.admin.rest.ask("POST", approval, {"signature": signature}),
        ]
        for answer in answers:
            assert answer.status_code == 503, f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text}"
            assert int(answer.headers["Retry-After"]) >= 1
            assert answer.json()["detail"].endswith(".")
        assert not company.live.is_ready()
        assert company.live.public.get(f"{company.live.settings.base_url}/healthz").status_code == 200
    finally:
        server.start()
    company.live.wait_until_ready()
    assert state_of(company, request_id) == "pending"
    wait_until(lambda: approves(company, request_id), seconds=60, what="an approval is taken again", pause=1)
    company.live.wait_for_letter(company.contact, "gone.steady.test", "issued", seconds=60)


def approves(company: LiveOrganization, request_id: str) -> bool:
    """Whether a new approval issues the certificate; 503 asks for patience."""
    signature = company.admin.sign(company.approval_content(request_id))
    answer = company.admin.rest.ask("POST", f"{company.path}/requests/{request_id}/approval", {"signature": signature})
    if answer.status_code == 503:
        assert int(answer.headers["Retry-After"]) >= 1
        return False
    assert answer.status_code == 200, answer.text
    return bool(answer.json()["request"]["state"] == "issued")


def test_the_power_fails(company: LiveOrganization) -> None:
    request_id = company.submit(make_csr(["power.steady.test"], make_key()))["id"]
    company.live.kill()
    company.live.restart()
    assert state_of(company, request_id) == "pending"
    assert company.approve(request_id)["request"]["state"] == "issued"
    company.live.wait_for_letter(company.contact, "power.steady.test", "issued", seconds=60)
