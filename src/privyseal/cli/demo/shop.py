"""Dana's web shop: its request waits for the newcomer's decision, and once it is approved a web server shows the certificate.

Its name is below .localhost, which browsers look for on this computer (RFC 6761 6.3): the newcomer opens it as any other site.
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from privyseal.cli.demo.dana import confirmation_code, dana_with_phrase, request_form
from privyseal.cli.demo.directory import DemoDirectory, first_free
from privyseal.cli.demo.provision import ORGANIZATION, SHOP
from privyseal.cli.demo.website import nginx_program, website
from privyseal.cli.house_setup import Opened
from privyseal.model.errors import Refused
from privyseal.model.identifiers import RequestId
from privyseal.model.request import RequestState
from privyseal.store import organizations, requests

_OVER: Final = frozenset({RequestState.REJECTED, RequestState.WITHDRAWN, RequestState.LAPSED})


class Shop:
    """One web server with its key and its request; use it as a context manager, which ends the server."""

    def __init__(self, directory: DemoDirectory, opened: Opened) -> None:
        self._directory = directory
        self._opened = opened
        self._dana = dana_with_phrase(directory, "web-shop")
        _, _, resolver = directory.settings.resolvers[0].rpartition(":")
        self._port = first_free(int(resolver) + 1)
        self._running = ExitStack()
        self._is_shown = False

    @property
    def roads(self) -> dict[str, str]:
        """What the first page says of it: nothing where it has no request, as in a demonstration without units."""
        if self._state() in {None, *_OVER}:
            return {}
        return {"shop": SHOP, "shop_url": f"https://{SHOP}:{self._port}/", "shop_nginx": "yes" if nginx_program() else ""}

    def ask(self) -> None:
        """Send the request and confirm the address, unless that was done by an earlier demo and is not over."""
        if self._state() not in {None, *_OVER}:
            return
        try:
            if not (self._folder / f"{SHOP}.csr").exists():
                self._dana.seal("key", "new", SHOP)
            request_id = str(self._dana.seal("request", "submit", f"{SHOP}.csr", *request_form(SHOP))["id"])
        except Refused:
            return  # The units are used up, or the demonstration is older than the shop: it goes on without.
        self._dana.seal("request", "confirm", request_id, confirmation_code(self._directory, SHOP))
        self._number.write_text(request_id)

    def look(self) -> None:
        """Show the certificate when it was issued since the last look; raises Refused or Unavailable, and tries once alone."""
        if self._is_shown or self._state() is not RequestState.ISSUED:
            return
        self._is_shown = True
        chain = self._folder / "chain.pem"
        picked = ("certificate", "get", self._number.read_text(), "--phrase-file", "phrase")
        self._dana.seal(*picked, "--out", str(chain), "--overwrite")
        self._running.enter_context(website(self._folder, chain, self._folder / f"{SHOP}.key", self._port))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._running.close()

    @property
    def _folder(self) -> Path:
        return self._dana.folder

    @property
    def _number(self) -> Path:
        """The file that keeps the number of the request for the next demo."""
        return self._folder / "request"

    def _state(self) -> RequestState | None:
        if not self._number.exists():
            return None
        with self._opened.house.database.read(self._opened.house.clock()) as tx:
            organization = organizations.require(tx, ORGANIZATION)
            request = requests.get(tx, organization.id, RequestId(self._number.read_text()))
        return request.state if request is not None else None
