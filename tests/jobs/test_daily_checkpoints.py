"""The day's checkpoints: one letter for each log and day, whoever looks and however often; what is attached verifies the log."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from privyseal.actions.audit.choose_checkpoints import choose_checkpoints
from privyseal.features import MailSettings
from privyseal.features.notices import LISTENS, listeners
from privyseal.jobs.daily_checkpoints import DailyCheckpoints, day_begin
from privyseal.model.actor import SYSTEM
from privyseal.model.audit import PROVIDER_LOG, organization_log
from privyseal.model.errors import Refused
from privyseal.model.fact import FactKind
from privyseal.model.organization import OrganizationState
from privyseal.store import audit, organizations, outbox
from privyseal.store.outbox import OutboxRow
from privyseal_wire.export import export_line, verify_export
from tests.rigs.service import ServiceRig

ORG = "resource-marketing"
LOG = organization_log(ORG)
DAY = timedelta(days=1)


@pytest.fixture
def running(service: ServiceRig) -> ServiceRig:
    """A service since yesterday with one organization; the letters wing listens."""
    service.listeners[FactKind.CHECKPOINT_CHOSEN] = LISTENS[FactKind.CHECKPOINT_CHOSEN]
    service.create_organization()
    service.integrate()
    service.clock.advance(DAY)
    return service


def hour_of(service: ServiceRig) -> int:
    return service.clock().hour


def look(service: ServiceRig, *, with_provider: bool = False) -> None:
    """What a process does that has just started."""
    DailyCheckpoints(service.house, hour_of(service), with_provider=with_provider).look()


def chosen(service: ServiceRig) -> list[OutboxRow]:
    with service.house.database.read(service.clock()) as tx:
        return [row for row in outbox.waiting(tx) if row.fact == FactKind.CHECKPOINT_CHOSEN.value]


def logs(service: ServiceRig) -> list[str]:
    return [row.payload["log"] for row in chosen(service)]


def test_the_day_begins_at_its_hour() -> None:
    noon = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
    assert day_begin(noon, 6) == noon.replace(hour=6)
    assert day_begin(noon, 12) == noon
    assert day_begin(noon - timedelta(microseconds=1), 12) == noon - DAY
    assert day_begin(noon, 23) == noon.replace(day=21, hour=23)


def test_one_for_each_log_and_day_whoever_looks(running: ServiceRig) -> None:
    service = running
    for _ in range(3):
        look(service)
    assert logs(service) == [LOG]
    look(service, with_provider=True)
    assert sorted(logs(service)) == [LOG, PROVIDER_LOG]
    service.clock.advance(DAY)
    look(service, with_provider=True)
    assert sorted(logs(service)) == [LOG, LOG, PROVIDER_LOG, PROVIDER_LOG]


def test_a_delivered_one_is_not_chosen_again(running: ServiceRig) -> None:
    look(running)
    [row] = chosen(running)
    with running.house.database.write(running.clock()) as tx:
        outbox.mark_dispatched(tx, [row.id])
        outbox.mark_done(tx, row.id)
    look(running)
    assert chosen(running) == []


def test_a_crash_before_the_commit_loses_nothing(running: ServiceRig) -> None:
    since = day_begin(running.clock(), hour_of(running))

    def crash() -> None:
        with running.house.database.write(running.clock()) as tx:
            assert choose_checkpoints(running.house, tx, SYSTEM, since, with_provider=False) == 1
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        crash()
    assert chosen(running) == []
    look(running)
    assert logs(running) == [LOG]


def test_nodes_that_look_at_once_choose_once(running: ServiceRig) -> None:
    with ThreadPoolExecutor(4) as nodes:
        for done in [nodes.submit(look, running, with_provider=True) for _ in range(4)]:
            done.result(30)
    assert sorted(logs(running)) == [LOG, PROVIDER_LOG]


def test_no_letter_for_the_new_and_the_closed(running: ServiceRig) -> None:
    service = running
    service.create_organization("young", name="Young, Inc.", domains=("young.test",))
    service.integrate()
    table = organizations.organizations
    look(service)
    assert logs(service) == [LOG]
    with service.house.database.write(service.clock()) as tx:
        tx.execute(table.update().where(table.c.slug == ORG).values(state=OrganizationState.CLOSED.value))
    service.clock.advance(DAY)
    look(service)
    assert logs(service) == [LOG, organization_log("young")]


def letters(service: ServiceRig, folder: Path, *, auditor: str = "") -> list[EmailMessage]:
    """What lands in the Maildir when every waiting row was heard twice, as after a crash between hand-over and its note."""
    hear = listeners(service.house, MailSettings("pki@provider.test", delivery=folder, auditor_address=auditor))
    for row in chosen(service) * 2:
        hear[row.listener](row, row.id)
    return [message_from_bytes(path.read_bytes(), policy=policy.default) for path in sorted((folder / "new").glob("*"))]


def export(service: ServiceRig, log: str) -> list[str]:
    with service.house.database.read(service.clock()) as tx:
        return [export_line(index, entry) for index, _, entry in audit.export(tx, log, limit=10_000)]


def parts(letter: EmailMessage) -> tuple[str, Any]:
    """The text, and what is attached."""
    body = letter.get_body(("plain",))
    assert body is not None
    [attached] = letter.iter_attachments()
    assert attached.get_content_type() == "text/plain"
    return str(body.get_content()), attached.get_payload(decode=True)


def test_what_is_attached_verifies_the_log(running: ServiceRig, tmp_path: Path) -> None:
    service = running
    look(service, with_provider=True)
    found = {str(letter["To"]): letter for letter in letters(service, tmp_path / "mail", auditor="auditor@elsewhere.test")}
    assert found.keys() == {"contact@resource-marketing.test", "auditor@elsewhere.test"}
    # The log goes on; the kept head still verifies it.
    service.create_units(ORG, 5)
    service.integrate()
    for log, letter in ((LOG, found["contact@resource-marketing.test"]), (PROVIDER_LOG, found["auditor@elsewhere.test"])):
        text, note = parts(letter)
        key = service.log_key.vkey(log)
        assert f"--key {key}" in text
        verdict = verify_export(export(service, log), note.decode(), key)
        assert f"{verdict.size} entries" in text
        assert f"{verdict.size} entries" in str(letter["Subject"])


def test_the_provider_without_an_auditor_gets_none(running: ServiceRig, tmp_path: Path) -> None:
    look(running, with_provider=True)
    assert [str(letter["To"]) for letter in letters(running, tmp_path / "mail")] == ["contact@resource-marketing.test"]


def test_an_auditor_is_one_plain_address(running: ServiceRig, tmp_path: Path) -> None:
    with pytest.raises(Refused) as refusal:
        listeners(running.house, MailSettings("pki@provider.test", delivery=tmp_path, auditor_address="Ann <ann@elsewhere.test>"))
    assert refusal.value.kind == "mail-settings"
