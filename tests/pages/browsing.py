"""All sites of a service in this process, and a browser that follows their links and sends their forms, without scripts.

What a script would do with a passkey is done by the rig. Every page that comes back is looked at: well made, and nothing
that a stranger could learn from.
"""

from __future__ import annotations

import html
import itertools
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urljoin, urlsplit

from starlette.applications import Starlette

from privyseal.app import discover
from privyseal.cli.web_application import make_application
from privyseal.cli.web_server import with_certificate
from privyseal.engine.dns_lookup import DnsLookup
from privyseal.engine.guarded_https import HttpsPolicy
from privyseal.engine.token_fetch import FetchPolicy
from privyseal.engine.world import World
from privyseal.reception.context import EntranceContext
from privyseal.store import audit
from tests.doors.rest.rest_rig import DeskIssuer
from tests.pages.portal.portal_rig import Document, require_well_made
from tests.rigs.app_client import AppClient
from tests.rigs.authenticator import TRUTH, Authenticator, Wrong
from tests.rigs.service import AdministratorRig, ServiceRig

ORG = "resource-marketing"
OTHER = "hoffman-brandt"
PAGES = "https://localhost:8443"
ADMINISTRATORS = "https://localhost:8444"
SITES = discover().sites
Answer = Any
"""The response type of the test client's library."""

_addresses = itertools.count(1)


@dataclass(slots=True)
class PagesRig:
    """The pages; ``fetch_policy`` and ``resolvers`` are for domain validation, without them nobody answers."""

    service: ServiceRig
    resolvers: tuple[tuple[str, int], ...] = (("127.0.0.1", 9),)
    fetch_policy: FetchPolicy = field(default_factory=FetchPolicy)
    https_policy: HttpsPolicy = field(default_factory=HttpsPolicy)
    world: World | None = None
    """In place of the one that is made of the three before."""
    issuer: DeskIssuer = field(init=False)
    app: Starlette = field(init=False)

    def __post_init__(self) -> None:
        self.issuer = DeskIssuer(self.service)
        context = EntranceContext(
            house=self.service.house,
            issuer=self.issuer,
            world=self.world or World.seen_by(DnsLookup(self.resolvers, timeout_seconds=1), self.fetch_policy, self.https_policy),
            vkey=self.service.log_key.vkey,
            trusted_proxies=("testclient",),
        )
        self.app = make_application(context, (), SITES)

    def browser(self) -> Browser:
        """A browser at an address of its own, at nobody's hand yet."""
        return Browser(self)

    def signed_in(self, person: AdministratorRig) -> Browser:
        """A browser in which this person has signed in with the Administrator ID."""
        browser = self.browser()
        answer = browser.sign_in(person)
        assert answer.status_code == 303, answer.text
        return browser

    def log(self, slug: str = "") -> list[dict[str, Any]]:
        """The entries of an organization's log, or of the provider's."""
        wanted = f"o-{slug}" if slug else "provider"
        with self.service.house.database.read(self.service.clock()) as tx:
            rows = tx.execute(audit.entries.select().order_by(audit.entries.c.sequence)).all()
        return [json.loads(row.entry) for row in rows if row.log == wanted]

    def last(self, slug: str = "") -> tuple[str, str, str]:
        """(action, outcome, reason) of the newest entry."""
        entry = self.log(slug)[-1]
        return entry["action"], entry["outcome"], entry["reason"]


