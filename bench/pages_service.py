"""A service with a full database, and its web application as a process of its own on plain HTTP, for the figures of pages.

TLS is left out: what it costs depends on the client, and a connection pays it once.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
from collections.abc import Iterator
from typing import Final

from bench.status_process import connect
from privyseal.actions.house import About, perform
from privyseal.actions.session.start_session import start_session
from privyseal.model.actor import ANONYMOUS
from privyseal.model.session import PROVIDER_AUDIENCE, IdentityProof
from privyseal.reception.cookies import session_cookie
from tests.rigs.service import AdministratorRig, ServiceRig, hashes_hex

SLUG: Final = "resource-marketing"
NOBODY: Final = "127.0.0.1:9"
"""A resolver that never answers: no page of these asks one."""


def cookie(rig: ServiceRig, person: AdministratorRig) -> str:
    """The Cookie header of a person who has signed in a moment ago."""
    audience = person.organization or PROVIDER_AUDIENCE
    proof = IdentityProof(audience, person.administrator.id, hashes_hex(person.certificate_der))
    about = About("sign-in", person.organization, "administrator", person.administrator.id)
    started = perform(rig.house, ANONYMOUS, about, start_session, proof, "Firefox")
    return f"{session_cookie(audience)}={started.token}"


def serve(settings_text: str, port: int) -> None:
    """Answer until the process is ended; what a child process runs."""
    import uvicorn  # noqa: PLC0415 - the process that asks needs none of it

    from privyseal.app import discover  # noqa: PLC0415 - the same
    from privyseal.cli.house_setup import open_house  # noqa: PLC0415 - the same
    from privyseal.cli.processes import start_collecting  # noqa: PLC0415 - the same
    from privyseal.cli.settings import Settings  # noqa: PLC0415 - the same
    from privyseal.cli.web_application import make_application  # noqa: PLC0415 - the same
    from privyseal.cli.web_process import make_context  # noqa: PLC0415 - the same
    from privyseal.issuer.client import IssuerClient  # noqa: PLC0415 - the same

    settings, rooms = Settings.model_validate_json(settings_text), discover()
    context = make_context(settings, open_house(settings, rooms), IssuerClient(settings.path(settings.issuer_socket)))
    app = make_application(context, rooms.doors, rooms.sites)
    # As a service does when everything is loaded: nobody waits while garbage is looked for among what stays.
    for load in app.state.later:
        load()
    start_collecting()
    uvicorn.run(app, host="127.0.0.1", port=port, log_config=None, access_log=False, lifespan="off", loop="uvloop", http="httptools")


@contextlib.contextmanager
def web_process(rig: ServiceRig, port: int) -> Iterator[int]:
    """The application of this service as a process of its own; gives its id when it listens."""
    settings = rig.settings.model_copy(update={"resolvers": (NOBODY,), "trusted_proxies": ("127.0.0.1",)})
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(settings.model_dump_json(), port), daemon=True)
    process.start()
    try:
        connect(port, seconds=60).close()
        yield process.pid or os.getpid()
    finally:
        process.terminate()
        process.join(20)
