"""Asking for a trial: a letter first, no word about others, bounds; letters that say TEST; the operator's commands."""

from __future__ import annotations

import dataclasses
import json
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from privyseal.actions import beginning_trials
from privyseal.actions.certificate.publish_crl import CRL_LIFE
from privyseal.actions.house import TEST_ISSUING, TEST_ROOT, About, perform
from privyseal.actions.trial.ask_trial import ask_trial
from privyseal.actions.trial.end_trials import REMIND_BEFORE, end_trials
from privyseal.actions.trial.start_trial import start_trial
from privyseal.features import MailSettings
from privyseal.features.notices import LISTENS, listeners
from privyseal.issuer.publisher import publish_due
from privyseal.model.actor import SYSTEM, Actor, ActorKind
from privyseal.model.administrator import AdministratorState
from privyseal.model.errors import Conflict, NotFound, PrivysealError, Refused, TooManyRequests
from privyseal.model.organization import Organization, OrganizationState
from privyseal.model.trial import CONFIRM_WITHIN, TRIAL_LIFE, Trial
from privyseal.store import administrators, authorities, organizations, outbox, revocations, trials
from tests.rigs.hostile_texts import SHORT
from tests.rigs.operator import run_command
from tests.rigs.service import ServiceRig
from tests.rigs.trials import begin_trial

STRANGER = Actor(ActorKind.REQUESTER, "anonymous", source="somewhere")
FORM = {"name": "Langly & Co", "slug": "langly", "person_name": "Ringo Langly", "person_email": "ringo@langly.test"}
ABOUT = About("ask-trial", "", "trial", "new")
SLUG = "test-langly"


@pytest.fixture
def desk(service: ServiceRig) -> ServiceRig:
    """A service that keeps what it would mail."""
    service.listeners.update(LISTENS)
    return service


def ask(rig: ServiceRig, actor: Actor = STRANGER, **changes: str) -> Trial:
    return perform(rig.house, actor, ABOUT, ask_trial, FORM | changes)


def rows(rig: ServiceRig) -> list[outbox.OutboxRow]:
    """What waits for the letters."""
    with rig.house.database.read(rig.clock()) as tx:
        ids = tx.execute(sa.select(outbox.outbox.c.id).order_by(outbox.outbox.c.id)).scalars().all()
        return [row for row in (outbox.get(tx, row_id) for row_id in ids) if row is not None]


def code_of(rig: ServiceRig, trial: Trial) -> str:
    return next(str(row.payload["code"]) for row in rows(rig) if row.payload.get("trial") == trial.id)


def started(rig: ServiceRig) -> Organization:
    trial = ask(rig)
    return perform(rig.house, STRANGER, ABOUT, start_trial, trial.id, code_of(rig, trial))


def mailed(rig: ServiceRig, folder: Path, *names: str) -> list[EmailMessage]:
    """What the letters of these listeners say; those to several people go to each of them."""
    hear = listeners(rig.house, MailSettings("pki@provider.test", delivery=folder))
    for _ in range(2):  # First to whom, then to each.
        for row in rows(rig):
            if row.listener in names:
                hear[row.listener](row, row.id)
    files = sorted((folder / "new").glob("*"))
    return [message_from_bytes(path.read_bytes(), policy=policy.default) for path in files]


def text_of(message: EmailMessage) -> str:
    body = message.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def test_nothing_exists_before_the_address_is_confirmed_and_then_everything_does(desk: ServiceRig) -> None:
    trial = ask(desk)
    with desk.house.database.read(desk.clock()) as tx:
        assert organizations.by_slug(tx, SLUG) is None
    code = code_of(desk, trial)
    for wrong in ("a" * 52, "", code[:-1]):
        with pytest.raises(NotFound, match="does not fit"):
            perform(desk.house, STRANGER, ABOUT, start_trial, trial.id, wrong)
    organization = perform(desk.house, STRANGER, ABOUT, start_trial, trial.id, code)
    assert perform(desk.house, STRANGER, ABOUT, start_trial, trial.id, code) == organization, "a second time is harmless"
    assert (organization.name, organization.slug, organization.state) == ("TEST Langly & Co", SLUG, OrganizationState.ACTIVE)
    with desk.house.database.read(desk.clock()) as tx:
        [person] = administrators.of_organization(tx, organization.id)
        assert (person.name, person.state) == ("Ringo Langly", AdministratorState.INVITED)
        [domain] = organizations.domains_of(tx, organization.id)
        assert domain.name == "test-langly.test"
        assert domain.is_valid(tx.now)
        assert organizations.count_trials(tx) == 1


