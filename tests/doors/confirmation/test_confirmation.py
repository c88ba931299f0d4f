"""The confirmation page: reading changes nothing, pressing the button confirms, and nothing on it needs or runs a script."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from starlette.testclient import TestClient

from privyseal.doors import BURST
from tests.doors.rest.rest_rig import API, ORG, RestRig
from tests.rigs.service import make_csr, make_key


def received(rest: RestRig) -> tuple[str, str, str]:
    """Address of the page, code, id of a request that waits for its confirmation."""
    answer = rest.anonymous().post(f"{API}/organizations/{ORG}/requests", json=rest.body())
    request_id = answer.json()["id"]
    return f"/o/{ORG}/confirm/{request_id}", rest.mailed_code(request_id), request_id


def state(rest: RestRig, request_id: str) -> str:
    return str(rest.token("read").get(f"{API}/organizations/{ORG}/requests/{request_id}").json()["state"])


class Form(HTMLParser):
    """What a browser without scripts would send, and what a screen reader finds."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self.labels: list[str] = []
        self.ids: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[str] = []
        self.method = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.append(tag)
        self.attributes += found
        self.ids += [found["id"] or ""] if "id" in found else []
        if tag == "input":
            self.fields[found["name"] or ""] = found.get("value") or ""
        if tag == "label":
            self.labels.append(found["for"] or "")
        if tag == "form":
            self.method = found["method"] or ""


def post(client: TestClient, address: str, code: str) -> tuple[int, str]:
    answer = client.post(address, data={"code": code})
    assert answer.headers["content-type"].startswith("text/html")
    return answer.status_code, answer.text


def test_reading_the_page_changes_nothing_and_the_button_confirms(rest: RestRig) -> None:
    address, code, request_id = received(rest)
    client = rest.anonymous()
    pages = [client.get(address, params={"code": code}) for _ in range(3)]
    assert [page.status_code for page in pages] == [200] * 3
    assert client.head(address).status_code == 405
    assert state(rest, request_id) == "unconfirmed"
    form = Form(pages[0].text)
    assert (form.method, form.fields) == ("post", {"code": code})
    for _ in range(2):
        status, done = post(client, address, form.fields["code"])
        assert (status, "is confirmed" in done, "Resource Marketing, Inc." in done) == (200, True, True)
    assert state(rest, request_id) == "pending"


def test_the_page_is_accessible_and_runs_nothing(rest: RestRig) -> None:
    page = rest.anonymous().get(f"/o/{ORG}/confirm/req-{'0' * 32}")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert page.headers["referrer-policy"] == "no-referrer", "the code stands in the address"
    assert page.headers["cache-control"] == "no-store"
    form = Form(page.text)
    assert not {"script", "style", "iframe", "img"} & set(form.tags)
    assert not [name for name in form.attributes if name.startswith("on") or name == "style"]
    assert set(form.labels) <= set(form.ids)
    assert form.labels
    assert '<html lang="en">' in page.text
    assert form.tags.count("h1") == 1
    style = rest.anonymous().get("/o/confirmation.css")
    assert (style.status_code, style.headers["content-type"].partition(";")[0]) == (200, "text/css")


@pytest.mark.parametrize("code", ["", "short", "x" * 53, '"><script>alert(1)</script>', "é" * 52, "x" * 5000, "%00" * 43])
def test_a_code_out_of_form_is_a_sentence(rest: RestRig, code: str) -> None:
    address, _, request_id = received(rest)
    status, page = post(rest.anonymous(), address, code)
    assert status == 422
    assert 'role="alert"' in page
    assert "<script" not in page
    assert state(rest, request_id) == "unconfirmed"
    shown = rest.anonymous().get(address, params={"code": code[:200]})
    assert (shown.status_code, Form(shown.text).fields) == (200, {"code": ""})


def test_a_wrong_code_confirms_nothing_and_is_kept_in_the_form(rest: RestRig) -> None:
    address, _, request_id = received(rest)
    status, page = post(rest.anonymous(), address, "x" * 52)
    assert (status, Form(page).fields) == (404, {"code": "x" * 52})
    assert "newest mail" in page
    assert state(rest, request_id) == "unconfirmed"


def test_a_code_opens_only_its_own_request(rest: RestRig) -> None:
    _, code, _ = received(rest)
    other = rest.anonymous().post(
        f"{API}/organizations/{ORG}/requests", json=rest.body(csr=make_csr(["b.resource-marketing.test"], make_key()))
    )
    assert post(rest.anonymous(), f"/o/{ORG}/confirm/{other.json()['id']}", code)[0] == 404
    assert post(rest.anonymous(), f"/o/nobody/confirm/{other.json()['id']}", code)[0] == 404


@pytest.mark.parametrize("body", [b"", b"code", b"code=a&code=b", b"\xff\xfe", b"&" * 4000, b"x" * 100_000])
def test_a_form_that_is_none(rest: RestRig, body: bytes) -> None:
    answer = rest.anonymous().post(f"/o/{ORG}/confirm/req-{'0' * 32}", content=body)
    assert answer.status_code == 422


def test_pressing_too_often_is_slowed_down(rest: RestRig) -> None:
    client = rest.anonymous()
    answers = 0
    while (answer := client.post(f"/o/{ORG}/confirm/req-{'0' * 32}", data={"code": "x" * 52})).status_code == 404:
        answers += 1
    assert answer.status_code == 429
    assert BURST <= answers < 3 * BURST
    assert int(answer.headers["retry-after"]) > 0
    assert 'role="alert"' in answer.text


def test_an_address_of_nothing(rest: RestRig) -> None:
    assert rest.anonymous().get(f"/o/{ORG}/confirm/req-1").status_code == 404
    assert rest.anonymous().get(f"/o/{ORG}/confirm/req-{'0' * 32}%00").status_code == 404
