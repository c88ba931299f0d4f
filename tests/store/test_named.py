"""Requests and certificates are found by the beginning of a name: the same ones on every database, by an index, whatever their number."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from privyseal.model.request import RequestState
from privyseal.store import certificates, named, organizations, requests
from privyseal.store.certificates import Search
from privyseal.store.database import Transaction
from privyseal.store.schema_setup import differences, upgrade
from tests.rigs.copies import Copies
from tests.rigs.plans import analyze, plans
from tests.rigs.postgresql import PostgresServer
from tests.rigs.service import ServiceRig, ServiceTemplate, make_csr, make_key

ORG, OTHER = "resource-marketing", "hoffman-brandt"
LABELS = ("shop", "shop-2", "shopping", "sho", "shoq", "host1", "host-10", "host2")
SOUGHT = ("sho", "shop", "shop.", "shop-", "host", "host-", "host1.", "www", "x", "~", "%", "SHOP.Resource")


@pytest.fixture(params=["sqlite", "postgresql", "postgresql in a language"])
def house(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[ServiceRig]:
    """A service on each database, and on one that orders texts as a language does: there "shopping" stands behind "shop~"."""
    if request.param == "sqlite":
        template: ServiceTemplate = request.getfixturevalue("sqlite_template")
        rig = ServiceRig(tmp_path, template=template)
    else:
        server: PostgresServer = request.getfixturevalue("postgres")
        rig = ServiceRig(tmp_path, server.create_database(language="" if request.param == "postgresql" else "en"))
    yield rig
    rig.close()


def full_name(label: str) -> str:
    return f"{label}.{ORG}.test"


def test_what_begins_so_is_found(house: ServiceRig, monkeypatch: pytest.MonkeyPatch) -> None:
    house.create_organization(ORG, units=20)
    house.create_organization(OTHER, name="Hoffman & Brandt", domains=(f"{ORG}.test",))
    fox = house.administrator(ORG)
    issued = [house.issue(ORG, fox, [full_name(label)]) for label in LABELS]
    waiting: list[str] = [house.submit(ORG, make_csr([full_name(label), full_name(f"w-{label}")], make_key())).id for label in LABELS]
    house.submit(OTHER, make_csr([full_name("shop")], make_key()))
    with house.house.database.read(house.clock()) as tx:
        organization = organizations.require(tx, ORG).id
        for near, gathered in ((500, 20_000), (1, 20_000), (0, 0)):
            monkeypatch.setattr(named, "NEAR", near)
            monkeypatch.setattr(named, "GATHERED", gathered)
            for text in SOUGHT:
                fits = [number for number, label in enumerate(LABELS) if full_name(label).startswith(text.lower())][::-1]
                of_issued = [str(issued[number].request_id) for number in fits]
                every = [waiting[number] for number in fits] + of_issued
                for limit in (1, 2, 50):
                    found = requests.newest(tx, organization, text=text, states=[RequestState.ISSUED], limit=limit)
                    assert [row.id for row in found] == of_issued[:limit], text
                    assert [row.id for row in requests.newest(tx, organization, text=text, limit=limit)] == every[:limit], text
                    behind = requests.newest(tx, organization, text=text, before=every[0] if every else "", limit=limit)
                    assert [row.id for row in behind] == every[1:][:limit], text
                    listed = certificates.search(tx, organization, Search(text=text.lower()), limit=limit)
                    assert [row.id for row in listed] == [issued[number].id for number in fits][:limit], text
            assert requests.newest(tx, organization, text="shop", states=[RequestState.REJECTED, RequestState.HELD]) == []


def test_the_names_of_what_was_there_before_are_found(house: ServiceRig) -> None:
    house.create_organization(ORG)
    made = [house.submit(ORG, make_csr([full_name(label), full_name(f"w-{label}")], make_key())) for label in LABELS]
    database = house.house.database
    with database.read(house.clock()) as tx:
        names = sorted(map(tuple, tx.execute(requests.request_names.select())))
    assert len(names) == 2 * len(made)
    with database.writer.begin() as connection:
        requests.request_names.drop(connection)
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '0010'"))
    upgrade(database)
    assert differences(database) == []
    with database.read(house.clock()) as tx:
        assert sorted(map(tuple, tx.execute(requests.request_names.select()))) == names


def test_an_index_leads_to_names(service: ServiceRig) -> None:
    service.create_organization(ORG)
    copies = Copies(service, service.administrator(ORG))
    copies.add(3_000, 100)
    database = service.house.database
    for table in ("request_names", "certificate_names"):
        analyze(database, table)

    def ask(tx: Transaction) -> None:
        organization = organizations.require(tx, ORG).id
        assert len(requests.newest(tx, organization, text="host-12", states=[RequestState.ISSUED])) == 50
        assert len(certificates.search(tx, organization, Search(text="host-12"))) == 50

    found = [plan for plan in plans(database, service.clock(), ask) if "_names" in plan]
    # One counts, one reads the newest, of each list.
    assert len(found) == 4, found
    if database.is_sqlite:
        assert sum("USING COVERING INDEX ix_request_names_named (organization_id=? AND name>? AND name<?" in plan for plan in found) == 2, (
            found
        )
        assert sum("USING COVERING INDEX ix_certificate_names_named (organization_id=? AND name>?" in plan for plan in found) == 2, found
        assert not any("SCAN requests" in plan or "SCAN certificates" in plan for plan in found), found
