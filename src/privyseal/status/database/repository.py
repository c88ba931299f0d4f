"""The SQL of the status front: plain sqlite3 or psycopg, read-only, synchronous, one connection.

Only ``thread`` calls it, in one thread of its own, so that a database that hangs never stops the answers that come from memory.
The tables are the store's; they are read here with SQL that both databases understand. Times are UTC microseconds.
"""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol, TypeAlias, TypeVar
from urllib.parse import quote

from privyseal.model.errors import Unavailable

if TYPE_CHECKING:
    import psycopg

Row: TypeAlias = tuple[object, ...]
Result = TypeVar("Result")

BUSY_SECONDS = 2.0
"""How long SQLite waits for a lock. Readers of a WAL database hardly ever wait."""

RETRY_SECONDS = 1.0
"""After a failure the database is left alone for so long, and everybody is told at once that it is away."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ResponderRow:
    """A delegated OCSP responder's certificate; its key lies elsewhere."""

    id: str
    certificate: bytes
    not_after: datetime


@dataclass(frozen=True, slots=True)
class AuthorityRow:
    """A CA with its responders, newest first. ``crl_next_update`` is when the first of its CRLs in force ends, None before the first."""

    id: str
    slug: str
    certificate: bytes
    shard_count: int
    responders: tuple[ResponderRow, ...]
    crl_next_update: datetime | None


@dataclass(frozen=True, slots=True)
class CertificateRow:
    """What is recorded of one serial number, of a certificate or an Administrator ID: revoked when and why, in force, or neither."""

    revoked_at: datetime | None
    reason: int
    valid: bool


@dataclass(frozen=True, slots=True)
class CrlRow:
    """The newest CRL of one scope: ``prefix`` + pages + ``tail`` + ``suffix``."""

    number: int
    this_update: datetime
    next_update: datetime
    prefix: bytes
    suffix: bytes
    page_ids: tuple[str, ...]
    tail: bytes
    sha256: str
    byte_length: int


class _Link(Protocol):
    """One open connection."""

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        """All rows of a query with ``?`` for its parameters. Raises the driver's errors."""
        ...

    def is_current(self) -> bool:
        """Whether the connection still leads to the database of its address."""
        ...

    def close(self) -> None:
        """Gives the connection back."""
        ...


class _SqliteLink:
    def __init__(self, path: str) -> None:
        self._path = path
        # mode=ro: a missing file is an error here and not a new, empty database.
        self._connection = sqlite3.connect(f"file:{quote(path)}?mode=ro", uri=True, timeout=BUSY_SECONDS, check_same_thread=False)
        self._connection.isolation_level = None
        self._identity = self._identify()

    def _identify(self) -> tuple[int, int]:
        status = os.stat(self._path)  # noqa: PTH116 - once a second, and no Path is at hand
        return status.st_dev, status.st_ino

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        return self._connection.execute(sql, tuple(parameters)).fetchall()

    def is_current(self) -> bool:
        # A restored backup is another file of the same name; the open one would be read on and on.
        return self._identify() == self._identity

    def close(self) -> None:
        self._connection.close()


class _PostgresLink:
    def __init__(self, url: str) -> None:
        import psycopg  # noqa: PLC0415 - 0.1 s that a SQLite service does not pay at its start (E9)

        options = "-c default_transaction_read_only=on -c statement_timeout=3000"
        self._connection: psycopg.Connection[Row] = psycopg.connect(
            url,
            autocommit=True,
            connect_timeout=3,
            options=options,
            tcp_user_timeout=5000,
            keepalives_idle=10,
            application_name="privyseal-status",
        )

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        # Binary results: a CRL page would double its size in the text form of BYTEA.
        with self._connection.cursor(binary=True) as cursor:
            return cursor.execute(sql.replace("?", "%s").encode(), tuple(parameters)).fetchall()

    def is_current(self) -> bool:
        return not self._connection.closed

    def close(self) -> None:
        self._connection.close()


