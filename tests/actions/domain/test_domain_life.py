"""What happens to a domain after it was registered: asked about by mail, reminded of, removed, registered again; both databases."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from privyseal.actions.domain.confirm_domain_letter import confirm_domain_letter
from privyseal.actions.domain.remind_of_domain import remind_of_domain
from privyseal.actions.domain.remove_domain import remove_domain
from privyseal.actions.domain.send_domain_letter import LETTERS_A_DAY, send_domain_letter
from privyseal.actions.house import About, perform
from privyseal.actions.organization.add_domain import add_domain
from privyseal.actions.organization.add_policy import add_policy
from privyseal.actions.organization.record_validation import record_validation
from privyseal.engine.dns_lookup import DnsLookup
from privyseal.engine.dns_persistent import record_name, record_value
from privyseal.engine.domain_control import look_up_control
from privyseal.engine.perspectives import Perspectives
from privyseal.engine.world import World
from privyseal.jobs.domains import Domains
from privyseal.model.actor import ANONYMOUS, SYSTEM
from privyseal.model.administrator import Role
from privyseal.model.domain import Domain, DomainEnd, ValidationMethod, covering
from privyseal.model.errors import NotFound, NotPermitted, PrivysealError, Refused
from privyseal.model.fact import FactKind
from privyseal.model.policy_draft import PolicyDraft
from privyseal.model.rules import Tier
from privyseal.store import audit, organizations, outbox, validations
from privyseal.store.domain_letters import DomainLetter
from tests.rigs.knot import KnotServer
from tests.rigs.service import OPERATOR, ServiceRig, make_csr, make_key

ORG, OTHER = "resource-marketing", "hoffman-brandt"
ZONE = "resource-marketing.test"
ABOUT = About("test", ORG, "domain", ZONE)
LISTENERS = {kind: (f"test.{kind.value}",) for kind in (FactKind.DOMAIN_LETTER_ASKED, FactKind.DOMAIN_EXPIRING, FactKind.DOMAIN_REMOVED)}


@pytest.fixture
def house(service: ServiceRig) -> ServiceRig:
    """An organization with a validated domain; facts about domains are heard."""
    service.listeners.update(LISTENERS)
    service.create_organization()
    return service


def domain_of(service: ServiceRig, slug: str = ORG, name: str = ZONE) -> Domain:
    with service.house.database.read(service.clock()) as tx:
        found = organizations.domain_named(tx, organizations.require(tx, slug).id, name)
    assert found is not None
    return found


def facts(service: ServiceRig, kind: FactKind) -> list[dict[str, Any]]:
    with service.house.database.read(service.clock()) as tx:
        rows = tx.execute(sa.select(outbox.outbox.c.payload).where(outbox.outbox.c.fact == kind.value).order_by(outbox.outbox.c.id))
        return [row.payload for row in rows]


def kind_of(call: Any, *arguments: object) -> str:  # noqa: ANN401 - any action
    with pytest.raises(PrivysealError) as caught:
        call(*arguments)
    return caught.value.kind


# -------------------------------------------------------------------------------------------------------------- mail


def ask(service: ServiceRig, address: str = f"hostmaster@{ZONE}", slug: str = ORG, name: str = ZONE) -> tuple[DomainLetter, str]:
    """The letter and the value in it."""
    letter = perform(service.house, OPERATOR, ABOUT, send_domain_letter, slug, name, address)
    [code] = [payload["code"] for payload in facts(service, FactKind.DOMAIN_LETTER_ASKED) if payload["letter"] == letter.id]
    return letter, code


def confirm(service: ServiceRig, letter: DomainLetter, code: str) -> Domain:
    return perform(service.house, ANONYMOUS, ABOUT, confirm_domain_letter, letter.id, code)


def test_the_reader_of_the_letter_validates_the_domain_once(house: ServiceRig) -> None:
    before = domain_of(house)
    letter, code = ask(house)
    assert domain_of(house) == before  # Asking alone shows nothing.
    confirmed = confirm(house, letter, code)
    assert (confirmed.method, confirmed.is_valid(house.clock())) == (ValidationMethod.MAIL, True)
    with house.house.database.read(house.clock()) as tx:
        newest, first = validations.of_domain(tx, confirmed.id)
    assert (newest.id, newest.method, first.method) == (confirmed.validation_id, ValidationMethod.MAIL, ValidationMethod.DNS_TXT)
    assert f"hostmaster@{ZONE}" in newest.evidence
    assert code not in newest.evidence
    assert kind_of(confirm, house, letter, code) == "domain-letter"


def test_a_value_that_is_wrong_late_or_of_another_letter_confirms_nothing(house: ServiceRig) -> None:
    first, code = ask(house)
    second, other = ask(house, f"admin@{ZONE}")
    assert code != other
    assert kind_of(confirm, house, first, other) == "domain-letter"
    assert kind_of(confirm, house, first, "a" * 52) == "domain-letter"
    house.clock.advance(timedelta(days=7, seconds=1))
    assert kind_of(confirm, house, second, other) == "domain-letter"
    assert domain_of(house).method is ValidationMethod.DNS_TXT


@pytest.mark.parametrize(
    "address",
    [
        "fox@resource-marketing.test",
        "hostmaster@evil.test",
        f"hostmaster@{ZONE}.evil.test",
        f"hostmaster@www.{ZONE}",
        "hostmaster@test",
        f"hostmaster@{ZONE}\r\nBcc: a@evil.test",
        f"Hostmaster@{ZONE}",
        f"hostmaster@evil.test,hostmaster@{ZONE}",
        "",
    ],
)
def test_nobody_but_who_answers_for_the_domain_is_asked(house: ServiceRig, address: str) -> None:
    assert kind_of(ask, house, address) == "domain-address"
    assert facts(house, FactKind.DOMAIN_LETTER_ASKED) == []


def test_whoever_answers_for_a_domain_above_may_be_asked(house: ServiceRig) -> None:
    perform(house.house, OPERATOR, ABOUT, add_domain, ORG, f"shop.eu.{ZONE}")
    for host in (f"shop.eu.{ZONE}", f"eu.{ZONE}", ZONE):
        letter, code = ask(house, f"webmaster@{host}", name=f"shop.eu.{ZONE}")
        assert confirm(house, letter, code).name == f"shop.eu.{ZONE}"


def test_a_domain_is_not_a_way_to_fill_a_mailbox(house: ServiceRig) -> None:
    for _ in range(LETTERS_A_DAY):
        ask(house)
    assert kind_of(ask, house) == "domain-letters"
    house.clock.advance(timedelta(days=1, seconds=1))
    ask(house)


def test_a_letter_counts_for_the_registration_it_was_about(house: ServiceRig) -> None:
    letter, code = ask(house)
    perform(house.house, OPERATOR, ABOUT, remove_domain, ORG, ZONE, DomainEnd.GIVEN_UP)
    perform(house.house, OPERATOR, ABOUT, add_domain, ORG, ZONE)
    assert kind_of(confirm, house, letter, code) == "domain-changed"
    assert not domain_of(house).is_valid(house.clock())


def test_only_the_provider_asks(house: ServiceRig) -> None:
    admin = house.administrator(ORG)
    with pytest.raises(NotPermitted):
        perform(house.house, admin.actor, ABOUT, send_domain_letter, ORG, ZONE, f"hostmaster@{ZONE}")


# ----------------------------------------------------------------------------------------------------------- removal


def test_nothing_new_is_issued_under_a_removed_domain_and_what_was_stays(house: ServiceRig) -> None:
    admin = house.administrator(ORG)
    issued = house.issue(ORG, admin, [f"www.{ZONE}"])
    waiting = house.submit(ORG, make_csr([f"shop.{ZONE}"], make_key()))
    before = domain_of(house)
    removed = perform(house.house, admin.actor, ABOUT, remove_domain, ORG, ZONE, DomainEnd.GIVEN_UP)
    assert (removed.removal_reason, removed.evidence, removed.valid_until(Tier.PRIVATE)) == ("given-up", before.evidence, None)
    with pytest.raises(Refused, match="no validated domain"):
        house.submit(ORG, make_csr([f"mail.{ZONE}"], make_key()))
    house.approve(waiting, admin)
    with pytest.raises(AssertionError, match=r"name-not-validated|no validated domain"):
        house.prepare_and_complete(waiting.id)
    with house.house.database.read(house.clock()) as tx:
        assert before.validation_id is not None
        assert [item.serial_hex for item in validations.issued_on(tx, before.validation_id)] == [issued.serial_hex]
    [fact] = facts(house, FactKind.DOMAIN_REMOVED)
    assert (fact["organization"], fact["by"]) == (ORG, admin.administrator.id)
    # A second time is harmless, and told to nobody.
    perform(house.house, admin.actor, ABOUT, remove_domain, ORG, ZONE, DomainEnd.OTHER)
    assert domain_of(house).removal_reason == "given-up"
    assert len(facts(house, FactKind.DOMAIN_REMOVED)) == 1


def test_registered_again_it_starts_anew(house: ServiceRig) -> None:
    before = domain_of(house)
    perform(house.house, OPERATOR, ABOUT, remove_domain, ORG, ZONE, DomainEnd.OTHER)
    again = perform(house.house, OPERATOR, ABOUT, add_domain, ORG, ZONE)
    assert (again.id, again.removed_at, again.validated_at, again.method) == (before.id, None, None, None)
    assert again.token != before.token
    house.validate(ORG, ZONE)
    assert domain_of(house).validation_id != before.validation_id


def test_who_may_remove(house: ServiceRig) -> None:
    house.create_organization(OTHER, name="Hoffman Brandt, Inc.", domains=(f"{OTHER}.test",))
    first = house.administrator(ORG)
    reader = house.administrator(ORG, role=Role.CERTIFICATE_ADMINISTRATOR, by=first)
    stranger = house.administrator(OTHER)
    with pytest.raises(NotPermitted):
        perform(house.house, reader.actor, ABOUT, remove_domain, ORG, ZONE, DomainEnd.OTHER)
    with pytest.raises(NotFound):
        perform(house.house, stranger.actor, ABOUT, remove_domain, ORG, ZONE, DomainEnd.OTHER)
    with pytest.raises(NotFound):
        perform(house.house, first.actor, ABOUT, remove_domain, ORG, f"{OTHER}.test", DomainEnd.OTHER)
    assert domain_of(house).removed_at is None


# --------------------------------------------------------------------------------------------------------- reminders


def remind(service: ServiceRig) -> bool:
    with service.house.database.write(service.clock()) as tx:
        return remind_of_domain(service.house, tx, SYSTEM, domain_of(service))


def test_each_reminder_comes_once_and_in_its_time(house: ServiceRig) -> None:
    until = domain_of(house).valid_until(Tier.PRIVATE)
    assert until is not None
    told = []
    for days in (31, 30, 29, 15, 14, 8, 7, 3, 2, 1, 0):
        house.clock.advance(until - timedelta(days=days) - house.clock() + timedelta(minutes=1))
        if remind(house):
            told.append(days)
        assert not remind(house)
    assert told == [30, 14, 7, 2]
    assert {fact["tier"] for fact in facts(house, FactKind.DOMAIN_EXPIRING)} == {"private"}


def test_after_a_long_silence_one_reminder_is_enough(house: ServiceRig) -> None:
    until = domain_of(house).valid_until(Tier.PRIVATE)
    assert until is not None
    house.clock.advance(until - timedelta(days=1) - house.clock())
    assert remind(house)
    assert not remind(house)
    assert len(facts(house, FactKind.DOMAIN_EXPIRING)) == 1


def test_a_policy_of_the_public_tier_ends_it_sooner(house: ServiceRig) -> None:
    perform(house.house, OPERATOR, ABOUT, add_policy, ORG, PolicyDraft(name="public", tier=Tier.PUBLIC, lifetimes_days=(90,)))
    until = domain_of(house).valid_until(Tier.PUBLIC)
    assert until is not None
    house.clock.advance(until - timedelta(days=13) - house.clock())
    assert remind(house)
    [fact] = facts(house, FactKind.DOMAIN_EXPIRING)
    assert fact["tier"] == "public"


# ---------------------------------------------------------------------------------------------- records that stay


@pytest.fixture(scope="module")
def knot() -> Iterator[KnotServer]:
    with KnotServer([ZONE]) as server:
        yield server


def test_a_record_that_stays_is_looked_up_again_by_itself(house: ServiceRig, knot: KnotServer) -> None:
    issuer = house.house.service.caa_issuer(ORG)
    knot.add(ZONE, record_name(ZONE), "TXT", f'"{record_value(issuer)}"')
    validate_persistently(house, knot)
    first = domain_of(house)
    work = Domains(house.house, World(Perspectives(DnsLookup((knot.address,), 2.0))))
    work.look()
    assert domain_of(house).validation_id == first.validation_id  # It is young.
    house.clock.advance(timedelta(days=8))
    work.look()
    again = domain_of(house)
    assert again.validation_id != first.validation_id
    assert again.is_valid(house.clock() + timedelta(days=9), Tier.PUBLIC)
    knot.remove(ZONE, record_name(ZONE), "TXT")
    house.clock.advance(timedelta(days=8))
    work.look()
    work.look()
    assert domain_of(house).validation_id == again.validation_id
    assert refusals(house) == ["dcv-no-answer"]


def validate_persistently(service: ServiceRig, knot: KnotServer) -> None:
    domain, issuer = domain_of(service), service.house.service.caa_issuer(ORG)
    world = World(Perspectives(DnsLookup((knot.address,), 2.0)))
    evidence = look_up_control(domain, ValidationMethod.DNS_PERSISTENT, issuer, world, now=service.clock())
    perform(service.house, OPERATOR, ABOUT, record_validation, ORG, ZONE, domain.token, evidence)


def refusals(service: ServiceRig) -> list[str]:
    with service.house.database.read(service.clock()) as tx:
        entries = [json.loads(row.entry) for row in tx.execute(audit.entries.select().order_by(audit.entries.c.sequence))]
    return [entry["reason"] for entry in entries if entry["action"] == "validate-domain" and entry["outcome"] == "refused"]


# ------------------------------------------------------------------------------------------ one query, from evidence


def test_every_certificate_by_the_evidence_it_was_issued_on(house: ServiceRig) -> None:
    admin = house.administrator(ORG)
    perform(house.house, OPERATOR, ABOUT, add_domain, ORG, f"shop.{ZONE}")
    first = house.issue(ORG, admin, [f"www.{ZONE}"])
    house.validate(ORG, f"shop.{ZONE}")
    both = house.issue(ORG, admin, [f"www.{ZONE}", f"a.shop.{ZONE}"])
    nearest = house.issue(ORG, admin, [f"b.shop.{ZONE}"])
    whole, shop = domain_of(house), domain_of(house, name=f"shop.{ZONE}")
    assert covering(f"a.shop.{ZONE}", [whole, shop], house.clock(), Tier.PRIVATE) == shop
    with house.house.database.read(house.clock()) as tx:
        found = {
            item.name: [issued.serial_hex for issued in validations.issued_on(tx, item.validation_id)]
            for item in (whole, shop)
            if item.validation_id is not None
        }
    assert found == {ZONE: [first.serial_hex, both.serial_hex], f"shop.{ZONE}": [both.serial_hex, nearest.serial_hex]}
    # Validated anew, the old evidence keeps what was issued on it.
    house.validate(ORG, ZONE)
    assert domain_of(house).validation_id != whole.validation_id
    with house.house.database.read(house.clock()) as tx:
        assert whole.validation_id is not None
        assert len(validations.issued_on(tx, whole.validation_id)) == 2
