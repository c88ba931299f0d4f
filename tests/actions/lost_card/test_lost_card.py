"""A lost card: reported by anybody, confirmed by the corporate contact, concluded after a call; and what strangers make of it."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
import sqlalchemy as sa

from privyseal.actions.administrator.invite_with_signature import invite_with_signature
from privyseal.actions.house import About, House, perform
from privyseal.actions.lost_card.conclude_lost_card import conclude_lost_card
from privyseal.actions.lost_card.confirm_lost_card import confirm_lost_card
from privyseal.actions.lost_card.report_lost_card import report_lost_card
from privyseal.model.actor import Actor, ActorKind
from privyseal.model.administrator import Role
from privyseal.model.errors import Conflict, NotFound, NotPermitted, PrivysealError, Refused, TooManyRequests
from privyseal.model.fact import FactKind
from privyseal.model.identifiers import LostCardId
from privyseal.model.lost_card import LostCard, LostCardEnd
from privyseal.store import administrators, audit, lost_cards, outbox
from tests.rigs.beginnings import named
from tests.rigs.recovery import recovery_of
from tests.rigs.service import AdministratorRig, ServiceRig, hashes_hex, mail_of

ORG = "resource-marketing"
STRANGER = Actor(ActorKind.REQUESTER, "anonymous", source="a" * 32)
ABOUT = About("report-lost-card", ORG, "administrator", "unknown")


@pytest.fixture
def fox(service: ServiceRig) -> AdministratorRig:
    service.listeners[FactKind.LOST_CARD_REPORTED] = ("notices.lost-card-code",)
    service.listeners[FactKind.LOST_CARD_CONFIRMED] = ("notices.lost-card",)
    return named(service, "fox")


@pytest.fixture
def walter(service: ServiceRig, fox: AdministratorRig) -> AdministratorRig:
    return service.administrator("", "Walter Skinner", Role.PROVIDER_ADMINISTRATOR)


def codes(house: House) -> list[str]:
    """The codes of all letters to corporate contacts."""
    with house.database.read(house.clock()) as tx:
        rows = tx.execute(sa.select(outbox.outbox.c.payload).where(outbox.outbox.c.fact == FactKind.LOST_CARD_REPORTED.value))
        return [str(row.payload["code"]) for row in rows]


def report(service: ServiceRig, whose: str, *, slug: str = ORG, source: str = "a") -> None:
    stranger = Actor(ActorKind.REQUESTER, "anonymous", source=source * 32)
    perform(service.house, stranger, ABOUT, report_lost_card, slug, whose)


def confirm(service: ServiceRig, code: str, *, slug: str = ORG) -> None:
    perform(service.house, STRANGER, ABOUT, confirm_lost_card, slug, code)


def the_report(service: ServiceRig) -> LostCard:
    with service.house.database.read(service.clock()) as tx:
        [row] = tx.execute(lost_cards.lost_cards.select())
        found = lost_cards.get(tx, LostCardId(row.id))
    assert found is not None
    return found


def conclude(
    service: ServiceRig, by: AdministratorRig, end: LostCardEnd = LostCardEnd.REVOKED, note: str = "Called 555 0100, reached Ann."
) -> int:
    return perform(service.house, by.actor, ABOUT, conclude_lost_card, the_report(service).id, end, note)


def logged(service: ServiceRig, action: str) -> list[str]:
    """In which logs an action stands as done."""
    with service.house.database.read(service.clock()) as tx:
        entries = [json.loads(bytes(row.entry)) for row in tx.execute(sa.select(audit.entries.c.entry))]
    return sorted(entry["log"] for entry in entries if (entry["action"], entry["outcome"]) == (action, "done"))


def test_the_whole_way_of_a_sole_administrator_is_loud_and_ends_with_the_old_end_date(
    service: ServiceRig, fox: AdministratorRig, walter: AdministratorRig
) -> None:
    with service.house.database.read(service.clock()) as tx:
        [old] = administrators.credentials_of(tx, fox.administrator.id)
    report(service, "fox mulder")
    [code] = codes(service.house)
    confirm(service, code)
    confirm(service, code)
    assert conclude(service, walter) == 1
    with pytest.raises(Conflict):
        conclude(service, walter)
    assert len(logged(service, "confirm-lost-card")) == len(logged(service, "conclude-lost-card")) == 2
    with service.house.database.read(service.clock()) as tx:
        [gone] = administrators.credentials_of(tx, fox.administrator.id)
    assert gone.revoked_at is not None
    kept = the_report(service)
    assert (kept.end, kept.concluded_by, kept.note) == (LostCardEnd.REVOKED, walter.administrator.id, "Called 555 0100, reached Ann.")
    # Nobody is left, so the operator signs with the key of the administrators' CA; the new one ends when the old one would have.
    service.integrate()
    service.clock.advance(timedelta(days=2))
    signature = recovery_of(service, ORG, "Fox Mulder", replaces=hashes_hex(fox.certificate_der))
    invited = perform(service.house, walter.actor, ABOUT, invite_with_signature, ORG, signature)
    service.enroll(invited, ORG)
    with service.house.database.read(service.clock()) as tx:
        new = administrators.credentials_of(tx, fox.administrator.id)[-1]
    assert new.not_after == old.not_after
    assert len(logged(service, "replace-last-administrator")) == 2


@pytest.mark.parametrize(
    "whose", ["Nobody Here", "nobody@resource-marketing.test", "Walter Skinner", "fox mulder'--", "<script>", "{{7*7}}", "=cmd()"]
)
def test_nobody_learns_who_exists_and_nobody_is_written_to(
    service: ServiceRig, fox: AdministratorRig, walter: AdministratorRig, whose: str
) -> None:
    report(service, whose)
    assert codes(service.house) == []
    assert logged(service, "report-lost-card") == []


def test_one_source_and_one_contact_are_bothered_so_often(service: ServiceRig, fox: AdministratorRig) -> None:
    for _ in range(5):
        report(service, "Fox Mulder")
    with pytest.raises(TooManyRequests):
        report(service, "Fox Mulder")
    with pytest.raises(TooManyRequests):
        report(service, "Nobody Here")
    report(service, "Fox Mulder", source="b")
    assert len(codes(service.house)) == 5, "the contact has had enough letters, which another source is not told"


def test_a_code_counts_for_its_organization_within_a_day(service: ServiceRig, fox: AdministratorRig, walter: AdministratorRig) -> None:
    service.create_organization("bookstore", name="Bookstore Inc.", domains=("bookstore.test",))
    report(service, mail_of("Fox Mulder", ORG))
    [code] = codes(service.house)
    for wrong, slug in (("a" * 52, ORG), (code, "bookstore"), ("", ORG)):
        with pytest.raises(NotFound):
            confirm(service, wrong, slug=slug)
    with pytest.raises(Conflict):
        conclude(service, walter)
    service.clock.advance(timedelta(hours=25))
    with pytest.raises(NotFound):
        confirm(service, code)


def test_only_who_revokes_for_the_provider_concludes_and_says_what_the_call_was(
    service: ServiceRig, fox: AdministratorRig, walter: AdministratorRig
) -> None:
    report(service, "Fox Mulder")
    confirm(service, codes(service.house)[0])
    auditor = service.administrator("", "Monica Reyes", Role.PROVIDER_AUDITOR)
    vetter = service.administrator("", "John Doggett", Role.PROVIDER_VETTER)
    tries: list[tuple[type[PrivysealError], AdministratorRig, str]] = [
        (NotPermitted, auditor, "Called."),
        (NotPermitted, fox, "Called."),
        (Refused, walter, "  "),
        (Refused, walter, "x" * 1001),
    ]
    for expected, by, note in tries:
        with pytest.raises(expected):
            conclude(service, by, note=note)
    assert conclude(service, vetter, LostCardEnd.DISMISSED) == 0, "authentication staff (requirements 4.1)"
    with service.house.database.read(service.clock()) as tx:
        assert administrators.credentials_of(tx, fox.administrator.id)[0].is_usable(service.clock())
