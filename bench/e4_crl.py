"""E4: publishing CRLs from stored pages: the full one of 1,000,000 revoked certificates, and one of its 128 shards.

Floors: 0.3 s of CPU and 160 MB for the full one, 5 ms of CPU for a shard. What is measured is the service's own action
``publish_crl`` on its own tables in SQLite, COMMIT included, in a fresh process, so that the peak of memory is its own
(interpreter, SQLAlchemy and all). The reference is cryptography's builder, given a tenth of the entries, times ten.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_der_private_key
from cryptography.x509.oid import NameOID

from bench.figure import Figure
from privyseal.actions.certificate.publish_crl import publish_crl
from privyseal.actions.house import House, ServiceIdentity
from privyseal.engine.authority import Authority
from privyseal.engine.certificate import Issuer
from privyseal.engine.crl import MIN_PAGE_ENTRIES, PAGE_ENTRIES, encode_entry
from privyseal.engine.hierarchy import CaName, CaPlan, generate_key, make_root
from privyseal.engine.serials import new_serial
from privyseal.model.actor import SYSTEM
from privyseal.model.identifiers import AuthorityId
from privyseal.store import authorities, revocations
from privyseal.store.authorities import StoredAuthority
from privyseal.store.database import Database, Transaction
from privyseal.store.schema import to_microseconds
from privyseal.store.schema_setup import all_metadata

FLOOR_SECONDS = 0.3
FLOOR_MEGABYTES = 160.0
FLOOR_SHARD_MILLISECONDS = 5.0
ENTRIES = 1_000_000
SHARDS = 128
TAIL = MIN_PAGE_ENTRIES // 2
"""Entries of each shard that stand in no page yet; at most 511, so this is the usual case."""

CA = AuthorityId("ca-bench")
REFERENCE_ENTRIES = 100_000
FULL_RUNS = 5
"""Fresh processes that make the full CRL; the median counts."""


def run() -> Iterator[Figure]:
    """Fills a database, publishes from it in fresh processes, and runs the reference in one more."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        fill(directory)
        builder = in_fresh_process("reference", directory)
        runs = sorted((in_fresh_process("full", directory) for _ in range(FULL_RUNS)), key=lambda run: run["cpu"])
        full = runs[FULL_RUNS // 2]
        shard = in_fresh_process("shards", directory)
    what = f"full CRL of {ENTRIES:,} revoked"
    reference = f"cryptography's builder, {REFERENCE_ENTRIES:,} entries x {ENTRIES // REFERENCE_ENTRIES}"
    builder_seconds = builder["cpu"] * ENTRIES / REFERENCE_ENTRIES
    yield _figure(what, full["cpu"], "s of CPU", (reference, builder_seconds), n=FULL_RUNS, ok=full["cpu"] <= FLOOR_SECONDS)
    memory = (f"cryptography's builder, {REFERENCE_ENTRIES:,} entries", builder["megabytes"])
    yield _figure(f"{what}, peak of the process", full["megabytes"], "MB", memory, n=FULL_RUNS, ok=full["megabytes"] <= FLOOR_MEGABYTES)
    milliseconds = shard["cpu"] * 1000
    slow = (f"{reference}, / {SHARDS}", builder_seconds / SHARDS * 1000)
    ok = milliseconds <= FLOOR_SHARD_MILLISECONDS
    yield _figure(f"one of {SHARDS} shards", milliseconds, "ms of CPU", slow, n=SHARDS, ok=ok)


def _figure(what: str, value: float, unit: str, reference: tuple[str, float], *, n: int, ok: bool) -> Figure:
    return Figure(
        figure="E4",
        what=what,
        value=round(value, 3),
        unit=unit,
        reference=reference[0],
        reference_value=round(reference[1], 3),
        ratio=round(reference[1] / value, 2),
        n=n,
        ok=ok,
    )


# --------------------------------------------------------------------------------------------------------- the database


def fill(directory: Path) -> None:
    """A CA whose million revocations lie in pages of their shards, but for a short tail of each; its key beside it."""
    key = generate_key("p256")
    now = datetime.now(UTC)
    certificate = make_root(CaPlan(CaName("Bench CA"), new_serial(1, os.urandom), now, 3652), key)
    (directory / "ca.der").write_bytes(certificate)
    (directory / "ca.key").write_bytes(key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()))
    database = Database(f"sqlite:///{directory / 'bench.sqlite3'}")
    all_metadata().create_all(database.writer)
    with database.write(now) as tx:
        authorities.insert(tx, StoredAuthority(CA, "bench", "issuing", certificate, SHARDS, now))
        revocations.create_scopes(tx, CA, SHARDS)
        for shard in range(SHARDS):
            _fill_shard(tx, shard, ENTRIES // SHARDS + (shard < ENTRIES % SHARDS), now)
    database.close()


def _fill_shard(tx: Transaction, shard: int, count: int, now: datetime) -> None:
    # All entries of a moment and reason are the same but for the serial, so they are cut from one pattern.
    sample = encode_entry((1 << 136) | 0x5A5A, now, 1)
    place = sample.index(b"\x5a\x5a") + 2 - 18
    before, behind = sample[:place], sample[place + 18 :]
    serials = [b"\x01" + os.urandom(16) + bytes((shard,)) for _ in range(count)]
    entries = [before + serial + behind for serial in serials]
    paged = count - TAIL
    for sequence, start in enumerate(range(0, paged, PAGE_ENTRIES)):
        part = entries[start : min(start + PAGE_ENTRIES, paged)]
        revocations.add_page(tx, f"pag-{shard}-{sequence}", CA, shard, (), b"".join(part))
    micros = to_microseconds(now)
    rows = [
        (CA, serial.hex(), micros, 1, shard, entry, None, micros) for serial, entry in zip(serials[paged:], entries[paged:], strict=True)
    ]
    columns = "ca_id, serial_hex, revoked_at, reason, shard, entry, page_id, expires_at"
    tx.connection.exec_driver_sql(f"INSERT INTO revocations ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)  # noqa: S608 - constants


# ------------------------------------------------------------------------------------------------- what is measured


def in_fresh_process(work: str, directory: Path) -> dict[str, float]:
    """CPU seconds and the peak of memory of one piece of work."""
    command = [sys.executable, "-m", "bench.e4_crl", work, str(directory)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1])
    measured: dict[str, float] = json.loads(done.stdout)
    return measured


def publish_scopes(directory: Path, scopes: list[str]) -> dict[str, float]:
    """CPU seconds for each of these scopes, published one after the other in transactions of their own, and the peak of memory."""
    key = load_der_private_key((directory / "ca.key").read_bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    issuer = Issuer((directory / "ca.der").read_bytes(), "bench", "http://status.example.test", SHARDS)
    database = Database(f"sqlite:///{directory / 'bench.sqlite3'}")
    authority = Authority(CA, "bench", "issuing", issuer, (issuer.certificate_der,), issuer.certificate_der)
    service = ServiceIdentity("bench", "bench", "https://a.test", "https://b.test", "http://c.test", b"salt")
    house = House(database, service, {"issuing": authority}, {}, lambda: datetime.now(UTC), os.urandom)
    with database.read(house.clock()) as tx:
        due = {scope.scope: scope for scope in revocations.due_scopes(tx, house.clock())}
    began = 0.0
    # The first is not counted: it loads what every later one has.
    for place, scope in enumerate(("127", *scopes)):
        if place == 1:
            began = time.process_time()
        with database.write(house.clock()) as tx:
            assert publish_crl(house, tx, SYSTEM, {CA: key}, due[scope]) is not None
    took = time.process_time() - began
    peak = _peak_megabytes()
    _check(database, issuer, scopes[-1])
    database.close()
    return {"cpu": took / len(scopes), "megabytes": peak}


def _peak_megabytes() -> float:
    # Not ru_maxrss, which a child inherits from the process that started it.
    (peak,) = re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"))
    return int(peak) / 1024


def _check(database: Database, issuer: Issuer, scope: str) -> None:
    """A figure that rests on a wrong CRL is none. Small scopes are read by cryptography, the full one is only hashed."""
    with database.read(datetime.now(UTC)) as tx:
        crl = revocations.newest_crl(tx, CA, scope)
        assert crl is not None
        pieces = [crl.prefix, *(revocations.page_entries(tx, page) for page in crl.page_ids), crl.tail, crl.suffix]
    assert sum(map(len, pieces)) == crl.byte_length
    assert crl.byte_length > (45_000_000 if scope == "full" else 350_000)
    if scope != "full":
        parsed = x509.load_der_x509_crl(b"".join(pieces))
        assert parsed.is_signature_valid(issuer.public_key)
        assert len(parsed) in {ENTRIES // SHARDS, ENTRIES // SHARDS + 1}


def reference() -> dict[str, float]:
    """CPU seconds and peak of memory of cryptography's builder for a CRL of REFERENCE_ENTRIES, its quickest way: all entries at once."""
    now = datetime.now(UTC)
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Bench CA")])
    reason = x509.CRLReason(x509.ReasonFlags.key_compromise)
    began = time.process_time()
    entries = [
        x509.RevokedCertificateBuilder()
        .serial_number(int.from_bytes(b"\x01" + os.urandom(17)))
        .revocation_date(now)
        .add_extension(reason, critical=False)
        .build()
        for _ in range(REFERENCE_ENTRIES)
    ]
    builder = x509.CertificateRevocationListBuilder(name, now, now + timedelta(days=7), [], entries)
    builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)
    return {"cpu": time.process_time() - began, "megabytes": _peak_megabytes()}


def main(work: str, directory: Path) -> None:
    """One piece of work in a process of its own."""
    scopes = {"full": ["full"], "shards": [str(shard) for shard in range(SHARDS - 1)]}
    measured = reference() if work == "reference" else publish_scopes(directory, scopes[work])
    print(json.dumps(measured))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
