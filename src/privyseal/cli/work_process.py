"""The work of a node: letters, sweep, integration of the audit logs. A process of its own, or a part of the web process."""

from __future__ import annotations

from contextlib import suppress
from functools import partial

import structlog

from privyseal.actions.access_review.follow_access_reviews import follow_access_reviews
from privyseal.actions.access_review.make_access_reviews import make_access_reviews
from privyseal.actions.administrator.remind_of_endings import remind_of_endings
from privyseal.actions.house import House
from privyseal.actions.organization.remind_of_vettings import remind_of_vettings
from privyseal.actions.trial.end_trials import end_trials
from privyseal.cli.house_setup import Opened, log_files, open_house
from privyseal.cli.processes import load_linters, read_passphrase, start_collecting
from privyseal.cli.rooms import Rooms
from privyseal.cli.serve import until_told
from privyseal.cli.settings import Settings
from privyseal.cli.world_setup import make_world
from privyseal.engine.log_key import LogKey, require_log_key
from privyseal.engine.signers import encrypted_key_file
from privyseal.engine.world import World
from privyseal.features import Listener, MailSecurity, MailSettings, SmtpSettings
from privyseal.issuer.client import IssuerClient
from privyseal.jobs.daily_checkpoints import DailyCheckpoints
from privyseal.jobs.domains import Domains
from privyseal.jobs.schedule import PeriodicTask
from privyseal.jobs.sequencer import Sequencer
from privyseal.jobs.sweep import sweep
from privyseal.jobs.worker import Worker
from privyseal.model.actor import SYSTEM
from privyseal.model.errors import Unavailable
from privyseal.store.database import again_after_collision

_log = structlog.get_logger("privyseal")


def run_work(settings: Settings, rooms: Rooms, node: str) -> None:
    """Do the work of one node until SIGTERM: letters, sweep, integration of the audit logs."""
    opened = open_house(settings, rooms)
    worker = make_worker(settings, opened, rooms, IssuerClient(settings.path(settings.issuer_socket)), node)
    load_linters()
    start_collecting()
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
    world = make_world(settings)
    domains = Domains(opened.house, world)
    periodic = (
        PeriodicTask("integrate-audit-log", 0.5, lambda: _ignore(sequencer.turn())),
        PeriodicTask("sweep", 5.0, lambda: sweep_once(opened, issuer, world)),
        PeriodicTask("daily-checkpoints", 60.0, daily.look),
        PeriodicTask("vetting-reminders", 3600.0, lambda: remind(opened)),
        PeriodicTask("trials", 600.0, lambda: turn_trials(opened)),
        PeriodicTask("domains", domains.EVERY_SECONDS, domains.look),
        PeriodicTask("access-reviews", 600.0, lambda: review_access(opened.house)),
        PeriodicTask("credential-endings", 3600.0, lambda: _remind(opened.house)),
    )
    return Worker(opened.house, listeners, periodic, node)


def make_sequencer(settings: Settings, opened: Opened, node: str) -> Sequencer:
    """Open the audit log's key and return the sequencer."""
    secret = read_passphrase(settings.path(settings.work_passphrase))
    key = require_log_key(encrypted_key_file.load(settings.data / "keys" / "log.key", secret))
    return Sequencer(opened.house, LogKey(key, settings.log_host), log_files(settings), node)


def sweep_once(opened: Opened, issuer: IssuerClient, world: World) -> None:
    """One turn of the sweep; the issuer's absence is no failure of it."""
    with suppress(Unavailable):
        sweep(opened.house, issuer.complete, issuer.ping, perspectives=world.perspectives)


def remind(opened: Opened) -> None:
    """Remind of vettings that end soon."""
    house = opened.house

    def announce() -> int:
        with house.database.write(house.clock()) as tx:
            return remind_of_vettings(house, tx, SYSTEM)

    again_after_collision(announce)


def turn_trials(opened: Opened) -> None:
    """Tell of trials that end soon, and end those whose days are over."""
    house = opened.house

    def turn() -> int:
        with house.database.write(house.clock()) as tx:
            return end_trials(house, tx, SYSTEM)

    again_after_collision(turn)


def review_access(house: House) -> None:
    """Make the access reviews of the quarter, close those that are settled, and remind of the others."""

    def make() -> int:
        with house.database.write(house.clock()) as tx:
            return make_access_reviews(house, tx, SYSTEM)

    def follow(after: str) -> str:
        with house.database.write(house.clock()) as tx:
            return follow_access_reviews(house, tx, SYSTEM, after)

    while again_after_collision(make):
        pass
    after = again_after_collision(partial(follow, ""))
    while after:
        after = again_after_collision(partial(follow, after))


def mail_settings(settings: Settings) -> MailSettings:
    """Where letters go."""
    if settings.maildir is not None:
        return MailSettings(settings.mail_from, delivery=settings.path(settings.maildir), auditor_address=settings.auditor_address)
    password_file = settings.path(settings.smtp_password_file) if settings.smtp_password_file else None
    smtp = SmtpSettings(settings.smtp_host, settings.smtp_port, MailSecurity(settings.smtp_security), settings.smtp_user, password_file)
    return MailSettings(settings.mail_from, delivery=smtp, auditor_address=settings.auditor_address)


def _remind(house: House) -> None:
    with house.database.write(house.clock()) as tx:
        remind_of_endings(house, tx, SYSTEM)


def _ignore(_result: object) -> None:
    """The count of a turn is for tests."""
