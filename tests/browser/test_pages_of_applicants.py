"""From the application of a stranger to an organization that is suspended and closed: every page, judged and kept as a picture."""

from __future__ import annotations

import re
from itertools import pairwise

from privyseal.pages.public.apply import STEPS
from tests.actions.organization.test_application import FORM
from tests.browser.people import World
from tests.browser.test_pages_of_departments_and_roles import provider_desk
from tests.browser.test_pages_of_the_portal import FREE, gallery, refuse, sqlite
from tests.rigs.browser import Chromium, look
from tests.rigs.live_service import text_of

APPLICANT = FORM | {"address": "Domplatz 1, 86152 Augsburg", "corporate_email": "helen@applicant.test", "slug": "applicant"}


@sqlite
def test_an_application(world: World, chromium: Chromium) -> None:
    """Written, confirmed by mail, read by the provider, taken up; another one is rejected."""
    window, desk = chromium.window(passkeys=False), provider_desk(world, chromium)
    window.expect("4\\d\\d POST")
    desk.open(f"{world.base}/provider/applications")
    look(desk.page, "provider-applications-empty")
    window.open(f"{world.base}/apply")
    look(window.page, "apply", small=True)
    refuse(window, "Go on", "apply-error", small=True)
    for step, following in pairwise((*STEPS, None)):
        assert step is not None
        window.fill(**{name: APPLICANT[name] for name in step.fields})
        window.press("Go on")
        look(window.page, f"apply-{following.name if following else 'check'}", small=True)
    window.press("Change Domains")
    window.press("Go on")
    window.press("Apply")
    look(window.page, "apply-sent")
    letter = text_of(world.service.wait_for_letter(APPLICANT["corporate_email"], "confirm", seconds=30))
    address = re.search(r"https://\S+/apply/\S+", letter)
    assert address is not None, letter
    window.open(address[0])
    look(window.page, "apply-confirm")
    window.fill(code="abc")
    refuse(window, "Confirm", "apply-confirm-error")
    window.open(address[0])
    window.press("Confirm")
    look(window.page, "apply-confirmed")
    desk.open(f"{world.base}/provider/applications")
    look(desk.page, "provider-applications", small=True)
    desk.press(APPLICANT["name"])
    look(desk.page, "provider-application", small=True)
    refuse(desk, "Reject", "provider-application-error")
    desk.fill(slug="applicant")
    desk.press("Take it up")
    look(desk.page, "provider-organization-applied")
    desk.press("Reject the application")
    look(desk.page, "provider-rejection")


@sqlite
def test_steps_of_an_account(world: World, chromium: Chromium) -> None:
    """What suspension and closure ask, and evidence of a domain."""
    gallery(world)
    desk = provider_desk(world, chromium)
    place = f"{world.base}/provider/organizations/gallery"
    desk.open(f"{place}/suspension")
    look(desk.page, "provider-suspension", small=True)
    refuse(desk, desk.page.locator("main form .btn-wax").inner_text(), "provider-suspension-error")
    desk.fill(reason=f"The invoice is open. {FREE['comment']}")
    desk.press(desk.page.locator("main form .btn-wax").inner_text())
    look(desk.page, "provider-organization-suspended")
    window = chromium.window(passkeys=False)
    window.expect("4\\d\\d (GET|POST)")
    window.open(world.portal("gallery"))
    look(window.page, "portal-start-suspended")
    desk.open(f"{place}/closure")
    look(desk.page, "provider-closure", small=True)
    desk.open(f"{place}/resumption")
    look(desk.page, "provider-resumption")
    desk.fill(reason="It is paid.")
    desk.press(desk.page.locator("main form .btn-wax").inner_text())
    desk.page.locator("a[href*='/provider/validations/']").first.click()
    look(desk.page, "provider-validation", small=True)
    desk.open(f"{place}/domains/gallery.test/removal")
    look(desk.page, "provider-remove-domain")
