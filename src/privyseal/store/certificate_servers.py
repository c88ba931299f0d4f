"""The servers of a certificate as they were changed after it was issued: one row for each change, and none is ever changed or deleted.

Before the first change the servers are those of the request, which were signed with its approval and stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from privyseal.model.certificate import Certificate
from privyseal.model.identifiers import CertificateId
from privyseal.model.request import Endpoint, read_endpoint
from privyseal.store import requests
from privyseal.store.database import Transaction
from privyseal.store.prepared import Prepared, is_among
from privyseal.store.schema import Id, UtcTime, metadata
from privyseal.store.upsert import insert_once

certificate_servers = sa.Table(
    "certificate_servers",
    metadata,
    sa.Column("certificate_id", Id, sa.ForeignKey("certificates.id"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("endpoints", sa.JSON, nullable=False),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("actor_id", Id, nullable=False),
)

LONGEST: Final = 200
"""So many changes of one certificate are shown, the newest ones."""

_behind = certificate_servers.alias("behind")
_NEWEST_OF = Prepared(
    certificate_servers.select().where(
        is_among(certificate_servers.c.certificate_id, "certificates"),
        ~sa.exists().where(
            _behind.c.certificate_id == certificate_servers.c.certificate_id, _behind.c.number > certificate_servers.c.number
        ),
    )
)


@dataclass(frozen=True, slots=True)
class ServerChange:
    """Which servers a certificate has from a change on; ``number`` counts the changes of one certificate from 1."""

    certificate_id: CertificateId
    number: int
    endpoints: tuple[Endpoint, ...]
    at: datetime
    actor_id: str


@dataclass(frozen=True, slots=True)
class Servers:
    """The servers that a certificate has now, and how often they were changed after it was issued."""

    endpoints: tuple[Endpoint, ...]
    changes: int


def _change(row: Mapping[Any, Any]) -> ServerChange:
    return ServerChange(**{**row, "endpoints": tuple(map(read_endpoint, row["endpoints"]))})


def newest_of(tx: Transaction, certificate_ids: Iterable[CertificateId]) -> dict[CertificateId, ServerChange]:
    """Return the last change of each of these certificates; none of one whose servers were never changed."""
    rows = _NEWEST_OF.every(tx, certificates=list(certificate_ids))
    return {change.certificate_id: change for change in map(_change, rows)}


def history(tx: Transaction, certificate_id: CertificateId) -> list[ServerChange]:
    """Return the changes of a certificate, the oldest first: at most the last 200."""
    table = certificate_servers
    statement = table.select().where(table.c.certificate_id == certificate_id).order_by(table.c.number.desc()).limit(LONGEST)
    return [_change(row._mapping) for row in tx.execute(statement)][::-1]


def insert(tx: Transaction, change: ServerChange) -> bool:
    """Add a change; tells whether nobody else has added the one of this number."""
    values = {column.name: getattr(change, column.name) for column in certificate_servers.columns}
    return insert_once(tx, certificate_servers, values | {"endpoints": [endpoint.text() for endpoint in change.endpoints]})


def current_of(tx: Transaction, certificates: Sequence[Certificate]) -> dict[CertificateId, Servers]:
    """Return the servers that each of these certificates has now."""
    changed = newest_of(tx, [certificate.id for certificate in certificates])
    unchanged = [item.request_id for item in certificates if item.id not in changed and item.request_id is not None]
    asked = requests.endpoints_of(tx, unchanged) if unchanged else {}
    found: dict[CertificateId, Servers] = {}
    for certificate in certificates:
        change = changed.get(certificate.id)
        if change is not None:
            found[certificate.id] = Servers(change.endpoints, change.number)
        else:
            found[certificate.id] = Servers(asked.get(certificate.request_id, ()) if certificate.request_id else (), 0)
    return found


def current(tx: Transaction, certificate: Certificate) -> Servers:
    """Return the servers that a certificate has now."""
    return current_of(tx, [certificate])[certificate.id]
