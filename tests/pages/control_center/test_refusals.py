"""What a page refuses to somebody who is signed in: the frame stays, and so does the way back."""

from __future__ import annotations

from privyseal.model.administrator import Role
from tests.pages.control_center.console_rig import ORG, ConsoleRig, Desk
from tests.rigs.service import AdministratorRig


def test_a_role_that_does_not_reach_keeps_its_own_pages(rig: ConsoleRig, fox: Desk) -> None:
    assert fox.get("/").status_code == 200
    assert isinstance(fox.who, AdministratorRig)
    reader = rig.desk(rig.service.administrator(ORG, "Rita Reader", Role.READ_ONLY, by=fox.who))
    refused = reader.get("/tokens")
    assert refused.status_code == 403
    assert "None of your roles includes the right to manage tokens." in refused.text
    assert f'href="/o/{ORG}/console/requests"' in refused.text
    assert "Rita Reader" in refused.text


def test_an_address_that_leads_nowhere_keeps_them_too(fox: Desk) -> None:
    missing = fox.get("/certificates/0123456789abcdef")
    assert missing.status_code == 404
    assert f'href="/o/{ORG}/console/requests"' in missing.text
