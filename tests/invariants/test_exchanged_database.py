"""A database that is cut, restored or exchanged under running processes signs nothing more, and goes on when it is back (P5)."""

from __future__ import annotations

import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from psycopg import sql

from privyseal.actions.certificate.prepare_certificates import prepare_certificates
from privyseal.actions.house import About, perform
from privyseal.actions.organization.create_organization import create_organization
from privyseal.cli.house_setup import log_files
from privyseal.issuer.client import IssuerClient
from privyseal.issuer.desk import complete_batch
from privyseal.issuer.evidence import Evidence
from privyseal.issuer.server import IssuerServer
from privyseal.jobs.sequencer import Sequencer
from privyseal.model.actor import SYSTEM
from privyseal.model.audit import organization_log
from privyseal.model.errors import Unavailable
from privyseal.model.identifiers import IntentId
from privyseal.model.request import Request
from privyseal.store import audit, revocations
from tests.rigs.books import check_books
from tests.rigs.counting_key import count_signatures
from tests.rigs.live_service import LiveService
from tests.rigs.ports import wait_until
from tests.rigs.postgresql import PostgresServer
from tests.rigs.service import OPERATOR, AdministratorRig, ServiceRig, make_csr, make_key

# A connection that the server cuts while it is being opened is left to the garbage collector, and psycopg complains of that.
pytestmark = pytest.mark.filterwarnings("ignore:Exception ignored in.*BaseConnection:pytest.PytestUnraisableExceptionWarning")

ORG = "resource-marketing"
ABOUT = About("test", ORG, "request", "x")


def copy_sqlite(source: Path, target: Path) -> None:
    """A backup, or its restore into the open file, with SQLite's own means."""
    with closing(sqlite3.connect(source)) as reading, closing(sqlite3.connect(target, timeout=20)) as writing:
        reading.backup(writing)


@dataclass(frozen=True, slots=True)
class Vault:
    """What an operator can do to the database of a running service: copy it away, and put a copy in its place."""

    service: ServiceRig
    directory: Path
    server: PostgresServer | None

    @property
    def _file(self) -> Path:
        return self.service.settings.data / "privyseal.sqlite3"

    def copy(self) -> str:
        """Take a copy; returns what to hand to ``put``."""
        if self.server is not None:
            return self._idle(lambda server: server.create_database(self.service.settings.database))
        copy = self.directory / f"copy-{time.monotonic_ns()}.sqlite3"
        copy_sqlite(self._file, copy)
        return str(copy)

    def put(self, copy: str, *, as_new_file: bool) -> str:
        """Exchange the database for a copy; returns the one that was there."""
        if self.server is None:
            before = self.copy()
            if as_new_file:
                for suffix in ("-wal", "-shm"):
                    Path(f"{self._file}{suffix}").unlink(missing_ok=True)
                shutil.copy(copy, self.directory / "next")
                (self.directory / "next").rename(self._file)
            else:
                copy_sqlite(Path(copy), self._file)
            return before
        old, new = self.service.settings.database.rpartition("/")[2], copy.rpartition("/")[2]
        aside = f"{old}_aside_{time.monotonic_ns()}"
        with psycopg.connect(self.server._dsn("postgres"), autocommit=True) as connection:  # noqa: SLF001 - an operator has it too
            self._cut(connection, old)
            connection.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(old), sql.Identifier(aside)))
            connection.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(new), sql.Identifier(old)))
            connection.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(sql.Identifier(aside)))
        return f"{self.service.settings.database.rpartition('/')[0]}/{aside}"

    def _idle(self, work: Callable[[PostgresServer], str]) -> str:
        assert self.server is not None
        name = self.service.settings.database.rpartition("/")[2]
        with psycopg.connect(self.server._dsn("postgres"), autocommit=True) as connection:  # noqa: SLF001 - see above
            self._cut(connection, name)
            made = work(self.server)
            connection.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(sql.Identifier(name)))
        return made

    @staticmethod
    def _cut(connection: psycopg.Connection, name: str) -> None:
        connection.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(sql.Identifier(name)))
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
        wait_until(
            lambda: connection.execute("SELECT 1 FROM pg_stat_activity WHERE datname = %s", (name,)).fetchone() is None,
            seconds=10,
            what="every connection is cut",
        )


