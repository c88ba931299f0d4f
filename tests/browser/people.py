"""What people do at the pages again and again: come in, sign in, make a passkey, show the credential again."""

from __future__ import annotations

import base64
import re
import subprocess
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import unquote

from privyseal.store import administrators, organizations
from privyseal.store.sessions import sessions
from tests.rigs.browser import Chromium, Window, guide
from tests.rigs.live_people import LiveAdministrator, LiveOrganization, LiveProvider
from tests.rigs.live_service import LiveService, text_of

DEVICE = "Office laptop"


@dataclass(frozen=True, slots=True)
class World:
    """A running service and its provider; ``companies`` are the organizations that several tests share."""

    service: LiveService
    provider: LiveProvider
    companies: dict[str, LiveOrganization] = field(default_factory=dict)

    @property
    def base(self) -> str:
        """The address of all pages."""
        return self.service.settings.base_url

    def portal(self, slug: str) -> str:
        """The address of an organization's portal, with the final slash."""
        return f"{self.base}/o/{slug}/"

    def console(self, slug: str) -> str:
        """The address of its control center, with the final slash."""
        return f"{self.portal(slug)}console/"

    def card(self, person: LiveAdministrator) -> tuple[str, Path, Path]:
        """What a window needs to show this person's Administrator ID."""
        return (self.service.settings.administrator_url, *person.identity)

    def company(self, slug: str, name: str, domain: str, **founding: int) -> LiveOrganization:
        """An organization with an Administrator ID and an API token, founded when the first test asks for it."""
        if slug not in self.companies:
            self.companies[slug] = self.provider.found(slug, name, domain, **founding)
        return self.companies[slug]

    def let_time_pass(self, slug: str, by: timedelta) -> None:
        """Make all sessions at an organization older: half an hour is too long for a test."""
        with self.service.house.database.write(datetime.now(UTC)) as tx:
            for session in tx.execute(sessions.select().where(sessions.c.audience == slug)).all():
                older = {name: getattr(session, name) - by for name in ("created_at", "last_seen_at", "ends_at", "stepped_up_at")}
                tx.execute(sessions.update().where(sessions.c.id == session.id).values(**older))

    def credential(self, slug: str) -> tuple[str, str]:
        """The id of an organization's first administrator, and the fingerprint of the first credential."""
        with self.service.house.database.read(datetime.now(UTC)) as tx:
            person = administrators.of_organization(tx, organizations.require(tx, slug).id)[0]
            return person.id, administrators.credentials_of(tx, person.id)[0].certificate_sha256


def place_of(world: World, slug: str) -> str:
    """Where the pages of an organization, or with "" of the provider, begin."""
    return f"{world.base}/o/{slug}" if slug else f"{world.base}/provider"


def make_first_passkey(world: World, window: Window, slug: str, email: str) -> None:
    """Follow the one-time link of an invitation and make a passkey the first credential."""
    letter = text_of(world.service.wait_for_letter(email, "make your administrator", seconds=30))
    link = re.search(r"https://\S+/first-credential\?code=\S+", letter)
    assert link is not None, letter
    window.open(link[0])
    window.fill(label=DEVICE)
    guide(window, "first-credential")
    window.press("Make my passkey")
    assert window.heading == "Your passkey is registered", window.words


def sign_in_with_passkey(world: World, window: Window, slug: str, way: str = "account") -> None:
    """Ask for a page behind the sign-in, and come in with a passkey; the page asked for is there afterwards."""
    window.open(f"{place_of(world, slug)}/{way}")
    assert window.heading == "Sign in as an administrator", window.words
    guide(window, "sign-in")
    window.press("Sign in with a passkey")
    assert window.page.url == f"{place_of(world, slug)}/{way}", window.words


def sign_in_with_certificate(world: World, window: Window, slug: str, way: str = "account") -> None:
    """The same with an Administrator ID, which the administrators' port asks for."""
    window.open(f"{place_of(world, slug)}/{way}")
    window.press("Sign in with a certificate")
    assert window.page.url == f"{place_of(world, slug)}/{way}", window.words


def passkey_holder(world: World, chromium: Chromium, slug: str, domain: str, *, units: int = 5) -> Window:
    """The window of the first administrator of a new organization, who came by the link and is signed in with a passkey."""
    world.provider.establish(slug, f"{slug.replace('-', ' ').title()}, Inc.", domain, units=units)
    window = chromium.window()
    make_first_passkey(world, window, slug, f"alex@{domain}")
    sign_in_with_passkey(world, window, slug)
    return window


def offered_bytes(window: Window) -> bytes:
    """What a page of somebody's own credentials offers for signing, as a file to download."""
    link = window.page.locator("a[download][href^='data:application/json,']").get_attribute("href") or ""
    return unquote(link.partition(",")[2]).encode()


def sign_file(person: LiveAdministrator, content: bytes, folder: Path) -> Path:
    """What openssl makes of downloaded bytes under an Administrator ID, as the pages tell it."""
    source, signed = folder / "statement.json", folder / "statement.p7m"
    source.write_bytes(content)
    certificate, key = person.identity
    command = ["openssl", "cms", "-sign", "-binary", "-nodetach", "-md", "sha256", "-outform", "DER"]
    subprocess.run([*command, "-signer", certificate, "-inkey", key, "-in", source, "-out", signed], check=True, capture_output=True)
    return signed


def armored(message: Path) -> bytes:
    """A CMS message as PEM, as some tools write it."""
    return b"-----BEGIN CMS-----\n" + base64.encodebytes(message.read_bytes()) + b"-----END CMS-----\n"
