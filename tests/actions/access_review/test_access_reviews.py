"""Access reviews: one in every quarter for each organization and the provider, confirmed by others, reminded of, finished."""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from privyseal.actions.access_review.confirm_access import confirm_access
from privyseal.actions.access_review.follow_access_reviews import follow_access_reviews
from privyseal.actions.access_review.make_access_reviews import make_access_reviews
from privyseal.actions.house import About, House, perform
from privyseal.features.notices.desk import Desk
from privyseal.features.notices.recipients import corporate_contact_and_reviewers
from privyseal.features.notices.review_letters import review_made, review_waits
from privyseal.model.access_review import REMINDERS, AccessReview, ReviewLine, quarter_of
from privyseal.model.actor import SYSTEM
from privyseal.model.administrator import Role
from privyseal.model.audit import organization_log
from privyseal.model.errors import PrivysealError
from privyseal.model.fact import FactKind
from privyseal.model.identifiers import AdministratorId
from privyseal.store import access_reviews, audit, organizations, outbox
from tests.doors.rest.rest_rig import API, RestRig
from tests.pages.test_access import session_of
from tests.rigs.service import AdministratorRig, ServiceRig

ORG = "resource-marketing"
OTHER = "hoffman-brandt"
ABOUT = About("test", ORG, "access-review", "new")
FACTS = (FactKind.ACCESS_REVIEW_MADE, FactKind.ACCESS_REVIEW_WAITS)


@pytest.fixture
def desk(service: ServiceRig) -> ServiceRig:
    """A service that keeps what it would mail."""
    service.listeners.update(dict.fromkeys(FACTS, ("test",)))
    service.create_organization(ORG)
    return service


def next_quarter(service: ServiceRig) -> None:
    """Who is there now is reviewed from now on."""
    service.clock.advance(timedelta(days=92))
    service.integrate()


def make(service: ServiceRig, house: House | None = None) -> int:
    """What the work process does."""
    made = 0
    while done := perform(house or service.house, SYSTEM, ABOUT, make_access_reviews):
        made += done
    return made


def follow(service: ServiceRig) -> None:
    perform(service.house, SYSTEM, ABOUT, follow_access_reviews)


def newest(service: ServiceRig, slug: str = ORG) -> tuple[AccessReview, list[ReviewLine]]:
    with service.house.database.read(service.clock()) as tx:
        organization_id = organizations.require(tx, slug).id if slug else None
        review = access_reviews.page(tx, organization_id)[0]
        return review, access_reviews.lines_of(tx, review.id)


def confirm(service: ServiceRig, by: AdministratorRig, person: AdministratorRig, seen: Sequence[str] | None = None) -> AccessReview:
    review, _ = newest(service, by.organization)
    now = service.renewed(person).administrator
    held = [item.id for item in now.assignments] if seen is None else seen
    wanted = (by.organization, review.id, AdministratorId(now.id), held)
    return perform(service.house, service.renewed(by).actor, ABOUT, confirm_access, *wanted)


def kind_of(call: Any) -> str:  # noqa: ANN401 - anything to call
    with pytest.raises(PrivysealError) as caught:
        call()
    return caught.value.kind


def facts(service: ServiceRig, kind: FactKind) -> list[Any]:
    with service.house.database.read(service.clock()) as tx:
        rows = tx.execute(sa.select(outbox.outbox).where(outbox.outbox.c.fact == kind.value)).all()
    return [row for row in rows if (row.payload if isinstance(row.payload, dict) else json.loads(row.payload))["organization"] == ORG]


def test_quarters() -> None:
    ends = [(1, 1, "2026-Q1"), (3, 31, "2026-Q1"), (4, 1, "2026-Q2"), (9, 30, "2026-Q3"), (10, 1, "2026-Q4"), (12, 31, "2026-Q4")]
    assert [quarter_of(datetime(2026, month, day, 12, tzinfo=UTC)) for month, day, _ in ends] == [words for _, _, words in ends]


