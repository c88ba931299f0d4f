"""The provider's console: organizations and their vetting, domains, units, CAs, CRL and OCSP health, letters that failed, the log.

Nothing here approves anything of an organization (I13), and no key is ever shown.
"""

from __future__ import annotations

from pathlib import Path

from privyseal.look.frame import Frame, NavigationItem
from privyseal.look.words import gettext
from privyseal.model.administrator import Permission
from privyseal.pages.provider_console import (
    account,
    applications,
    authorities,
    domains,
    home,
    log,
    lost_cards,
    orders,
    organization,
    organizations,
    pauses,
    people,
    policies,
    prices,
    undelivered,
    vetting,
)
from privyseal.reception import change_pages, contact_pages, review_pages, signing
from privyseal.reception.site import Method, Page, Site, Visit

GET, POST = Method.GET, Method.POST
READ, AUDIT = Permission.READ, Permission.READ_AUDIT
STAFF = Permission.MANAGE_STAFF
VET, SELL, OPERATE = Permission.VET, Permission.SELL, Permission.OPERATE
CONCLUDE, SUSPEND = Permission.CONCLUDE_VETTING, Permission.SUSPEND
ONE = "/provider/organizations/{slug}"
ONE_CA = "/provider/authorities/{authority}"


def frame(visit: Visit) -> Frame:
    """The provider's frame."""
    here = visit.request.url.path
    entries = (
        ("/provider/", gettext("Home")),
        ("/provider/applications", gettext("Applications")),
        ("/provider/organizations", gettext("Organizations")),
        ("/provider/orders", gettext("Units and orders")),
        ("/provider/prices", gettext("Prices")),
        ("/provider/changes", gettext("Changes")),
        ("/provider/authorities", gettext("CAs, CRL and OCSP")),
        ("/provider/lost-cards", gettext("Lost cards")),
        ("/provider/undelivered", gettext("Failed work")),
        ("/provider/people", gettext("People")),
        ("/provider/reviews", gettext("Access reviews")),
        ("/provider/log", gettext("Audit log")),
    )
    return Frame(
        name=gettext("Provider"),
        purpose=visit.house.service.service_id,
        home="/provider/",
        demo=visit.context.is_demo,
        navigation=tuple(
            NavigationItem(address, words, here == address or (address != "/provider/" and here.startswith(address)))
            for address, words in entries
        ),
        visitor=visit.guest.administrator.name if visit.guest else "",
        account="/provider/account",
        sign_out="/provider/sign-out",
        sign_in="/provider/sign-in",
        shortcuts=(
            ("j", gettext("next row")),
            ("k", gettext("previous row")),
            ("Enter", gettext("open the row")),
            ("?", gettext("this list")),
        ),
    )


