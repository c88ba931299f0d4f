"""Every ``seal`` line in a letter is one that the ``seal`` of this release understands."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from cyclopts import App
from cyclopts.exceptions import CycloptsError

from privyseal.actions.house import House
from privyseal.model.administrator import Administrator, AdministratorState, Role
from privyseal.model.fact import FactKind
from privyseal.model.identifiers import AdministratorId
from privyseal.model.request import RequestState
from privyseal.model.revocation import RevocationReason
from privyseal.store import audit, authorities, certificates
from privyseal_agent.commands import administrator_roles, certificate, request, token
from privyseal_agent.commands import audit as audit_commands
from tests.features.notices.household import ACME, CODE, DANA, NOW, add_certificate, add_request, invite
from tests.features.notices.test_letters import Office, text_of

NOUNS: dict[str, App] = {
    "audit": audit_commands.APP,
    "administrator": administrator_roles.APP,
    "certificate": certificate.APP,
    "request": request.APP,
    "token": token.APP,
}


def understood(line: str) -> str:
    """The verb of the line; fails when ``seal`` does not take it."""
    _, noun, *words = shlex.split(line)
    try:
        NOUNS[noun].parse_args(words, print_error=False, exit_on_error=False)
    except CycloptsError as error:
        pytest.fail(f"{line}\n{error}")
    return f"{noun} {words[0]}"


def test_seal_understands_the_letters(house: House, tmp_path: Path) -> None:
    office = Office(house, tmp_path)
    add_request(house, 1, RequestState.UNCONFIRMED)
    add_request(house, 2, RequestState.PENDING)
    add_request(house, 3, RequestState.FAILED)
    stored, _ = add_certificate(house, add_request(house, 4, RequestState.ISSUED))
    office_letters = [
        office.letter(FactKind.REQUEST_RECEIVED, "notices.received", 1, code=CODE),
        office.letter(FactKind.REQUEST_RECEIVED, "notices.received", 2),
        office.letter(FactKind.REQUEST_RECEIVED, "notices.pending", 2, recipient=DANA),
        office.letter(FactKind.REQUEST_FAILED, "notices.failed", 3, recipient=DANA),
        office.letter(FactKind.CERTIFICATE_ISSUED, "notices.issued", 4),
    ]
    with house.database.write(NOW) as tx:
        certificates.mark_revoked(tx, stored.id, RevocationReason.SUPERSEDED.code)
    office_letters.append(office.letter(FactKind.CERTIFICATE_REVOKED, "notices.revoked", 4, recipient=DANA))
    role = Role.CERTIFICATE_ADMINISTRATOR
    invite(house, Administrator(AdministratorId("adm-new"), ACME, "Gail Goe", "gail@acme.test", role, AdministratorState.INVITED, NOW))
    office_letters.append(office.letter(FactKind.ADMINISTRATOR_INVITED, "notices.invitation", 5, administrator="adm-new", code=CODE))
    about: dict[str, str] = {"administrator": DANA, "certificate_sha256": "ab" * 32, "recipient": DANA}
    office_letters.append(office.letter(FactKind.CREDENTIAL_ADDED, "notices.credential-added", 6, **about))
    for caller in ({"administrator": DANA}, {"token": "tok-1"}):
        told: dict[str, object] = {**caller, "count": 5, "since": "2026-11-22T13:58:07Z", "recipient": DANA}
        office_letters.append(office.letter(FactKind.NAMES_REFUSED, "notices.names-refused", 7, **told))
    lines = [line.strip() for letter in office_letters for line in text_of(letter).splitlines() if line.strip().startswith("seal ")]
    assert {understood(line) for line in lines} == {
        "administrator enroll",
        "administrator revoke",
        "administrator revoke-all",
        "certificate check",
        "certificate get",
        "certificate reissue",
        "request approve",
        "request confirm",
        "request reject",
        "request show",
        "request status",
        "token revoke",
    }


def test_seal_understands_the_letter_with_the_checkpoint(house: House, tmp_path: Path) -> None:
    with house.database.write(NOW) as tx:
        authorities.set_fact(tx, "log_public_key", "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")  # RFC 8032 7.1
        audit.insert_checkpoint(tx, "o-acme", 5, "00" * 32, "note")
    letter = Office(house, tmp_path).letter(FactKind.CHECKPOINT_CHOSEN, "notices.checkpoint", organization="acme", log="o-acme", size=5)
    lines = [line.strip() for line in text_of(letter).splitlines() if line.strip().startswith("seal ")]
    assert [understood(line) for line in lines] == ["audit export", "audit verify"]
