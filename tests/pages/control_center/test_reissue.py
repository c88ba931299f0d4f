"""A reissue asked for in the control center: the CSR with its verdicts, the button that sends it, and what is refused."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from privyseal.actions.certificate.revoke_certificate import BySystem, revoke_certificate
from privyseal.actions.department.move_certificate import move_certificate
from privyseal.actions.house import About, perform
from privyseal.actions.organization.suspend_organization import suspend_organization
from privyseal.model.actor import SYSTEM
from privyseal.model.administrator import Role
from privyseal.model.certificate import Certificate
from privyseal.model.request import Request, RequestKind, RequestState
from privyseal.model.revocation import RevocationReason
from privyseal.model.unit import UnitTier
from privyseal.store import organizations, requests, units
from tests.pages.browsing import problems, require_refused
from tests.pages.control_center.console_rig import NAME, ORG, ConsoleRig, Desk, colleague, hidden
from tests.pages.portal.portal_rig import Document
from tests.rigs.service import OPERATOR, AdministratorRig, SubjectKey, make_csr, make_key

MORE = f"shop.{NAME}"


def issued(rig: ConsoleRig, desk: Desk, key: SubjectKey | None = None, **changes: Any) -> Certificate:  # noqa: ANN401 - fields of a submission
    """A new certificate for two names."""
    return desk.issue(rig.service.submit(ORG, make_csr([NAME, MORE], key or make_key()), **changes))


def place(certificate: Certificate) -> str:
    """Its page, below the control center."""
    return f"/certificates/{certificate.serial_hex}"


def waiting(rig: ConsoleRig) -> list[Request]:
    """The reissues that wait for a decision."""
    with rig.service.house.database.read(rig.service.clock()) as tx:
        organization = organizations.require(tx, ORG)
        found = requests.page(tx, organization.id, states=[RequestState.PENDING])
    return [request for request in found if request.kind is RequestKind.REISSUE]


def available(rig: ConsoleRig) -> int:
    """How many units are left."""
    with rig.service.house.database.read(rig.service.clock()) as tx:
        return units.balance(tx, organizations.require(tx, ORG).id, UnitTier.STANDARD).available


def button(check: Any) -> str:  # noqa: ANN401 - the test client's answer
    """Where the last button of the check page sends to."""
    found = re.search(r'<form method="post" action="([^"]+/reissued[^"]*)"', check.text)
    assert found is not None, check.text
    return html.unescape(found[1])


def upload(desk: Desk, certificate: Certificate, content: bytes, typed: str = "") -> Any:  # noqa: ANN401 - the test client's answer
    """Hand a file in."""
    return desk.client().post(f"{desk.home}{place(certificate)}/reissue", data={"csr": typed}, files={"csr_file": ("new.csr", content)})


def test_from_the_certificate_to_the_one_that_replaces_it(rig: ConsoleRig, fox: Desk) -> None:
    old = issued(rig, fox)
    helper = colleague(fox, "Paula Certificate", Role.CERTIFICATE_ADMINISTRATOR)
    paula = rig.desk(helper)
    assert f'href="{paula.home}{place(old)}/reissue"' in paula.get(place(old)).text
    question = paula.get(f"{place(old)}/reissue")
    assert "Another administrator decides about it" in question.text
    assert f"subjectAltName=DNS:{NAME},DNS:{MORE}" in question.text, "the commands have its names"
    csr = make_csr([MORE, NAME], make_key())
    check = paula.follow(f"{place(old)}/reissue", {"csr": csr})
    page = Document(check.text)
    for words in (
        NAME,
        MORE,
        old.serial_hex,
        "The CSR is signed with its own key",
        "The key is another one than that of the certificate.",
        "The names are those of the certificate.",
        f"{NAME} belongs to the organization.",
        "A replacement uses no unit.",
        "You cannot approve it yourself",
    ):
        assert words in page.text, words
    assert waiting(rig) == [], "looking at it asks for nothing"
    action = button(check)
    received = paula.follow(action, {"csr": hidden(check.text, "csr")})
    assert "is asked for" in received.text
    [request] = waiting(rig)
    assert (request.replaces_serial_hex, request.requester_id) == (old.serial_hex, helper.administrator.id)
    assert f"/requests/{request.id}" in received.text
    again = paula.send(action, {"csr": hidden(check.text, "csr")})
    assert again.headers["location"].endswith(f"/requests/{request.id}/received"), "pressed twice it is asked for once"
    assert "This is your own request." in paula.page_of(request).text
    left = available(rig)
    assert fox.approve(request).status_code == 303
    new = rig.service.certificate_of(request)
    assert new is not None
    assert (new.replaces, new.names, new.not_after) == (old.id, old.names, old.not_after)
    assert available(rig) == left, "it uses no unit"
    assert paula.get(f"/requests/{request.id}/received").headers["location"].endswith(f"/requests/{request.id}")


def test_a_file_counts_and_is_checked_alike(rig: ConsoleRig, fox: Desk) -> None:
    old = issued(rig, fox)
    csr = make_csr([NAME, MORE], make_key())
    answer = upload(fox, old, csr.encode(), typed="what is typed does not count")
    assert answer.status_code == 303
    check = fox.get(answer.headers["location"])
    assert hidden(check.text, "csr").split() == csr.split()
    broken = require_refused(upload(fox, old, b"nonsense", typed="kept"), 400, "csr_file")
    assert broken.fields["csr"] == "kept"
    require_refused(upload(fox, old, make_csr([NAME], make_key()).encode()), 422, "csr_file", f"The new CSR lacks {MORE}.")
    back = fox.get(answer.headers["location"].replace("/reissue/check", "/reissue"))
    assert Document(back.text).fields["csr"].split() == csr.split(), "another one is made from what was there"


def test_what_cannot_replace_it_is_told_at_once_and_what_was_typed_stays(rig: ConsoleRig, fox: Desk) -> None:
    key = make_key()
    old = issued(rig, fox, key)
    refusals = {
        "": (400, "Paste the CSR, or choose its file."),
        "no CSR at all": (400, ""),
        make_csr([NAME, MORE], key): (422, "this CSR has the key of the certificate to be replaced"),
        make_csr([NAME, MORE, "mail.resource-marketing.test"], make_key()): (422, "The new CSR adds mail.resource-marketing.test."),
        make_csr([NAME, "www.google.com"], make_key()): (422, f"The new CSR lacks {MORE} and adds www.google.com."),
        make_csr(["www.hoffman-brandt.test"], make_key()): (422, "www.hoffman-brandt.test"),
        make_csr([NAME, MORE], make_key("rsa1024")): (422, "1024"),
    }
    for csr, (status, words) in refusals.items():
        page = require_refused(fox.send(f"{place(old)}/reissue", {"csr": csr, "sent": "yes"}), status, "csr", words)
        assert page.fields["csr"].strip() == csr.strip()
        # Straight to the last button, without the check between.
        answer = fox.send(f"{place(old)}/reissued", {"csr": csr, "sent": "yes"})
        require_refused(answer, status, "csr", words)
    assert waiting(rig) == []
    assert fox.get(f"{place(old)}/reissue/check").headers["location"].endswith(f"{place(old)}/reissue"), "no CSR, no check"


def test_a_private_key_pasted_instead_is_blocked_for_ever(rig: ConsoleRig, fox: Desk) -> None:
    old, key = issued(rig, fox), make_key()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    csr = make_csr([NAME, MORE], key)
    answer = fox.send(f"{place(old)}/reissue", {"csr": csr + pem})
    assert answer.status_code == 422
    assert "private key" in answer.text
    assert pem.splitlines()[1] not in answer.text, "a key is not sent back"
    require_refused(fox.send(f"{place(old)}/reissue", {"csr": csr}), 422, "csr", "Somebody else may have this key")
    require_refused(fox.send(f"{place(old)}/reissued", {"csr": csr}), 422, "csr", "Somebody else may have this key")
    assert waiting(rig) == []


def test_a_key_disclosed_between_check_and_button_is_refused(rig: ConsoleRig, fox: Desk) -> None:
    old, key = issued(rig, fox), make_key()
    csr = make_csr([NAME, MORE], key)
    check = fox.follow(f"{place(old)}/reissue", {"csr": csr})
    assert "Ask for the reissue" in check.text
    fox.send("/certificates/00/reissue", {"csr": key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()})
    require_refused(fox.send(button(check), {"csr": csr}), 422, "csr", "Somebody else may have this key")


def test_a_department_reissues_its_own_alone(rig: ConsoleRig, fox: Desk) -> None:
    assert isinstance(fox.who, AdministratorRig)
    service = rig.service
    here, there = service.department(fox.who, "Here"), service.department(fox.who, "There")
    person = service.administrator(ORG, "Dora Department", Role.READ_ONLY, by=fox.who)
    person = service.assign(person, Role.DEPARTMENT_ADMINISTRATOR, by=fox.who, department=here.id)
    dora = rig.desk(person)
    own, other = issued(rig, fox, department=here.id), issued(rig, fox, department=there.id)
    csr = make_csr([NAME, MORE], make_key())
    # She reads everything still, and asks for what is hers.
    assert "/reissue" not in dora.get(place(other)).text.replace("seal certificate reissue", "")
    for answer in (
        dora.get(f"{place(other)}/reissue"),
        dora.get(f"{place(other)}/reissue/check"),
        dora.send(f"{place(other)}/reissue", {"csr": csr}),
        dora.send(f"{place(other)}/reissued", {"csr": csr}),
    ):
        assert (answer.status_code, "certain departments alone" in answer.text) == (403, True), answer.text
    check = dora.follow(f"{place(own)}/reissue", {"csr": csr})
    action = button(check)
    about = About("move-certificate", ORG, "certificate", own.serial_hex)
    perform(service.house, fox.who.actor, about, move_certificate, ORG, own.serial_hex, there.id)
    assert dora.send(action, {"csr": csr}).status_code == 403, "moved away between check and button"
    perform(service.house, fox.who.actor, about, move_certificate, ORG, own.serial_hex, here.id)
    assert dora.send(action, {"csr": csr}).status_code == 303
    [request] = waiting(rig)
    assert request.department_id == here.id
    dora_alone = service.assign(person, Role.READ_ONLY, by=fox.who, change="take")
    assert rig.desk(dora_alone).get(f"{place(other)}/reissue").status_code == 404, "what is out of sight does not exist"


def test_a_revoked_one_for_thirty_days_an_expired_one_never(rig: ConsoleRig, fox: Desk) -> None:
    revoked, expired = issued(rig, fox), issued(rig, fox, lifetime_days=90)
    csr = make_csr([NAME, MORE], make_key())
    service, about = rig.service, About("revoke-certificate", ORG, "certificate", revoked.serial_hex)
    by_rule = BySystem(RevocationReason.KEY_COMPROMISE)
    perform(service.house, SYSTEM, about, revoke_certificate, ORG, revoked.serial_hex, by_rule)
    assert f'href="{fox.home}{place(revoked)}/reissue"' in fox.get(f"{place(revoked)}/revoked").text
    check = fox.follow(f"{place(revoked)}/reissue", {"csr": csr})
    assert "is revoked by itself seven days after" not in check.text, "it is revoked already"
    service.clock.advance(timedelta(days=31))
    service.integrate()
    fox = rig.desk(fox.who)
    assert "revoked more than 30 days ago" in fox.get(f"{place(revoked)}/reissue").text
    assert fox.get(f"{place(revoked)}/reissue").text.count("<textarea") == 0
    late = fox.send(f"{place(revoked)}/reissued", {"csr": csr})
    assert (late.status_code, problems(late)) == (
        409,
        ["The certificate was revoked more than 30 days ago. Ask for a new one instead of a replacement."],
    )
    service.clock.advance(timedelta(days=60))
    service.integrate()
    fox = rig.desk(fox.who)
    gone = fox.send(f"{place(expired)}/reissue", {"csr": csr})
    assert (gone.status_code, "The certificate has expired." in gone.text) == (409, True)
    assert "/reissue" not in fox.get(place(expired)).text
    assert waiting(rig) == []


def test_a_suspended_organization_reissues_nothing(rig: ConsoleRig, fox: Desk) -> None:
    old, csr = issued(rig, fox), make_csr([NAME, MORE], make_key())
    check = fox.follow(f"{place(old)}/reissue", {"csr": csr})
    perform(rig.service.house, OPERATOR, About("suspend-organization", ORG, "organization", ORG), suspend_organization, ORG, "Unpaid")
    answer = fox.send(button(check), {"csr": csr})
    assert (answer.status_code, "suspended" in " ".join(problems(answer))) == (422, True)
    assert "<textarea" not in fox.get(f"{place(old)}/reissue").text
    assert waiting(rig) == []


@pytest.mark.parametrize("role", [Role.READ_ONLY, Role.AUDITOR])
def test_who_only_reads_asks_for_nothing(rig: ConsoleRig, fox: Desk, role: Role) -> None:
    old = issued(rig, fox)
    assert isinstance(fox.who, AdministratorRig)
    reader = rig.desk(rig.service.administrator(ORG, "Rita Reader", role, by=fox.who))
    page = reader.get(place(old)).text
    assert f"{place(old)}/reissue" not in page
    assert "in the portal" in page, "the contact may ask"
    for answer in (
        reader.get(f"{place(old)}/reissue"),
        reader.get(f"{place(old)}/reissue/check"),
        reader.send(f"{place(old)}/reissue", {"csr": make_csr([NAME, MORE], make_key())}),
        reader.send(f"{place(old)}/reissued", {"csr": make_csr([NAME, MORE], make_key())}),
    ):
        assert (answer.status_code, "right to submit" in answer.text) == (403, True), answer.text
    assert waiting(rig) == []
