"""Every page of the product was judged by the tests of this folder, or is left out by name with its reason."""

from __future__ import annotations

import pytest
from starlette.routing import compile_path

from privyseal.app import discover
from privyseal.reception.site import Method
from tests.browser.passed import PASSED, all_tests
from tests.rigs.browser import JUDGED

FILE, LEADS_ON, ASKED_BY_A_SCRIPT = "a file to download", "leads on to another page", "asked for by a script of a page"
LEFT_OUT = {
    "/o/{org}": LEADS_ON,
    "/o/{org}/certificates/{serial}/files/{form}": FILE,
    "/o/{org}/enroll/{draft}": LEADS_ON,
    "/o/{org}/requests/{request}/state": ASKED_BY_A_SCRIPT,
    "/o/{org}/sign-in/finish": LEADS_ON,
    "/o/{org}/sign-in/provider": LEADS_ON,
    "/o/{org}/sign-in/provider/finish": LEADS_ON,
    "/o/{org}/step-up/finish": LEADS_ON,
    "/o/{org}/console/audit/checkpoint": FILE,
    "/o/{org}/console/audit/export": FILE,
    "/o/{org}/console/certificates/{serial}/files/{form}": FILE,
    "/o/{org}/console/counts": ASKED_BY_A_SCRIPT,
    "/o/{org}/console/events": ASKED_BY_A_SCRIPT,
    "/o/{org}/console/kit.zip": FILE,
    "/o/{org}/console/policies/{policy}/file": FILE,
    "/o/{org}/console/requests/chosen": LEADS_ON,
    "/provider/log/checkpoint": FILE,
    "/provider/log/export": FILE,
    "/provider/organizations/{slug}/vetting/{number}/files/{sha256}": FILE,
    "/provider/sign-in/finish": LEADS_ON,
    "/provider/step-up/finish": LEADS_ON,
    "/sign-in/certificate": "leads on, or tells of an error, which is judged in test_sign_in.py",
}


def test_every_page_was_judged_or_is_left_out_by_name() -> None:
    """Light and dark, wide and narrow. Part of the tests tells nothing of the pages of the others."""
    if missing := all_tests() - PASSED:
        pytest.skip(f"told when all tests of this folder have passed, and {len(missing)} have not, such as {min(missing)}")
    paths = [page.path for site in discover().sites for page in site.pages if page.method is Method.GET]
    found = {next((path for path in paths if compile_path(path)[0].match(judged)), judged) for judged in JUDGED}
    unseen = set(paths) - found
    assert (sorted(unseen - LEFT_OUT.keys()), sorted(LEFT_OUT.keys() - unseen)) == ([], [])
