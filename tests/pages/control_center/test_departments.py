"""Departments and roles on the pages: the tree is made and changed, a role is given and taken under a signature, a person removed."""

from __future__ import annotations

import re

from privyseal.model.administrator import Permission, Role
from privyseal.store import administrators, departments, organizations
from tests.pages.control_center.console_rig import ConsoleRig, Desk, colleague

ORG = "resource-marketing"


def made(fox: Desk, name: str, parent: str = "") -> str:
    answer = fox.send("/departments", {"name": name, "parent": parent, "cost_center": "4711"})
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"]).rpartition("/")[2]


def test_the_tree_is_made_renamed_moved_and_closed(rig: ConsoleRig, fox: Desk) -> None:
    top, other = made(fox, "Health"), made(fox, "Transport")
    below = made(fox, "Motor vehicles", top)
    page = fox.get(f"/departments/{top}")
    assert "Motor vehicles" in page.text
    again = fox.send("/departments", {"name": "health", "parent": "", "cost_center": ""})
    assert again.status_code == 409
    assert fox.send(f"/departments/{below}/place", {"department": other}).status_code == 303
    assert "Motor vehicles" in fox.get(f"/departments/{other}").text
    assert fox.send(f"/departments/{other}/place", {"department": below}).status_code == 409
    assert fox.send(f"/departments/{below}", {"new_name": "Vehicles", "new_cost_center": "4712"}).status_code == 303
    assert fox.send(f"/departments/{other}/closing").status_code == 409
    assert fox.send(f"/departments/{below}/closing").status_code == 303
    assert fox.send(f"/departments/{other}/closing").status_code == 303
    with rig.service.house.database.read(rig.service.clock()) as tx:
        organization = organizations.require(tx, ORG)
        found = departments.page(tx, organization.id, scope=fox.who.actor.scope(Permission.READ))
    assert sorted((item.name, item.depth, item.state.value) for item in found) == [
        ("Health", 1, "open"),
        ("Transport", 1, "closed"),
        ("Vehicles", 2, "closed"),
    ]


def test_a_role_is_given_and_taken_under_a_signature(rig: ConsoleRig, paula: Desk) -> None:
    rita = colleague(paula, "Rita Reader", Role.READ_ONLY)
    top = made(paula, "Health")
    place = f"/administrators/{rita.administrator.id}"
    asked = paula.send(f"{place}/roles", {"role": Role.DEPARTMENT_ADMINISTRATOR.value, "department": top})
    assert asked.status_code == 200, asked.text
    assert "Health" in asked.text
    given = paula.send(f"{place}/roles/changed", paula.sign_with_passkey(asked))
    assert given.status_code == 303, given.text
    shown = paula.get(place).text
    assert "Department administrator" in shown
    assert "Health" in shown
    with rig.service.house.database.read(rig.service.clock()) as tx:
        person = administrators.get(tx, rita.administrator.id)
    assert person is not None
    assert {(item.role, item.department_id) for item in person.assignments} == {
        (Role.READ_ONLY, None),
        (Role.DEPARTMENT_ADMINISTRATOR, top),
    }
    [taken] = [path for path in re.findall(r'action="[^"]*(/administrators/[^"]*/taken)"', shown) if person.assignments[1].id in path]
    asked = paula.send(taken)
    assert asked.status_code == 200
    assert paula.send(f"{place}/roles/changed", paula.sign_with_passkey(asked)).status_code == 303
    assert "Department administrator" not in paula.get(place).text.partition('<h2 id="credentials-title"')[0]
