"""The people of a live service: the provider, organizations with an administrator and an API token, and raw REST.

Everybody speaks REST over TLS; administrators with their certificate, as openssl and ``seal`` would. An answer of the kind
that must never be (5xx other than 503) fails the test wherever it comes up.
"""

from __future__ import annotations

import base64
import json
import re
import ssl
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx2
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from privyseal.actions.administrator.invite_administrator import invite_administrator
from privyseal.actions.house import About, perform
from privyseal.cli.demo.seal import Person
from privyseal.model.administrator import Role
from privyseal.model.statement import utc_text
from privyseal.model.vetting import WITH_FILE, VettingItem
from privyseal_wire.cms import sign_attached
from privyseal_wire.statements import Approval
from tests.rigs.live_service import LiveService, text_of
from tests.rigs.service import OPERATOR, PHRASE, make_csr, make_key
from tests.rigs.vetting import EVIDENCE

Json = dict[str, Any]
CODE = re.compile(r"seal administrator enroll\b.*?\b([a-z2-7]{52})\b", re.DOTALL)


class Caller:
    """One client of the REST API: with ``identity`` (files of certificate and key) an administrator, or with a ``token``."""

    def __init__(self, live: LiveService, *, identity: tuple[Path, Path] | None = None, token: str = "") -> None:
        context = ssl.create_default_context(cafile=str(live.root_pem))
        if identity is not None:
            context.load_cert_chain(*identity)
        url = live.settings.base_url if identity is None else live.settings.administrator_url
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._client = httpx2.Client(base_url=f"{url}/api/v1", verify=context, headers=headers, timeout=60)
        live.closing.callback(self._client.close)

    def ask(self, method: str, path: str, body: Json | None = None, **params: str) -> httpx2.Response:
        """The answer as it came; AssertionError for a 5xx that is not 503."""
        answer = self._client.request(method, path, json=body, params=params or None)
        assert answer.status_code < 500 or answer.status_code == 503, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer

    def get(self, path: str, **params: str) -> Json:
        """What is there."""
        return self._good(self.ask("GET", path, None, **params))

    def post(self, path: str, body: Json) -> Json:
        """What became of it."""
        return self._good(self.ask("POST", path, body))

    def refused(self, path: str, body: Json, *, status: int = 422) -> Json:
        """The problem document that a POST is answered with; AssertionError for another status."""
        answer = self.ask("POST", path, body)
        assert answer.status_code == status, f"{path}: {answer.status_code} {answer.text}"
        assert answer.headers["content-type"] == "application/problem+json"
        problem: Json = answer.json()
        assert problem["detail"].endswith((".", '"', "?")), problem
        return problem

    def _good(self, answer: httpx2.Response) -> Json:
        assert answer.is_success, f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text}"
        document: Json = answer.json()
        return document


@dataclass(frozen=True)
class LiveAdministrator:
    """Somebody with an Administrator ID in files of his own folder."""

    live: LiveService
    id: str
    email: str
    folder: Path

    @cached_property
    def rest(self) -> Caller:
        """His own connection."""
        return Caller(self.live, identity=self.identity)

    @property
    def identity(self) -> tuple[Path, Path]:
        """Files of certificate and key."""
        return self.folder / "administrator.pem", self.folder / "administrator.key"

    def at_a_shell(self, organization: str) -> Person:
        """The same person with ``seal``."""
        certificate, key = self.identity
        return Person(self.live.settings.base_url, self.live.root_pem, self.folder, organization, certificate, key)

    def sign(self, content: bytes) -> str:
        """CMS over any content under the Administrator ID, in base64."""
        certificate = x509.load_pem_x509_certificate(self.identity[0].read_bytes())
        key = serialization.load_pem_private_key(self.identity[1].read_bytes(), None)
        assert isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey)
        der = certificate.public_bytes(serialization.Encoding.DER)
        return base64.b64encode(sign_attached(content, der, key, now=datetime.now(UTC))).decode()


