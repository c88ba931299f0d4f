"""I17 and decision 0022: a trial needs no vetting and never becomes trusted, whoever writes the database; nor does it the other way round.

Every entrance is bypassed: rows are written as they would have to be, and the issuer is asked.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from privyseal.actions.certificate.prepare_certificates import prepare_certificates
from privyseal.actions.house import TEST_ISSUING, TEST_ROOT, About, perform
from privyseal.actions.organization.create_organization import create_organization
from privyseal.actions.organization.open_vetting import open_vetting
from privyseal.actions.organization.place_order import place_order
from privyseal.actions.trial.end_trials import end_trials
from privyseal.issuer.desk import complete_batch
from privyseal.model.actor import SYSTEM
from privyseal.model.certificate import Certificate
from privyseal.model.errors import Conflict, PrivysealError, Refused
from privyseal.model.identifiers import RequestId
from privyseal.model.organization import Organization, OrganizationState, require_vetted
from privyseal.model.rules import Tier
from privyseal.model.trial import TRIAL_LIFE, TRIAL_UNITS
from privyseal.model.unit import UnitTier
from privyseal.store import organizations, units, vettings
from tests.rigs.intruder import make_intruder
from tests.rigs.service import OPERATOR, AdministratorRig, ServiceRig, make_csr, make_key
from tests.rigs.trials import begin_trial
from tests.rigs.vetting import VETTER

TRIAL, REAL = "test-acme", "resource-marketing"
NAME = "www.test-acme.test"
POLICY: dict[str, Any] = {"policy": "test-server", "lifetime_days": 30}


@pytest.fixture
def trial(service: ServiceRig) -> tuple[Organization, AdministratorRig]:
    """A trial with its administrator."""
    return begin_trial(service)


def issue(service: ServiceRig, slug: str, admin: AdministratorRig, name: str = NAME) -> Certificate:
    """The whole way of one certificate."""
    request = service.submit(slug, make_csr([name], make_key()), **POLICY)
    service.approve(request, admin)
    [result] = service.prepare_and_complete(request.id)
    assert result.ok, result
    certificate = service.certificate_of(request)
    assert certificate is not None
    return certificate


def approved(service: ServiceRig, slug: str, admin: AdministratorRig, name: str) -> RequestId:
    """A request that only has to be prepared and completed."""
    request = service.submit(slug, make_csr([name], make_key()), **(POLICY if slug == TRIAL else {}))
    service.approve(request, admin)
    return request.id


def refusal_of(service: ServiceRig, request_id: RequestId) -> str:
    """Why the entrance does not prepare a request, or the issuer does not complete it; fails when there is a certificate."""
    about = About("prepare-certificate", "", "request", "batch")
    prepared = perform(service.house, SYSTEM, about, prepare_certificates, [request_id])
    if prepared.failures:
        return f"prepare: {prepared.failures[0][1].kind}"
    [result] = complete_batch(service.house, service.keys, [intent.id for intent in prepared.intents]).values()
    assert not result.ok
    return f"complete: {result.kind}"


def names_of(certificate: Certificate) -> tuple[str, str]:
    """Organization of the holder, and common name of the issuer."""
    read = x509.load_der_x509_certificate(certificate.der)
    holder = read.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)[0].value
    return str(holder), str(read.issuer.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)


def test_a_trial_issues_from_its_first_moment_through_the_test_ca_alone(
    service: ServiceRig, trial: tuple[Organization, AdministratorRig]
) -> None:
    """Nobody vetted it, and whatever it is given says TEST: the holder, both CAs, and whoever approved."""
    organization, admin = trial
    certificate = issue(service, TRIAL, admin)
    authority = service.house.authorities[TEST_ISSUING]
    assert certificate.authority_id == authority.id
    assert names_of(certificate) == ("TEST Acme Works", "TEST Issuing CA 1 - nobody trusts it")
    read = x509.load_der_x509_certificate(certificate.der)
    read.verify_directly_issued_by(x509.load_der_x509_certificate(authority.issuer.certificate_der))
    root = x509.load_der_x509_certificate(authority.root)
    assert root.subject == root.issuer != x509.load_der_x509_certificate(service.house.authorities["root"].root).subject
    assert all(value.startswith("TEST ") for value in (str(item.value) for item in root.subject))
    assert service.house.root_for(organization).slug == TEST_ROOT
    card = x509.load_der_x509_certificate(admin.certificate_der)
    assert card.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)[0].value == "TEST Acme Works"
    assert organization.trial_until is not None
    assert card.not_valid_after_utc <= organization.trial_until >= read.not_valid_after_utc


def test_a_trial_ends_with_all_that_it_was_given(service: ServiceRig, trial: tuple[Organization, AdministratorRig]) -> None:
    """Late certificates are shorter; after the end nothing is prepared, and the account closes by itself, once."""
    organization, admin = trial
    service.integrate()
    service.clock.advance(TRIAL_LIFE - timedelta(days=2))
    late = issue(service, TRIAL, admin)
    assert organization.trial_until is not None
    assert late.not_after <= organization.trial_until
    with service.house.database.write(service.clock()) as tx:
        assert end_trials(service.house, tx, SYSTEM) == 0
    waiting = service.submit(TRIAL, make_csr(["two.test-acme.test"], make_key()), **POLICY)
    service.integrate()
    service.clock.advance(timedelta(days=3))
    with pytest.raises(PrivysealError):
        service.approve(waiting, admin)
    for expected in (1, 0):
        with service.house.database.write(service.clock()) as tx:
            assert end_trials(service.house, tx, SYSTEM) == expected
    with service.house.database.read(service.clock()) as tx:
        assert organizations.require(tx, TRIAL).state is OrganizationState.CLOSED


def test_a_trial_is_bounded(service: ServiceRig, trial: tuple[Organization, AdministratorRig]) -> None:
    """So many units and no more, never vetted, no names of others, nothing of the public tier."""
    organization, admin = trial
    about = About("place-order", TRIAL, "order", "new")
    with pytest.raises(Refused, match="is a trial"):
        perform(service.house, OPERATOR, about, place_order, TRIAL, UnitTier.STANDARD, 5, "PO 3")
    with pytest.raises(Refused, match="is a trial"):
        perform(service.house, VETTER, about, open_vetting, TRIAL)
    for name in ("www.acme.test", "www.example.org", "test-acme.test.example.org", "xtest-acme.test"):
        with pytest.raises(Refused, match="is the only domain"):
            service.submit(TRIAL, make_csr([name], make_key()), **POLICY)
    for number in range(TRIAL_UNITS):
        issue(service, TRIAL, admin, f"n{number}.test-acme.test")
    with pytest.raises(Conflict, match="no standard unit left"):
        service.submit(TRIAL, make_csr(["more.test-acme.test"], make_key()), **POLICY)
    with service.house.database.read(service.clock()) as tx:
        assert units.balance(tx, organization.id, UnitTier.STANDARD).available == 0
        assert vettings.every(tx, organization.id) == []


def test_nobody_else_takes_the_mark(service: ServiceRig) -> None:
    """A name that begins with TEST is a trial's, so that no real certificate looks like one and no trial hides."""
    fields = {"country": "US", "state_or_province": "", "locality": "", "contact_email": "a@b.test"}
    about = About("create-organization", "", "organization", "new")
    with pytest.raises(Refused, match="marks a trial"):
        perform(service.house, OPERATOR, about, create_organization, slug="rite", name="TEST Rite", **fields)
    assert perform(service.house, OPERATOR, about, create_organization, slug="rite", name="Test Rite", **fields).name == "Test Rite"


