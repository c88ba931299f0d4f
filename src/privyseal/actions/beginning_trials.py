"""How a trial begins: the organization with its mark, a name for tests, units, a policy, and its one administrator's link.

No action, but what shares ``start_trial`` (somebody confirmed an address) and ``create_trial`` (the provider's word). Everything
is durable together or not at all; what a trial has afterwards is what any organization has, under another CA.
"""

from __future__ import annotations

from privyseal.actions.account_life import note
from privyseal.actions.admission import send_link
from privyseal.actions.house import House, announce, record
from privyseal.actions.setting_up import store_set_up
from privyseal.actions.validating import store_validation
from privyseal.engine.dcv import Evidence
from privyseal.engine.names import normalize_email
from privyseal.engine.phrases import new_code
from privyseal.model.actor import Actor
from privyseal.model.administrator import Administrator, AdministratorState, Role
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.domain import Domain, ValidationMethod
from privyseal.model.errors import Conflict, Refused
from privyseal.model.fact import FactKind
from privyseal.model.identifiers import AdministratorId, DomainId, OrderId, OrganizationId
from privyseal.model.organization import Organization, OrganizationEvent, OrganizationState
from privyseal.model.request import require_text
from privyseal.model.trial import MAXIMUM_TRIALS, TRIAL_LIFE, TRIAL_POLICY, TRIAL_UNITS, TrialForm, trial_domain, trial_name, trial_slug
from privyseal.model.unit import Order, UnitTier
from privyseal.store import organizations, units
from privyseal.store.database import Transaction

UNKNOWN_COUNTRY = "XX"
"""ISO 3166-1 leaves this code to whoever needs one for no country; nobody looked up where a trial is."""


def require_offered(house: House) -> None:
    """Raise Refused ``no-trials`` where strangers cannot start one."""
    if not house.offers_trials:
        raise Refused("no-trials", "This service has no trials for everybody. Apply for an organization instead.")


def require_trials(house: House, tx: Transaction) -> None:
    """Raise Refused ``no-trials`` where this service has none, Conflict ``trials-full`` when as many go on as there may be."""
    if not house.has_trials:
        raise Refused("no-trials", "This service has no trials. Apply for an organization instead.")
    if organizations.count_trials(tx) >= MAXIMUM_TRIALS:
        raise Conflict("trials-full", "As many trials go on as this service has room for. Try again in a few days, or apply.")


def begin_trial(house: House, tx: Transaction, actor: Actor, form: TrialForm) -> Organization:
    """Enter the trial and mail the link; raises Refused ``no-trials``, Conflict ``slug-taken``, ``trials-full``."""
    require_trials(house, tx)
    if organizations.by_slug(tx, form.slug) is not None:
        sentence = f"There is a trial {form.slug} already. Ask for another short name."
        raise Conflict("slug-taken", sentence, field="slug")
    organization = Organization(
        id=OrganizationId(house.id("org", tx.now)),
        slug=form.slug,
        name=form.name,
        country=UNKNOWN_COUNTRY,
        state_or_province="",
        locality="",
        contact_email=form.person_email,
        state=OrganizationState.ACTIVE,
        created_at=tx.now,
        vetted_at=None,
        vetted_by="",
        vetting_evidence="",
        trial_until=tx.now.replace(microsecond=0) + TRIAL_LIFE,
    )
    organizations.insert(tx, organization)
    note(tx, actor, organization, OrganizationEvent.START_TRIAL, OrganizationState.ACTIVE)
    record(house, tx, actor, form.slug, AuditEvent("start-trial", Outcome.DONE, "organization", organization.id))
    _give(house, tx, actor, organization)
    first = Administrator(
        id=AdministratorId(house.id("adm", tx.now)),
        organization_id=organization.id,
        name=form.person_name,
        email=form.person_email,
        role=Role.SECURITY_ADMINISTRATOR,
        state=AdministratorState.INVITED,
        created_at=tx.now,
    )
    announce(house, tx, FactKind.KIT_MADE, {"organization": form.slug})
    send_link(house, tx, actor, form.slug, first)
    return organization


def _give(house: House, tx: Transaction, actor: Actor, organization: Organization) -> None:
    """Register the name for tests, and give the policy and the units."""
    name = trial_domain(organization.slug)
    domain = Domain(
        id=DomainId(house.id("dom", tx.now)),
        organization_id=organization.id,
        name=name,
        token=new_code(house.random_bytes),
        method=None,
        evidence="",
        validated_at=None,
        expires_at=None,
        created_at=tx.now,
    )
    organizations.insert_domain(tx, domain)
    record(house, tx, actor, organization.slug, AuditEvent("add-domain", Outcome.DONE, "domain", name))
    answers = ("RFC 6761 6.2: nobody can own a name below .test",)
    seen = Evidence(
        method=ValidationMethod.RESERVED, name=name, answers=answers, resolvers=(), connected_to="", authenticated=False, at=tx.now
    )
    store_validation(house, tx, actor, organization.slug, domain, seen, until=organization.trial_until)
    store_set_up(house, tx, actor, organization, TRIAL_POLICY)
    order = Order(OrderId(house.id("ord", tx.now)), organization.id, UnitTier.STANDARD, TRIAL_UNITS, "trial", tx.now)
    units.add_order(tx, order)
    event = AuditEvent("place-order", Outcome.DONE, "order", order.id, reason=f"{TRIAL_UNITS} {UnitTier.STANDARD.value}")
    record(house, tx, actor, organization.slug, event)


def trial_form(fields: dict[str, str]) -> TrialForm:
    """Return what was written, with the marks of a trial; raises Refused at the field that is wrong."""
    try:
        email = normalize_email(fields["person_email"])
    except Refused as refusal:
        raise Refused(refusal.kind, refusal.sentence, field="person_email") from refusal
    return TrialForm(trial_name(fields["name"]), trial_slug(fields["slug"]), require_text("person_name", fields["person_name"], 64), email)
