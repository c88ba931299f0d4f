"""The questions of an enrolment that need no CSR: the server, the names for the commands, life and use, the contact."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from starlette.responses import Response

from privyseal.actions.house import attempt
from privyseal.actions.request.start_draft import start_draft
from privyseal.engine.csr import read_csr
from privyseal.engine.names import normalize_dns_name, normalize_email
from privyseal.engine.private_keys import refuse_private_keys
from privyseal.engine.submission import MAXIMUM_NAMES, require_department_id
from privyseal.look.guides.platforms import Platform, title
from privyseal.look.words import gettext
from privyseal.model.domain import require_covered
from privyseal.model.draft import Draft
from privyseal.model.errors import PrivysealError, Refused
from privyseal.model.organization import Organization
from privyseal.model.policy import MAXIMUM_ENDPOINTS, loosest_tier, require_lifetime
from privyseal.model.request import Endpoint, ServerKind, read_endpoint, require_endpoints, require_text
from privyseal.model.rules import Tier
from privyseal.pages.portal.departments import choices
from privyseal.pages.portal.drafts import Offer, after, first_open, offers, place, save, show_step, with_draft
from privyseal.pages.portal.entry import is_active, look_up, portal_page, show_again
from privyseal.pages.portal.own_fields import asked_for, inputs, lacks_answers, read_typed
from privyseal.reception.sent_csr import names_of
from privyseal.reception.server_rows import FIELD, server_rows, typed_servers
from privyseal.reception.site import Method, Visit
from privyseal.store import organizations
from privyseal.store.database import Transaction


def ask_first(visit: Visit) -> Response:
    """Ask for the kind of server; nothing is stored yet."""
    return _show_server(visit, None)


def start(visit: Visit) -> Response:
    """Begin a draft with the first answer, for the department of the link that led here."""
    try:
        platform, department = _platform(visit), require_department_id(visit.form.value("department"))
        draft = visit.perform(visit.about("start-draft", "draft", "new"), start_draft, visit.slug, platform.value)
        if department:
            draft = save(visit, draft, department=department)
    except PrivysealError as error:
        return show_again(visit, error, lambda status: _show_server(visit, None, status), {"platform": "platform"})
    return visit.go_to(place(visit, draft, "names"))


def _platform(visit: Visit) -> Platform:
    try:
        return Platform(visit.form.value("platform"))
    except ValueError:
        raise Refused("platform", gettext("Choose the server. If yours is not listed, choose the last line."), field="platform") from None


def ask_server(visit: Visit, draft: Draft) -> Response:
    """Ask for the kind of server again."""
    return _show_server(visit, draft)


def keep_server(visit: Visit, draft: Draft) -> Response:
    """Keep the kind of server."""
    try:
        draft = save(visit, draft, platform=_platform(visit).value)
    except PrivysealError as error:
        return show_again(visit, error, lambda status: _show_server(visit, draft, status), {"platform": "platform"})
    return visit.go_to(place(visit, draft, after(draft.answers, "server")))


def _show_server(visit: Visit, draft: Draft | None, status: int = 200) -> Response:
    is_open = bool(look_up(visit, offers))
    options = [(platform.value, title(platform), "") for platform in Platform]
    department = "" if draft else visit.form.value("department", visit.query("department"))
    values = {"options": options, "is_open": is_open, "is_active": is_active(visit), "department": department}
    return show_step(visit, draft, "server", values, status)


def ask_names(visit: Visit, draft: Draft) -> Response:
    """Ask for the names that the commands are written with."""
    return _show_names(visit, draft)


def keep_names(visit: Visit, draft: Draft) -> Response:
    """Keep the names when each can be certified here."""
    try:
        typed = visit.form.value("names").replace(",", " ").split()
        names = _names(visit, typed)
        draft = save(visit, draft, names=names)
    except PrivysealError as error:
        return show_again(visit, error, lambda status: _show_names(visit, draft, status), {"names": "names", "csr": "names"})
    return visit.go_to(place(visit, draft, "csr"))


def _names(visit: Visit, typed: list[str]) -> tuple[str, ...]:
    """Return the names normalized, each under a domain of the organization; raises Refused, recorded."""

    def read() -> tuple[str, ...]:
        refuse_private_keys(" ".join(typed), field="names")
        if len(typed) > MAXIMUM_NAMES:
            sentence = gettext("You entered {count} names; one certificate carries at most {most}.")
            raise Refused("too-many-names", sentence.format(count=len(typed), most=MAXIMUM_NAMES), field="names")
        if not typed:
            raise Refused("name-empty", gettext("Enter the name under which people reach the server."), field="names")
        return tuple(dict.fromkeys(normalize_dns_name(name) for name in typed))

    names = attempt(visit.house, visit.actor, visit.about("check-names", "draft", "draft"), read)

    def judge(tx: Transaction, organization: Organization) -> None:
        require_covered(names, organizations.domains_of(tx, organization.id), tx.now, _tier(tx, organization), entered=True)

    look_up(visit, judge)
    return names


def _tier(tx: Transaction, organization: Organization) -> Tier:
    return loosest_tier(offer.policy for offer in offers(tx, organization))


def _show_names(visit: Visit, draft: Draft, status: int = 200) -> Response:
    def valid(tx: Transaction, organization: Organization) -> list[str]:
        tier = _tier(tx, organization)
        return [domain.name for domain in organizations.domains_of(tx, organization.id) if domain.is_valid(tx.now, tier)]

    domains = look_up(visit, valid)
    return show_step(visit, draft, "names", {"domains": domains, "written": "\n".join(draft.answers.names)}, status)


def ask_use(visit: Visit, draft: Draft) -> Response:
    """Ask how long the certificate lives and which servers will have it."""
    return _show_use(visit, draft)


def keep_use(visit: Visit, draft: Draft) -> Response:
    """Keep policy, life and servers; with the button for more rows keep nothing and show more of them."""
    if visit.form.value("more"):
        return _show_use(visit, draft)
    try:
        policy, days = _life(visit)
        found = look_up(visit, offers)
        offer = next((each for each in found if each.policy.name == policy), None)
        if offer is None:
            raise Refused("lifetime", gettext("Choose how long the certificate shall be valid."), field="lifetime_days")
        look_up(visit, lambda tx, _: require_lifetime(offer.policy, days, tx.now))
        servers = require_endpoints(typed_servers(visit), min(MAXIMUM_ENDPOINTS, offer.policy.max_endpoints))
        draft = save(visit, draft, policy=policy, lifetime_days=days, servers=tuple(server.text() for server in servers))
    except PrivysealError as error:
        return show_again(visit, error, lambda status: _show_use(visit, draft, status), {"lifetime_days": "life", "endpoints": FIELD})
    step = "contact" if lacks_answers(visit, draft.answers) else after(draft.answers, "use")
    return visit.go_to(place(visit, draft, step))


def _life(visit: Visit) -> tuple[str, int]:
    days, _, policy = visit.form.value("life").partition(":")
    return policy, int(days) if days.isascii() and days.isdecimal() and len(days) < 6 else 0


def _show_use(visit: Visit, draft: Draft, status: int = 200) -> Response:
    found = look_up(visit, offers)
    kept = [read_endpoint(text) for text in draft.answers.servers]
    if not kept and not visit.form.values:
        # The certificate has the names of the CSR, whatever was typed before it.
        names = names_of(read_csr(draft.answers.csr.encode())) if draft.answers.csr else draft.answers.names
        kept = [Endpoint(ServerKind.WEB_SERVER, name) for name in names if not name.startswith("*")][:1]
    values: dict[str, object] = {
        "lives": _lives(found),
        "life": f"{draft.answers.lifetime_days}:{draft.answers.policy}" if draft.answers.lifetime_days else _only(found),
        "servers": server_rows(visit, kept),
    }
    return show_step(visit, draft, "use", values, status)


def _lives(found: tuple[Offer, ...]) -> list[tuple[str, str, str]]:
    """Return the choices of policy and life: a value, the words, and the policy's name where there are several."""
    words = gettext("{days} days")
    return [
        (f"{days}:{offer.policy.name}", words.format(days=days), offer.policy.name if len(found) > 1 else "")
        for offer in found
        for days in offer.lives
    ]


