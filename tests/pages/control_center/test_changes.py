"""Changes under dual control at the pages: proposed by form and by file, signed by passkey and by file, refused, taken back."""

from __future__ import annotations

import html
import json
import re
from typing import Any

import pytest

from privyseal.engine.passkeys import assertion_options
from privyseal.model.administrator import Role
from privyseal.model.change import ChangeState
from privyseal.model.identifiers import ChangeId
from privyseal.model.policy import Policy
from privyseal.model.policy_draft import PolicyDraft
from privyseal.store import changes, organizations, passkeys, policies
from privyseal_wire.passkey import statement_challenge
from tests.pages.browsing import require_refused
from tests.pages.control_center.console_rig import ORG, ConsoleRig, Desk, attribute, colleague, hidden
from tests.pages.portal.portal_rig import Document
from tests.rigs.authenticator import Wrong
from tests.rigs.changes import change_policy
from tests.rigs.passkeys import PasskeyHolder, holder
from tests.rigs.service import AdministratorRig

FORM: dict[str, Any] = {
    "tier": "private",
    "lifetimes_days": "30 90",
    "key_algorithms": ["rsa", "p256"],
    "key_usage": ["digitalSignature", "keyEncipherment"],
    "key_purposes": ["serverAuth"],
    "requesters": ["people", "tokens"],
    "approvers": "",
    "approvals": "2",
    "max_endpoints": "20",
    "unit_tier": "standard",
    "lint": "each",
}


@pytest.fixture
def dana(rig: ConsoleRig, paula: Desk) -> Desk:
    """A second security administrator with nothing but a passkey."""
    return rig.desk(colleague(paula, "Dana Scully"))


def test_the_form_names_who_would_approve_nothing(rig: ConsoleRig, fox: Desk) -> None:
    assert isinstance(fox.who, AdministratorRig)
    paula = rig.desk(holder(rig.service, ORG, by=fox.who))
    words = "People who have only passkeys approve nothing under such a policy"
    shown = paula.get(questions(rig)).text
    before_ticking = "If you tick this, people who have only passkeys approve nothing under this policy"
    concerned = shown.partition(before_ticking)[2].partition("</div>")[0]
    assert (paula.who.administrator.name in concerned, fox.who.administrator.name in concerned) == (True, False)
    assert "1 person has a valid Administrator ID and could approve." in concerned
    name, email = paula.who.administrator.name, paula.who.administrator.email
    assert email not in concerned
    warned = paula.follow(questions(rig), {**FORM, "cms_only": "yes"}).text
    assert name in warned.partition(words)[2].partition("</div>")[0], "and again where it is signed"
    assert words not in paula.follow(questions(rig), FORM).text


def newest(rig: ConsoleRig, name: str = "tls-server") -> Policy:
    with rig.service.house.database.read(rig.service.clock()) as tx:
        policy = policies.newest(tx, organizations.require(tx, ORG).id, name)
    assert policy is not None
    return policy


def questions(rig: ConsoleRig) -> str:
    return f"/policies/{newest(rig).id}/change"


def signed(desk: Desk, page: Any, wrong: Wrong | None = None) -> dict[str, str]:  # noqa: ANN401 - the response type of the test client's library
    """What the script of the page sends after the passkey was used, with what travels along."""
    kept = {name: html.unescape(text) for name, text in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text)}
    return kept | (desk.sign_with_passkey(page, wrong) if wrong else desk.sign_with_passkey(page))


def proposed(desk: Desk, rig: ConsoleRig, **changed: Any) -> str:  # noqa: ANN401 - values of a form
    """The address of a change that this person proposed by the form."""
    page = desk.follow(questions(rig), FORM | changed)
    assert page.status_code == 200, Document(page.text).text
    if isinstance(desk.who, PasskeyHolder):
        answer = desk.send("/policies/proposed", signed(desk, page))
    else:
        answer = desk.send("/policies/proposed", {"proposal": hidden(page.text, "proposal")}, signed=desk.sign_file(page))
    assert answer.status_code == 303, Document(answer.text).problems
    place: str = answer.headers["location"]
    return place


def sign(desk: Desk, place: str) -> Any:  # noqa: ANN401 - the response type of the test client's library
    page = desk.get(place)
    if isinstance(desk.who, PasskeyHolder):
        return desk.send(f"{place}/answers", signed(desk, page))
    return desk.send(f"{place}/answers", {"decision": "sign"}, signed=desk.sign_file(page))


