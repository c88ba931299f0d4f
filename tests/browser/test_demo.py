"""A newcomer's five minutes: the demonstration is started as the README says, and the words of its first page are followed in a browser.

The browser has imported the demonstration's root, as the page asks first, and trusts nothing else.
"""

from __future__ import annotations

import json
import re
import ssl
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
from playwright.sync_api import Playwright

from privyseal.cli.demo.provision import SHOP
from tests.browser.people import DEVICE
from tests.browser.test_another_host import trust
from tests.rigs.browser import Chromium, Window, judge
from tests.rigs.live_service import ROOT
from tests.rigs.openssl import connect
from tests.rigs.ports import answers, wait_until
from tests.rigs.presence import require_program
from tests.rigs.processes import Child

NEWCOMER_SECONDS = 300.0
START_SECONDS = 180.0
ADDRESSES = {"base_url", "administrator_url", "status_url", "portal_url", "console_url", "provider_url"}
FILES = {"root_pem", "mail_dir", "api_token_file", "checkpoint_file", "data"}
PEOPLE = {"administrator", "provider_administrator"}


@contextmanager
def demonstration(folder: Path) -> Iterator[dict[str, Any]]:
    """The facts of a demonstration that runs until the end of this block, and ends well."""
    written = folder / "demo.json"
    with Child([sys.executable, "-m", "privyseal.app", "demo", "--data", folder], directory=ROOT) as child:
        child.wait_for_output("The demo is ready.", seconds=START_SECONDS)
        assert stat.S_IMODE(written.stat().st_mode) == 0o600
        yield json.loads(written.read_text())
        assert child.terminate(seconds=60) == 0, child.output


def test_a_newcomer_approves_and_sees_the_certificate_in_nginx(playwright: Playwright, tmp_path: Path) -> None:
    require_program("nginx", "nginx")
    began = time.monotonic()
    with demonstration(tmp_path / "demo data") as facts:
        require_promised(facts)
        trust(Path(facts["root_pem"]), tmp_path)
        with Chromium(playwright, home=tmp_path) as chromium:
            window = chromium.window(trusting=False)
            window.open(f"{facts['base_url']}/")
            judge(window.page)
            same_root(window, facts)
            site = str(window.page.get_by_role("link", name=f"https://{SHOP}").get_attribute("href"))
            make_passkey(window)
            approve(window, facts)
            see_it_served(window, site)
            look_it_up(window, facts)
            assert chromium.close_windows() == []
        port = int(site.rstrip("/").rpartition(":")[2])
        assert connect(port, SHOP, Path(facts["root_pem"])).accepts
        assert time.monotonic() - began < NEWCOMER_SECONDS
    assert not answers(port)
    with demonstration(tmp_path / "demo data"):
        wait_until(lambda: answers(port), seconds=30, what="the next demonstration goes on and serves the same certificate")


def require_promised(facts: dict[str, Any]) -> None:
    """The fields that others script against are there, and lead to something."""
    assert set(facts) == ADDRESSES | FILES | PEOPLE | {"organization", "log_key"}
    for name in ADDRESSES:
        scheme = "http" if name == "status_url" else "https"
        assert re.match(rf"{scheme}://localhost:\d+", facts[name]), name
    for person in PEOPLE:
        context = ssl.create_default_context(cafile=facts["root_pem"])
        context.load_cert_chain(facts[person]["certificate"], facts[person]["key"])
        assert httpx2.get(f"{facts['administrator_url']}/api/v1/service", verify=context).status_code == 200
    context = ssl.create_default_context(cafile=facts["root_pem"])
    token = {"Authorization": f"Bearer {Path(facts['api_token_file']).read_text()}"}
    path = f"{facts['base_url']}/api/v1/organizations/{facts['organization']}/requests"
    assert httpx2.get(path, params={"state": "pending"}, headers=token, verify=context).json()["items"][0]["names"] == [f"dns:{SHOP}"]
    assert Path(facts["mail_dir"]).is_dir()
    wait_until(Path(facts["checkpoint_file"]).exists, seconds=30, what="the checkpoint is kept elsewhere")
    assert facts["log_key"].startswith("demo.privyseal.localhost")


def same_root(window: Window, facts: dict[str, Any]) -> None:
    """What the page gives to import is the root that ``demo.json`` names."""
    link = window.page.get_by_role("link", name="download the root certificate").get_attribute("href")
    assert httpx2.get(str(link)).content == ssl.PEM_cert_to_DER_cert(Path(facts["root_pem"]).read_text())


def make_passkey(window: Window) -> None:
    """By the one-time link."""
    window.press("make my passkey")
    window.fill(label=DEVICE)
    window.press("Make my passkey")
    assert window.heading == "Your passkey is registered", window.words


def approve(window: Window, facts: dict[str, Any]) -> None:
    """What waits in the control center."""
    window.open(f"{facts['base_url']}/")
    window.press("Open the control center")
    window.press("Sign in with a passkey")
    assert window.heading == "1 request waits for a decision", window.words
    window.press("Look at the oldest")
    window.press("Approve with a passkey")
    assert window.heading == f"{SHOP} is issued", window.words


def see_it_served(window: Window, site: str) -> None:
    """In the same browser, which complains of nothing."""
    wait_until(lambda: answers(int(site.rstrip("/").rpartition(":")[2])), seconds=20, what="nginx serves the certificate", pause=0.1)
    shown = window.page.goto(site)
    assert shown is not None
    certificate = shown.security_details()
    assert certificate is not None
    assert certificate.get("subjectName") == SHOP
    assert "nginx serves this page" in window.page.locator("body").inner_text()


def look_it_up(window: Window, facts: dict[str, Any]) -> None:
    """The control center knows that it was picked up."""
    window.open(f"{facts['console_url']}certificates")
    window.press(SHOP)
    assert "Picked up" in window.words
    assert "not fetched here" not in window.words
