"""Forms of foreign pages, and cookies of every shape."""

from __future__ import annotations

import pytest

from privyseal.reception.origins import origin_of
from tests.reception.reception_rig import ADMINISTRATORS, ORG, PAGES, Browser, ReceptionRig, require_kind
from tests.rigs.service import AdministratorRig

once = pytest.mark.parametrize("service", ["sqlite"], indirect=True)

FORM = f"/o/{ORG}/form"
HOME = f"/o/{ORG}/home"
NAME = f"__Host-privyseal-o-{ORG}"


@once
def test_a_form_of_a_foreign_page_is_refused_and_recorded(rig: ReceptionRig, fox: AdministratorRig) -> None:
    browser = rig.signed_in(fox)
    foreign: tuple[dict[str, str], ...] = (
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site", "Origin": PAGES},
        {"Sec-Fetch-Site": ""},
        {"Sec-Fetch-Site": "same-origin, none"},
        {"Origin": "https://evil.test"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Origin": PAGES.replace("https", "http")},
        {"Origin": f"{PAGES}.evil.test"},
        {"Origin": f"{PAGES}/"},
        {"Origin": ADMINISTRATORS},
        {"Origin": "https://localhost"},
        {"Origin": "https://evil.test", "Host": "evil.test"},
        {"Referer": f"{PAGES}/"},
        {},
    )
    for headers in foreign:
        require_kind(browser.post(FORM, data={"a": "1"}, headers=headers), 403, "cross-site")
        require_kind(browser.send("PUT", FORM, headers=headers), 403, "cross-site")
    require_kind(browser.post(f"/o/{ORG}/leave", headers={"Sec-Fetch-Site": "cross-site"}), 403, "cross-site")
    assert browser.get(HOME).status_code == 200, "nobody can sign a person out from elsewhere"
    assert rig.log("")[-1] == ("receive-form", "refused", "cross-site", "requester")


@once
def test_a_form_of_our_own_page_is_taken(rig: ReceptionRig) -> None:
    browser = rig.browser()
    for headers in ({"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}, {"Origin": PAGES}):
        assert browser.post(FORM, data={"a": "1"}, headers=headers).status_code == 200, headers
    assert browser.send("GET", FORM, headers={"Sec-Fetch-Site": "cross-site", "Content-Type": "multipart/form-data"}).status_code == 400


def test_an_origin_is_written_as_browsers_do() -> None:
    assert origin_of("https://Pki.Example.test:443/x") == "https://pki.example.test"
    assert origin_of("https://pki.example.test:8443") == "https://pki.example.test:8443"
    assert origin_of("http://[::1]:80/") == "http://[::1]"


@once
def test_cookies_of_every_shape_end_below_500(rig: ReceptionRig, fox: AdministratorRig) -> None:
    browser = rig.signed_in(fox)
    token = browser.token()
    good = (
        f"{NAME}={token}",
        f"a=b; {NAME}={token}; c",
        f"{NAME}={token}; {NAME}={token}",
        f";;;=; {NAME} = {token} ;",
        f"x={'y' * 10_000}; {NAME}={token}",
    )
    for header in good:
        assert Browser(rig).get(HOME, Cookie=header).status_code == 200, header
    bad = (
        "",
        ";",
        "=",
        f"{NAME}=",
        f"{NAME}={token}x",
        f"{NAME}={token.upper()}",
        f'{NAME}="{token}"',
        f"{NAME}={token[:-1]}\u0131".encode().decode("latin-1"),
        f"{NAME}={token}; {NAME}={'a' * 52}",
        f"privyseal-o-{ORG}={token}",
        f"{NAME}x={token}",
        "\x01\x7f",
        f"{NAME}={'%00' * 20}",
    )
    for header in bad:
        answer = Browser(rig).send("GET", HOME, headers={"Cookie": header.encode("latin-1")})  # type: ignore[dict-item] # bytes on purpose
        require_kind(answer, 401, "sign-in-needed")


@once
def test_a_megabyte_of_cookies_is_refused(rig: ReceptionRig) -> None:
    for header in (f"{NAME}={'a' * 1_000_000}", "; ".join(f"c{number}=1" for number in range(100_000)), ";" * 1_000_000):
        require_kind(Browser(rig).get(HOME, Cookie=header), 400, "cookies")
        require_kind(Browser(rig).get(f"/o/{ORG}/sign-in", Cookie=header), 400, "cookies")


@once
@pytest.mark.parametrize(
    "path", ["/o/%00/home", "/o/../home", "/o/A/home", "/o/%ed%a0%80/home", f"/o/{'a' * 41}/home", "/o/%F0%9F%98%80/sign-in"]
)
def test_addresses_of_nobody_are_nothing(rig: ReceptionRig, path: str) -> None:
    assert rig.browser().get(path).status_code == 404