def _only(found: tuple[Offer, ...]) -> str:
    lives = _lives(found)
    return lives[0][0] if len(lives) == 1 else ""


def ask_contact(visit: Visit, draft: Draft) -> Response:
    """Ask who is told about the certificate."""
    return _show_contact(visit, draft)


def _show_contact(visit: Visit, draft: Draft, status: int = 200) -> Response:
    own = inputs(asked_for(visit, draft.answers), draft.answers)
    values: dict[str, object] = {"departments": choices(visit, draft.answers.department), "own_fields": own}
    return show_step(visit, draft, "contact", values, status)


def keep_contact(visit: Visit, draft: Draft) -> Response:
    """Keep the contact, the comment and the organization's own fields; what is wrong is told of all fields at once."""
    contact: dict[str, object] = {}
    for name, read in _CONTACT.items():
        try:
            contact[name] = attempt(
                visit.house, visit.actor, visit.about("check-contact", "draft", "draft"), partial(_read_of, visit, name, read)
            )
        except Refused as error:
            visit.form.refuse(name, error.sentence)
    filled_in = read_typed(visit, asked_for(visit, draft.answers))
    if visit.form.problems:
        return _show_contact(visit, draft, 422)
    try:
        draft = save(visit, draft, **contact, custom_fields=filled_in)
    except PrivysealError as error:
        return show_again(visit, error, lambda status: _show_contact(visit, draft, status), {name: name for name in _CONTACT})
    return visit.go_to(place(visit, draft, after(draft.answers, "contact")))


