"""A service with a full database, for the figures of pages: everything that a page is about is there, and many of most things.

100,000 certificates and 1,000 pending requests lie in a tree of 10,000 departments; 200 people, 300 organizations, 200
changes that wait for signatures, and at least one of everything else that the address of a page names.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from bench.pages_service import SLUG, cookie
from privyseal.actions.administrator.create_api_token import create_api_token
from privyseal.actions.contact.propose_contact import propose_contact
from privyseal.actions.domain.send_domain_letter import send_domain_letter
from privyseal.actions.house import About, perform
from privyseal.actions.organization.confirm_application import confirm_application
from privyseal.actions.organization.submit_application import submit_application
from privyseal.actions.request.save_draft import save_draft
from privyseal.actions.request.start_draft import start_draft
from privyseal.engine.phrases import code_hash
from privyseal.model.actor import Actor, ActorKind
from privyseal.model.administrator import Permission, Role
from privyseal.model.application import ContactKind
from privyseal.model.change import ChangeKind
from privyseal.model.fact import FactKind
from privyseal.model.identifiers import LostCardId
from privyseal.model.lost_card import LostCard
from privyseal.model.policy_draft import PolicyDraft
from privyseal.model.price import price_content
from privyseal.model.unit import UnitTier
from privyseal.model.vetting import VettingItem
from privyseal.store import assignments, certificates, lost_cards, organizations, outbox, policies, requests
from tests.actions.organization.test_application import FORM
from tests.rigs.changes import policy_change, propose, proposed
from tests.rigs.copies import Copies, settle
from tests.rigs.crowds import copy_application, copy_change, copy_organizations, copy_people, fail_letters, grow_departments
from tests.rigs.reviews import open_review
from tests.rigs.service import OPERATOR, AdministratorRig, ServiceRig, hashes_hex, make_csr, make_key
from tests.rigs.vetting import VETTER, fill

CERTIFICATES, PENDING, DEPARTMENTS = 100_000, 1_000, 10_000
PEOPLE, ORGANIZATIONS, MANY = 200, 300, 200
NAMES: Final = frozenset(
    [
        "administrator",
        "application",
        "assignment",
        "authority",
        "change",
        "contact_change",
        "department",
        "draft",
        "item",
        "letter",
        "lost_id",
        "name",
        "number",
        "org",
        "policy",
        "provider_administrator",
        "provider_change",
        "provider_review",
        "provider_sha256",
        "request",
        "review",
        "serial",
        "sha256",
        "slug",
        "token",
        "validation",
    ]
)
"""What the addresses of pages name."""

APPLICANT: Final = "applicant"
STRANGER: Final = Actor(ActorKind.REQUESTER, "anonymous", source="somewhere")
SET_UP: Final = About("set-up", SLUG, "organization", SLUG)


@dataclass(frozen=True, slots=True)
class FullDatabase:
    """``values`` are what the addresses of pages name; ``widely`` and ``narrowly`` are Cookie headers.

    The one is of people who see everything, the other of somebody whose roles reach over a tenth of the departments.
    """

    values: dict[str, str]
    widely: str
    narrowly: str
    older: str
    email: str


def fill_database(rig: ServiceRig) -> FullDatabase:
    """Fill the database of a new service."""
    rig.listeners[FactKind.APPLICATION_RECEIVED] = ("bench",)
    rig.create_organization(SLUG, units=10)
    fox, vera = rig.administrator(SLUG), rig.administrator("", "Vera Vetter", Role.PROVIDER_ADMINISTRATOR)
    tree = grow_departments(rig, SLUG, DEPARTMENTS)
    monica = rig.administrator(SLUG, "Monica Reyes", Role.READ_ONLY, by=fox)
    monica = rig.assign(monica, Role.READ_ONLY, by=fox, change="take")
    monica = rig.assign(monica, Role.CERTIFICATE_ADMINISTRATOR, by=fox, department=tree[0].id)
    values = {
        "org": SLUG,
        "slug": SLUG,
        "department": tree[990].id,
        "administrator": fox.administrator.id,
        "sha256": hashes_hex(fox.certificate_der),
        **_at_the_provider(rig, fox, vera),
        **_of_the_organization(rig, fox),
    }
    copies = Copies(rig, fox, [item.id for item in tree])
    copies.add(CERTIFICATES, PENDING)
    copy_people(rig, fox, range(PEOPLE))
    copy_organizations(rig, SLUG, range(ORGANIZATIONS))
    copy_application(rig, values["application"], range(MANY))
    copy_change(rig, values["change"], range(MANY))
    fail_letters(rig, range(MANY))
    values |= {name: open_review(rig.house, rig.clock(), slug) for name, slug in (("review", SLUG), ("provider_review", ""))}
    settle(rig)
    return _with_rows(rig, values, f"{cookie(rig, fox)}; {cookie(rig, vera)}", cookie(rig, monica))


def _at_the_provider(rig: ServiceRig, fox: AdministratorRig, vera: AdministratorRig) -> dict[str, str]:
    """An applicant under vetting, an application that waits, a card that is lost, a domain asked about by mail, a price that waits."""
    rig.administrator("", "Otto Operator", Role.PROVIDER_ADMINISTRATOR)
    price = proposed(ChangeKind.PRICE, UnitTier.STANDARD.value, 0, 2, price_content(UnitTier.STANDARD, 1, 4900, "EUR"))
    propose(rig, price, vera)
    rig.create_organization(APPLICANT, name="Applicant, Inc.", domains=("applicant.test",), units=0, vet=False)
    fill(rig.house, APPLICANT, leave_out=frozenset({VettingItem.DOMAINS}))
    about = About("submit-application", "", "application", "new")
    application = perform(rig.house, STRANGER, about, submit_application, FORM)
    with rig.house.database.read(rig.clock()) as tx:
        rows = tx.execute(outbox.outbox.select().where(outbox.outbox.c.fact == FactKind.APPLICATION_RECEIVED.value)).all()
    perform(rig.house, STRANGER, about, confirm_application, application.id, rows[-1].payload["code"])
    for number in range(20):
        rig.validate(SLUG, f"division-{number}.test")
    letter = perform(rig.house, VETTER, SET_UP, send_domain_letter, SLUG, f"{SLUG}.test", f"hostmaster@{SLUG}.test")
    with rig.house.database.write(rig.clock()) as tx:
        lost = LostCard(
            LostCardId(rig.house.id("los", tx.now)),
            organizations.require(tx, SLUG).id,
            fox.administrator.id,
            code_hash("lost"),
            tx.now,
            tx.now + timedelta(hours=1),
            confirmed_at=tx.now,
        )
        lost_cards.insert(tx, lost)
        domain = organizations.domains_of(tx, organizations.require(tx, SLUG).id)[0]
    return {
        "application": application.id,
        "authority": "issuing",
        "lost_id": lost.id,
        "letter": letter.id,
        "name": domain.name,
        "validation": str(domain.validation_id),
        "item": VettingItem.DOMAINS.value,
        "number": "1",
        "provider_administrator": vera.administrator.id,
        "provider_sha256": hashes_hex(vera.certificate_der),
        "provider_change": price.id,
    }


def _of_the_organization(rig: ServiceRig, fox: AdministratorRig) -> dict[str, str]:
    """A token, a half-written request, a change that waits for its second signature, a contact that waits for answers."""
    rig.administrator(SLUG, "Walter Skinner", by=fox)
    change = policy_change(rig, SLUG, PolicyDraft(name="second"))
    propose(rig, change, fox)
    contact = perform(rig.house, fox.actor, SET_UP, propose_contact, SLUG, ContactKind.BILLING, "Dana Scully", f"dana@{SLUG}.test")
    draft = perform(rig.house, STRANGER, SET_UP, start_draft, SLUG, "nginx")
    answers = {
        "names": (f"www.{SLUG}.test",),
        "csr": make_csr([f"www.{SLUG}.test"], make_key()),
        "policy": "tls-server",
        "lifetime_days": 365,
        "servers": ("web-server:www",),
        "contact_name": "Dana Scully",
        "contact_email": f"dana@{SLUG}.test",
    }
    perform(rig.house, STRANGER, SET_UP, save_draft, SLUG, draft.id, answers)
    with rig.house.database.read(rig.clock()) as tx:
        policy = policies.of_organization(tx, organizations.require(tx, SLUG).id)[0]
        held = assignments.in_force(tx, [fox.administrator.id])[fox.administrator.id][0]
    token = perform(rig.house, OPERATOR, SET_UP, create_api_token, SLUG, "bench", (Permission.READ,), 30).token
    return {
        "token": token.id,
        "draft": draft.id,
        "change": change.id,
        "contact_change": contact.id,
        "policy": policy.id,
        "assignment": held.id,
    }


def _with_rows(rig: ServiceRig, values: dict[str, str], widely: str, narrowly: str) -> FullDatabase:
    """Name a request that waits and a certificate of the department, which lies in the part that ``narrowly`` sees."""
    asked, made = requests.requests, certificates.certificates
    with rig.house.database.read(rig.clock()) as tx:
        inside = values["department"]
        pending = tx.execute(asked.select().where(asked.c.state == "pending", asked.c.department_id == inside).limit(1)).one()
        issued = tx.execute(made.select().where(made.c.department_id == inside).limit(1)).one()
    named = values | {"request": pending.id, "serial": issued.serial_hex}
    assert named.keys() == NAMES, named.keys() ^ NAMES
    return FullDatabase(named, widely, narrowly, issued.id, issued.contact_email)
