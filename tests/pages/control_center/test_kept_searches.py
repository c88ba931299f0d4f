"""Searches that administrators keep: links over both lists, theirs alone, bounded, whatever they are called."""

from __future__ import annotations

import html
import re
import threading

import pytest

from privyseal.actions.house import About, perform
from privyseal.actions.search.save_search import save_search
from privyseal.model.administrator import Role
from privyseal.model.errors import Conflict, NotFound, NotPermitted, Refused
from privyseal.model.saved_search import MOST_SEARCHES, SearchedList
from privyseal.store import searches
from tests.pages.control_center.console_rig import ORG, OTHER, Answer, ConsoleRig, Desk, colleague
from tests.rigs.hostile_texts import INJECTIONS, TYPED

EXPIRING = {"show": "expiring", "text": "www.", "from": "2026-01-01", "to": "2026-12-31"}
CERTIFICATES = SearchedList.CERTIFICATES
ABOUT = About("save-search", ORG, "saved-search", "new")


def keep(desk: Desk, name: str, path: str = "/certificates", query: dict[str, str] | None = None) -> Answer:
    return desk.send(path, {**(EXPIRING if query is None else query), "search_name": name})


def links(page: Answer) -> dict[str, str]:
    """Name -> address of what is kept; the current one ends with a star."""
    found = re.findall(r'<li><a href="([^"]+)"( aria-current="true")?><bdi>([^<]*)</bdi></a></li>', page.text)
    return {html.unescape(name) + ("*" if current else ""): html.unescape(address) for address, current, name in found}


def deletions(page: Answer) -> list[str]:
    return re.findall(r'action="([^"]+/searches/sea-[0-9a-f]{32}/delete)"', page.text)


def test_a_search_is_kept_followed_and_deleted(fox: Desk) -> None:
    assert links(fox.get("/certificates")) == {}
    kept = keep(fox, " Ends this year ")
    assert kept.status_code == 303
    assert kept.headers["location"] == f"{fox.home}/certificates?show=expiring&text=www.&from=2026-01-01&to=2026-12-31"
    assert links(fox.get(kept.headers["location"])) == {"Ends this year*": kept.headers["location"]}
    page = fox.get("/certificates")
    assert links(page) == {"Ends this year": kept.headers["location"]}
    assert links(fox.get("/requests")) == {}
    held = keep(fox, "Held shops", "/requests", {"show": "held", "name": "SHOP."})
    assert held.headers["location"] == f"{fox.home}/requests?show=held&name=shop"
    assert links(fox.get(held.headers["location"])) == {"Held shops*": held.headers["location"]}
    [deletion] = deletions(page)
    gone = fox.send(deletion)
    assert (gone.status_code, gone.headers["location"]) == (303, f"{fox.home}/certificates")
    assert links(fox.get("/certificates")) == {}
    assert list(links(fox.get("/requests"))) == ["Held shops"]
    assert fox.send(deletion).status_code == 404


def test_what_the_list_cannot_read_is_not_kept(fox: Desk) -> None:
    for name, value in (("text", "a b"), ("from", "yesterday"), ("to", "9999-01-01"), ("text", "https://evil.test/?x")):
        answer = keep(fox, "Wrong", query={"show": "all", name: value})
        assert (answer.status_code, f'href="#{name}"' in answer.text) == (400, True), name
    for name, value in (("name", "a\u202eb"), ("name", "x" * 254)):
        answer = keep(fox, "Wrong", "/requests", {"show": "all", name: value})
        assert (answer.status_code, 'href="#search_name"' in answer.text) == (422, True)
    # An unknown filter is the first one, as in an address; what is no field of the list is not looked at.
    other = keep(fox, "Odd", query={"show": "nonsense", "next": "https://evil.test/", "before": "x"})
    assert other.headers["location"] == f"{fox.home}/certificates?show=valid"
    assert list(links(fox.get("/certificates"))) == ["Odd*"]


def test_names_are_bounded_and_there_once(fox: Desk) -> None:
    assert keep(fox, "Mine").status_code == 303
    for name, status, words in (
        ("", 422, "missing"),
        ("x" * 65, 422, "at most 64"),
        ("Mine", 409, "under this name"),
        ("a\nb", 422, "breaks"),
    ):
        answer = keep(fox, name)
        assert (answer.status_code, 'href="#search_name"' in answer.text) == (status, True), name
        assert words in answer.text
        assert answer.text.count("<title>Error: ") == 1
        assert '<details class="kept-searches" open>' in answer.text
        assert 'value="www."' in answer.text, "the search is still there"
    assert keep(fox, "Mine", "/requests", {"show": "held"}).status_code == 303, "of another list"
    assert keep(fox, "x" * 64).status_code == 303