def test_an_old_code_starts_nothing(desk: ServiceRig) -> None:
    trial = ask(desk)
    code = code_of(desk, trial)
    desk.clock.advance(CONFIRM_WITHIN + timedelta(minutes=1))
    with pytest.raises(NotFound):
        perform(desk.house, STRANGER, ABOUT, start_trial, trial.id, code)


def test_a_short_name_that_is_taken_is_told_at_the_confirmation_and_nothing_is_half_done(desk: ServiceRig) -> None:
    started(desk)
    second = ask(desk, person_email="other@elsewhere.test")
    code = code_of(desk, second)
    for _ in range(2):
        with pytest.raises(Conflict, match="test-langly already"):
            perform(desk.house, STRANGER, ABOUT, start_trial, second.id, code)
    with desk.house.database.read(desk.clock()) as tx:
        assert trials.require(tx, second.id).organization_id is None


def test_wrong_fields_are_named(desk: ServiceRig) -> None:
    wrong = {"name": "", "slug": "Ä", "person_name": " ", "person_email": "nobody"}
    for field, value in wrong.items():
        with pytest.raises(Refused) as caught:
            perform(desk.house, STRANGER, ABOUT, ask_trial, FORM | {field: value})
        assert caught.value.field == field
    with pytest.raises(Refused, match="at most 35"):
        ask(desk, slug="a" * 36)
    assert ask(desk, name="TEST TEST x", slug="test-x").form.slug == "test-x"


def test_a_stranger_cannot_ask_for_ever(desk: ServiceRig) -> None:
    for number in range(10):
        ask(desk, person_email=f"p{number}@langly.test")
    with pytest.raises(TooManyRequests):
        ask(desk, person_email="p11@langly.test")


def test_there_is_room_for_so_many(desk: ServiceRig, monkeypatch: pytest.MonkeyPatch) -> None:
    trial = ask(desk)
    monkeypatch.setattr(beginning_trials, "MAXIMUM_TRIALS", 0)
    with pytest.raises(Conflict, match="As many trials"):
        perform(desk.house, STRANGER, ABOUT, start_trial, trial.id, code_of(desk, trial))


def test_hostile_texts_stay_text(desk: ServiceRig) -> None:
    for number, payload in enumerate(SHORT.values()):
        try:
            trial = ask(desk, Actor(ActorKind.REQUESTER, "anonymous", source=f"s{number}"), name=payload, person_name=payload)
        except PrivysealError:
            continue
        assert trial.form.name.startswith("TEST ")
        assert trial.form.name.isprintable()


def test_letters_say_test_and_quote_no_stranger(desk: ServiceRig, tmp_path: Path) -> None:
    ask(desk)
    [letter] = mailed(desk, tmp_path / "a", "notices.trial-code")
    assert letter["To"] == "ringo@langly.test"
    assert "Langly & Co" not in letter.as_string()
    assert "/try/trl-" in text_of(letter)
    trial = ask(desk, slug="two", person_email="ringo@two.test")
    perform(desk.house, STRANGER, ABOUT, start_trial, trial.id, code_of(desk, trial))
    later = mailed(desk, tmp_path / "b", "notices.invitation", "notices.kit")
    assert len(later) == 2
    for message in later:
        assert message["Subject"].startswith("TEST")
        assert text_of(message).startswith("TEST - this is about a trial.")


