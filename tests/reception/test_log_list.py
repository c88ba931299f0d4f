"""A page of a log looks at so many entries and no more, in two portions at most, and the next look goes on behind them."""

from __future__ import annotations

import pytest

from privyseal.model.audit import organization_log
from privyseal.reception import log_list
from privyseal.reception.log_list import Found, Wanted, look_into
from tests.rigs.copies import Copies
from tests.rigs.service import ServiceRig
from tests.rigs.statements import heard

ORG, ENTRIES, SCANNED = "resource-marketing", 100, 30


def look(service: ServiceRig, action: str, before: int | None = None) -> tuple[Found, int]:
    """What one look finds, and how many statements it took."""
    with heard(service.house.database) as said, service.house.database.read(service.clock()) as tx:
        found = look_into(tx, organization_log(ORG), Wanted({"action": action}, before=before), lambda _kind, _id: "")
    return found, sum("audit_entries" in statement for statement in said)


def test_every_entry_is_met_once_however_many_looks_it_takes(service: ServiceRig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_list, "PAGE_SIZE", 3)
    monkeypatch.setattr(log_list, "MAXIMUM_SCANNED", SCANNED)
    service.create_organization(ORG)
    Copies(service, service.administrator(ORG)).add(ENTRIES, 0)
    nothing, statements = look(service, "nothing")
    assert (nothing.lines, nothing.is_full, statements) == ([], False, 2)
    full, statements = look(service, "complete-certificate")
    assert (len(full.lines), full.is_full, full.behind, statements) == (3, True, full.lines[-1].index, 1)
    assert nothing.behind == full.lines[0].index - SCANNED + 1
    before, met = None, []
    for _ in range(ENTRIES):
        found, statements = look(service, "complete-certificate", before)
        assert statements <= 2
        met += [line.index for line in found.lines]
        before = found.behind
        if before is None:
            break
    assert before is None
    assert met == sorted(set(met), reverse=True)
    assert len(met) == ENTRIES
