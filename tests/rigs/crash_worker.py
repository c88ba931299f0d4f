"""A service process that dies on command: a fork server whose children walk requests and are killed on the way.

``python -m tests.rigs.crash_worker`` imports everything once, opens a service as ``privyseal`` does, and forks a child for
each cycle, so that a cycle costs its work and no start. A child has its own connections; what it tells is what an entrance
would have answered, written out before it goes on. Lines of JSON go in and out.
"""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import importlib
import json
import os
import random
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from privyseal.actions.certificate.prepare_certificates import prepare_certificates
from privyseal.actions.certificate.revoke_certificate import ByAdministrator, revoke_certificate
from privyseal.actions.change.answer_change import answer_change
from privyseal.actions.change.propose_change import propose_change
from privyseal.actions.contact.answer_contact_change import answer_contact_change
from privyseal.actions.contact.propose_contact import propose_contact
from privyseal.actions.house import About, House, perform
from privyseal.actions.request.approve_request import approve_request
from privyseal.actions.request.submit_request import submit_request
from privyseal.cli.house_setup import open_house
from privyseal.cli.rooms import Rooms
from privyseal.cli.settings import read_settings
from privyseal.engine.log_key import LogKey, require_log_key
from privyseal.engine.signers import SigningKey, encrypted_key_file
from privyseal.engine.submission import RawSubmission, read_submission
from privyseal.issuer.desk import complete_batch
from privyseal.issuer.publisher import publish_due
from privyseal.jobs.sequencer import Sequencer
from privyseal.jobs.sweep import sweep
from privyseal.model.actor import ANONYMOUS, SYSTEM, Actor, ActorKind
from privyseal.model.administrator import PERMISSIONS, Role
from privyseal.model.application import ContactKind
from privyseal.model.fact import FactKind
from privyseal.model.identifiers import AuthorityId, ChangeId, ContactChangeId, IntentId, RequestId
from privyseal.model.profile import PROFILES, KeyAlgorithm
from privyseal.model.statement import approval_fields, utc_text
from privyseal.store import audit, certificates, failpoints, organizations, policies, requests, revocations
from privyseal.store.database import Database
from privyseal.store.log_files import LogFiles
from privyseal_wire.canonical import canonical_bytes
from privyseal_wire.cms import sign_attached
from privyseal_wire.statements import Revocation
from tests.rigs.service import PHRASE, AdministratorRig, ServiceRig, make_csr, make_key

ROOT = Path(__file__).parents[2]
LISTENERS = {
    FactKind.CERTIFICATE_ISSUED: ("letters",),
    FactKind.CERTIFICATE_REVOKED: ("letters",),
    FactKind.CONTACT_ASKED: ("letters",),
    FactKind.CONTACT_CHANGE_CLOSED: ("letters",),
}
"""Rows of the outbox for letters, which the mail's own crash tests deliver."""


@dataclass(frozen=True, slots=True)
class Cycle:
    """One life of a child. ``failpoint`` is ``name`` or ``name:passage``; ``kill_after`` kills at that second instead.

    ``work`` is "walk" for requests on their way, "recover" for what a restarted service does first, "propose" for another corporate
    contact, "answer" for a yes to it, "sign" for a signature under a change, or "propose-change" for the first one; ``things`` are then
    the address, the ids and codes of the answers, or the id of the change, or its content in base64, and the signature in base64.
    """

    number: int
    failpoint: str = ""
    kill_after: float | None = None
    work: str = "walk"
    offset: timedelta = timedelta(0)
    things: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ended:
    """How a child ended, and what it had told before, as (word, thing, ...)."""

    status: int
    told: tuple[tuple[str, ...], ...]

    @property
    def is_killed(self) -> bool:
        """Whether SIGKILL ended it."""
        return self.status == -signal.SIGKILL


