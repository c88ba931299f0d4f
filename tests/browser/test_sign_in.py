"""Coming in, staying in, going out: by passkey and by Administrator ID, in a real browser."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.people import (
    DEVICE,
    World,
    armored,
    offered_bytes,
    passkey_holder,
    place_of,
    sign_file,
    sign_in_with_certificate,
    sign_in_with_passkey,
)
from tests.rigs.browser import Chromium, Window, look
from tests.rigs.live_people import LiveOrganization

NO_WAY_IN = "401 (GET|POST)"


def test_a_passkey_from_the_link_on(world: World, chromium: Chromium) -> None:
    """The link works once; the passkey signs in, is shown again for what is final, and one press signs out everywhere."""
    window = passkey_holder(world, chromium, "arrival", "arrival.test")
    assert DEVICE in window.words
    world.service.wait_for_letter("contact@arrival.test", "passkey")
    look(window.page, "account", small=True)
    second = chromium.window()
    second.take_passkeys(window.passkeys())
    sign_in_with_passkey(world, second, "arrival")
    assert second.page.locator("section[aria-labelledby=sessions-title] tbody tr").count() == 2
    show_again(world, second)
    second.open(f"{place_of(world, 'arrival')}/account")
    second.press("Sign out everywhere")
    assert "You signed out everywhere." in reopened(world, window, "arrival")
    link = f"{place_of(world, 'arrival')}/first-credential?code={world.provider.invitation('alex@arrival.test')}"
    refuse_a_used_link(chromium.window(), link)


def show_again(world: World, window: Window) -> None:
    """Six minutes after the sign-in, what is final asks for the passkey once more; then it goes on where it was going."""
    world.let_time_pass("arrival", timedelta(minutes=6))
    wanted = f"{place_of(world, 'arrival')}/console/tokens/new"
    window.open(wanted)
    assert window.heading == "Show your credential again"
    look(window.page, "step-up")
    window.press("Use a passkey")
    assert window.page.url == wanted, window.words


def refuse_a_used_link(window: Window, link: str) -> None:
    """Whoever finds the link later gets nothing, and no passkey is made for nothing."""
    window.open(link)
    look(window.page, "first-credential", small=True)
    window.fill(label="Somebody else's")
    window.expect("4(04|09|22) POST")
    window.page.get_by_role("button", name="Make my passkey").click()
    expect(window.page.locator("[data-told]")).to_contain_text("was used already")
    look(window.page, "first-credential-used")
    assert window.passkeys() == []


def reopened(world: World, window: Window, slug: str) -> str:
    """What the page says to somebody whose session has ended meanwhile."""
    window.open(f"{place_of(world, slug)}/account")
    assert window.heading == "Sign in as an administrator"
    return window.words


@pytest.fixture
def company(world: World, chromium: Chromium) -> LiveOrganization:
    """An organization whose administrator has an Administrator ID; founded once on each database."""
    return world.company("leaving", "Leaving, Inc.", "leaving.test")


@pytest.mark.parametrize("script", [True, False], ids=["scripts", "no-scripts"])
def test_an_administrator_id(world: World, chromium: Chromium, company: LiveOrganization, *, script: bool) -> None:
    """The other port asks for the certificate and leads back, with scripts and without; a session ends for its reasons."""
    window = chromium.window(identity=world.card(company.admin), script=script, passkeys=script)
    window.open(f"{place_of(world, 'leaving')}/account")
    look(window.page, "sign-in" if script else "sign-in-without-scripts", small=script)
    sign_in_with_certificate(world, window, "leaving")
    assert "(used now)" in window.words
    world.let_time_pass("leaving", timedelta(minutes=31))
    assert "nothing happened for 30 minutes" in reopened(world, window, "leaving")
    look(window.page, "sign-in-after-idle" if script else "sign-in-after-idle-without-scripts")
    sign_in_with_certificate(world, window, "leaving")
    world.let_time_pass("leaving", timedelta(minutes=6))
    window.open(f"{place_of(world, 'leaving')}/console/tokens/new")
    window.press("Use an Administrator ID")
    assert window.page.url.endswith("/console/tokens/new"), window.words
    window.press("Sign out")
    assert "You signed out." not in window.words
    assert window.heading == "Sign in as an administrator"


def test_one_session_ends_another(world: World, chromium: Chromium, company: LiveOrganization) -> None:
    """The own list of sessions ends one of them at once."""
    here, there = (chromium.window(identity=world.card(company.admin)) for _ in range(2))
    for window in (there, here):
        sign_in_with_certificate(world, window, "leaving")
    here.press("End")
    assert "You ended this session from another one." in reopened(world, there, "leaving")


def test_no_way_in(world: World, chromium: Chromium, company: LiveOrganization) -> None:
    """Without a certificate a page says what is missing; a stranger's certificate and an unknown passkey get one that says why."""
    stranger = chromium.window()
    stranger.open(f"{place_of(world, company.slug)}/sign-in")
    stranger.expect(NO_WAY_IN)
    stranger.press("Sign in with a certificate")
    assert stranger.heading == "Cannot verify administrator's identity"
    look(stranger.page, "certificate-missing", small=True)
    stranger.press("To the sign-in page")
    assert stranger.heading == "Sign in as an administrator"
    foreign = chromium.window(identity=world.card(world.provider.administrator))
    foreign.expect(NO_WAY_IN)
    foreign.open(f"{place_of(world, company.slug)}/sign-in")
    foreign.press("Sign in with a certificate")
    assert "not registered here" in foreign.words
    look(foreign.page, "certificate-unknown", small=True)
    forgetful = chromium.window()
    forgetful.open(f"{place_of(world, company.slug)}/sign-in")
    forgetful.page.get_by_role("button", name="Sign in with a passkey").click()
    expect(forgetful.page.locator("[data-told]")).to_have_text("The passkey was not used. You can try again.")
    look(forgetful.page, "sign-in-passkey-not-used")


