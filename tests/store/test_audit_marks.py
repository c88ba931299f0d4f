"""Entries that were integrated before there were marks are found like all others after an upgrade."""

from __future__ import annotations

from privyseal.store import audit
from privyseal.store.schema_setup import differences
from tests.rigs.migrations import run_again
from tests.rigs.service import ServiceRig

ORG = "resource-marketing"


def test_the_entries_of_before_are_marked(service: ServiceRig) -> None:
    service.create_organization(ORG)
    service.issue(ORG, service.administrator(ORG), [f"www.{ORG}.test"])
    service.integrate()
    database = service.house.database
    with database.read(service.clock()) as tx:
        marked = sorted(map(tuple, tx.execute(audit.marks.select())))
    assert any(mark == "action:approve-request" for _, mark, _ in marked)
    with database.writer.begin() as connection:
        audit.marks.drop(connection)
    run_again(database, "0012_audit_marks")
    assert differences(database) == []
    with database.read(service.clock()) as tx:
        assert sorted(map(tuple, tx.execute(audit.marks.select()))) == marked