def _read_of(visit: Visit, name: str, read: Callable[[str], str]) -> str:
    typed = visit.form.value(name)
    refuse_private_keys(typed, field=name)
    return read(typed)


def _contact_address(typed: str) -> str:
    if not typed:
        raise Refused("email-form", gettext("Enter your mail address. The certificate is sent there."), field="contact_email")
    return normalize_email(typed)


_CONTACT: Final[Mapping[str, Callable[[str], str]]] = {
    "contact_name": lambda typed: require_text("contact_name", typed, 64),
    "contact_email": _contact_address,
    "comment": lambda typed: require_text("comment", typed, 500, optional=True),
    "department": require_department_id,
}
"""The fields of the step, and what makes an answer of each."""


def lead_on(visit: Visit, draft: Draft) -> Response:
    """The address of a draft without a step leads to where it stands."""
    return visit.go_to(place(visit, draft, first_open(draft.answers)))


PAGES = (
    portal_page(Method.GET, "/enroll", ask_first),
    portal_page(Method.POST, "/enroll", start),
    portal_page(Method.GET, "/enroll/{draft}", with_draft(lead_on)),
    portal_page(Method.GET, "/enroll/{draft}/server", with_draft(ask_server)),
    portal_page(Method.POST, "/enroll/{draft}/server", with_draft(keep_server)),
    portal_page(Method.GET, "/enroll/{draft}/names", with_draft(ask_names)),
    portal_page(Method.POST, "/enroll/{draft}/names", with_draft(keep_names)),
    portal_page(Method.GET, "/enroll/{draft}/use", with_draft(ask_use)),
    portal_page(Method.POST, "/enroll/{draft}/use", with_draft(keep_use)),
    portal_page(Method.GET, "/enroll/{draft}/contact", with_draft(ask_contact)),
    portal_page(Method.POST, "/enroll/{draft}/contact", with_draft(keep_contact)),
)
