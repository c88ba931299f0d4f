"""What somebody typed is text on every page, whatever it looks like; what is shown escaped is what was stored."""

from __future__ import annotations

import html

import pytest

from tests.pages.control_center.console_rig import ORG, ConsoleRig, Desk
from tests.rigs.service import make_csr, make_key

PAYLOADS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onfocus=alert(1) autofocus='",
    "{{7*7}}${7*7}%(x)s",
    "=cmd|' /C calc'!A0",
    "*)(uid=*)\\00,CN=admin",
    "' OR 1=1--",
    "../../etc/passwd",
    "javascript:alert(1)",
    "Zoë 🦊 \u4f60\u597d",
    "</pre></textarea><svg/onload=alert(1)>",
)


def require_plain(text: str, payload: str) -> None:
    """The page has no markup of the payload, and no template has computed it."""
    assert "49" not in payload
    for piece in ("<script>alert", "<img src=x", "onfocus=alert(1) autofocus='\"", "<svg/onload"):
        assert piece not in text, piece
    if any(character in payload for character in "<>\"'&"):
        assert payload not in text.replace(html.escape(payload), "")


@pytest.mark.parametrize("payload", PAYLOADS)
def test_in_every_page(rig: ConsoleRig, paula: Desk, payload: str) -> None:
    request = rig.service.submit(
        ORG,
        make_csr(["www.resource-marketing.test"], make_key()),
        contact_name=payload[:64],
        comment=payload,
        server_platform=payload[:64],
    )
    rig.service.integrate()
    place = f"/requests/{request.id}"
    shown = paula.get(place).text
    assert html.escape(payload).replace("&#x27;", "&#39;").replace("&quot;", "&#34;") in shown
    held = paula.send(f"{place}/hold", {"question": payload})
    pages = [
        shown,
        paula.get("/requests").text,
        paula.get("/requests", name=payload).text,
        paula.get("/requests", show=payload, before=payload, then=payload).text,
        paula.get("/certificates", text=payload).text,
        paula.get("/certificates", show=payload, **{"from": payload}).text,
        paula.get("/audit", action=payload, object=payload, person=payload, to=payload).text,
        paula.follow(f"{place}/rejection", {"reason": payload}).text,
        paula.send(f"{place}/rejected", {"reason": payload, "content": payload, "answer": payload}).text,
        paula.follow("/administrators/invite", {"full_name": payload, "email": payload}).text,
        paula.send("/tokens", {"token_name": payload, "scopes": payload, "days": payload}).text,
        paula.send("/tokens", {"token_name": payload, "scopes": "read", "days": "5"}).text,
        paula.get("/tokens").text,
        paula.get(place).text,
        paula.get(held.headers["location"]).text,
        paula.get().text,
    ]
    for text in pages:
        require_plain(text, payload)
    if "{{7*7}}" in payload:
        assert "{{7*7}}" in shown


def test_line_breaks_and_hidden_characters_are_refused_at_the_field(rig: ConsoleRig, paula: Desk) -> None:
    request = rig.submit()
    for payload in ("a\x00b", "abc\u202edef", "a\u200bb", "\x1b[31mred", "x" * 501):
        for way, field in (("rejection", "reason"), ("hold", "question")):
            answer = paula.send(f"/requests/{request.id}/{way}", {field: payload})
            assert (answer.status_code, f'href="#{field}"' in answer.text) == (422, True), (way, payload)


def test_names_of_253_characters_fit(rig: ConsoleRig, paula: Desk) -> None:
    longest = ".".join(("a" * 63, "b" * 63, "c" * 63, "d" * 37, "resource-marketing.test"))
    assert len(longest) == 253
    request = rig.service.submit(ORG, make_csr(["www.resource-marketing.test", longest], make_key()))
    assert "and 1 more" in paula.get("/requests").text
    assert longest in paula.page_of(request).text
    certificate = paula.issue(request)
    assert longest in paula.get(f"/certificates/{certificate.serial_hex}").text
