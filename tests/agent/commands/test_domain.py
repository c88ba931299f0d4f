"""``seal domain`` at a whole service: asked about by mail, confirmed, looked up, removed."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from privyseal.model.domain import Domain, ValidationMethod
from privyseal.model.fact import FactKind
from privyseal.store import organizations, outbox, validations
from tests.agent.commands.conftest import Office
from tests.rigs.service import AdministratorRig, ServiceRig

ORG, ZONE = "resource-marketing", "resource-marketing.test"


@pytest.fixture
def service(service: ServiceRig) -> ServiceRig:
    """A service that keeps its letters about domains."""
    service.listeners[FactKind.DOMAIN_LETTER_ASKED] = ("test.letters",)
    return service


def stored(office: Office) -> Domain:
    found = office.look(lambda tx, organization: organizations.domain_named(tx, organization, ZONE))
    assert found is not None
    return found


def letter(office: Office) -> tuple[str, str]:
    """The id and the value of the only letter about a domain."""
    kept = sa.select(outbox.outbox.c.payload).where(outbox.outbox.c.fact == FactKind.DOMAIN_LETTER_ASKED.value)
    [payload] = office.look(lambda tx, _: [row.payload for row in tx.execute(kept)])
    return payload["letter"], payload["code"]


def test_whoever_has_the_letter_confirms_the_domain(office: Office, vera: AdministratorRig) -> None:
    told = office.shell(vera).done("domain", "mail", "RESOURCE-marketing.test", f"hostmaster@{ZONE}")
    assert told.startswith(f"hostmaster@{ZONE} is asked, and may answer until ")
    letter_id, code = letter(office)
    anybody = office.shell(None, "")
    assert "This value confirms nothing" in anybody.refused("domain", "confirm", letter_id, "a" * 52)
    assert stored(office).method is ValidationMethod.DNS_TXT
    assert anybody.done("domain", "confirm", letter_id, code) == f"{ZONE} is validated.\n"
    assert stored(office).method is ValidationMethod.MAIL
    assert "This value confirms nothing" in anybody.refused("domain", "confirm", letter_id, code)


def test_only_who_answers_for_a_domain_is_asked_and_only_by_the_provider(
    office: Office, vera: AdministratorRig, fox: AdministratorRig
) -> None:
    assert "hostmaster" in office.shell(vera).refused("domain", "mail", ZONE, f"fox@{ZONE}")
    assert "no such domain" in office.shell(vera).refused("domain", "mail", "hoffman-brandt.test", "admin@hoffman-brandt.test")
    assert "does not include the right to vet" in office.shell(fox).refused("domain", "mail", ZONE, f"admin@{ZONE}")
    kept = sa.select(outbox.outbox.c.payload).where(outbox.outbox.c.fact == FactKind.DOMAIN_LETTER_ASKED.value)
    assert office.look(lambda tx, _: list(tx.execute(kept))) == []


def test_the_evidence_and_what_was_issued_on_it(office: Office, vera: AdministratorRig, fox: AdministratorRig) -> None:
    certificate = office.service.issue(ORG, fox, [f"www.{ZONE}"])
    [shown] = office.look(lambda tx, _: validations.of_domain(tx, stored(office).id))
    header, row = (line.split() for line in office.shell(fox).done("domain", "evidence", ZONE).splitlines())
    assert (header, row[:2]) == (["VALIDATION", "METHOD", "SHOWN"], [shown.id, "dns-txt"])
    assert "no such domain" in office.shell(fox).refused("domain", "evidence", "hoffman-brandt.test")
    header, row = (line.split() for line in office.shell(vera, "").done("domain", "issued", shown.id).splitlines())
    assert (header[0], row[:3], row[-1]) == ("ORGANIZATION", [ORG, certificate.serial_hex, "valid"], f"www.{ZONE}")
    assert "There is no such validation." in office.shell(vera, "").refused("domain", "issued", f"val-{'0' * 32}")
    assert "does not include the right to read" in office.shell(fox).refused("domain", "issued", shown.id)


def test_what_nothing_was_issued_on(office: Office, vera: AdministratorRig) -> None:
    [shown] = office.look(lambda tx, _: validations.of_domain(tx, stored(office).id))
    assert office.shell(vera).done("domain", "issued", shown.id) == "No certificate was issued on it.\n"


@pytest.mark.parametrize("by", ["fox", "vera"])
def test_a_domain_is_removed_by_its_people_or_by_the_provider(
    office: Office, vera: AdministratorRig, fox: AdministratorRig, by: str
) -> None:
    person, words = (fox, ()) if by == "fox" else (vera, ("--provider",))
    shell = office.shell(person)
    told = shell.done("domain", "remove", ZONE, "--reason", "given-up", *words)
    assert told == f"{ZONE} is removed. Nothing new is issued under it.\n"
    removed = stored(office)
    assert (removed.removed_at is not None, removed.removal_reason) == (True, "given-up")
    assert office.shell(fox).done("domain", "list").splitlines()[1].split()[-1] == "removed"
    assert office.look(lambda tx, _: len(validations.of_domain(tx, removed.id))) == 1, "the evidence stays"


def test_a_domain_stays_where_a_stranger_or_nobody_wants_it_away(office: Office, vera: AdministratorRig, fox: AdministratorRig) -> None:
    words = ("domain", "remove", ZONE, "--reason", "given-up")
    assert "There is no such organization, or it is not yours." in office.shell(vera).refused(*words)
    assert "does not include the right to vet" in office.shell(fox).refused(*words, "--provider")
    assert "This needs an Administrator ID" in office.shell().refused(*words)
    assert office.shell(fox).seal("domain", "remove", ZONE, "--reason", "bored").status == 2
    assert "no such domain" in office.shell(fox).refused("domain", "remove", "hoffman-brandt.test", "--reason", "given-up")
    assert stored(office).removed_at is None