@pytest.fixture
def vault(service: ServiceRig, tmp_path: Path, request: pytest.FixtureRequest) -> Vault:
    server = None if service.house.database.is_sqlite else request.getfixturevalue("postgres")
    return Vault(service, tmp_path, server)


@dataclass(frozen=True, slots=True)
class Running:
    """The running parts that sign: issuer and sequencer."""

    service: ServiceRig
    evidence: Evidence
    client: IssuerClient
    sequencer: Sequencer

    def refuses(self) -> bool:
        """Whether the issuer says now that the evidence differs."""
        try:
            self.client.ping()
        except Unavailable as error:
            return error.kind == "evidence-differs"
        return False

    def works(self) -> bool:
        try:
            self.client.ping()
        except Unavailable:
            return False
        return True


@pytest.fixture
def admin(service: ServiceRig) -> AdministratorRig:
    service.create_organization()
    return service.administrator(ORG)


@pytest.fixture
def running(service: ServiceRig, admin: AdministratorRig) -> Iterator[Running]:
    files = log_files(service.settings)
    sequencer = Sequencer(service.house, service.log_key, files, "rig")
    sequencer.turn()
    evidence = Evidence(service.house, service.log_key.vkey, files)
    evidence.look()
    path = service.settings.data / "run" / "issuer.sock"
    server = IssuerServer(service.house, service.keys, path, evidence)
    server.start()
    yield Running(service, evidence, IssuerClient(path), sequencer)
    server.stop()


def approved(service: ServiceRig, admin: AdministratorRig, word: str) -> Request:
    request = service.submit(ORG, make_csr([f"{word}.resource-marketing.test"], make_key()))
    service.approve(request, admin)
    return request


def prepare(service: ServiceRig, request: Request) -> IntentId:
    [intent] = perform(service.house, SYSTEM, ABOUT, prepare_certificates, [request.id]).intents
    return intent.id


def kind_of(act: Callable[[], object]) -> str:
    with pytest.raises(Unavailable) as refusal:
        act()
    return refusal.value.kind


@pytest.mark.parametrize("as_new_file", [True, False])
def test_an_older_database_under_running_processes_signs_nothing(
    service: ServiceRig, admin: AdministratorRig, running: Running, vault: Vault, *, as_new_file: bool
) -> None:
    if vault.server is not None and not as_new_file:
        pytest.skip("on PostgreSQL another database of the same name is the one way")
    first, second = approved(service, admin, "first"), approved(service, admin, "second")
    running.sequencer.turn()
    intent = prepare(service, second)
    older = vault.copy()
    assert running.client.complete([prepare(service, first)])[0].ok
    running.sequencer.turn()
    running.evidence.look()
    key, notes = count_signatures(service), dict(log_files(service.settings).notes())
    true = vault.put(older, as_new_file=as_new_file)
    # The batch itself finds out, before any look of the publisher's has come round.
    evidence = running.evidence
    assert kind_of(lambda: complete_batch(service.house, service.keys, [intent], evidence.require_in)) == "evidence-differs"
    assert kind_of(lambda: running.client.complete([intent])) == "evidence-differs"
    assert kind_of(running.sequencer.turn) == "evidence-differs"
    # New entries make it longer, not right.
    for number in range(30):
        service.submit(ORG, make_csr([f"host{number}.resource-marketing.test"], make_key()))
    assert kind_of(running.sequencer.turn) == "evidence-differs"
    assert kind_of(evidence.look) == "evidence-differs"
    assert (key.signatures, dict(log_files(service.settings).notes())) == (0, notes)
    vault.put(true, as_new_file=as_new_file)
    wait_until(running.works, seconds=15, what="the issuer signs again")
    assert running.client.complete([intent])[0].ok
    running.sequencer.turn()
    assert dict(log_files(service.settings).notes()) != notes
    running.sequencer.turn()
    wait_until(lambda: is_published(service), seconds=20, what="every CRL is published")
    running.sequencer.turn()
    check_books(service)


