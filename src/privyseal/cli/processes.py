"""The processes of a service, each a function that runs until SIGTERM (architecture section 6).

Only ``run_issuer`` opens CA keys, only ``run_status`` the OCSP keys, only ``run_work`` the audit log's key; each has
a passphrase file of its own, so that in production each can be a user of its own.
"""

from __future__ import annotations

import fcntl
import ipaddress
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import dns.resolver
import structlog

from privyseal.cli.demo_roads import read_roads
from privyseal.cli.house_setup import Opened, crl_life, log_files, open_house
from privyseal.cli.rooms import Rooms
from privyseal.cli.serve import until_told
from privyseal.cli.settings import Settings
from privyseal.cli.web_server import make_application, serve_web
from privyseal.doors import DoorContext
from privyseal.engine.authority import linter_of
from privyseal.engine.dcv import DnsLookup
from privyseal.engine.log_key import LogKey, require_log_key
from privyseal.engine.pem import certificate_to_pem
from privyseal.engine.signers import SigningKey, encrypted_key_file
from privyseal.engine.token_fetch import FetchPolicy
from privyseal.features import Listener, MailSecurity, MailSettings, SmtpSettings
from privyseal.issuer.client import IssuerClient
from privyseal.issuer.evidence import Evidence
from privyseal.issuer.server import IssuerServer
from privyseal.jobs.daily_checkpoints import DailyCheckpoints
from privyseal.jobs.schedule import PeriodicTask
from privyseal.jobs.sequencer import Sequencer
from privyseal.jobs.sweep import sweep
from privyseal.jobs.worker import Worker
from privyseal.model.errors import Conflict, Unavailable
from privyseal.model.identifiers import AuthorityId
from privyseal.model.profile import PROFILES

_log = structlog.get_logger("privyseal")

LINTERS_AFTER_SECONDS = 3.0
"""Pages answer at once; the linters, which the first approval wants, are loaded when the start is over."""


def read_passphrase(path: Path) -> bytes:
    """Return what a passphrase file holds, without a line end; raises Unavailable ``passphrase``."""
    try:
        mode = path.stat().st_mode
        secret = path.read_bytes().strip(b"\r\n")
    except OSError as error:
        raise Unavailable("passphrase", f"The passphrase file {path} cannot be read: {error.strerror}.") from error
    if mode & 0o077:
        raise Unavailable("passphrase", f"The passphrase file {path} is readable by others. Set it to 0600.")
    return secret


def load_linters() -> None:
    """Load the linter of every rule set: it takes more than a second, and nobody shall wait for it inside a transaction."""
    for rule_set in sorted({profile.lint for profile in PROFILES.values()}):
        linter_of(rule_set)


def run_issuer(settings: Settings, rooms: Rooms) -> None:
    """Serve the issuer's socket and publish CRLs until SIGTERM.

    While the evidence outside differs from the database it answers every call with that reason and signs nothing.
    """
    opened = open_house(settings, rooms)
    secret = read_passphrase(settings.path(settings.issuer_passphrase))
    keys: dict[AuthorityId, SigningKey] = {}
    for slug in ("issuing", "administrators"):
        authority = opened.house.authorities[slug]
        keys[authority.id] = encrypted_key_file.load(settings.data / "keys" / f"{slug}.key", secret)
    evidence = Evidence(opened.house, opened.vkey, log_files(settings))
    with suppress(Unavailable):  # It is noted there, and looked at again each second.
        evidence.look()
    socket_path = settings.path(settings.issuer_socket)
    socket_path.parent.mkdir(mode=0o700, exist_ok=True)
    server = IssuerServer(opened.house, keys, socket_path, evidence, crl_life(settings), settings.issuer_socket_group)
    load_linters()
    with until_told() as told:
        server.start()
        _log.info("issuer.ready")
        told.wait()
    server.stop()


@contextmanager
def only_one(settings: Settings, name: str) -> Iterator[None]:
    """Hold the lock file of a process that may run once on the embedded database; raises Conflict ``running``."""
    path = settings.data / "run" / f"{name}.lock"
    path.parent.mkdir(mode=0o700, exist_ok=True)
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            sentence = f"Another process already does the {name} work of {settings.data}. The embedded database has exactly one."
            raise Conflict("running", sentence) from error
        file.write(str(os.getpid()))
        file.flush()
        yield


def make_sequencer(settings: Settings, opened: Opened, node: str) -> Sequencer:
    """Open the audit log's key and return the sequencer."""
    secret = read_passphrase(settings.path(settings.work_passphrase))
    key = require_log_key(encrypted_key_file.load(settings.data / "keys" / "log.key", secret))
    return Sequencer(opened.house, LogKey(key, settings.log_host), log_files(settings), node)