def test_hostile_names_are_text(fox: Desk) -> None:
    for kind in sorted(INJECTIONS.keys() - {"long"}):
        name = INJECTIONS[kind][:64].strip()
        answer = keep(fox, name)
        assert answer.status_code == (303 if kind in TYPED else 422), (kind, answer.text)
        page = fox.get("/certificates")
        assert list(links(page)) == ([name] if kind in TYPED else []), kind
        for text in (page.text, answer.text):
            assert not [piece for piece in ("<script>alert", "<img src=x", "<svg/onload", 'onfocus=alert(1) x="') if piece in text], kind
        for deletion in deletions(page):
            assert fox.send(deletion).status_code == 303


def test_nobody_else_sees_uses_or_deletes_it(rig: ConsoleRig, fox: Desk, helen: Desk) -> None:
    dana = rig.desk(colleague(fox, "Dana Scully"))
    rita = rig.desk(colleague(fox, "Rita Reader", Role.READ_ONLY))
    assert keep(fox, "Secret of Fox").status_code == 303
    assert keep(dana, "Secret of Fox").status_code == 303, "names are one's own"
    assert keep(rita, "Of a reader").status_code == 303
    mine = deletions(fox.get("/certificates"))
    for other in (dana, rita, helen):
        page = other.get("/certificates")
        assert set(deletions(page)).isdisjoint(mine)
        answer = other.send(mine[0].replace(f"/o/{ORG}/", f"/o/{other.who.organization}/"))
        assert (answer.status_code, "no such search" in answer.text) == (404, True)
        assert "Secret of Fox" not in helen.get("/certificates").text
        assert f"show={EXPIRING['show']}&amp;text" not in helen.get("/requests").text
    # The other organization's address leads those of this one to a sign-in there.
    assert helen.send(mine[0]).status_code == 401
    assert list(links(fox.get("/certificates"))) == ["Secret of Fox"]
    assert fox.send("/searches/sea-xyz/delete").status_code == 404


def test_the_action_keeps_to_people_of_the_organization(rig: ConsoleRig, fox: Desk, helen: Desk) -> None:
    def save(desk: Desk, query: dict[str, str], org: str = ORG) -> None:
        perform(rig.service.house, desk.who.actor, ABOUT, save_search, org, CERTIFICATES, "x", query)

    with pytest.raises(NotFound):
        save(helen, EXPIRING)
    with pytest.raises(NotFound):
        save(fox, EXPIRING, OTHER)
    token = rig.service.machine(ORG)
    with pytest.raises(NotPermitted):
        perform(rig.service.house, token, ABOUT, save_search, ORG, CERTIFICATES, "x", EXPIRING)
    for query in ({}, {"text": "www"}, {**EXPIRING, "before": "x"}, {"show": ""}, {"show": "a\nb"}, {"show": "x" * 254}):
        with pytest.raises(Refused) as refusal:
            save(fox, query)
        assert refusal.value.kind == "saved-search-query", query


def test_two_tabs_keep_no_more_than_there_is_room_for(rig: ConsoleRig, fox: Desk) -> None:
    house, actor = rig.service.house, fox.who.actor
    for number in range(MOST_SEARCHES - 1):
        perform(house, actor, ABOUT, save_search, ORG, CERTIFICATES, f"Search {number:02}", {"show": "all"})
    kinds: list[str] = []

    def save(name: str) -> None:
        try:
            perform(house, actor, ABOUT, save_search, ORG, CERTIFICATES, name, {"show": "all"})
        except Conflict as error:
            kinds.append(error.kind)

    tabs = [threading.Thread(target=save, args=(name,)) for name in ("One", "Two", "Three")]
    for tab in tabs:
        tab.start()
    for tab in tabs:
        tab.join(30)
    assert kinds == ["saved-search-count"] * 2
    with house.database.read(rig.service.clock()) as tx:
        person = fox.who.administrator
        assert person.organization_id is not None
        kept = searches.of_person(tx, person.organization_id, person.id, CERTIFICATES)
    assert len(kept) == MOST_SEARCHES
    assert keep(fox, "More").status_code == 409
    assert keep(fox, "Elsewhere", "/requests", {"show": "held"}).status_code == 303
    assert len(links(fox.get("/certificates"))) == MOST_SEARCHES
