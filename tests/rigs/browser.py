"""Chromium as people use it, driven by Playwright: windows with passkeys, with a certificate, without scripts, on a slow line.

A ``Window`` is a person's browser with one page. What the browser complains of (errors in the console, violations of the
content policy, failed requests, answers of 400 and more) fails the test when the window is closed, unless the test
expected it. ``judge`` and ``picture`` look at the page that is open.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Playwright, Response, ViewportSize
from playwright.sync_api import Request as BrowserRequest

from tests.rigs.presence import require_program

ROOT = Path(__file__).parents[2]
JUDGE = ROOT / "tests" / "browser" / "vendor" / "axe.js"
PICTURES = ROOT / "docs" / "pictures"
WRITE_PICTURES = "PRIVYSEAL_PICTURES"
"""Set to ``write``, pictures that are there already are made anew."""

WIDE, NARROW, HEIGHT = 1280, 320, 800
GUIDE = 1060
"""Width of the pictures in the documentation, which has less room than a screen."""
COLORS = 128
FIRST_VIEW_BYTES = 60 * 1024
SECONDS = 10.0
"""How long a step may take before it counts as failed: two cores, four processes and a browser share the machine."""

ARGUMENTS = (
    "--no-sandbox",  # Chromium refuses its own sandbox to root, and the pages are ours.
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--font-render-hinting=none",
)
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
RULES = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]}
SIGHTS = ((WIDE, "light"), (NARROW, "dark"))
"""Both widths and both themes; neither changes what the other does, so two sights are enough."""

SIGHTS_OF_AXE = len(SIGHTS)
"""In how many of them axe judges: none, where another process opens the same pages on the other database."""

UNLABELLED = """
[...document.querySelectorAll("input:not([type=hidden]), select, textarea")]
  .filter((field) => !field.labels?.length && !field.getAttribute("aria-label"))
  .map((field) => field.outerHTML.slice(0, 120))
"""
TWICE = """
[...document.querySelectorAll("[id]")].map((element) => element.id).filter((id, at, all) => all.indexOf(id) !== at)
"""
"""Ids that stand there more than once: labels, copy buttons and links would find the wrong one."""

STICKING = """
[...document.querySelectorAll("main *, header *, footer *")]
  .filter((element) => element.getBoundingClientRect().right > document.documentElement.clientWidth && !element.closest(".table-scroll"))
  .map((element) => element.outerHTML.slice(0, 120)).slice(-3)
