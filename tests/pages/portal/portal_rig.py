"""The portal over ASGI, used as a browser without scripts uses it: links are followed, forms are filled in and sent."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import sqlalchemy as sa
from starlette.applications import Starlette

from privyseal.cli.web_application import make_application
from privyseal.doors import DoorContext
from privyseal.engine.dns_lookup import DnsLookup
from privyseal.engine.world import World
from privyseal.model.certificate import Certificate
from privyseal.model.identifiers import OrganizationId, RequestId
from privyseal.model.request import Request
from privyseal.pages.portal import SITE
from privyseal.store import organizations, outbox, requests
from privyseal.store.schema import metadata
from tests.doors.rest.rest_rig import DeskIssuer
from tests.rigs.app_client import AppClient
from tests.rigs.service import PHRASE, AdministratorRig, ServiceRig, make_csr, make_key

ORG = "resource-marketing"
OTHER = "hoffman-brandt"
HOME = f"/o/{ORG}"
NAME = "www.resource-marketing.test"
EMAIL = "dana@resource-marketing.test"
ORIGIN = "https://localhost:8443"
PHRASES = {"phrase": PHRASE, "phrase_again": PHRASE}
VOID = {"input", "meta", "link", "br", "hr", "img", "path", "circle", "wbr"}


@dataclass(slots=True)
class Control:
    """An input of a form with what a browser would send for it; ``value`` None: nothing, unless somebody chooses it."""

    name: str
    kind: str
    value: str | None


class Document(HTMLParser):
    """A page as a program sees it: the controls of its forms, ids, what labels and errors point to, its visible text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.source = text
        self.controls: list[Control] = []
        self.choices: dict[str, list[str]] = {}
        self.ids: list[str] = []
        self.pointers: list[str] = []
        self.links: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.texts: list[str] = []
        self._inside: list[str] = []
        self._select = ""
        self._area: list[str] | None = None
        self._is_joined = False
        self.feed(text)
        self.text = " ".join(" ".join(self.texts).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.tags.append(tag)
        self.attributes += list(found.items())
        # A place where a line may break is no blank.
        self._is_joined = tag == "wbr"
        self.ids += [found["id"]] if "id" in found else []
        self.pointers += [found["for"]] if "for" in found else []
        self.pointers += " ".join(found.get(name, "") for name in ("aria-describedby", "aria-labelledby")).split()
        if tag == "a":
            self.links.append(found.get("href", ""))
        elif tag == "input":
            self._input(found)
        elif tag == "select":
            self._select = found["name"]
            self.controls.append(Control(found["name"], "select", None))
        elif tag == "option":
            self._option(found)
        elif tag == "textarea":
            self._area = []
            self.controls.append(Control(found["name"], "area", ""))
        if tag not in VOID:
            self._inside.append(tag)

    def _input(self, found: Mapping[str, str]) -> None:
        kind = found.get("type", "text")
        if "name" not in found:
            return  # A box that only a script has a use for is never sent.
        if kind in {"radio", "checkbox"}:
            self.choices.setdefault(found["name"], []).append(found["value"])
            if "checked" in found:
                self.controls.append(Control(found["name"], kind, found["value"]))
            return
        self.controls.append(Control(found["name"], kind, None if kind == "file" else found.get("value", "")))

    def _option(self, found: Mapping[str, str]) -> None:
        self.choices.setdefault(self._select, []).append(found["value"])
        control = self.controls[-1]
        if control.value is None or "selected" in found:
            control.value = found["value"]

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self._area is not None:
            # A browser drops the first line end of a textarea (HTML 13.2.6.4.7).
            self.controls[-1].value = "".join(self._area).removeprefix("\n")
            self._area = None
        if tag in self._inside:
            while self._inside.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        if self._area is not None:
            self._area.append(data)
        elif not {"script", "style", "title"} & set(self._inside):
            if self._is_joined and self.texts:
                self.texts[-1] += data
            else:
                self.texts.append(data)
            self._is_joined = False

    @property
    def fields(self) -> dict[str, str]:
        """What a browser sends without anything typed."""
        return {control.name: control.value for control in self.controls if control.value is not None}

    @property
    def problems(self) -> list[str]:
        """The sentences of the error summary."""
        block = re.search(r'class="error-summary".*?</ul>', self.source, re.DOTALL)
        return [Document(item).text for item in re.findall(r"<li>(.*?)</li>", block[0], re.DOTALL)] if block else []


@dataclass(slots=True)
class Seen:
    """An answer and, when it is a page, the page."""

    status: int
    address: str
    headers: Mapping[str, str]
    content: bytes
    page: Document

    @property
    def text(self) -> str:
        """What a reader sees."""
        return self.page.text


@dataclass(slots=True)
class PortalRig:
    """``client`` is a browser; ``enroll`` walks through the steps."""

    service: ServiceRig
    issuer: DeskIssuer = field(init=False)
    app: Starlette = field(init=False)
    client: AppClient = field(init=False)
    _approver: AdministratorRig | None = None

    def __post_init__(self) -> None:
        self.issuer = DeskIssuer(self.service)
        context = DoorContext(
            house=self.service.house,
            issuer=self.issuer,
            world=World.seen_by(DnsLookup((("127.0.0.1", 9),), timeout_seconds=2)),
            vkey=self.service.log_key.vkey,
            trusted_proxies=("testclient",),
        )
        self.app = make_application(context, [], [SITE])
        self.client = self.browser("10.0.0.1")

    def browser(self, source: str = "10.0.0.1") -> AppClient:
        """A browser at another address."""
        headers = {"Sec-Fetch-Site": "same-origin", "X-Forwarded-For": source}
        return AppClient(self.app, base_url=ORIGIN, headers=headers, raise_server_exceptions=True)

    def get(self, address: str, **query: str) -> Seen:
        """Open a page; redirects are followed."""
        return self._seen(self.client.get(address, params=query or None))

    def post(self, address: str, values: Mapping[str, Any], files: Mapping[str, tuple[str, bytes]] | None = None) -> Seen:
        """Send a form as it stands."""
        return self._seen(self.client.post(address, data=dict(values), files=files or None))

    def send(self, address: str, typed: Mapping[str, str] | None = None, files: Mapping[str, tuple[str, bytes]] | None = None) -> Seen:
        """Open a page, fill its form in, and press its button."""
        page = self.get(address)
        assert page.status == 200, (address, page.status, page.text)
        return self.post(page.address, {**page.page.fields, **(typed or {})}, files)

    def _seen(self, answer: Any) -> Seen:  # noqa: ANN401 - the response type of the test client's library
        is_page = answer.headers.get("content-type", "").startswith("text/html")
        page = Document(answer.text if is_page else "")
        if is_page:
            require_well_made(page)
        return Seen(answer.status_code, answer.url.path, answer.headers, answer.content, page)

    def start(self, platform: str = "nginx", names: str = NAME) -> str:
        """Begin a draft and answer the first two steps; return the address of the draft."""
        began = self.send(f"{HOME}/enroll", {"platform": platform})
        assert began.address.endswith("/names"), began.text
        draft = began.address.removesuffix("/names")
        if names:
            assert self.send(f"{draft}/names", {"names": names}).address == f"{draft}/csr"
        return draft

    def fill(self, csr: str = "", **contact: str) -> str:
        """Answer everything up to the check page; return the address of the draft."""
        draft = self.start()
        seen = self.send(f"{draft}/csr", {"csr": csr or make_csr([NAME], make_key())})
        assert seen.address == f"{draft}/csr/seen", seen.text
        assert self.send(f"{draft}/use", {"life": "365:tls-server", "address-1": f"{NAME}:443"}).address == f"{draft}/contact"
        typed = {"contact_name": "Dana Scully", "contact_email": EMAIL, "comment": "", **contact}
        assert self.send(f"{draft}/contact", typed).address == f"{draft}/check"
        return draft

    def submit(self, csr: str = "", **contact: str) -> RequestId:
        """Send a request; return its id."""
        done = self.send(f"{self.fill(csr, **contact)}/check", PHRASES)
        assert done.status == 200, done.text
        assert done.address.endswith("/received"), done.text
        return RequestId(done.address.split("/")[-2])

    def confirm(self, request_id: str) -> None:
        """Do what the letter asks for."""
        confirmed = self.send(f"{HOME}/confirm/{request_id}", {"code": self.mailed_code(request_id)})
        assert (confirmed.status, confirmed.address) == (200, f"{HOME}/confirm/{request_id}/done")

    def issue(self, request_id: str) -> Certificate:
        """Approve a request and issue its certificate."""
        if self._approver is None:
            self._approver = self.service.administrator(ORG)
        request = self.request(request_id)
        self.service.approve(request, self._approver)
        assert [done.ok for done in self.service.prepare_and_complete(request.id)] == [True]
        certificate = self.service.certificate_of(request)
        assert certificate is not None
        return certificate

    def issued(self, names: Sequence[str] = (NAME,)) -> tuple[RequestId, Certificate]:
        """A certificate that was asked for on the pages."""
        request_id = self.submit(make_csr(names, make_key()))
        self.confirm(request_id)
        return request_id, self.issue(request_id)

    def request(self, request_id: str, org: str = ORG) -> Request:
        """The request as it stands now."""
        with self.service.house.database.read(self.service.clock()) as tx:
            organization_id: OrganizationId = organizations.require(tx, org).id
            found = requests.get(tx, organization_id, RequestId(request_id))
        assert found is not None
        return found

    def mailed_code(self, request_id: str) -> str:
        """The code in the letter to the contact of a request; the outbox holds it for the listener ``letters``."""
        with self.service.house.database.read(self.service.clock()) as tx:
            payloads = [row.payload for row in tx.execute(sa.select(outbox.outbox.c.payload))]
        [code] = [payload["code"] for payload in payloads if payload.get("request") == request_id and "code" in payload]
        return str(code)

    def stored(self) -> str:
        """Everything that the database holds, as text: to look for what must not be there."""
        found = []
        with self.service.house.database.read(self.service.clock()) as tx:
            for table in metadata.sorted_tables:
                found += [repr(tuple(row)) for row in tx.execute(sa.select(table))]
        return "\n".join(found)


def require_well_made(page: Document) -> None:
    """What holds for every page: one heading, labels and errors that point to something, nothing inline that could run."""
    if "html" not in page.tags:
        return
    assert page.tags.count("h1") <= 1
    assert len(page.ids) == len(set(page.ids)), sorted(page.ids)
    assert set(page.pointers) <= set(page.ids), set(page.pointers) - set(page.ids)
    assert not [name for name, _ in page.attributes if name.startswith("on") or name == "style"]
    anchors = {link[1:] for link in page.links if link.startswith("#")}
    assert anchors <= set(page.ids), anchors - set(page.ids)
    assert "style" not in page.tags