MAKE_REAL = {
    "no-end": "UPDATE organizations SET trial_until = NULL WHERE slug = :slug",
    "no-end-no-mark": "UPDATE organizations SET trial_until = NULL, name = 'Acme Works' WHERE slug = :slug",
    "no-mark": "UPDATE organizations SET name = 'Acme Works' WHERE slug = :slug",
    "vetted": "UPDATE organizations SET trial_until = NULL, name = 'Acme Works', vetted_by = 'x' WHERE slug = :slug",
}


@pytest.mark.parametrize("how", MAKE_REAL)
def test_a_database_writer_makes_no_trial_real(service: ServiceRig, trial: tuple[Organization, AdministratorRig], how: str) -> None:
    """Approved as a trial, then rewritten: before the entrance prepares it, and after it."""
    _, admin = trial
    early = approved(service, TRIAL, admin, NAME)
    late = approved(service, TRIAL, admin, "two.test-acme.test")
    about = About("prepare-certificate", "", "request", "batch")
    prepared = perform(service.house, SYSTEM, about, prepare_certificates, [late])
    intruder = make_intruder(service)
    intruder.sql(MAKE_REAL[how], slug=TRIAL)
    forge_vetting(service)
    assert refusal_of(service, early).split(": ")[1] in {
        "trial-mark",
        "credential-forged",
        "vetting-expired",
        "name-not-validated",
        "subject",
    }
    [result] = complete_batch(service.house, service.keys, [intent.id for intent in prepared.intents]).values()
    assert not result.ok
    # And where he moves the intent to the real CA as well, its bytes are those of no approved request.
    real = service.house.issuing.id
    intruder.sql("UPDATE intents SET authority_id = :real WHERE id = :id", real=real, id=prepared.intents[0].id)
    [result] = complete_batch(service.house, service.keys, [prepared.intents[0].id]).values()
    assert not result.ok
    # Nobody comes in under the new name either: the log says that the organization had administrators.
    answer = intruder.ask(intruder.enter(TRIAL, "Mallory")) if how != "no-mark" else None
    assert answer is None or not answer.ok


