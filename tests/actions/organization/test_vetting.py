"""Two people vet an organization: nobody alone, nobody on the machine, nothing incomplete, and no credential before (A35, A36, I17)."""

from __future__ import annotations

import dataclasses
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from privyseal.actions.house import About, perform
from privyseal.actions.organization.attach_evidence import attach_evidence
from privyseal.actions.organization.conclude_vetting import conclude_vetting
from privyseal.actions.organization.open_vetting import open_vetting
from privyseal.actions.organization.record_finding import record_finding
from privyseal.actions.organization.reject_organization import reject_organization
from privyseal.actions.organization.return_vetting import return_vetting
from privyseal.actions.organization.submit_vetting import submit_vetting
from privyseal.engine.evidence_types import MAXIMUM_EVIDENCE, evidence_type
from privyseal.model.actor import SYSTEM, Actor, ActorKind
from privyseal.model.administrator import Permission, Role
from privyseal.model.errors import Conflict, PrivysealError, Refused, TooLarge, Unavailable
from privyseal.model.organization import OrganizationState, require_vetted, vetted_until
from privyseal.model.rules import Tier
from privyseal.model.vetting import VettingItem
from privyseal.store import organization_events, organizations, vettings
from tests.rigs.service import OPERATOR, ServiceRig
from tests.rigs.vetting import CONCLUDER, EVIDENCE, RIGHTS, VETTER, fill, vet

ORG = "resource-marketing"
ABOUT = About("set-up", ORG, "organization", ORG)


@pytest.fixture
def applied(service: ServiceRig) -> ServiceRig:
    """A service with an organization that applied and has a validated domain."""
    service.create_organization(vet=False)
    return service


def state_of(rig: ServiceRig) -> OrganizationState:
    with rig.house.database.read(rig.clock()) as tx:
        return organizations.require(tx, ORG).state


def refused(rig: ServiceRig, kind: str, actor: Actor, action: object, **more: object) -> None:
    with pytest.raises(PrivysealError) as refusal:
        perform(rig.house, actor, ABOUT, action, ORG, **more)  # type: ignore[arg-type]
    assert refusal.value.kind == kind, refusal.value.sentence


def test_nobody_gets_in_before_two_people_have_vetted(applied: ServiceRig) -> None:
    with pytest.raises(Refused, match="waits for its vetting"):
        applied.invite(ORG, "Too Early")
    fill(applied.house, ORG)
    assert state_of(applied) is OrganizationState.VETTING
    refused(applied, "vetting-state", CONCLUDER, conclude_vetting)
    perform(applied.house, VETTER, ABOUT, submit_vetting, ORG)
    with pytest.raises(Refused, match="being vetted"):
        applied.invite(ORG, "Too Early")
    refused(applied, "second-person", VETTER, conclude_vetting)
    refused(applied, "vetting-state", VETTER, submit_vetting)
    active = perform(applied.house, CONCLUDER, ABOUT, conclude_vetting, ORG)
    assert (active.state, active.vetted_by) == (OrganizationState.ACTIVE, VETTER.id)
    refused(applied, "vetting-state", CONCLUDER, conclude_vetting)
    applied.invite(ORG, "In Time")
    with applied.house.database.read(applied.clock()) as tx:
        history = organization_events.of_organization(tx, active.id)
    assert [(entry.event.value, entry.by) for entry in history] == [
        ("enter", OPERATOR.id),
        ("take-up", VETTER.id),
        ("activate", CONCLUDER.id),
    ]


@pytest.mark.parametrize(
    "actor", [OPERATOR, SYSTEM, Actor(ActorKind.API_TOKEN, "tok", permissions=RIGHTS)], ids=["operator", "system", "token"]
)
def test_only_people_vet(applied: ServiceRig, actor: Actor) -> None:
    refused(applied, "vetting-person", actor, open_vetting)
    fill(applied.house, ORG)
    perform(applied.house, VETTER, ABOUT, submit_vetting, ORG)
    refused(applied, "vetting-person", actor, conclude_vetting)
    refused(applied, "vetting-person", actor, return_vetting, reason="Because")
    assert state_of(applied) is OrganizationState.VETTING


def test_the_right_to_fill_in_is_not_the_right_to_conclude(applied: ServiceRig) -> None:
    fill(applied.house, ORG)
    perform(applied.house, VETTER, ABOUT, submit_vetting, ORG)
    only_vets = dataclasses.replace(CONCLUDER, permissions=frozenset({Permission.VET}))
    refused(applied, "permission", only_vets, conclude_vetting)


