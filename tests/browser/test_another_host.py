"""Passkeys at a host that is not this computer by name: there Chromium wants a certificate that it trusts.

A virtual authenticator would hide the refusal, so the browser that does not trust the root has none.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Error, Playwright, expect

from privyseal.actions.administrator.invite_administrator import invite_administrator
from privyseal.actions.house import About, perform
from privyseal.model.administrator import Role
from tests.rigs.browser import Chromium
from tests.rigs.live_service import LiveService
from tests.rigs.presence import require_program
from tests.rigs.service import OPERATOR

HOST = "pki.provider.test"
HERE = f"--host-resolver-rules=MAP {HOST} 127.0.0.1"


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    """A service that calls itself by a name of its own."""
    with LiveService(tmp_path_factory.mktemp("elsewhere"), ("provider.test",), host=HOST) as service:
        yield service


def link(service: LiveService, name: str) -> str:
    """The one-time link of a new administrator of the provider."""
    about = About("invite-administrator", "", "administrator", name)
    role = Role.PROVIDER_ADMINISTRATOR
    invited = perform(service.house, OPERATOR, about, invite_administrator, "", name, f"{name.lower()}@provider.test", role)
    return f"{service.settings.base_url}/provider/first-credential?code={invited.code}"


def trust(root: Path, home: Path) -> None:
    """Import a root as Chromium on Linux has it: into the NSS database of the home directory."""
    certutil = require_program("certutil", "libnss3-tools")
    database = home / ".pki" / "nssdb"
    database.mkdir(parents=True)
    subprocess.run([certutil, "-d", f"sql:{database}", "-N", "--empty-password"], check=True, capture_output=True)
    subprocess.run(
        [certutil, "-d", f"sql:{database}", "-A", "-t", "C,,", "-n", "demonstration", "-i", root], check=True, capture_output=True
    )


def test_a_passkey_where_the_root_is_trusted(elsewhere: LiveService, playwright: Playwright, tmp_path: Path) -> None:
    trust(elsewhere.root_pem, tmp_path)
    with Chromium(playwright, home=tmp_path, arguments=[HERE]) as chromium:
        window = chromium.window(trusting=False)
        window.open(link(elsewhere, "Pat"))
        window.fill(label="Laptop")
        window.press("Make my passkey")
        assert window.heading == "Your passkey is registered", window.words
        assert window.passkeys()[0]["rpId"] == HOST
        window.press("Sign in")
        window.press("Sign in with a passkey")
        assert window.page.url == f"{elsewhere.settings.base_url}/provider/", window.words
        assert window.page.evaluate("isSecureContext")
        assert chromium.close_windows() == []


def test_no_passkey_where_the_root_is_not_trusted(elsewhere: LiveService, playwright: Playwright, tmp_path: Path) -> None:
    """Without the root the page is not even shown; to somebody who goes on all the same, it says why there is no passkey."""
    with Chromium(playwright, home=tmp_path, arguments=[HERE]) as chromium:
        address = link(elsewhere, "Peter")
        careful = chromium.window(trusting=False)
        with pytest.raises(Error, match="ERR_CERT_AUTHORITY_INVALID"):
            careful.open(address)
        careless = chromium.window(passkeys=False)
        careless.open(address)
        careless.fill(label="Laptop")
        careless.page.get_by_role("button", name="Make my passkey").click()
        told = careless.page.locator("[data-told]")
        expect(told).to_contain_text("does not trust the certificate of this page")
        careful.expect("failed: GET .* net::ERR_CERT_AUTHORITY_INVALID")
        assert chromium.close_windows() == []