def test_one_review_in_each_quarter_says_what_everybody_has(desk: ServiceRig) -> None:
    fox = desk.administrator(ORG, "Fox Mulder")
    agency = desk.department(fox, "Agency X")
    dana = desk.assign(
        desk.administrator(ORG, "Dana Scully", Role.READ_ONLY, by=fox), Role.DEPARTMENT_ADMINISTRATOR, by=fox, department=agency.id
    )
    session_of(desk, fox)
    desk.issue(ORG, fox, ["www.resource-marketing.test"])
    desk.create_organization(OTHER, name="Hoffman Brandt Ltd", domains=["hoffman-brandt.test"])
    desk.administrator(OTHER, "Helen Brandt")
    desk.administrator("", "Pat Provider", Role.PROVIDER_ADMINISTRATOR)
    desk.create_organization("langly-ltd", name="Langly Ltd", domains=["langly.test"])
    assert make(desk) == 0, "everybody came in this quarter"
    next_quarter(desk)
    assert make(desk) == 3, "two organizations and the provider; nobody is in the third"
    assert make(desk) == 0
    review, lines = newest(desk)
    assert review.due_at - review.made_at == timedelta(days=30)
    assert [line.name for line in lines] == ["Dana Scully", "Fox Mulder"]
    assert {(role.role, role.department) for role in lines[0].roles} == {("read-only", ""), ("department-administrator", "Agency X")}
    assert (lines[0].last_sign_in, lines[0].last_decision) == ("", "")
    assert lines[1].last_sign_in
    assert lines[1].last_decision
    assert [item.kind for item in lines[1].credentials] == ["administrator-id"]
    assert len(facts(desk, FactKind.ACCESS_REVIEW_MADE)) == 1
    # What is changed later changes nothing in it.
    desk.assign(dana, Role.READ_ONLY, by=fox, change="take")
    assert newest(desk)[1] == lines
    next_quarter(desk)
    assert make(desk) == 3
    assert newest(desk)[0].quarter > review.quarter


def test_two_workers_make_one_review(desk: ServiceRig) -> None:
    desk.administrator(ORG, "Fox Mulder")
    desk.administrator("", "Pat Provider", Role.PROVIDER_ADMINISTRATOR)
    next_quarter(desk)
    houses = [desk.open_house(), desk.open_house()]
    with ThreadPoolExecutor(2) as pool:
        made = list(pool.map(lambda house: make(desk, house), houses))
    for house in houses:
        house.database.close()
    assert sum(made) == 2
    with desk.house.database.read(desk.clock()) as tx:
        assert tx.execute(sa.select(sa.func.count()).select_from(access_reviews.access_reviews)).scalar_one() == 2


def test_others_confirm_and_the_last_line_finishes_it(desk: ServiceRig) -> None:
    fox = desk.administrator(ORG, "Fox Mulder")
    dana = desk.administrator(ORG, "Dana Scully", Role.SECURITY_ADMINISTRATOR, by=fox)
    rita = desk.administrator(ORG, "Rita Reader", Role.AUDITOR, by=fox)
    gone = desk.administrator(ORG, "Gone Soon", Role.READ_ONLY, by=fox)
    next_quarter(desk)
    make(desk)
    assert kind_of(lambda: confirm(desk, fox, fox)) == "own-access"
    assert kind_of(lambda: confirm(desk, rita, fox)) == "permission"
    assert kind_of(lambda: confirm(desk, fox, rita, ["asg-old"])) == "review-changed"
    assert kind_of(lambda: confirm(desk, fox, rita, [])) == "review-changed"
    confirm(desk, fox, rita)
    confirm(desk, dana, rita)
    confirm(desk, fox, dana)
    desk.remove(gone, by=fox)
    assert confirm(desk, dana, fox).closed_at is not None
    follow(desk)
    desk.integrate()
    review, _ = newest(desk)
    with desk.house.database.read(desk.clock()) as tx:
        told = [json.loads(entry) for entry in audit.of_objects(tx, organization_log(ORG), [review.id])]
    done = [entry["action"] for entry in told if entry["outcome"] == "done"]
    assert done == ["make-access-review", *["confirm-access"] * 3, "finish-access-review"]
    assert sum(entry["outcome"] == "refused" for entry in told) == 0