class Repository:
    """The queries. Each raises Unavailable kind ``database`` while the database does not answer."""

    def __init__(self, database_url: str) -> None:
        self._url = database_url
        self._link: _Link | None = None
        self._retry_at = 0.0

    def generation(self) -> int:
        """The number that rises with every revocation and every CRL; 0 before the first CA. Also finds a replaced database file."""
        if self._link is not None and not self._guard(self._link.is_current):
            self.close()
        rows = self._rows("SELECT generation FROM status_generation WHERE id = 1")
        return _integer(rows[0][0]) if rows else 0

    def authorities(self) -> tuple[AuthorityRow, ...]:
        """All CAs by slug."""
        responders: dict[str, list[ResponderRow]] = {}
        for id_, ca_id, certificate, not_after in self._rows(
            "SELECT id, ca_id, certificate, not_after FROM ocsp_responders ORDER BY id DESC"
        ):
            responder = ResponderRow(str(id_), _bytes(certificate), _moment(not_after))
            responders.setdefault(str(ca_id), []).append(responder)
        rows = self._rows(
            "SELECT cas.id, slug, certificate, shard_count, MIN(next_update) FROM cas LEFT JOIN crl_scopes ON crl_scopes.ca_id = cas.id "
            "GROUP BY cas.id, slug, certificate, shard_count ORDER BY slug"
        )
        return tuple(
            AuthorityRow(
                id=str(id_),
                slug=str(slug),
                certificate=_bytes(certificate),
                shard_count=_integer(shards),
                responders=tuple(responders.get(str(id_), ())),
                crl_next_update=None if next_update is None else _moment(next_update),
            )
            for id_, slug, certificate, shards, next_update in rows
        )

    def certificates(self, ca_id: str, serials: Sequence[str]) -> dict[str, CertificateRow]:
        """What is recorded of each serial (``serials.serial_hex``) of this CA; one query each, none is answered from memory."""
        return {serial: self._certificate(ca_id, serial) for serial in serials}

    def _certificate(self, ca_id: str, serial: str) -> CertificateRow:
        # One round trip. A revocation stands without a certificate when an intent was abandoned: its serial may have been
        # signed by a process that died. Administrator IDs are no rows of `certificates`: what says that one was issued is its
        # completed intent, written in one transaction with the credential, and it has the serial under an index.
        sql = (
            "SELECT revoked_at, reason FROM revocations WHERE ca_id = ? AND serial_hex = ? "
            "UNION ALL SELECT NULL, NULL FROM certificates WHERE ca_id = ? AND serial_hex = ? AND state = 'valid' "
            "UNION ALL SELECT NULL, NULL FROM intents "
            "WHERE authority_id = ? AND serial_hex = ? AND kind = 'administrator' AND state = 'completed'"
        )
        rows = self._rows(sql, (ca_id, serial) * 3)
        for revoked_at, reason in rows:
            if revoked_at is not None:
                return CertificateRow(_moment(revoked_at), _integer(reason), valid=False)
        return CertificateRow(None, 0, valid=bool(rows))

    def newest_crl(self, ca_id: str, scope: str, known_number: int | None) -> CrlRow | None:
        """The newest CRL of ``scope`` ("full" or the shard's number), None if that is ``known_number`` or there is none."""
        newest = self._rows("SELECT number FROM crls WHERE ca_id = ? AND scope = ? ORDER BY number DESC LIMIT 1", (ca_id, scope))
        if not newest or newest[0][0] == known_number:
            return None
        columns = "number, this_update, next_update, prefix, suffix, page_ids, tail, sha256, byte_length"
        rows = self._rows(f"SELECT {columns} FROM crls WHERE ca_id = ? AND scope = ? ORDER BY number DESC LIMIT 1", (ca_id, scope))  # noqa: S608 - constants
        if not rows:
            return None
        number, this_update, next_update, prefix, suffix, page_ids, tail, sha256, byte_length = rows[0]
        return CrlRow(
            number=_integer(number),
            this_update=_moment(this_update),
            next_update=_moment(next_update),
            prefix=_bytes(prefix),
            suffix=_bytes(suffix),
            page_ids=tuple(json.loads(str(page_ids))),
            tail=_bytes(tail),
            sha256=str(sha256),
            byte_length=_integer(byte_length),
        )

    def page(self, page_id: str) -> bytes:
        """The encoded entries of one page; pages never change."""
        rows = self._rows("SELECT entries FROM crl_pages WHERE id = ?", (page_id,))
        if not rows:
            raise _away(f"the CRL page {page_id} is missing")
        return _bytes(rows[0][0])

    def close(self) -> None:
        """Gives the connection back; the next query opens another."""
        link, self._link = self._link, None
        if link is not None:
            link.close()

    def _rows(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        link = self._open()
        return self._guard(lambda: link.rows(sql, parameters))

    def _open(self) -> _Link:
        if self._link is None:
            if time.monotonic() < self._retry_at:
                raise _away("it did not answer a moment ago")
            self._link = self._guard(self._connect)
        return self._link

    def _connect(self) -> _Link:
        scheme, _, place = self._url.partition("://")
        if scheme == "sqlite":
            # sqlite:////absolute/path, as SQLAlchemy writes it: the third slash ends the empty host.
            return _SqliteLink(place.removeprefix("/"))
        return _PostgresLink(f"postgresql://{place}")

    def _guard(self, call: Callable[[], Result]) -> Result:
        try:
            return call()
        except self._errors() as error:
            self.close()
            self._retry_at = time.monotonic() + RETRY_SECONDS
            raise _away(str(error).partition("\n")[0]) from error

    def _errors(self) -> tuple[type[Exception], ...]:
        # Evaluated when something was raised, and by then the driver is loaded.
        if self._url.startswith("sqlite:"):
            return sqlite3.Error, OSError
        import psycopg  # noqa: PLC0415 - see _PostgresLink

        return psycopg.Error, OSError


def _away(why: str) -> Unavailable:
    sentence = f"The status front cannot read its database ({why}). Nothing is lost; try again in a few seconds."
    return Unavailable("database", sentence)


def _integer(value: object) -> int:
    if not isinstance(value, int):
        raise TypeError(f"the database holds {type(value).__name__} where an integer belongs")
    return value


def _bytes(value: object) -> bytes:
    if not isinstance(value, bytes):
        raise TypeError(f"the database holds {type(value).__name__} where bytes belong")
    return value


def _moment(value: object) -> datetime:
    return _EPOCH + timedelta(microseconds=_integer(value))
