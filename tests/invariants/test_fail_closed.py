"""Without evidence nothing is issued: a log that lags, a clock that is wrong, a log that cannot be written or was cut (P5, F13)."""

from __future__ import annotations

import os
import sqlite3
import traceback
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from privyseal.actions.audit.compare_logs import compare_logs
from privyseal.actions.certificate.prepare_certificates import prepare_certificates
from privyseal.actions.certificate.revoke_certificate import BySystem, revoke_certificate
from privyseal.actions.house import SWEEP_AFTER, About, perform
from privyseal.cli.house_setup import log_files
from privyseal.issuer.client import IssuerClient
from privyseal.issuer.desk import Desk, complete_batch
from privyseal.issuer.evidence import Evidence
from privyseal.issuer.publisher import publish_due
from privyseal.issuer.server import IssuerServer
from privyseal.jobs.sequencer import Sequencer
from privyseal.jobs.sweep import sweep
from privyseal.model.actor import SYSTEM
from privyseal.model.audit import PROVIDER_LOG, organization_log
from privyseal.model.certificate import Intent
from privyseal.model.errors import Unavailable
from privyseal.model.identifiers import IntentId
from privyseal.model.request import Request
from privyseal.model.revocation import RevocationReason
from privyseal.store import audit, outbox
from privyseal.store.schema_setup import all_metadata
from tests.rigs.books import check_books, crl_numbers
from tests.rigs.counting_key import count_signatures
from tests.rigs.service import AdministratorRig, ServiceRig, make_csr, make_key

ORG = "resource-marketing"
ABOUT = About("test", ORG, "request", "x")
SECOND = timedelta(seconds=1)


@pytest.fixture
def admin(service: ServiceRig) -> AdministratorRig:
    """An administrator of an organization with units; every log is integrated."""
    service.create_organization()
    person = service.administrator(ORG)
    service.integrate()
    return person


def submit(service: ServiceRig, word: str = "webtrust") -> Request:
    return service.submit(ORG, make_csr([f"{word}.resource-marketing.test"], make_key()))


def approved(service: ServiceRig, admin: AdministratorRig, word: str = "webtrust") -> Request:
    request = submit(service, word)
    service.approve(request, admin)
    return request


def prepare(service: ServiceRig, *waiting: Request) -> tuple[Intent, ...]:
    return perform(service.house, SYSTEM, ABOUT, prepare_certificates, [request.id for request in waiting]).intents


def kind_of(act: Callable[[], object]) -> str:
    with pytest.raises(Unavailable) as refusal:
        act()
    assert refusal.value.retry_after_seconds > 0
    return refusal.value.kind


# ------------------------------------------------------------------------------------------------------ log and clock


def test_a_log_that_lags_for_a_minute_stops_both_transactions(service: ServiceRig, admin: AdministratorRig) -> None:
    key = count_signatures(service)
    request = approved(service, admin)
    service.clock.advance(timedelta(seconds=61))
    assert kind_of(lambda: prepare(service, request)) == "audit-stale"
    assert service.request(request).state.value == "approved"
    service.integrate()
    [intent] = prepare(service, request)
    service.clock.advance(timedelta(seconds=61))
    assert kind_of(lambda: complete_batch(service.house, service.keys, [intent.id])) == "audit-stale"
    assert key.signatures == 0
    service.integrate()
    assert complete_batch(service.house, service.keys, [intent.id])[intent.id].ok
    assert key.signatures == 1


def test_a_clock_behind_the_newest_entry_stops_both_transactions(service: ServiceRig, admin: AdministratorRig) -> None:
    key = count_signatures(service)
    request, other = approved(service, admin), approved(service, admin, "www")
    [intent] = prepare(service, request)
    service.integrate()
    service.clock.advance(timedelta(minutes=-6))
    assert kind_of(lambda: prepare(service, other)) == "clock-behind"
    assert kind_of(lambda: complete_batch(service.house, service.keys, [intent.id])) == "clock-behind"
    assert key.signatures == 0
    # Four minutes are a clock that is set right; that is no reason to stop.
    service.clock.advance(timedelta(minutes=2))
    service.integrate()
    assert complete_batch(service.house, service.keys, [intent.id])[intent.id].ok
    assert len(prepare(service, other)) == 1


# ---------------------------------------------------------------------------------------------- a database that refuses


