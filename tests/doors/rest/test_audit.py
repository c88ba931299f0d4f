"""The audit log over REST: what is exported verifies, page after page, against the checkpoint and the key of the service page."""

from __future__ import annotations

import json

import pytest

from privyseal.model.administrator import Role
from privyseal.model.audit import PROVIDER_LOG
from privyseal.store import audit
from privyseal_wire.errors import ExportRefused
from privyseal_wire.export import verify_export
from tests.doors.rest.rest_rig import API, ORG, RestRig, require_problem
from tests.rigs.service import AdministratorRig

BASE = f"{API}/organizations/{ORG}"


def test_the_export_is_the_log(rest: RestRig, fox: AdministratorRig) -> None:
    auditor = rest.token("read-audit")
    rest.issue(rest.administrator(fox), fox)
    require_problem(rest.anonymous().get(f"{BASE}/audit"), 401, "credential-needed")
    rest.service.integrate()
    note = auditor.get(f"{BASE}/audit/checkpoint")
    assert note.headers["content-type"].startswith("text/plain")
    first = auditor.get(f"{BASE}/audit", params={"limit": 3})
    assert first.headers["content-type"] == "application/jsonl"
    lines = first.text.splitlines()
    assert len(lines) == 3
    while page := auditor.get(f"{BASE}/audit", params={"start": len(lines)}).text.splitlines():
        lines += page
    key = auditor.get(f"{API}/service").json()["log_keys"][f"o-{ORG}"]
    assert key == rest.anonymous().get(f"{API}/organizations/{ORG}").json()["log_key"]
    verdict = verify_export(lines, note.text, key)
    assert (verdict.size, verdict.later_entries) == (len(lines), 0)
    entries = [json.loads(json.loads(line)["entry"]) for line in lines]
    done = [entry["action"] for entry in entries if entry["outcome"] == "done"]
    assert entries[-1]["action"] == "export-audit", "a refusal stands in the log too"
    assert done[-4:] == ["submit-request", "approve-request", "prepare-certificate", "issue-certificate"]
    with pytest.raises(ExportRefused):
        verify_export([line.replace("approve-request", "approve-nothing") for line in lines], note.text, key)


def test_the_provider_reads_its_own_log_and_no_other(rest: RestRig) -> None:
    provider = rest.administrator(rest.service.administrator("", "Provider", Role.PROVIDER_ADMINISTRATOR))
    rest.service.integrate()
    lines = provider.get(f"{API}/provider/audit").text.splitlines()
    key = provider.get(f"{API}/service").json()["log_keys"]["provider"]
    assert verify_export(lines, provider.get(f"{API}/provider/audit/checkpoint").text, key).size == len(lines)
    require_problem(provider.get(f"{BASE}/audit"), 404, "not-found")


def test_a_log_without_a_checkpoint_says_so(rest: RestRig, fox: AdministratorRig) -> None:
    rest.service.create_organization("new-one", name="New One Ltd", domains=["new-one.test"])
    auditor = rest.token("read-audit", org="new-one")
    require_problem(auditor.get(f"{API}/organizations/new-one/audit/checkpoint"), 404, "no-checkpoint")
    assert auditor.get(f"{API}/organizations/new-one/audit").text == ""


def test_personal_data_and_secrets_are_not_in_the_log(rest: RestRig, fox: AdministratorRig) -> None:
    rest.issue(rest.administrator(fox), fox)
    rest.service.integrate()
    text = rest.token("read-audit").get(f"{BASE}/audit").text
    for secret in ("dana@", "Dana", "blue kettle", "testclient", "pst_"):
        assert secret not in text


def test_what_a_caller_writes_into_an_address_or_a_check_does_not_reach_the_log(rest: RestRig, fox: AdministratorRig) -> None:
    stranger = rest.bearer("pst_unknown")
    secret = "pst_" + "a2" * 26
    for part in ("Dana%20Scully", "dana@example.test", secret, "a2" * 26):
        require_problem(stranger.get(f"{API}/organizations/{ORG}/{part}/requests/req-{'0' * 32}"), 404, "not-found")
        require_problem(stranger.delete(f"{BASE}/tokens/{part}"), 401, "token")
    admin = rest.administrator(fox)
    serial = rest.issue(admin, fox)["certificate"]["serial"]
    body = {"endpoint": "Dana Scully at the desk", "verdict": "ok"}
    require_problem(admin.post(f"{BASE}/certificates/{serial}/checks", json=body), 422, "endpoint")
    rest.service.integrate()
    with rest.service.house.database.read(rest.service.clock()) as tx:
        entries = [entry for log in (PROVIDER_LOG, f"o-{ORG}") for _, _, entry in audit.export(tx, log)]
    text = b"\n".join(entries).decode()
    assert f'"id":"{BASE}/tokens/..."' in text
    assert [word for word in ("Scully", "dana", "pst_", "a2" * 26, "desk") if word in text] == []