@dataclass(frozen=True)
class LiveOrganization:
    """An active organization with a validated domain, units, a policy, an administrator and an API token of all scopes."""

    live: LiveService
    slug: str
    domain: str
    admin: LiveAdministrator
    token: Caller
    subscribers: Path

    @property
    def path(self) -> str:
        """Where it is in the API."""
        return f"/organizations/{self.slug}"

    @property
    def contact(self) -> str:
        """The address of the subscriber Dana."""
        return f"dana@{self.domain}"

    def anybody(self, name: str = "dana") -> Person:
        """Somebody at a shell without a credential."""
        folder = self.subscribers / name
        folder.mkdir(mode=0o700, exist_ok=True)
        (folder / "seal.toml").touch(mode=0o600)
        phrase = folder / "phrase"
        phrase.write_text(PHRASE)
        phrase.chmod(0o600)
        return Person(self.live.settings.base_url, self.live.root_pem, folder, self.slug)

    def form(self, csr: str, **changes: object) -> Json:
        """What Dana sends."""
        body: Json = {
            "csr": csr,
            "policy": "tls-server",
            "lifetime_days": 365,
            "endpoints": [f"web-server:www.{self.domain}"],
            "contact_name": "Dana Designer",
            "contact_email": self.contact,
            "phrase": PHRASE,
            "server_platform": "nginx",
            "comment": "",
        }
        return {**body, **changes}

    def submit(self, csr: str, **changes: object) -> Json:
        """A pending request, sent by the program that holds the API token."""
        return self.token.post(f"{self.path}/requests", self.form(csr, **changes))

    def approval_content(self, request_id: str, *, minutes: float = 10) -> bytes:
        """The bytes that the administrator signs to approve."""
        end = utc_text(datetime.now(UTC) + timedelta(minutes=minutes))
        answer = self.admin.rest.ask("GET", f"{self.path}/requests/{request_id}/approval-content", expires=end)
        assert answer.status_code == 200, answer.text
        Approval.from_bytes(answer.content)
        return answer.content

    def approve(self, request_id: str) -> Json:
        """The administrator approves; what came of it."""
        signature = self.admin.sign(self.approval_content(request_id))
        return self.admin.rest.post(f"{self.path}/requests/{request_id}/approval", {"signature": signature})

    def issue(self, csr: str) -> Json:
        """The certificate document of a whole way at once."""
        answer = self.approve(self.submit(csr)["id"])
        assert answer["request"]["state"] == "issued", answer
        return self.token.get(f"{self.path}/certificates/{answer['certificate']['serial']}")

    def log(self) -> str:
        """The integrated entries of the organization's audit log, as JSON Lines."""
        answer = self.token.ask("GET", f"{self.path}/audit", start="0", limit="1000")
        assert answer.status_code == 200, answer.text
        return answer.text

    def units(self) -> tuple[int, int, int]:
        """Standard units (reserved, used, available)."""
        balance = self.token.get(f"{self.path}/units")["standard"]
        return balance["reserved"], balance["used"], balance["available"]


