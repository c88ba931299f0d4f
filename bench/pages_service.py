"""A service with a full database, and its web application as a process of its own on plain HTTP, for the figures of pages.

The rows are copies of what the store itself wrote for one certificate and one request, each with ids, serials, digests and
names of its own. TLS is left out: what it costs depends on the client, and a connection pays it once.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import multiprocessing
import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from bench.status_process import connect
from privyseal.actions.house import About, perform
from privyseal.actions.session.start_session import start_session
from privyseal.model.actor import ANONYMOUS
from privyseal.model.session import PROVIDER_AUDIENCE, IdentityProof
from privyseal.reception.cookies import session_cookie
from privyseal.store import audit, certificates, outbox, requests
from tests.rigs.service import AdministratorRig, ServiceRig, hashes_hex, make_csr, make_key

SLUG: Final = "resource-marketing"
PORTION: Final = 2_000
Row = dict[str, Any]


def fill(rig: ServiceRig, issued: int, pending: int, administrator: AdministratorRig) -> None:
    """Copy one issued certificate with everything around it ``issued`` times, and one pending request ``pending`` times."""
    done = rig.issue(SLUG, administrator, [f"www.{SLUG}.test"])
    waits = rig.submit(SLUG, make_csr([f"shop.{SLUG}.test"], make_key()))
    rig.integrate()
    with rig.house.database.read(rig.clock()) as tx:
        model = {
            table.name: dict(row._mapping)
            for table, column, value in (
                (requests.requests, requests.requests.c.id, done.request_id),
                (requests.approvals, requests.approvals.c.request_id, done.request_id),
                (certificates.intents, certificates.intents.c.id, done.intent_id),
                (certificates.certificates, certificates.certificates.c.id, done.id),
            )
            if (row := tx.execute(table.select().where(column == value)).first()) is not None
        }
        request = tx.execute(requests.requests.select().where(requests.requests.c.id == waits.id)).first()
        assert request is not None
        waiting = dict(request._mapping)
        leaves = audit.size(tx, f"o-{SLUG}")
    for start in range(0, issued, PORTION):
        _insert_issued(rig, model, range(start, min(issued, start + PORTION)), leaves)
    for start in range(0, pending, PORTION):
        numbers = range(start, min(pending, start + PORTION))
        with rig.house.database.write(rig.clock()) as tx:
            tx.execute(requests.requests.insert(), [_pending(waiting, number) for number in numbers])
    _settle(rig)


def _pending(model: Row, number: int) -> Row:
    name = f"pending-{number}.{SLUG}.test"
    own = {
        "id": _id("req", "pending", number),
        "names": _named(model, name),
        "sameness": _digest("same", number),
        "spki_sha256": _digest("wait", number),
    }
    return model | own | {"created_at": model["created_at"] - timedelta(seconds=number)}


def _insert_issued(rig: ServiceRig, model: Mapping[str, Row], numbers: Sequence[int], leaves: int) -> None:
    rows: dict[str, list[Row]] = {
        name: [] for name in ("requests", "approvals", "intents", "certificates", "names", "outbox", "entries", "objects")
    }
    now = rig.clock()
    for number in numbers:
        request, intent, certificate = (_id(kind, "issued", number) for kind in ("req", "int", "crt"))
        name, serial = f"host-{number}.{SLUG}.test", _digest("serial", number)[:40]
        ends = model["certificates"]["not_after"] - timedelta(minutes=number)
        own = {"names": _named(model["certificates"], name), "spki_sha256": _digest("key", number)}
        rows["requests"].append(model["requests"] | own | {"id": request, "sameness": _digest("done", number)})
        rows["approvals"].append(
            model["approvals"] | {"id": _id("app", "issued", number), "request_id": request, "content_sha256": _digest("content", number)}
        )
        rows["intents"].append(model["intents"] | {"id": intent, "request_id": request, "serial_hex": serial})
        rows["certificates"].append(
            model["certificates"]
            | own
            | {"id": certificate, "request_id": request, "intent_id": intent, "serial_hex": serial, "common_name": name}
            | {"sha256": _digest("certificate", number), "not_after": ends}
        )
        rows["names"].append(
            {"certificate_id": certificate, "name": name, "organization_id": model["certificates"]["organization_id"], "not_after": ends}
        )
        rows["outbox"].append(
            {
                "id": _id("fact", "issued", number),
                "fact": "certificate-issued",
                "listener": "notices.issued",
                "payload": {},
                "created_at": now,
            }
            | {"dispatched_at": now, "done_at": now, "failure": "", "attempts": 0}
        )
        rows["entries"].append(_entry(number, serial, leaves) | {"at": now})
        rows["objects"].append({"object_id": serial, "entry_id": _id("log", "issued", number), "log": f"o-{SLUG}"})
    with rig.house.database.write(now) as tx:
        for table, name in (
            (requests.requests, "requests"),
            (requests.approvals, "approvals"),
            (certificates.intents, "intents"),
            (certificates.certificates, "certificates"),
            (certificates.certificate_names, "names"),
            (outbox.outbox, "outbox"),
            (audit.entries, "entries"),
            (audit.objects, "objects"),
        ):
            tx.execute(table.insert(), rows[name])


def _named(model: Row, name: str) -> list[list[str]]:
    """A name in the form in which the model has its own."""
    return [[model["names"][0][0], name]]


def _entry(number: int, serial: str, leaves: int) -> Row:
    fields = {
        "action": "complete-certificate",
        "actor": {"credential": "", "id": "issuer", "kind": "system", "source": ""},
        "evidence": [],
        "object": {"id": serial, "kind": "certificate", "sha256": ""},
        "outcome": "done",
        "reason": "",
        "time": "2026-11-22T09:00:00Z",
    }
    text = json.dumps(fields, separators=(",", ":"), sort_keys=True).encode()
    index = leaves + number
    return {
        "id": _id("log", "issued", number),
        "log": f"o-{SLUG}",
        "entry": text,
        "leaf_index": index,
        "leaf_hash": hashlib.sha256(text).hexdigest(),
    }


def _digest(what: str, number: int) -> str:
    return hashlib.sha256(f"{what} {number}".encode()).hexdigest()


def _id(kind: str, what: str, number: int) -> str:
    """An id in the form of the store's own, which sort by time of birth."""
    return f"{kind}-{number:016x}{_digest(what, number)[:16]}"


