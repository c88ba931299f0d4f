"""Approvals that are none, over HTTP against real processes: each is refused, and the request waits as it was (I14)."""

from __future__ import annotations

import base64
import dataclasses
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from privyseal.model.statement import utc_text
from privyseal_wire.statements import Approval
from tests.rigs.live_people import Caller, LiveOrganization
from tests.rigs.service import make_csr, make_key
from tests.stories.conftest import World

on_sqlite = pytest.mark.parametrize("world", ["sqlite"], indirect=True, scope="session")


@pytest.fixture(scope="module")
def two_eyes(world: World) -> LiveOrganization:
    """An organization in which one administrator decides."""
    return world.provider.found("two-eyes", "Two Eyes Ltd.", "two-eyes.test", units=5)


@pytest.fixture(scope="module")
def four_eyes(world: World) -> LiveOrganization:
    """An organization in which two administrators must agree."""
    return world.provider.found("four-eyes", "Four Eyes Ltd.", "four-eyes.test", units=5, approvals=2)


def edit(change: Callable[[Approval], Approval]) -> Callable[[bytes], bytes]:
    """Another statement, in canonical form."""
    return lambda content: change(Approval.from_bytes(content)).to_bytes()


def other_digit(text: str) -> str:
    """The same hex digits but for the last one."""
    return text[:-1] + ("0" if text[-1] != "0" else "1")


def past() -> str:
    """A moment that is over."""
    return utc_text(datetime.now(UTC) - timedelta(seconds=5))


CHANGES: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "one digit of the key": (edit(lambda it: dataclasses.replace(it, spki_sha256=other_digit(it.spki_sha256))), "approval-content"),
    "one digit of the life": (edit(lambda it: dataclasses.replace(it, lifetime_days=366)), "approval-content"),
    "one letter of a name": (edit(lambda it: dataclasses.replace(it, names=("dns:wwv.two-eyes.test",))), "approval-content"),
    "another organization": (edit(lambda it: dataclasses.replace(it, organization="four-eyes")), "approval-content"),
    "another service": (edit(lambda it: dataclasses.replace(it, service="other.privyseal.localhost")), "approval-content"),
    "another approver": (edit(lambda it: dataclasses.replace(it, approver="adm-" + 32 * "0")), "approval-content"),
    "its time is over": (edit(lambda it: dataclasses.replace(it, expires=past())), "statement-expired"),
    "another order of fields": (lambda content: content.replace(b'{"approver"', b'{ "approver"', 1), ""),
}


@on_sqlite
def test_what_was_not_asked_cannot_be_approved(two_eyes: LiveOrganization, subtests: pytest.Subtests) -> None:
    request = two_eyes.submit(make_csr(["www.two-eyes.test"], make_key()))
    path = f"{two_eyes.path}/requests/{request['id']}/approval"
    content = two_eyes.approval_content(request["id"])
    for what, (change, kind) in CHANGES.items():
        with subtests.test(what):
            changed = change(content)
            assert changed != content
            problem = two_eyes.admin.rest.refused(path, {"signature": two_eyes.admin.sign(changed)})
            assert not kind or problem["kind"] == kind, problem
    require_untouched(two_eyes, request["id"])


