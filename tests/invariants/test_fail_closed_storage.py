"""A database that is locked, full, stopped or cut off: 503 and nothing half done; it works again when the fault is gone (F5, F6, F8)."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from privyseal.actions.certificate.prepare_certificates import prepare_certificates
from privyseal.actions.house import SWEEP_AFTER, About, House, perform
from privyseal.issuer.desk import complete_batch
from privyseal.issuer.publisher import publish_due
from privyseal.jobs.sweep import sweep
from privyseal.model.actor import SYSTEM
from privyseal.model.certificate import Intent
from privyseal.model.errors import Unavailable
from privyseal.model.request import Request
from privyseal.store import audit
from privyseal.store.database import SPARE_BYTES, Database
from tests.rigs.books import check_books
from tests.rigs.counting_key import count_signatures
from tests.rigs.cutting_proxy import Cut, CuttingProxy
from tests.rigs.postgresql import PostgresServer
from tests.rigs.service import AdministratorRig, ServiceRig, ServiceTemplate, make_csr, make_key

ORG = "resource-marketing"
ABOUT = About("test", ORG, "request", "x")
MEGABYTE = 1024 * 1024


def submit(service: ServiceRig, word: str = "webtrust") -> Request:
    return service.submit(ORG, make_csr([f"{word}.resource-marketing.test"], make_key()))


def approved(service: ServiceRig, admin: AdministratorRig, word: str = "webtrust") -> Request:
    request = submit(service, word)
    service.approve(request, admin)
    return request


def prepare(service: ServiceRig, request: Request) -> Intent:
    [intent] = perform(service.house, SYSTEM, ABOUT, prepare_certificates, [request.id]).intents
    return intent


def kind_of(act: Callable[[], object]) -> str:
    with pytest.raises(Unavailable) as refusal:
        act()
    assert refusal.value.retry_after_seconds > 0
    return refusal.value.kind


def finish(service: ServiceRig) -> None:
    """What the processes do within a minute, and the books after it."""
    service.clock.advance(SWEEP_AFTER + timedelta(seconds=1))
    service.integrate()
    sweep(service.house, lambda intent_ids: complete_batch(service.house, service.keys, intent_ids))
    publish_due(service.house, service.keys)
    service.integrate()
    check_books(service)


# --------------------------------------------------------------------------------------------------------------- locked


@pytest.fixture
def embedded(tmp_path: Path, sqlite_template: ServiceTemplate) -> Iterator[ServiceRig]:
    """A service on SQLite that waits a tenth of a second for a lock, not five, so that the test does not either."""
    service = ServiceRig(tmp_path, template=sqlite_template)

    def hurry(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA busy_timeout=100")

    sa.event.listen(service.house.database.writer, "connect", hurry)
    service.house.database.writer.dispose()
    yield service
    service.close()


def test_a_database_locked_by_another_writer_is_unavailable_until_it_is_free(embedded: ServiceRig) -> None:
    service = embedded
    service.create_organization()
    admin = service.administrator(ORG)
    key = count_signatures(service)
    waiting = approved(service, admin)
    intent = prepare(service, waiting)
    other = sqlite3.connect(service.settings.data / "privyseal.sqlite3", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    assert kind_of(lambda: submit(service, "www")) == "database"
    assert kind_of(lambda: complete_batch(service.house, service.keys, [intent.id])) == "database"
    # Readers do not mind.
    assert service.request(waiting).state.value == "issuing"
    assert key.signatures == 0
    # A writer that ends in time is waited for.
    ending = threading.Timer(0.03, other.execute, ["ROLLBACK"])
    ending.start()
    assert complete_batch(service.house, service.keys, [intent.id])[intent.id].ok
    ending.join()
    other.close()
    submit(service, "www")
    finish(service)


# ----------------------------------------------------------------------------------------------------------------- full


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 8 MB."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small file system")
    directory = tmp_path / "small"
    directory.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(directory)], check=False, capture_output=True, text=True
    )
    if mounted.returncode != 0:
        pytest.skip(f"no tmpfs can be mounted here: {mounted.stderr.strip()}")
    yield directory
    # Lazily: a test that failed has connections open, and its failure is what should be reported.
    subprocess.run(["umount", "--lazy", str(directory)], check=True, timeout=20)


def fill(directory: Path, leave: int) -> Path:
    """Fill the disk up to ``leave`` bytes; return the file to remove."""
    path = directory / "filler"
    room = os.statvfs(directory)
    path.write_bytes(bytes(room.f_bavail * room.f_frsize - leave))
    return path


def test_a_full_disk_is_met_before_anything_is_signed(small_disk: Path, sqlite_template: ServiceTemplate) -> None:
    service = ServiceRig(small_disk, template=sqlite_template)
    service.create_organization()
    admin = service.administrator(ORG)
    key = count_signatures(service)
    waiting, issuing = approved(service, admin, "waiting"), approved(service, admin, "issuing")
    intent = prepare(service, issuing)
    publish_due(service.house, service.keys)
    published = key.signatures
    filler = fill(small_disk, leave=SPARE_BYTES // 2)
    assert kind_of(lambda: submit(service)) == "storage-full"
    assert kind_of(lambda: prepare(service, waiting)) == "storage-full"
    assert kind_of(lambda: complete_batch(service.house, service.keys, [intent.id])) == "storage-full"
    assert key.signatures == published
    filler.unlink()
    assert complete_batch(service.house, service.keys, [intent.id])[intent.id].ok
    submit(service)
    finish(service)
    service.close()


def test_a_disk_that_fills_up_within_a_transaction_leaves_nothing_of_it(small_disk: Path, sqlite_template: ServiceTemplate) -> None:
    service = ServiceRig(small_disk, template=sqlite_template)
    service.create_organization()
    filler = fill(small_disk, leave=SPARE_BYTES + MEGABYTE // 2)

    def much() -> None:
        with service.house.database.write(service.clock()) as tx:
            audit.insert(tx, [(f"aud-{number}", "provider", bytes(MEGABYTE), "x") for number in range(3)])

    assert kind_of(much) == "storage-full"
    filler.unlink()
    with service.house.database.read(service.clock()) as tx:
        assert tx.execute(sa.select(sa.func.max(sa.func.length(audit.entries.c.entry)))).scalar_one() < MEGABYTE
    submit(service)
    service.integrate()
    service.close()


# ------------------------------------------------------------------------------------------------- stopped and cut off


@pytest.fixture(scope="module")
def own_server() -> Iterator[PostgresServer]:
    """A server that these tests may stop."""
    with PostgresServer() as server:
        yield server


@pytest.fixture
def remote(tmp_path: Path, own_server: PostgresServer) -> Iterator[ServiceRig]:
    """A service on that server."""
    service = ServiceRig(tmp_path, own_server.create_database())
    service.create_organization()
    yield service
    service.close()


@pytest.mark.parametrize("how", ["stop", "crash"])
def test_a_server_that_stops_is_unavailable_until_it_is_back(remote: ServiceRig, own_server: PostgresServer, how: str) -> None:
    service = remote
    admin = service.administrator(ORG)
    key = count_signatures(service)
    waiting = approved(service, admin)
    intent = prepare(service, waiting)
    service.integrate()

    def stopped_meanwhile() -> None:
        with service.house.database.write(service.clock()) as tx:
            audit.insert(tx, [("aud-lost", "provider", b"{}", "x")])
            {"stop": own_server.stop, "crash": own_server.crash}[how]()

    assert kind_of(stopped_meanwhile) == "database"
    assert kind_of(lambda: complete_batch(service.house, service.keys, [intent.id])) == "database"
    about = About("prepare-certificate", ORG, "request", waiting.id)
    assert kind_of(lambda: perform(service.house, SYSTEM, about, prepare_certificates, [waiting.id])) == "database"
    assert key.signatures == 0
    port = own_server.port
    own_server.start()
    assert own_server.port == port
    assert complete_batch(service.house, service.keys, [intent.id])[intent.id].ok
    with service.house.database.read(service.clock()) as tx:
        assert tx.execute(sa.select(audit.entries.c.id).where(audit.entries.c.id == "aud-lost")).first() is None
    finish(service)


@pytest.mark.parametrize("cut", [Cut.BEFORE, Cut.AFTER])
def test_an_unknown_outcome_of_a_commit_is_found_out_and_never_signed_again(
    remote: ServiceRig, own_server: PostgresServer, cut: Cut
) -> None:
    service = remote
    admin = service.administrator(ORG)
    key = count_signatures(service)
    waiting = approved(service, admin)
    intent = prepare(service, waiting)
    with CuttingProxy(own_server.port, b"INSERT INTO certificates ") as proxy:
        house: House = replace(
            service.house, database=Database(service.settings.database.replace(f":{own_server.port}/", f":{proxy.port}/"))
        )
        with house.database.read(service.clock()) as tx:
            assert tx.execute(sa.select(sa.literal(1))).scalar_one() == 1
        proxy.cut = cut
        assert kind_of(lambda: complete_batch(house, service.keys, [intent.id])) == "database"
        house.database.close()
    assert key.signatures == 1
    certificate = service.certificate_of(waiting)
    assert (certificate is not None) == (cut is Cut.AFTER)
    if certificate is not None:
        assert complete_batch(service.house, service.keys, [intent.id])[intent.id].ok
        assert key.signatures == 1
    finish(service)
    issued = service.certificate_of(waiting)
    assert issued is not None
    assert (issued.serial_hex == intent.serial_hex) == (cut is Cut.AFTER)
