"""A new organization from the application of a stranger to its first certificate, with real processes: DNS, mail, browsers.

Once its first administrator has a passkey, once an Administrator ID on a token that never shows its key (SoftHSM2, by ``seal``).
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from privyseal.look.guides.steps import file_stem
from privyseal.model.vetting import WITH_FILE, VettingItem
from tests.actions.organization.test_application import FORM
from tests.browser.people import World, make_first_passkey, place_of, sign_in_with_certificate, sign_in_with_passkey
from tests.browser.steps import (
    Decider,
    answer_the_rest,
    begin_request,
    confirm,
    hand_csr_in,
    run_the_commands,
    slow_line,
    wait_for_words,
    write_application,
)
from tests.doors.rest.test_cards import Shell
from tests.rigs.browser import Chromium, Window, look
from tests.rigs.live_service import text_of
from tests.rigs.service import PHRASE
from tests.rigs.softhsm import SoftHsm
from tests.rigs.vetting import EVIDENCE


@pytest.fixture
def hsm(tmp_path: Path) -> Iterator[SoftHsm]:
    """A place for tokens."""
    made = SoftHsm(tmp_path / "softhsm")
    yield made
    made.close()


@pytest.mark.parametrize("way", ["passkey", "token"])
def test_from_the_application_to_the_first_certificate(
    world: World, chromium: Chromium, hsm: SoftHsm, tmp_path: Path, way: str, record_property: Callable[[str, object], None]
) -> None:
    """Every step is somebody's at a page or a shell; nothing is written past them."""
    began = time.monotonic()
    slug, domain = f"new-{way}", f"new-{way}.test"
    name, email = f"Hoffman & Brandt {way} GmbH", f"ada@{domain}"
    written = {"name": name, "slug": slug, "domains": domain, "address": "Domplatz 1", "administrator_email": email}
    apply(world, chromium, FORM | written | {"corporate_email": f"helen@{domain}"})
    vera, olaf = (chromium.window(identity=world.card(person)) for person in (world.provider.administrator, world.provider.second))
    for window in (vera, olaf):
        sign_in_with_certificate(world, window, "", "")
    take_up(world, vera, slug, name)
    publish_and_look_up(world, vera, domain)
    vet(world, vera, olaf, slug, name)
    sell(vera)

    host = f"www.{domain}"
    dana = chromium.window(passkeys=False)
    begin_request(world, dana, slug, host)
    run_the_commands(dana, tmp_path)
    hand_csr_in(dana, tmp_path / f"{file_stem(host)}.csr")
    answer_the_rest(dana, f"dana@{domain}")
    confirm(world, dana, f"dana@{domain}", host)
    dana.press("Follow the request")
    if way == "passkey":
        decide_with_passkey(world, chromium, slug, email, host, tmp_path)
    else:
        decide_with_token(world, hsm, slug, email, host, tmp_path)
    wait_for_words(dana, "Pick the certificate up", seconds=10)
    world.service.wait_for_letter(f"dana@{domain}", host, "issued")
    seconds = time.monotonic() - began
    record_property("seconds_to_first_certificate", round(seconds, 1))
    print(f"application to first certificate in a browser ({way}): {seconds:.1f} s")


def apply(world: World, chromium: Chromium, form: dict[str, str]) -> None:
    """A stranger writes, and whoever reads the corporate contact's mail confirms."""
    stranger = chromium.window(passkeys=False)
    with slow_line(stranger):
        stranger.open(f"{world.base}/apply")
        write_application(stranger, form)
        stranger.press("Apply")
    assert stranger.heading == "Your application is here", stranger.problems
    letter = text_of(world.service.wait_for_letter(form["corporate_email"], "confirm", seconds=30))
    link = re.search(r"https://\S+/apply/\S+", letter)
    assert link is not None, letter
    stranger.open(link[0])
    stranger.press("Confirm")
    assert stranger.heading == "The address is confirmed", stranger.problems


def take_up(world: World, vera: Window, slug: str, name: str) -> None:
    """The vetter reads the application and takes it up; the organization's page is open then."""
    vera.open(f"{place_of(world, '')}/applications")
    vera.press(name)
    vera.fill(slug=slug)
    vera.press("Take it up")
    assert vera.heading == name, vera.problems


def publish_and_look_up(world: World, vera: Window, domain: str) -> None:
    """The applicant publishes what the page says; the service finds it in a real DNS."""
    shown = vera.page.locator("section[aria-labelledby=domains-title]")
    value = vera.page.locator("#dns-1").inner_text()
    record = next(word for word in shown.inner_text().split() if word.startswith("_") and word.endswith(domain))
    world.service.dns.add(domain, record, "TXT", f'"{value}"')
    vera.press("Look up by DNS")
    assert vera.problems == []
    assert "Validated" in shown.inner_text()


def vet(world: World, vera: Window, olaf: Window, slug: str, name: str) -> None:
    """One records what was found and hands it over, the other one concludes."""
    place = f"{place_of(world, '')}/organizations/{slug}"
    for item in VettingItem:
        vera.open(f"{place}/vetting/items/{item.value}")
        if item is VettingItem.TELEPHONE:
            vera.fill(telephone="+49 821 555 0100")
        vera.page.get_by_label("It is as it should be").check()
        vera.fill(source="Handelsregister, excerpt 4711")
        if item in WITH_FILE:
            vera.page.locator("#file").set_input_files({"name": "excerpt.txt", "mimeType": "text/plain", "buffer": EVIDENCE})
        vera.press("Record it")
        assert vera.problems == []
    vera.press("Hand it over")
    olaf.open(f"{place}/vetting")
    olaf.press("Conclude the vetting")
    assert olaf.heading == name, olaf.problems
    vera.open(place)