def test_everybody_who_filled_in_is_no_second_person(applied: ServiceRig) -> None:
    fill(applied.house, ORG, leave_out=frozenset({VettingItem.ADDRESS}))
    day = applied.clock().date().isoformat()
    finding = {"item": "address", "is_met": True, "source": "Register", "seen_on": day}
    perform(applied.house, CONCLUDER, ABOUT, record_finding, ORG, **finding)  # type: ignore[arg-type]
    perform(applied.house, VETTER, ABOUT, submit_vetting, ORG)
    refused(applied, "second-person", CONCLUDER, conclude_vetting)


def test_one_person_with_two_credentials_is_one_person(applied: ServiceRig) -> None:
    pat = applied.administrator("", "Pat Provider", Role.PROVIDER_ADMINISTRATOR)
    with applied.house.database.write(applied.clock()) as tx:
        from privyseal.store import administrators  # noqa: PLC0415 - an intruder's way of making a second self

        twin = dataclasses.replace(
            pat.administrator, id=type(pat.administrator.id)("adm-twin"), name="Pat Twin", email="PAT.provider@provider.test"
        )
        administrators.insert(tx, twin)
    vet_by = pat.actor
    fill(applied.house, ORG, by=vet_by)
    perform(applied.house, vet_by, ABOUT, submit_vetting, ORG)
    refused(applied, "second-person", dataclasses.replace(vet_by, id="adm-twin"), conclude_vetting)


@pytest.mark.parametrize("item", [item.value for item in VettingItem])
def test_every_item_is_needed(applied: ServiceRig, item: str) -> None:
    fill(applied.house, ORG, leave_out=frozenset({VettingItem(item)}))
    refused(applied, "vetting-incomplete", VETTER, submit_vetting)
    day = applied.clock().date().isoformat()
    number = "+1 859 555 0100" if item == "telephone" else ""
    finding = {"item": item, "is_met": False, "source": "Register", "seen_on": day, "telephone": number}
    perform(applied.house, VETTER, ABOUT, record_finding, ORG, **finding)  # type: ignore[arg-type]
    refused(applied, "vetting-incomplete", VETTER, submit_vetting)


def test_what_was_found_grows_old_before_it_is_concluded(applied: ServiceRig) -> None:
    fill(applied.house, ORG)
    perform(applied.house, VETTER, ABOUT, submit_vetting, ORG)
    applied.integrate()
    applied.clock.advance(timedelta(days=400))
    with pytest.raises(Refused) as refusal:
        perform(applied.house, CONCLUDER, ABOUT, conclude_vetting, ORG)
    assert refusal.value.kind in {"vetting-incomplete", "no-validated-domain"}


def test_two_who_conclude_at_once_get_one_truth(applied: ServiceRig) -> None:
    fill(applied.house, ORG)
    perform(applied.house, VETTER, ABOUT, submit_vetting, ORG)
    others = [dataclasses.replace(CONCLUDER, id=f"adm-concluder-{number}") for number in range(4)]

    def conclude(actor: Actor) -> str:
        try:
            perform(applied.house, actor, ABOUT, conclude_vetting, ORG)
        except (Conflict, Unavailable) as error:
            return error.kind
        return "done"

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(conclude, others))
    assert results.count("done") == 1, results
    with applied.house.database.read(applied.clock()) as tx:
        vetting = vettings.newest(tx, organizations.require(tx, ORG).id)
    assert vetting is not None
    assert vetting.concluded_by == others[results.index("done")].id


def test_a_returned_vetting_takes_up_what_was_missing(applied: ServiceRig) -> None:
    fill(applied.house, ORG)
    perform(applied.house, VETTER, ABOUT, submit_vetting, ORG)
    returned = perform(applied.house, CONCLUDER, ABOUT, return_vetting, ORG, "Whom did you call?")
    assert returned.return_reason == "Whom did you call?"
    refused(applied, "vetting-state", CONCLUDER, conclude_vetting)
    fill(applied.house, ORG)
    perform(applied.house, VETTER, ABOUT, submit_vetting, ORG)
    perform(applied.house, CONCLUDER, ABOUT, conclude_vetting, ORG)
    with applied.house.database.read(applied.clock()) as tx:
        vetting = vettings.newest_concluded(tx, organizations.require(tx, ORG).id)
        assert vetting is not None
        assert len(vettings.findings_of(tx, vetting.id)) == 2 * len(VettingItem), "nothing is overwritten"
        assert len(vettings.files_of(tx, vetting.id)) == 2, "the same bytes are attached once"


