"""Lost cards over REST: reported by nobody in particular, confirmed by letter, concluded by the provider, and nothing by others."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa

from privyseal.features.notices import LISTENS
from privyseal.model.administrator import Role
from privyseal.model.fact import FactKind
from privyseal.store import administrators, outbox
from tests.doors.rest.rest_rig import API, ORG, OTHER, Json, RestRig, require_problem
from tests.rigs.hostile_texts import INJECTIONS, SHORT
from tests.rigs.service import AdministratorRig, mail_of

REPORTS, PROVIDER = f"{API}/organizations/{ORG}/lost-cards", f"{API}/provider/lost-cards"
CALL = {"end": "revoked", "note": "Called +1 859 555 0100, reached Ann."}


@pytest.fixture
def listening(rest: RestRig, fox: AdministratorRig) -> RestRig:
    """With Fox, whose card is lost, and letters that are announced."""
    rest.service.listeners.update(LISTENS)
    return rest


@pytest.fixture
def walter(rest: RestRig) -> AdministratorRig:
    return rest.service.administrator("", "Walter Skinner", Role.PROVIDER_ADMINISTRATOR)


def codes(rest: RestRig) -> list[str]:
    with rest.service.house.database.read(rest.service.clock()) as tx:
        rows = tx.execute(sa.select(outbox.outbox.c.payload).where(outbox.outbox.c.fact == FactKind.LOST_CARD_REPORTED.value))
        return [str(row.payload["code"]) for row in rows]


def report(rest: RestRig, whose: str = "Fox Mulder") -> tuple[int, Json]:
    answer = rest.anonymous().post(REPORTS, json={"whose": whose})
    return answer.status_code, answer.json()


def confirmed(rest: RestRig, walter: AdministratorRig) -> Json:
    """The report that waits for the call."""
    assert report(rest)[0] == 202
    assert rest.anonymous().post(f"{REPORTS}/confirmation", json={"code": codes(rest)[-1]}).status_code == 200
    found: Json = rest.administrator(walter).get(PROVIDER).json()["items"][0]
    return found


def usable(rest: RestRig, person: AdministratorRig) -> int:
    with rest.service.house.database.read(rest.service.clock()) as tx:
        return sum(item.is_usable(tx.now) for item in administrators.credentials_of(tx, person.administrator.id))


def test_reported_confirmed_and_concluded(listening: RestRig, fox: AdministratorRig, walter: AdministratorRig) -> None:
    rest, desk = listening, listening.administrator(walter)
    assert report(rest, mail_of("Fox Mulder", ORG).upper())[0] == 202
    assert desk.get(PROVIDER).json() == {"items": []}, "nobody has confirmed it"
    [code] = codes(rest)
    for _ in range(2):
        assert rest.anonymous().post(f"{REPORTS}/confirmation", json={"code": f" {code.upper()} "}).status_code == 200
    [found] = desk.get(PROVIDER).json()["items"]
    assert (found["organization"], found["name"], found["administrator"]) == (ORG, "Fox Mulder", fox.administrator.id)
    assert "concluded_at" not in found
    assert desk.get(f"{PROVIDER}/{found['id']}").json() == found
    assert rest.administrator(fox).get(f"{API}/organizations/{ORG}/units").status_code == 200
    ended = desk.post(f"{PROVIDER}/{found['id']}/conclusion", json=CALL).json()
    assert (ended["end"], ended["revoked"], ended["note"], ended["concluded_by"]) == ("revoked", 1, CALL["note"], walter.administrator.id)
    require_problem(rest.administrator(fox).get(f"{API}/organizations/{ORG}/units"), 401, "credential-unusable")
    require_problem(desk.post(f"{PROVIDER}/{found['id']}/conclusion", json=CALL), 409, "lost-card-concluded")
    assert "note" not in desk.get(PROVIDER).json()["items"][0]
    # The same code again tells the contact the same, and begins nothing anew.
    assert rest.anonymous().post(f"{REPORTS}/confirmation", json={"code": code}).status_code == 200
    assert [item["end"] for item in desk.get(PROVIDER).json()["items"]] == ["revoked"]


def test_a_doubtful_one_is_dismissed(listening: RestRig, fox: AdministratorRig, walter: AdministratorRig) -> None:
    found = confirmed(listening, walter)
    ended = listening.administrator(walter).post(f"{PROVIDER}/{found['id']}/conclusion", json=CALL | {"end": "dismissed"}).json()
    assert (ended["end"], ended["revoked"], usable(listening, fox)) == ("dismissed", 0, 1)


def test_nobody_learns_who_exists(listening: RestRig, walter: AdministratorRig) -> None:
    known = report(listening)
    for whose in ("Nobody Here", "Walter Skinner", "fox mulder'--", *SHORT.values()):
        listening.service.clock.advance(timedelta(hours=2))
        if whose.strip() and whose.isprintable():
            assert report(listening, whose) == known, whose
        else:
            assert report(listening, whose)[0] in {202, 400, 422}, whose
    assert len(codes(listening)) == 1
    assert listening.anonymous().post(REPORTS, json={"whose": INJECTIONS["long"]}).status_code in {400, 413}
    assert listening.anonymous().post(REPORTS, json={"whose": 5}).status_code == 400
    require_problem(listening.anonymous().post(f"{API}/organizations/nobody/lost-cards", json={"whose": "x"}), 404, "not-found")


def test_a_source_is_heard_five_times_an_hour(listening: RestRig) -> None:
    for _ in range(5):
        assert report(listening)[0] == 202
    answer = listening.anonymous().post(REPORTS, json={"whose": "Nobody Here"})
    require_problem(answer, 429, "too-many-lost-cards")
    assert int(answer.headers["Retry-After"]) > 60


def test_a_code_counts_for_its_organization_within_a_day(listening: RestRig, walter: AdministratorRig) -> None:
    rest = listening
    rest.service.create_organization(OTHER, name="Hoffman & Brandt", domains=("hoffman-brandt.test",))
    report(rest)
    [code] = codes(rest)
    for wrong in ("a" * 52, "", code[:-1], "'; --", "\u0000"):
        answer = rest.anonymous().post(f"{REPORTS}/confirmation", json={"code": wrong})
        require_problem(answer, 404, "lost-card")
    other = f"{API}/organizations/{OTHER}/lost-cards/confirmation"
    require_problem(rest.anonymous().post(other, json={"code": code}), 404, "lost-card")
    rest.service.clock.advance(timedelta(hours=25))
    require_problem(rest.anonymous().post(f"{REPORTS}/confirmation", json={"code": code}), 404, "lost-card")
    assert rest.administrator(walter).get(PROVIDER).json() == {"items": []}


def test_who_may_not(listening: RestRig, fox: AdministratorRig, walter: AdministratorRig) -> None:
    rest = listening
    found = confirmed(rest, walter)
    auditor = rest.service.administrator("", "Alva Auditor", Role.PROVIDER_AUDITOR)
    one, end = f"{PROVIDER}/{found['id']}", f"{PROVIDER}/{found['id']}/conclusion"
    assert rest.administrator(auditor).get(PROVIDER).status_code == 200
    for client in (rest.administrator(auditor), rest.administrator(fox), rest.token()):
        assert client.get(one).status_code == 403
        assert client.post(end, json=CALL).status_code == 403
    for client in (rest.administrator(fox), rest.token()):
        assert client.get(PROVIDER).status_code == 403
    assert rest.anonymous().post(end, json=CALL).status_code == 401
    desk = rest.administrator(walter)
    require_problem(desk.post(end, json=CALL | {"note": " "}), 422, "text")
    require_problem(desk.post(end, json=CALL | {"note": "x" * 1001}), 422, "text")
    require_problem(desk.post(end, json=CALL | {"end": "perhaps"}), 400, "body")
    require_problem(desk.post(f"{PROVIDER}/lst-{'0' * 32}/conclusion", json=CALL), 404, "not-found")
    require_problem(desk.get(f"{PROVIDER}/lst-{'0' * 32}"), 404, "not-found")
    assert desk.get(f"{PROVIDER}/x").status_code == 404
    assert usable(rest, fox) == 1


def test_an_unconfirmed_one_is_concluded_by_nobody(listening: RestRig, fox: AdministratorRig, walter: AdministratorRig) -> None:
    first = confirmed(listening, walter)
    report(listening)
    with listening.service.house.database.read(listening.service.clock()) as tx:
        ids = [str(row.id) for row in tx.execute(sa.text("SELECT id FROM lost_cards ORDER BY id"))]
    [other] = [item for item in ids if item != first["id"]]
    desk = listening.administrator(walter)
    require_problem(desk.get(f"{PROVIDER}/{other}"), 404, "not-found")
    require_problem(desk.post(f"{PROVIDER}/{other}/conclusion", json=CALL), 409, "lost-card-concluded")
    assert usable(listening, fox) == 1


def test_two_at_once_conclude_once(listening: RestRig, fox: AdministratorRig, walter: AdministratorRig) -> None:
    found = confirmed(listening, walter)
    desks = [listening.administrator(walter) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        ends = list(pool.map(lambda desk: desk.post(f"{PROVIDER}/{found['id']}/conclusion", json=CALL).status_code, desks))
    assert sorted(ends) == [200, 409, 409, 409]
    assert usable(listening, fox) == 0
