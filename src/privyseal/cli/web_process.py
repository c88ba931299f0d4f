"""The process that answers portal, consoles and REST; on the embedded database it does the work of the service too.

A service that is started again has people waiting, so what the first page does not need comes once the process answers:
the worker with its job engine, the doors for programs, the templates, the linters. Whoever needs one of them sooner
waits for that one alone.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from starlette.applications import Starlette

from privyseal.actions.house import House
from privyseal.cli.demo_roads import read_roads
from privyseal.cli.house_setup import Opened, open_house
from privyseal.cli.processes import load_linters, read_passphrase, start_collecting
from privyseal.cli.rooms import Rooms
from privyseal.cli.serve import until_told
from privyseal.cli.settings import Settings
from privyseal.cli.web_server import Front, make_application, serve_web
from privyseal.cli.world_setup import make_world
from privyseal.doors import DoorContext
from privyseal.engine.pem import certificate_to_pem
from privyseal.issuer.client import IssuerClient
from privyseal.model.errors import Unavailable

if TYPE_CHECKING:
    from privyseal.jobs.worker import Worker

WORK_AFTER_SECONDS = 0.5
REST_AFTER_SECONDS = 2.5
"""How long pages have the process for themselves before the work begins, and how long after that everything else is loaded."""

STOP_SECONDS = 60.0
SHORTEST_SECRET = 32
"""Characters of the secret that a proxy in front shows."""


def run_web(settings: Settings, rooms: Rooms, work_as: str | None) -> None:
    """Serve portal and administrator port until SIGTERM; with ``work_as`` also do the work of this node (SQLite).

    Raises what opening the house, listening, and beginning the work raise; the work begins last.
    """
    opened = open_house(settings, rooms)
    issuer = IssuerClient(settings.path(settings.issuer_socket))
    context = make_context(settings, opened, issuer)
    anchor = certificate_to_pem(opened.house.administrators_authority.root)
    demonstration = partial(read_roads, settings.data) if settings.demo else None
    application = make_application(context, rooms.doors, rooms.sites, demonstration)
    with until_told() as told:
        later = _Later(told, application, partial(_make_worker, settings, opened, rooms, issuer, work_as) if work_as is not None else None)
        later.begin()
        start_collecting()
        try:
            serve_web(
                application,
                host=settings.host,
                web_port=settings.web_port,
                administrator_port=settings.administrator_port,
                certificate_file=settings.path(settings.tls_certificate),
                key_file=settings.path(settings.tls_key),
                administrators_ca_pem=anchor,
                stop=told,
                front=front_of(settings, opened.house),
            )
        finally:
            told.set()
            later.end()
    later.require_success()


def make_context(settings: Settings, opened: Opened, issuer: IssuerClient) -> DoorContext:
    """Return what doors and pages of this service work with."""
    return DoorContext(
        house=opened.house,
        issuer=issuer,
        world=make_world(settings),
        vkey=opened.vkey,
        trusted_proxies=settings.trusted_proxies,
    )


class _Later:
    """What this process does when it has begun to answer, in a thread. A worker that cannot begin ends the process."""

    def __init__(self, told: threading.Event, application: Starlette, make_worker: Callable[[], Worker] | None) -> None:
        self._told = told
        self._application = application
        self._make_worker = make_worker
        self._worker: Worker | None = None
        self._failure: BaseException | None = None
        self._work_has_begun = threading.Event()
        # A daemon: the end of the process does not wait for what nobody will use any more.
        self._thread = threading.Thread(target=self._run, name="later", daemon=True)

    def begin(self) -> None:
        """Begin the thread."""
        self._thread.start()

    def end(self) -> None:
        """End the worker, when it has begun or as soon as it has."""
        self._work_has_begun.wait(STOP_SECONDS)
        if self._worker is not None:
            self._worker.stop()

    def require_success(self) -> None:
        """Raise what kept the worker from beginning."""
        if self._failure is not None:
            raise self._failure

    def _run(self) -> None:
        try:
            if self._make_worker is not None and not self._told.wait(WORK_AFTER_SECONDS):
                worker = self._make_worker()
                worker.start()
                self._worker = worker
        except BaseException as failure:  # noqa: BLE001 - raised again in the main thread, which ends the process
            self._failure = failure
            self._told.set()
        finally:
            self._work_has_begun.set()
        if self._told.wait(REST_AFTER_SECONDS):
            return
        for load in (*self._application.state.later, load_linters):
            if not self._told.is_set():
                load()
        # All of it stays: a look for garbage that goes through it lets every page wait for a tenth of a second.
        start_collecting()


def _make_worker(settings: Settings, opened: Opened, rooms: Rooms, issuer: IssuerClient, node: str) -> Worker:
    from privyseal.cli.work_process import make_worker  # noqa: PLC0415 - the job engine alone takes longer than all pages

    return make_worker(settings, opened, rooms, issuer, node)


def front_of(settings: Settings, house: House) -> Front | None:
    """Return where a proxy hands calls in, None where no proxy does; raises Unavailable ``front``, ``passphrase``."""
    if settings.front_socket is None and settings.front_port is None:
        return None
    if settings.front_socket is not None and settings.front_port is not None:
        raise Unavailable("front", "The settings name both front_socket and front_port. A proxy hands calls in at one of them.")
    secret = read_passphrase(settings.path(settings.front_secret))
    if len(secret) < SHORTEST_SECRET:
        raise Unavailable("front", f"The secret of the proxy has fewer than {SHORTEST_SECRET} characters: openssl rand -hex 32 makes one.")
    path = settings.path(settings.front_socket) if settings.front_socket is not None else None
    return Front(secret, house, path, settings.front_socket_group, settings.front_port)
