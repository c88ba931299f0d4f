"""The rules of sessions, to the second."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from privyseal.model.administrator import Administrator, AdministratorState, Credential, Role
from privyseal.model.errors import TooManyRequests
from privyseal.model.identifiers import AdministratorId, CredentialId, OrganizationId, SessionId, SignOnLinkId
from privyseal.model.organization import RESERVED_SLUGS
from privyseal.model.session import (
    END_SENTENCES,
    FREE_SIGN_IN_MISSES,
    IDLE_LIFE,
    LONGEST_SIGN_IN_WAIT,
    PROVIDER_AUDIENCE,
    STEP_UP_LIFE,
    WHOLE_LIFE,
    Session,
    SessionEnd,
    agent_words,
    is_live,
    is_seen_again,
    needs_step_up,
    reason_to_end,
    require_sign_in_turn,
    time_is_up,
)

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)
PERSON = Administrator(
    AdministratorId("adm-1"), OrganizationId("org-1"), "Fox Mulder", "fox@a.test", Role.AUDITOR, AdministratorState.ACTIVE, NOW
)
CREDENTIAL = Credential(CredentialId("cre-1"), PERSON.id, b"", "ab" * 32, NOW + timedelta(days=30), None)
SESSION = Session(SessionId("ses-1"), "a", PERSON.id, CREDENTIAL.certificate_sha256, NOW, NOW, NOW + WHOLE_LIFE, NOW, agent="", source="")


def test_the_providers_audience_is_no_organizations() -> None:
    assert PROVIDER_AUDIENCE in RESERVED_SLUGS


def test_every_end_has_its_sentence() -> None:
    assert set(END_SENTENCES) == set(SessionEnd)


def test_idle_and_whole_life_end_to_the_moment() -> None:
    assert time_is_up(SESSION, NOW + IDLE_LIFE - MOMENT) is None
    assert time_is_up(SESSION, NOW + IDLE_LIFE) is SessionEnd.IDLE
    busy = replace(SESSION, last_seen_at=NOW + WHOLE_LIFE - MOMENT)
    assert time_is_up(busy, NOW + WHOLE_LIFE - MOMENT) is None
    assert time_is_up(busy, NOW + WHOLE_LIFE) is SessionEnd.TOO_OLD
    assert is_live(SESSION, NOW)
    assert not is_live(replace(SESSION, ended_at=NOW), NOW)
    assert not is_live(SESSION, NOW + IDLE_LIFE)


def test_a_step_up_lasts_five_minutes() -> None:
    assert not needs_step_up(SESSION, NOW + STEP_UP_LIFE - MOMENT)
    assert needs_step_up(SESSION, NOW + STEP_UP_LIFE)
    assert not is_seen_again(SESSION, NOW + timedelta(seconds=59))
    assert is_seen_again(SESSION, NOW + timedelta(seconds=60))


@pytest.mark.parametrize(
    ("person", "home", "credential", "audience", "reason"),
    [
        (PERSON, "a", CREDENTIAL, "a", None),
        (PERSON, "a", CREDENTIAL, "b", SessionEnd.OTHER_AUDIENCE),
        (PERSON, "b", CREDENTIAL, "a", SessionEnd.OTHER_AUDIENCE),
        (PERSON, "b", CREDENTIAL, "b", SessionEnd.OTHER_AUDIENCE),
        (replace(PERSON, state=AdministratorState.REMOVED), "a", CREDENTIAL, "a", SessionEnd.PERSON_REMOVED),
        (replace(PERSON, state=AdministratorState.INVITED), "a", CREDENTIAL, "a", SessionEnd.PERSON_REMOVED),
        (PERSON, "a", None, "a", SessionEnd.CREDENTIAL_REVOKED),
        (PERSON, "a", replace(CREDENTIAL, administrator_id=AdministratorId("adm-2")), "a", SessionEnd.CREDENTIAL_REVOKED),
        (PERSON, "a", replace(CREDENTIAL, revoked_at=NOW), "a", SessionEnd.CREDENTIAL_REVOKED),
        (PERSON, "a", replace(CREDENTIAL, not_after=NOW - MOMENT), "a", SessionEnd.CREDENTIAL_EXPIRED),
    ],
)
def test_what_ends_a_session(
    person: Administrator, home: str, credential: Credential | None, audience: str, reason: SessionEnd | None
) -> None:
    assert reason_to_end(SESSION, person, home, credential, audience, NOW, is_linked=False) is reason


def test_a_session_for_reading_lasts_as_long_as_its_link() -> None:
    reading = replace(SESSION, credential_sha256="", link_id=SignOnLinkId("snl-1"))
    assert reading.is_reading
    assert not SESSION.is_reading
    assert reason_to_end(reading, PERSON, "a", None, "a", NOW, is_linked=True) is None
    assert reason_to_end(reading, PERSON, "a", CREDENTIAL, "a", NOW, is_linked=False) is SessionEnd.LINK_ENDED
    removed = replace(PERSON, state=AdministratorState.REMOVED)
    assert reason_to_end(reading, removed, "a", None, "a", NOW, is_linked=True) is SessionEnd.PERSON_REMOVED
    assert reason_to_end(reading, PERSON, "a", None, "b", NOW, is_linked=True) is SessionEnd.OTHER_AUDIENCE


def test_a_browsers_words_are_one_short_printable_line() -> None:
    assert agent_words("") == ""
    assert agent_words(" Fire\r\nfox\x00 \u202e 1 ") == "Fire fox 1"
    assert len(agent_words("x" * 100_000)) == 160


def test_the_wait_after_misses_grows_and_is_never_long() -> None:
    require_sign_in_turn(0, None, NOW, FREE_SIGN_IN_MISSES)
    require_sign_in_turn(FREE_SIGN_IN_MISSES - 1, NOW + timedelta(seconds=3), NOW, FREE_SIGN_IN_MISSES)
    with pytest.raises(TooManyRequests) as first:
        require_sign_in_turn(FREE_SIGN_IN_MISSES, NOW, NOW, FREE_SIGN_IN_MISSES)
    assert first.value.retry_after_seconds == 61
    with pytest.raises(TooManyRequests) as last:
        require_sign_in_turn(10_000, NOW, NOW, FREE_SIGN_IN_MISSES)
    assert last.value.retry_after_seconds == LONGEST_SIGN_IN_WAIT.total_seconds() + 1
    require_sign_in_turn(10_000, NOW - LONGEST_SIGN_IN_WAIT, NOW, FREE_SIGN_IN_MISSES)