def state(rig: ConsoleRig, place: str) -> ChangeState:
    with rig.service.house.database.read(rig.service.clock()) as tx:
        found = changes.get(tx, ChangeId(place.rsplit("/", 1)[1]))
    assert found is not None
    return found.standing(rig.service.clock())


def test_two_people_with_passkeys_alone_change_a_policy(rig: ConsoleRig, paula: Desk, dana: Desk) -> None:
    place = proposed(paula, rig)
    assert newest(rig).version == 1
    page = dana.get(place)
    text = Document(page.text).text
    for words in ("2 people approve each request", "30 days", "Proposed by", "Paula Passkey", "1 more person has to sign"):
        assert words in text, words
    content = json.loads(hidden(page.text, "content"))
    assert content["signer"] == dana.who.administrator.id
    assert "Your signature is wanted" in dana.get("/changes").text
    answer = dana.send(f"{place}/answers", signed(dana, page))
    assert (answer.status_code, answer.headers["location"]) == (303, place)
    policy = newest(rig)
    assert (policy.version, policy.approvals, policy.lifetimes_days) == (2, 2, (30, 90))
    assert "It holds" in Document(dana.get(place).text).text
    shown = Document(paula.get(f"/policies/{policy.id}").text).text
    for words in ("Compared with version 1", "a change that your people signed", policy.sha256[:4]):
        assert words in shown, words


def test_a_signed_file_proposes_and_signs(rig: ConsoleRig, fox: Desk) -> None:
    second = rig.desk(rig.service.administrator(ORG, "Dana Scully", by=fox.who if isinstance(fox.who, AdministratorRig) else None))
    place = proposed(fox, rig)
    assert sign(second, place).status_code == 303
    assert newest(rig).version == 2


def test_one_signature_counts_once(rig: ConsoleRig, paula: Desk, dana: Desk) -> None:
    place = proposed(paula, rig)
    assert "data-passkey" not in paula.get(place).text, "whoever has signed is not asked again"
    page = dana.get(place)
    content = json.loads(hidden(page.text, "content"))
    content["signer"] = paula.who.administrator.id
    own = json.dumps(content, separators=(",", ":"), sort_keys=True)
    answer = paula.send(f"{place}/answers", {"content": own, "answer": used(rig, paula, own), "challenge": ""})
    assert answer.status_code == 303, "handed in twice it leads to the change, and counts once"
    assert (state(rig, place), newest(rig).version) == (ChangeState.OPEN, 1)
    sent = signed(dana, page)
    assert dana.send(f"{place}/answers", sent).status_code == 303
    late = dana.send(f"{place}/answers", sent)
    assert late.status_code in {303, 409}
    assert newest(rig).version == 2


def used(rig: ConsoleRig, desk: Desk, content: str) -> str:
    """What a browser answers after somebody's passkey signed a content that no page offered."""
    assert isinstance(desk.who, PasskeyHolder)
    with rig.service.house.database.read(rig.service.clock()) as tx:
        allowed = passkeys.usable_of(tx, desk.who.administrator.id)
    return desk.who.device.get(assertion_options(rig.service.house.relying_party, statement_challenge(content.encode()), allowed))


def test_refusing_and_taking_back_need_a_reason_and_a_signature(rig: ConsoleRig, paula: Desk, dana: Desk) -> None:
    for desk, way, end in ((dana, "refusal", ChangeState.REFUSED), (paula, "withdrawal", ChangeState.WITHDRAWN)):
        place = proposed(paula, rig)
        assert desk.get(f"{place}/{way}").status_code == 200
        require_refused(desk.send(f"{place}/{way}", {"reason": "  "}), 422, "reason")
        page = desk.follow(f"{place}/{way}", {"reason": "Too short for\nour printers"})
        assert "Too short for our printers" in page.text
        assert desk.send(f"{place}/answers", signed(desk, page)).status_code == 303
        assert state(rig, place) is end
        assert "Too short for our printers" in desk.get(place).text
        assert desk.get(f"{place}/{way}").status_code == 303, "an ended change is not ended again"
    page = dana.follow(f"{(place := proposed(paula, rig))}/withdrawal", {"reason": "Not mine to take back"})
    require_refused(dana.send(f"{place}/answers", signed(dana, page)), 403, "", "Only who proposed a change takes it back")
    assert (state(rig, place), newest(rig).version) == (ChangeState.OPEN, 1)


