"""What an administrator signs, as plain fields (architecture section 4).

The canonical bytes are made by privyseal_wire; here stands which facts of a request go into them, once for the
service and its tests. The administrator's own program computes the same bytes from what it shows him.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from privyseal.model.errors import Refused
from privyseal.model.policy import Policy
from privyseal.model.request import Request

MAXIMUM_STATEMENT_LIFE = timedelta(days=7)
MAXIMUM_REVOCATION_LIFE = timedelta(hours=24)
MAXIMUM_ASSIGNMENT_LIFE = timedelta(hours=24)
MAXIMUM_INVITATION_LIFE = timedelta(hours=2)
"""An invitation counts until its one-time link is used, at most an hour after it was handed in."""


def utc_text(moment: datetime) -> str:
    """RFC 3339 in UTC with whole seconds, the only form a statement carries."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def approval_fields(request: Request, policy: Policy, *, service: str, organization: str, approver: str, expires: str) -> dict[str, object]:
    """Return the fields of ``privyseal.approval.v1`` for this request, this policy version and this approver."""
    fields: dict[str, object] = {
        "type": "privyseal.approval.v1",
        "service": service,
        "organization": organization,
        "request": request.id,
        "decision": "approve",
        "approver": approver,
        "policy": {"id": policy.id, "version": policy.version, "sha256": policy.sha256},
        "subject": [[field.value, value] for field, value in request.subject],
        "names": sorted(f"{kind.value}:{name}" for kind, name in request.names),
        "spki_sha256": request.spki_sha256,
        "lifetime_days": request.lifetime_days,
        "endpoints": [endpoint.text() for endpoint in request.endpoints],
        "unit_tier": request.unit_tier,
        "contact": request.contact_email,
        "expires": expires,
    }
    if request.replaces_serial_hex:
        fields["replaces"] = request.replaces_serial_hex
    if request.department_id is not None:
        fields["department"] = request.department_id
    if request.custom_fields:
        fields["custom_fields"] = [[name, value] for name, value in request.custom_fields]
    return fields


def require_unexpired(expires: str, now: datetime, longest: timedelta) -> datetime:
    """Return the end of a statement; raises as :func:`require_current`, and ValueError for another form."""
    end = datetime.strptime(expires, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    require_current(end, now, longest)
    return end


def require_current(end: datetime, now: datetime, longest: timedelta) -> None:
    """Raise Refused ``statement-expired`` or ``statement-life`` unless a statement that ends at ``end`` counts now."""
    if end <= now:
        raise Refused("statement-expired", f"The signed statement expired at {utc_text(end)}. Look at the request again and sign anew.")
    if end > now + longest:
        raise Refused("statement-life", f"A signed statement of this kind may be valid for at most {longest}. Sign one that ends sooner.")
