"""Policies of an organization: the form with what holds now, a check page with old and new values, adding the version."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from starlette.responses import Response

from privyseal.actions.house import About, attempt
from privyseal.actions.organization.add_policy import add_policy
from privyseal.look.certificate_words import key_kinds
from privyseal.look.sentences import word
from privyseal.look.words import gettext, ngettext
from privyseal.model.errors import BadRequest, Conflict, Refused
from privyseal.model.identifiers import PolicyId
from privyseal.model.organization import Organization
from privyseal.model.policy import OPEN, Lint, Policy
from privyseal.model.policy_draft import EVERYBODY, WITH_ACCOUNT, PolicyDraft, draft_of
from privyseal.model.profile import KeyAlgorithm
from privyseal.model.unit import UnitTier
from privyseal.pages.provider_console.organization import place, read_number, require_organization
from privyseal.reception.site import Visit
from privyseal.store import administrators, policies

FORM = "provider_console/policy.html"
CHECK = "provider_console/policy_check.html"
THEIRS = "provider_console/policy_theirs.html"
FIELDS = ("name", "lifetimes_days", "key_algorithms", "unit_tier", "approvals", "max_endpoints", "lint", "open_enrollment")
USUAL = "tls-server"
SHORTEST_VERSION = 9


@dataclass(frozen=True, slots=True)
class Row:
    """One rule of a policy in words: as it was in the version before ("" in the first one), and as it will be."""

    term: str
    before: str
    after: str

    @property
    def is_changed(self) -> bool:
        """Whether a version before had something else."""
        return bool(self.before) and self.before != self.after


def show_policy(visit: Visit) -> Response:
    """Show the form, filled with the newest version of the policy that is asked for, or with what came back from the check.

    From the first administrator on the organization decides about its policies: then the page says how, and offers nothing.
    """
    organization = require_organization(visit)
    if _decides_itself(visit, organization):
        return visit.show(THEIRS, {"organization": organization, "place": place(visit), "name": visit.query("name", 64)})
    asked = visit.request.query_params
    if "lifetimes_days" in asked:
        visit.form.values = _asked(visit)
    else:
        name = visit.query("name", 64) or _first_name(visit, organization)
        known = _newest(visit, organization, name)
        draft = draft_of(known) if known else PolicyDraft(name=name, requesters=WITH_ACCOUNT)
        visit.form.values = _typed(draft)
    return _show_form(visit, organization)


def _decides_itself(visit: Visit, organization: Organization) -> bool:
    with visit.house.database.read(visit.now) as tx:
        return bool(administrators.credentials_within(tx, organization.id))


def _asked(visit: Visit) -> dict[str, Sequence[str]]:
    return {name: visit.request.query_params.getlist(name) for name in FIELDS}


def _show_form(visit: Visit, organization: Organization, status: int = 200) -> Response:
    with visit.house.database.read(visit.now) as tx:
        names = [policy.name for policy in policies.of_organization(tx, organization.id)]
    values = {"organization": organization, "place": place(visit), "algorithms": key_kinds(), "names": names}
    return visit.show(FORM, values, status=status)


def _first_name(visit: Visit, organization: Organization) -> str:
    with visit.house.database.read(visit.now) as tx:
        names = [policy.name for policy in policies.of_organization(tx, organization.id)]
    return USUAL if USUAL in names or not names else names[0]


def _newest(visit: Visit, organization: Organization, name: str) -> Policy | None:
    with visit.house.database.read(visit.now) as tx:
        return policies.newest(tx, organization.id, name)


def _typed(draft: PolicyDraft) -> dict[str, Sequence[str]]:
    """Return what somebody would have typed to get this draft."""
    return {
        "name": [draft.name],
        "lifetimes_days": [" ".join(map(str, draft.lifetimes_days))],
        "key_algorithms": [item.value for item in draft.key_algorithms],
        "unit_tier": [draft.unit_tier.value],
        "approvals": [str(draft.approvals)],
        "max_endpoints": [str(draft.max_endpoints)],
        "lint": [draft.lint.value],
        "open_enrollment": [] if draft.requesters.isdisjoint(OPEN) else ["yes"],
    }


def prepare_policy(visit: Visit) -> Response:
    """Lead to the check page, or show the form again with what is wrong; nothing is added yet."""
    organization = require_organization(visit)
    try:
        _checked(visit, organization)
    except (Refused, BadRequest) as error:
        visit.form.refuse(error.field, error.sentence)
        return _show_form(visit, organization, 422)
    return visit.go_to(f"{place(visit)}/policy/check?{_query(visit)}")


def _query(visit: Visit) -> str:
    return urlencode({name: visit.form.all(name) for name in FIELDS}, doseq=True)


def show_check(visit: Visit) -> Response:
    """Show the version that would be added beside the one that it follows; without one, the form."""
    organization = require_organization(visit)
    if "lifetimes_days" not in visit.request.query_params or _decides_itself(visit, organization):
        return show_policy(visit)
    visit.form.values = _asked(visit)
    return _show_check(visit, organization)


def _show_check(visit: Visit, organization: Organization, status: int = 200) -> Response:
    try:
        previous, following = _checked(visit, organization)
    except (Refused, BadRequest) as error:
        visit.form.refuse(error.field, error.sentence)
        return _show_form(visit, organization, 422)
    rows = _rows(previous, following)
    values = {
        "organization": organization,
        "place": place(visit),
        "policy": following,
        "previous": previous,
        "rows": rows,
        "fields": FIELDS,
        "is_changed": previous is None or any(row.is_changed for row in rows),
        "back": f"{place(visit)}/policy?{_query(visit)}",
    }
    return visit.show(CHECK, values, status=status)


def _checked(visit: Visit, organization: Organization) -> tuple[Policy | None, Policy]:
    """Return the newest version and the one that would follow; raises Refused, BadRequest, which are recorded."""
    about = About("add-policy", organization.slug, "policy", "new")

    def work() -> tuple[Policy | None, Policy]:
        previous = _newest(visit, organization, visit.form.value("name"))
        draft = _draft(visit, previous)
        return previous, draft.version_after(previous, PolicyId("pol-new"), organization.id, visit.now)

    return attempt(visit.house, visit.actor, about, work)


def add(visit: Visit) -> Response:
    """Add the version that was checked, unless another one came in between: then the check is shown again."""
    organization = require_organization(visit)
    about = About("add-policy", organization.slug, "policy", "new")
    try:
        previous, _ = _checked(visit, organization)
        text = visit.form.value("after")
        after = int(text) if text.isascii() and text.isdigit() and len(text) <= SHORTEST_VERSION else -1
        visit.perform(about, add_policy, organization.slug, _draft(visit, previous), after=after)
    except Conflict as error:
        visit.form.refuse("", error.sentence)
        return _show_check(visit, organization, 409)
    except (Refused, BadRequest) as error:
        visit.form.refuse(error.field, error.sentence)
        return _show_form(visit, organization, 422)
    return visit.go_to(f"{place(visit)}?done=policy#policies")


def _draft(visit: Visit, previous: Policy | None) -> PolicyDraft:
    form = visit.form
    algorithms = {item.value: item for item in KeyAlgorithm}
    # What this form does not ask, such as tier and fields, stays as it was.
    return replace(
        draft_of(previous) if previous else PolicyDraft(),
        name=form.value("name"),
        unit_tier=UnitTier.PREMIUM if form.value("unit_tier") == UnitTier.PREMIUM.value else UnitTier.STANDARD,
        key_algorithms=tuple(algorithms[text] for text in form.all("key_algorithms") if text in algorithms),
        lifetimes_days=tuple(read_number("lifetimes_days", text) for text in form.value("lifetimes_days").replace(",", " ").split()),
        approvals=read_number("approvals", form.value("approvals")),
        lint=Lint.TEMPLATE if form.value("lint") == Lint.TEMPLATE.value else Lint.EACH,
        max_endpoints=read_number("max_endpoints", form.value("max_endpoints")),
        requesters=EVERYBODY if form.has("open_enrollment", "yes") else WITH_ACCOUNT,
    )


def _rows(previous: Policy | None, following: Policy) -> list[Row]:
    before = _words(previous) if previous else {}
    return [Row(term, before.get(term, ""), text) for term, text in _words(following).items()]


def _words(policy: Policy) -> dict[str, str]:
    """Return every rule of a policy in words, by its name."""
    kinds = dict(key_kinds())
    return {
        gettext("Days that a certificate may last"): ", ".join(map(str, sorted(policy.lifetimes_days))),
        gettext("Keys"): ", ".join(sorted(kinds[item.value] for item in policy.key_algorithms)),
        gettext("Unit that a certificate uses"): word(policy.unit_tier.value),
        gettext("Approvals"): ngettext("%(num)s person approves each request", "%(num)s people approve each request", policy.approvals)
        % {"num": policy.approvals},
        gettext("Servers that may share a certificate"): gettext("at most %(number)s") % {"number": policy.max_endpoints},
        gettext("Formal check of certificates"): lint_words(policy.lint),
        gettext("Requests from people without an account"): gettext("yes, at the portal") if policy.open_enrollment else gettext("no"),
    }


def lint_words(lint: Lint) -> str:
    """Return in words how certificates are linted."""
    if lint is Lint.EACH:
        return gettext("every certificate before it is signed")
    return gettext("the template once, and every variable field each time")
