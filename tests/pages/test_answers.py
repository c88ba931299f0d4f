"""What every address answers to calls that no page makes: other methods, programs, mistakes of ours."""

from __future__ import annotations

import json
import logging
import re
import threading
from pathlib import Path

import pytest
from starlette.responses import Response

from privyseal.look.frame import Frame
from privyseal.model.errors import TooManyRequests
from privyseal.pages.public import frame as public_frame
from privyseal.reception.application import make_pages
from privyseal.reception.site import Access, Method, Page, Site, Visit
from tests.pages.browsing import ORG, PAGES, SITES, PagesRig
from tests.pages.test_access import address
from tests.rigs.app_client import AppClient
from tests.rigs.service import AdministratorRig

pytestmark = pytest.mark.parametrize("service", ["sqlite"], indirect=True)
ALL = [page for site in SITES for page in site.pages]
OPEN = [page for page in ALL if page.method is Method.GET and page.access is Access.ANYBODY]


def _matches(page: Page, path: str) -> bool:
    return re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", page.path), path) is not None


def test_head_answers_as_get_without_a_body(pages: PagesRig) -> None:
    for page in OPEN:
        browser = pages.browser()
        got, head = browser.get(address(page)), browser.send("HEAD", address(page))
        assert head.status_code == got.status_code, page.path
        assert head.headers.get("content-type") == got.headers.get("content-type"), page.path
        assert "Traceback" not in head.text


def test_other_methods_are_told_which_ones_are_taken(pages: PagesRig) -> None:
    methods: dict[str, set[str]] = {}
    for page in ALL:
        methods.setdefault(page.path, set()).add(page.method.value)
    by_path = {page.path: page for page in ALL}
    browser = pages.browser()
    for path, taken in methods.items():
        for method in ("OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", *({"GET", "POST"} - taken)):
            if any(page.method.value == method and _matches(page, address(by_path[path])) for page in ALL):
                continue  # Another page has this address too, as one of its values.
            answer = browser.send(method, address(by_path[path]))
            assert answer.status_code == 405, (method, path)
            allowed = {text.strip() for text in answer.headers["allow"].split(",")}
            assert allowed - {"HEAD"} == taken, (method, path)
            assert "Not possible here" in answer.text


def test_a_stranger_at_no_address_sees_nobodys_navigation(pages: PagesRig) -> None:
    browser = pages.browser()
    for path in ("/nothing", "/provider/nothing", f"/o/{ORG}/nothing/at/all", "/o/", "/%00", "/\u202e", "/" + "a" * 5000, "//evil.test/x"):
        answer = browser.get(path)
        assert answer.status_code == 404, path
        assert "This page does not exist" in answer.text
        assert "<nav" not in answer.text
        assert pages.service.settings.service_id not in answer.text
        assert answer.headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'")


def test_a_script_of_a_page_is_answered_in_json(pages: PagesRig, mulder: AdministratorRig) -> None:
    browser = pages.signed_in(mulder)
    known = {
        (404, "not-found"): browser.send("GET", "/nothing", accept="application/json"),
        (405, "method"): browser.send("DELETE", "/verify", accept="application/json"),
        (404, "link"): browser.ask(f"/o/{ORG}/first-credential/options", {"code": "x"}),
        (401, "sign-in-needed"): browser.ask("/provider/account/passkey/options"),
    }
    for (status, kind), answer in known.items():
        assert answer.headers["content-type"] == "application/json"
        assert (answer.status_code, answer.json()["kind"]) == (status, kind)
        assert " " in answer.json()["sentence"]
    foreign = pages.browser()
    foreign.headers["Sec-Fetch-Site"] = "cross-site"
    assert foreign.ask(f"/o/{ORG}/sign-in/challenge").json()["kind"] == "cross-site"


def test_too_many_calls_are_told_when_to_come_again(pages: PagesRig) -> None:
    browser = pages.browser()
    answers = [browser.ask(f"/o/{ORG}/sign-in/challenge") for _ in range(40)]
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert (refused.json()["kind"], int(refused.headers["retry-after"]) >= 1) == ("rate", True)
    page = browser.post(f"/o/{ORG}/sign-in/passkey", {"answer": "{}"})
    assert (page.status_code, "retry-after" in page.headers) == (429, True)


# ------------------------------------------------------------------------------------------------------ mistakes of ours


def _fail(visit: Visit) -> Response:
    raise LookupError("secret-of-the-mistake")


def _refuse(visit: Visit) -> Response:
    raise TooManyRequests("rate", "Too often.", retry_after_seconds=7)


def _broken_frame(visit: Visit) -> Frame:
    raise LookupError("secret-of-the-frame")


def broken(pages: PagesRig, *, with_frame: bool) -> AppClient:
    """A site whose pages fail, and whose frame fails too."""
    site = Site(
        "public",
        (
            Page(Method.GET, "/fails", Access.ANYBODY, _fail),
            Page(Method.POST, "/fails", Access.ANYBODY, _fail),
            Page(Method.GET, "/refuses", Access.ANYBODY, _refuse),
        ),
        Path(SITES[0].templates),
        public_frame if with_frame else _broken_frame,
    )
    app = make_pages([site], pages.app.router.default._pages.state.desk.context, stopping=threading.Event())  # type: ignore[attr-defined] # noqa: SLF001
    return AppClient(app, base_url=PAGES, headers={"Sec-Fetch-Site": "same-origin"}, raise_server_exceptions=True)


@pytest.mark.parametrize("with_frame", [True, False], ids=["its-frame", "a-broken-frame"])
def test_a_mistake_is_a_page_with_a_reference_that_the_log_has(
    pages: PagesRig,
    with_frame: bool,  # noqa: FBT001 - a parameter of the test
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.ERROR)
    client = broken(pages, with_frame=with_frame)
    for method, accept in (("GET", "text/html"), ("POST", "text/html"), ("GET", "application/json")):
        answer = client.request(method, "/fails", headers={"Accept": accept}, data={"a": "1"} if method == "POST" else None)
        assert answer.status_code == 500
        said = capsys.readouterr()
        logged = said.out + said.err + caplog.text
        text = json.loads(answer.text)["sentence"] if accept == "application/json" else answer.text
        reference = text.partition("under the reference ")[2].partition(".")[0]
        assert len(reference) == 12
        assert reference in logged
        assert "secret-of" in logged
        assert "secret-of" not in answer.text
        assert "LookupError" not in answer.text
        assert "Traceback" not in answer.text
    refused = client.get("/refuses")
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "7")