@dataclass
class LiveProvider:
    """The provider of a live service; its administrator is invited by the operator on the machine."""

    live: LiveService

    @cached_property
    def administrator(self) -> LiveAdministrator:
        """Pat, who vets and sells and can approve nothing."""
        about = About("invite-administrator", "", "administrator", "Pat Provider")
        role = Role.PROVIDER_ADMINISTRATOR
        invited = perform(self.live.house, OPERATOR, about, invite_administrator, "", "Pat Provider", "pat@provider.test", role)
        return enroll(self.live, invited.code, "pat@provider.test")

    def establish(self, slug: str, name: str, domain: str, *, units: int = 5, approvals: int = 1, email: str = "") -> None:
        """Vet an organization, look its domain up in the DNS, sell it units, and invite its first administrator."""
        rest, path = self.administrator.rest, f"/provider/organizations/{slug}"
        where = {"country": "US", "state_or_province": "Kentucky", "locality": "Fort Thomas"}
        rest.post("/provider/organizations", {"slug": slug, "name": name, **where, "contact_email": f"contact@{domain}"})
        record = rest.post(f"{path}/domains", {"name": domain})["dns_record"]
        self.live.dns.add(domain, record["name"], record["type"], f'"{record["value"]}"')
        rest.post(f"{path}/domains/{domain}/validation", {"method": "dns-txt"})
        self.vet(slug)
        if units:
            rest.post(f"{path}/orders", {"quantity": units, "purchase_order": "PO 1"})
        rest.post(f"{path}/policies", {"approvals": approvals})
        first = {"name": "Alex Admin", "email": email or f"alex@{domain}", "role": "security-administrator"}
        rest.post(f"{path}/administrators", first)

    @cached_property
    def second(self) -> LiveAdministrator:
        """Sam, who concludes what Pat filled in."""
        about = About("invite-administrator", "", "administrator", "Sam Second")
        role = Role.PROVIDER_ADMINISTRATOR
        invited = perform(self.live.house, OPERATOR, about, invite_administrator, "", "Sam Second", "sam@provider.test", role)
        return enroll(self.live, invited.code, "sam@provider.test")

    def vet(self, slug: str) -> None:
        """The whole vetting by both."""
        rest, path = self.administrator.rest, f"/provider/organizations/{slug}/vetting"
        rest.post(path, {})
        today = datetime.now(UTC).date().isoformat()
        for item in VettingItem:
            number = "+1 859 555 0100" if item is VettingItem.TELEPHONE else ""
            found = {"item": item.value, "met": True, "source": "Register", "seen_on": today, "telephone": number}
            rest.post(f"{path}/findings", found)
            if item in WITH_FILE:
                content = base64.b64encode(EVIDENCE).decode()
                rest.post(f"{path}/files", {"item": item.value, "name": "excerpt.txt", "content": content})
        rest.post(f"{path}/submission", {})
        self.second.rest.post(f"{path}/conclusion", {})

    def found(self, slug: str, name: str, domain: str, *, units: int = 5, approvals: int = 1) -> LiveOrganization:
        """The same, and let the administrator in, with an Administrator ID and an API token."""
        self.establish(slug, name, domain, units=units, approvals=approvals)
        admin = self.let_in(f"alex@{domain}")
        scopes = ["read", "submit", "read-audit"]
        token = admin.rest.post(f"/organizations/{slug}/tokens", {"name": "tests", "scopes": scopes, "days": 2})["token"]
        subscribers = self.live.directory / "people" / slug
        subscribers.mkdir(mode=0o700, parents=True)
        return LiveOrganization(self.live, slug, domain, admin, Caller(self.live, token=token), subscribers)

    def let_in(self, email: str) -> LiveAdministrator:
        """Enroll the person whose invitation was mailed to this address."""
        return enroll(self.live, self.invitation(email), email)

    def invitation(self, email: str) -> str:
        """The one-time code that was mailed to this address."""
        found = CODE.search(text_of(self.live.wait_for_letter(email, "make your administrator", seconds=30)))
        assert found is not None
        return found[1]


def enroll(live: LiveService, code: str, email: str) -> LiveAdministrator:
    """Turn a one-time code into an Administrator ID in files that only their owner reads."""
    key = make_key()
    answer = Caller(live).post("/administrators/enroll", {"code": code, "csr": make_csr(["administrator.test"], key)})
    folder = live.directory / "people" / email
    folder.mkdir(mode=0o700, parents=True)
    (folder / "seal.toml").touch(mode=0o600)
    person = LiveAdministrator(live, answer["administrator"]["id"], email, folder)
    certificate_file, key_file = person.identity
    certificate_file.write_text(answer["certificate_pem"])
    key_file.touch(mode=0o600)
    key_file.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return person


def run_seal(person: Person, *arguments: str, without: str = "") -> tuple[int, Json, str]:
    """Exit status, JSON object and standard error of a ``seal`` that may refuse; ``without`` leaves a variable away."""
    environment = {name: value for name, value in person.environment().items() if name != without}
    command = [sys.executable, "-m", "privyseal_agent.cli", *arguments, "--json"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment, cwd=person.folder, timeout=60)
    return done.returncode, json.loads(done.stdout or "{}"), done.stderr


def save_key(key: Any, file: Path) -> Path:  # noqa: ANN401 - any private key
    """A server's key in PEM for its owner alone."""
    file.touch(mode=0o600)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(pem)
    return file


def spki_sha256(key: Any) -> str:  # noqa: ANN401 - any private key
    """SHA-256 of a key's public half, in hex, as the service identifies keys."""
    digest = hashes.Hash(hashes.SHA256())
    digest.update(key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo))
    return digest.finalize().hex()
