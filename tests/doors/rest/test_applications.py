"""Applications and trials over REST: as a stranger, and as the provider's people; the same rules as on the pages."""

from __future__ import annotations

from typing import Any

import pytest

from privyseal.model.administrator import Role
from privyseal.model.fact import FactKind
from tests.actions.organization.test_application import FORM, payloads
from tests.actions.trial.test_trials import FORM as TRIAL
from tests.doors.rest.rest_rig import API, RestRig
from tests.rigs.app_client import AppClient
from tests.rigs.hostile_texts import SHORT
from tests.rigs.service import ServiceRig

BODY: dict[str, Any] = FORM | {"domains": ["hoffman-brandt.test", "hb.test"]}
sqlite = pytest.mark.parametrize("service", ["sqlite"], indirect=True)


@pytest.fixture
def rest(service: ServiceRig) -> RestRig:
    """A service that keeps what it would mail."""
    service.listeners.update(dict.fromkeys((FactKind.APPLICATION_RECEIVED, FactKind.TRIAL_ASKED), ("test",)))
    return RestRig(service)


def somebody(rest: RestRig, role: Role) -> AppClient:
    """One of the provider's people."""
    return rest.administrator(rest.service.administrator("", role.value, role))


def applied(rest: RestRig) -> str:
    """The id of a confirmed application."""
    stranger = rest.anonymous()
    sent = stranger.post(f"{API}/applications", json=BODY)
    assert (sent.status_code, sent.json()["state"]) == (202, "unconfirmed"), sent.text
    application_id = str(sent.json()["id"])
    place = f"{API}/applications/{application_id}/confirmation"
    code = payloads(rest.service, FactKind.APPLICATION_RECEIVED)[-1]["code"]
    assert stranger.post(place, json={"code": "a" * 52}).status_code == 404
    for _ in range(2):
        assert stranger.post(place, json={"code": code}).json() == {"id": application_id, "state": "applied"}
    return application_id


def test_an_application_is_read_and_taken_up(rest: RestRig) -> None:
    application_id = applied(rest)
    vera = somebody(rest, Role.PROVIDER_VETTER)
    [listed] = vera.get(f"{API}/provider/applications").json()["items"]
    assert listed == vera.get(f"{API}/provider/applications/{application_id}").json()
    assert (listed["name"], listed["domains"]) == (FORM["name"], ["hoffman-brandt.test", "hb.test"])
    assert vera.get(f"{API}/provider/applications", params={"state": "rejected"}).json()["items"] == []
    place = f"{API}/provider/applications/{application_id}/take-up"
    assert vera.post(place, json={"slug": "Ä"}).json()["kind"] == "organization-slug"
    made = vera.post(place, json={"slug": "hoffman"})
    assert (made.status_code, made.json()["state"]) == (201, "vetting")
    assert vera.get(f"{API}/provider/organizations/hoffman/vetting").json()["state"] == "open"
    again = vera.post(place, json={"slug": "second"})
    assert (again.status_code, again.json()["kind"]) == (409, "application-state")


def test_an_application_is_rejected_with_a_reason(rest: RestRig) -> None:
    application_id = applied(rest)
    vera, olaf = somebody(rest, Role.PROVIDER_VETTER), somebody(rest, Role.PROVIDER_SECURITY_OFFICER)
    place = f"{API}/provider/applications/{application_id}/rejection"
    assert olaf.post(place, json={"reason": "No"}).status_code == 403
    assert vera.post(place, json={"reason": " "}).status_code == 422
    rejected = vera.post(place, json={"reason": "The register knows no such company."}).json()
    assert (rejected["state"], rejected["reason"]) == ("rejected", "The register knows no such company.")


def test_a_trial_by_a_stranger_and_one_by_the_provider(rest: RestRig) -> None:
    stranger = rest.anonymous()
    sent = stranger.post(f"{API}/trials", json=TRIAL)
    assert (sent.status_code, sent.json()["state"]) == (202, "unconfirmed"), sent.text
    code = payloads(rest.service, FactKind.TRIAL_ASKED)[-1]["code"]
    place = f"{API}/trials/{sent.json()['id']}/confirmation"
    for started in (stranger.post(place, json={"code": code}) for _ in range(2)):
        assert (started.status_code, started.json()["name"], started.json()["state"]) == (200, "TEST Langly & Co", "active")
    public = stranger.get(f"{API}/organizations/test-langly").json()
    assert public["trial_until"] == stranger.post(place, json={"code": code}).json()["trial_until"]
    vera = somebody(rest, Role.PROVIDER_VETTER)
    taken = vera.post(f"{API}/provider/trials", json=TRIAL)
    assert (taken.status_code, taken.json()["kind"]) == (409, "slug-taken")
    made = vera.post(f"{API}/provider/trials", json=TRIAL | {"slug": "frohike"})
    assert (made.status_code, made.json()["slug"]) == (201, "test-frohike")
    refused = vera.post(f"{API}/provider/organizations/test-frohike/vetting", json={})
    assert (refused.status_code, refused.json()["kind"]) == (422, "trial")


@sqlite
def test_hostile_texts_are_refused_or_stay_text(rest: RestRig) -> None:
    for number, payload in enumerate(SHORT.values()):
        stranger = rest.anonymous()
        for place, body in (("applications", BODY), ("trials", TRIAL)):
            typed = {name: payload for name in ("name", "address", "person_name", "locality") if name in body}
            sent = body | typed | {"corporate_email" if place == "applications" else "person_email": f"p{number}@x{number}.test"}
            answer = stranger.post(f"{API}/{place}", json=sent)
            assert answer.status_code in {202, 400, 422, 429}, answer.text
            assert answer.headers["content-type"].startswith("application/")
