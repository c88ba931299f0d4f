"""A service's database as the status front sees it, on either database, and what happens in it: issued, revoked, published.

The tables are the store's own and CRLs are written by the store's functions; certificates are bare rows, because their requests and
intents say nothing to the front.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import psycopg
from cryptography import x509

from privyseal.engine.certificate import Issuer
from privyseal.engine.crl import CrlContent, encode_entry, pack_pages, sign_crl
from privyseal.engine.hierarchy import CaName, CaPlan, generate_key, make_issuing_ca, make_ocsp_responder, make_root
from privyseal.engine.ocsp_request import IssuerHashes, read_usual_request
from privyseal.engine.serials import new_serial, serial_hex, shard_of
from privyseal.engine.signers import SigningKey
from privyseal.model.identifiers import AuthorityId, new_id
from privyseal.model.revocation import Revocation, RevocationReason
from privyseal.store import authorities, certificates, revocations
from privyseal.store.authorities import StoredAuthority
from privyseal.store.database import Database, Transaction
from privyseal.store.revocations import FULL, DueScope, StoredCrl
from privyseal.store.schema import UtcTime, to_microseconds

STATUS_URL = "http://status.example.test"
CA_ID = AuthorityId("ca-issuing")
ROOT_ID = AuthorityId("ca-root")


@dataclass(frozen=True, slots=True)
class SampleCas:
    """A root and an issuing CA that began an hour ago, and their keys."""

    root: Issuer
    root_key: SigningKey
    issuing: Issuer
    issuing_key: SigningKey


@cache
def sample_cas() -> SampleCas:
    """Made once per test run."""
    began = datetime.now(UTC) - timedelta(hours=1)
    root_key, issuing_key = generate_key("p256"), generate_key("p256")
    root = Issuer(make_root(CaPlan(CaName("Sample Root"), new_serial(1, os.urandom), began, 7305), root_key), "root", STATUS_URL, 1)
    plan = CaPlan(CaName("Sample Issuing CA"), new_serial(1, os.urandom), began, 3652)
    issuing = Issuer(make_issuing_ca(plan, issuing_key.public_key(), root, root_key), "issuing", STATUS_URL, 4)
    return SampleCas(root, root_key, issuing, issuing_key)


class SampleService:
    """One database with the CAs ``root`` and ``issuing`` (4 shards) and an OCSP responder for the latter.

    ``url`` is that of a database with our tables, which are empty.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.cas = sample_cas()
        self.database = Database(url)
        self.responder_keys: dict[str, SigningKey] = {}
        now = self.now()
        with self.database.write(now) as tx:
            for id_, slug, issuer in ((ROOT_ID, "root", self.cas.root), (CA_ID, "issuing", self.cas.issuing)):
                authorities.insert(tx, StoredAuthority(id_, slug, slug, issuer.certificate_der, issuer.shard_count, now))
                revocations.create_scopes(tx, id_, issuer.shard_count)
        self.add_responder("rsp-1")

    def close(self) -> None:
        self.database.close()

    @staticmethod
    def now() -> datetime:
        return datetime.now(UTC)

    def add_responder(self, responder_id: str, *, lifetime_days: int = 90, began: datetime | None = None) -> SigningKey:
        """A new responder certificate and its key, kept in ``responder_keys`` by id."""
        key = generate_key("p256")
        plan = CaPlan(CaName("Sample OCSP Responder"), new_serial(1, os.urandom), began or self.now(), lifetime_days)
        certificate = make_ocsp_responder(plan, key.public_key(), self.cas.issuing, self.cas.issuing_key)
        not_after = x509.load_der_x509_certificate(certificate).not_valid_after_utc
        with self.database.write(self.now()) as tx:
            authorities.insert_responder(tx, responder_id, CA_ID, certificate, not_after)
            revocations.advance_generation(tx)
        self.responder_keys[responder_id] = key
        return key

    def load_key(self, responder_id: str) -> SigningKey:
        """A key loader as the settings want it."""
        return self.responder_keys[responder_id]

    # ------------------------------------------------------------------------------------------------- what happens

    def issue(self, serial: int | None = None) -> int:
        """A certificate in force; returns its serial."""
        serial = serial or new_serial(1, os.urandom)
        self.issue_many([serial])
        return serial

    def issue_many(self, serials: Iterable[int]) -> None:
        """Certificates in force with these serials."""
        rows: Iterable[dict[str, object]] = (
            {"ca_id": CA_ID, "serial_hex": serial_hex(serial), "state": "valid", "id": f"crt-{serial:x}"} for serial in serials
        )
        self._insert_bare(certificates.certificates, rows)

    def revoke(self, serial: int, reason: RevocationReason = RevocationReason.SUPERSEDED) -> None:
        """Revokes a serial, whether a certificate stands behind it or not."""
        now = self.now()
        shard = shard_of(serial, self.cas.issuing.shard_count)
        revocation = Revocation(CA_ID, serial_hex(serial), now, reason, shard, now + timedelta(days=90))
        with self.database.write(now) as tx:
            assert revocations.insert(tx, revocation, encode_entry(serial, now, reason.code))
        self.execute("UPDATE certificates SET state = 'revoked' WHERE serial_hex = ?", serial_hex(serial))

    def publish(
        self, scope: str = FULL, *, at: datetime | None = None, life: timedelta = timedelta(days=7), page_entries: int = 4096
    ) -> int:
        """Publishes the CRL of a scope of the issuing CA as the service does; returns its number."""
        at = at or self.now()
        with self.database.write(at) as tx:
            due = next(due for due in revocations.due_scopes(tx, at + timedelta(days=1000)) if (due.ca_id, due.scope) == (CA_ID, scope))
            assert revocations.claim_number(tx, due, at, at + life)
            self._publish(tx, due, at, life, page_entries)
        return due.number + 1

    def _publish(self, tx: Transaction, due: DueScope, at: datetime, life: timedelta, page_entries: int) -> None:
        waiting = revocations.unpaged(tx, CA_ID, due.scope)
        tail = b"".join(entry for _, _, entry in waiting)
        if due.scope != FULL:
            pages, tail = pack_pages([entry for _, _, entry in waiting], page_entries=page_entries, min_entries=page_entries)
            for page in pages:
                serials = [serial for serial, _, _ in waiting[: page.count]]
                waiting = waiting[page.count :]
                revocations.add_page(tx, new_id("pag", at, os.urandom), CA_ID, int(due.scope), serials, page.entries)
        stored = [page_id for page_id, _ in revocations.pages_of(tx, due)]
        pieces = [*(revocations.page_entries(tx, page_id) for page_id in stored), tail]
        uri = None if due.scope == FULL else self.cas.issuing.crl_url(int(due.scope))
        content = CrlContent(due.number + 1, at, at + life, uri)
        frame = sign_crl(self.cas.issuing, self.cas.issuing_key, content, sum(map(len, pieces)), pieces)
        crl = StoredCrl(
            id=new_id("crl", at, os.urandom),
            ca_id=CA_ID,
            scope=due.scope,
            number=content.number,
            this_update=at,
            next_update=at + life,
            prefix=frame.prefix,
            suffix=frame.suffix,
            page_ids=tuple(stored),
            tail=tail,
            sha256=frame.sha256(pieces),
            byte_length=frame.byte_length,
        )
        revocations.insert_crl(tx, crl)

    # ------------------------------------------------------------------------------------------------------- bare SQL

    def execute(self, sql: str, *parameters: object) -> None:
        """Runs SQL beside the store, without its foreign keys."""
        self._execute_many(sql, [parameters])

    def _execute_many(self, sql: str, rows: Sequence[Sequence[object]]) -> None:
        if self.url.startswith("sqlite:"):
            connection = sqlite3.connect(self.url.removeprefix("sqlite:///"), timeout=10)
            with connection:
                connection.executemany(sql, rows)
            connection.close()
            return
        with psycopg.connect(self.url.replace("+psycopg", ""), autocommit=True) as server, server.cursor() as cursor:
            cursor.execute("SET session_replication_role = replica")
            cursor.executemany(sql.replace("?", "%s").encode(), rows)

    def _insert_bare(self, table: Any, rows: Iterable[dict[str, object]]) -> None:  # noqa: ANN401 - a table of SQLAlchemy
        """Inserts rows whose other obligatory columns hold something of their type."""
        complete = [self._filled(table, row) for row in rows]
        if not complete:
            return
        names, marks = ", ".join(complete[0]), ", ".join("?" * len(complete[0]))
        self._execute_many(f"INSERT INTO {table.name} ({names}) VALUES ({marks})", [tuple(row.values()) for row in complete])  # noqa: S608 - names of our own tables

    def _filled(self, table: Any, values: dict[str, object]) -> dict[str, object]:  # noqa: ANN401 - a table of SQLAlchemy
        filled: dict[str, object] = {}
        for column in table.columns:
            if column.name in values:
                filled[column.name] = values[column.name]
            elif isinstance(column.type, UtcTime) and not column.nullable:
                filled[column.name] = to_microseconds(self.now())
            elif not column.nullable:
                of_type: dict[type, object] = {bytes: b"", int: 0, str: os.urandom(16).hex(), object: "[]"}  # object: JSON
                filled[column.name] = of_type[column.type.python_type]
        return filled


def ocsp_request(serial: int, *, issuer: Issuer | None = None) -> bytes:
    """The usual request of 1 certificate by SHA-1, without a nonce."""
    hashes = IssuerHashes.of((issuer or sample_cas().issuing).certificate_der)
    prefix = hashes.usual[0][0]
    octets = serial.to_bytes(serial.bit_length() // 8 + 1)
    data = prefix + bytes((2, len(octets))) + octets
    for _ in range(5):
        data = bytes((0x30, len(data))) + data
    assert read_usual_request(data, hashes) is not None
    return data
