"""`privyseal administrator` and `privyseal token`: what they offer, and what a refusal leaves in the log."""

from __future__ import annotations

import json
from typing import get_args

import pytest
from cyclopts import CoercionError

from privyseal.doors.rest.bodies import TokenBody
from privyseal.model.administrator import TOKEN_SCOPES, Permission, Role
from privyseal.model.audit import PROVIDER_LOG, organization_log
from privyseal.model.errors import Conflict, NotFound, PrivysealError
from privyseal.store import audit
from privyseal_agent.commands.token import Scope
from tests.rigs.operator import run_command
from tests.rigs.service import ServiceRig

ORG = "resource-marketing"
NAME, MAIL = "Skinner", "walter.skinner@resource-marketing.test"


def whole_log(service: ServiceRig) -> list[dict[str, object]]:
    """Every entry of both logs."""
    service.integrate()
    with service.house.database.read(service.clock()) as tx:
        return [json.loads(entry) for log in (PROVIDER_LOG, organization_log(ORG)) for _, _, entry in audit.export(tx, log)]


def require_nothing_of(service: ServiceRig, *texts: str) -> None:
    """No entry has any of these words."""
    log = json.dumps(whole_log(service))
    assert [text for text in texts if text.casefold() in log.casefold()] == []


def test_a_refused_invitation_leaves_no_name_in_the_log(service: ServiceRig) -> None:
    service.create_organization()
    run_command(service, "administrator", "invite", "--name", NAME, "--email", MAIL)
    with pytest.raises(Conflict):
        run_command(service, "administrator", "invite", "--name", NAME, "--email", f"other.{MAIL}")
    with pytest.raises(PrivysealError):
        run_command(service, "administrator", "invite", "--name", NAME, "--email", MAIL, "--organization", ORG)
    require_nothing_of(service, NAME, "walter", "@")
    refused = [
        entry["object"] for entry in whole_log(service) if (entry["action"], entry["outcome"]) == ("invite-administrator", "refused")
    ]
    assert refused == [{"kind": "administrator", "id": service.house.personal_hash(NAME), "sha256": ""}] * 2


def test_a_name_in_the_place_of_a_fingerprint_or_of_a_purpose_is_not_logged(service: ServiceRig) -> None:
    service.create_organization()
    with pytest.raises(NotFound):
        run_command(service, "administrator", "revoke", f"Walter {NAME}")
    with pytest.raises(NotFound):
        run_command(service, "administrator", "revoke", MAIL)
    with pytest.raises(PrivysealError):
        run_command(service, "token", "create", "--organization", ORG, "--name", f"for {NAME}", "--scopes", "read", "--days", "1000")
    require_nothing_of(service, NAME, "walter", "@")
    assert {entry["action"] for entry in whole_log(service) if entry["outcome"] == "refused"} == {"revoke-credential", "create-api-token"}


def test_every_entrance_offers_the_scopes_that_work(service: ServiceRig, capsys: pytest.CaptureFixture[str]) -> None:
    service.create_organization()
    words = ("token", "create", "--organization", ORG, "--scopes")
    working = {scope.value for scope in TOKEN_SCOPES}
    for permission in Permission:
        if permission in TOKEN_SCOPES:
            run_command(service, *words, permission.value, "--name", f"program {permission.value}")
            assert capsys.readouterr().out.startswith("pst_")
        else:
            with pytest.raises(CoercionError):
                run_command(service, *words, permission.value, "--name", "program")
    assert set(get_args(Scope)) == working
    assert set(TokenBody.model_json_schema()["properties"]["scopes"]["items"]["enum"]) == working


def test_roles_are_offered_by_name(service: ServiceRig, capsys: pytest.CaptureFixture[str]) -> None:
    service.create_organization()
    words = ("administrator", "invite", "--name", NAME, "--email", MAIL, "--organization", ORG, "--role")
    run_command(service, *words, Role.AUDITOR.value)
    assert len(capsys.readouterr().out.strip()) == 52