def test_a_policy_edited_between_two_approvals_overtakes(rig: ConsoleRig, paula: Desk, dana: Desk) -> None:
    first, second = proposed(paula, rig), proposed(paula, rig, lifetimes_days="10")
    assert "Another change of the same waits" in paula.follow(questions(rig), FORM).text
    late = dana.get(first)
    page = paula.follow(questions(rig), FORM | {"approvals": "3"})
    assert sign(dana, second).status_code == 303
    assert (newest(rig).version, state(rig, first)) == (2, ChangeState.OVERTAKEN)
    require_refused(dana.send(f"{first}/answers", signed(dana, late)), 409, "", "not the newest one any more")
    answer = paula.send("/policies/proposed", signed(paula, page))
    require_refused(answer, 409, "", "has version 2 now")
    assert "version 2, which holds now" in Document(answer.text).text, "the page is made anew of what holds now"
    assert newest(rig).lifetimes_days == (10,)


def test_what_a_form_or_a_file_cannot_mean_is_said_at_its_place(rig: ConsoleRig, paula: Desk) -> None:
    for field, value in (("lifetimes_days", "ten"), ("approvals", "9" * 40), ("key_usage", []), ("max_endpoints", "-1")):
        require_refused(paula.follow(questions(rig), FORM | {field: value}), 400, field)
    refused: list[dict[str, Any]] = [{"lifetimes_days": "9000"}, {"approvals": "6"}, {"requesters": []}, {"key_algorithms": []}]
    for changed in refused:
        page = require_refused(paula.follow(questions(rig), FORM | changed), 422, "", "cannot be used")
        assert "9000" in page.source or "lifetimes_days" not in changed
    assert Document(paula.get("/policies/new").text).fields["name"] == "", "the name of a preset would be that of a policy which is there"
    for name, words in (("", "needs a name"), (newest(rig).name, "There is a policy tls-server already")):
        require_refused(paula.follow("/policies/new", FORM | {"name": name, "preset": "client"}), 422, "name", words)
    for text in ("", "name = ", 'name = "x"\nversion = 3', 'name = "x"', "a = [[[[" * 2000, 'name = "x"\nwhat = 1'):
        answer = paula.send("/policies/import", {"text": text})
        assert answer.status_code in {400, 422}, text
        assert Document(answer.text).problems, text
    for proposal in ("", "{}", "[]", "x" * 70000, '{"a":1.5}'):
        assert paula.send("/policies/proposed", {"proposal": proposal, "content": "{}", "answer": "{}"}).status_code in {400, 413, 422}
        assert paula.send("/policies/file", {"proposal": proposal}).status_code in {400, 413, 422}
    assert newest(rig).version == 1


def test_a_version_comes_back_as_a_file(rig: ConsoleRig, paula: Desk, dana: Desk) -> None:
    policy = newest(rig)
    file = paula.get(f"/policies/{policy.id}/file")
    assert "attachment" in file.headers["content-disposition"]
    page = paula.follow("/policies/import", {"text": file.text})
    assert "Nothing differs from what holds now" in page.text
    page = paula.follow("/policies/import", {"text": file.text.replace("approvals = 1", "approvals = 3")})
    again = paula.send("/policies/file", {"proposal": hidden(page.text, "proposal")})
    assert "approvals = 3" in again.text
    place = paula.send("/policies/proposed", signed(paula, page)).headers["location"]
    assert sign(dana, place).status_code == 303
    assert newest(rig).approvals == 3
    compared = Document(paula.get(f"/policies/{policy.id}?version=1&with=2").text).text
    assert "Compared with version 2" in compared
    for query in ("version=3", "version=x", "with=99999999999999999999", "version=0"):
        assert paula.get(f"/policies/{policy.id}?{query}").status_code == 404, query


def test_every_preset_makes_a_policy(rig: ConsoleRig, paula: Desk) -> None:
    """Each one goes on to be signed as it comes."""
    for preset in ("tls-private", "tls-public", "client", "smime-strict", "smime-multipurpose"):
        page = paula.get("/policies/new", preset=preset)
        typed: dict[str, Any] = {"preset": preset, "name": f"new-{preset}", "approvers": "", "lifetimes_days": "30", "approvals": "1"}
        for name in ("key_algorithms", "key_usage", "key_purposes", "requesters"):
            typed[name] = re.findall(rf'name="{name}" id="[^"]*" value="([^"]*)" checked', page.text)
            assert typed[name], (preset, name)
        typed |= {"tier": re.findall(r'name="tier" id="[^"]*" value="(\w+)" required checked', page.text)[0], "max_endpoints": "1"}
        answer = paula.follow("/policies/new", typed)
        assert "There is no version yet" in Document(answer.text).text, (preset, Document(answer.text).problems)