def forge_vetting(service: ServiceRig) -> None:
    """Rows of a vetting by two people, as a database writer would add them."""
    intruder = make_intruder(service)
    with service.house.database.read(service.clock()) as tx:
        organization = organizations.require(tx, TRIAL)
    intruder.sql(
        "INSERT INTO vettings (id, organization_id, number, state, is_earlier, opened_at, opened_by, submitted_at, submitted_by,"
        " concluded_at, concluded_by, return_reason) SELECT 'vet-forged', id, 1, 'concluded', :no, created_at, 'a', created_at, 'a',"
        " created_at, 'b', '' FROM organizations WHERE id = :id",
        no=False,
        id=organization.id,
    )
    intruder.sql("UPDATE organizations SET vetted_at = created_at WHERE id = :id", id=organization.id)


@pytest.mark.parametrize("mark", ["", "TEST "])
def test_a_database_writer_makes_no_real_organization_a_trial(service: ServiceRig, mark: str) -> None:
    """Its certificates would be worthless, and its name below .test nobody's: refused as well."""
    service.create_organization()
    admin = service.administrator(REAL, "Fox Mulder")
    request_id = approved(service, REAL, admin, "www.resource-marketing.test")
    intruder = make_intruder(service)
    intruder.sql(
        "UPDATE organizations SET name = :mark || name, trial_until = created_at - created_at % 1000000 + :life WHERE slug = :slug",
        mark=mark,
        slug=REAL,
        life=10**12 * 3,
    )
    assert refusal_of(service, request_id).split(": ")[1] in {"trial-mark", "credential-forged", "subject"}


def test_a_name_that_is_kept_for_trials_is_no_evidence_for_anybody_else(service: ServiceRig) -> None:
    """A database writer gives a real organization a reserved name: the issuer does not take it."""
    service.create_organization()
    admin = service.administrator(REAL, "Fox Mulder")
    request_id = approved(service, REAL, admin, "www.resource-marketing.test")
    intruder = make_intruder(service)
    intruder.sql("UPDATE domains SET method = 'reserved' WHERE name = 'resource-marketing.test'")
    assert refusal_of(service, request_id) == "complete: name-not-validated"


def test_a_swapped_pair_of_cas_signs_nothing(service: ServiceRig, trial: tuple[Organization, AdministratorRig]) -> None:
    """Who renames the rows of the CAs gets the other certificate with this key, and no signature fits it."""
    _, admin = trial
    request_id = approved(service, TRIAL, admin, NAME)
    intruder = make_intruder(service)
    for before, after in (("issuing", "swap"), ("test-issuing", "issuing"), ("swap", "test-issuing")):
        intruder.sql("UPDATE cas SET slug = :after, kind = :after WHERE slug = :before", before=before, after=after)
    house = service.open_house()
    by_slug = {slug: service.keys[service.house.authorities[slug].id] for slug in ("issuing", TEST_ISSUING, "administrators")}
    keys = {house.authorities[slug].id: key for slug, key in by_slug.items()}
    about = About("prepare-certificate", "", "request", "batch")
    prepared = perform(house, SYSTEM, about, prepare_certificates, [request_id])
    for intent in prepared.intents:
        assert not complete_batch(house, keys, [intent.id])[intent.id].ok
    house.database.close()


def test_a_trial_has_nothing_of_the_public_tier(service: ServiceRig, trial: tuple[Organization, AdministratorRig]) -> None:
    """Whatever its policies say: the rule that entrances and issuer ask refuses it."""
    organization, _ = trial
    require_vetted(organization, Tier.PRIVATE, service.clock())
    with pytest.raises(Refused, match="public tier"):
        require_vetted(organization, Tier.PUBLIC, service.clock())