def test_a_second_passkey_under_the_first(world: World, chromium: Chromium) -> None:
    """A key that is plugged in becomes a second passkey, under the signature of the one in the computer."""
    window = passkey_holder(world, chromium, "second-key", "second-key.test")
    window.hold_authenticator("usb")
    window.press("Add a passkey")
    look(window.page, "passkey-new", small=True)
    window.fill(label="Blue key")
    window.touch(1)
    window.press("Make the passkey")
    assert window.heading == "Sign for the new passkey"
    look(window.page, "passkey-sign", small=True)
    window.touch(0)
    window.press("Sign with a passkey")
    assert window.heading == "Your passkey is registered", window.words
    look(window.page, "passkey-done", small=True)
    window.press("Your account")
    assert "Blue key" in window.words
    window.press("Sign out")
    window.touch(1)
    sign_in_with_passkey(world, window, "second-key")
    assert "Passkey: Blue key (used now)" in window.words


def test_a_passkey_under_a_signed_file(world: World, chromium: Chromium, tmp_path: Path) -> None:
    """Whoever has an Administrator ID signs the shown text on his own computer; another text, or none, is refused."""
    company = world.company("papers", "Papers, Inc.", "papers.test")
    window = chromium.window(identity=world.card(company.admin))
    sign_in_with_certificate(world, window, "papers")
    window.press("Add a passkey")
    window.fill(label="Phone")
    window.press("Make the passkey")
    with window.page.expect_download() as download:
        window.page.get_by_role("link", name="passkey.json").click()
    content = download.value.path().read_text()
    assert content.encode() == offered_bytes(window)
    window.expect("422 POST")
    hand_in(window, sign_file(company.admin, content.replace("papers", "others").encode(), tmp_path))
    assert window.problems != []
    look(window.page, "passkey-sign-error")
    pem = tmp_path / "statement.pem"
    pem.write_bytes(armored(sign_file(company.admin, content.encode(), tmp_path)))
    hand_in(window, pem)
    assert window.heading == "Your passkey is registered", window.words


def hand_in(window: Window, file: Path) -> None:
    """Choose the signed file and send it."""
    window.page.locator("[id=signature]").set_input_files(file)
    window.press("Hand the signed file in")


def test_a_revoked_administrator_id(world: World, chromium: Chromium) -> None:
    """Its session ends at the next page, which says why, and the certificate lets nobody in any more."""
    company = world.provider.found("revoked-card", "Revoked Card, Inc.", "revoked-card.test", units=0)
    window = chromium.window(identity=world.card(company.admin))
    sign_in_with_certificate(world, window, company.slug)
    person, fingerprint = world.credential(company.slug)
    path = f"{company.path}/administrators/{person}/credentials/{fingerprint}/revocation"
    company.admin.rest.post(path, {"reason": "keyCompromise"})
    assert "the credential you signed in with was revoked" in reopened(world, window, company.slug)
    look(window.page, "sign-in-after-revocation")
    window.expect(NO_WAY_IN)
    window.press("Sign in with a certificate")
    assert window.heading == "This certificate does not let you in"
    assert "is revoked or has expired" in window.words
    look(window.page, "certificate-revoked")
