"""The own account: credentials, sessions, signing out, and another passkey under the signature of a credential one has."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from starlette.responses import Response

from privyseal.actions.house import About, attempt
from privyseal.actions.passkey.add_passkey import add_passkey
from privyseal.actions.passkey.draft_passkey import draft_passkey
from privyseal.actions.passkey.offer_passkey import offer_passkey
from privyseal.engine.passkeys import assertion_options
from privyseal.look.browsers import browser_words
from privyseal.look.words import gettext
from privyseal.model.administrator import Credential
from privyseal.model.errors import BadRequest, Conflict, PrivysealError, Refused, Unavailable
from privyseal.model.identifiers import IntentId
from privyseal.model.passkey import LABEL_CHARACTERS
from privyseal.model.request import require_text
from privyseal.model.session import PROVIDER_AUDIENCE, log_of
from privyseal.pages.sign_in.places import audience_of_visit, console_of, place_of
from privyseal.reception import sign_in
from privyseal.reception.kept import forget_signed, go_on, marked
from privyseal.reception.signatures import read_message, read_passkey
from privyseal.reception.signing import shown
from privyseal.reception.site import Visit
from privyseal.reception.visitors import Visitor
from privyseal.store import administrators, organizations, passkeys, renewals, sign_ons
from privyseal_wire.passkey import Signature, statement_challenge

NEW_PASSKEY = "sign_in/new_passkey.html"
SIGN_PASSKEY = "sign_in/sign_passkey.html"


@dataclass(frozen=True, slots=True)
class OwnCredential:
    """A row of the list: ``kind`` and ``label`` in words, ``state`` and its words, ``is_this`` for the one of this session.

    ``has_page`` is for what can be changed there; ``ends_soon`` for an Administrator ID that may be renewed now.
    """

    kind: str
    label: str
    sha256: str
    not_after: datetime
    last_used_at: datetime | None
    state: str
    state_words: str
    is_this: bool
    is_passkey: bool
    has_page: bool
    ends_soon: bool


def _guest(visit: Visit) -> Visitor:
    assert visit.guest is not None  # noqa: S101 - every access row of this module asks for somebody who is signed in
    return visit.guest


def _about(visit: Visit, action: str) -> About:
    guest = _guest(visit)
    return About(action, log_of(guest.session.audience), "administrator", guest.administrator.id)


def show_account(visit: Visit) -> Response:
    """Show who this is, with what he comes in, and where he is signed in."""
    guest = _guest(visit)
    values = {
        "place": place_of(audience_of_visit(visit)),
        "console": console_of(audience_of_visit(visit)),
        "console_words": gettext("Provider's console") if audience_of_visit(visit) == PROVIDER_AUDIENCE else gettext("Control center"),
        "credentials": _credentials(visit),
        "sessions": [(session, browser_words(session.agent)) for session in sign_in.own_sessions(visit.request, guest)],
        "this_session": guest.session.id,
        "is_reading": guest.session.is_reading,
        **_sign_on(visit),
    }
    return visit.show("sign_in/account.html", values)


def _sign_on(visit: Visit) -> dict[str, object]:
    """Return what the organization's own sign-on is, and the link of this person with it; nothing for the provider's people."""
    if not visit.slug:
        return {"sign_on": None, "link": None}
    with visit.house.database.read(visit.now) as tx:
        organization = organizations.require(tx, visit.slug)
        links = sign_ons.links_of(tx, organization.id, [visit.person.id])
        return {"sign_on": sign_ons.in_force(tx, organization.id), "link": links[0] if links else None}


def _credentials(visit: Visit) -> list[OwnCredential]:
    guest = _guest(visit)
    with visit.house.database.read(visit.now) as tx:
        known = passkeys.every_of(tx, guest.administrator.id)
        found = administrators.credentials_of(tx, guest.administrator.id)
        replaced = {item.certificate_sha256 for item in found if renewals.is_replaced(tx, item.certificate_sha256)}
    rows = []
    for item in found:
        passkey = known.get(item.certificate_sha256)
        if item.revoked_at is not None:
            state, words = "bad", gettext("Revoked")
        elif not item.is_usable(visit.now):
            state, words = "ended", gettext("Expired")
        else:
            state, words = "good", gettext("Valid")
        rows.append(
            OwnCredential(
                kind=gettext("Passkey") if passkey else gettext("Administrator ID"),
                label=passkey.label if passkey else gettext("Certificate with its key in a file or on a card"),
                sha256=item.certificate_sha256,
                not_after=item.not_after,
                last_used_at=passkey.last_used_at if passkey else None,
                state=state,
                state_words=words,
                is_this=item.certificate_sha256 == guest.session.credential_sha256,
                is_passkey=passkey is not None,
                has_page=item.is_usable(visit.now) and item.certificate_sha256 not in replaced,
                ends_soon=passkey is None and item.certificate_sha256 not in replaced and _ends_soon(item, visit.now),
            )
        )
    return rows


def _ends_soon(item: Credential, now: datetime) -> bool:
    return item.is_usable(now) and item.may_be_renewed(now)


def leave(visit: Visit) -> Response:
    """Sign out."""
    return _leave(visit, everywhere=False)


def leave_everywhere(visit: Visit) -> Response:
    """Sign out of every session."""
    return _leave(visit, everywhere=True)


def _leave(visit: Visit, *, everywhere: bool) -> Response:
    answer = visit.go_to(f"{place_of(audience_of_visit(visit))}/sign-in")
    sign_in.sign_out(visit.request, answer, _guest(visit), everywhere=everywhere)
    return answer


def end_session(visit: Visit) -> Response:
    """End one of the own sessions."""
    sign_in.end_one(visit.request, _guest(visit), visit.path("session_id"))
    return visit.go_to(f"{place_of(audience_of_visit(visit))}/account")


def show_new_passkey(visit: Visit) -> Response:
    """Ask how the new passkey shall be called."""
    return visit.show(NEW_PASSKEY, {"place": place_of(audience_of_visit(visit))})


def offer(visit: Visit) -> Response:
    """Return the options with which a browser makes a new passkey."""
    options = visit.perform(_about(visit, "offer-passkey"), offer_passkey, visit.slug)
    return Response(options, media_type="application/json")


def show_addition(visit: Visit) -> Response:
    """Show what has to be signed, so that the passkey that the browser just made is added; without one, where it is made."""
    if not visit.form.value("registration"):
        return visit.go_to(f"{place_of(audience_of_visit(visit))}/account/passkey")
    try:
        return _sign_page(visit)
    except (Refused, BadRequest, Conflict) as error:
        return _make_anew(visit, error)


def prepare_addition(visit: Visit) -> Response:
    """Lead to what has to be signed."""
    registration, label = visit.form.value("answer"), visit.form.value("label")
    try:
        # Looked at before anybody signs: on the next page the name cannot be mended any more.
        require_text("label", label, LABEL_CHARACTERS)
        visit.perform(_about(visit, "draft-passkey"), draft_passkey, visit.slug, registration)
    except (Refused, BadRequest, Conflict) as error:
        return _make_anew(visit, error)
    sign = f"{place_of(audience_of_visit(visit))}/account/passkey/sign"
    return go_on(visit, sign, {"registration": [registration], "label": [label]})


def _make_anew(visit: Visit, error: PrivysealError) -> Response:
    visit.form.refuse("label", error.sentence)
    return visit.show(NEW_PASSKEY, {"place": place_of(audience_of_visit(visit))}, status=422)


def _sign_page(visit: Visit, *, status: int = 200) -> Response:
    registration = visit.form.value("registration")
    content = visit.perform(_about(visit, "draft-passkey"), draft_passkey, visit.slug, registration)
    with visit.house.database.read(visit.now) as tx:
        allowed = passkeys.usable_of(tx, visit.person.id)
    values = {
        "place": place_of(audience_of_visit(visit)),
        "action": marked(visit, f"{place_of(audience_of_visit(visit))}/account/passkey"),
        "label": visit.form.value("label"),
        "registration": registration,
        "signing": shown(content),
        "options": assertion_options(visit.house.relying_party, statement_challenge(content), allowed) if allowed else "",
    }
    return visit.show(SIGN_PASSKEY, values, status=status)


def add(visit: Visit) -> Response:
    """Add the passkey under the signature, and have it certified at once."""
    try:
        signature = attempt(visit.house, visit.actor, _about(visit, "add-passkey"), lambda: signature_of(visit))
        visit.context.entrance.issuer.ping()  # A registration works once: it is not used up while nobody can sign.
        registration, label = visit.form.value("registration"), visit.form.value("label")
        intent = visit.perform(_about(visit, "add-passkey"), add_passkey, visit.slug, registration, label, signature)
    except (Refused, BadRequest, Conflict) as error:
        visit.form.refuse("signature", error.sentence)
        return _again(visit, error)
    certify(visit, intent)
    forget_signed(visit)
    return visit.go_to(f"{place_of(audience_of_visit(visit))}/account/passkey/done")


def _again(visit: Visit, error: PrivysealError) -> Response:
    try:
        return _sign_page(visit, status=422)
    except PrivysealError:
        # The registration itself is used up or broken: it has to be made anew.
        visit.form.problems.clear()
        return _make_anew(visit, error)


def signature_of(visit: Visit) -> Signature:
    """Return what was signed: an assertion over the content of the page, or an uploaded CMS message; raises BadRequest ``signature``."""
    answer = visit.form.value("answer")
    if answer:
        return read_passkey(visit.form.secret("content"), answer, "signature")
    message = visit.files.get("signature", b"")
    if not message:
        raise BadRequest("signature", gettext("Sign with a passkey, or choose the signed file."), field="signature")
    return read_message(message, "signature")


def certify(visit: Visit, intent: IntentId) -> None:
    """Have the issuer certify a passkey; raises Conflict ``passkey-lost`` when it ended meanwhile, and Refused."""
    try:
        [done] = visit.context.entrance.issuer.complete([intent])
    except Unavailable as error:
        # What was prepared is given up within a minute and never signed; the person begins again.
        sentence = gettext(
            "The issuer stopped before the passkey was registered. Begin again. By link: ask whoever invited you for a new one."
        )
        raise Conflict("passkey-lost", sentence) from error
    if not done.ok:
        raise Refused(done.kind, done.sentence)


def show_certified(visit: Visit) -> Response:
    """Tell that a passkey is registered, and what comes next."""
    values = {
        "place": place_of(audience_of_visit(visit)),
        "console": console_of(audience_of_visit(visit)),
        "is_signed_in": visit.guest is not None,
    }
    return visit.show("sign_in/passkey_done.html", values)