@on_sqlite
def test_an_approval_changed_on_its_way(two_eyes: LiveOrganization, subtests: pytest.Subtests) -> None:
    request = two_eyes.submit(make_csr(["sub.two-eyes.test"], make_key()))
    path = f"{two_eyes.path}/requests/{request['id']}/approval"
    signature = base64.b64decode(two_eyes.admin.sign(two_eyes.approval_content(request["id"])))
    in_content = signature.index(b'"lifetime_days":365') + len(b'"lifetime_days":36')
    for where in (0, 20, in_content, len(signature) // 2, len(signature) - 1):
        with subtests.test(f"byte {where}"):
            changed = bytearray(signature)
            changed[where] ^= 1
            answer = two_eyes.admin.rest.ask("POST", path, {"signature": base64.b64encode(changed).decode()})
            assert answer.status_code in {400, 422}, answer.text
    for text in ("", "!!!", base64.b64encode(b"no CMS").decode()):
        with subtests.test(repr(text)):
            assert two_eyes.admin.rest.ask("POST", path, {"signature": text}).status_code in {400, 422}
    require_untouched(two_eyes, request["id"])


@on_sqlite
def test_an_approval_of_another_request_or_by_somebody_elses_administrator(two_eyes: LiveOrganization, four_eyes: LiveOrganization) -> None:
    key = make_key()
    first = two_eyes.submit(make_csr(["a.two-eyes.test"], key))
    second = two_eyes.submit(make_csr(["a.two-eyes.test"], key), contact_email="other@two-eyes.test")
    assert first["id"] != second["id"]
    signature = two_eyes.admin.sign(two_eyes.approval_content(first["id"]))
    problem = two_eyes.admin.rest.refused(f"{two_eyes.path}/requests/{second['id']}/approval", {"signature": signature})
    assert (problem["kind"], "request" in problem["detail"]) == ("approval-content", True)
    content = two_eyes.approval_content(first["id"])
    foreign = four_eyes.admin.sign(content)
    problem = two_eyes.token.refused(f"{two_eyes.path}/requests/{first['id']}/approval", {"signature": foreign})
    assert problem["kind"] == "signer-unknown"
    elsewhere = f"{four_eyes.path}/requests/{first['id']}/approval"
    assert four_eyes.admin.rest.refused(elsewhere, {"signature": foreign}, status=404)["kind"] == "not-found"
    assert two_eyes.admin.rest.refused(elsewhere, {"signature": signature}, status=404)["kind"] == "not-found"
    nobody = Caller(two_eyes.live)
    assert nobody.ask("POST", f"{two_eyes.path}/requests/{first['id']}/approval", {"signature": signature}).status_code == 401
    require_untouched(two_eyes, first["id"])
    require_untouched(two_eyes, second["id"])


@on_sqlite
def test_an_approval_counts_once(two_eyes: LiveOrganization, four_eyes: LiveOrganization) -> None:
    waiting = four_eyes.submit(make_csr(["www.four-eyes.test"], make_key()))
    path = f"{four_eyes.path}/requests/{waiting['id']}/approval"
    signature = four_eyes.admin.sign(four_eyes.approval_content(waiting["id"]))
    answer = four_eyes.admin.rest.post(path, {"signature": signature})
    assert (answer["request"]["state"], answer["approvals"], answer["approvals_needed"]) == ("pending", 1, 2)
    assert four_eyes.admin.rest.refused(path, {"signature": signature})["kind"] == "approval-replayed"
    anew = four_eyes.admin.sign(four_eyes.approval_content(waiting["id"], minutes=11))
    assert four_eyes.admin.rest.refused(path, {"signature": anew}, status=409)["kind"] == "already-approved"
    assert len(four_eyes.token.get(f"{four_eyes.path}/requests/{waiting['id']}")["approvals"]) == 1
    request = two_eyes.submit(make_csr(["once.two-eyes.test"], make_key()))
    path = f"{two_eyes.path}/requests/{request['id']}/approval"
    signature = two_eyes.admin.sign(two_eyes.approval_content(request["id"]))
    assert two_eyes.admin.rest.post(path, {"signature": signature})["request"]["state"] == "issued"
    used = two_eyes.units()
    assert two_eyes.admin.rest.refused(path, {"signature": signature})["kind"] == "approval-replayed"
    assert two_eyes.units() == used


def require_untouched(company: LiveOrganization, request_id: str) -> None:
    """The request waits for a decision with no approval and no unit, and the right approval still works on it."""
    shown = company.token.get(f"{company.path}/requests/{request_id}")
    assert (shown["state"], shown["approvals"]) == ("pending", [])
    assert company.units()[0] == 0
