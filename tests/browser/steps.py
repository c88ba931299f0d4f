"""A certificate's way in the pages: a subscriber asks, confirms and picks up; an administrator decides under a signature."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import expect

from privyseal.pages.public.apply import STEPS
from tests.browser.people import World, make_first_passkey, sign_file, sign_in_with_certificate, sign_in_with_passkey
from tests.rigs.browser import Chromium, Window, guide
from tests.rigs.live_people import CODE, LiveAdministrator, enroll
from tests.rigs.live_service import text_of
from tests.rigs.service import PHRASE

CONFIRMATION = re.compile(r"https://\S+/confirm/\S+")
CONFIRMATION_CODE = re.compile(r"\b[a-z2-7]{52}\b")
WAYS = ("passkey", "administrator-id")
ISSUED_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Decider:
    """An administrator at the pages: with a passkey, or without scripts and with an Administrator ID that signs files."""

    world: World
    slug: str
    window: Window
    card: LiveAdministrator | None
    folder: Path

    @property
    def console(self) -> str:
        """His control center."""
        return self.world.console(self.slug)

    def sign(self, button: str) -> None:
        """Sign what the page shows: with the passkey, or as the page says with openssl."""
        if self.card is None:
            self.window.press(button)
            return
        page = self.window.page
        with page.expect_download() as download:
            page.get_by_role("button", name=re.compile("^Download ")).click()
        signed = sign_file(self.card, download.value.path().read_bytes(), self.folder)
        page.locator("[id=signed]").set_input_files(signed)
        self.window.press("Hand the signed file in")

    def approve(self, name: str) -> None:
        """Open the request for this name out of the queue and approve it."""
        self.window.open(f"{self.console}requests")
        guide(self.window, "requests")
        self.window.press(name)
        guide(self.window, "check")
        self.sign("Approve with a passkey")
        assert self.window.heading == f"{name} is issued", self.window.words


def decider(world: World, chromium: Chromium, slug: str, domain: str, way: str, folder: Path, *, guides: bool = False) -> Decider:
    """The first administrator of an organization, invited by mail, signed in."""
    email = f"alex@{domain}"
    if way == "passkey":
        window = chromium.window()
        window.shown_in_guides = guides
        make_first_passkey(world, window, slug, email)
        sign_in_with_passkey(world, window, slug, "console/")
        return Decider(world, slug, window, None, folder)
    found = CODE.search(text_of(world.service.wait_for_letter(email, "make your administrator", seconds=30)))
    assert found is not None
    card = enroll(world.service, found[1], email)
    window = chromium.window(identity=world.card(card), script=False, passkeys=False)
    sign_in_with_certificate(world, window, slug, "console/")
    return Decider(world, slug, window, card, folder)


def write_application(window: Window, form: Mapping[str, str]) -> None:
    """From the first question of an application to the page that shows all answers."""
    for step in STEPS:
        window.fill(**{name: form[name] for name in step.fields})
        window.press("Go on")
    assert window.heading == "Check your answers", window.problems


def begin_request(world: World, window: Window, slug: str, names: str) -> None:
    """From the portal's first page to the commands for the names."""
    window.open(world.portal(slug))
    guide(window, "portal-start")
    window.press("Ask for a certificate")
    window.page.locator("input[name=platform][value=nginx]").check()
    window.press("Go on")
    window.fill(names=names)
    window.press("Go on")


def run_the_commands(window: Window, folder: Path) -> None:
    """Do at a shell what the page says, word for word."""
    for block in window.page.locator("details li pre").all():
        subprocess.run(["bash", "-euc", block.inner_text()], cwd=folder, check=True, capture_output=True)


def hand_csr_in(window: Window, csr: str | Path) -> None:
    """Paste the CSR, or choose its file."""
    if isinstance(csr, Path):
        window.page.locator("[id=csr_file]").set_input_files(csr)
    else:
        window.fill(csr=csr)
    guide(window, "csr")
    window.press("Check the CSR")


def answer_the_rest(window: Window, contact: str, *, comment: str = "", twice: bool = False) -> None:
    """Life, servers, contact, the look at all answers, the phrase; afterwards the request is sent, ``twice`` by a double press."""
    window.press("Go on with this CSR")
    window.page.locator("input[name=life][value^='365']").check()
    window.press("Go on")
    window.fill(contact_name="Dana Designer", contact_email=contact, comment=comment)
    window.press("Go on")
    guide(window, "answers")
    window.fill(phrase=PHRASE, phrase_again=PHRASE)
    if twice:
        window.page.get_by_role("button", name="Send the request", exact=True).dblclick()
        window.page.wait_for_url("**/received*")
    else:
        window.press("Send the request")
    assert window.heading == "Your request was received", window.words


def confirm(world: World, window: Window, contact: str, name: str) -> None:
    """Follow the letter: its address, and its code."""
    text = text_of(world.service.wait_for_letter(contact, name, "confirm"))
    address, code = CONFIRMATION.search(text), CONFIRMATION_CODE.search(text)
    assert address is not None
    assert code is not None
    window.open(address[0])
    window.fill(code=code[0])
    guide(window, "confirm")
    window.press("Confirm address")
    assert window.heading == "Your address is confirmed", window.words


@contextmanager
def slow_line(*windows: Window) -> Iterator[None]:
    """What these people have while this lasts: a line as a telephone in a train has it."""
    for window in windows:
        window.slow_down(milliseconds=150, bytes_per_second=100_000)
    yield
    for window in windows:
        window.slow_down(milliseconds=0, bytes_per_second=-1)


def pick_up(window: Window, folder: Path) -> Path:
    """On the page of the request: the phrase, and then the file for nginx."""
    guide(window, "issued")
    window.fill(phrase=PHRASE)
    window.press("Pick it up")
    guide(window, "files")
    with window.page.expect_download() as download:
        window.page.locator("a[href$='/files/chain']").first.click()
    chain = folder / f"{len(list(folder.iterdir()))}-{download.value.suggested_filename}"
    download.value.save_as(chain)
    return chain


def wait_until_issued(window: Window) -> None:
    """The page of the request turns by itself, or is loaded again where there are no scripts: never both, one would stop the other."""
    if "no-script" in (window.page.locator("html").get_attribute("class") or ""):
        window.page.reload()
    wait_for_words(window, "Pick the certificate up", seconds=ISSUED_SECONDS)


def wait_for_words(window: Window, words: str, *, seconds: float) -> None:
    """The page says it by itself, without being loaded again."""
    expect(window.page.locator("main")).to_contain_text(words, timeout=seconds * 1000)
