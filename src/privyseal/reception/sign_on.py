"""The way through an organization's own OpenID Connect provider: out, back, and what comes of it. For reading only.

1. a browser is sent to the provider; the attempt is in the database, and in this browser the cookie that every sign-in is tied to
2. the provider sends it back with a code and the state, which takes the attempt out of the database
3. the provider is asked what the code is worth; no transaction is open meanwhile
4. a session for reading, or the link between the two accounts, is written

Nonce and PKCE verifier are made of cookie and state, so neither the database nor an address holds what an answer is tied to.
"""

from __future__ import annotations

from typing import Final

from starlette.requests import Request

from privyseal.actions.house import About, attempt, perform
from privyseal.actions.opening import StartedSession
from privyseal.actions.sign_on.begin_sign_on import begin_sign_on
from privyseal.actions.sign_on.link_identity import link_identity
from privyseal.actions.sign_on.start_reading_session import start_reading_session
from privyseal.actions.sign_on.take_sign_on import take_sign_on
from privyseal.engine.openid import MAXIMUM_CODE, OpenIdProvider, Ties
from privyseal.engine.phrases import code_hash, new_code
from privyseal.model.errors import BadRequest, NotFound, Unauthenticated
from privyseal.model.sign_on import SignOn, SignOnLink, SignOnSettings, Vouched
from privyseal.reception.audiences import site_of
from privyseal.reception.context import EntranceContext
from privyseal.reception.cookies import browser_cookie, session_cookie, token_of
from privyseal.reception.desk import desk_of
from privyseal.reception.sign_in import Attempt
from privyseal.reception.visitors import Visitor
from privyseal.store import organizations, sign_ons

FINISH: Final = "/sign-in/provider/finish"
"""Where providers send browsers back to, below the place of the organization; each organization has an address of its own."""

DENIED: Final = frozenset({"access_denied", "login_required", "consent_required", "interaction_required", "account_selection_required"})


def redirect_address(base_url: str, slug: str) -> str:
    """Return the address that has to be registered at the provider (RFC 6749 3.1.2)."""
    return f"{base_url}{site_of(slug)}{FINISH}"


def provider_of(context: EntranceContext, slug: str, settings: SignOnSettings) -> OpenIdProvider:
    """Return the provider that these settings name."""
    return OpenIdProvider(context.world.https, settings, redirect_address(context.house.service.base_url, slug))


def try_settings(context: EntranceContext, slug: str, settings: SignOnSettings) -> None:
    """Read the provider's document before settings are kept; raises what ``OpenIdProvider.discover`` raises."""
    provider_of(context, slug, settings).discover()


def sign_on_of(context: EntranceContext, slug: str) -> SignOn | None:
    """Return what is set for an organization; raises NotFound for an organization."""
    with context.house.database.read(context.house.clock()) as tx:
        return sign_ons.in_force(tx, organizations.require(tx, slug).id)


def way_to_provider(request: Request, begun: Attempt, guest: Visitor | None = None) -> str:
    """Return the address of the provider to send this browser to; with ``guest`` to link him.

    Raises NotFound ``sign-on``, TooManyRequests, and what ``OpenIdProvider.discover`` raises; all recorded.
    """
    desk = desk_of(request)
    actor = guest.actor if guest is not None else desk.stranger(request)
    about = _about("link-identity" if guest is not None else "sign-in", begun.audience)

    def work() -> str:
        if guest is None:
            desk.limit.take(actor.source)
        sign_on = sign_on_of(desk.context, begun.audience)
        if sign_on is None:
            sentence = "This organization has no sign-on of its own here. Sign in with a passkey or an Administrator ID."
            raise NotFound("sign-on", sentence)
        provider = provider_of(desk.context, begun.audience, sign_on.settings)
        document = provider.discover()
        state = new_code(desk.house.random_bytes)
        session = guest.session if guest is not None else None
        perform(desk.house, actor, about, begin_sign_on, begun.audience, sign_on, (code_hash(state), begun.state), session)
        return provider.address(document, Ties.of(begun.token, state))

    return attempt(desk.house, actor, about, work)


def come_back(request: Request, slug: str, guest: Visitor | None) -> StartedSession | SignOnLink:
    """Take the provider's answer: a session for reading, or for a ``guest`` who began it to link himself the link.

    Raises Unauthenticated (``sign-on-state``, ``sign-on-denied``, ``sign-on-token``, ``sign-on-unlinked``), BadRequest ``sign-on-answer``,
    Refused, Unavailable, Conflict ``sign-on-taken``, NotPermitted, TooManyRequests; all recorded.
    """
    desk = desk_of(request)
    stranger = desk.stranger(request)
    browser = token_of(request, browser_cookie(slug))
    about = _about("sign-in", slug)

    def take() -> Vouched:
        desk.limit.take(stranger.source)
        state = _one(request, "state")
        taken, sign_on = take_sign_on(desk.house, stranger, slug, code_hash(browser) if browser else "", state)
        provider = provider_of(desk.context, slug, sign_on.settings)
        code, issuer = _code_of(request), _one(request, "iss")
        return Vouched(taken, sign_on, provider.subject(code, issuer, Ties.of(browser, state), desk.house.clock()))

    vouched = attempt(desk.house, stranger, about, take)
    if vouched.attempt.administrator_id is not None:
        return _link(request, slug, guest, vouched)
    agent = request.headers.get("user-agent", "")
    former = token_of(request, session_cookie(slug))
    return perform(desk.house, stranger, about, start_reading_session, slug, vouched, agent, former)


def _link(request: Request, slug: str, guest: Visitor | None, vouched: Vouched) -> SignOnLink:
    desk = desk_of(request)
    if guest is None:
        stranger = desk.stranger(request)
        return attempt(desk.house, stranger, _about("link-identity", slug), _refuse_link)
    return perform(desk.house, guest.actor, _about("link-identity", slug), link_identity, slug, guest.session, vouched)


def _refuse_link() -> SignOnLink:
    raise Unauthenticated("sign-on-state", "Your session ended while you were away. Sign in, and start again from your account.")


def _code_of(request: Request) -> str:
    """Return the code of an answer; raises Unauthenticated ``sign-on-denied`` for an error of the provider."""
    error = _one(request, "error")
    if error in DENIED:
        raise Unauthenticated("sign-on-denied", "Your organization's sign-on did not let you in. Ask whoever runs it.")
    if error:
        sentence = "Your organization's sign-on answered with an error. Start again; if it stays so, tell whoever runs it."
        raise Unauthenticated("sign-on-denied", sentence)
    code = _one(request, "code")
    if not code or len(code) > MAXIMUM_CODE:
        sentence = "This address is only for the way back from your organization's sign-on. Start from the sign-in page."
        raise BadRequest("sign-on-answer", sentence)
    return code


def _one(request: Request, name: str) -> str:
    """Return a parameter of the address that is there once at most; raises BadRequest for one that is there twice (RFC 6749 3.1)."""
    values = request.query_params.getlist(name)
    if len(values) > 1:
        raise BadRequest("sign-on-answer", "A part of the answer of your organization's sign-on is there twice. Start again.")
    return values[0] if values else ""


def _about(action: str, slug: str) -> About:
    return About(action, slug, "sign-on", "sign-on")