def test_others_find_nothing_and_readers_sign_nothing(rig: ConsoleRig, paula: Desk, dana: Desk, helen: Desk) -> None:
    place = proposed(paula, rig)
    foreign = place.replace(ORG, helen.who.organization)
    for path in (foreign, f"{foreign}/refusal", f"{foreign}/answers"):
        assert helen.get(path).status_code in {404, 405}
    assert helen.send(f"{foreign}/answers", {"content": "{}", "answer": "{}"}).status_code == 404
    policy = newest(rig)
    assert helen.get(f"/policies/{policy.id}").status_code == 404
    assert sign(dana, proposed(paula, rig)).status_code == 303
    place = proposed(dana, rig, approvals="4")
    reader = rig.desk(colleague(paula, "Rita Reader", Role.READ_ONLY))
    page = reader.get(place)
    assert "data-passkey" not in page.text
    assert reader.get(questions(rig)).status_code == 403
    assert reader.send("/policies/proposed", {"proposal": "{}"}).status_code == 403
    assert state(rig, place) is ChangeState.OPEN


def test_one_signature_is_enough_where_nobody_else_can(rig: ConsoleRig, paula: Desk) -> None:
    page = paula.follow(questions(rig), FORM)
    assert "It holds as soon as you sign" in Document(page.text).text
    answer = paula.send("/policies/proposed", signed(paula, page))
    assert newest(rig).version == 2
    again = paula.send("/policies/proposed", signed(paula, page))
    assert again.status_code in {303, 409}
    assert answer.status_code == 303
    assert attribute(page.text, "data-options")


def test_a_person_removed_meanwhile_counts_no_more(rig: ConsoleRig, fox: Desk) -> None:
    assert isinstance(fox.who, AdministratorRig)
    dana, walter = (rig.service.administrator(ORG, name, by=fox.who) for name in ("Dana Scully", "Walter Skinner"))
    place = proposed(rig.desk(dana), rig)
    removal = removing(fox, dana.administrator.id)
    assert state(rig, removal) is ChangeState.OPEN
    assert "does not count any more" not in fox.get(place).text, "one signature removes nobody"
    assert sign(rig.desk(walter), removal).status_code == 303
    assert state(rig, removal) is ChangeState.APPLIED
    assert "does not count any more" in fox.get(place).text
    assert sign(fox, place).status_code == 303
    assert (state(rig, place), newest(rig).version) == (ChangeState.OPEN, 1)
    assert sign(rig.desk(walter), place).status_code == 303
    assert newest(rig).version == 2


def removing(desk: Desk, person: str) -> str:
    """The address of the change with which this person proposed that somebody is removed."""
    page = desk.get(f"/administrators/{person}/removal")
    assert "It holds when" in Document(page.text).text or "It holds as soon as you sign" in Document(page.text).text
    answer = desk.send(f"/administrators/{person}/removed", {"proposal": hidden(page.text, "proposal")}, signed=desk.sign_file(page))
    assert answer.status_code == 303, Document(answer.text).problems
    place: str = answer.headers["location"]
    return place


def test_a_removal_is_shown_to_those_who_sign_it(rig: ConsoleRig, fox: Desk) -> None:
    assert isinstance(fox.who, AdministratorRig)
    dana, walter = (rig.service.administrator(ORG, name, by=fox.who) for name in ("Dana Scully", "Walter Skinner"))
    one = f"/administrators/{dana.administrator.id}"
    assert "signed as every change of roles" in Document(fox.get(one).text).text
    assert "Remove this person" not in fox.get(f"/administrators/{fox.who.administrator.id}").text
    place = removing(fox, dana.administrator.id)
    shown = Document(rig.desk(walter).get(place).text).text
    for words in (
        "Roles: Dana Scully",
        "Remove",
        dana.administrator.email,
        "Roles that end",
        "Security administrator: the whole organization",
    ):
        assert words in shown, words
    assert "data-passkey" not in rig.desk(dana).get(place).text, "the person concerned does not sign"
    assert Document(fox.get(f"{one}/removal").text).text.count("Another change of the same waits for signatures") == 1
    assert sign(rig.desk(walter), place).status_code == 303
    after = fox.get(one).text
    assert "Removed" in after
    assert "/removal" not in after
    assert fox.get(f"{one}/removal").status_code == 303, "nobody is removed twice"
    assert "Roles that end" in Document(fox.get(place).text).text, "and what was signed stays readable"


