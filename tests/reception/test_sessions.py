"""The life of a session: whose it is, how long, and what ends it at the very next request."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from privyseal.actions.administrator.revoke_credential import revoke_credential
from privyseal.actions.house import About, perform
from privyseal.jobs.retention import end_old_sessions
from privyseal.model.administrator import AdministratorState, Role
from privyseal.model.revocation import RevocationReason
from privyseal.store import administrators, assignments, database
from privyseal.store.sessions import hand_over_codes, sessions, sign_in_challenges
from tests.reception.reception_rig import ORG, OTHER, Browser, ReceptionRig, require_kind
from tests.rigs.service import AdministratorRig, hashes_hex

HOME = f"/o/{ORG}/home"
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def ended(rig: ReceptionRig, slug: str = ORG) -> list[str]:
    """The reasons of all ends in the log."""
    return [reason for action, outcome, reason, _ in rig.log(slug) if (action, outcome) == ("end-session", "done")]


def revoke(rig: ReceptionRig, person: AdministratorRig) -> None:
    about = About("revoke-credential", person.organization, "credential", "one")
    fingerprint = hashes_hex(person.certificate_der)
    reason = RevocationReason.KEY_COMPROMISE
    perform(rig.service.house, person.actor, about, revoke_credential, person.organization, fingerprint, reason)


# ------------------------------------------------------------------------------------------------------------ audiences


def test_a_session_is_unknown_at_every_other_audience(
    rig: ReceptionRig, fox: AdministratorRig, helen: AdministratorRig, vera: AdministratorRig
) -> None:
    """As if it did not exist; and whoever moves a token to another cookie has lost it."""
    cookies = {"a": f"__Host-privyseal-o-{ORG}", "b": f"__Host-privyseal-o-{OTHER}", "provider": "__Host-privyseal-provider"}
    homes = {"a": HOME, "b": f"/o/{OTHER}/home", "provider": "/provider/home"}
    for own, person in (("a", fox), ("b", helen), ("provider", vera)):
        for other in sorted(homes.keys() - {own}):
            browser = rig.signed_in(person)
            assert browser.get(homes[own]).status_code == 200
            nobody = require_kind(Browser(rig).get(homes[other]), 401, "sign-in-needed")
            assert require_kind(browser.get(homes[other]), 401, "sign-in-needed") == nobody
            token = browser.cookies[cookies[own]]
            assert require_kind(Browser(rig, {cookies[other]: token}).get(homes[other]), 401, "sign-in-needed") == nobody
            require_kind(browser.get(homes[own]), 401, "sign-in-needed")
    assert ended(rig) == ended(rig, OTHER) == ended(rig, "") == ["other-audience"] * 2


def test_one_browser_holds_sessions_of_several_audiences(rig: ReceptionRig, fox: AdministratorRig, helen: AdministratorRig) -> None:
    browser = rig.signed_in(helen, rig.signed_in(fox))
    assert browser.get(HOME).json()["person"] == "Fox Mulder"
    assert browser.get(f"/o/{OTHER}/home").json()["person"] == "Helen Brandt"
    browser.post(f"/o/{OTHER}/leave")
    assert browser.get(HOME).status_code == 200


# ----------------------------------------------------------------------------------------------------------------- time


def test_a_session_ends_after_half_an_hour_of_nothing(rig: ReceptionRig, fox: AdministratorRig) -> None:
    browser = rig.signed_in(fox)
    for _ in range(3):
        rig.service.clock.advance(29 * MINUTE)
        assert browser.get(HOME).status_code == 200
    rig.service.clock.advance(30 * MINUTE)
    problem = require_kind(browser.get(HOME), 401, "sign-in-needed")
    assert "30 minutes" in problem["detail"]
    assert browser.get(f"/o/{ORG}/sign-in").json()["ended"] == "idle"
    assert ended(rig) == ["idle"], "recorded once"


def test_a_session_ends_after_twelve_hours(rig: ReceptionRig, fox: AdministratorRig) -> None:
    browser = rig.signed_in(fox)
    for _ in range(35):
        rig.service.clock.advance(20 * MINUTE)
        assert browser.get(HOME).status_code == 200
    rig.service.clock.advance(20 * MINUTE)
    problem = require_kind(browser.get(HOME), 401, "sign-in-needed")
    assert "12 hours" in problem["detail"]
    assert ended(rig) == ["too-old"]


def test_a_page_that_asks_by_itself_keeps_nobody_signed_in(rig: ReceptionRig, fox: AdministratorRig) -> None:
    browser = rig.signed_in(fox)
    for _ in range(2):
        rig.service.clock.advance(10 * MINUTE)
        assert browser.get(f"/o/{ORG}/live").json() == {"here": True}
    rig.service.clock.advance(10 * MINUTE)
    require_kind(browser.get(f"/o/{ORG}/live"), 401, "sign-in-needed")


def test_the_last_use_is_written_once_a_minute(rig: ReceptionRig, fox: AdministratorRig) -> None:
    browser = rig.signed_in(fox)
    seen = set()
    for _ in range(6):
        rig.service.clock.advance(timedelta(seconds=15))
        browser.get(HOME)
        with rig.service.house.database.read(rig.service.clock()) as tx:
            seen.add(tx.execute(sa.select(sessions.c.last_seen_at)).scalar_one())
    assert len(seen) == 2


@pytest.mark.parametrize("service", ["sqlite"], indirect=True)
def test_a_full_disk_stops_nobody_from_reading_and_lets_nobody_in(
    rig: ReceptionRig, fox: AdministratorRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser, revoked = rig.signed_in(fox), rig.browser()
    place = revoked.hand_over(fox)
    monkeypatch.setattr(database, "SPARE_BYTES", 1000000000000000000)
    rig.service.clock.advance(10 * MINUTE)
    assert browser.get(HOME).status_code == 200
    require_kind(revoked.get(place), 503, "storage-full")
    rig.service.clock.advance(20 * MINUTE)
    require_kind(browser.get(HOME), 503, "storage-full")


# ------------------------------------------------------------------------------------------- persons and credentials end


def test_a_revoked_credential_ends_its_sessions_at_the_next_request(rig: ReceptionRig, fox: AdministratorRig) -> None:
    browser = rig.signed_in(fox)
    revoke(rig, fox)
    problem = require_kind(browser.get(HOME), 401, "sign-in-needed")
    assert "revoked" in problem["detail"]
    require_kind(browser.get(HOME), 401, "sign-in-needed")
    assert ended(rig) == ["credential-revoked"]


def test_an_expired_credential_ends_its_sessions(rig: ReceptionRig, fox: AdministratorRig) -> None:
    browser = rig.signed_in(fox)
    with rig.service.house.database.write(rig.service.clock()) as tx:
        tx.execute(administrators.credentials.update().values(not_after=tx.now - MINUTE))
    require_kind(browser.get(HOME), 401, "sign-in-needed")
    assert ended(rig) == ["credential-expired"]


def test_a_removed_person_is_out_at_once(rig: ReceptionRig, fox: AdministratorRig) -> None:
    browser = rig.signed_in(fox)
    with rig.service.house.database.write(rig.service.clock()) as tx:
        assert administrators.change_state(tx, fox.administrator.id, AdministratorState.ACTIVE, AdministratorState.REMOVED)
    problem = require_kind(browser.get(HOME), 401, "sign-in-needed")
    assert "no longer an administrator" in problem["detail"]
    assert ended(rig) == ["person-removed"]


def test_rights_are_those_of_now(rig: ReceptionRig, fox: AdministratorRig) -> None:
    browser = rig.signed_in(fox)
    assert browser.get(f"/o/{ORG}/tokens").status_code == 200
    with rig.service.house.database.write(rig.service.clock()) as tx:
        table = assignments.assignments
        tx.execute(table.update().where(table.c.administrator_id == fox.administrator.id).values(role=Role.READ_ONLY.value))
    problem = require_kind(browser.get(f"/o/{ORG}/tokens"), 403, "permission")
    assert "manage tokens" in problem["detail"]
    assert rig.log()[-1] == ("open-page", "refused", "permission", "administrator")
    assert browser.get(HOME).json()["rights"] == ["read"]


# ------------------------------------------------------------------------------------------------------------ going out


def test_a_stolen_token_is_worth_nothing_after_signing_out(rig: ReceptionRig, fox: AdministratorRig) -> None:
    browser = rig.signed_in(fox)
    thief = Browser(rig, dict(browser.cookies))
    assert thief.get(HOME).status_code == 200
    assert browser.post(f"/o/{ORG}/leave").status_code == 200
    assert browser.cookies == {}
    require_kind(thief.get(HOME), 401, "sign-in-needed")
    require_kind(thief.post(f"/o/{ORG}/leave"), 401, "sign-in-needed")
    assert ended(rig) == ["signed-out"]


def test_signing_out_everywhere(rig: ReceptionRig, fox: AdministratorRig, helen: AdministratorRig) -> None:
    browsers = [rig.signed_in(fox) for _ in range(3)]
    other = rig.signed_in(helen)
    browsers[0].post(f"/o/{ORG}/leave?everywhere=1")
    for browser in browsers[1:]:
        problem = require_kind(browser.get(HOME), 401, "sign-in-needed")
        assert "everywhere" in problem["detail"]
    assert other.get(f"/o/{OTHER}/home").status_code == 200
    assert ended(rig) == ["signed-out-everywhere"] * 3


def test_one_of_the_own_sessions_is_ended_from_the_list(rig: ReceptionRig, fox: AdministratorRig, helen: AdministratorRig) -> None:
    here, there = rig.signed_in(fox), rig.browser()
    there.agent = "Evil\x7f\t" + "x" * 500
    rig.signed_in(fox, there)
    listed = here.get(f"/o/{ORG}/sessions").json()
    assert [item["agent"][:5] for item in listed] == ["Evil ", "Mozil"]
    assert len(listed[0]["agent"]) == 160
    assert {len(item["source"]) for item in listed} == {32}
    here.post(f"/o/{ORG}/leave?session={listed[0]['id']}")
    require_kind(there.get(HOME), 401, "sign-in-needed")
    foreign = rig.signed_in(helen).get(f"/o/{OTHER}/home").json()["session"]
    for nothing in (listed[0]["id"], foreign, "ses-1", "%00", "x" * 5000):
        require_kind(here.post(f"/o/{ORG}/leave?session={nothing}"), 404, "session")
    assert ended(rig) == ["ended-from-list"]


# -------------------------------------------------------------------------------------------------------------- step-up


def test_what_cannot_be_taken_back_asks_for_the_credential_again(rig: ReceptionRig, fox: AdministratorRig) -> None:
    colleague = rig.service.administrator(ORG, "Dana Scully", by=fox)
    browser = rig.signed_in(fox)
    assert browser.get(f"/o/{ORG}/danger").status_code == 200
    rig.service.clock.advance(5 * MINUTE)
    require_kind(browser.get(f"/o/{ORG}/danger"), 403, "step-up-needed")
    assert browser.get(browser.hand_over(fox, purpose="step-up")).status_code == 200
    assert browser.get(f"/o/{ORG}/danger").status_code == 200
    assert rig.log()[-1] == ("step-up-session", "done", "", "administrator")
    rig.service.clock.advance(5 * MINUTE)
    require_kind(browser.get(browser.hand_over(colleague, purpose="step-up")), 403, "other-person")
    require_kind(browser.get(f"/o/{ORG}/danger"), 403, "step-up-needed")
    assert rig.log()[-1] == ("step-up-session", "refused", "other-person", "administrator")


# ------------------------------------------------------------------------------------------------------------ retention


def test_old_sessions_end_in_the_log_and_are_deleted_a_week_later(rig: ReceptionRig, fox: AdministratorRig) -> None:
    house = rig.service.house
    for _ in range(3):
        rig.signed_in(fox)
    rig.browser().hand_over(fox)
    rig.browser().get(f"/o/{ORG}/sign-in/challenge")
    assert end_old_sessions(house) == 0
    rig.service.clock.advance(HOUR)
    rig.service.integrate()
    assert end_old_sessions(house, 2) == 3
    assert ended(rig) == ["idle"] * 3
    assert ("end-session", "done", "idle", "system") in rig.log()
    rig.service.clock.advance(timedelta(days=7, hours=1))
    assert end_old_sessions(house) == 0
    with house.database.read(rig.service.clock()) as tx:
        assert [tx.execute(table.select()).all() for table in (sessions, hand_over_codes, sign_in_challenges)] == [[], [], []]


def test_a_request_reads_once(rig: ReceptionRig, fox: AdministratorRig) -> None:
    """One SELECT tells session, person and credential; each table is found by an index."""
    browser = rig.signed_in(fox)
    engine = rig.service.house.database.reader
    said: list[str] = []

    def hear(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        said.append(statement)

    sa.event.listen(engine, "before_cursor_execute", hear)
    try:
        assert browser.get(HOME).status_code == 200
    finally:
        sa.event.remove(engine, "before_cursor_execute", hear)
    # Prepared statements run on the driver's own cursor, unheard: nothing beside the one of resume_session is run.
    assert said == []
    if not rig.service.house.database.is_sqlite:
        return
    from privyseal.store.sessions import _BY_TOKEN  # noqa: PLC0415 - to look at its plan alone

    sql = _BY_TOKEN._form(engine.dialect).sql  # noqa: SLF001 - the same
    with engine.connect() as connection:
        plan = [row.detail for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", ("x",))]
    assert not any("SCAN" in line for line in plan), plan
