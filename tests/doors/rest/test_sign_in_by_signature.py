"""Signing in by signature, for keys on cards: what the token is worth, and what somebody else makes of a signed sign-in."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from datetime import timedelta

from httpx2 import Response

from privyseal.actions.administrator.revoke_credential import revoke_credential
from privyseal.actions.house import About, perform
from privyseal.model.revocation import RevocationReason
from privyseal.model.statement import utc_text
from privyseal_wire.statements import Approval, SignIn, parse_statement
from tests.doors.rest.rest_rig import API, ORG, OTHER, RestRig
from tests.rigs.service import OPERATOR, AdministratorRig, hashes_hex, make_csr, make_key


@dataclass(frozen=True, slots=True)
class Program:
    """A program that signs in, honest or not."""

    rest: RestRig
    person: AdministratorRig
    secret: str = "s" * 52

    def challenge(self, audience: str = ORG) -> str:
        self.rest.service.clock.advance(timedelta(minutes=20))  # No try of before makes this one wait.
        digest = hashlib.sha256(self.secret.encode()).hexdigest()
        answer = self.rest.anonymous().post(f"{API}/sign-in/challenge", json={"audience": audience, "program_sha256": digest})
        assert answer.status_code == 200, answer.text
        return str(answer.json()["challenge"])

    def statement(self, challenge: str, **changes: str) -> SignIn:
        values = {
            "service": self.rest.service.settings.service_id,
            "organization": ORG,
            "expires": utc_text(self.rest.service.clock() + timedelta(minutes=4)),
            "challenge": challenge,
        }
        return SignIn(**{**values, **changes})

    def sign_in(self, content: bytes, *, audience: str = ORG, secret: str = "") -> Response:
        signature = base64.b64encode(self.rest.service.sign(content, self.person)).decode()
        body = {"audience": audience, "program": secret or self.secret, "signature": signature}
        return self.rest.anonymous().post(f"{API}/sign-in", json=body)


def test_the_token_works_until_it_is_ended(rest: RestRig, fox: AdministratorRig) -> None:
    program = Program(rest, fox)
    answer = program.sign_in(program.statement(program.challenge()).to_bytes())
    assert answer.status_code == 201, answer.text
    fox_client = rest.bearer(answer.json()["token"])
    assert fox_client.get(f"{API}/organizations/{ORG}/units").status_code == 200
    assert fox_client.get(f"{API}/organizations/{OTHER}/units").status_code == 404
    assert fox_client.delete(f"{API}/sign-in").status_code == 204
    refused = fox_client.get(f"{API}/organizations/{ORG}/units")
    assert (refused.status_code, refused.json()["kind"]) == (401, "session-ended")


def test_it_ends_after_a_quarter_of_an_hour_and_with_the_administrator_id(rest: RestRig, fox: AdministratorRig) -> None:
    program = Program(rest, fox)
    first = rest.bearer(program.sign_in(program.statement(program.challenge()).to_bytes()).json()["token"])
    rest.service.clock.advance(timedelta(minutes=16))
    assert first.get(f"{API}/organizations/{ORG}/units").json()["kind"] == "session-ended"
    second = rest.bearer(program.sign_in(program.statement(program.challenge()).to_bytes()).json()["token"])
    assert second.get(f"{API}/organizations/{ORG}/units").status_code == 200
    about = About("revoke-credential", ORG, "credential", "card")
    sha256 = hashes_hex(fox.certificate_der)
    perform(rest.service.house, OPERATOR, about, revoke_credential, ORG, sha256, RevocationReason.KEY_COMPROMISE)
    assert second.get(f"{API}/organizations/{ORG}/units").json()["kind"] == "session-ended"
    again = program.sign_in(program.statement(program.challenge()).to_bytes())
    assert (again.status_code, again.json()["kind"]) == (401, "credential-unusable")


def test_a_signed_sign_in_is_worth_nothing_a_second_time_elsewhere_or_to_others(rest: RestRig, fox: AdministratorRig) -> None:
    rest.service.create_organization(OTHER, domains=("hoffman-brandt.test",))
    program = Program(rest, fox)
    used = program.statement(program.challenge()).to_bytes()
    assert program.sign_in(used).status_code == 201
    found = {
        "replayed": program.sign_in(used),
        "by whoever overheard": program.sign_in(program.statement(program.challenge()).to_bytes(), secret="t" * 52),
        "made up": program.sign_in(program.statement("ab" * 32).to_bytes()),
        "elsewhere": program.sign_in(program.statement(program.challenge()).to_bytes(), audience=OTHER),
        "for another": program.sign_in(program.statement(program.challenge(OTHER)).to_bytes()),
        "other service": program.sign_in(program.statement(program.challenge(), service="evil.test").to_bytes()),
        "provider": program.sign_in(
            program.statement(program.challenge("provider"), organization="provider").to_bytes(), audience="provider"
        ),
        "too long": program.sign_in(
            program.statement(program.challenge(), expires=utc_text(rest.service.clock() + timedelta(hours=1))).to_bytes()
        ),
        "not canonical": program.sign_in(b" " + program.statement(program.challenge()).to_bytes()),
    }
    assert {name: answer.json()["kind"] for name, answer in found.items()} == {
        "replayed": "challenge",
        "by whoever overheard": "challenge",
        "made up": "challenge",
        "elsewhere": "credential-unknown",
        "for another": "challenge",
        "other service": "challenge",
        "provider": "credential-unknown",
        "too long": "statement-life",
        "not canonical": "canonical-form",
    }


def test_an_approval_is_no_sign_in_and_a_sign_in_approves_nothing(rest: RestRig, fox: AdministratorRig) -> None:
    program = Program(rest, fox)
    request = rest.service.submit(ORG, make_csr(["www.resource-marketing.test"], make_key()))
    content = rest.service.approval_content(request, fox)
    assert isinstance(parse_statement(content), Approval)
    assert program.sign_in(content).json()["kind"] == "statement-type"
    statement = program.statement(program.challenge()).to_bytes()
    signature = base64.b64encode(rest.service.sign(statement, fox)).decode()
    path = f"{API}/organizations/{ORG}/requests/{request.id}/approval"
    assert rest.administrator(fox).post(path, json={"signature": signature}).status_code == 422
