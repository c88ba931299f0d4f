"""Certificates of the organization: search that is an address, and the list."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final
from urllib.parse import urlencode

from starlette.responses import Response

from privyseal.look.frame import Chip
from privyseal.look.words import gettext, mark
from privyseal.model.errors import BadRequest
from privyseal.model.saved_search import SearchedList
from privyseal.pages.control_center.entry import PAGE_SIZE, home, look_up, sight
from privyseal.pages.control_center.searches import keep, list_address, shelf
from privyseal.pages.control_center.words import certificate_state
from privyseal.reception.log_list import read_day
from privyseal.reception.site import Visit
from privyseal.store import certificates
from privyseal.store.certificates import Search, Standing

FILTERS: Final[Mapping[str, tuple[str, Standing | None]]] = {
    "valid": (mark("Valid"), Standing.VALID),
    "expiring": (mark("Ends within 30 days"), Standing.EXPIRING),
    "revoked": (mark("Revoked"), Standing.REVOKED),
    "expired": (mark("Expired"), Standing.EXPIRED),
    "all": (mark("All"), None),
}
FIELDS: Final = ("text", "from", "to")
_SERIAL = re.compile(r"[0-9a-f]{16,40}")
_CERTIFICATE = re.compile(r"[a-z]{3}-[0-9a-f]{32}")
_NAME = re.compile(r"[A-Za-z0-9.*_-]{1,253}")


def show_certificates(visit: Visit) -> Response:
    """Show one page of what was looked for; what cannot be looked for is told at its field."""
    query = _read(visit.query)
    visit.form.values = {name: [query[name]] for name in FIELDS if name in query}
    return _show(visit, query, visit.query("before") if _CERTIFICATE.fullmatch(visit.query("before")) else "")


def save_certificates_search(visit: Visit) -> Response:
    """Keep what the list shows under a name."""
    query = _read(visit.form.value)
    try:
        _search(query)
    except BadRequest:
        return _show(visit, query)
    return keep(visit, SearchedList.CERTIFICATES, query, _address(visit, query), lambda status: _show(visit, query, status=status))


def _read(ask: Callable[[str], str]) -> dict[str, str]:
    """Return filter and fields as the list is asked for them, here by an address and there by the form that keeps them."""
    show = ask("show")
    return {"show": show if show in FILTERS else "valid"} | {name: ask(name) for name in FIELDS if ask(name)}


def _show(visit: Visit, query: Mapping[str, str], before: str = "", status: int = 200) -> Response:
    values = _values(visit, query, before)
    try:
        wanted = _search(query)
    except BadRequest as error:
        visit.form.refuse(error.field, error.sentence)
        return visit.show("control_center/certificates.html", values | {"rows": []}, status=400)
    values["by_name"] = bool(wanted.name or wanted.text)
    mine = sight(visit)
    found = look_up(
        visit, lambda tx, organization: certificates.search(tx, organization.id, wanted, scope=mine, before=before, limit=PAGE_SIZE + 1)
    )
    rows = [(item, certificate_state(item.state, item.not_after, visit.now)) for item in found[:PAGE_SIZE]]
    values["rows"] = rows
    values["next_address"] = _address(visit, query, rows[-1][0].id) if len(found) > PAGE_SIZE else ""
    return visit.show("control_center/certificates.html", values, status=status)


def _values(visit: Visit, query: Mapping[str, str], before: str) -> dict[str, object]:
    chosen = query["show"]
    filters = [
        Chip(_address(visit, {**query, "show": name}), gettext(words), current=name == chosen) for name, (words, _) in FILTERS.items()
    ]
    return {
        "home": home(visit),
        "chosen": chosen,
        "asked": len(query) > 1,
        "filters": filters,
        "next_address": "",
        "everywhere": _address(visit, {**query, "show": "all"}),
        "first_address": _address(visit, query) if before else "",
        "shelf": shelf(visit, SearchedList.CERTIFICATES, query, lambda kept: _address(visit, kept)),
    }


def _address(visit: Visit, query: Mapping[str, str], before: str = "") -> str:
    return f"{list_address(visit, SearchedList.CERTIFICATES)}?{urlencode({**query, **({'before': before} if before else {})})}"


def _search(asked: Mapping[str, str]) -> Search:
    """Read what was typed: an address is a contact, a long hexadecimal number a serial, anything else the beginning of a name."""
    text = asked.get("text", "").rstrip(".")
    serial = text.replace(":", "").replace(" ", "").lower()
    from_day, to_day = read_day(asked, "from"), read_day(asked, "to")
    found = Search(standing=FILTERS[asked["show"]][1], issued_from=from_day, issued_before=to_day + timedelta(days=1) if to_day else None)
    if not text:
        return found
    if "@" in text:
        return _with(found, contact_email=text.lower())
    if _SERIAL.fullmatch(serial):
        return _with(found, serial_hex=serial)
    if not _NAME.fullmatch(text):
        sentence = gettext("Type a name, the beginning of one, a serial number, or the mail address of a contact.")
        raise BadRequest("search", sentence, field="text")
    return _with(found, text=text.lower())


def _with(found: Search, *, text: str = "", serial_hex: str = "", contact_email: str = "") -> Search:
    return Search(
        text=text,
        serial_hex=serial_hex,
        contact_email=contact_email,
        standing=found.standing,
        issued_from=found.issued_from,
        issued_before=found.issued_before,
    )
