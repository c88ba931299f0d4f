"""The control center over ASGI, as an administrator's browser uses it: a session, forms, a passkey or a signed file."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette

from privyseal.actions.house import About, perform
from privyseal.actions.session.start_session import start_session
from privyseal.cli.web_application import make_application
from privyseal.engine.dns_lookup import DnsLookup
from privyseal.engine.world import World
from privyseal.model.actor import ANONYMOUS
from privyseal.model.administrator import Administrator, Role
from privyseal.model.certificate import Certificate
from privyseal.model.request import Request
from privyseal.model.session import IdentityProof
from privyseal.pages.control_center import SITE
from privyseal.pages.sign_in import SITE as SIGN_IN
from privyseal.reception.context import EntranceContext
from privyseal.reception.cookies import session_cookie
from tests.doors.rest.rest_rig import DeskIssuer
from tests.rigs.app_client import AppClient
from tests.rigs.authenticator import TRUTH, Wrong
from tests.rigs.passkeys import PasskeyHolder, holder
from tests.rigs.service import AdministratorRig, ServiceRig, hashes_hex, make_csr, make_key

ORG = "resource-marketing"
OTHER = "hoffman-brandt"
ORIGIN = "https://localhost:8443"
NAME = "www.resource-marketing.test"
OURS = {"Sec-Fetch-Site": "same-origin"}
Answer = Any
"""The response type of the test client's library."""


@dataclass(slots=True)
class ConsoleRig:
    """The pages of a service in this process."""

    service: ServiceRig
    issuer: DeskIssuer = field(init=False)
    context: EntranceContext = field(init=False)
    app: Starlette = field(init=False)

    def __post_init__(self) -> None:
        self.issuer = DeskIssuer(self.service)
        self.context = EntranceContext(
            house=self.service.house,
            issuer=self.issuer,
            world=World.seen_by(DnsLookup((("127.0.0.1", 9),), timeout_seconds=1)),
            vkey=self.service.log_key.vkey,
            trusted_proxies=(),
        )
        self.app = make_application(self.context, (), (SITE, SIGN_IN))

    def desk(self, who: AdministratorRig | PasskeyHolder) -> Desk:
        """The browser of somebody who has signed in."""
        fingerprint = hashes_hex(who.certificate_der) if isinstance(who, AdministratorRig) else who.certificate_sha256
        return Desk(self, who, self.cookie(who.administrator, who.organization, fingerprint))

    def cookie(self, person: Administrator, org: str, fingerprint: str) -> str:
        """The Cookie header of a new session."""
        proof = IdentityProof(org, person.id, fingerprint)
        about = About("sign-in", org, "administrator", person.id)
        started = perform(self.service.house, ANONYMOUS, about, start_session, proof, "Firefox/140.0")
        return f"{session_cookie(org)}={started.token}"

    def submit(self, name: str = NAME, *, org: str = ORG, **changes: Any) -> Request:  # noqa: ANN401 - fields of a submission
        """A pending request."""
        return self.service.submit(org, make_csr([name], make_key()), **changes)


@dataclass(slots=True)
class Desk:
    """A signed-in browser without scripts; what a script would do with a passkey is done by the rig."""

    rig: ConsoleRig
    who: AdministratorRig | PasskeyHolder
    cookie: str

    @property
    def home(self) -> str:
        """Where this person's control center lies."""
        return f"/o/{self.who.organization}/console"

    def client(self) -> AppClient:
        """The browser."""
        headers = {"Cookie": self.cookie, **OURS}
        return AppClient(self.rig.app, base_url=ORIGIN, headers=headers, follow_redirects=False, raise_server_exceptions=False)

    def get(self, path: str = "/", **query: str) -> Answer:
        """Open a page below the control center, or one by its whole path."""
        return as_read(self.client().get(path if path.startswith("/o/") else f"{self.home}{path}", params=query or None))

    def send(self, path: str, values: Mapping[str, str] | None = None, signed: bytes | None = None) -> Answer:
        """Send a form; ``signed`` is the file of its upload."""
        address = path if path.startswith("/o/") else f"{self.home}{path}"
        files = {"signed": ("statement.p7m", signed, "application/pkcs7-mime")} if signed is not None else None
        if not values and files is None:  # What a browser sends for a form without fields; the library would not say what it is.
            return self.client().post(address, content=b"", headers={"Content-Type": "application/x-www-form-urlencoded"})
        return self.client().post(address, data=dict(values or {}), files=files)

    def follow(self, path: str, values: Mapping[str, str]) -> Answer:
        """Send a form, and open the page that it leads to; the answer itself where it leads nowhere."""
        answer = self.send(path, values)
        return self.get(answer.headers["location"]) if answer.status_code == 303 else answer

    def page_of(self, request: Request) -> Answer:
        """The check page of a request."""
        return self.get(f"/requests/{request.id}")

    def sign_with_passkey(self, page: Answer, wrong: Wrong = TRUTH, *, content: str = "") -> dict[str, str]:
        """What the script sends after the person used the passkey that the page asks for."""
        assert isinstance(self.who, PasskeyHolder)
        assert page.status_code in {200, 409, 422}, page.text
        options = attribute(page.text, "data-options")
        sent = {"answer": self.who.device.get(options, wrong), "content": content or hidden(page.text, "content"), "challenge": ""}
        return sent | ({"proposal": hidden(page.text, "proposal")} if 'name="proposal"' in page.text else {})

    def sign_file(self, page: Answer) -> bytes:
        """What openssl writes of the downloaded bytes."""
        assert isinstance(self.who, AdministratorRig)
        return self.rig.service.sign(self.download(page), self.who)

    def download(self, page: Answer) -> bytes:
        """The bytes that the page offers to be signed."""
        answer = self.send("/statement", {"content": hidden(page.text, "content")})
        assert answer.status_code == 200, answer.text
        assert "attachment" in answer.headers["content-disposition"]
        content: bytes = answer.content
        return content

    def approve(self, request: Request) -> Answer:
        """Approve in whichever way this person can."""
        page = self.page_of(request)
        if isinstance(self.who, PasskeyHolder):
            return self.send(f"/requests/{request.id}/approval", self.sign_with_passkey(page))
        return self.send(f"/requests/{request.id}/approval", signed=self.sign_file(page))

    def issue(self, request: Request) -> Certificate:
        """Approve, and return the certificate that came of it."""
        assert self.approve(request).status_code == 303
        certificate = self.rig.service.certificate_of(request)
        assert certificate is not None
        return certificate


def colleague(desk: Desk, name: str, role: Role = Role.SECURITY_ADMINISTRATOR) -> PasskeyHolder:
    """Somebody whom this person has invited, with a passkey."""
    return holder(desk.rig.service, desk.who.organization, name, role, by=desk.who)


def as_read(answer: Answer) -> Answer:
    """The answer without the places where a browser may break a name: nobody sees them."""
    if answer.headers.get("content-type", "").startswith("text/html"):
        answer._content = answer.content.replace(b"<wbr>", b"")  # noqa: SLF001 - the library gives no other way to look at a page as a person does
    return answer


def attribute(text: str, name: str) -> str:
    """The first value of an attribute on a page."""
    found = re.search(rf'{name}="([^"]*)"', text)
    assert found is not None, f"no {name} in {text[:2000]}"
    return html.unescape(found.group(1))


def hidden(text: str, name: str) -> str:
    """The value of a hidden input."""
    found = re.search(rf'<input type="hidden" name="{name}" value="([^"]*)"', text)
    assert found is not None, f"no hidden {name}"
    return html.unescape(found.group(1))