def refuse_inserts(service: ServiceRig, table: str, when: str = "1 = 1") -> Callable[[], None]:
    """Let the database itself refuse rows of a table; return what makes it well again."""
    database = service.house.database
    if database.is_sqlite:
        made = [f"CREATE TRIGGER broken BEFORE INSERT ON {table} WHEN {when} BEGIN SELECT RAISE(ABORT, 'broken'); END"]
        mended = "DROP TRIGGER broken"
    else:
        made = [
            "CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'broken'; END $$",
            f"CREATE TRIGGER broken BEFORE INSERT ON {table} FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION broken()",
        ]
        mended = f"DROP TRIGGER broken ON {table}"
    with database.write(service.clock()) as tx:
        for statement in made:
            tx.execute(sa.text(statement))

    def mend() -> None:
        with database.write(service.clock()) as tx:
            tx.execute(sa.text(mended))

    return mend


def everything(service: ServiceRig) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table."""
    with service.house.database.read(service.clock()) as tx:
        return {table.name: sorted((tuple(row) for row in tx.execute(table.select())), key=repr) for table in all_metadata().sorted_tables}


def test_what_cannot_be_recorded_is_not_done(service: ServiceRig, admin: AdministratorRig) -> None:
    key = count_signatures(service)
    certificate = service.issue(ORG, admin, ["www.resource-marketing.test"])
    pending, waiting, issuing = submit(service, "pending"), approved(service, admin, "approved"), approved(service, admin, "issuing")
    [intent] = prepare(service, issuing)
    signed = key.signatures
    mend = refuse_inserts(service, "audit_entries")
    before = everything(service)
    acts: tuple[Callable[[], object], ...] = (
        lambda: submit(service, "new"),
        lambda: submit(service, "bad_name"),
        lambda: service.approve(pending, admin),
        lambda: prepare(service, waiting),
        lambda: perform(
            service.house, SYSTEM, ABOUT, revoke_certificate, ORG, certificate.serial_hex, BySystem(RevocationReason.KEY_COMPROMISE)
        ),
    )
    assert [kind_of(act) for act in acts] == ["audit-unavailable"] * len(acts)
    kind_of(lambda: complete_batch(service.house, service.keys, [intent.id]))
    assert everything(service) == before
    mend()
    service.approve(pending, admin)
    # What the issuer signed and could not record is an orphan now: its bytes are gone, its serial is never used.
    assert key.signatures == signed + 1
    service.clock.advance(SWEEP_AFTER + SECOND)
    service.integrate()
    assert sweep(service.house, lambda intent_ids: complete_batch(service.house, service.keys, intent_ids)).abandoned == 1
    assert [service.request(request).state.value for request in (pending, waiting, issuing)] == ["issued"] * 3
    publish_due(service.house, service.keys)
    service.integrate()
    check_books(service)


def through(desk: Desk) -> Callable[[Sequence[IntentId]], object]:
    """The desk as the issuer's client shows it to the sweep."""
    return desk.complete


def test_one_certificate_that_cannot_be_stored_holds_up_no_other(service: ServiceRig, admin: AdministratorRig) -> None:
    """Its intent stays open and is swept, its serial is revoked; when the fault is gone another try issues (F25)."""
    words = ("one", "poison", "two")
    waiting = [approved(service, admin, word) for word in words]
    intents = prepare(service, *waiting)
    mend = refuse_inserts(service, "certificates", "NEW.common_name = 'poison.resource-marketing.test'")
    desk = Desk(service.house, service.keys, lambda _: None)
    desk.start()
    kind_of(lambda: desk.complete([intent.id for intent in intents]))
    assert [service.request(request).state.value for request in waiting] == ["issuing"] * 3
    service.clock.advance(SWEEP_AFTER + SECOND)
    service.integrate()
    kind_of(lambda: sweep(service.house, through(desk)))
    assert [service.request(request).state.value for request in waiting] == ["issued", "issuing", "issued"]
    mend()
    service.clock.advance(SWEEP_AFTER + SECOND)
    service.integrate()
    swept = sweep(service.house, through(desk))
    desk.stop()
    assert (swept.abandoned, swept.prepared) == (1, 1)
    assert [service.request(request).state.value for request in waiting] == ["issued"] * 3
    publish_due(service.house, service.keys)
    service.integrate()
    check_books(service)


