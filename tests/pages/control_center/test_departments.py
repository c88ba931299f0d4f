"""Departments and roles on the pages: the tree is made and changed, a role is given and taken under a signature, a person removed."""

from __future__ import annotations

import re

import pytest

from privyseal.model.administrator import Permission, Role
from privyseal.pages.control_center import department_choices
from privyseal.store import administrators, departments, organizations
from tests.pages.control_center.console_rig import NAME, ConsoleRig, Desk, colleague
from tests.pages.portal.portal_rig import Document

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
    offered = re.findall(r'<option value="(dep-[0-9a-f]+)"', fox.get(f"/departments/{other}").text)
    assert offered == [top], "neither itself nor what lies below it"
    assert fox.send(f"/departments/{below}", {"new_name": "Vehicles", "new_cost_center": "4712"}).status_code == 303
    reason = {"reason": "The office moved."}
    assert fox.send(f"/departments/{other}/closing", reason).status_code == 409
    assert fox.send(f"/departments/{below}/closing", reason).status_code == 303
    assert fox.send(f"/departments/{other}/closing", reason).status_code == 303
    with rig.service.house.database.read(rig.service.clock()) as tx:
        organization = organizations.require(tx, ORG)
        found = departments.page(tx, organization.id, scope=fox.who.actor.scope(Permission.READ))
    assert sorted((item.name, item.depth, item.state.value) for item in found) == [
        ("Health", 1, "open"),
        ("Transport", 1, "closed"),
        ("Vehicles", 2, "closed"),
    ]


def test_a_department_is_closed_for_a_reason_that_its_history_tells(fox: Desk) -> None:
    place = f"/departments/{made(fox, 'Health')}"
    asked = fox.get(f"{place}/closing")
    assert "It is not opened again." in asked.text
    assert 'name="reason"' in asked.text
    for reason, words in (("", "The reason is missing."), ("x" * 501, "at most 500 are kept")):
        refused = fox.send(f"{place}/closing", {"reason": reason})
        assert (refused.status_code, words in refused.text) == (422, True)
    assert "Add a department here" in fox.get(place).text, "it is open still"
    assert fox.send(f"{place}/closing", {"reason": "The office <moved>."}).status_code == 303
    assert "Department closed (The office &lt;moved&gt;.)" in fox.get(place).text
    assert fox.get(f"{place}/closing").status_code == 303, "a closed one is not closed again"
    assert fox.send(f"{place}/closing", {"reason": "Again."}).status_code == 303
    assert "Again." not in fox.get(place).text


def test_what_moves_is_named_with_the_place_where_it_lies(rig: ConsoleRig, fox: Desk) -> None:
    one = f"/requests/{rig.submit().id}/department"
    asked = Document(fox.get(one).text)
    assert f"Move {NAME} to another department" in asked.text
    assert "Now in: no department, the organization itself." in asked.text
    below = made(fox, "Vehicles", made(fox, "Transport"))
    assert fox.send(one, {"department": below}).status_code == 303
    assert "Now in: Transport / Vehicles" in Document(fox.get(one).text).text


def test_what_does_not_fit_into_the_field_is_found_by_name(rig: ConsoleRig, fox: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(department_choices, "CHOICES", 2)
    alpha = made(fox, "Alpha")
    for name in ("Beta", "Gamma <3"):
        made(fox, name)
    request = rig.submit()
    person = fox.who.administrator.id
    places = (f"/requests/{request.id}/department", f"/administrators/{person}/roles", f"/departments/{alpha}")
    for place in places:
        shown, found, none = fox.get(place), fox.get(place, find="amma <"), fox.get(place, find="Nowhere")
        assert "The field below offers the first" in shown.text
        assert ['name="find"' in page.text for page in (shown, found, none)] == [True] * 3
        assert re.findall(r"<option[^>]*>([^<]*)</option>", found.text) == ["Gamma &lt;3"], "and not the whole organization before it"
        assert "No open department has “Nowhere” in its name." in none.text
    chosen = fox.get(places[1], find="amma", role=Role.READ_ONLY.value)
    assert re.search(rf'value="{Role.READ_ONLY.value}" required checked', chosen.text), "what was chosen stays"
    kept = fox.send(places[1], {"role": "", "department": "", "find": "amma"})
    assert (kept.status_code, kept.text.count("<option")) == (422, 1)
    monkeypatch.setattr(department_choices, "CHOICES", 3)
    assert 'name="find"' not in fox.get(places[0]).text


def test_the_removal_page_lists_what_is_signed(paula: Desk) -> None:
    rita = colleague(paula, "Rita Reader", Role.READ_ONLY).administrator
    shown = paula.get(f"/administrators/{rita.id}/removal").text
    signed = shown.partition("What you sign")[2].partition("</section>")[0]
    for words in ("Rita Reader", rita.email, rita.id, "Read only", "good until", "Fingerprint"):
        assert words in signed, words


def test_a_role_is_given_and_taken_under_a_signature(rig: ConsoleRig, paula: Desk) -> None:
    rita = colleague(paula, "Rita Reader", Role.READ_ONLY)
    top = made(paula, "Health")
    place = f"/administrators/{rita.administrator.id}"
    asked = paula.follow(f"{place}/roles", {"role": Role.DEPARTMENT_ADMINISTRATOR.value, "department": top})
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
    [taken] = [path for path in re.findall(r'href="[^"]*(/administrators/[^"]*/taking)"', shown) if person.assignments[1].id in path]
    asked = paula.get(taken)
    assert asked.status_code == 200
    assert paula.send(f"{place}/roles/changed", paula.sign_with_passkey(asked)).status_code == 303
    assert "Department administrator" not in paula.get(place).text.partition('<h2 id="credentials-title"')[0]