SITE = Site(
    name="provider_console",
    pages=(
        Page(GET, "/provider/", READ, home.show_home),
        Page(GET, "/provider/applications", READ, applications.show_applications),
        Page(GET, "/provider/applications/{application}", READ, applications.show_application),
        Page(POST, "/provider/applications/{application}/take-up", VET, applications.take_up, form="/provider/applications/{application}"),
        Page(POST, "/provider/applications/{application}/rejection", VET, applications.reject, form="/provider/applications/{application}"),
        Page(GET, "/provider/organizations", READ, organizations.show_organizations),
        Page(GET, "/provider/organizations/new", VET, organizations.show_new, step_up=True),
        Page(POST, "/provider/organizations/new", VET, organizations.create, step_up=True),
        Page(GET, "/provider/trials/new", VET, organizations.show_new_trial, step_up=True),
        Page(POST, "/provider/trials/new", VET, organizations.start_trial, step_up=True),
        Page(GET, ONE, READ, organization.show_organization),
        Page(POST, f"{ONE}/domains", VET, domains.register_domain),
        Page(POST, f"{ONE}/domains/{{name}}/validation", VET, domains.validate_domain),
        Page(POST, f"{ONE}/domains/{{name}}/letter", VET, domains.ask_by_mail),
        Page(GET, f"{ONE}/domains/{{name}}/removal", VET, domains.ask_removal, step_up=True),
        Page(POST, f"{ONE}/domains/{{name}}/removal", VET, domains.remove, step_up=True),
        Page(GET, "/provider/validations/{validation}", READ, domains.show_validation),
        Page(GET, f"{ONE}/vetting", READ, vetting.show_desk),
        Page(POST, f"{ONE}/vetting/begin", VET, vetting.begin, form=f"{ONE}/vetting"),
        Page(GET, f"{ONE}/vetting/items/{{item}}", VET, vetting.show_item),
        Page(POST, f"{ONE}/vetting/items/{{item}}", VET, vetting.save_item, upload=True),
        Page(GET, f"{ONE}/vetting/{{number}}/files/{{sha256}}", READ, vetting.download),
        Page(POST, f"{ONE}/vetting/submission", VET, vetting.hand_over, form=f"{ONE}/vetting"),
        Page(POST, f"{ONE}/vetting/conclusion", CONCLUDE, vetting.conclude, step_up=True, form=f"{ONE}/vetting"),
        Page(POST, f"{ONE}/vetting/return", CONCLUDE, vetting.give_back, form=f"{ONE}/vetting"),
        Page(GET, f"{ONE}/rejection", VET, account.show_step, step_up=True),
        Page(POST, f"{ONE}/rejection", VET, account.take_step, step_up=True),
        Page(GET, f"{ONE}/suspension", SUSPEND, account.show_step, step_up=True),
        Page(POST, f"{ONE}/suspension", SUSPEND, account.take_step, step_up=True),
        Page(GET, f"{ONE}/resumption", SUSPEND, account.show_step, step_up=True),
        Page(POST, f"{ONE}/resumption", SUSPEND, account.take_step, step_up=True),
        Page(GET, f"{ONE}/closure", SUSPEND, account.show_step, step_up=True),
        Page(POST, f"{ONE}/closure", SUSPEND, account.take_step, step_up=True),
        Page(GET, f"{ONE}/contacts", READ, contact_pages.show_contacts),
        Page(GET, f"{ONE}/contacts/new", VET, contact_pages.ask_contact, step_up=True),
        Page(POST, f"{ONE}/contacts/new", VET, contact_pages.propose, step_up=True),
        Page(POST, f"{ONE}/contacts/{{contact_change}}/withdrawal", VET, contact_pages.withdraw, form=f"{ONE}/contacts"),
        Page(GET, f"{ONE}/contacts/{{contact_change}}/call", CONCLUDE, contact_pages.ask_call, step_up=True),
        Page(POST, f"{ONE}/contacts/{{contact_change}}/call", CONCLUDE, contact_pages.record, step_up=True),
        Page(GET, f"{ONE}/administrator", VET, organization.show_invitation, step_up=True),
        Page(POST, f"{ONE}/administrator", VET, organization.invite, step_up=True),
        Page(GET, f"{ONE}/policy", VET, policies.show_policy, step_up=True),
        Page(POST, f"{ONE}/policy", VET, policies.prepare_policy, step_up=True),
        Page(GET, f"{ONE}/policy/check", VET, policies.show_check, step_up=True),
        Page(POST, f"{ONE}/policy/check", VET, policies.add, step_up=True),
        Page(GET, f"{ONE}/order", SELL, orders.show_new, step_up=True),
        Page(POST, f"{ONE}/order", SELL, orders.place, step_up=True),
        Page(GET, "/provider/orders", READ, orders.show_orders),
        Page(GET, "/provider/prices", READ, prices.show_prices),
        Page(GET, "/provider/prices/new", SELL, prices.ask_price),
        Page(POST, "/provider/prices/new", SELL, prices.prepare_price),
        Page(GET, "/provider/prices/new/sign", SELL, prices.show_price, form="/provider/prices/new"),
        Page(POST, "/provider/prices/proposed", SELL, prices.propose_price, upload=True, form="/provider/prices/new"),
        Page(GET, "/provider/changes", READ, change_pages.show_changes),
        Page(GET, "/provider/changes/{change}", READ, change_pages.show_change),
        Page(GET, "/provider/changes/{change}/refusal", READ, change_pages.ask_reason),
        Page(POST, "/provider/changes/{change}/refusal", READ, change_pages.prepare_end),
        Page(GET, "/provider/changes/{change}/refusal/sign", READ, change_pages.show_end, form="/provider/changes/{change}/refusal"),
        Page(GET, "/provider/changes/{change}/withdrawal", READ, change_pages.ask_reason),
        Page(POST, "/provider/changes/{change}/withdrawal", READ, change_pages.prepare_end),
        Page(GET, "/provider/changes/{change}/withdrawal/sign", READ, change_pages.show_end, form="/provider/changes/{change}/withdrawal"),
        Page(POST, "/provider/changes/{change}/answers", READ, change_pages.answer, upload=True, form="/provider/changes/{change}"),
        Page(POST, "/provider/statement", READ, signing.download_statement),
        Page(GET, "/provider/authorities", READ, authorities.show_authorities),
        Page(GET, f"{ONE_CA}/state", OPERATE, pauses.ask_state),
        Page(POST, f"{ONE_CA}/state", OPERATE, pauses.prepare_state),
        Page(GET, f"{ONE_CA}/state/sign", OPERATE, pauses.show_state, form=f"{ONE_CA}/state"),
        Page(POST, f"{ONE_CA}/proposed", OPERATE, pauses.propose_state, upload=True, form=f"{ONE_CA}/state"),
        Page(GET, "/provider/undelivered", READ, undelivered.show_undelivered),
        Page(POST, "/provider/undelivered", OPERATE, undelivered.retry),
        Page(GET, "/provider/lost-cards", READ, lost_cards.show_lost_cards),
        Page(GET, "/provider/lost-cards/{lost_id}", Permission.REVOKE_CREDENTIALS, lost_cards.show_one, step_up=True),
        Page(POST, "/provider/lost-cards/{lost_id}", Permission.REVOKE_CREDENTIALS, lost_cards.conclude, step_up=True),
        Page(GET, people.PLACE, READ, people.show_people),
        Page(GET, f"{people.PLACE}/{{administrator}}", READ, people.show_person),
        Page(GET, f"{people.PLACE}/{{administrator}}/credentials/revoke", STAFF, people.ask_revocation, step_up=True),
        Page(POST, f"{people.PLACE}/{{administrator}}/credentials/revoke", STAFF, people.revoke, step_up=True),
        Page(GET, f"{people.PLACE}/{{administrator}}/removal", STAFF, people.ask_removal, step_up=True),
        Page(
            POST,
            f"{people.PLACE}/{{administrator}}/removed",
            STAFF,
            people.remove,
            upload=True,
            form=f"{people.PLACE}/{{administrator}}/removal",
        ),
        Page(GET, "/provider/reviews", READ, review_pages.show_reviews),
        Page(GET, "/provider/reviews/organizations", READ, review_pages.show_organizations),
        Page(GET, "/provider/reviews/{review}", READ, review_pages.show_review),
        Page(
            POST,
            "/provider/reviews/{review}/people/{administrator}",
            Permission.REVIEW_ACCESS,
            review_pages.confirm,
            form="/provider/reviews/{review}",
        ),
        Page(GET, "/provider/log", AUDIT, log.show_log),
        Page(GET, "/provider/log/export", AUDIT, log.export),
        Page(GET, "/provider/log/checkpoint", AUDIT, log.show_checkpoint),
    ),
    templates=Path(__file__).parent / "templates",
    frame=frame,
)
