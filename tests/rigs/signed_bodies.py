"""What a friend would hand in over REST where a signature decides: made by the route, and signed by whoever asks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from privyseal.model.administrator import Role
from privyseal.model.change import ChangeKind
from privyseal.model.policy_draft import PolicyDraft
from privyseal_wire.statements import Invitation, Rejection, Revocation
from tests.rigs.changes import Proposed, policy_change, proposed, statement
from tests.rigs.everybody import Everybody
from tests.rigs.service import AdministratorRig

Body = dict[str, Any]


def _parties(house: Everybody, by: AdministratorRig) -> dict[str, str]:
    return {"service": house.service.settings.service_id, "organization": by.organization or "provider", "expires": house.end()}


def _approval(house: Everybody, by: AdministratorRig, objects: dict[str, str]) -> Body:
    request = house.known[objects["request_id"]]
    return {"signature": house.signed(house.service.approval_content(request, by), by)}


def _approvals(house: Everybody, by: AdministratorRig, objects: dict[str, str]) -> Body:
    return {"approvals": [{"request": objects["request_id"], **_approval(house, by, objects)}]}


def _rejection(house: Everybody, by: AdministratorRig, objects: dict[str, str]) -> Body:
    signed = Rejection(**_parties(house, by), request=objects["request_id"], approver=by.administrator.id, reason="No")
    return {"signature": house.signed(signed.to_bytes(), by)}


def _revocation(house: Everybody, by: AdministratorRig, objects: dict[str, str]) -> Body:
    signer, reason = by.administrator.id, "superseded"
    signed = Revocation(**_parties(house, by), ca="issuing", serial=objects["serial"], reason=reason, comment="", revoker=signer)
    return {"signature": house.signed(signed.to_bytes(), by)}


def _invitation(house: Everybody, by: AdministratorRig, _objects: dict[str, str]) -> Body:
    name, mail = f"New {house.number()}", "new@resource-marketing.test"
    signed = Invitation(**_parties(house, by), name=name, email=mail, role=Role.READ_ONLY.value, inviter=by.administrator.id)
    return {"signature": house.signed(signed.to_bytes(), by)}


def _proposal(house: Everybody, by: AdministratorRig, _objects: dict[str, str]) -> Body:
    change = change_of(house, by)
    return {"content": change.content.decode(), "signature": house.signed(statement(house.service, change, by), by)}


def _answer(house: Everybody, by: AdministratorRig, objects: dict[str, str]) -> Body:
    change = house.changes[objects["change_id"]]
    return {"signature": house.signed(statement(house.service, change, by), by)}


def change_of(house: Everybody, by: AdministratorRig) -> Proposed:
    """A change that nobody has proposed yet: of a policy, or of a price at the provider."""
    if by.organization:
        return policy_change(house.service, by.organization, PolicyDraft(name=f"inside-{house.number()}"))
    content = {"tier": "standard", "version": 1, "cents": 100, "currency": "EUR"}
    return proposed(ChangeKind.PRICE, "standard", 0, 2, content)


P: Final = "/organizations/{org}"
SIGNED: Final[dict[tuple[str, str], Callable[[Everybody, AdministratorRig, dict[str, str]], Body]]] = {
    ("POST", f"{P}/requests/{{request_id}}/approval"): _approval,
    ("POST", f"{P}/approvals"): _approvals,
    ("POST", f"{P}/requests/{{request_id}}/rejection"): _rejection,
    ("POST", f"{P}/certificates/{{serial}}/revocation"): _revocation,
    ("POST", f"{P}/administrators"): _invitation,
    ("POST", f"{P}/changes"): _proposal,
    ("POST", f"{P}/changes/{{change_id}}/answers"): _answer,
    ("POST", "/provider/changes"): _proposal,
    ("POST", "/provider/changes/{change_id}/answers"): _answer,
}
"""By method and path; other routes take what is sent as it is."""
