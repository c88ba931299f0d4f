"""I17, A35: nobody of an organization gets a credential before two different people of the provider have vetted it.

A database writer says that it is active, with a vetting that does not count. Entrance and issuer are asked, each for itself.
"""

from __future__ import annotations

import pytest

from privyseal.actions.administrator.invite_administrator import invite_administrator
from privyseal.actions.house import About, perform
from privyseal.model.administrator import Role
from privyseal.model.errors import PrivysealError
from privyseal.store import administrators, organizations
from tests.rigs.intruder import Intruder, make_intruder
from tests.rigs.service import OPERATOR, ServiceRig, mail_of

ORG, OTHER = "resource-marketing", "acme-works"
ACTIVE = "UPDATE organizations SET state = 'active', vetted_at = created_at, vetted_by = 'somebody' WHERE slug = :slug"
VETTING = (
    "INSERT INTO vettings (id, organization_id, number, state, is_earlier, opened_at, opened_by, submitted_at, submitted_by,"
    " concluded_at, concluded_by, return_reason) SELECT 'vet-forged', id, 7, :state, :no, created_at, 'a', created_at, :first,"
    " created_at, :second, '' FROM organizations WHERE slug = :slug"
)
NONE_THAT_COUNTS: dict[str, dict[str, str] | None] = {
    "none at all": None,
    "one person, twice": {"state": "concluded", "first": "adm-one", "second": "adm-one"},
    "nobody submitted it": {"state": "concluded", "first": "", "second": "adm-one"},
    "nobody concluded it": {"state": "concluded", "first": "adm-one", "second": ""},
    "not concluded yet": {"state": "submitted", "first": "adm-one", "second": "adm-two"},
}


@pytest.fixture
def intruder(service: ServiceRig) -> Intruder:
    """Beside an organization that nobody vetted stands one that two people did."""
    service.create_organization(vet=False)
    service.create_organization(OTHER, name="Acme Works", domains=["acme-works.test"])
    return make_intruder(service)


def credentials(service: ServiceRig, slug: str) -> int:
    """How many credentials people of an organization have."""
    with service.house.database.read(service.clock()) as tx:
        return len(administrators.credentials_within(tx, organizations.require(tx, slug).id))


def entrance_says(service: ServiceRig, slug: str) -> str:
    """What becomes of an invitation of the first administrator."""
    about = About("invite-administrator", slug, "administrator", "new")
    try:
        perform(
            service.house,
            OPERATOR,
            about,
            invite_administrator,
            slug,
            "Fox Mulder",
            mail_of("Fox Mulder", slug),
            Role.SECURITY_ADMINISTRATOR,
        )
    except PrivysealError as refusal:
        return refusal.kind
    return "invited"


@pytest.mark.parametrize("how", NONE_THAT_COUNTS)
def test_nobody_comes_in_by_a_vetting_that_does_not_count(service: ServiceRig, intruder: Intruder, how: str) -> None:
    intruder.sql("DELETE FROM vettings WHERE organization_id = (SELECT id FROM organizations WHERE slug = :slug)", slug=ORG)
    forged = NONE_THAT_COUNTS[how]
    if forged is not None:
        intruder.sql(VETTING, slug=ORG, no=False, **forged)
    intruder.sql(ACTIVE, slug=ORG)
    assert entrance_says(service, ORG) == "not-vetted"
    answer = intruder.ask(intruder.enter(ORG))
    assert (answer.ok, answer.kind) == (False, "not-vetted")
    assert credentials(service, ORG) == 0


def test_before_the_vetting_nobody_comes_in_either(service: ServiceRig, intruder: Intruder) -> None:
    assert entrance_says(service, ORG) == "organization-not-active"
    assert not intruder.ask(intruder.enter(ORG)).ok
    assert credentials(service, ORG) == 0


def test_who_was_vetted_by_two_gets_in(service: ServiceRig, intruder: Intruder) -> None:
    """The same ways lead in there: it is the vetting that closes them above."""
    assert intruder.ask(intruder.enter(OTHER)).ok
    assert credentials(service, OTHER) == 1
