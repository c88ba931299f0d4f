"""Two people who move the same thing at once: one after the other, or the second one is told; what the log says is one way."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from privyseal.actions.department.close_department import close_department
from privyseal.actions.department.move_administrator import move_administrator
from privyseal.actions.department.move_certificate import move_certificate
from privyseal.actions.department.move_request import move_request
from privyseal.actions.house import About, House, perform
from privyseal.model.administrator import Role
from privyseal.model.audit import organization_log
from privyseal.model.errors import Conflict
from privyseal.model.identifiers import AdministratorId, DepartmentId, RequestId
from privyseal.store import audit
from tests.rigs.service import AdministratorRig, ServiceRig, make_csr, make_key

ORG = "resource-marketing"
ABOUT = About("test", ORG, "department", "new")
ROUNDS = 6
Move = Callable[[House, DepartmentId | None], DepartmentId | None]


def _moves(service: ServiceRig, fox: AdministratorRig) -> dict[str, Move]:
    """A way to move one thing of each kind, by the id under which the log has it."""
    request = service.submit(ORG, make_csr(["one.resource-marketing.test"], make_key()))
    certificate = service.issue(ORG, fox, ["two.resource-marketing.test"])
    person = service.administrator(ORG, "Dana Scully", Role.READ_ONLY, by=fox).administrator

    def move_it(house: House, place: DepartmentId | None) -> DepartmentId | None:
        return perform(house, fox.actor, ABOUT, move_request, ORG, RequestId(request.id), place).department_id

    def move_issued(house: House, place: DepartmentId | None) -> DepartmentId | None:
        return perform(house, fox.actor, ABOUT, move_certificate, ORG, certificate.serial_hex, place).department_id

    def move_them(house: House, place: DepartmentId | None) -> DepartmentId | None:
        return perform(house, fox.actor, ABOUT, move_administrator, ORG, AdministratorId(person.id), place).department_id

    return {request.id: move_it, certificate.serial_hex: move_issued, person.id: move_them}


def test_two_moves_at_once_leave_one_way(service: ServiceRig) -> None:
    service.create_organization(ORG)
    fox = service.administrator(ORG, "Fox Mulder")
    places: list[DepartmentId | None] = [service.department(fox, name).id for name in ("X", "Y", "Z")]
    houses = [service.open_house(), service.open_house()]
    for object_id, move in _moves(service, fox).items():
        last: set[DepartmentId | None] = {None}
        for number in range(ROUNDS):
            wanted = [places[number % 3], places[(number + 1) % 3]]
            barrier = Barrier(2)
            with ThreadPoolExecutor(2) as pool:
                ends = list(pool.map(lambda pair, go=barrier, by=move: _try(go, by, *pair), zip(houses, wanted, strict=True)))
            last = {end for end in ends if not isinstance(end, Conflict)} or last
        moves = [entry["reason"].split(" -> ") for entry in _entries(service, object_id) if entry["action"].startswith("move-")]
        assert moves
        assert moves[0][0] == "organization"
        assert all(before[1] == after[0] for before, after in itertools.pairwise(moves)), moves
        assert moves[-1][1] in last
    for house in houses:
        house.database.close()


def _try(go: Barrier, move: Move, house: House, place: DepartmentId | None) -> DepartmentId | Conflict | None:
    go.wait()
    try:
        return move(house, place)
    except Conflict as conflict:
        assert conflict.kind == "department-moved"
        return conflict


def _entries(service: ServiceRig, object_id: str) -> list[dict[str, str]]:
    service.integrate()
    with service.house.database.read(service.clock()) as tx:
        found = [json.loads(entry) for entry in audit.of_objects(tx, organization_log(ORG), [object_id], 200)]
    return [entry for entry in found if entry["outcome"] == "done"]


def test_nothing_comes_into_a_closed_department_and_moving_twice_is_harmless(service: ServiceRig) -> None:
    service.create_organization(ORG)
    fox = service.administrator(ORG, "Fox Mulder")
    x, y = service.department(fox, "X"), service.department(fox, "Y")
    moves = _moves(service, fox)
    for object_id, move in moves.items():
        assert move(service.house, x.id) == x.id
        assert move(service.house, x.id) == x.id
        assert len([entry for entry in _entries(service, object_id) if entry["action"].startswith("move-")]) == 1
    perform(service.house, fox.actor, ABOUT, close_department, ORG, y.id, "Merged")
    for move in moves.values():
        with pytest.raises(Conflict, match="closed"):
            move(service.house, y.id)
