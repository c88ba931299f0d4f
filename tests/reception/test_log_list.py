"""A page of a log looks at so many entries and no more, in two portions at most, and the next look goes on behind them."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest

from privyseal.actions.house import About, perform
from privyseal.actions.request.approve_request import approve_request
from privyseal.model.audit import organization_log
from privyseal.model.errors import PrivysealError
from privyseal.model.identifiers import RequestId
from privyseal.reception import log_list
from privyseal.reception.log_list import Found, Wanted, look_into
from privyseal.store import audit
from tests.rigs.copies import Copies
from tests.rigs.service import ServiceRig
from tests.rigs.statements import heard

ORG, ENTRIES, SCANNED = "resource-marketing", 100, 30


def look(service: ServiceRig, before: int | None = None, until: datetime | None = None, **asked: str) -> tuple[Found, int]:
    """What one look finds, and how many statements it took."""
    with heard(service.house.database) as said, service.house.database.read(service.clock()) as tx:
        found = look_into(tx, organization_log(ORG), Wanted(asked, until=until, before=before), lambda _kind, _id: "")
    return found, sum("audit_entries" in statement for statement in said)


def test_every_entry_is_met_once_however_many_looks_it_takes(service: ServiceRig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_list, "PAGE_SIZE", 3)
    monkeypatch.setattr(log_list, "MAXIMUM_SCANNED", SCANNED)
    Copies(service, service.administrator(ORG)).add(ENTRIES, 0)
    nothing, statements = look(service, action="nothing")
    assert (nothing.lines, nothing.is_full, statements) == ([], True, 1)
    full, statements = look(service, action="complete-certificate")
    assert (len(full.lines), full.is_full, full.behind, statements) == (3, True, full.lines[-1].index, 1)
    earlier, statements = look(service, action="complete-certificate", until=service.clock() - timedelta(days=9))
    assert (earlier.lines, earlier.is_full, statements) == ([], False, 2)
    assert earlier.behind == full.lines[0].index - SCANNED + 1
    before, met = None, []
    for _ in range(ENTRIES):
        found, statements = look(service, before, action="complete-certificate", outcome="done", person="issuer")
        assert statements <= 2
        met += [line.index for line in found.lines]
        before = found.behind
        if before is None:
            break
    assert before is None
    assert met == sorted(set(met), reverse=True)
    assert len(met) == ENTRIES


def test_an_entry_is_found_by_what_it_says(service: ServiceRig) -> None:
    fox = service.administrator(ORG)
    service.issue(ORG, fox, [f"www.{ORG}.test"])
    with pytest.raises(PrivysealError):
        perform(service.house, fox.actor, About("approve-request", ORG, "request", "req-1"), approve_request, ORG, RequestId("req-1"), b"")
    service.integrate()
    every, _ = look(service)
    assert {line.outcome for line in every.lines} == {"done", "refused"}
    with service.house.database.read(service.clock()) as tx:
        entries = {index: json.loads(entry) for index, _, entry in audit.export(tx, organization_log(ORG))}
    said = {
        "action": {index: entry["action"] for index, entry in entries.items()},
        "outcome": {index: entry["outcome"] for index, entry in entries.items()},
        "person": {index: entry["actor"]["id"] for index, entry in entries.items()},
    }
    for name, values in said.items():
        for value in set(values.values()):
            found, _ = look(service, **{name: value})
            assert [line.index for line in found.lines] == sorted((n for n in values if values[n] == value), reverse=True)
    both, _ = look(service, person=fox.administrator.id, action="approve-request", outcome="done")
    assert len(both.lines) == 1


def test_requests_and_certificates_are_told_by_name(service: ServiceRig) -> None:
    """The entry has an id; a reader looks for a host. What is not there any more, or never was, keeps its id."""
    fox = service.administrator(ORG)
    issued = service.issue(ORG, fox, [f"www.{ORG}.test", f"shop.{ORG}.test"])
    with pytest.raises(PrivysealError):
        perform(service.house, fox.actor, About("approve-request", ORG, "request", "req-1"), approve_request, ORG, RequestId("req-1"), b"")
    service.integrate()
    every, _ = look(service)
    told = {(line.object_kind, line.object_id) for line in every.lines}
    assert {("Request", issued.names[0][1]), ("Certificate", issued.common_name), ("Request", "req-1")} <= told
    assert not {str(issued.serial_hex), str(issued.request_id)} & {name for _, name in told}
