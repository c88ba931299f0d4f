"""E1: certificates per CPU-second, from the administrators' signatures to durable, audited certificates.

Counted is the CPU time of this process, user and system: the approvals verified and committed, so many at a time as one call
of REST takes; the batch prepared with its lint; the batch completed, where the issuer verifies everything again; the audit
entries of all three integrated. Keys, requests and signatures are made before the clock starts, and the template is
compiled, as in a process that has been running for a minute. PostgreSQL works in processes of its own, which have a line
of their own. The reference is a raw P-256 signature made and verified, which bounds every issuer. Of several rounds the
best one counts, for us and for the reference: on a shared machine the others measure the neighbors.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import sqlalchemy as sa
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from bench.figure import Figure
from bench.processor_time import process_tree_seconds
from privyseal.actions.approving import Approved, SignedApproval
from privyseal.actions.certificate.prepare_certificates import prepare_certificates
from privyseal.actions.house import About, House, perform
from privyseal.actions.request.approve_requests import approve_requests
from privyseal.actions.request.submit_request import submit_request
from privyseal.doors.rest.bodies import MAXIMUM_APPROVALS
from privyseal.engine.csr import read_csr
from privyseal.engine.hierarchy import KeyKind
from privyseal.engine.submission import Submission, read_submission
from privyseal.issuer.desk import MAXIMUM_BATCH, complete_batch
from privyseal.model.actor import SYSTEM
from privyseal.model.fact import FactKind
from privyseal.model.identifiers import RequestId
from privyseal.model.policy import Lint
from privyseal.model.policy_draft import PolicyDraft
from privyseal.store import audit, certificates
from tests.rigs.postgresql import PostgresServer
from tests.rigs.presence import find_program
from tests.rigs.service import AdministratorRig, ServiceRig, make_csr, make_key

FLOOR = 300.0
"""Certificates per CPU-second that P-256 with template lint must reach on either database (issue 2); the other lines are reported."""

SLUG = "resource-marketing"
ROUNDS = 5
WARM_UP = 16
REFERENCE_PAIRS = 500
REFERENCE = "raw P-256 signatures made and verified"
POSTGRESQL_PLACES = tuple(str(place) for place in Path("/usr/lib/postgresql").glob("*/bin"))


@dataclass(frozen=True, slots=True)
class Work:
    """What is issued how: ``batch`` certificates in each of ``ROUNDS`` rounds; ``floor`` is in certificates per CPU-second."""

    what: str
    issuer: KeyKind
    lint: Lint
    batch: int
    floor: float


EMBEDDED = Work("P-256 issuer, lint of the template, SQLite", "p256", Lint.TEMPLATE, MAXIMUM_BATCH, FLOOR)
BESIDE = (
    Work("RSA-2048 issuer, lint of the template, SQLite", "rsa2048", Lint.TEMPLATE, MAXIMUM_BATCH, 0.0),
    Work("P-256 issuer, lint of each certificate, SQLite", "p256", Lint.EACH, 64, 0.0),
)
SERVER = Work("P-256 issuer, lint of the template, PostgreSQL, its client", "p256", Lint.TEMPLATE, MAXIMUM_BATCH, FLOOR)


@dataclass(frozen=True, slots=True)
class Spent:
    """CPU seconds of one certificate: of this process, of the database's own processes; and of one pair of the reference."""

    own: float
    database: float
    reference: float


class Rounds:
    """An organization of ``rig`` whose administrator has signed; ``issue`` turns his signatures into certificates."""

    def __init__(self, rig: ServiceRig, work: Work) -> None:
        self._rig = rig
        rig.create_organization(SLUG, units=WARM_UP + ROUNDS * work.batch, policy=PolicyDraft(lint=work.lint))
        self._administrator: AdministratorRig = rig.administrator(SLUG)
        self._carrier = self._administrator.actor
        # The issuer is a process of its own: it shares neither connections nor compiled templates with the entrance.
        self._issuer: House = rig.open_house()
        csr = make_csr([f"first.{SLUG}.test"], make_key())
        # A challenge phrase costs a tenth of a second on purpose; one serves all.
        self._first: Submission = read_submission(rig.raw_submission(csr), rig.house.random_bytes)

    def sign(self, count: int) -> list[tuple[RequestId, bytes]]:
        """Submit requests, each with a key and a name of its own, and return the administrator's signature over each."""
        rig, machine = self._rig, self._rig.machine(SLUG)
        signed = []
        for number in range(count):
            key = make_key()
            name = f"host-{number}-{rig.house.random_bytes(4).hex()}.{SLUG}.test"
            submission = replace(self._first, csr=read_csr(make_csr([name], key).encode()), names=(name,))
            about = About("submit-request", SLUG, "request", "new")
            request = perform(rig.house, machine, about, submit_request, SLUG, submission).request
            signed.append((request.id, rig.sign(rig.approval_content(request, self._administrator), self._administrator)))
        rig.integrate()
        return signed

    def issue(self, signed: Sequence[tuple[RequestId, bytes]]) -> None:
        """What is counted."""
        rig = self._rig
        about = About("approve-request", SLUG, "organization", SLUG)
        for place in range(0, len(signed), MAXIMUM_APPROVALS):
            handed_in = [SignedApproval(*item) for item in signed[place : place + MAXIMUM_APPROVALS]]
            outcomes = perform(rig.house, self._carrier, about, approve_requests, SLUG, handed_in)
            assert all(isinstance(outcome, Approved) for outcome in outcomes)
        about = About("prepare-certificate", "", "request", "batch")
        prepared = perform(rig.house, SYSTEM, about, prepare_certificates, [request_id for request_id, _ in signed])
        completed = complete_batch(self._issuer, rig.keys, [intent.id for intent in prepared.intents])
        rig.integrate()
        assert all(item.ok for item in completed.values())
        assert len(completed) == len(signed)

    def require_durable(self, expected: int) -> None:
        """Read on a new connection what became of it: every certificate is there, and no audit entry waits."""
        with closing(self._rig.open_house().database) as database, database.read(self._rig.clock()) as tx:
            assert tx.execute(sa.select(sa.func.count()).select_from(certificates.certificates)).scalar_one() == expected
            assert audit.oldest_waiting(tx) is None

    def close(self) -> None:
        """Give the issuer's connections back."""
        self._issuer.database.close()


