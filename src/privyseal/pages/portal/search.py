"""Find a certificate by its exact name or serial number; never by a person, and not too often from one place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from starlette.responses import Response

from privyseal.engine.names import normalize_dns_name
from privyseal.look.words import gettext
from privyseal.model.certificate import Certificate
from privyseal.model.errors import PrivysealError, Refused
from privyseal.model.identifiers import CertificateId
from privyseal.model.organization import Organization
from privyseal.pages.portal.entry import home, is_active, look_up, portal_page, show_again
from privyseal.pages.portal.states import words_of_certificate
from privyseal.reception.site import Method, Visit
from privyseal.store import certificates
from privyseal.store.database import Transaction

MOST_FOUND: Final = 50
_REQUEST: Final = re.compile(r"(?<![0-9a-z])req-[0-9a-f]{32}(?![0-9a-f])")
_NO_NAME: Final = frozenset({"name-space", "name-single-label", "name-empty", "name-control-character"})
"""Why what was typed is not meant as the name of a server."""
_SERIAL: Final = re.compile(r"(0x)?[0-9a-f]{16,40}")
"""Ours have 34 or more digits; shorter ones come from other programs' certificates and find nothing."""


def search(visit: Visit) -> Response:
    """Show the form, and with ``q`` what was found."""
    asked = visit.query("q")
    if not asked:
        return _show(visit, "", None)
    if number := _REQUEST.search(asked.lower()):
        return visit.go_to(f"{home(visit)}/requests/{number[0]}")
    try:
        visit.context.limit.take(visit.source)
        found, newer = _find(visit, asked)
    except PrivysealError as error:
        return show_again(visit, error, lambda status: _show(visit, asked, None, status), {"q": "q", "names": "q"})
    return _show(visit, asked, found, newer=newer)


def _find(visit: Visit, asked: str) -> tuple[list[Certificate], dict[CertificateId | None, Certificate]]:
    """Return the certificates, the newest first, and by id what replaces them; raises Refused for neither a name nor a serial number."""
    if "@" in asked:
        sentence = gettext("Certificates are not found by people. Enter the exact name of the server or the serial number.")
        raise Refused("search", sentence, field="q")
    serial = re.sub(r"[\s:]", "", asked.lower())

    def work(tx: Transaction, organization: Organization) -> tuple[list[Certificate], dict[CertificateId | None, Certificate]]:
        if _SERIAL.fullmatch(serial):
            one = certificates.by_serial(tx, organization.id, serial.removeprefix("0x"))
            found = [one] if one is not None else []
            newer = certificates.replacements_of(tx, one) if one is not None else []
        else:
            # A replacement is newer and has the same names, so it is among them.
            newer = found = certificates.page(tx, organization.id, name=_name(asked), limit=MOST_FOUND)
        return found, {each.replaces: each for each in reversed(newer) if each.replaces}

    return look_up(visit, work)


def _name(asked: str) -> str:
    """Return the host name that was asked for; raises Refused."""
    try:
        return normalize_dns_name(asked)
    except Refused as refusal:
        if refusal.kind not in _NO_NAME:
            raise
        sentence = gettext(
            "Enter the whole name of a server, the serial number of a certificate, or the number of a request. Nothing else is searched, "
            "and nobody is found by a person's name."
        )
        raise Refused("search", sentence, field="q") from refusal


def _show(
    visit: Visit,
    asked: str,
    found: list[Certificate] | None,
    status: int = 200,
    newer: Mapping[CertificateId | None, Certificate] = MappingProxyType({}),
) -> Response:
    rows = (
        None
        if found is None
        else [(certificate, words_of_certificate(certificate, visit.now), newer.get(certificate.id)) for certificate in found]
    )
    values = {"home": home(visit), "is_active": is_active(visit), "asked": asked, "rows": rows, "most": MOST_FOUND}
    return visit.show("portal/search.html", values, status=status)


PAGES = (portal_page(Method.GET, "/search", search),)
