"""CRLs over HTTP: from pieces, from memory, without the database, never old ones."""

from __future__ import annotations

import socket
import sqlite3
import subprocess
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography import x509

from privyseal.engine.crl import encode_entry
from privyseal.engine.serials import serial_hex, shard_of
from privyseal.status.crl_answers import PageMemory
from privyseal.status.settings import Limits
from privyseal.store.schema import to_microseconds
from tests.status.conftest import settings_for
from tests.status.running_front import Reply, RunningFront, TurnableClock, request
from tests.status.sample_service import SampleService, sample_cas


def serials_of(reply: Reply) -> set[int]:
    """The revoked serials of a CRL whose signature and headers were checked."""
    assert reply.status == 200
    assert reply.fields["content-type"] == "application/pkix-crl"
    assert "max-age=30" in reply.fields["cache-control"]
    assert reply.fields["etag"] == f'"{sha256(reply.body).hexdigest()}"'
    crl = x509.load_der_x509_crl(reply.body)
    assert crl.is_signature_valid(sample_cas().issuing.public_key)
    return {entry.serial_number for entry in crl}


def revoke_many(service: SampleService, count: int) -> list[int]:
    serials = [service.issue() for _ in range(count)]
    for serial in serials:
        service.revoke(serial)
    return serials


def test_shards_and_the_full_crl_from_pages_and_tail(service: SampleService, front: RunningFront) -> None:
    serials = revoke_many(service, 24)
    for shard in range(4):
        service.publish(str(shard), page_entries=2)
    service.publish("full")
    assert serials_of(front.get("/crl/issuing/full.crl")) == set(serials)
    for shard in range(4):
        reply = front.get(f"/crl/issuing/{shard}.crl")
        assert serials_of(reply) == {serial for serial in serials if shard_of(serial, 4) == shard}
        point = x509.load_der_x509_crl(reply.body).extensions.get_extension_for_class(x509.IssuingDistributionPoint)
        assert point.critical


def test_a_new_crl_is_served_after_the_next_beat(service: SampleService, front: RunningFront) -> None:
    service.publish("full")
    assert serials_of(front.get("/crl/issuing/full.crl")) == set()
    (serial,) = revoke_many(service, 1)
    service.publish("full")
    front.beat()
    reply = front.get("/crl/issuing/full.crl")
    assert serials_of(reply) == {serial}
    assert x509.load_der_x509_crl(reply.body).extensions.get_extension_for_class(x509.CRLNumber).value.crl_number == 2


def test_etag_head_and_dates(sqlite_service: SampleService, sqlite_front: RunningFront) -> None:
    sqlite_service.publish("full")
    first = sqlite_front.get("/crl/issuing/full.crl")
    crl = x509.load_der_x509_crl(first.body)
    assert first.fields["last-modified"] == crl.last_update_utc.strftime("%a, %d %b %Y %H:%M:%S GMT")
    head = sqlite_front.ask(request("HEAD", "/crl/issuing/full.crl"))
    assert {**head.fields, "date": ""} == {**first.fields, "date": ""}
    for tags in (first.fields["etag"], f'"x", W/{first.fields["etag"]}', "*"):
        again = sqlite_front.get("/crl/issuing/full.crl", f"If-None-Match: {tags}")
        assert (again.status, again.body) == (304, b"")
    assert sqlite_front.get("/crl/issuing/full.crl", 'If-None-Match: "other"').status == 200


def test_addresses_that_hold_no_crl(sqlite_front: RunningFront) -> None:
    for path in ("4.crl", "00.crl", "-1.crl", "1.crl.crl", "full", "Full.crl", "99999.crl", "1.pem", "../ca/issuing.cer"):
        assert sqlite_front.get(f"/crl/issuing/{path}").status == 404, path
    assert sqlite_front.get("/crl/nobody/full.crl").status == 404
    assert sqlite_front.ask(request("POST", "/crl/issuing/full.crl")).status == 405
    unpublished = sqlite_front.get("/crl/issuing/0.crl")
    assert (unpublished.status, int(unpublished.fields["retry-after"]) > 0) == (503, True)


@pytest.mark.parametrize("how", ["moved", "tables gone"])
def test_without_the_database_a_fresh_crl_is_served_from_memory(
    sqlite_service: SampleService, sqlite_front: RunningFront, clock: TurnableClock, how: str
) -> None:
    revoke_many(sqlite_service, 9)
    sqlite_service.publish("1", page_entries=2)
    sqlite_service.publish("2")
    before = sqlite_front.get("/crl/issuing/1.crl")
    if how == "moved":
        path = Path(sqlite_service.url.removeprefix("sqlite:///"))
        sqlite_service.close()
        path.rename(path.with_suffix(".away"))
    else:
        for table in ("crls", "crl_pages", "status_generation"):
            sqlite_service.execute(f"DROP TABLE {table}")
    sqlite_front.beat()
    assert sqlite_front.get("/readyz").status == 503
    clock.ahead = timedelta(days=6, hours=23)
    assert sqlite_front.get("/crl/issuing/1.crl").body == before.body
    never_asked = sqlite_front.get("/crl/issuing/2.crl")
    assert never_asked.status == 503
    assert int(never_asked.fields["retry-after"]) > 0
    assert b"database" in never_asked.body
    clock.ahead = timedelta(days=7, seconds=1)
    assert sqlite_front.get("/crl/issuing/1.crl").status == 503