def test_an_error_of_the_database_repeats_no_row(service: ServiceRig, admin: AdministratorRig) -> None:
    """A row may hold a one-time code; what SQLAlchemy says of a failed statement ends in logs (promise G)."""
    mend, code = refuse_inserts(service, "outbox"), os.urandom(8).hex()
    with pytest.raises((Unavailable, sa.exc.DBAPIError)) as failure, service.house.database.write(service.clock()) as tx:
        outbox.insert(tx, [("fact-1", "request-received", "letters", {"code": code})])
    mend()
    said = "".join(traceback.format_exception(failure.value))
    assert "INSERT INTO outbox" in said
    assert code not in said


# ------------------------------------------------------------------------------------------- a database that was cut back


def copy_database(source: Path, target: Path) -> None:
    """A backup as an operator makes it, with SQLite's own means."""
    with sqlite3.connect(source) as reading, sqlite3.connect(target) as writing:
        reading.backup(writing)
    reading.close()
    writing.close()


def restore(service: ServiceRig, backup: Path) -> None:
    """Put an older copy in the place of the database, while no process runs."""
    database = service.settings.data / "privyseal.sqlite3"
    service.close()
    for suffix in ("-wal", "-shm"):
        Path(f"{database}{suffix}").unlink(missing_ok=True)
    copy_database(backup, database)
    service.house = service.open_house()


@pytest.mark.parametrize("service", ["sqlite"], indirect=True)
@pytest.mark.parametrize("kept", ["all", "copies"])
def test_a_database_shorter_than_its_checkpoints_signs_nothing(
    service: ServiceRig, admin: AdministratorRig, tmp_path: Path, kept: str
) -> None:
    files = log_files(service.settings)
    first = Sequencer(service.house, service.log_key, files, "before")
    service.clock.advance(timedelta(seconds=11))
    waiting = approved(service, admin)
    first.turn()
    copy_database(service.settings.data / "privyseal.sqlite3", tmp_path / "backup.sqlite3")
    assert service.prepare_and_complete(waiting.id)[0].ok
    first.turn()
    restore(service, tmp_path / "backup.sqlite3")
    if kept == "copies":
        for note in (service.settings.data / "log").glob("*/checkpoint"):
            note.unlink()
    notes = dict(files.notes())
    evidence = Evidence(service.house, service.log_key.vkey, files)
    with pytest.raises(Unavailable) as trouble:
        evidence.look()
    assert trouble.value.kind == "evidence-differs"
    assert organization_log(ORG) in trouble.value.sentence
    require_silence(service, waiting, evidence)
    # Nor is the log continued from the cut: the copies would be written over and the loss never found.
    second = Sequencer(service.house, service.log_key, files, "after")
    service.clock.advance(timedelta(seconds=11))
    for number in range(30):
        submit(service, f"host{number}")
    assert kind_of(second.turn) == "evidence-differs"
    assert dict(files.notes()) == notes


def require_silence(service: ServiceRig, waiting: Request, evidence: Evidence) -> None:
    """The issuer answers every call with what differs, and its publisher is still as well."""
    key = count_signatures(service)
    [intent] = prepare(service, waiting)
    path = service.settings.data / "run" / "issuer.sock"
    server = IssuerServer(service.house, service.keys, path, evidence)
    server.start()
    client = IssuerClient(path)
    try:
        for act in (client.ping, lambda: client.complete([intent.id]), lambda: client.complete([])):
            assert kind_of(act) == "evidence-differs"
    finally:
        server.stop()
    with service.house.database.read(service.clock()) as tx:
        assert crl_numbers(tx, service.house.issuing.id) == {}
    assert service.certificate_of(waiting) is None
    assert key.signatures == 0


@pytest.mark.parametrize("service", ["sqlite"], indirect=True)
def test_a_changed_entry_under_a_checkpoint_is_found(service: ServiceRig, admin: AdministratorRig) -> None:
    """As long as before, but not the same tree."""
    files = log_files(service.settings)
    service.clock.advance(timedelta(seconds=11))
    Sequencer(service.house, service.log_key, files, "work").turn()
    with service.house.database.read(service.clock()) as tx:
        assert compare_logs(tx, service.log_key.vkey, files.notes()) == 4
    with service.house.database.write(service.clock()) as tx:
        tx.execute(audit.nodes.update().where(audit.nodes.c.log == PROVIDER_LOG, audit.nodes.c.node_index == 0).values(hash=bytes(32)))
    with service.house.database.read(service.clock()) as tx:
        assert kind_of(lambda: compare_logs(tx, service.log_key.vkey, files.notes())) == "evidence-differs"
