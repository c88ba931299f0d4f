"""Home of the provider's console: what waits for a person stands there before anybody looks for it."""

from __future__ import annotations

from privyseal.actions.house import About, perform
from privyseal.actions.organization.confirm_application import confirm_application
from privyseal.actions.organization.submit_application import submit_application
from privyseal.model.actor import Actor, ActorKind
from privyseal.model.fact import FactKind
from privyseal.store import outbox
from tests.actions.organization.test_application import FORM
from tests.pages.browsing import PagesRig
from tests.pages.portal.portal_rig import Document
from tests.rigs.service import AdministratorRig

STRANGER = Actor(ActorKind.REQUESTER, "anonymous", source="somewhere")


def test_an_application_that_waits_is_told_at_home(pages: PagesRig, vera: AdministratorRig) -> None:
    pages.service.listeners[FactKind.APPLICATION_RECEIVED] = ("test",)
    desk, about = pages.signed_in(vera), About("submit-application", "", "application", "new")
    application = perform(pages.service.house, STRANGER, about, submit_application, FORM)
    assert "Applications that wait 0" in Document(desk.get("/provider/").text).text, "nobody reads it before its address is confirmed"
    with pages.service.house.database.read(pages.service.clock()) as tx:
        rows = tx.execute(outbox.outbox.select().where(outbox.outbox.c.fact == FactKind.APPLICATION_RECEIVED.value)).all()
    perform(pages.service.house, STRANGER, about, confirm_application, application.id, rows[-1].payload["code"])
    assert "Applications that wait 1" in Document(desk.get("/provider/").text).text
    assert FORM["name"] in Document(desk.get("/provider/applications").text).text
