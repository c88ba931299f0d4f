"""What requests and certificates are called where audit entries tell of them: the entries themselves have ids alone."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from privyseal.store.certificates import certificates
from privyseal.store.database import Transaction
from privyseal.store.prepared import Prepared, is_among
from privyseal.store.requests import requests

_REQUESTS = Prepared(sa.select(requests.c.id, requests.c.names).where(is_among(requests.c.id, "requests")))
_CERTIFICATES = Prepared(
    sa.select(certificates.c.serial_hex, certificates.c.common_name).where(is_among(certificates.c.serial_hex, "serials"))
)


def names_of_requests(tx: Transaction, request_ids: Sequence[str]) -> dict[str, str]:
    """Return id -> the first name that each request asks for, of any organization."""
    return {row["id"]: row["names"][0][1] for row in _REQUESTS.every(tx, requests=request_ids) if row["names"]}


def names_of_certificates(tx: Transaction, serials: Sequence[str]) -> dict[str, str]:
    """Return serial number (hex) -> common name of the certificates, of any organization."""
    return {row["serial_hex"]: row["common_name"] for row in _CERTIFICATES.every(tx, serials=serials)}