def test_who_is_alone_confirms_himself_and_the_log_says_so(desk: ServiceRig) -> None:
    fox = desk.administrator(ORG, "Fox Mulder")
    next_quarter(desk)
    make(desk)
    assert confirm(desk, fox, fox).closed_at is not None
    desk.integrate()
    with desk.house.database.read(desk.clock()) as tx:
        told = [json.loads(entry) for entry in audit.of_objects(tx, organization_log(ORG), [fox.administrator.id])]
    [entry] = [entry for entry in told if entry["action"] == "confirm-access"]
    assert entry["reason"].endswith("; nobody else can")


def test_reminders_come_once_each_until_it_is_finished(desk: ServiceRig) -> None:
    fox = desk.administrator(ORG, "Fox Mulder")
    next_quarter(desk)
    make(desk)
    follow(desk)
    assert facts(desk, FactKind.ACCESS_REVIEW_WAITS) == []
    passed = timedelta(0)
    for number, after in enumerate(REMINDERS, 1):
        desk.clock.advance(after - passed + timedelta(minutes=1))
        passed = after
        follow(desk)
        follow(desk)
        assert len(facts(desk, FactKind.ACCESS_REVIEW_WAITS)) == number
    row = facts(desk, FactKind.ACCESS_REVIEW_WAITS)[-1]
    payload = row.payload if isinstance(row.payload, dict) else json.loads(row.payload)
    with desk.house.database.read(desk.clock()) as tx:
        organization = organizations.require(tx, ORG)
        to = corporate_contact_and_reviewers(tx, organization, payload)
        kept = outbox.get(tx, row.id)
        assert kept is not None
        letter = review_waits(Desk(desk.house, tx, kept, fox.administrator.id))
        assert review_made(Desk(desk.house, tx, kept, fox.administrator.id)) is not None
    assert to == ["organization", fox.administrator.id]
    assert letter is not None
    assert letter.subject.startswith("Resource Marketing, Inc.: access review ")
    assert "was due on" in letter.subject
    desk.integrate()
    confirm(desk, fox, fox)
    with desk.house.database.read(desk.clock()) as tx:
        assert review_waits(Desk(desk.house, tx, kept, fox.administrator.id)) is None


def test_over_rest_with_other_organizations_and_the_provider(desk: ServiceRig) -> None:
    fox = desk.administrator(ORG, "Fox Mulder")
    dana = desk.administrator(ORG, "Dana Scully", Role.SECURITY_ADMINISTRATOR, by=fox)
    desk.create_organization(OTHER, name="Hoffman Brandt Ltd", domains=["hoffman-brandt.test"])
    helen = desk.administrator(OTHER, "Helen Brandt")
    vera = desk.administrator("", "Vera Vetter", Role.PROVIDER_AUDITOR)
    next_quarter(desk)
    make(desk)
    rest = RestRig(desk)
    path = f"{API}/organizations/{ORG}/reviews"
    [listed] = rest.administrator(fox).get(path).json()["items"]
    whole = rest.administrator(fox).get(f"{path}/{listed['id']}").json()
    assert (whole["state"], [line["settled"] for line in whole["lines"]]) == ("open", [False, False])
    assert rest.administrator(helen).get(f"{path}/{listed['id']}").status_code == 404
    assert rest.administrator(helen).get(f"{API}/organizations/{OTHER}/reviews/{listed['id']}").status_code == 404
    line = next(item for item in whole["lines"] if item["administrator"] == dana.administrator.id)
    body = {"administrator": line["administrator"], "assignments": line["assignments"]}
    after = rest.administrator(fox).post(f"{path}/{listed['id']}/confirmations", json=body)
    assert after.status_code == 200, after.text
    assert [item["settled"] for item in after.json()["lines"]] == [True, False]
    auditor = rest.administrator(vera)
    stands = {item["organization"]: item["state"] for item in auditor.get(f"{API}/provider/organization-reviews").json()["items"]}
    assert stands == {ORG: "open", OTHER: "open"}
    [own] = auditor.get(f"{API}/provider/reviews").json()["items"]
    people = auditor.get(f"{API}/provider/reviews/{own['id']}").json()["lines"]
    # The people who vetted in the set-up are the provider's as well.
    assert "Vera Vetter" in [item["name"] for item in people]
    refused = auditor.post(
        f"{API}/provider/reviews/{own['id']}/confirmations", json={"administrator": vera.administrator.id, "assignments": []}
    )
    assert (refused.status_code, refused.json()["kind"]) == (403, "permission")
