"""Home of the provider's console: what waits for a person, and what fails, stands there before anybody looks for it."""

from __future__ import annotations

import ast
import dataclasses
import os
from datetime import timedelta
from pathlib import Path

from privyseal.actions.failing import Failures
from privyseal.actions.house import About, perform
from privyseal.actions.organization.confirm_application import confirm_application
from privyseal.actions.organization.submit_application import submit_application
from privyseal.issuer import publisher
from privyseal.jobs.schedule import PeriodicTask, Schedule
from privyseal.look.task_words import task_words
from privyseal.model.actor import Actor, ActorKind
from privyseal.model.fact import FactKind
from privyseal.model.task_failure import LEFT_AFTER
from privyseal.store import outbox
from tests.actions.organization.test_application import FORM
from tests.jobs.test_schedule import Work
from tests.pages.browsing import PagesRig
from tests.pages.portal.portal_rig import Document
from tests.rigs.ports import wait_until
from tests.rigs.service import AdministratorRig

SOURCE = Path(publisher.__file__).parents[1]
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


def turn(pages: PagesRig, work: Work) -> None:
    """One run of a task in the work process, which is another one than that of the pages, on another machine."""
    house = dataclasses.replace(pages.service.open_house(), machine="worker-1")
    before = work.runs
    schedule = Schedule([PeriodicTask("sweep", 3600, work)], os.urandom, Failures(house))
    schedule.start()
    wait_until(lambda: work.runs > before, seconds=10, what="one run")
    schedule.stop()
    house.database.close()


def test_periodic_work_that_fails_is_told_until_it_works_again(pages: PagesRig, vera: AdministratorRig) -> None:
    desk = pages.signed_in(vera)
    home, place = "/provider/", "/provider/undelivered"
    assert "No letter and no job has failed." in Document(desk.get(home).text).text
    assert "Nothing has failed." in Document(desk.get(place).text).text
    work = Work(failures=2, error=ZeroDivisionError("k3y-0f-s0meb0dy"))
    turn(pages, work)
    turn(pages, work)
    told = Document(desk.get(home).text).text
    assert "Problem: 1 periodic job fails. See failed work." in told
    assert "Failed work 1" in told
    assert "No letter and no job has failed." not in told
    shown = Document(desk.get(place).text).text
    for words in ("Finishing what was left, and what time ends", "sweep on worker-1", " Fails ", " 2 the last one ", "ZeroDivisionError"):
        assert words in shown, words
    assert "Nobody expected this error." in shown
    assert "k3y-0f" not in shown, "what a foreign error says stays in the log"
    turn(pages, work)
    assert "No letter and no job has failed." in Document(desk.get(home).text).text
    assert " Works again " in Document(desk.get(place).text).text


def test_what_a_machine_that_is_gone_left_is_no_alarm_for_good(pages: PagesRig, vera: AdministratorRig) -> None:
    turn(pages, Work(failures=1))
    pages.service.clock.advance(LEFT_AFTER + timedelta(minutes=1))
    desk = pages.signed_in(vera)
    assert "No letter and no job has failed." in Document(desk.get("/provider/").text).text
    shown = Document(desk.get("/provider/undelivered").text).text
    assert " No longer tried there " in shown
    assert "The database is away." in shown, "a sentence of ours is told"


def test_every_periodic_task_has_its_words() -> None:
    texts = [text for path in sorted(SOURCE.rglob("*.py")) if "PeriodicTask(" in (text := path.read_text())]
    calls = [node for text in texts for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
    made = [call.args[0] for call in calls if isinstance(call.func, ast.Name) and call.func.id == "PeriodicTask"]
    names = {str(argument.value) for argument in made if isinstance(argument, ast.Constant)} | {publisher.TASK}
    assert len(names) == len(made) + 1 > 15
    assert [name for name in sorted(names) if not task_words(name)] == []