def measure(work: Work, database_url: str = "", database_seconds: Callable[[], float] = lambda: 0.0) -> Spent:
    """The best of ``ROUNDS`` rounds, each beside a turn of the reference."""
    spent = []
    listeners: dict[FactKind, tuple[str, ...]] = {FactKind.CERTIFICATE_ISSUED: ("notices.issued",)}
    with tempfile.TemporaryDirectory() as place:
        rig = ServiceRig(Path(place), database_url, key=work.issuer, listeners=listeners)
        with closing(rig), closing(Rounds(rig, work)) as rounds:
            rounds.issue(rounds.sign(WARM_UP))
            for _ in range(ROUNDS):
                signed = rounds.sign(work.batch)
                reference = reference_seconds(REFERENCE_PAIRS) / REFERENCE_PAIRS
                own, database = time.process_time(), database_seconds()
                rounds.issue(signed)
                own, database = time.process_time() - own, database_seconds() - database
                spent.append(Spent(own / work.batch, database / work.batch, reference))
            rounds.require_durable(WARM_UP + ROUNDS * work.batch)
    best = min(spent, key=lambda item: item.own)
    return replace(best, reference=min(item.reference for item in spent))


def reference_seconds(pairs: int) -> float:
    """CPU seconds that so many P-256 signatures cost, made and verified by pyca over 600 bytes."""
    key, algorithm = ec.generate_private_key(ec.SECP256R1()), ec.ECDSA(hashes.SHA256())
    public_key, message = key.public_key(), bytes(600)
    before = time.process_time()
    for _ in range(pairs):
        public_key.verify(key.sign(message, algorithm), message, algorithm)
    return time.process_time() - before


def figure(what: str, work: Work, seconds: float, reference: float, floor: float) -> Figure:
    """The line of certificates that cost so many CPU seconds each, beside a pair of signatures that cost ``reference``."""
    return Figure(
        figure="E1",
        what=what,
        value=1 / seconds,
        unit="certificates per CPU-second",
        reference=REFERENCE,
        reference_value=1 / reference,
        ratio=reference / seconds,
        n=ROUNDS * work.batch,
        ok=1 / seconds >= floor,
    )


def run() -> Iterator[Figure]:
    """The embedded database, PostgreSQL where it is installed, and beside them an RSA issuer and lint of each certificate."""
    spent = measure(EMBEDDED)
    yield figure(EMBEDDED.what, EMBEDDED, spent.own, spent.reference, EMBEDDED.floor)
    if find_program("initdb", more_places=POSTGRESQL_PLACES) is not None:
        with PostgresServer() as server:
            url = server.create_database()
            spent = measure(SERVER, url, process_tree_seconds_of(url))
        yield figure(SERVER.what, SERVER, spent.own, spent.reference, SERVER.floor)
        # The clock of other processes ticks in hundredths of a second.
        yield figure("the same, PostgreSQL's own processes", SERVER, max(spent.database, 1e-5), spent.reference, 0.0)
    for work in BESIDE:
        spent = measure(work)
        yield figure(work.what, work, spent.own, spent.reference, work.floor)


def process_tree_seconds_of(database_url: str) -> Callable[[], float]:
    """Return what tells the CPU seconds that the PostgreSQL server behind this URL has used so far, all its processes."""
    engine = sa.create_engine(database_url)
    with engine.connect() as connection:
        backend = int(connection.execute(sa.text("SELECT pg_backend_pid()")).scalar_one())
        postmaster = int(Path(f"/proc/{backend}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1])
    engine.dispose()
    return lambda: process_tree_seconds(postmaster)
