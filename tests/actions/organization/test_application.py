"""Applying: from a stranger's form to an organization under vetting; nothing typed is believed, and nobody learns who exists."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import timedelta
from typing import Any

import pytest

from privyseal.actions.house import About, perform
from privyseal.actions.organization.confirm_application import confirm_application
from privyseal.actions.organization.reject_application import reject_application
from privyseal.actions.organization.remind_of_vettings import remind_of_vettings
from privyseal.actions.organization.submit_application import submit_application
from privyseal.actions.organization.take_up_application import take_up_application
from privyseal.look.guides.kit import make_kit
from privyseal.model.actor import SYSTEM, Actor, ActorKind
from privyseal.model.application import CONFIRM_WITHIN, Application, ApplicationState
from privyseal.model.errors import Conflict, NotFound, NotPermitted, PrivysealError, Refused, TooManyRequests
from privyseal.model.fact import FactKind
from privyseal.model.organization import OrganizationState
from privyseal.model.rules import VETTING_REMINDERS
from privyseal.store import applications, organizations, outbox
from tests.rigs.hostile_texts import SHORT
from tests.rigs.service import OPERATOR, ServiceRig
from tests.rigs.vetting import VETTER, vet

STRANGER = Actor(ActorKind.REQUESTER, "anonymous", source="somewhere")
FORM = {
    "name": "Hoffman & Brandt GmbH",
    "registration_number": "HRB 4711",
    "country": "DE",
    "state_or_province": "Bayern",
    "locality": "Augsburg",
    "address": "Domplatz 1\n86152 Augsburg",
    "telephone": "+49 821 555 0100",
    "website": "https://hoffman-brandt.test/",
    "slug": "hoffman-brandt",
    "domains": "hoffman-brandt.test, Hoffman-Brandt.test hb.test",
    "corporate_name": "Helen Brandt",
    "corporate_email": "helen@hoffman-brandt.test",
    "technical_name": "",
    "technical_email": "",
    "billing_name": "",
    "billing_email": "",
    "administrator_name": "Ada Admin",
    "administrator_email": "ada@hoffman-brandt.test",
}
ABOUT = About("submit-application", "", "application", "new")


@pytest.fixture
def desk(service: ServiceRig) -> ServiceRig:
    """A service that keeps what it would mail."""
    names = (FactKind.APPLICATION_RECEIVED, FactKind.ADMINISTRATOR_INVITED, FactKind.KIT_MADE, FactKind.VETTING_ENDS)
    service.listeners.update(dict.fromkeys(names, ("test",)))
    return service


def payloads(rig: ServiceRig, fact: FactKind) -> list[dict[str, Any]]:
    with rig.house.database.read(rig.clock()) as tx:
        rows = tx.execute(outbox.outbox.select().where(outbox.outbox.c.fact == fact.value)).all()
    return [row.payload if isinstance(row.payload, dict) else json.loads(row.payload) for row in rows]


def apply(rig: ServiceRig, actor: Actor = STRANGER, **changes: str) -> Application:
    return perform(rig.house, actor, ABOUT, submit_application, FORM | changes)


def confirmed(rig: ServiceRig) -> Application:
    application = apply(rig)
    code = payloads(rig, FactKind.APPLICATION_RECEIVED)[-1]["code"]
    return perform(rig.house, STRANGER, ABOUT, confirm_application, application.id, code)


def test_from_the_form_to_the_first_link(desk: ServiceRig) -> None:
    application = confirmed(desk)
    assert application.state is ApplicationState.APPLIED
    assert application.form.domains == ("hoffman-brandt.test", "hb.test")
    made = perform(desk.house, VETTER, ABOUT, take_up_application, application.id, "hoffman-brandt")
    assert (made.state, made.name) == (OrganizationState.APPLIED, FORM["name"])
    with pytest.raises(Refused):
        make_kit(desk.house, made)
    desk.validate("hoffman-brandt", "hoffman-brandt.test")
    assert payloads(desk, FactKind.ADMINISTRATOR_INVITED) == []
    vet(desk.house, "hoffman-brandt")
    assert len(payloads(desk, FactKind.KIT_MADE)) == 1
    [invited] = payloads(desk, FactKind.ADMINISTRATOR_INVITED)
    first = desk.enroll_code(invited["code"], "hoffman-brandt")
    assert (first.administrator.name, first.administrator.email) == ("Ada Admin", "ada@hoffman-brandt.test")
    with desk.house.database.read(desk.clock()) as tx:
        organization = organizations.require(tx, "hoffman-brandt")
        assert [contact.name for contact in applications.contacts_of(tx, organization.id)] == ["Helen Brandt"]
    kit = make_kit(desk.house, organization)
    assert kit.content == make_kit(desk.house, organization).content
    with zipfile.ZipFile(io.BytesIO(kit.content)) as archive:
        names = {name.rpartition("/")[2] for name in archive.namelist()}
        text = archive.read("hoffman-brandt-kit/READ-ME-FIRST.txt").decode()
        everything = b"".join(archive.read(name) for name in archive.namelist())
    assert names == {"READ-ME-FIRST.txt", "root.pem", "root.cer", "seal.toml"}
    assert kit.fingerprint in text
    assert invited["code"].encode() not in everything, "the link has a letter of its own"
    assert b"PRIVATE" not in everything


def test_nobody_learns_who_exists(desk: ServiceRig) -> None:
    desk.create_organization()
    again = apply(desk, slug="resource-marketing", name="Resource Marketing, Inc.", domains="resource-marketing.test")
    assert again.state is ApplicationState.UNCONFIRMED
    code = payloads(desk, FactKind.APPLICATION_RECEIVED)[-1]["code"]
    perform(desk.house, STRANGER, ABOUT, confirm_application, again.id, code)
    with pytest.raises(Conflict) as taken:
        perform(desk.house, VETTER, ABOUT, take_up_application, again.id, "resource-marketing")
    assert taken.value.kind == "slug-taken"


def test_only_the_mailed_code_confirms_and_not_for_ever(desk: ServiceRig) -> None:
    application = apply(desk)
    code = payloads(desk, FactKind.APPLICATION_RECEIVED)[-1]["code"]
    for wrong in ("a" * 52, "", code[:-1] + ("a" if code[-1] != "a" else "b")):
        with pytest.raises(NotFound):
            perform(desk.house, STRANGER, ABOUT, confirm_application, application.id, wrong)
    desk.clock.advance(CONFIRM_WITHIN + timedelta(minutes=1))
    with pytest.raises(NotFound):
        perform(desk.house, STRANGER, ABOUT, confirm_application, application.id, code)
    desk.clock.advance(-timedelta(minutes=2))
    for _ in range(2):
        assert perform(desk.house, STRANGER, ABOUT, confirm_application, application.id, code).state is ApplicationState.APPLIED


def test_an_application_is_decided_once_and_by_people(desk: ServiceRig) -> None:
    unconfirmed = apply(desk)
    with pytest.raises(Conflict):
        perform(desk.house, VETTER, ABOUT, take_up_application, unconfirmed.id, "too-early")
    application = confirmed(desk)
    with pytest.raises(NotPermitted):
        perform(desk.house, OPERATOR, ABOUT, take_up_application, application.id, "by-operator")
    rejected = perform(desk.house, VETTER, ABOUT, reject_application, application.id, "No such company.")
    assert (rejected.state, rejected.reason) == (ApplicationState.REJECTED, "No such company.")
    with pytest.raises(Conflict):
        perform(desk.house, VETTER, ABOUT, take_up_application, application.id, "too-late")
    with desk.house.database.read(desk.clock()) as tx:
        assert organizations.by_slug(tx, "too-late") is None


def test_strangers_are_counted(desk: ServiceRig) -> None:
    for number in range(10):
        apply(desk, corporate_email=f"contact{number}@hoffman-brandt.test")
    with pytest.raises(TooManyRequests) as many:
        apply(desk, corporate_email="another@hoffman-brandt.test")
    assert many.value.kind == "too-many-applications"
    for number in range(9):
        apply(desk, Actor(ActorKind.REQUESTER, "anonymous", source=f"elsewhere-{number}"), corporate_email="victim@hoffman-brandt.test")
    apply(desk, Actor(ActorKind.REQUESTER, "anonymous", source="x"), corporate_email="victim@hoffman-brandt.test")
    with pytest.raises(TooManyRequests):
        apply(desk, Actor(ActorKind.REQUESTER, "anonymous", source="y"), corporate_email="victim@hoffman-brandt.test")


@pytest.mark.parametrize("service", ["sqlite"], indirect=True)
@pytest.mark.parametrize("field", FORM)
def test_payloads_are_text_or_refused_at_their_field(desk: ServiceRig, field: str) -> None:
    for number, payload in enumerate(SHORT.values()):
        stranger = Actor(ActorKind.REQUESTER, "anonymous", source=f"{field}-{number}")
        try:
            made = apply(desk, stranger, **{"corporate_email": f"c{number}@{field.replace('_', '-')}.test", field: payload})
        except PrivysealError as refusal:
            assert refusal.field == field, (payload, refusal.sentence)
        else:
            with desk.house.database.read(desk.clock()) as tx:
                assert applications.require(tx, made.id) == made


def test_reminders_come_once_each(desk: ServiceRig) -> None:
    desk.create_organization()

    def remind() -> int:
        desk.integrate()
        with desk.house.database.write(desk.clock()) as tx:
            return remind_of_vettings(desk.house, tx, SYSTEM)

    assert remind() == 0
    passed = 0
    for days in VETTING_REMINDERS:
        desk.clock.advance(timedelta(days=398 - days - passed, minutes=1))
        passed = 398 - days
        assert (remind(), remind()) == (1, 0), days
    assert [payload["days"] for payload in payloads(desk, FactKind.VETTING_ENDS)] == list(VETTING_REMINDERS)
