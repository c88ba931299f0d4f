"""Requests and certificates are found by the beginning of a name: the same ones on every database, by an index, whatever their number."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from privyseal.model.request import RequestState
from privyseal.store import certificates, organizations, requests
from privyseal.store.certificates import Search
from privyseal.store.database import Transaction
from privyseal.store.schema_setup import differences
from tests.rigs.copies import Copies
from tests.rigs.migrations import run_again
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
        for text in SOUGHT:
            fits = [number for number, label in enumerate(LABELS) if full_name(label).startswith(text.lower())]
            fits.sort(key=lambda number: full_name(LABELS[number]).encode())
            of_issued = [str(issued[number].request_id) for number in fits]
            every = [row for number in fits for row in (waiting[number], str(issued[number].request_id))]
            for limit in (1, 2, 50):
                found = requests.newest(tx, organization, text=text, states=[RequestState.ISSUED], limit=limit)
                assert [row.id for row in found] == of_issued[:limit], text
                assert [row.id for row in requests.newest(tx, organization, text=text, limit=limit)] == every[:limit], text
                for place, last in enumerate(every):
                    behind = requests.newest(tx, organization, text=text, before=last, limit=limit)
                    assert [row.id for row in behind] == every[place + 1 :][:limit], text
                listed = certificates.search(tx, organization, Search(text=text.lower()), limit=limit)
                assert [row.id for row in listed] == [issued[number].id for number in fits][:limit], text
        assert requests.newest(tx, organization, text="shop", states=[RequestState.REJECTED, RequestState.HELD]) == []
        assert requests.newest(tx, organization, text="shop", before="req-unknown") == []
        for label in LABELS:
            [found_one] = certificates.search(tx, organization, Search(name=full_name(label)))
            assert found_one.common_name == full_name(label)


def test_what_has_several_such_names_is_found_once(house: ServiceRig) -> None:
    house.create_organization(ORG)
    labels = ("shop-1", "shop-2", "shop-3", "shop-4")
    one = house.submit(ORG, make_csr([full_name(label) for label in labels[:3]], make_key())).id
    two = house.submit(ORG, make_csr([full_name(label) for label in labels[1:]], make_key())).id
    with house.house.database.read(house.clock()) as tx:
        organization = organizations.require(tx, ORG).id
        for text, expected in (("shop", [one, two]), ("shop-2", [two, one]), ("shop-4", [two]), ("shop-1", [one])):
            assert [row.id for row in requests.newest(tx, organization, text=text)] == expected
            [first] = requests.newest(tx, organization, text=text, limit=1)
            assert [row.id for row in requests.newest(tx, organization, text=text, before=first.id)] == expected[1:]


def test_the_names_of_what_was_there_before_are_found(house: ServiceRig) -> None:
    house.create_organization(ORG)
    made = [house.submit(ORG, make_csr([full_name(label), full_name(f"w-{label}")], make_key())) for label in LABELS]
    database = house.house.database
    with database.read(house.clock()) as tx:
        names = sorted(map(tuple, tx.execute(requests.request_names.select())))
    assert len(names) == 2 * len(made)
    with database.writer.begin() as connection:
        requests.request_names.drop(connection)
    run_again(database, "0011_request_names")
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
    assert len(found) == 2, found
    for plan, table in zip(found, ("request_names", "certificate_names"), strict=True):
        if database.is_sqlite:
            assert f"SEARCH {table} USING COVERING INDEX ix_{table}_named (organization_id=? AND name>? AND name<?" in plan, plan
            assert "SCAN" not in plan, plan
        else:
            assert f"Index Only Scan using ix_{table}_named" in plan, plan
            assert "Seq Scan" not in plan, plan
