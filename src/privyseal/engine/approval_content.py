"""Whether what an administrator signed is what the service would certify, byte for byte (I14).

Asked twice about each approval, by the entrance and again by the issuer, each with rows that it read itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from privyseal.model.errors import Refused
from privyseal.model.policy import Policy
from privyseal.model.request import Request
from privyseal.model.statement import approval_fields
from privyseal_wire.canonical import canonical_bytes, parse_json
from privyseal_wire.fields import read_time
from privyseal_wire.statements import Approval

_END: Final = re.compile(rb'"expires":"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z)"')


FIELDS: Final = {
    "service": "the service",
    "organization": "the organization",
    "expires": "the end of the approval",
    "request": "the request",
    "approver": "who approves",
    "spki_sha256": "the key",
    "names": "the names",
    "endpoints": "the servers",
    "subject": "the subject",
    "lifetime_days": "the days it lasts",
    "contact": "the contact",
    "policy": "the policy",
    "unit_tier": "the unit",
    "decision": "the decision",
    "replaces": "the certificate that it replaces",
    "department": "the department",
    "custom_fields": "the organization's own fields",
    "kind": "whether it is new or a reissue",
    "type": "the kind of statement",
}
"""Fields of an approval as a person calls them."""


def require_approved(content: bytes, request: Request, policy: Policy, *, service: str, organization: str, approver: str) -> datetime:
    """Return the end of an approval whose signed bytes are those of this request, policy version and approver.

    Whether the end has come is the caller's question. Raises Refused ``approval-content`` naming the fields that differ;
    CanonicalRefused or StatementRefused for bytes that are no approval.
    """
    expires = _claimed_end(content)
    expected = approval_fields(request, policy, service=service, organization=organization, approver=approver, expires=expires)
    # Equal bytes have the type, the form and every value of the expected ones. Only the end is the signer's own choice.
    if canonical_bytes(expected) == content:
        return read_time("expires", expires)
    raise _difference(Approval.from_bytes(content).to_fields(), expected)


def _claimed_end(content: bytes) -> str:
    # Wherever this was found, the content is then compared as a whole; reading all of it is for content that has another form.
    found = _END.search(content)
    if found is not None:
        return found[1].decode("ascii")
    fields = parse_json(content)
    end = fields.get("expires") if isinstance(fields, dict) else None
    return end if isinstance(end, str) else ""


def _difference(signed: Mapping[str, object], expected: Mapping[str, object]) -> Refused:
    names = sorted(name for name in expected.keys() | signed.keys() if _field_bytes(expected, name) != _field_bytes(signed, name))
    listed = ", ".join(FIELDS.get(name, name) for name in names)
    sentence = f"What was signed is not this request: {listed} differ. Look at the request again and sign what it says now."
    return Refused("approval-content", sentence)


def _field_bytes(fields: Mapping[str, object], name: str) -> bytes:
    return canonical_bytes({"v": fields.get(name, "")})
