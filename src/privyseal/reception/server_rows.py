"""Rows for servers in a form: how many there are, what is typed in them, and what people call each kind. Templates: parts/servers.html."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from privyseal.look.words import gettext
from privyseal.model.errors import Refused
from privyseal.model.policy import MAXIMUM_ENDPOINTS
from privyseal.model.request import Endpoint, ServerKind, require_endpoints
from privyseal.reception.site import Visit

FIRST_ROWS: Final = 3
"""Rows on a fresh page; more come with a button."""

FIELD: Final = "address-1"
"""The input of errors about servers."""


@dataclass(frozen=True, slots=True)
class ServerRows:
    """The rows of a page: what fills them until something is typed, how many they are, how many servers there may be.

    ``wrong`` is the first row that names no server, or 1.
    """

    kept: Sequence[Endpoint]
    count: int
    wrong: int
    most: int
    kinds: Sequence[tuple[str, str]]


def server_rows(visit: Visit, kept: Sequence[Endpoint], most: int = MAXIMUM_ENDPOINTS) -> ServerRows:
    """Return the rows with one that is empty at least, and three more after the button for more."""
    typed = [row for row in range(1, MAXIMUM_ENDPOINTS + 1) if visit.form.value(f"address-{row}")]
    count = max(FIRST_ROWS, len(kept) + 1, (max(typed) if typed else 0) + (3 if visit.form.value("more") else 1))
    kinds = [(kind.value, words) for kind, words in kind_words().items()]
    # Never fewer than what is typed: a page that is shown again keeps all of it.
    wrong = next((row for row in typed if not _is_server(visit.form.value(f"address-{row}"))), 1)
    return ServerRows(kept, min(count, max(most, len(kept), *typed)), wrong, most, kinds)


def _is_server(typed: str) -> bool:
    try:
        require_endpoints((_bare(typed),), 1)
    except Refused:
        return False
    return True


def _bare(address: str) -> str:
    """Return a whole web address cut down to its host."""
    return re.sub(r"^[a-z]+://", "", address).partition("/")[0]


def typed_servers(visit: Visit) -> list[str]:
    """Return the rows that have an address, as ``Endpoint.text`` writes them; a whole web address is cut down to its host."""
    rows = [(visit.form.value(f"kind-{row}"), visit.form.value(f"address-{row}")) for row in range(1, MAXIMUM_ENDPOINTS + 1)]
    known = {kind.value for kind in ServerKind}
    bare = [(kind, _bare(address)) for kind, address in rows if address]
    return [f"{kind}:{address}" if kind in known else address for kind, address in bare]


def kind_words() -> dict[ServerKind, str]:
    """Return what people call each kind of server."""
    return {
        ServerKind.WEB_SERVER: gettext("Web server"),
        ServerKind.LOAD_BALANCER: gettext("Load balancer"),
        ServerKind.ACCELERATOR: gettext("TLS accelerator"),
        ServerKind.MAIL_SERVER: gettext("Mail server"),
        ServerKind.OTHER: gettext("Other"),
    }