def _settle(rig: ServiceRig) -> None:
    """Tell the database how much it holds, as it finds out by itself in time."""
    with rig.house.database.writer.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("ANALYZE")


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
    from privyseal.cli.settings import Settings  # noqa: PLC0415 - the same
    from privyseal.cli.web_application import make_application  # noqa: PLC0415 - the same
    from privyseal.doors import DoorContext  # noqa: PLC0415 - the same
    from privyseal.engine.dcv import DnsLookup  # noqa: PLC0415 - the same
    from privyseal.engine.token_fetch import FetchPolicy  # noqa: PLC0415 - the same
    from privyseal.issuer.client import IssuerClient  # noqa: PLC0415 - the same

    settings, rooms = Settings.model_validate_json(settings_text), discover()
    opened = open_house(settings, rooms)
    issuer = IssuerClient(settings.path(settings.issuer_socket))
    lookup = DnsLookup((("127.0.0.1", 9),), timeout_seconds=1)
    context = DoorContext(opened.house, issuer, lookup, FetchPolicy(), opened.vkey, ("127.0.0.1",))
    app = make_application(context, rooms.doors, rooms.sites)
    uvicorn.run(app, host="127.0.0.1", port=port, log_config=None, access_log=False, lifespan="off", loop="uvloop", http="httptools")


@contextlib.contextmanager
def web_process(rig: ServiceRig, port: int) -> Iterator[int]:
    """The application of this service as a process of its own; gives its id when it listens."""
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(rig.settings.model_dump_json(), port), daemon=True)
    process.start()
    try:
        connect(port, seconds=60).close()
        yield process.pid or os.getpid()
    finally:
        process.terminate()
        process.join(20)