class CrashWorker:
    """The parent's side: starts the fork server and orders cycles. Use it as a context manager."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.rigs.crash_worker"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)

    def open(self, service: ServiceRig, admin: AdministratorRig) -> None:
        """Let the server open a service; cycles are about it from now on. ``admin`` approves and revokes."""
        assert isinstance(admin.key, ec.EllipticCurvePrivateKey)
        key = admin.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        order = {
            "data": str(service.settings.data),
            "database_url": service.settings.database_url,
            "organization": admin.organization,
            "administrator": admin.administrator.id,
            "certificate": base64.b64encode(admin.certificate_der).decode(),
            "key": key.decode(),
        }
        assert self._ask({"open": order}) == {"opened": True}

    def run(self, cycle: Cycle) -> Ended:
        """Run one child to its end."""
        order = dataclasses.asdict(cycle) | {"offset": cycle.offset.total_seconds()}
        answer = self._ask({"run": order})
        return Ended(answer["status"], tuple(tuple(line) for line in answer["told"]))

    def _ask(self, order: dict[str, object]) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the crash worker ended; its error output says why"
        answer: dict[str, Any] = json.loads(line)
        return answer

    def close(self) -> None:
        """End the fork server."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(timeout=30)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


# ------------------------------------------------------------------------------------------------------ the fork server


@dataclass(frozen=True, slots=True)
class _Opened:
    """A service as a process has it before it forks: keys in memory, no connection."""

    house: House
    keys: dict[AuthorityId, SigningKey]
    log_key: LogKey
    data: Path
    organization: str
    administrator: Actor
    certificate_der: bytes
    key: ec.EllipticCurvePrivateKey