@dataclass(slots=True)
class Browser:
    """Cookies by name, and the two ports of the service. Redirects are not followed."""

    rig: PagesRig
    cookies: dict[str, str] = field(default_factory=dict)
    source: str = field(default_factory=lambda: f"10.1.{(number := next(_addresses)) // 250}.{number % 250}")
    headers: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, **query: str) -> Answer:
        """Open a page."""
        return self.send("GET", path, params=query or None)

    def post(self, path: str, values: Mapping[str, Any] | None = None, file: tuple[str, bytes] | None = None) -> Answer:
        """Send a form as a page of ours does; ``file`` is (field, content)."""
        if file is not None:
            return self.send("POST", path, data=dict(values or {}), files={file[0]: ("file.p7m", file[1])})
        if not values:
            return self.send("POST", path, content=b"", kind="application/x-www-form-urlencoded")
        return self.send("POST", path, data=dict(values))

    def follow(self, path: str, values: Mapping[str, Any], file: tuple[str, bytes] | None = None) -> Answer:
        """Send a form, and open the page that it leads to; the answer itself where it leads nowhere."""
        answer = self.post(path, values, file)
        return self.get(answer.headers["location"]) if answer.status_code == 303 else answer

    def ask(self, path: str, values: Mapping[str, str] | None = None) -> Answer:
        """Call as a script of a page does."""
        return self.send("POST", path, data=dict(values or {"a": ""}), accept="application/json")

    def send(self, method: str, path: str, *, kind: str = "", accept: str = "text/html", **content: Any) -> Answer:  # noqa: ANN401 - the client's own
        """Send anything, and keep the cookies of the answer."""
        client = AppClient(self.rig.app, base_url=PAGES, follow_redirects=False, raise_server_exceptions=False)
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        sent = {"Sec-Fetch-Site": "same-origin", "X-Forwarded-For": self.source, "Accept": accept, **self.headers}
        sent |= ({"Cookie": cookies} if cookies else {}) | ({"Content-Type": kind} if kind else {})
        answer = client.request(method, path, headers=sent, **content)
        for line in answer.headers.get_list("set-cookie"):
            self._keep(line)
        if answer.headers.get("content-type", "").startswith("text/html"):
            require_well_made(Document(answer.text))
            require_forms_that_are_let_go(path, answer)
            assert "Traceback" not in answer.text
        return answer

    def _keep(self, line: str) -> None:
        pair, *attributes = (part.strip() for part in line.split(";"))
        name, _, value = pair.partition("=")
        assert name.startswith("__Host-"), line
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=lax"} <= set(attributes), line
        self.cookies.pop(name, None)
        if "Max-Age=0" not in attributes:
            self.cookies[name] = value

    def show_certificate(self, link: str, person: AdministratorRig | None) -> Answer:
        """Follow a link to the administrators' port with this person's certificate, or without one."""
        assert link.startswith(f"{ADMINISTRATORS}/"), link
        tls = {"client_cert_der": person.certificate_der} if person else {}
        client = AppClient(with_certificate(self.rig.app, tls), base_url=ADMINISTRATORS, follow_redirects=False)
        return client.get(link)

    def finish_address(self, page: Answer, person: AdministratorRig) -> str:
        """The address with the one-time code, after the certificate was shown as a page asks for it."""
        link = next(link for link in Document(page.text).links if link.startswith(ADMINISTRATORS))
        answer = self.show_certificate(link, person)
        assert answer.status_code == 303, answer.text
        place: str = answer.headers["location"]
        assert place.startswith(PAGES), place
        return place.removeprefix(PAGES)

    def sign_in(self, person: AdministratorRig, way: str = "", org: str = "") -> Answer:
        """The whole way with an Administrator ID."""
        page = self.get(f"{site(org or person.organization)}/sign-in", **({"next": way} if way else {}))
        return self.get(self.finish_address(page, person))

    def step_up(self, person: AdministratorRig, way: str = "") -> Answer:
        """The same while signed in."""
        page = self.get(f"{site(person.organization)}/step-up", **({"next": way} if way else {}))
        assert page.status_code == 200, page.text
        return self.get(self.finish_address(page, person))

    def use_passkey(self, device: Authenticator, org: str, way: str = "", *, wrong: Wrong = TRUTH) -> Answer:
        """Sign in with a passkey as the page's script does."""
        page = self.get(f"{site(org)}/sign-in", **({"next": way} if way else {}))
        options = self.ask(f"{site(org)}/sign-in/challenge")
        assert options.status_code == 200, options.text
        challenge = options.json()["challenge"]
        sent = {"answer": device.get(options.text, wrong), "challenge": challenge, "next": hidden(page.text, "next")}
        return self.post(f"{site(org)}/sign-in/passkey", sent)


def require_forms_that_are_let_go(path: str, answer: Answer) -> None:
    """Every form of a page goes where the page's own policy lets a browser send it."""
    allowed = form_targets(answer)
    for action in re.findall(r'<form[^>]*? action="([^"]*)"', answer.text):
        target = urljoin(f"{PAGES}{path}", html.unescape(action))
        assert may_send(allowed, target), (path, target, allowed)


def offered_bytes(page: Answer) -> bytes:
    """The bytes that a page of somebody's own credentials offers for signing, as a file to download."""
    found = re.search(r'href="data:application/json,([^"]+)"', page.text)
    assert found is not None, Document(page.text).text
    return unquote(html.unescape(found[1])).encode()


def form_targets(answer: Answer) -> list[str]:
    """Where the policy of a page lets its forms go."""
    found = re.search(r"; form-action ([^;]+)$", answer.headers["content-security-policy"])
    assert found is not None, answer.headers["content-security-policy"]
    return found[1].split()


def may_send(allowed: Sequence[str], target: str) -> bool:
    """What a browser makes of it (Content Security Policy 3, 6.7.2.12): a path that ends with a slash stands for all below it."""
    bare = target.partition("?")[0].partition("#")[0]
    return any(bare.startswith(source) if source.endswith("/") else bare == source for source in allowed)


def site(org: str) -> str:
    """Where the pages of an organization lie, or the provider's for ""."""
    return f"/o/{org}" if org else "/provider"


def console(org: str) -> str:
    """Where somebody goes on to without a wish."""
    return f"/o/{org}/console/" if org else "/provider/"


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


def code_in(place: str) -> str:
    """The one-time code of an address."""
    return parse_qs(urlsplit(place).query)["code"][0]


def problems(answer: Answer) -> list[str]:
    """The sentences of the error summary."""
    return Document(answer.text).problems


def require_refused(answer: Answer, status: int, field_id: str, *words: str) -> Document:
    """A form again: its status, the error at its field (or of the whole form), and these words in it."""
    assert answer.status_code == status, (answer.status_code, Document(answer.text).text)
    page = Document(answer.text)
    assert page.problems, page.text
    assert answer.text.count("<title>Error: ") == 1
    if field_id:
        assert f'href="#{field_id}"' in answer.text, (field_id, page.problems)
        assert field_id in page.ids
    for word in words:
        assert word in " ".join(page.problems), page.problems
    return page
