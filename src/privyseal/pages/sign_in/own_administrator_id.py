"""One of the own Administrator IDs: when it ends, and the next one in its place, for a new key under one's own signature.

The key is made on the person's own computer: only its CSR comes here. ``seal`` does all of it with one command, which the page
says first; whoever has no ``seal`` makes the key with openssl.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from starlette.responses import Response

from privyseal.actions.administrator.draft_renewal import draft_renewal
from privyseal.actions.administrator.renew_administrator_id import renew_administrator_id
from privyseal.actions.house import About, attempt
from privyseal.engine.csr import Csr, read_csr
from privyseal.engine.passkeys import assertion_options
from privyseal.engine.pem import certificate_to_pem
from privyseal.look.words import gettext
from privyseal.model.administrator import RENEW_WITHIN, Credential
from privyseal.model.errors import BadRequest, Conflict, NotFound, PrivysealError, Refused, Unavailable
from privyseal.model.session import log_of
from privyseal.pages.sign_in.account import signature_of
from privyseal.pages.sign_in.places import audience_of_visit, place_of
from privyseal.reception.signing import shown
from privyseal.reception.site import Visit
from privyseal.reception.statuses import http_status
from privyseal.store import administrators, passkeys, renewals
from privyseal_wire.passkey import statement_challenge

PAGE: Final = "sign_in/own_administrator_id.html"
SIGN: Final = "sign_in/sign_administrator_id.html"
DONE: Final = "sign_in/administrator_id_done.html"
_SHA256: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class OwnAdministratorId:
    """What the pages show of one: ``renewable_from`` is when its last 60 days begin, ``may_be_renewed`` whether they have."""

    sha256: str
    not_after: datetime
    renewable_from: datetime
    is_usable: bool
    may_be_renewed: bool


def show_administrator_id(visit: Visit, *, status: int = 200) -> Response:
    """Show when it ends, what to run, and the form for whoever has no ``seal``."""
    values = {"place": place_of(audience_of_visit(visit)), "own": _own(visit), "address": _address(visit)}
    return visit.show(PAGE, values, status=status)


def sign(visit: Visit) -> Response:
    """Show what has to be signed for the key of the CSR."""
    own = _own(visit)
    try:
        return _sign_page(visit, own)
    except (Refused, BadRequest, Conflict, NotFound) as error:
        visit.form.refuse("csr", error.sentence)
        return show_administrator_id(visit, status=_status(error))


def _sign_page(visit: Visit, own: OwnAdministratorId, *, status: int = 200) -> Response:
    csr, kind = _csr(visit), _kind(visit, own)
    content = visit.perform(_about(visit), draft_renewal, visit.slug, csr, kind, own.sha256)
    with visit.house.database.read(visit.now) as tx:
        allowed = passkeys.usable_of(tx, visit.person.id)
    values = {
        "place": place_of(audience_of_visit(visit)),
        "address": _address(visit),
        "own": own,
        "csr": visit.form.value("csr"),
        "is_replacement": kind == "replacement",
        "signing": shown(content),
        "options": assertion_options(visit.house.relying_party, statement_challenge(content), allowed) if allowed else "",
    }
    return visit.show(SIGN, values, status=status)


def take_next(visit: Visit) -> Response:
    """Take the signature, have the next one issued at once, and show it."""
    own = _own(visit)
    try:
        csr, signature = _csr(visit), attempt(visit.house, visit.actor, _about(visit), lambda: signature_of(visit))
        visit.context.entrance.issuer.ping()  # A key works once: it is not used up while nobody can sign.
        intent = visit.perform(_about(visit), renew_administrator_id, visit.slug, csr, signature)
    except (Refused, BadRequest, Conflict, NotFound) as error:
        visit.form.refuse("signature", error.sentence)
        return _again(visit, own, error)
    try:
        [done] = visit.context.entrance.issuer.complete([intent])
    except Unavailable as error:
        sentence = gettext("The issuer stopped before the Administrator ID was issued. Make another key and begin again.")
        raise Conflict("enrollment-lost", sentence) from error
    if not done.ok:
        raise Refused(done.kind, done.sentence)
    with visit.house.database.read(visit.now) as tx:
        newest = administrators.credentials_of(tx, visit.person.id)[-1]
    pem = certificate_to_pem(newest.certificate_der)
    values = {"place": place_of(audience_of_visit(visit)), "pem": pem, "not_after": newest.not_after, "old": own}
    return visit.show(DONE, values)


def _again(visit: Visit, own: OwnAdministratorId, error: PrivysealError) -> Response:
    try:
        return _sign_page(visit, own, status=_status(error))
    except PrivysealError:
        # The key itself is used up or refused: another one has to be made.
        visit.form.problems.clear()
        visit.form.refuse("csr", error.sentence)
        return show_administrator_id(visit, status=_status(error))


def _status(error: PrivysealError) -> int:
    return 422 if isinstance(error, NotFound) else http_status(error)


def _own(visit: Visit) -> OwnAdministratorId:
    """Return the Administrator ID of the address; what is revoked, replaced, somebody else's or a passkey is nothing."""
    sha256 = visit.path("sha256")
    with visit.house.database.read(visit.now) as tx:
        found = next((item for item in administrators.credentials_of(tx, visit.person.id) if item.certificate_sha256 == sha256), None)
        is_other = sha256 in passkeys.every_of(tx, visit.person.id) or bool(_SHA256.fullmatch(sha256) and renewals.is_replaced(tx, sha256))
    if found is None or is_other or found.revoked_at is not None:
        raise NotFound("not-found", gettext("You have no such Administrator ID."))
    return _shown(found, visit.now)


def _shown(item: Credential, now: datetime) -> OwnAdministratorId:
    is_usable = item.is_usable(now)
    may = is_usable and item.may_be_renewed(now)
    return OwnAdministratorId(item.certificate_sha256, item.not_after, item.not_after - RENEW_WITHIN, is_usable, may)


def _address(visit: Visit) -> str:
    return f"{place_of(audience_of_visit(visit))}/account/administrator-ids/{visit.path('sha256')}"


def _about(visit: Visit) -> About:
    return About("ask-for-administrator-id", log_of(audience_of_visit(visit)), "administrator", visit.person.id)


def _kind(visit: Visit, own: OwnAdministratorId) -> str:
    """Return what was chosen; where only one way is open the form does not ask."""
    if visit.form.value("kind") in {"renewal", "replacement"}:
        return visit.form.value("kind")
    return "renewal" if own.may_be_renewed else "replacement"


def _csr(visit: Visit) -> Csr:
    text = visit.form.value("csr")

    def read() -> Csr:
        if not text.strip():
            raise BadRequest("csr-missing", gettext("Paste the CSR."), field="csr")
        return read_csr(text.encode())

    return attempt(visit.house, visit.actor, _about(visit), read)
