"""The conversation with the service: REST over TLS as an administrator, as a token or as nobody (docs/reference/rest).

Every POST carries an Idempotency-Key, so an answer that got lost or a service that asks for patience (503 with
Retry-After) costs a second try and never a second request. Answers are Documents; anything else is an error with a
sentence.
"""

from __future__ import annotations

import hashlib
import json
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cached_property
from importlib.metadata import version
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self
from urllib.parse import quote

import httpx2

from privyseal_agent.desk import Desk
from privyseal_agent.errors import Refused, SealError, Unreachable, UsageError
from privyseal_agent.keys.administrator_id import AdministratorId, of_card
from privyseal_agent.keys.administrator_id import load as load_administrator_id
from privyseal_agent.keys.card_uri import read_card_uri
from privyseal_agent.keys.open_card import open_card
from privyseal_agent.private_files import read_file, read_secret
from privyseal_agent.rest.card_sign_in import signed_sign_in
from privyseal_agent.rest.documents import Document
from privyseal_agent.rest.problems import problem_of, transport_problem
from privyseal_agent.settings import Settings, require_address

if TYPE_CHECKING:
    from privyseal_agent.keys.card import Card

PROVIDER: Final = "provider"
"""The audience of the provider's own people; no organization has this short name."""

ATTEMPTS: Final = 5
"""How often one request is sent when the service asks to come back later."""

LOST_ATTEMPTS: Final = 3
"""How often one request is sent when its answer gets lost on the way."""

LONGEST_WAIT: Final = 10.0
"""Seconds between two tries at most, whatever Retry-After asks for: a person is waiting."""

PATIENCE: Final = 60.0
"""Seconds of Retry-After from which on nothing is sent again: a person is told at once what is the matter, such as a paused CA."""

PAGE: Final = 200

_CONFLICT, _UNAVAILABLE = 409, 503
_TIMEOUT: Final = httpx2.Timeout(60.0, connect=10.0)
_STREAM_TIMEOUT: Final = httpx2.Timeout(45.0, connect=10.0)  # The service writes a comment each 15 s.
_LOST = (httpx2.ReadError, httpx2.WriteError, httpx2.RemoteProtocolError, httpx2.ReadTimeout)

Params = Mapping[str, str | int | Sequence[str]]


