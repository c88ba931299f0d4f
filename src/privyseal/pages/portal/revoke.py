"""Revoke a certificate for good, by challenge phrase, with the reason in plain words and the consequence in sight."""

from __future__ import annotations

from starlette.responses import Response

from privyseal.actions.certificate.revoke_certificate import BySubscriber, revoke_certificate
from privyseal.look.words import gettext
from privyseal.model.errors import PrivysealError, Refused
from privyseal.pages.portal.certificate import Held, held, impossible, values_of
from privyseal.pages.portal.entry import home, portal_page, show_again
from privyseal.pages.portal.phrase import prove, request_of
from privyseal.pages.portal.states import reasons
from privyseal.reception.site import Method, Visit
from privyseal.store.failpoints import failpoint


def ask_revocation(visit: Visit) -> Response:
    """Ask for the reason and the phrase."""
    return _show(visit, held(visit))


def revoke(visit: Visit) -> Response:
    """Revoke; a second time is harmless."""
    found = held(visit)
    serial = found.certificate.serial_hex
    about = visit.about("revoke-certificate", "certificate", serial)
    try:
        reason = visit.form.value("reason")
        if reason not in {known.value for known in reasons()}:
            raise Refused("revocation-reason", gettext("Choose why the certificate is to be revoked."), field="reason")
        proof = prove(visit, visit.about("revoke-certificate", "request", request_of(found.certificate)), request_of(found.certificate))
        visit.perform(about, revoke_certificate, visit.slug, serial, BySubscriber(proof, reason))
    except PrivysealError as error:
        return show_again(visit, error, lambda status: _show(visit, found, status), {"phrase": "phrase", "reason": "reason"})
    failpoint("revoke.after-commit")
    return visit.go_to(f"{home(visit)}/certificates/{serial}/revoked")


def show_revoked(visit: Visit) -> Response:
    """Say what happened and what is left to do."""
    found = held(visit)
    values = values_of(visit, found)
    if not values["is_revoked"]:
        return visit.go_to(str(values["place"]))
    return visit.show("portal/revoked.html", values | {"impossible": impossible(visit, found)})


def _show(visit: Visit, found: Held, status: int = 200) -> Response:
    choices = [(reason.value, words, more) for reason, (words, more) in reasons().items()]
    return visit.show("portal/revoke.html", values_of(visit, found) | {"reasons": choices}, status=status)


PAGES = (
    portal_page(Method.GET, "/certificates/{serial}/revoke", ask_revocation),
    portal_page(Method.POST, "/certificates/{serial}/revoke", revoke, phrase=True),
    portal_page(Method.GET, "/certificates/{serial}/revoked", show_revoked),
)
