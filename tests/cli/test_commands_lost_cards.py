"""`privyseal lost-card`: the operator on the machine concludes after the call, once, and both logs have it."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa

from privyseal.actions.house import About, perform
from privyseal.actions.lost_card.confirm_lost_card import confirm_lost_card
from privyseal.actions.lost_card.report_lost_card import report_lost_card
from privyseal.model.actor import ANONYMOUS
from privyseal.model.errors import Conflict, NotFound, Refused
from privyseal.model.fact import FactKind
from privyseal.store import administrators, audit, outbox
from tests.rigs.operator import run_command
from tests.rigs.service import AdministratorRig, ServiceRig

ORG = "resource-marketing"
ABOUT = About("report-lost-card", ORG, "administrator", "unknown")
NOTE = ("--note", "Called 555 0100.")


@pytest.fixture
def fox(service: ServiceRig) -> AdministratorRig:
    """Somebody whose card is lost, as the corporate contact has confirmed."""
    service.listeners[FactKind.LOST_CARD_REPORTED] = ("notices.lost-card-code",)
    service.create_organization()
    person = service.administrator(ORG, "Fox Mulder")
    perform(service.house, ANONYMOUS, ABOUT, report_lost_card, ORG, "Fox Mulder")
    with service.house.database.read(service.clock()) as tx:
        [row] = tx.execute(sa.select(outbox.outbox.c.payload).where(outbox.outbox.c.fact == FactKind.LOST_CARD_REPORTED.value))
    perform(service.house, ANONYMOUS, ABOUT, confirm_lost_card, ORG, str(row.payload["code"]))
    return person


def usable(service: ServiceRig, person: AdministratorRig) -> int:
    with service.house.database.read(service.clock()) as tx:
        return sum(item.is_usable(tx.now) for item in administrators.credentials_of(tx, person.administrator.id))


def test_listed_and_concluded_once(service: ServiceRig, fox: AdministratorRig, capsys: pytest.CaptureFixture[str]) -> None:
    run_command(service, "lost-card", "list")
    line = capsys.readouterr().out.strip()
    report = line.split()[0]
    assert "  call back  resource-marketing  Fox Mulder" in line
    for note in (" ", "x" * 1001):
        with pytest.raises(Refused):
            run_command(service, "lost-card", "conclude", report, "revoked", "--note", note)
    with pytest.raises(NotFound):
        run_command(service, "lost-card", "conclude", "Fox Mulder", "revoked", *NOTE)
    assert usable(service, fox) == 1
    run_command(service, "lost-card", "conclude", report, "revoked", *NOTE)
    assert capsys.readouterr().out == "Credentials that were revoked: 1.\n"
    assert usable(service, fox) == 0
    with pytest.raises(Conflict):
        run_command(service, "lost-card", "conclude", report, "dismissed", *NOTE)
    run_command(service, "lost-card", "list")
    assert "  revoked    resource-marketing  Fox Mulder" in capsys.readouterr().out
    with service.house.database.read(service.clock()) as tx:
        entries = [json.loads(bytes(row.entry)) for row in tx.execute(sa.select(audit.entries.c.entry))]
    done = [
        (entry["log"], entry["actor"]["id"]) for entry in entries if entry["action"] == "conclude-lost-card" and entry["outcome"] == "done"
    ]
    assert sorted(done) == [(f"o-{ORG}", "operator"), ("provider", "operator")]
    assert not any("Mulder" in json.dumps(entry) or "555 0100" in json.dumps(entry) for entry in entries)


def test_a_doubt_revokes_nothing(service: ServiceRig, fox: AdministratorRig, capsys: pytest.CaptureFixture[str]) -> None:
    run_command(service, "lost-card", "list")
    report = capsys.readouterr().out.split()[0]
    run_command(service, "lost-card", "conclude", report, "dismissed", *NOTE)
    assert capsys.readouterr().out == "The report is dismissed.\n"
    assert usable(service, fox) == 1