class Service:
    """One conversation; use it as a context manager. Every method raises the SealErrors of :mod:`privyseal_agent.rest.problems`.

    Paths are below ``/api/v1``. With an Administrator ID the address for administrators is asked for first, because
    only that one asks for a client certificate.
    """

    def __init__(self, settings: Settings, desk: Desk) -> None:
        self.settings = settings
        self.desk = desk
        self._http: httpx2.Client | None = None
        self._card: Card | None = None
        self._signed_in = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._signed_in:
            with suppress(SealError):  # It ends by itself in a few minutes.
                self.delete("/sign-in")
        if self._http is not None:
            self._http.close()
        if self._card is not None:
            self._card.close()

    @cached_property
    def identity(self) -> AdministratorId | None:
        """The Administrator ID of the settings, loaded once, or None where there is none."""
        certificate, key = self.settings.certificate, self.settings.key
        if self.settings.has_identity() and self.settings.card:
            return of_card(self.card(), certificate)
        if not self.settings.has_identity() or certificate is None or key is None:
            return None
        return load_administrator_id(certificate, key, self.passphrase)

    def card(self) -> Card:
        """Return the card of the settings, opened once; raises UsageError ``card``, Refused (``card-...``)."""
        if self._card is None:
            self._card = open_card(read_card_uri(self.settings.card), self._pin)
        return self._card

    def require_identity(self) -> AdministratorId:
        """Return the Administrator ID; raises UsageError ``identity`` when there is none."""
        if self.identity is None:
            sentence = (
                "This is signed with your Administrator ID. Give --certificate and --key, or --card, or set them in the settings file."
            )
            raise UsageError("identity", sentence)
        return self.identity

    @cached_property
    def about(self) -> Document:
        """What the service says of itself: ``service`` is its id, and its addresses and roots."""
        return Document.of(_json(self._converse("GET", self._url(self.settings.require_service(), "/service"))))

    def administrator_id(self) -> str:
        """Return the id (``adm-...``) under which the organization knows the owner of the Administrator ID.

        Raises Refused ``administrator-unknown`` when it is not one of the organization's.
        """
        identity = self.require_identity()
        for administrator in self.items(self.path("administrators")):
            if any(credential.text("sha256") == identity.sha256 for credential in administrator.parts("credentials")):
                return administrator.text("id")
        sentence = (
            f"Your Administrator ID ({identity.name}) is not registered for {self.settings.organization}, so it can decide nothing there."
        )
        raise Refused("administrator-unknown", sentence)

    def path(self, *parts: str) -> str:
        """Return the path of something of the organization, each part escaped."""
        return "/organizations/" + "/".join(quote(part, safe="") for part in (self.settings.require_organization(), *parts))

    def get(self, path: str, params: Params | None = None) -> Document:
        """Return the JSON object at a path."""
        return Document.of(_json(self._ask("GET", path, params=params)))

    def get_bytes(self, path: str, params: Params | None = None) -> bytes:
        """Return the bytes at a path as they are."""
        return self._ask("GET", path, params=params).content

    def items(self, path: str, params: Params | None = None) -> Iterator[Document]:
        """Return every item of a list, page after page."""
        after = ""
        while True:
            page = self.get(path, {**(params or {}), "limit": PAGE, **({"after": after} if after else {})})
            yield from page.parts("items")
            following = page.maybe("next")
            if not following or following == after:
                return
            after = following

    def post(self, path: str, body: Mapping[str, object]) -> Document:
        """Send a JSON object under a new Idempotency-Key and return the answer."""
        headers = {"Idempotency-Key": self.desk.random_bytes(16).hex()}
        return Document.of(_json(self._ask("POST", path, body=body, headers=headers)))

    def put(self, path: str, body: Mapping[str, object]) -> Document:
        """Put a JSON object in the place of what is there and return the answer."""
        return Document.of(_json(self._ask("PUT", path, body=body)))

    def delete(self, path: str) -> None:
        """Delete what is at a path."""
        self._ask("DELETE", path)

    @contextmanager
    def events(self, path: str, params: Params) -> Iterator[Iterator[httpx2.ServerSentEvent]]:
        """Open a stream of server-sent events; the connection stands when this returns."""
        url = self._url(self._base, path)
        headers = {**self._credential_headers(), "Accept": "text/event-stream", "Cache-Control": "no-store"}
        try:
            with self._client.stream("GET", url, params=dict(params), headers=headers, timeout=_STREAM_TIMEOUT) as response:
                if not response.is_success:
                    response.read()
                problem = problem_of(response)
                if problem is not None:
                    raise problem
                yield iter(httpx2.EventSource(response))
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise transport_problem(error, _origin(url)) from error

    @property
    def _client(self) -> httpx2.Client:
        if self._http is None:
            agent = f"seal/{version('privyseal')}"
            self._http = httpx2.Client(verify=self._tls(), timeout=_TIMEOUT, headers={"User-Agent": agent}, follow_redirects=False)
        return self._http

    @cached_property
    def _base(self) -> str:
        if self.identity is None or self.settings.card:
            return self.settings.require_service()
        return require_address(self.about.text("administrator_url"))

    @cached_property
    def passphrase(self) -> str | None:
        """The passphrase of the key file of the settings, read once, or None where no file names one."""
        path = self.settings.passphrase_file
        return read_secret(path, "a passphrase") if path is not None else None

    def _tls(self) -> ssl.SSLContext:
        root = self.settings.root
        try:
            context = ssl.create_default_context(cadata=read_file(root, "the root").decode("ascii") if root else None)
        except (ssl.SSLError, ValueError) as error:
            raise Refused("root", f"The file {root} for --root holds no certificates in PEM.") from error
        context.minimum_version = ssl.TLSVersion.TLSv1_2  # A48
        if self.identity is not None and self.settings.certificate is not None and not self.settings.card:
            try:
                context.load_cert_chain(self.settings.certificate, self.settings.key, self.passphrase or "")
            except (ssl.SSLError, OSError) as error:
                sentence = f"The Administrator ID {self.settings.certificate} cannot be used for TLS ({error})."
                raise Refused("administrator-id", sentence) from error
        return context

    def _pin(self, card: str, is_last: bool) -> str:  # noqa: FBT001 - the form in which cards ask for their PIN
        if is_last:
            self.desk.note(f"This is the last try: with another wrong PIN the card {card} locks itself.")
        path = self.settings.pin_file
        return read_secret(path, "the PIN of the card") if path is not None else self.desk.secret(f"PIN of the card {card}", "--pin-file")

    def _sign_in(self) -> str:
        """Return the token of a sign-in under the card's signature, once for this conversation: its key does not speak TLS."""
        if not self._signed_in:
            identity, program = self.require_identity(), self.desk.random_bytes(32).hex()
            audience = self.settings.organization or PROVIDER
            body = {"audience": audience, "program_sha256": hashlib.sha256(program.encode()).hexdigest()}
            asked = Document.of(_json(self._converse("POST", self._url(self._base, "/sign-in/challenge"), body=body)))
            signature = signed_sign_in(identity, asked.text("challenge"), self.about.text("service"), audience, self.desk.now())
            body = {"audience": audience, "program": program, "signature": signature}
            self._signed_in = Document.of(_json(self._converse("POST", self._url(self._base, "/sign-in"), body=body))).text("token")
        return self._signed_in

    def _credential_headers(self) -> dict[str, str]:
        if self.settings.card and self.identity is not None:
            return {"Authorization": f"Bearer {self._sign_in()}"}
        path = self.settings.token_file
        if self.identity is not None or path is None:
            return {}
        token = read_secret(path, "an API token")
        if not token.isascii() or not token.isprintable() or " " in token:
            raise Refused("file-secret", f"The file {path} does not hold an API token.")
        return {"Authorization": f"Bearer {token}"}

    def _url(self, base: str, path: str) -> str:
        return f"{base}/api/v1{path}"

    def _ask(
        self,
        method: str,
        path: str,
        *,
        params: Params | None = None,
        body: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx2.Response:
        together = {**self._credential_headers(), **(headers or {})}
        return self._converse(method, self._url(self._base, path), params=params, body=body, headers=together)

    def _converse(
        self,
        method: str,
        url: str,
        *,
        params: Params | None = None,
        body: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx2.Response:
        # A request is sent again only when that is harmless: a GET, or a POST under its Idempotency-Key.
        lost = 0
        for left in reversed(range(ATTEMPTS)):
            try:
                response = self._client.request(method, url, params=dict(params or {}), json=body, headers=dict(headers or {}))
            except (httpx2.HTTPError, httpx2.InvalidURL) as error:
                problem = transport_problem(error, _origin(url))
                lost += isinstance(error, _LOST)
                again = 0 < lost < LOST_ATTEMPTS and method != "DELETE" and not isinstance(problem, Refused)
                if not again or not left:
                    raise _with_doubt(problem, method, lost) from error
                self.desk.sleep(1.0)
                continue
            wait = _retry_after(response)
            if wait is None or not left:
                return _require_success(response)
            self.desk.sleep(wait)
        raise AssertionError  # The last round returns or raises.


def _retry_after(response: httpx2.Response) -> float | None:
    # 503: nothing was done. 409 with Retry-After: the first request under this key is still under way.
    text = response.headers.get("retry-after", "")
    patient = response.status_code == _UNAVAILABLE or (response.status_code == _CONFLICT and text)
    if not patient:
        return None
    seconds = float(text) if text.isascii() and text.isdigit() else 1.0
    return None if seconds > PATIENCE else min(seconds, LONGEST_WAIT)


def _require_success(response: httpx2.Response) -> httpx2.Response:
    problem = problem_of(response)
    if problem is not None:
        raise problem
    return response


def _with_doubt(problem: SealError, method: str, lost: int) -> SealError:
    if method == "GET" or not lost or isinstance(problem, Refused):
        return problem
    return Unreachable(problem.kind, f"{problem.sentence} The service may have done it all the same: look before you repeat it.")


def _json(response: httpx2.Response) -> object:
    try:
        return json.loads(response.content)
    except (ValueError, RecursionError) as error:
        raise Refused("answer", f"{response.url.host} answered something that is not JSON. Check the address --service.") from error


def _origin(url: str) -> str:
    return url.partition("/api/v1/")[0]