def test_a_rejected_application_ends(applied: ServiceRig) -> None:
    fill(applied.house, ORG)
    closed = perform(applied.house, VETTER, ABOUT, reject_organization, ORG, "The register knows no such company.")
    assert closed.state is OrganizationState.CLOSED
    refused(applied, "organization-state", VETTER, open_vetting)
    refused(applied, "vetting-state", VETTER, submit_vetting)


def test_a_vetting_ends_by_the_dated_rules_and_is_renewed(service: ServiceRig) -> None:
    organization = service.create_organization()
    public, private = vetted_until(organization, Tier.PUBLIC), vetted_until(organization, Tier.PRIVATE)
    assert organization.vetted_at is not None
    assert public == organization.vetted_at + timedelta(days=398)
    assert private == organization.vetted_at + timedelta(days=825)
    assert public is not None
    require_vetted(organization, Tier.PUBLIC, public - timedelta(seconds=1))
    with pytest.raises(Refused, match="older than 398 days") as refusal:
        require_vetted(organization, Tier.PUBLIC, public)
    assert refusal.value.kind == "vetting-expired"
    require_vetted(organization, Tier.PRIVATE, public)
    service.integrate()
    service.clock.advance(timedelta(days=100))
    vet(service.house, ORG)
    with service.house.database.read(service.clock()) as tx:
        again = organizations.require(tx, ORG)
        assert [vetting.number for vetting in vettings.every(tx, again.id)] == [2, 1]
    assert again.state is OrganizationState.ACTIVE
    assert again.vetted_at is not None
    assert again.vetted_at > organization.vetted_at + timedelta(days=99)


GOOD = {
    "application/pdf": b"%PDF-1.7\n1 0 obj\n%%EOF\n",
    "image/png": b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(20) + b"\x00\x00\x00\x00IEND\xaeB`\x82",
    "image/jpeg": b"\xff\xd8\xff\xe0" + bytes(20) + b"\xff\xd9",
    "message/rfc822": b"From: a@b.test\r\nDate: Sun, 22 Nov 2026 11:00:00 +0000\r\nSubject: x\r\n\r\n<b>Hello</b>\r\n",
    "text/plain; charset=utf-8": "Handelsregister: Müller & Söhne\n".encode(),
}
BAD = (
    b"",
    b"  \n ",
    b"<!DOCTYPE html><script>alert(1)</script>",
    b'<?xml version="1.0"?><svg onload="alert(1)"/>',
    b"%PDF-1.7 cut off",
    b"\x89PNG\r\n\x1a\n",
    b"MZ\x90\x00",
    b"PK\x03\x04",
    b"\x7fELF",
    b"\xff\xfe<\x00",
    b"text with \x1b[31m a terminal's commands",
)


@pytest.mark.parametrize("media_type", GOOD)
def test_a_file_is_what_its_bytes_are(media_type: str) -> None:
    assert evidence_type(GOOD[media_type]).media_type == media_type


@pytest.mark.parametrize("content", BAD, ids=range(len(BAD)))
def test_no_other_file_is_kept(content: bytes) -> None:
    with pytest.raises(Refused) as refusal:
        evidence_type(content)
    assert refusal.value.kind == "evidence-type"


def test_a_file_is_capped_and_its_name_is_harmless() -> None:
    with pytest.raises(TooLarge):
        evidence_type(b"a" * (MAXIMUM_EVIDENCE + 1))
    kind = evidence_type(EVIDENCE)
    for name in ("../../etc/passwd", 'a";\r\nX: y.html', "C:\\x\\excerpt.exe", "", "....", "\u202egpj.exe", "x" * 999):
        safe = kind.safe_name(name)
        assert safe.endswith(".txt")
        assert len(safe) <= 110
        assert not set(safe) - set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"), safe


def test_a_private_key_is_no_evidence(applied: ServiceRig) -> None:
    perform(applied.house, VETTER, ABOUT, open_vetting, ORG)
    key = b"-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIA==\n-----END EC PRIVATE KEY-----\n"
    refused(applied, "private-key-found", VETTER, attach_evidence, item="address", name="key.txt", content=key)