def test_who_counts_and_cannot_sign_is_named_with_the_way_out(rig: ConsoleRig, fox: Desk) -> None:
    assert isinstance(fox.who, AdministratorRig)
    dana = rig.service.administrator(ORG, "Dana Scully", by=fox.who)
    assert fox.send(f"/administrators/{dana.administrator.id}/credentials/revoke", {"reason": "lost"}).status_code == 303
    page = Document(fox.follow(questions(rig), FORM).text).text
    place = proposed(fox, rig)
    for text in (page, Document(fox.get(place).text).text):
        assert "Dana Scully (the credential was revoked)" in text.replace("\u2068", "").replace("\u2069", "")
        assert "Renew or replace that Administrator ID, or remove the person." in text
    assert "Nobody else can sign now." in Document(fox.get(place).text).text
    assert state(rig, removing(fox, dana.administrator.id)) is ChangeState.APPLIED, "of two the one removes the other"
    assert "Dana Scully (" not in Document(fox.get(place).text).text


def test_hostile_names_are_shown_as_they_are(rig: ConsoleRig, paula: Desk) -> None:
    assert isinstance(paula.who, PasskeyHolder)
    name = '<b onclick="x">{{ 7*7 }} "\'&amp;'
    page = paula.follow("/policies/new", FORM | {"preset": "tls-private", "name": name})
    place = paula.send("/policies/proposed", signed(paula, page)).headers["location"]
    for path in (place, "/changes?show=all", "/policies", f"/policies/{newest(rig, name).id}"):
        assert html.escape(name, quote=False)[:20] in paula.get(path).text.replace("&#34;", '"').replace("&#39;", "'"), path


def test_policies_that_two_made_with_seal_are_shown(rig: ConsoleRig, fox: Desk) -> None:
    assert isinstance(fox.who, AdministratorRig)
    second = rig.service.administrator(ORG, "Dana Scully", by=fox.who)
    change_policy(rig.service, ORG, PolicyDraft(lifetimes_days=(10,)), fox.who, second)
    assert "Fox Mulder" in fox.get("/changes?show=all").text
    assert fox.get("/changes?show=all&after=chg-" + "0" * 32).status_code == 200


def test_questions_of_their_own_by_the_form(rig: ConsoleRig, paula: Desk, dana: Desk) -> None:
    row = {"own-1-label": "Cost center", "own-1-name": "", "own-1-pattern": "digits", "own-1-length": "6", "own-1-required": "yes"}
    place = proposed(paula, rig, **row, **{"own-3-label": "Room", "own-3-name": "room", "own-3-pattern": "text", "own-3-length": "40"})
    text = Document(dana.get(place).text).text
    assert "Cost center (cost-center): digits alone, at most 6 characters, must be filled in" in text
    assert sign(dana, place).status_code == 303
    kept = [(item.name, item.label, item.required, item.pattern.value, item.max_length) for item in newest(rig).custom_fields]
    assert kept == [("cost-center", "Cost center", True, "digits", 6), ("room", "Room", False, "text", 40)]
    shown = Document(paula.get(questions(rig)).text).fields
    assert (shown["own-1-label"], shown["own-2-name"], shown["own-4-label"]) == ("Cost center", "room", "")
    assert "own-5-label" not in shown
    more = Document(paula.follow(questions(rig), FORM | row | {"more": "yes"}).text).fields
    assert (more["own-1-label"], more["own-6-label"]) == ("Cost center", "")
    for wrong in (
        {"own-1-length": "0"},
        {"own-1-length": "x"},
        {"own-1-length": "201"},
        {"own-1-name": "Cost Center"},
        {"own-1-label": "x" * 65},
    ):
        require_refused(paula.send(questions(rig), FORM | row | wrong), 422 if "own-1-length" not in wrong else 400, "")
    twice = {"own-2-label": "Cost  center!", "own-2-pattern": "text", "own-2-length": "10"}
    require_refused(paula.send(questions(rig), FORM | row | twice), 422, "", "the same name")
