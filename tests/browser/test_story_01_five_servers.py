"""Story 1 in the browser: five servers, no phone call (requirements section 7).

Dana has only the portal's words; the administrator has a passkey, or no scripts and an Administrator ID. From the answers to
the open queue both have a slow line, and Dana presses twice.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from privyseal.look.guides.steps import file_stem
from privyseal.store import organizations, requests
from tests.browser.people import World
from tests.browser.steps import (
    WAYS,
    Decider,
    answer_the_rest,
    begin_request,
    confirm,
    decider,
    hand_csr_in,
    pick_up,
    run_the_commands,
    slow_line,
    wait_until_issued,
)
from tests.rigs.browser import Chromium, Window, guide, look
from tests.rigs.nginx import NginxServer
from tests.rigs.openssl import connect

QUEUE_SECONDS = 2.0
MAIL_SECONDS = 10.0


@pytest.mark.parametrize("way", WAYS)
def test_five_servers_no_phone_call(world: World, chromium: Chromium, tmp_path: Path, way: str) -> None:
    # The pictures of the documentation show this story as the requirements tell it.
    by_passkey = way == "passkey"
    slug, domain = ("resource-marketing", "resource-marketing.test") if by_passkey else ("resource-card", f"{way}.resource-marketing.test")
    host = f"webtrust.{domain}"
    world.provider.establish(slug, "Resource Marketing, Inc.", domain)
    admin = decider(world, chromium, slug, domain, way, tmp_path, guides=by_passkey)
    dana = chromium.window(script=by_passkey, passkeys=False)
    dana.shown_in_guides = by_passkey
    begin_request(world, dana, slug, host)
    run_the_commands(dana, tmp_path)
    hand_csr_in(dana, tmp_path / f"{file_stem(host)}.csr")
    with slow_line(admin.window, dana):
        admin.window.open(f"{admin.console}requests")
        answer_the_rest(dana, f"dana@{domain}", twice=True)
        assert "Nothing waits for a decision" in admin.window.words, "nobody is bothered before the address is confirmed"
        confirm(world, dana, f"dana@{domain}", host)
        see_it_come(admin, host)
    assert sent(world, slug) == 1, "pressed twice, sent once"
    dana.press("Follow the request")
    guide(dana, "waiting")
    admin.approve(host)
    chain = receive(world, dana, host, f"dana@{domain}", tmp_path)
    serve_and_verify(world, chromium, host, chain, tmp_path / f"{file_stem(host)}.key")
    admin.window.open(admin.console)
    assert [text.split() for text in admin.window.page.locator(".figures dd").all_inner_texts()] == [["4"], ["1"], ["5"]]


def sent(world: World, slug: str) -> int:
    """How many requests an organization has, confirmed or not."""
    with world.service.house.database.read(datetime.now(UTC)) as tx:
        return sum(requests.count_by_state(tx, organizations.require(tx, slug).id).values())


def see_it_come(admin: Decider, host: str) -> None:
    """The open queue tells of it within two seconds; without scripts it is there when the page is loaded again."""
    if admin.card is not None:
        admin.window.page.reload()
    else:
        began = time.monotonic()
        admin.window.page.locator("#live").wait_for(state="visible", timeout=QUEUE_SECONDS * 1000)
        assert time.monotonic() - began <= QUEUE_SECONDS
        admin.window.press("1 new request")
    assert host in admin.window.words


def receive(world: World, dana: Window, host: str, contact: str, folder: Path) -> Path:
    """The page of the request turns by itself, the letter comes, and the phrase opens the files."""
    wait_until_issued(dana)
    world.service.wait_for_letter(contact, host, "issued", seconds=MAIL_SECONDS)
    dana.page.reload()
    return pick_up(dana, folder)


def serve_and_verify(world: World, chromium: Chromium, host: str, chain: Path, key: Path) -> None:
    """It works in nginx, openssl accepts it, and the public page says in words that it is good."""
    with NginxServer(chain, key) as nginx:
        assert connect(nginx.port, host, world.service.root_pem).accepts
        assert not connect(nginx.port, "www.bookstore.test", world.service.root_pem).accepts
    visitor = chromium.window(script=False, passkeys=False)
    visitor.open(f"{world.base}/verify")
    visitor.fill(certificate=chain.read_text().partition("-----END CERTIFICATE-----")[0] + "-----END CERTIFICATE-----\n")
    visitor.press("Verify")
    assert visitor.heading == host
    assert "it is valid now" in visitor.words
    judged = chromium.window(passkeys=False)
    judged.open(f"{world.base}/verify")
    judged.page.locator("[id=file]").set_input_files(chain)
    judged.press("Verify")
    look(judged.page, "verified-good", small=True)