def sell(vera: Window) -> None:
    """A policy with open enrollment, and five units."""
    vera.press("Add a policy")
    vera.page.get_by_label("People may ask for certificates at the portal without an account").check()
    vera.press("Go on to check")
    vera.press("Add this policy")
    vera.press("Book an order")
    vera.fill(quantity="5", purchase_order="PO 1")
    vera.press("Book")
    assert vera.problems == []


def decide_with_passkey(world: World, chromium: Chromium, slug: str, email: str, host: str, folder: Path) -> None:
    """By the link of the letter; the kit is looked at before the first decision."""
    ada = chromium.window()
    make_first_passkey(world, ada, slug, email)
    sign_in_with_passkey(world, ada, slug, "console/kit")
    assert "Invite a second administrator who can approve." in ada.words
    Decider(world, slug, ada, None, folder).approve(host)


def decide_with_token(world: World, hsm: SoftHsm, slug: str, email: str, host: str, folder: Path) -> None:
    """At a shell, with a key that is made on the token and stays there."""
    home = folder / "home"
    home.mkdir()
    settings = {"HOME": str(home), "SEAL_SERVICE": world.base, "SEAL_ROOT": str(world.service.root_pem), "SEAL_ORGANIZATION": slug}
    ada = Shell(settings | {"SEAL_CARD": hsm.token("Ada")})
    status, said = ada.seal("administrator", "enroll", world.provider.invitation(email))
    assert status == 0, said
    assert not list(home.rglob("*.key"))
    status, said = ada.seal("request", "list")
    assert (status, host in said) == (0, True), said
    request = re.search(r"req-[0-9a-f]{32}", said)
    assert request is not None, said
    status, said = ada.seal("request", "approve", request[0], "--yes")
    assert status == 0, said


TRIAL = {"name": "Langly & Co", "slug": "langly", "person_name": "Ringo Langly", "person_email": "ringo@langly.test"}
TRIAL_SLUG, TRIAL_HOST = "test-langly", "www.test-langly.test"


def test_a_trial_is_tried_in_a_browser(world: World, chromium: Chromium, tmp_path: Path) -> None:
    """Asked for by a stranger, begun, one certificate that nobody trusts: TEST stands over every page of it."""
    window = chromium.window()
    begin_trial(world, window)
    make_first_passkey(world, window, TRIAL_SLUG, TRIAL["person_email"])
    sign_in_with_passkey(world, window, TRIAL_SLUG, "console/kit")
    look(window.page, "console-kit-of-a-trial", small=True)
    dana = chromium.window(passkeys=False)
    ask_in_trial(world, dana, tmp_path)
    Decider(world, TRIAL_SLUG, window, None, tmp_path).approve(TRIAL_HOST)
    wait_for_words(dana, "Pick the certificate up", seconds=10)
    issued = world.service.wait_for_letter("dana@langly.test", TRIAL_HOST, "issued")
    [pem] = [part.get_content() for part in issued.message.walk() if (part.get_filename() or "").endswith(".pem")]
    dana.open(f"{world.base}/verify")
    dana.fill(certificate=pem.decode() if isinstance(pem, bytes) else pem)
    dana.press("Verify")
    assert "It is a test certificate, and nobody trusts it." in dana.words
    look(dana.page, "verified-test", small=True)
    desk = chromium.window(identity=world.card(world.provider.administrator))
    sign_in_with_certificate(world, desk, "", "")
    desk.open(f"{place_of(world, '')}/trials/new")
    look(desk.page, "provider-new-trial", small=True)
    desk.open(f"{place_of(world, '')}/organizations/{TRIAL_SLUG}")
    look(desk.page, "provider-organization-trial", small=True)


def begin_trial(world: World, window: Window) -> None:
    """The form, with a mistake that is explained at its field; the letter; the button."""
    window.expect("4\\d\\d POST")
    window.open(f"{world.base}/try")
    look(window.page, "try", small=True)
    window.fill(**TRIAL | {"slug": "Not a name"})
    window.press("Ask for a trial")
    assert window.problems != []
    look(window.page, "try-error", small=True)
    window.fill(slug=TRIAL["slug"])
    window.press("Ask for a trial")
    look(window.page, "try-sent")
    letter = text_of(world.service.wait_for_letter(TRIAL["person_email"], "confirm your trial", seconds=30))
    link = re.search(r"https://\S+/try/\S+", letter)
    assert link is not None, letter
    window.open(link[0])
    look(window.page, "try-confirm")
    window.press("Begin")
    assert window.heading == "The trial has begun", window.problems
    look(window.page, "try-started")


def ask_in_trial(world: World, dana: Window, folder: Path) -> None:
    """The portal as a requester has it; the longest life is that of the trial."""
    begin_request(world, dana, TRIAL_SLUG, TRIAL_HOST)
    look(dana.page, "portal-of-a-trial", small=True)
    run_the_commands(dana, folder)
    hand_csr_in(dana, folder / f"{file_stem(TRIAL_HOST)}.csr")
    dana.press("Go on with this CSR")
    dana.page.locator("input[name=life][value^='30']").check()
    dana.press("Go on")
    dana.fill(contact_name="Dana Designer", contact_email="dana@langly.test")
    dana.press("Go on")
    dana.fill(phrase=PHRASE, phrase_again=PHRASE)
    dana.press("Send the request")
    confirm(world, dana, "dana@langly.test", TRIAL_HOST)
    dana.press("Follow the request")