def sweep_once(opened: Opened, issuer: IssuerClient) -> None:
    """One turn of the sweep; the issuer's absence is no failure of it."""
    with suppress(Unavailable):
        sweep(opened.house, issuer.complete, issuer.ping)


def run_web(settings: Settings, rooms: Rooms, work_as: str | None) -> None:
    """Serve portal and administrator port until SIGTERM; with ``work_as`` also do the work of this node (SQLite)."""
    opened = open_house(settings, rooms)
    issuer = IssuerClient(settings.path(settings.issuer_socket))
    context = DoorContext(
        house=opened.house,
        issuer=issuer,
        lookup=DnsLookup(resolver_addresses(settings)),
        fetch_policy=fetch_policy(settings),
        vkey=opened.vkey,
        trusted_proxies=settings.trusted_proxies,
    )
    anchor = certificate_to_pem(opened.house.administrators_authority.root)
    worker = make_worker(settings, opened, rooms, issuer, work_as) if work_as is not None else None
    linters = threading.Timer(LINTERS_AFTER_SECONDS, load_linters)
    linters.daemon = True
    with until_told() as told:
        if worker is not None:
            worker.start()
        linters.start()
        serve_web(
            make_application(context, rooms.doors, rooms.sites, partial(read_roads, settings.data) if settings.demo else None),
            host=settings.host,
            web_port=settings.web_port,
            administrator_port=settings.administrator_port,
            certificate_file=settings.path(settings.tls_certificate),
            key_file=settings.path(settings.tls_key),
            administrators_ca_pem=anchor,
            stop=told,
        )
    linters.cancel()
    if worker is not None:
        worker.stop()


def run_work(settings: Settings, rooms: Rooms, node: str) -> None:
    """Do the work of one node until SIGTERM: letters, sweep, integration of the audit logs."""
    opened = open_house(settings, rooms)
    worker = make_worker(settings, opened, rooms, IssuerClient(settings.path(settings.issuer_socket)), node)
    load_linters()
    with until_told() as told:
        worker.start()
        _log.info("work.ready", node=node)
        told.wait()
    worker.stop()


def make_worker(settings: Settings, opened: Opened, rooms: Rooms, issuer: IssuerClient, node: str) -> Worker:
    """Return the worker of a node with every feature's listeners and the periodic work of the spine."""
    sequencer = make_sequencer(settings, opened, node)
    listeners: dict[str, Listener] = {}
    for feature in rooms.features:
        listeners |= feature.make_listeners(opened.house, mail_settings(settings))
    daily = DailyCheckpoints(opened.house, settings.checkpoint_mail_hour, with_provider=bool(settings.auditor_address))
    periodic = (
        PeriodicTask("integrate-audit-log", 0.5, lambda: _ignore(sequencer.turn())),
        PeriodicTask("sweep", 5.0, lambda: sweep_once(opened, issuer)),
        PeriodicTask("daily-checkpoints", 60.0, daily.look),
    )
    return Worker(opened.house, listeners, periodic, node)


def _ignore(_result: object) -> None:
    """The count of a turn is for tests."""


def resolver_addresses(settings: Settings) -> tuple[tuple[str, int], ...]:
    """Return (address, port) of the resolvers in the settings, or of this machine."""
    if settings.resolvers:
        found = [text.rpartition(":") for text in settings.resolvers]
        return tuple((address.strip("[]"), int(port)) for address, _, port in found)
    return tuple((str(address), 53) for address in dns.resolver.Resolver().nameservers)


def fetch_policy(settings: Settings) -> FetchPolicy:
    """Where HTTP tokens may be fetched."""
    loopback = tuple(ipaddress.ip_network(text) for text in ("127.0.0.0/8", "::1/128"))
    opened = loopback if settings.allow_private_validation else ()
    return FetchPolicy((settings.http_validation_port,), allow_private=settings.allow_private_validation, allowed_networks=opened)


def mail_settings(settings: Settings) -> MailSettings:
    """Where letters go."""
    if settings.maildir is not None:
        return MailSettings(settings.mail_from, delivery=settings.path(settings.maildir), auditor_address=settings.auditor_address)
    password_file = settings.path(settings.smtp_password_file) if settings.smtp_password_file else None
    smtp = SmtpSettings(settings.smtp_host, settings.smtp_port, MailSecurity(settings.smtp_security), settings.smtp_user, password_file)
    return MailSettings(settings.mail_from, delivery=smtp, auditor_address=settings.auditor_address)
