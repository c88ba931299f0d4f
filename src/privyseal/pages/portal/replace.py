"""Replace a certificate: the same names and the same end with a new key (G14), by challenge phrase."""

from __future__ import annotations

from starlette.responses import Response

from privyseal.actions.certificate.reissue_certificate import reissue_certificate
from privyseal.look.guides.making import steps_to_make, wants_elliptic
from privyseal.look.guides.platforms import platform_of
from privyseal.model.errors import PrivysealError
from privyseal.pages.portal.certificate import Held, held, impossible, values_of
from privyseal.pages.portal.entry import home, is_active, portal_page, show_again
from privyseal.pages.portal.phrase import prove, request_of
from privyseal.reception.sent_csr import CSR_FIELDS, read_sent
from privyseal.reception.site import Method, Visit

_FIELDS = CSR_FIELDS | {"phrase": "phrase"}


def ask_replacement(visit: Visit) -> Response:
    """Show how to make a new key, and ask for the CSR and the phrase."""
    return _show(visit, held(visit))


def replace(visit: Visit) -> Response:
    """Ask for the replacement; an administrator decides about it like about any request."""
    found = held(visit)
    serial = found.certificate.serial_hex
    about = visit.about("reissue-certificate", "certificate", serial)
    try:
        # The CSR first: whoever sent a private key has to learn it whatever the phrase was.
        csr = read_sent(visit)
        proof = prove(visit, visit.about("reissue-certificate", "request", request_of(found.certificate)), request_of(found.certificate))
        request = visit.perform(about, reissue_certificate, visit.slug, serial, csr, proof)
    except PrivysealError as error:
        return show_again(visit, error, lambda status: _show(visit, found, status), _FIELDS)
    return visit.go_to(f"{home(visit)}/requests/{request.id}/received")


def _show(visit: Visit, found: Held, status: int = 200) -> Response:
    names = [name for _, name in found.certificate.names]
    platform = platform_of(found.platform)
    values = {
        "steps": steps_to_make(platform, names, elliptic=wants_elliptic(platform, p256=True, rsa=True), day=visit.now),
        "impossible": impossible(visit, found),
        "is_paused": not is_active(visit),
    }
    return visit.show("portal/replace.html", values_of(visit, found) | values, status=status)


PAGES = (
    portal_page(Method.GET, "/certificates/{serial}/replace", ask_replacement),
    portal_page(Method.POST, "/certificates/{serial}/replace", replace, upload=True, phrase=True),
)
