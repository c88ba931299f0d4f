"""Access reviews in the control center and in the provider's console: seen by who reads, confirmed by who reviews, line by line."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import pytest

from privyseal.actions.access_review.make_access_reviews import make_access_reviews
from privyseal.actions.house import About, perform
from privyseal.app import discover
from privyseal.cli.web_application import make_application
from privyseal.model.actor import SYSTEM
from privyseal.model.administrator import Role
from privyseal.reception import review_pages
from tests.pages.test_access import OURS, entrance, session_of
from tests.rigs.app_client import AppClient
from tests.rigs.service import ServiceRig

ORG = "resource-marketing"


def make(service: ServiceRig) -> None:
    """The reviews of the next quarter."""
    service.clock.advance(timedelta(days=92))
    service.integrate()
    while perform(service.house, SYSTEM, About("make-access-review", "", "service", "all"), make_access_reviews):
        pass


def review_in(page: str, place: str) -> str:
    """The address of the newest review."""
    found = re.search(rf'href="({place}/rev-[0-9a-f]{{32}})"', page)
    assert found is not None, page
    return found[1]


def test_a_review_is_confirmed_line_by_line(service: ServiceRig) -> None:
    fox = service.administrator(ORG, "Fox Mulder")
    dana = service.administrator(ORG, "Dana Scully", Role.SECURITY_ADMINISTRATOR, by=fox)
    anna = service.administrator(ORG, "Anna Auditor", Role.AUDITOR, by=fox)
    client = AppClient(make_application(entrance(service), (), discover().sites), base_url="https://localhost:8443", follow_redirects=False)
    place = f"/o/{ORG}/console/reviews"
    assert "No review was made yet" in client.get(place, headers={**OURS, **session_of(service, fox)}).text
    make(service)
    reader, reviewer, other = ({**OURS, **session_of(service, who)} for who in (anna, fox, dana))
    here = review_in(client.get(place, headers=reader).text, place)
    seen = client.get(here, headers=reader).text
    assert all(name in seen for name in ("Fox Mulder", "Dana Scully", "Anna Auditor"))
    assert "Confirm these roles" not in seen
    page = client.get(here, headers=reviewer).text
    assert page.count("Confirm these roles") == 3

    def line(person: str) -> tuple[str, str]:
        found = re.search(rf'action="({here}/people/{person})">\s*<input type="hidden" name="seen" value="([^"]*)"', page)
        assert found is not None
        return found[1], html.unescape(found[2])

    action, held = line(fox.administrator.id)
    assert client.post(action, data={"seen": held}, headers=reviewer).status_code == 403
    assert client.post(action, data={"seen": ""}, headers=other).status_code == 409
    assert client.post(action, data={"seen": held}, headers=reader).status_code == 403
    assert client.post(action, data={"seen": held}, headers=other).status_code == 303
    for person in (dana, anna):
        action, held = line(person.administrator.id)
        assert client.post(action, data={"seen": held}, headers=reviewer).status_code == 303
    done = client.get(here, headers=reader).text
    assert "Finished" in done
    assert done.count("Confirmed") >= 3


def test_many_lines_are_shown_page_by_page(service: ServiceRig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(review_pages, "PAGE_PEOPLE", 2)
    fox = service.administrator(ORG, "Fox Mulder")
    for name in ("Anna Auditor", "Berta Auditor", "Zoe Auditor"):
        service.administrator(ORG, name, Role.AUDITOR, by=fox)
    client = AppClient(make_application(entrance(service), (), discover().sites), base_url="https://localhost:8443", follow_redirects=False)
    make(service)
    headers = {**OURS, **session_of(service, fox)}
    here = review_in(client.get(f"/o/{ORG}/console/reviews", headers=headers).text, f"/o/{ORG}/console/reviews")
    first = client.get(here, headers=headers).text
    assert ("Anna Auditor" in first, "Berta Auditor" in first, ">Zoe Auditor" in first) == (True, True, False)
    assert "4 people are still to be looked at" in first
    following = re.search(rf'href="({here}\?after=(adm-[0-9a-f]{{32}}))"', first)
    assert following is not None
    second = client.get(following[1], headers=headers).text
    assert ("Berta Auditor" in second, "Zoe Auditor" in second, f'href="{here}"' in second) == (False, True, True)
    zoe = re.search(r'id="(adm-[0-9a-f]{32})" aria-labelledby="name-2"', second)
    held = re.findall(r'name="seen" value="([^"]*)"', second)
    assert zoe is not None
    refused = client.post(f"{here}/people/{zoe[1]}", data={"seen": "x", "after": following[2]}, headers=headers)
    assert refused.status_code == 409
    assert "Berta Auditor" not in refused.text
    answer = client.post(f"{here}/people/{zoe[1]}", data={"seen": html.unescape(held[-1]), "after": following[2]}, headers=headers)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{following[1]}#{zoe[1]}")
    for strange in ("x", f"adm-{'0' * 32}", "<b>"):
        assert "Anna Auditor" in client.get(here, params={"after": strange}, headers=headers).text


def test_the_provider_sees_how_organizations_stand_and_reviews_its_own(service: ServiceRig) -> None:
    fox = service.administrator(ORG, "Fox Mulder")
    olga = service.administrator("", "Olga Officer", Role.PROVIDER_SECURITY_OFFICER)
    client = AppClient(make_application(entrance(service), (), discover().sites), base_url="https://localhost:8443", follow_redirects=False)
    make(service)
    officer = {**OURS, **session_of(service, olga)}
    stands = client.get("/provider/reviews/organizations", headers=officer).text
    assert "Resource Marketing, Inc." in stands
    assert "Open" in stands
    assert "Fox Mulder" not in stands
    here = review_in(client.get("/provider/reviews", headers=officer).text, "/provider/reviews")
    assert "Olga Officer" in client.get(here, headers=officer).text
    for address in (f"/provider/reviews/rev-{'0' * 32}", "/provider/reviews/x"):
        assert client.get(address, headers=officer).status_code == 404
    assert fox.administrator.id not in client.get(here, headers=officer).text