def _open(order: dict[str, str]) -> _Opened:
    data = Path(order["data"])
    os.environ.pop("PRIVYSEAL_DATABASE_URL", None)
    if order["database_url"]:
        os.environ["PRIVYSEAL_DATABASE_URL"] = order["database_url"]
    settings = read_settings(data)
    house = open_house(settings, Rooms(lambda: datetime.now(UTC), os.urandom, (), ())).house
    with house.database.read(house.clock()) as tx:
        organization = organizations.require(tx, order["organization"])
    house.database.close()
    house.issuing.template(PROFILES["tls-server", 1], KeyAlgorithm.P256)
    secret = (data / "secrets/issuer.passphrase").read_bytes()
    log_key = encrypted_key_file.load(data / "keys/log.key", (data / "secrets/work.passphrase").read_bytes())
    key = serialization.load_pem_private_key(order["key"].encode(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return _Opened(
        house=dataclasses.replace(house, listeners=LISTENERS),
        keys={house.authorities[slug].id: encrypted_key_file.load(data / "keys" / f"{slug}.key", secret) for slug in ("issuing",)},
        log_key=LogKey(require_log_key(log_key), settings.log_host),
        data=data,
        organization=organization.slug,
        administrator=Actor(
            ActorKind.ADMINISTRATOR, order["administrator"], organization.id, permissions=PERMISSIONS[Role.SECURITY_ADMINISTRATOR]
        ),
        certificate_der=base64.b64decode(order["certificate"]),
        key=key,
    )


def _run(opened: _Opened, order: dict[str, Any]) -> dict[str, object]:
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read_end)
        os._exit(_live(opened, order, write_end))
    os.close(write_end)
    if order["kill_after"] is not None:
        time.sleep(order["kill_after"])
        os.kill(child, signal.SIGKILL)
    with os.fdopen(read_end, encoding="utf-8") as reader:
        told = [json.loads(line) for line in reader]
    _, status = os.waitpid(child, 0)
    return {"status": os.waitstatus_to_exitcode(status), "told": told}


def _live(opened: _Opened, order: dict[str, Any], write_end: int) -> int:
    def tell(*words: str) -> None:
        os.write(write_end, json.dumps(words).encode() + b"\n")

    try:
        # The module reads the variable when it is imported, as in a process that was started with it.
        os.environ[failpoints.VARIABLE] = order["failpoint"]
        importlib.reload(failpoints)
        offset = timedelta(seconds=order["offset"])
        house = dataclasses.replace(opened.house, database=Database(opened.house.database.url), clock=lambda: datetime.now(UTC) + offset)
        life = _Life(dataclasses.replace(opened, house=house), order["number"], tell)
        life.do(order["work"], order["things"])
    except BaseException:  # noqa: BLE001 - whatever ends a child is told to the parent, whose test then fails
        tell("error", traceback.format_exc())
        return 1
    tell("done")
    return 0


class _Life:
    """What one child does until it is killed. It tells what an entrance would have answered."""

    def __init__(self, opened: _Opened, number: int, tell: Callable[..., None]) -> None:
        self._house = opened.house
        self._opened = opened
        self._number = number
        self._tell = tell
        files = LogFiles(opened.data / "log", (opened.data / "checkpoints",))
        self._sequencer = Sequencer(opened.house, opened.log_key, files, f"node-{number}")

    def do(self, work: str, things: Sequence[str]) -> None:
        """What a cycle names."""
        if work == "propose":
            self.propose_contact(*things)
        elif work == "sign":
            self.sign_change(*things)
        elif work == "propose-change":
            self.propose_change(*things)
        elif work == "answer":
            self.answer_contact(*things)
        elif work == "recover":
            self.recover()
        else:
            self.walk()

    def walk(self) -> None:
        """Three requests: two in one batch, one alone; one certificate is revoked, CRLs and logs are brought up to date."""
        one, two = self.submit("one"), self.submit("two")
        self.approve(one)
        self.approve(two)
        self.integrate()
        self.issue(one, two)
        self.revoke(one)
        self.publish()
        self.integrate()
        three = self.submit("three")
        self.approve(three)
        self.issue(three)
        self.revoke(three)
        self.publish()
        self.integrate()

    def recover(self) -> None:
        """What a restarted service does by itself."""
        self.integrate()
        sweep(self._house, self._complete)
        self.publish()
        self.integrate()

    def propose_contact(self, email: str) -> None:
        """As the REST door does."""
        slug = self._opened.organization
        about = About("propose-contact", slug, "contact-change", "new")
        arguments = (slug, ContactKind.CORPORATE, "Dana Scully", email)
        self._tell("proposed", perform(self._house, self._person(), about, propose_contact, *arguments).id)

    def answer_contact(self, change_id: str, *codes: str) -> None:
        """Say yes with each code, as the page behind the letters does."""
        for code in codes:
            wanted = ContactChangeId(change_id)
            found = answer_contact_change(self._house, ANONYMOUS, self._opened.organization, wanted, code, "yes")
            self._tell("answered", found.end.value if found.end else "")

    def propose_change(self, content: str, signature: str) -> None:
        """As the page and the REST door do."""
        slug = self._opened.organization
        about = About("propose-change", slug, "change", "new")
        signed = (base64.b64decode(content), base64.b64decode(signature))
        self._tell("proposed", perform(self._house, self._person(), about, propose_change, slug, *signed).change.state.value)

    def sign_change(self, change_id: str, signature: str) -> None:
        """Hand in what somebody signed about a change, as the REST door does."""
        slug = self._opened.organization
        about = About("answer-change", slug, "change", change_id)
        signed = base64.b64decode(signature)
        answered = perform(self._house, self._person(), about, answer_change, slug, ChangeId(change_id), signed)
        self._tell("signed", answered.change.state.value)

    def _person(self) -> Actor:
        """The administrator with the credential that he is signed in with."""
        return dataclasses.replace(self._opened.administrator, credential_sha256=hashlib.sha256(self._opened.certificate_der).hexdigest())

    def submit(self, word: str) -> RequestId:
        """As the REST door does."""
        organization = self._opened.organization
        raw = RawSubmission(
            csr=make_csr([f"{word}-{self._number}.{organization}.test"], make_key()),
            policy="tls-server",
            lifetime_days=365,
            endpoints=("web-server:www",),
            contact_name="Dana Scully",
            contact_email=f"dana@{organization}.test",
            phrase=PHRASE,
            server_platform="nginx",
            comment="",
        )
        submission = read_submission(raw, os.urandom)
        sender = dataclasses.replace(self._opened.administrator, kind=ActorKind.API_TOKEN, id="tok-crash")
        about = About("submit-request", organization, "request", "new")
        request = perform(self._house, sender, about, submit_request, organization, submission).request
        failpoints.failpoint("submit.after-commit")
        self._tell("submitted", request.id)
        return request.id

    def approve(self, request_id: RequestId) -> None:
        """Sign on the administrator's side, hand in as the REST door does."""
        opened, house = self._opened, self._house
        with house.database.read(house.clock()) as tx:
            request = requests.get_many(tx, [request_id])[request_id]
            policy, _ = policies.get(tx, request.policy_id, request.policy_version)
        fields = approval_fields(
            request,
            policy,
            service=house.service.service_id,
            organization=opened.organization,
            approver=opened.administrator.id,
            expires=utc_text(house.clock() + timedelta(minutes=30)),
        )
        signature = self._sign(canonical_bytes(fields))
        about = About("approve-request", opened.organization, "request", request_id)
        perform(house, opened.administrator, about, approve_request, opened.organization, request_id, signature)
        failpoints.failpoint("approve.after-commit")
        self._tell("approved", request_id)

    def issue(self, *request_ids: RequestId) -> None:
        """Prepare as the REST door does, complete as the issuer does."""
        about = About("prepare-certificate", self._opened.organization, "request", "batch")
        prepared = perform(self._house, SYSTEM, about, prepare_certificates, request_ids)
        assert not prepared.failures, prepared.failures
        failpoints.failpoint("prepare.after-commit")
        self._complete([intent.id for intent in prepared.intents])

    def _complete(self, intent_ids: Sequence[IntentId]) -> None:
        results = complete_batch(self._house, self._opened.keys, intent_ids)
        assert all(result.ok for result in results.values()), results
        with self._house.database.read(self._house.clock()) as tx:
            for intent in certificates.intents_of(tx, intent_ids).values():
                self._tell("issued", str(intent.request_id), intent.serial_hex)

    def revoke(self, request_id: RequestId) -> None:
        """Sign a revocation on the administrator's side, hand it in as the REST door does."""
        opened, house = self._opened, self._house
        with house.database.read(house.clock()) as tx:
            certificate = certificates.of_request(tx, request_id)
        assert certificate is not None
        statement = Revocation(
            service=house.service.service_id,
            organization=opened.organization,
            ca="issuing",
            serial=certificate.serial_hex,
            reason="superseded",
            comment="",
            revoker=opened.administrator.id,
            expires=utc_text(house.clock() + timedelta(minutes=30)),
        )
        about = About("revoke-certificate", opened.organization, "certificate", certificate.serial_hex)
        authority = ByAdministrator(self._sign(statement.to_bytes()))
        perform(house, opened.administrator, about, revoke_certificate, opened.organization, certificate.serial_hex, authority)
        failpoints.failpoint("revoke.after-commit")
        self._tell("revoked", certificate.serial_hex)

    def publish(self) -> None:
        """As the issuer's publisher does."""
        house = self._house
        publish_due(house, self._opened.keys)
        with house.database.read(house.clock()) as tx:
            newest = revocations.newest_crl(tx, house.issuing.id, revocations.FULL)
        assert newest is not None
        self._tell("published", str(newest.number))

    def integrate(self) -> None:
        """As the work process does each second."""
        self._sequencer.turn()
        with self._house.database.read(self._house.clock()) as tx:
            for log, (size, _) in audit.newest_checkpoints(tx).items():
                self._tell("integrated", log, str(size))

    def _sign(self, content: bytes) -> bytes:
        return sign_attached(content, self._opened.certificate_der, self._opened.key, now=self._house.clock())


def main() -> None:
    """Serve orders from standard input until it ends."""
    opened: _Opened | None = None
    for line in sys.stdin:
        order = json.loads(line)
        if "open" in order:
            opened = _open(order["open"])
            answer: dict[str, object] = {"opened": True}
        else:
            assert opened is not None
            answer = _run(opened, order["run"])
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


PASSAGES = {
    "submit.before-commit": 3,
    "submit.after-commit": 3,
    "approve.before-commit": 3,
    "approve.after-commit": 3,
    "prepare.before-commit": 2,
    "prepare.after-commit": 2,
    "complete.before-signature": 3,
    "complete.after-signature": 2,
    "complete.before-commit": 2,
    "complete.after-commit": 2,
    "revoke.before-commit": 2,
    "revoke.after-commit": 2,
    "publish.before-commit": 4,
    "publish.after-commit": 4,
    "integrate.before-commit": 3,
    "integrate.after-commit": 3,
}
"""How often a walk passes each point; publishing writes the shard and the full CRL."""


def plan(count: int, seed: int) -> list[Cycle]:
    """``count`` lives: every point at its first passage, then the later passages, then kills at any moment; the order is shuffled."""
    dice = random.Random(seed)
    passages = [f"{name}:{turn}" for turn in range(1, 5) for name, last in PASSAGES.items() if turn <= last]
    anywhere = max(4, count // 10)
    failpoint_cycles = [passages[place % len(passages)] for place in range(count - anywhere)]
    lives: list[tuple[str, float | None]] = [(name, None) for name in failpoint_cycles]
    lives += [("", dice.uniform(0.05, 0.5)) for _ in range(anywhere)]
    dice.shuffle(lives)
    return [Cycle(number, failpoint, kill_after) for number, (failpoint, kill_after) in enumerate(lives)]


if __name__ == "__main__":
    main()
