"""The back button after a decision: the page tells what became of the request, and what is sent once more decides nothing twice."""

from __future__ import annotations

from pathlib import Path

from privyseal.pages.public.apply import STEPS
from tests.actions.organization.test_application import FORM
from tests.browser.people import World, sign_in_with_certificate
from tests.browser.steps import Decider
from tests.browser.test_pages_of_the_portal import sqlite
from tests.rigs.browser import Chromium, judge, look
from tests.rigs.service import make_csr, make_key

DOMAIN = "went-back.test"


def test_back_after_an_approval_and_the_same_sent_again(world: World, chromium: Chromium, tmp_path: Path) -> None:
    company = world.company("went-back", "Went Back, Inc.", DOMAIN)
    name = f"www.{DOMAIN}"
    request = company.submit(make_csr([name], make_key()))
    window = chromium.window(identity=world.card(company.admin), script=False, passkeys=False)
    sign_in_with_certificate(world, window, "went-back", "console/")
    admin = Decider(world, "went-back", window, company.admin, tmp_path)
    check = f"{admin.console}requests/{request['id']}"
    kept = window.context.new_page()
    kept.goto(check)
    admin.approve(name)
    window.page.go_back()
    assert window.page.url.partition("?")[0] == check
    assert window.page.get_by_role("button", name="Hand the signed file in").count() == 0, "it is asked for anew: nothing to decide"
    judge(window.page)
    # A browser that kept the page, or another tab that was open all the time, still has the form.
    kept.locator("details").first.evaluate_all("items => items.forEach(item => item.open = true)")
    kept.locator("[id=signed]").set_input_files(tmp_path / "statement.p7m")
    with kept.expect_navigation():
        kept.get_by_role("button", name="Hand the signed file in").click()
    assert kept.locator("h1").inner_text().strip() == f"{name} is issued", kept.locator("main").inner_text()
    window.open(check)
    assert window.words.count("Approved under signature") == 1
    window.open(f"{admin.console}certificates")
    assert window.page.locator("[data-row]").count() == 1
    assert window.troubles == []


@sqlite
def test_the_page_to_sign_is_loaded_again_left_and_come_back_to(world: World, chromium: Chromium) -> None:
    company = world.company("went-back", "Went Back, Inc.", DOMAIN)
    name, reason = f"mail.{DOMAIN}", "Mail servers get their certificates from the mail team."
    request = company.submit(make_csr([name], make_key()))
    window = chromium.window(identity=world.card(company.admin), passkeys=False)
    sign_in_with_certificate(world, window, "went-back", "console/")
    place = f"{world.console('went-back')}requests/{request['id']}/rejection"
    window.open(place)
    window.fill(reason=reason)
    window.press("Go on to sign")
    address = window.page.url
    assert address.startswith(f"{place}/sign?kept=")
    window.page.reload()
    assert (window.page.url, reason in window.words) == (address, True)
    window.press("Back to the reason")
    assert window.page.locator("[id=reason]").input_value() == reason
    window.press("Go on to sign")
    again = window.page.url
    window.page.go_back()
    window.page.go_forward()
    assert (window.page.url, reason in window.words) == (again, True)
    window.open(place)
    look(window.page, "console-reject-unsigned", small=True)
    window.press("Go on with what you typed")
    assert window.page.locator("[id=reason]").input_value() == reason
    window.open(f"{world.console('went-back')}requests/{request['id']}")
    assert "Your decision" in window.words, "nothing was decided by all that"
    assert window.troubles == []


@sqlite
def test_back_and_forward_through_an_application(world: World, chromium: Chromium) -> None:
    """Each step is there again with what was sent on, by the browser's own buttons and by the page's."""
    window = chromium.window(passkeys=False)
    window.open(f"{world.base}/apply")
    for step in STEPS[:2]:
        window.fill(**{name: FORM[name] for name in step.fields})
        window.press("Go on")
    for step in (STEPS[1], STEPS[0]):
        window.page.go_back()
        judge(window.page)
        assert {name: window.page.locator(f"[id={name}]").input_value().split() for name in step.fields} == {
            name: FORM[name].split() for name in step.fields
        }
    window.fill(locality="Ulm")
    window.press("Go on")
    window.fill(**{name: FORM[name] for name in STEPS[2].fields})
    window.press("Go on")
    assert window.heading == "Check your answers"
    assert all(text in window.words for text in ("Ulm", FORM["name"], FORM["corporate_name"]))
    window.press("Back")
    window.page.reload()
    assert window.page.locator("[id=corporate_name]").input_value() == FORM["corporate_name"]
    assert window.troubles == []
