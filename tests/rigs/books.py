"""Whether the books of a service agree, read from its tables on a connection of its own: what must hold after every fault.

Each check stands for a promise (facts of reliability, invariants A to E): nothing twice, nothing without its evidence,
units that add up, logs that verify, CRLs with every revoked serial.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from privyseal.model.identifiers import AuthorityId
from privyseal.store import audit, certificates, requests, revocations, units
from privyseal.store.database import Transaction
from privyseal.store.revocations import FULL, StoredCrl
from privyseal_wire.export import export_line, verify_export
from tests.rigs.service import ServiceRig

certificate_rows = certificates.certificates
intent_rows = certificates.intents
revocation_rows = revocations.revocations


def check_books(service: ServiceRig) -> None:
    """Everything below, for a service that has finished its work: nothing open, every log integrated, every CRL published."""
    with service.house.database.read(service.clock()) as tx:
        assert open_intents(tx) == []
        check_certificates(service, tx)
        check_orphans(tx)
        check_units(tx, is_settled=True)
        check_logs(service, tx)
        check_crls(service, tx)


def rows(tx: Transaction, table: sa.Table, *conditions: sa.ColumnElement[bool]) -> list[dict[str, Any]]:
    """All rows of a table that meet the conditions, by column name."""
    return [dict(row._mapping) for row in tx.execute(table.select().where(*conditions))]


def open_intents(tx: Transaction) -> list[str]:
    """Serials of intents that are neither completed nor abandoned."""
    return [row["serial_hex"] for row in rows(tx, intent_rows, intent_rows.c.state == "prepared")]


def check_certificates(service: ServiceRig, tx: Transaction) -> None:
    """No second certificate, no serial twice, none without an earlier intent of the same bytes and a later audit entry."""
    issued = rows(tx, certificate_rows)
    intents = {row["id"]: row for row in rows(tx, intent_rows)}
    for name in ("request_id", "intent_id", "serial_hex", "sha256"):
        assert [value for value, count in Counter(row[name] for row in issued).items() if count > 1] == [], name
    assert [value for value, count in Counter(row["serial_hex"] for row in intents.values()).items() if count > 1] == []
    entries = _entries_by_evidence(tx)
    public_key = x509.load_der_x509_certificate(service.house.issuing.issuer.certificate_der).public_key()
    assert isinstance(public_key, ec.EllipticCurvePublicKey)
    for row in issued:
        intent = intents[row["intent_id"]]
        certificate = x509.load_der_x509_certificate(row["der"])
        assert certificate.tbs_certificate_bytes == bytes(intent["tbs"])
        assert f"{certificate.serial_number:x}" == row["serial_hex"] == intent["serial_hex"]
        assert (intent["state"], intent["request_id"], intent["created_at"] <= row["issued_at"]) == ("completed", row["request_id"], True)
        places = entries[hashlib.sha256(intent["tbs"]).hexdigest()]
        assert sorted(places, key=lambda place: place[1]) == places
        assert [action for action, _ in places] == ["prepare-certificate", "issue-certificate"]
    completed = {row["id"] for row in rows(tx, requests.requests, requests.requests.c.state == "issued")}
    assert completed == {row["request_id"] for row in issued}


def _entries_by_evidence(tx: Transaction) -> dict[str, list[tuple[str, int]]]:
    found: dict[str, list[tuple[str, int]]] = {}
    for row in tx.execute(sa.select(audit.entries.c.sequence, audit.entries.c.entry).order_by(audit.entries.c.sequence)):
        entry = json.loads(row.entry)
        if entry["outcome"] == "done" and entry["evidence"]:
            found.setdefault(entry["evidence"][0], []).append((entry["action"], row.sequence))
    return found


def check_orphans(tx: Transaction) -> None:
    """Every abandoned serial is revoked and belongs to no certificate."""
    abandoned = {row["serial_hex"] for row in rows(tx, intent_rows, intent_rows.c.state == "abandoned")}
    assert abandoned <= {row["serial_hex"] for row in rows(tx, revocation_rows)}
    assert not abandoned & {row["serial_hex"] for row in rows(tx, certificate_rows)}


def check_units(tx: Transaction, *, is_settled: bool) -> None:
    """Balances are the sum of their lines; each new certificate used one unit; a request reserves one while it is issued."""
    lines: Counter[tuple[str, str, str]] = Counter()
    for line in rows(tx, units.ledger):
        lines[line["organization_id"], line["tier"], line["kind"]] += line["quantity"]
    new = {row["id"] for row in rows(tx, requests.requests, requests.requests.c.kind == "new")}
    issued = Counter(row["organization_id"] for row in rows(tx, certificate_rows, certificate_rows.c.request_id.in_(new)))
    for balance in rows(tx, units.balances):
        owner = balance["organization_id"]
        bought, reserved, used, released = (lines[owner, balance["tier"], kind] for kind in ("purchase", "reserve", "consume", "release"))
        assert (balance["bought"], balance["used"], balance["reserved"]) == (bought, used, reserved - used - released)
        assert balance["used"] == issued[owner]
        assert balance["bought"] - balance["reserved"] - balance["used"] >= 0
        assert not is_settled or balance["reserved"] == 0


def check_logs(service: ServiceRig, tx: Transaction) -> None:
    """Every entry has its place, and every log verifies against its newest checkpoint as an auditor would verify it."""
    assert audit.oldest_waiting(tx) is None
    for log, (size, note) in audit.newest_checkpoints(tx).items():
        lines = [export_line(index, entry) for index, _, entry in audit.export(tx, log, limit=10_000_000)]
        verdict = verify_export(lines, note, service.log_key.vkey(log))
        assert (verdict.size, verdict.later_entries) == (size, 0)


def crl_bytes(tx: Transaction, crl: StoredCrl) -> bytes:
    """A CRL as the status front sends it."""
    return b"".join([crl.prefix, *(revocations.page_entries(tx, page) for page in crl.page_ids), crl.tail, crl.suffix])


def newest_crls(service: ServiceRig, tx: Transaction) -> Iterator[tuple[str, x509.CertificateRevocationList]]:
    """(scope, CRL in force) of the issuing CA."""
    authority = service.house.issuing
    for scope in [FULL, *(str(shard) for shard in range(authority.issuer.shard_count))]:
        stored = revocations.newest_crl(tx, authority.id, scope)
        if stored is not None:
            yield scope, x509.load_der_x509_crl(crl_bytes(tx, stored))


def check_crls(service: ServiceRig, tx: Transaction) -> None:
    """The full CRL and the shards together list exactly the revoked serials, each shard its own."""
    authority = service.house.issuing
    revoked = {int(row["serial_hex"], 16): row["shard"] for row in rows(tx, revocation_rows, revocation_rows.c.ca_id == authority.id)}
    public_key = x509.load_der_x509_certificate(authority.issuer.certificate_der).public_key()
    assert isinstance(public_key, ec.EllipticCurvePublicKey)
    for scope, crl in newest_crls(service, tx):
        assert crl.is_signature_valid(public_key)
        expected = {serial for serial, shard in revoked.items() if scope in {FULL, str(shard)}}
        assert {entry.serial_number for entry in crl} == expected, scope


def crl_numbers(tx: Transaction, authority_id: AuthorityId) -> dict[str, int]:
    """Scope -> number of its CRL in force."""
    newest = sa.select(revocations.crls.c.scope, sa.func.max(revocations.crls.c.number).label("number"))
    found = tx.execute(newest.where(revocations.crls.c.ca_id == authority_id).group_by(revocations.crls.c.scope))
    return {row.scope: row.number for row in found}
