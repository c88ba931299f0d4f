"""The questions of an organization's own, as somebody meets them who asks for a certificate."""

from __future__ import annotations

from dataclasses import replace

import pytest

from privyseal.actions.house import About, perform
from privyseal.actions.organization.add_policy import add_policy
from privyseal.model.custom_field import CustomField, FieldPattern
from privyseal.model.policy_draft import PolicyDraft
from tests.pages.portal.portal_rig import EMAIL, HOME, NAME, PHRASES, PortalRig
from tests.rigs.hostile_texts import SHORT
from tests.rigs.service import OPERATOR, make_csr, make_key

ORG = "asks-more"
NAME_HERE = "www.asks-more.test"
PLACE = f"/o/{ORG}"
CENTER = CustomField("cost-center", "Cost center", required=True, pattern=FieldPattern.DIGITS, max_length=6)
NOTE = CustomField("room", "Room <b>", required=False, pattern=FieldPattern.TEXT, max_length=40)
DRAFT = PolicyDraft(custom_fields=(CENTER, NOTE))
CONTACT = {"contact_name": "Dana Scully", "contact_email": "dana@asks-more.test", "comment": ""}


@pytest.fixture
def asking(portal: PortalRig) -> PortalRig:
    """The portal of an organization that asks more."""
    portal.service.create_organization(ORG, name="Asks More, Inc.", domains=("asks-more.test",), policy=DRAFT)
    return portal


def begun(portal: PortalRig) -> str:
    """A draft that stands before the contact."""
    draft = portal.send(f"{PLACE}/enroll", {"platform": "nginx"}).address.removesuffix("/names")
    portal.send(f"{draft}/names", {"names": NAME_HERE})
    portal.send(f"{draft}/csr", {"csr": make_csr([NAME_HERE], make_key())})
    assert portal.send(f"{draft}/use", {"life": "365:tls-server", "address-1": NAME_HERE}).address == f"{draft}/contact"
    return draft


def test_they_are_asked_with_the_contact_and_shown_before_sending(asking: PortalRig) -> None:
    draft = begun(asking)
    page = asking.get(f"{draft}/contact")
    assert {"field-cost-center", "field-room"} <= set(page.page.fields)
    assert "Room &lt;b&gt;" in page.page.source
    wrong = asking.send(f"{draft}/contact", {**CONTACT, "field-cost-center": "47a", "field-room": "B 12"})
    assert wrong.status == 422
    assert any("Your answer to Cost center may have digits only" in problem for problem in wrong.page.problems)
    assert (wrong.page.fields["field-cost-center"], wrong.page.fields["field-room"]) == ("47a", "B 12"), "what was typed stays"
    assert asking.get(f"{draft}/check").address == f"{draft}/contact", "nothing of it was kept"
    check = asking.send(f"{draft}/contact", {**CONTACT, "field-cost-center": "4711", "field-room": "B 12"})
    assert check.address == f"{draft}/check"
    assert all(text in check.text for text in ("Cost center", "4711", "B 12"))
    done = asking.send(f"{draft}/check", PHRASES)
    request = asking.request(done.address.split("/")[-2], ORG)
    assert request.custom_fields == (("cost-center", "4711"), ("room", "B 12"))


def test_who_must_answer_is_led_there(asking: PortalRig) -> None:
    draft = begun(asking)
    refused = asking.send(f"{draft}/contact", CONTACT)
    assert refused.status == 422
    assert any("Fill in Cost center" in problem for problem in refused.page.problems)
    assert asking.post(f"{draft}/check", PHRASES).address == f"{draft}/contact"


def test_a_policy_that_asks_anew_meanwhile_is_answered_before_it_is_sent(asking: PortalRig) -> None:
    draft = begun(asking)
    asking.send(f"{draft}/contact", {**CONTACT, "field-cost-center": "4711", "field-room": "B 12"})
    project = replace(CENTER, name="project", label="Project")
    about = About("add-policy", ORG, "policy", "new")
    perform(asking.service.house, OPERATOR, about, add_policy, ORG, replace(DRAFT, custom_fields=(project,)))
    assert asking.post(f"{draft}/check", PHRASES).address == f"{draft}/contact"
    assert "Project" in asking.get(f"{draft}/contact").text
    asking.send(f"{draft}/contact", {**CONTACT, "field-project": "12"})
    done = asking.send(f"{draft}/check", PHRASES)
    assert asking.request(done.address.split("/")[-2], ORG).custom_fields == (("project", "12"),)


@pytest.mark.parametrize("service", ["sqlite"], indirect=True)
def test_hostile_answers_are_text(asking: PortalRig) -> None:
    draft = begun(asking)
    for payload in SHORT.values():
        seen = asking.send(f"{draft}/contact", {**CONTACT, "field-cost-center": "1", "field-room": payload})
        assert seen.status in {200, 422}
        assert "<script>alert" not in seen.page.source
    assert "Cost center" not in asking.get(f"{HOME}/").text


def test_nobody_is_asked_where_nothing_is_asked(portal: PortalRig) -> None:
    draft = portal.fill()
    assert set(portal.get(f"{draft}/contact").page.fields) == {"contact_name", "contact_email", "comment"}
    sent = portal.post(f"{draft}/contact", {"contact_name": "D S", "contact_email": EMAIL, "comment": "", "field-x": "y"})
    assert sent.address == f"{draft}/check"
    assert NAME in sent.text