def test_an_old_crl_is_never_served_and_the_sentence_says_why(
    sqlite_service: SampleService, sqlite_front: RunningFront, clock: TurnableClock
) -> None:
    sqlite_service.publish("full", life=timedelta(hours=1))
    assert sqlite_front.get("/crl/issuing/full.crl").status == 200
    clock.ahead = timedelta(hours=1, minutes=1)
    reply = sqlite_front.get("/crl/issuing/full.crl")
    assert reply.status == 503
    assert b"no newer one was published" in reply.body
    sqlite_service.publish("full", life=timedelta(hours=5))
    sqlite_front.beat()
    assert sqlite_front.get("/crl/issuing/full.crl").status == 200


def test_metrics_tell_when_the_first_crl_ends(sqlite_service: SampleService, sqlite_front: RunningFront) -> None:
    sqlite_service.publish("full", life=timedelta(hours=2))
    sqlite_service.publish("3", life=timedelta(hours=1))
    sqlite_front.beat()
    text = sqlite_front.get("/metrics").body.decode()
    (line,) = [line for line in text.splitlines() if line.startswith('privyseal_status_crl_next_update_seconds{ca="issuing"}')]
    assert abs(float(line.split()[1]) - sqlite_service.now().timestamp() - 3600) < 30


def test_a_large_crl_leaves_in_pieces_and_keep_alive_goes_on(sqlite_service: SampleService) -> None:
    """30,000 entries in pages that do not all fit into the page memory, to a client that reads slowly, twice."""
    shard_entries = 30_000
    serials = [(0x01 << 136) + (number << 8) + 1 for number in range(shard_entries)]
    insert_revocations(sqlite_service, serials)
    sqlite_service.publish("1", page_entries=1000)
    settings = replace(settings_for(sqlite_service), page_cache_bytes=300_000)
    with RunningFront(settings) as front, front.client() as client:
        client.send(request("GET", "/crl/issuing/1.crl") + request("GET", "/healthz") + request("GET", "/crl/issuing/1.crl"))
        first, health, second = client.read(), client.read(), client.read()
        assert len(first.body) > 1_200_000
        assert serials_of(first) == set(serials)
        assert health.body == b"ok\n"
        assert second.body == first.body
        memory = next(line for line in front.get("/metrics").body.decode().splitlines() if line.startswith("privyseal_status_page_memory"))
        assert 0 < float(memory.split()[1]) <= 300_000


def test_a_client_that_asks_for_one_thing_gets_it_and_the_end(sqlite_service: SampleService, sqlite_front: RunningFront) -> None:
    sqlite_service.publish("full")
    with sqlite_front.client() as client:
        client.send(request("GET", "/crl/issuing/full.crl", "Connection: close"))
        reply = client.read()
        assert (serials_of(reply), reply.fields["connection"]) == (set(), "close")
        assert client.is_ended()


def test_a_reader_that_stops_in_the_middle_of_a_crl_is_cut_off(sqlite_service: SampleService) -> None:
    insert_revocations(sqlite_service, [(0x01 << 136) + (number << 8) + 1 for number in range(30_000)])
    sqlite_service.publish("1", page_entries=1000)
    settings = replace(settings_for(sqlite_service), limits=Limits(drain_seconds=0.5))
    with RunningFront(settings) as front, front.client() as client:
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        # More than the kernel keeps for one connection.
        client.send(request("GET", "/crl/issuing/1.crl") * 10)
        front.wait_for_connections(1)
        with pytest.raises(ConnectionResetError):
            client.read()


@pytest.mark.parametrize("damage", ["DELETE FROM crl_pages WHERE sequence = 1", "UPDATE crl_pages SET entries = 5 WHERE sequence = 1"])
def test_a_page_that_is_gone_cuts_the_connection_and_never_a_short_crl(sqlite_service: SampleService, damage: str) -> None:
    insert_revocations(sqlite_service, [(0x01 << 136) + (number << 8) + 1 for number in range(10)])
    sqlite_service.publish("1", page_entries=5)
    sqlite_service.execute(damage)
    with RunningFront(settings_for(sqlite_service)) as front:
        with front.client() as client:
            client.send(request("GET", "/crl/issuing/1.crl"))
            with pytest.raises((EOFError, ConnectionResetError)):
                client.read()
        assert front.get("/healthz").status == 200


def insert_revocations(service: SampleService, serials: list[int]) -> None:
    """Many revocations of one moment at once."""
    now = service.now()
    micros = to_microseconds(now)
    rows = [
        ("ca-issuing", serial_hex(serial), micros, 1, shard_of(serial, 4), encode_entry(serial, now, 1), None, micros) for serial in serials
    ]
    connection = sqlite3.connect(service.url.removeprefix("sqlite:///"))
    with connection:
        connection.executemany("INSERT INTO revocations VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
    connection.close()


def test_openssl_fetches_and_believes_the_crl_of_the_distribution_point(
    service: SampleService, front: RunningFront, tmp_path: Path
) -> None:
    service.publish("2")
    (tmp_path / "ca.pem").write_bytes(front.get("/ca/issuing.pem").body)
    (tmp_path / "2.crl").write_bytes(front.get("/crl/issuing/2.crl").body)
    command = ["openssl", "crl", "-inform", "DER", "-in", "2.crl", "-CAfile", "ca.pem", "-noout", "-text"]
    judged = subprocess.run(command, check=True, capture_output=True, text=True, cwd=tmp_path, timeout=20)
    assert "verify OK" in judged.stderr
    assert "URI:http://status.example.test/crl/issuing/2.crl" in judged.stdout


def test_page_memory_drops_what_was_used_longest_ago() -> None:
    memory = PageMemory(10)
    for name in ("a", "b", "a"):
        memory.put(name, b"12345")
    assert memory.get("a") == b"12345"
    memory.put("c", b"1234")
    assert (memory.get("a"), memory.get("b"), memory.get("c"), memory.size) == (b"12345", None, b"1234", 9)
    memory.put("too large", b"x" * 11)
    assert (memory.get("too large"), memory.size) == (None, 0)
