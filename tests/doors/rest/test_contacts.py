"""Contacts over REST: listed, changed with two answers, called back by the provider; and what others are refused."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from privyseal.features.notices import LISTENS
from privyseal.model.administrator import Role
from privyseal.model.fact import FactKind
from privyseal.store import outbox
from tests.doors.rest.rest_rig import API, ORG, OTHER, Json, RestRig, require_problem
from tests.rigs.app_client import AppClient
from tests.rigs.hostile_texts import SHORT
from tests.rigs.service import AdministratorRig

OWN, PROVIDER = f"{API}/organizations/{ORG}", f"{API}/provider/organizations/{ORG}"
NEW = {"kind": "corporate", "name": "Dana Scully", "email": f"dana@{ORG}.test"}
CALL = {"telephone": "+1 859 555 0100", "note": "Reached Ann at the number of the vetting."}


@pytest.fixture
def admin(rest: RestRig, fox: AdministratorRig) -> AppClient:
    rest.service.listeners.update(LISTENS)
    return rest.administrator(fox)


def codes(rest: RestRig, change: Json) -> dict[str, str]:
    """Side -> code of its letter."""
    with rest.service.house.database.read(rest.service.clock()) as tx:
        rows = tx.execute(sa.select(outbox.outbox.c.payload).where(outbox.outbox.c.fact == FactKind.CONTACT_ASKED.value))
        return {row.payload["side"]: row.payload["code"] for row in rows if row.payload["contact_change"] == change["id"]}


def propose(client: AppClient, place: str = OWN, **changed: str) -> Json:
    answer = client.post(f"{place}/contact-changes", json=NEW | changed)
    assert answer.status_code == 201, answer.text
    document: Json = answer.json()
    return document


def answer_of(rest: RestRig, change: Json, code: str, said: str = "yes", *, org: str = ORG) -> tuple[int, Json]:
    answer = rest.anonymous().post(f"{API}/organizations/{org}/contact-changes/{change['id']}/answer", json={"code": code, "answer": said})
    return answer.status_code, answer.json()


def contacts(client: AppClient, place: str = OWN) -> dict[str, str]:
    answer = client.get(f"{place}/contacts")
    assert answer.status_code == 200, answer.text
    return {item["kind"]: item["email"] for item in answer.json()["contacts"]}


def test_a_contact_changes_with_two_answers(rest: RestRig, admin: AppClient) -> None:
    assert contacts(admin) == {"corporate": f"contact@{ORG}.test"}
    change = propose(admin)
    assert (change["asked"], change["by_provider"], "end" in change) == (f"contact@{ORG}.test", False, False)
    sent = codes(rest, change)
    listed = admin.get(f"{OWN}/contacts").text
    assert not any(code in listed for code in sent.values())
    assert answer_of(rest, change, sent["asked"]) == (200, {})
    assert answer_of(rest, change, sent["asked"]) == (200, {}), "replayed, it is still one yes"
    assert contacts(admin)["corporate"] != NEW["email"]
    assert answer_of(rest, change, sent["new"]) == (200, {"end": "applied"})
    assert answer_of(rest, change, sent["new"]) == (200, {"end": "applied"})
    assert answer_of(rest, change, sent["asked"], "no")[0] == 409
    assert contacts(admin)["corporate"] == NEW["email"]
    [known] = admin.get(f"{OWN}/contacts").json()["changes"]
    assert (known["end"], known["id"]) == ("applied", change["id"])


def test_who_may_not(rest: RestRig, admin: AppClient, fox: AdministratorRig) -> None:
    service = rest.service
    service.create_organization(OTHER, name="Hoffman & Brandt", domains=("hoffman-brandt.test",))
    helen = rest.administrator(service.administrator(OTHER, "Helen Brandt"))
    reader = rest.administrator(service.administrator(ORG, "Ann Reader", Role.READ_ONLY, by=fox))
    vetter = rest.administrator(service.administrator("", "Vera Vetter", Role.PROVIDER_VETTER))
    auditor = rest.administrator(service.administrator("", "Ursula Auditor", Role.PROVIDER_AUDITOR))
    program = rest.token()
    change = propose(admin)
    sent = codes(rest, change)
    way = f"contact-changes/{change['id']}"
    for client, place, path, body, status in (
        (reader, OWN, "contact-changes", NEW, 403),
        (reader, OWN, f"{way}/withdrawal", {}, 403),
        (program, OWN, "contact-changes", NEW, 403),
        (program, OWN, f"{way}/withdrawal", {}, 403),
        (helen, OWN, "contact-changes", NEW, 404),
        (helen, OWN, f"{way}/withdrawal", {}, 404),
        (admin, PROVIDER, "contact-changes", NEW, 403),
        (admin, PROVIDER, f"{way}/call", CALL, 403),
        (auditor, PROVIDER, "contact-changes", NEW, 403),
        (vetter, PROVIDER, f"{way}/call", CALL, 403),
        (rest.anonymous(), OWN, "contact-changes", NEW, 401),
    ):
        answer = client.post(f"{place}/{path}", json=body)
        assert answer.status_code == status, (place, path, answer.text)
    other = f"{API}/organizations/{OTHER}/{way}/withdrawal"
    assert helen.post(other, json={}).status_code == 404
    assert answer_of(rest, change, sent["new"], org=OTHER)[0] == 404
    assert contacts(reader) == contacts(admin)
    assert contacts(vetter, PROVIDER) == contacts(admin)
    assert admin.get(f"{OWN}/contacts").json()["changes"][0] == change, "nothing happened to it"


def test_refusals_have_their_kinds(rest: RestRig, admin: AppClient) -> None:
    for body, status, kind in (
        (NEW | {"kind": "chief"}, 400, "body"),
        ({"kind": "corporate"}, 400, "body"),
        (NEW | {"email": "dana"}, 422, "email-form"),
        (NEW | {"name": " "}, 422, "text"),
    ):
        require_problem(admin.post(f"{OWN}/contact-changes", json=body), status, kind)
    change = propose(admin)
    require_problem(admin.post(f"{OWN}/contact-changes", json=NEW), 409, "contact-change-open")
    place = f"{OWN}/contact-changes/{change['id']}"
    require_problem(rest.anonymous().post(f"{place}/answer", json={"code": "a" * 52, "answer": "yes"}), 404, "contact-code")
    assert rest.anonymous().post(f"{place}/answer", json={"code": "a" * 52, "answer": "perhaps"}).status_code == 400
    assert admin.post(f"{place}/withdrawal", json={}).json()["end"] == "withdrawn"
    require_problem(admin.post(f"{place}/withdrawal", json={}), 409, "contact-change-ended")
    assert answer_of(rest, change, codes(rest, change)["new"])[0] == 409


def test_hostile_texts_stay_text(rest: RestRig, admin: AppClient) -> None:
    for number, text in enumerate(SHORT.values()):
        answer = admin.post(f"{OWN}/contact-changes", json=NEW | {"name": text, "email": f"n{number}@{ORG}.test"})
        assert answer.status_code in {201, 400, 422}, (text, answer.text)
        if answer.status_code == 201:
            assert answer.json()["name"] == text.strip()
            assert admin.post(f"{OWN}/contact-changes/{answer.json()['id']}/withdrawal", json={}).status_code == 200
        answer = admin.post(f"{OWN}/contact-changes", json=NEW | {"email": text})
        assert answer.status_code in {400, 422}, text


def test_the_provider_calls_back(rest: RestRig, admin: AppClient) -> None:
    service = rest.service
    walter = rest.administrator(service.administrator("", "Walter Skinner", Role.PROVIDER_ADMINISTRATOR))
    change = propose(admin)
    place = f"{PROVIDER}/contact-changes/{change['id']}/call"
    require_problem(walter.post(place, json=CALL), 422, "call-too-early")
    service.clock.advance(timedelta(days=3))
    require_problem(walter.post(place, json=CALL | {"telephone": "ask"}), 422, "call-telephone")
    called = walter.post(place, json=CALL).json()
    assert ("called_at" in called, "end" in called) == (True, False)
    shown = admin.get(f"{OWN}/contacts").text
    assert CALL["telephone"] not in shown
    assert CALL["note"] not in shown
    assert answer_of(rest, change, codes(rest, change)["new"]) == (200, {"end": "applied"})
    mine = propose(walter, PROVIDER, kind="technical", email=f"tech@{ORG}.test")
    assert mine["by_provider"] is True
    assert walter.post(f"{PROVIDER}/contact-changes/{mine['id']}/withdrawal", json={}).json()["end"] == "withdrawn"
    require_problem(walter.post(f"{API}/provider/organizations/nobody-here/contact-changes", json=NEW), 404, "not-found")