def is_published(service: ServiceRig) -> bool:
    with service.house.database.read(service.clock()) as tx:
        return tx.execute(revocations.crl_scopes.select().where(revocations.crl_scopes.c.changed)).first() is None


@pytest.mark.parametrize("what", ["leaves", "head", "root"])
def test_one_log_cut_in_place_is_found_within_seconds(service: ServiceRig, running: Running, what: str) -> None:
    """Not the log that grew last: the look that comes round each second compares the others."""
    log = organization_log(ORG)
    service.create_organization("other", name="Other, Inc.", domains=("other.test",))
    running.sequencer.turn()
    wait_until(running.works, seconds=10, what="the issuer works")
    with service.house.database.write(service.clock()) as tx:
        size = audit.size(tx, log)
        head = sa.and_(audit.checkpoints.c.log == log, audit.checkpoints.c.size == size)
        if what == "leaves":
            last = sa.and_(audit.entries.c.log == log, audit.entries.c.leaf_index == size - 1)
            tx.execute(audit.entries.update().where(last).values(leaf_index=None, leaf_hash=None))
        elif what == "head":
            tx.execute(audit.checkpoints.delete().where(head))
        else:
            tx.execute(audit.checkpoints.update().where(head).values(root="00" * 32))
    assert kind_of(running.sequencer.turn) == "evidence-differs"
    wait_until(running.refuses, seconds=10, what="the issuer refuses")


@pytest.mark.parametrize("service", ["sqlite"], indirect=True)
def test_no_database_is_made_where_one_was_taken_away(service: ServiceRig, admin: AdministratorRig) -> None:
    file = service.settings.data / "privyseal.sqlite3"
    with service.house.database.read(service.clock()) as tx:
        size = audit.size(tx, organization_log(ORG))
    file.rename(file.with_suffix(".away"))

    def look() -> int:
        with service.house.database.read(service.clock()) as tx:
            return audit.size(tx, organization_log(ORG))

    assert kind_of(look) == "database"
    assert not file.exists()
    file.with_suffix(".away").rename(file)
    assert look() == size


def test_processes_of_a_running_service_notice_and_recover(tmp_path: Path) -> None:
    """``privyseal serve`` on the embedded database, and an operator who restores yesterday's backup under it."""
    with LiveService(tmp_path, []) as live:
        file, backup = live.settings.data / "privyseal.sqlite3", tmp_path / "backup.sqlite3"
        copy_sqlite(file, backup)
        size = sum(1 for _ in log_files(live.settings).notes())
        about = About("set-up", "", "organization", "late")
        perform(live.house, OPERATOR, about, create_organization, slug="late", name="Late, Inc.", country="US",
                state_or_province="Kentucky", locality="Newport", contact_email="contact@late.test")  # fmt: skip
        wait_until(lambda: sum(1 for _ in log_files(live.settings).notes()) > size, seconds=30, what="the new log has a checkpoint")
        wait_until(live.is_ready, seconds=30, what="the service is ready")
        true = tmp_path / "true.sqlite3"
        copy_sqlite(file, true)
        copy_sqlite(backup, file)
        wait_until(lambda: "evidence-differs" in live.public.get(f"{live.settings.base_url}/readyz").text, seconds=30, what="it refuses")
        notes = dict(log_files(live.settings).notes())
        time.sleep(2)  # two turns of the sequencer, which sign nothing
        assert dict(log_files(live.settings).notes()) == notes
        copy_sqlite(true, file)
        wait_until(live.is_ready, seconds=60, what="it is ready again")
