"""Record what a check from outside found on a server (architecture section 3 step 9, A47)."""

from __future__ import annotations

from privyseal.actions.house import House, record
from privyseal.model.actor import Actor, require_somewhere
from privyseal.model.administrator import Permission
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.errors import NotFound, Refused
from privyseal.model.request import read_endpoint
from privyseal.store import certificates, organizations
from privyseal.store.database import Transaction

VERDICTS = frozenset(
    {
        "ok",
        "name-mismatch",
        "untrusted-issuer",
        "expired",
        "not-yet-valid",
        "revoked",
        "other-certificate",
        "revocation-unknown",
        "unreachable",
    }
)


def record_check(house: House, tx: Transaction, actor: Actor, slug: str, serial_hex: str, endpoint: str, verdict: str) -> None:
    """Write the verdict into the log of the organization; raises NotFound, NotPermitted, Refused ``verdict`` or ``endpoint``."""
    organization = organizations.require(tx, slug)
    scope = require_somewhere(actor, Permission.READ, organization.id)
    if verdict not in VERDICTS:
        raise Refused("verdict", f"The verdict is one of {', '.join(sorted(VERDICTS))}.", field="verdict")
    certificate = certificates.by_serial(tx, organization.id, serial_hex, scope=scope)
    if certificate is None:
        raise NotFound("not-found", "There is no such certificate in your organization.")
    # Host and port alone: a free text could carry what the log must not have.
    place = read_endpoint(endpoint).address
    event = AuditEvent("check-certificate", Outcome.DONE, "certificate", serial_hex, certificate.sha256, f"{verdict} at {place}")
    record(house, tx, actor, slug, event)
