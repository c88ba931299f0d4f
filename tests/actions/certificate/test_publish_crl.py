"""CRLs of a shard whose revocations go over from the tail into pages: each entry is listed once, whatever is packed when."""

from __future__ import annotations

from datetime import timedelta

from cryptography import x509

from privyseal.engine.crl import MIN_PAGE_ENTRIES, encode_entry
from privyseal.engine.serials import serial_hex
from privyseal.issuer.publisher import publish_due
from privyseal.model.revocation import Revocation, RevocationReason
from privyseal.store import revocations
from privyseal.store.revocations import FULL, StoredCrl
from tests.rigs.books import crl_bytes
from tests.rigs.service import ServiceRig

SHARD = 7


def revoke(service: ServiceRig, start: int, count: int) -> set[int]:
    """Revoke so many serials of the shard that no certificate has, and publish; return the serials."""
    serials = {(0x51 << 136) | (number << 8) | SHARD for number in range(start, start + count)}
    reason = RevocationReason.SUPERSEDED
    with service.house.database.write(service.clock()) as tx:
        for serial in serials:
            end = tx.now + timedelta(days=90)
            revocation = Revocation(service.house.issuing.id, serial_hex(serial), tx.now, reason, SHARD, end)
            assert revocations.insert(tx, revocation, encode_entry(serial, tx.now, reason.code))
    publish_due(service.house, service.keys)
    return serials


def published(service: ServiceRig, scope: str) -> tuple[StoredCrl, list[int]]:
    with service.house.database.read(service.clock()) as tx:
        stored = revocations.newest_crl(tx, service.house.issuing.id, scope)
        assert stored is not None
        parsed = x509.load_der_x509_crl(crl_bytes(tx, stored))
    return stored, [entry.serial_number for entry in parsed]


def test_a_long_tail_becomes_a_page_and_nothing_is_listed_twice(service: ServiceRig) -> None:
    serials: set[int] = set()
    for count, pages in ((3, 0), (MIN_PAGE_ENTRIES - 4, 0), (1, 1), (20, 1), (MIN_PAGE_ENTRIES, 2)):
        serials |= revoke(service, len(serials), count)
        shard, listed = published(service, str(SHARD))
        assert len(shard.page_ids) == pages
        assert sorted(listed) == sorted(serials)
        full, listed = published(service, FULL)
        assert full.page_ids in {shard.page_ids, shard.page_ids[:-1]}, "the full CRL is published before the shard packs, or after"
        assert sorted(listed) == sorted(serials)
    other, listed = published(service, str(SHARD + 1))
    assert (other.page_ids, other.tail, listed) == ((), b"", [])
