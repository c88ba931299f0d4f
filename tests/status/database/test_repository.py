"""The queries on both databases, and what happens when a database goes, comes back or is another one."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import threading
import time
from pathlib import Path

import pytest

from privyseal.engine.serials import new_serial, serial_hex
from privyseal.model.errors import Unavailable
from privyseal.model.revocation import RevocationReason
from privyseal.status.database import repository as repository_module
from privyseal.status.database import thread as thread_module
from privyseal.status.database.repository import Repository
from privyseal.status.database.thread import DatabaseThread
from tests.rigs.postgresql import PostgresServer
from tests.rigs.schemas import postgresql_schema
from tests.status.sample_service import CA_ID, SampleService


@pytest.fixture
def repository(service: SampleService) -> Repository:
    return Repository(service.url)


def test_what_is_recorded_of_serials(service: SampleService, repository: Repository) -> None:
    good, bad, abandoned, unknown = service.issue(), service.issue(), new_serial(1, os.urandom), new_serial(1, os.urandom)
    service.revoke(bad, RevocationReason.KEY_COMPROMISE)
    service.revoke(abandoned)
    names = [serial_hex(serial) for serial in (good, bad, abandoned, unknown)]
    rows = repository.certificates(CA_ID, names)
    assert [(rows[name].valid, rows[name].revoked_at is not None, rows[name].reason) for name in names] == [
        (True, False, 0),
        (False, True, 1),
        (False, True, 4),
        (False, False, 0),
    ]
    assert repository.certificates("ca-root", names[:1])[names[0]].valid is False
    repository.close()


def test_a_revocation_wins_over_a_certificate_that_is_still_called_valid(service: SampleService, repository: Repository) -> None:
    serial = service.issue()
    service.revoke(serial)
    service.execute("UPDATE certificates SET state = 'valid' WHERE serial_hex = ?", serial_hex(serial))
    assert repository.certificates(CA_ID, [serial_hex(serial)])[serial_hex(serial)].revoked_at is not None
    repository.close()


def test_the_generation_rises_with_revocations_and_crls(service: SampleService, repository: Repository) -> None:
    first = repository.generation()
    service.revoke(service.issue())
    second = repository.generation()
    service.publish("full")
    assert first < second < repository.generation()
    repository.close()


def test_the_newest_crl_and_its_pages(service: SampleService, repository: Repository) -> None:
    assert repository.newest_crl(CA_ID, "full", None) is None
    for _ in range(3):
        service.revoke(service.issue())
    for shard in range(4):
        service.publish(str(shard), page_entries=1)
    number = service.publish("full")
    crl = repository.newest_crl(CA_ID, "full", None)
    assert crl is not None
    assert (crl.number, len(crl.page_ids)) == (number, 3)
    assert crl.byte_length == len(crl.prefix + crl.tail + crl.suffix) + sum(len(repository.page(page)) for page in crl.page_ids)
    assert repository.newest_crl(CA_ID, "full", number) is None
    later = service.publish("full")
    newer = repository.newest_crl(CA_ID, "full", number)
    assert newer is not None
    assert newer.number == later
    with pytest.raises(Unavailable, match="page"):
        repository.page("pag-none")
    repository.close()


def test_cas_and_responders_newest_first(service: SampleService, repository: Repository) -> None:
    service.add_responder("rsp-2")
    rows = {row.slug: row for row in repository.authorities()}
    assert [row.id for row in rows["issuing"].responders] == ["rsp-2", "rsp-1"]
    assert (rows["issuing"].shard_count, rows["root"].responders, rows["issuing"].crl_next_update) == (4, (), None)
    service.publish("full")
    service.publish("1")
    again = {row.slug: row for row in repository.authorities()}
    assert again["issuing"].crl_next_update is not None
    assert again["root"] == rows["root"]
    repository.close()


def test_the_front_can_only_read(service: SampleService, repository: Repository) -> None:
    with pytest.raises(Unavailable, match=r"read-?only"):
        repository._rows("UPDATE status_generation SET generation = 0")  # noqa: SLF001 - nothing public writes
    repository.close()


def test_a_missing_file_is_unavailable_and_not_a_new_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repository_module, "RETRY_SECONDS", 0.0)
    path = tmp_path / "none.sqlite"
    repository = Repository(f"sqlite:///{path}")
    with pytest.raises(Unavailable) as refusal:
        repository.generation()
    assert refusal.value.kind == "database"
    assert not path.exists()
    sqlite3.connect(path).close()
    with pytest.raises(Unavailable, match="no such table"):
        repository.generation()


def test_after_a_failure_the_database_is_left_alone_for_a_second(tmp_path: Path) -> None:
    repository = Repository(f"sqlite:///{tmp_path / 'none.sqlite'}")
    with pytest.raises(Unavailable, match="unable to open"):
        repository.generation()
    with pytest.raises(Unavailable, match="a moment ago"):
        repository.generation()


def test_a_restored_file_is_found(sqlite_service: SampleService) -> None:
    path = Path(sqlite_service.url.removeprefix("sqlite:///"))
    repository = Repository(sqlite_service.url)
    serial = sqlite_service.issue()
    before = repository.generation()
    sqlite_service.close()
    copy = path.with_suffix(".copy")
    with sqlite3.connect(path) as source, sqlite3.connect(copy) as target:
        source.backup(target)
    source.close()
    target.execute("UPDATE status_generation SET generation = generation + 100")
    target.execute("DELETE FROM certificates")
    target.commit()
    target.close()
    for left in path.parent.glob(f"{path.name}-*"):
        left.unlink()
    copy.replace(path)
    assert repository.generation() == before + 100
    assert not repository.certificates(CA_ID, [serial_hex(serial)])[serial_hex(serial)].valid
    repository.close()


def test_postgresql_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repository_module, "RETRY_SECONDS", 0.0)
    with PostgresServer() as server:
        service = SampleService(postgresql_schema(server))
        service.close()
        repository = Repository(service.url)
        before = repository.generation()
        server.crash()
        for _ in range(2):
            with pytest.raises(Unavailable):
                repository.generation()
        server.start()
        assert repository.generation() == before
        repository.close()


def test_a_locked_database_is_unavailable_and_recovers(sqlite_service: SampleService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repository_module, "RETRY_SECONDS", 0.0)
    monkeypatch.setattr(repository_module, "BUSY_SECONDS", 0.1)
    path = sqlite_service.url.removeprefix("sqlite:///")
    sqlite_service.close()
    repository = Repository(sqlite_service.url)
    locker = sqlite3.connect(path, isolation_level=None)
    locker.execute("PRAGMA locking_mode=EXCLUSIVE")
    locker.execute("BEGIN EXCLUSIVE")
    with pytest.raises(Unavailable, match="locked"):
        repository.generation()
    locker.execute("COMMIT")
    locker.close()
    assert repository.generation() > 0
    repository.close()


def test_questions_that_wait_go_over_together_and_errors_reach_who_asked(sqlite_service: SampleService) -> None:
    async def ask_many() -> list[object]:
        thread = DatabaseThread(Repository(sqlite_service.url))
        threads = set()

        def fails(_: Repository) -> int:
            raise KeyError("mine")

        def where(_: Repository) -> int:
            threads.add(threading.get_ident())
            return 5

        answers = await asyncio.gather(*(thread.ask(where) for _ in range(20)), thread.ask(fails), return_exceptions=True)
        await thread.close()
        assert threading.get_ident() not in threads
        assert len(threads) == 1
        return list(answers)

    answers = asyncio.run(ask_many())
    assert answers[:20] == [5] * 20
    assert isinstance(answers[20], KeyError)


def test_a_database_that_hangs_is_given_up_and_answered_at_once_afterwards(
    sqlite_service: SampleService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(thread_module, "ANSWER_SECONDS", 0.5)
    done = threading.Event()

    async def hang() -> tuple[float, float]:
        thread = DatabaseThread(Repository(sqlite_service.url))
        began = time.monotonic()
        with pytest.raises(Unavailable):
            await thread.ask(lambda _: done.wait(20))
        first = time.monotonic() - began
        with pytest.raises(Unavailable):
            await thread.ask(Repository.generation)
        second = time.monotonic() - began - first
        done.set()
        while True:
            try:
                assert await thread.ask(Repository.generation) > 0
                break
            except Unavailable:
                await asyncio.sleep(0.01)
        await thread.close()
        return first, second

    first, second = asyncio.run(hang())
    assert 0.5 <= first < 3
    assert second < 0.4