"""
"""What makes the page wider than the screen, the innermost elements last."""

WEIGHT = """
[...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
  .filter((entry) => entry.initiatorType !== "fetch" && !/\\.(svg|png)$/.test(new URL(entry.name).pathname))
  .map((entry) => [new URL(entry.name).pathname, entry.encodedBodySize])
"""
"""What a first view brings over the line: compressed sizes, which a cache does not change. Pictures do not count."""

STATUS = "performance.getEntriesByType('navigation')[0].responseStatus"

JUDGED: set[str] = set()
"""Paths of the pages that axe judged in this process, in every sight; without answers that told of an error."""


@dataclass
class Window:
    """One person's browser; ``folder`` takes what is downloaded. Closing it tells what the browser complained of.

    What is ``shown_in_guides`` has names and people that a reader of the documentation understands.
    """

    context: BrowserContext
    page: Page
    shown_in_guides: bool = False
    troubles: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.set_default_timeout(SECONDS * 1000)
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.troubles.append(f"script: {error}"))
        self.page.on("requestfailed", self._fail)
        self.page.on("response", self._see)
        self._devtools = self.context.new_cdp_session(self.page)
        self._authenticators: list[str] = []

    def expect(self, *patterns: str) -> None:
        """Troubles that belong to the test, as regular expressions, such as ``422 POST``."""
        self.expected += patterns

    def open(self, address: str) -> Page:
        """Go to an address as if it were typed."""
        self.page.goto(address)
        return self.page

    def press(self, name: str, *, exact: bool = True) -> Page:
        """Press the button, or follow the link, of this name, and wait for the page that comes."""
        found = self.page.get_by_role("button", name=name, exact=exact).or_(self.page.get_by_role("link", name=name, exact=exact))
        with self.page.expect_navigation():
            found.first.click()
        return self.page

    def fill(self, **fields: str) -> None:
        """Type into fields by the id that their label points to; two underscores stand for a hyphen."""
        for name, text in fields.items():
            self.page.locator(f"[id={name.replace('__', '-')}]").fill(text)

    @property
    def heading(self) -> str:
        """The page's heading."""
        return self.page.locator("h1").inner_text().strip()

    @property
    def words(self) -> str:
        """What the page says."""
        return self.page.locator("main").inner_text()

    @property
    def problems(self) -> list[str]:
        """The sentences of the error summary."""
        return self.page.locator(".error-summary li").all_inner_texts()

    def hold_authenticator(self, transport: str = "internal") -> None:
        """From now on passkeys are made and used here: in this computer, or in a key that is plugged in (``usb``)."""
        self._devtools.send("WebAuthn.enable")
        made = self._devtools.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR | {"transport": transport}})
        self._authenticators.append(str(made["authenticatorId"]))

    def touch(self, which: int) -> None:
        """From now on the person touches this authenticator, in the order in which they came, and no other."""
        for number, authenticator in enumerate(self._authenticators):
            touched = {"authenticatorId": authenticator, "enabled": number == which}
            self._devtools.send("WebAuthn.setAutomaticPresenceSimulation", touched)

    def passkeys(self, which: int = 0) -> list[dict[str, Any]]:
        """The passkeys in an authenticator."""
        answer = self._devtools.send("WebAuthn.getCredentials", {"authenticatorId": self._authenticators[which]})
        found: list[dict[str, Any]] = answer["credentials"]
        return found

    def take_passkeys(self, passkeys: Sequence[Mapping[str, Any]]) -> None:
        """Bring passkeys of another window of the same person here, as a security key is carried."""
        for passkey in passkeys:
            self._devtools.send("WebAuthn.addCredential", {"authenticatorId": self._authenticators[0], "credential": passkey})

    def forget_owner(self) -> None:
        """From now on the authenticator does not recognize the person."""
        self._devtools.send("WebAuthn.setUserVerified", {"authenticatorId": self._authenticators[0], "isUserVerified": False})

    def slow_down(self, *, milliseconds: int, bytes_per_second: int) -> None:
        """A line of this latency and this speed in both directions."""
        speed = {"latency": milliseconds, "downloadThroughput": bytes_per_second, "uploadThroughput": bytes_per_second}
        self._devtools.send("Network.emulateNetworkConditions", {"offline": False, **speed})

    def count_bytes(self) -> list[int]:
        """From now on the list grows by what comes over the line, heads and compressed bodies; pictures do not count."""
        received: list[int] = []
        pictures: set[str] = set()

        def note(event: dict[str, Any]) -> None:
            if event["type"] == "Image" or event["response"]["mimeType"].startswith("image/"):
                pictures.add(event["requestId"])

        def count(event: dict[str, Any]) -> None:
            if event["requestId"] not in pictures:
                received.append(int(event["encodedDataLength"]))

        self._devtools.on("Network.responseReceived", note)
        self._devtools.on("Network.loadingFinished", count)
        self._devtools.send("Network.enable")
        return received

    def close(self) -> list[str]:
        """Close it; returns what nobody expected."""
        self.context.close()
        return [trouble for trouble in self.troubles if not any(re.search(pattern, trouble) for pattern in self.expected)]

    def _hear(self, message: ConsoleMessage) -> None:
        # What failed to load is told with its status by the response itself.
        if message.type in {"error", "warning"} and not message.text.startswith("Failed to load resource"):
            self.troubles.append(f"console: {message.text}")

    def _fail(self, request: BrowserRequest) -> None:
        # Leaving a page ends what it still asks for; that is no failure.
        if request.failure != "net::ERR_ABORTED":
            self.troubles.append(f"failed: {request.method} {request.url} {request.failure}")

    def _see(self, response: Response) -> None:
        if response.status >= 400:
            self.troubles.append(f"{response.status} {response.request.method} {response.url}")


