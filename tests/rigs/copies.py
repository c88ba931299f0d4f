"""A full database in a short time: copies of what the store itself wrote.

One certificate and one request are copied with everything around them, each with ids, serials, digests and names of its own.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from privyseal.model.audit import organization_log
from privyseal.model.identifiers import DepartmentId
from privyseal.store import audit, certificates, outbox, requests
from privyseal.store.prepared import Prepared
from tests.rigs.service import AdministratorRig, ServiceRig, make_csr, make_key

PORTION: Final = 5_000
_WAY: Final = {
    "requests": Prepared(requests.requests.insert()),
    "asked": Prepared(requests.request_names.insert()),
    "approvals": Prepared(requests.approvals.insert()),
    "intents": Prepared(certificates.intents.insert()),
    "certificates": Prepared(certificates.certificates.insert()),
    "names": Prepared(certificates.certificate_names.insert()),
    "outbox": Prepared(outbox.outbox.insert()),
    "entries": Prepared(audit.entries.insert().inline(), ("id", "log", "entry", "at", "leaf_index", "leaf_hash")),
    "objects": Prepared(audit.objects.insert()),
}
"""How rows come into each table, in an order in which what a row refers to is there: COPY, where the database has it."""

Row = dict[str, Any]


class Copies:
    """One issued certificate of this administrator's organization with everything around it, and one pending request, to be copied."""

    def __init__(self, rig: ServiceRig, administrator: AdministratorRig, places: Sequence[DepartmentId | None] = (None,)) -> None:
        """``places`` are what the copies belong to, one after the other and over again."""
        self._rig, self._slug, self._places = rig, administrator.organization, places
        self._issued = self._pending = 0
        done = rig.issue(self._slug, administrator, [f"www.{self._slug}.test"])
        waits = rig.submit(self._slug, make_csr([f"shop.{self._slug}.test"], make_key()))
        rig.integrate()
        with rig.house.database.read(rig.clock()) as tx:
            self._models = {
                name: dict(tx.execute(table.select().where(column == value)).one()._mapping)
                for name, table, column, value in (
                    ("requests", requests.requests, requests.requests.c.id, done.request_id),
                    ("approvals", requests.approvals, requests.approvals.c.request_id, done.request_id),
                    ("intents", certificates.intents, certificates.intents.c.id, done.intent_id),
                    ("certificates", certificates.certificates, certificates.certificates.c.id, done.id),
                    ("waiting", requests.requests, requests.requests.c.id, waits.id),
                )
            }
            self._leaves = audit.size(tx, organization_log(self._slug))

    def add(self, issued: int, pending: int) -> None:
        """Add so many of each behind those that are there. The log gets leaves without a tree: it cannot grow by itself after that."""
        for start in range(self._issued, self._issued + issued, PORTION):
            numbers = range(start, min(self._issued + issued, start + PORTION))
            _insert_issued(self._rig, self._slug, self._models, numbers, self._leaves, self._places)
        for start in range(self._pending, self._pending + pending, PORTION):
            numbers = range(start, min(self._pending + pending, start + PORTION))
            with self._rig.house.database.write(self._rig.clock()) as tx:
                rows = [_pending(self._slug, self._models["waiting"], number, self._places) for number in numbers]
                _WAY["requests"].each(tx, rows)
                _WAY["asked"].each(tx, [_asked(row) for row in rows])
        self._issued, self._pending = self._issued + issued, self._pending + pending
        settle(self._rig)


def _pending(slug: str, model: Row, number: int, places: Sequence[DepartmentId | None]) -> Row:
    name = f"pending-{number}.{slug}.test"
    own = {
        "id": _id("req", "pending", number),
        "names": _named(model, name),
        "sameness": _digest("same", number),
        "spki_sha256": _digest("wait", number),
        "department_id": places[number % len(places)],
    }
    return model | own | {"created_at": model["created_at"] - timedelta(seconds=number)}


def _insert_issued(
    rig: ServiceRig, slug: str, model: Mapping[str, Row], numbers: Sequence[int], leaves: int, places: Sequence[DepartmentId | None]
) -> None:
    rows: dict[str, list[Row]] = {name: [] for name in _WAY}
    now = rig.clock()
    for number in numbers:
        request, intent, certificate = (_id(kind, "issued", number) for kind in ("req", "int", "crt"))
        name, serial = f"host-{number}.{slug}.test", _digest("serial", number)[:40]
        ends = model["certificates"]["not_after"] - timedelta(minutes=number)
        own: Row = {"names": _named(model["certificates"], name), "spki_sha256": _digest("key", number)}
        own["department_id"] = places[number % len(places)]
        rows["requests"].append(model["requests"] | own | {"id": request, "sameness": _digest("done", number)})
        rows["asked"].append(_asked(rows["requests"][-1]))
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
        rows["entries"].append(_entry(slug, number, serial, leaves) | {"at": now})
        rows["objects"].append({"object_id": serial, "entry_id": _id("log", "issued", number), "log": organization_log(slug)})
    with rig.house.database.write(now) as tx:
        for name, way in _WAY.items():
            way.each(tx, rows[name])
        audit.mark(tx, organization_log(slug), leaves + numbers[0], [row["entry"] for row in rows["entries"]])


def _asked(request: Row) -> Row:
    """The only name of a request, as a search finds it."""
    return {"request_id": request["id"], "name": request["names"][0][1], "organization_id": request["organization_id"]}


def _named(model: Row, name: str) -> list[list[str]]:
    """A name in the form in which the model has its own."""
    return [[model["names"][0][0], name]]


def _entry(slug: str, number: int, serial: str, leaves: int) -> Row:
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
        "log": organization_log(slug),
        "entry": text,
        "leaf_index": index,
        "leaf_hash": hashlib.sha256(text).hexdigest(),
    }


def _digest(what: str, number: int) -> str:
    return hashlib.sha256(f"{what} {number}".encode()).hexdigest()


def _id(kind: str, what: str, number: int) -> str:
    """An id in the form of the store's own, which sort by time of birth."""
    return f"{kind}-{number:016x}{_digest(what, number)[:16]}"


def settle(rig: ServiceRig) -> None:
    """Tell PostgreSQL how much it holds, as it finds out by itself in time; SQLite never asks."""
    if not rig.house.database.is_sqlite:
        with rig.house.database.writer.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("VACUUM (ANALYZE)")
