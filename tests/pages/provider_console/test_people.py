"""The provider's people in its console: who may what, and somebody removed under a signature."""

from __future__ import annotations

import html
import re

from privyseal.app import discover
from privyseal.cli.web_application import make_application
from privyseal.model.administrator import AdministratorState, Role
from tests.pages.test_access import OURS, entrance, session_of
from tests.rigs.app_client import AppClient
from tests.rigs.service import AdministratorRig, ServiceRig

PLACE = "/provider/people"


def field_of(page: str, name: str) -> str:
    """The value of a hidden field."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found is not None, name
    return html.unescape(found[1])


def sign(service: ServiceRig, client: AppClient, page: str, who: AdministratorRig, action: str, headers: dict[str, str]) -> tuple[int, str]:
    """Bring what the page offers back signed, as a file."""
    content = field_of(page, "content")
    signed = service.sign(content.encode(), who)
    kept = {"proposal": field_of(page, "proposal")} if 'name="proposal"' in page else {"decision": "sign"}
    answer = client.post(action, data={"content": content, **kept}, files={"signed": ("signed.p7m", signed)}, headers=headers)
    return answer.status_code, answer.headers.get("location", "")


def test_people_are_shown_and_removed_by_those_who_may(service: ServiceRig) -> None:
    olga, omar = (service.administrator("", name, Role.PROVIDER_SECURITY_OFFICER) for name in ("Olga Officer", "Omar Officer"))
    vera = service.administrator("", "Vera Vetter", Role.PROVIDER_VETTER)
    anna = service.administrator("", "Anna Auditor", Role.PROVIDER_AUDITOR)
    app = make_application(entrance(service), (), discover().sites)
    client = AppClient(app, base_url="https://localhost:8443", follow_redirects=False)
    officer, second, auditor = ({**OURS, **session_of(service, who)} for who in (olga, omar, anna))
    one = f"{PLACE}/{vera.administrator.id}"
    for headers in (officer, auditor):
        listed = client.get(PLACE, headers=headers).text
        assert all(name in listed for name in ("Olga Officer", "Vera Vetter", "Anna Auditor"))
    shown = client.get(one, headers=auditor).text
    assert "Administrator ID" in shown
    assert "Remove this person" not in shown
    assert client.get(f"{one}/removal", headers=auditor).status_code == 403
    assert "Remove this person" in client.get(one, headers=officer).text
    assert "Remove this person" not in client.get(f"{PLACE}/{olga.administrator.id}", headers=officer).text
    page = client.get(f"{one}/removal", headers=officer).text
    assert f"seal administrator remove {vera.administrator.id}" in page
    signed = page.partition("What you sign")[2].partition("</section>")[0]
    for words in ("Vera Vetter", vera.administrator.email, vera.administrator.id, "Vetter", "good until", "Fingerprint"):
        assert words in signed, words
    # Carried by somebody else, signed by somebody who may not: nothing happens.
    assert sign(service, client, page, anna, f"{one}/removed", officer)[0] in {403, 422}
    assert service.renewed(vera).administrator.state is AdministratorState.ACTIVE
    status, change = sign(service, client, page, olga, f"{one}/removed", officer)
    assert (status, change.startswith("/provider/changes/chg-")) == (303, True)
    assert service.renewed(vera).administrator.state is AdministratorState.ACTIVE, "one signature waits"
    waiting = client.get(change, headers=second).text
    assert f"seal change sign {change.rpartition('/')[2]}" in waiting
    assert sign(service, client, waiting, omar, f"{change}/answers", second) == (303, change)
    assert service.renewed(vera).administrator.state is AdministratorState.REMOVED
    assert "Remove this person" not in client.get(one, headers=officer).text


def test_every_credential_of_somebody_is_revoked_in_one_step(service: ServiceRig) -> None:
    olga = service.administrator("", "Olga Officer", Role.PROVIDER_SECURITY_OFFICER)
    vera = service.administrator("", "Vera Vetter", Role.PROVIDER_VETTER)
    app = make_application(entrance(service), (), discover().sites)
    client = AppClient(app, base_url="https://localhost:8443", follow_redirects=False)
    officer, vetter = ({**OURS, **session_of(service, who)} for who in (olga, vera))
    way = f"{PLACE}/{vera.administrator.id}/credentials/revoke"
    assert client.get(way, headers=vetter).status_code == 403, "whoever revokes for organizations does not for the provider"
    assert "1 credential counts no more" in client.get(way, headers=officer).text
    assert client.post(way, data={"reason": ""}, headers=officer).status_code == 422
    assert client.get(PLACE, headers=vetter).status_code == 200
    assert client.post(way, data={"reason": "exposed"}, headers=officer).status_code == 303
    assert client.get(PLACE, headers=vetter).status_code in {303, 401}
    assert service.renewed(vera).administrator.state is AdministratorState.ACTIVE


def test_nobody_of_an_organization_is_found_there(service: ServiceRig) -> None:
    fox = service.administrator("resource-marketing", "Fox Mulder")
    olga = service.administrator("", "Olga Officer", Role.PROVIDER_SECURITY_OFFICER)
    client = AppClient(make_application(entrance(service), (), discover().sites), base_url="https://localhost:8443", follow_redirects=False)
    officer = {**OURS, **session_of(service, olga)}
    for person in (fox.administrator.id, f"adm-{'0' * 32}", "x"):
        assert client.get(f"{PLACE}/{person}", headers=officer).status_code == 404