class Chromium:
    """Debian's Chromium; use it as a context manager. ``home`` is the home directory whose trusted roots count.

    The shell is the same engine without the frame of a window, which nobody sees here and which takes a third of the processor's
    time. Only the whole browser reads the trusted roots of a home directory.
    """

    def __init__(self, playwright: Playwright, *, home: Path | None = None, arguments: Sequence[str] = ()) -> None:
        name = "chromium" if home else "chromium-headless-shell"
        program = require_program(name, name)
        environment: dict[str, str | float | bool] = {**os.environ, **({"HOME": str(home)} if home else {})}
        self._browser = playwright.chromium.launch(executable_path=program, args=[*ARGUMENTS, *arguments], env=environment)
        self._windows: list[Window] = []

    def window(
        self,
        *,
        identity: tuple[str, Path, Path] | None = None,
        passkeys: bool = True,
        script: bool = True,
        scheme: str = "light",
        width: int = WIDE,
        trusting: bool = True,
        language: str = "en-US",
    ) -> Window:
        """A new browser of somebody.

        ``identity`` is (origin, certificate, key) of what is shown at the administrators' port; ``trusting`` lets it go on
        at certificates of unknown roots, as somebody at localhost does. ``language`` is what the person reads.
        """
        shown: list[Any] = []
        if identity is not None:
            origin, certificate, key = identity
            shown.append({"origin": origin, "certPath": str(certificate), "keyPath": str(key)})
        context = self._browser.new_context(
            viewport={"width": width, "height": HEIGHT},
            color_scheme="dark" if scheme == "dark" else "light",
            reduced_motion="reduce",  # Colors on their way from one to another have no contrast to judge.
            java_script_enabled=script,
            ignore_https_errors=trusting,
            client_certificates=shown,
            locale=language,
            timezone_id="Etc/UTC",
        )
        window = Window(context, context.new_page())
        if passkeys:
            window.hold_authenticator()
        self._windows.append(window)
        return window

    def close_windows(self) -> list[str]:
        """Close every window; returns what nobody expected in any of them."""
        troubles = [trouble for window in self._windows for trouble in window.close()]
        self._windows.clear()
        return troubles

    def close(self) -> None:
        """End it."""
        self._browser.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def judge(page: Page) -> None:
    """AssertionError unless the page is well made, light and dark, wide and narrow.

    One heading of the first level, a label for each field, no id twice, at most 60 KB on the first view, no axe violation,
    and nothing that sticks out of a narrow screen. axe is a script: without scripts the rest is judged. The window is left as
    it was.
    """
    assert page.locator("h1").count() == 1, f"{page.url}: {page.locator('h1').all_inner_texts()}"
    assert "<Macro" not in page.locator("h1").inner_text(), f"{page.url}: {page.locator('h1').inner_text()}"
    assert page.evaluate(UNLABELLED) == [], page.url
    assert page.evaluate(TWICE) == [], page.url
    weight: list[tuple[str, int]] = page.evaluate(WEIGHT)
    assert sum(size for _, size in weight) <= FIRST_VIEW_BYTES, weight
    before = page.viewport_size
    scheme = "dark" if page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches") else "light"
    scripts = not page.evaluate("document.documentElement.classList.contains('no-script')")
    by_axe = SIGHTS[:SIGHTS_OF_AXE] if scripts else ()
    if by_axe:
        page.evaluate(f"{JUDGE.read_text(encoding='utf-8')};0")
    for width, kind in SIGHTS:
        _show(page, kind, width)
        found = violations(page) if (width, kind) in by_axe else []
        assert found == [], f"{page.url}, {kind}, {width}: {found}"
        sticking = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert sticking <= 0, f"{page.url}, {kind}, {width}: {sticking} pixels stick out: {page.evaluate(STICKING)}"
    assert before is not None
    _show(page, scheme, before["width"])
    if by_axe == SIGHTS and page.evaluate(STATUS) == 200:
        JUDGED.add(urlsplit(page.url).path)


def violations(page: Page) -> list[tuple[str, list[str]]]:
    """What axe finds, with the beginning of the elements in question; it must be in the page already."""
    wanted = {"runOnly": RULES, "resultTypes": ["violations"]}
    found = page.evaluate("(wanted) => axe.run(wanted).then((result) => result.violations)", wanted)
    return [(item["id"], [node["html"][:160] for node in item["nodes"]][:3]) for item in found]


def picture(page: Page, name: str, *, kind: str = "light", width: int = WIDE) -> None:
    """Keep a picture of the whole page as docs/pictures/NAME.png, if it is missing or new ones were asked for."""
    if not _is_wanted(file := PICTURES / f"{name}.png"):
        return
    before = page.viewport_size
    _show(page, kind, width)
    _keep(page.screenshot(full_page=True, animations="disabled", caret="hide"), file)
    _show(page, "light", before["width"] if before else WIDE)


def guide(window: Window, name: str, *, only: str = "main") -> None:
    """Keep a picture for the documentation as docs/pictures/guide-NAME.png: what the page says, without its frame."""
    page = window.page
    if window.shown_in_guides and _is_wanted(file := PICTURES / f"guide-{name}.png"):
        _show(page, "light", GUIDE)
        _keep(page.locator(only).first.screenshot(animations="disabled", caret="hide"), file)
        _show(page, "light", WIDE)


def look(page: Page, name: str, *, small: bool = False) -> None:
    """Judge the page and keep a picture of it; ``small`` asks for a second one, narrow and dark."""
    judge(page)
    picture(page, name)
    if small:
        picture(page, f"{name}-narrow-dark", kind="dark", width=NARROW)


def _is_wanted(file: Path) -> bool:
    return not file.exists() or os.environ.get(WRITE_PICTURES) == "write"


def _keep(image: bytes, file: Path) -> None:
    # Text on even ground needs few colors, and a reader of the documentation loads many pictures.
    reducer = require_program("pngquant", "pngquant")
    reduced = subprocess.run([reducer, "--nofs", "--strip", "--speed", "1", str(COLORS), "-"], input=image, capture_output=True, check=True)
    PICTURES.mkdir(exist_ok=True)
    file.write_bytes(reduced.stdout)


def _show(page: Page, kind: str, width: int) -> None:
    page.emulate_media(color_scheme="dark" if kind == "dark" else "light")
    page.set_viewport_size(ViewportSize(width=width, height=HEIGHT))