def test_the_end_is_told_a_week_before_once_and_then_it_comes(desk: ServiceRig, tmp_path: Path) -> None:
    started(desk)

    def turn() -> int:
        desk.integrate()
        with desk.house.database.write(desk.clock()) as tx:
            return end_trials(desk.house, tx, SYSTEM)

    assert turn() == 0
    assert not [row for row in rows(desk) if row.listener == "notices.trial-ends"]
    desk.clock.advance(TRIAL_LIFE - REMIND_BEFORE + timedelta(hours=1))
    assert (turn(), turn()) == (0, 0)
    assert len([row for row in rows(desk) if row.listener == "notices.trial-ends"]) == 1
    [soon] = mailed(desk, tmp_path / "a", "notices.trial-ends")
    assert "/apply" in text_of(soon)
    desk.clock.advance(REMIND_BEFORE)
    assert (turn(), turn()) == (1, 0)
    [over] = mailed(desk, tmp_path / "b", "notices.organization-moved")
    assert "trial over" in over["Subject"]
    assert "Reason" not in text_of(over)


def test_the_crls_of_the_test_cas_are_published_like_any_other(service: ServiceRig) -> None:
    with service.house.database.read(service.clock()) as tx:
        before = {slug: revocations.newest_crl(tx, service.house.authorities[slug].id, "0") for slug in (TEST_ROOT, TEST_ISSUING)}
    publish_due(service.house, service.keys, CRL_LIFE)
    with service.house.database.read(service.clock()) as tx:
        for slug, found in before.items():
            newest = revocations.newest_crl(tx, service.house.authorities[slug].id, "0")
            assert newest is not None
            assert found is None or newest.number >= found.number
        assert authorities.newest_responder(tx, service.house.authorities[TEST_ISSUING].id) is not None


def test_the_operator_starts_a_trial_and_sees_its_end(service: ServiceRig, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("--name", "Langly & Co", "--person", "Ringo Langly", "--email", "ringo@langly.test")
    run_command(service, "organization", "trial", "langly", *words)
    assert "TEST Langly & Co (test-langly) goes on until" in capsys.readouterr().out
    run_command(service, "organization", "list")
    assert f"{service.clock() + TRIAL_LIFE:%Y-%m-%d}" in capsys.readouterr().out
    with pytest.raises(Conflict, match="has its test certification authority already"):
        run_command(service, "ca", "add-test", "--provider", "Example Trust")


def test_trials_for_the_providers_people_alone(desk: ServiceRig) -> None:
    """Strangers get none, not even one asked for before; the provider's people start one."""
    earlier = ask(desk)
    code = code_of(desk, earlier)
    desk.house = dataclasses.replace(desk.house, service=dataclasses.replace(desk.house.service, public_trials=False))
    with pytest.raises(Refused, match="no trials for everybody"):
        ask(desk)
    with pytest.raises(Refused, match="no trials for everybody"):
        perform(desk.house, STRANGER, ABOUT, start_trial, earlier.id, code)
    trial, _ = begin_trial(desk)
    assert trial.is_trial


def test_an_existing_service_gets_its_test_ca_later(service: ServiceRig) -> None:
    """As one from before there were trials; a command that was killed after the key files goes on with them."""
    tables: list[Any] = [revocations.crls, revocations.crl_scopes, authorities.responders]
    ids = [service.house.authorities[slug].id for slug in (TEST_ROOT, TEST_ISSUING)]
    with service.house.database.write(service.clock()) as tx:
        for table in tables:
            tx.execute(table.delete().where(table.c.ca_id.in_(ids)))
        tx.execute(authorities.authorities.delete().where(authorities.authorities.c.id.in_(ids)))
    service.close()
    service.house = service.open_house()
    assert not service.house.has_trials
    with pytest.raises(Refused, match="has no trials"):
        ask(service)
    (service.settings.data / "keys/ocsp-test-issuing.key").unlink()
    run_command(service, "ca", "add-test", "--provider", "Example Trust")
    service.close()
    service.house = service.open_house()
    assert service.house.has_trials
    assert ask(service).form.slug == SLUG
    assert json.dumps(sorted(service.house.authorities)) == '["administrators", "issuing", "root", "test-issuing", "test-root"]'
