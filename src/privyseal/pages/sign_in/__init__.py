"""How people come in and go out: sign-in, showing a credential again, the own account, the first credential by link.

The same pages serve organizations and the provider; the address says whose they are.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

from privyseal.look.frame import Frame, Help
from privyseal.look.trial_words import trial_words
from privyseal.look.words import gettext
from privyseal.model.session import PROVIDER_AUDIENCE
from privyseal.pages.sign_in import account, arrival, contact, first_credential, lost_card, own_administrator_id, own_passkey, sign_on
from privyseal.pages.sign_in.places import audience_of_visit, place_of
from privyseal.reception.sign_in import CERTIFICATE_PATH
from privyseal.reception.sign_on import FINISH
from privyseal.reception.site import Access, Method, Page, Site, Visit
from privyseal.store import organizations

GET, POST = Method.GET, Method.POST


def frame(visit: Visit) -> Frame:
    """The frame of the audience; around the account of somebody who is signed in stands that of the console."""
    audience = audience_of_visit(visit)
    console = visit.context.frames.get("provider_console" if audience == PROVIDER_AUDIENCE else "control_center")
    if visit.guest is not None and console is not None:
        return dataclasses.replace(console(visit), purpose=gettext("Your account"))
    help_box, name, trial = None, "Privyseal", ""
    if audience == PROVIDER_AUDIENCE:
        name = gettext("Provider")
    elif audience:
        with visit.house.database.read(visit.now) as tx:
            organization = organizations.require(tx, audience)
        name, trial = organization.name, trial_words(organization)
        help_box = Help(gettext("Your organization's contact answers:"), organization.contact_email)
    return Frame(
        name=name,
        purpose=gettext("Sign in"),
        # The page that belongs to nobody lies at the administrators' port, where no first page is.
        home=f"{place_of(audience) if audience else visit.house.service.base_url}/",
        demo=visit.context.is_demo,
        trial=trial,
        help=help_box,
    )


def _pages(place: str) -> tuple[Page, ...]:
    return (
        Page(GET, f"{place}/sign-in", Access.ANYBODY, arrival.show_sign_in),
        Page(POST, f"{place}/sign-in/challenge", Access.ANYBODY, arrival.offer_challenge),
        Page(POST, f"{place}/sign-in/passkey", Access.ANYBODY, arrival.sign_in_with_passkey),
        Page(GET, f"{place}/sign-in/finish", Access.ANYBODY, arrival.finish_sign_in),
        Page(GET, f"{place}/step-up", Access.SIGNED_IN, arrival.show_step_up),
        Page(POST, f"{place}/step-up/passkey", Access.SIGNED_IN, arrival.step_up_with_passkey),
        Page(GET, f"{place}/step-up/finish", Access.SIGNED_IN, arrival.finish_step_up),
        Page(POST, f"{place}/sign-out", Access.SIGNED_IN, account.leave, reading=True),
        Page(GET, f"{place}/account", Access.SIGNED_IN, account.show_account),
        Page(POST, f"{place}/account/sign-out-everywhere", Access.SIGNED_IN, account.leave_everywhere, reading=True),
        Page(POST, f"{place}/account/sessions/{{session_id}}/end", Access.SIGNED_IN, account.end_session, reading=True),
        Page(GET, f"{place}/account/passkey", Access.SIGNED_IN, account.show_new_passkey),
        Page(POST, f"{place}/account/passkey/options", Access.SIGNED_IN, account.offer),
        Page(GET, f"{place}/account/passkey/sign", Access.SIGNED_IN, account.show_addition, form=f"{place}/account/passkey"),
        Page(POST, f"{place}/account/passkey/sign", Access.SIGNED_IN, account.prepare_addition, form=f"{place}/account/passkey"),
        Page(GET, f"{place}/account/passkey/done", Access.SIGNED_IN, account.show_certified),
        Page(POST, f"{place}/account/passkey", Access.SIGNED_IN, account.add, upload=True),
        Page(GET, f"{place}/account/passkeys/{{sha256}}", Access.SIGNED_IN, own_passkey.show_passkey, step_up=True),
        Page(POST, f"{place}/account/passkeys/{{sha256}}", Access.SIGNED_IN, own_passkey.change, step_up=True),
        Page(
            GET, f"{place}/account/administrator-ids/{{sha256}}", Access.SIGNED_IN, own_administrator_id.show_administrator_id, step_up=True
        ),
        Page(POST, f"{place}/account/administrator-ids/{{sha256}}", Access.SIGNED_IN, own_administrator_id.sign, step_up=True),
        Page(
            POST,
            f"{place}/account/administrator-ids/{{sha256}}/next",
            Access.SIGNED_IN,
            own_administrator_id.take_next,
            step_up=True,
            upload=True,
            form=f"{place}/account/administrator-ids/{{sha256}}",
        ),
        Page(GET, f"{place}/first-credential", Access.ANYBODY, first_credential.show_first),
        Page(POST, f"{place}/first-credential/options", Access.ANYBODY, first_credential.offer),
        Page(POST, f"{place}/first-credential", Access.ANYBODY, first_credential.make),
        Page(GET, f"{place}/first-credential/done", Access.ANYBODY, account.show_certified),
    )


SITE = Site(
    name="sign_in",
    pages=(
        *_pages("/o/{org}"),
        *_pages("/provider"),
        Page(GET, "/o/{org}/sign-in/provider", Access.ANYBODY, sign_on.go_to_provider),
        Page(GET, f"/o/{{org}}{FINISH}", Access.ANYBODY, sign_on.come_back),
        Page(GET, "/o/{org}/account/sign-on", Access.SIGNED_IN, sign_on.ask_link, step_up=True),
        Page(POST, "/o/{org}/account/sign-on", Access.SIGNED_IN, sign_on.begin_link, step_up=True),
        Page(POST, "/o/{org}/account/sign-on/end", Access.SIGNED_IN, sign_on.end_link, form="/o/{org}/account"),
        Page(GET, "/o/{org}/lost-card", Access.ANYBODY, lost_card.show_report),
        Page(POST, "/o/{org}/lost-card", Access.ANYBODY, lost_card.report),
        Page(GET, "/o/{org}/lost-card/confirm", Access.ANYBODY, lost_card.show_confirmation),
        Page(POST, "/o/{org}/lost-card/confirm", Access.ANYBODY, lost_card.confirm),
        Page(GET, "/o/{org}/contacts/{contact_change}", Access.ANYBODY, contact.ask),
        Page(POST, "/o/{org}/contacts/{contact_change}", Access.ANYBODY, contact.answer),
        Page(GET, CERTIFICATE_PATH, Access.ANYBODY, arrival.show_certificate),
    ),
    templates=Path(__file__).parent / "templates",
    frame=frame,
)
