"""Passkeys at a host that is not this computer by name: there Chromium wants a certificate that it trusts.

A virtual authenticator would hide the refusal, so the browser that does not trust the root has none. As no other test has this
service, it also shows the pages of what must not happen to one that is shared.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from playwright.sync_api import Error, Playwright, expect

from privyseal.actions.administrator.invite_administrator import invite_administrator
from privyseal.actions.house import About, perform
from privyseal.actions.organization.create_organization import create_organization
from privyseal.model.administrator import Role
from privyseal.store.organizations import organizations
from tests.rigs.browser import Chromium, Window, look
from tests.rigs.live_service import LiveService
from tests.rigs.ports import LOOPBACK
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


def test_pages_of_errors(elsewhere: LiveService, chromium: Chromium) -> None:
    """Nothing there, too many calls, a database that is away, a row that nobody can read: each in words, with what to do."""
    base = f"https://localhost:{elsewhere.settings.web_port}"
    window = chromium.window(passkeys=False)
    window.expect("(404|422|429|500|503) (GET|POST)")
    window.open(f"{base}/nothing-like-this")
    assert window.heading == "This page does not exist"
    look(window.page, "error-not-found")
    call_too_often(elsewhere, window, base)
    look(window.page, "error-too-often")
    found_damaged(elsewhere)
    window.open(f"{base}/o/damaged/")
    assert "recorded under the reference" in window.words
    look(window.page, "error-mistake", small=True)
    database = Path(str(sa.make_url(elsewhere.settings.database).database))
    away = database.rename(database.with_suffix(".away"))
    window.open(f"{base}/o/damaged/")
    away.rename(database)
    assert "The database does not answer" in window.words
    look(window.page, "error-database-away")


def call_too_often(service: LiveService, window: Window, base: str) -> None:
    """Another program at the same address takes all that the limit gives; while the browser comes, a little grows again."""
    for _ in range(20):
        while service.public.post(f"https://{LOOPBACK}:{service.settings.web_port}/verify").status_code != 429:
            pass
        window.open(f"{base}/verify")
        window.press("Verify")
        if window.heading == "Too many requests":
            return
    pytest.fail(window.words)


def found_damaged(service: LiveService) -> None:
    """Enter an organization, and spoil its row past all rules."""
    where = {"country": "US", "state_or_province": "Kentucky", "locality": "Fort Thomas", "contact_email": "contact@damaged.test"}
    about = About("set-up", "", "organization", "damaged")
    perform(service.house, OPERATOR, about, create_organization, slug="damaged", name="Damaged, Inc.", **where)
    with service.house.database.write(service.house.clock()) as tx:
        tx.execute(organizations.update().where(organizations.c.slug == "damaged").values(state="no-such-state"))
