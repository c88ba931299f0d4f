"""What an administrator signs, computed here from what was shown, and compared with what the service expects.

The service may show one thing and ask for a signature over another (docs/threat-model.md). So the statement is made
on this computer from the fields of the request, its key is read from the CSR itself, and bytes of the service are
compared with, never signed.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Final

from privyseal_agent.errors import Refused
from privyseal_agent.keys.csr import spki_sha256
from privyseal_agent.rest.documents import Document
from privyseal_wire.canonical import parse_canonical
from privyseal_wire.errors import WireError
from privyseal_wire.statements import Approval, Invitation, PolicyReference, Rejection, Renewal, Revocation

STATEMENT_LIFE: Final = timedelta(minutes=10)
INVITATION_LIFE: Final = timedelta(minutes=70)
"""An invitation counts until the person used the one-time link, which is good for an hour."""


def end_of(now: datetime, life: timedelta = STATEMENT_LIFE) -> str:
    """Return when a statement of this moment ends, as RFC 3339 in UTC with whole seconds."""
    return (now.astimezone(UTC) + life).strftime("%Y-%m-%dT%H:%M:%SZ")


def approval_of(request: Document, *, service: str, organization: str, approver: str, expires: str) -> Approval:
    """Return the approval of a request as it was shown; ``approver`` is the administrator's id, ``expires`` RFC 3339.

    Raises Refused ``organization-differs`` when the request is of another organization, ``key-differs`` when its
    CSR has another key than the one shown, ``answer`` for a missing field, and StatementRefused for one out of form.
    """
    _require_organization(request, organization)
    key = spki_sha256(request.text("csr"))
    if key != request.text("spki_sha256"):
        sentence = (
            "The service shows another key than the one in the CSR of this request. Nothing was signed. Tell your provider's support."
        )
        raise Refused("key-differs", sentence)
    policy = request.part("policy")
    return Approval(
        service=service,
        organization=organization,
        expires=expires,
        request=request.text("id"),
        approver=approver,
        policy=PolicyReference(policy.text("id"), policy.integer("version"), policy.text("sha256")),
        subject=request.pairs("subject"),
        names=tuple(sorted(request.texts("names"))),
        spki_sha256=key,
        lifetime_days=request.integer("lifetime_days"),
        endpoints=request.texts("endpoints"),
        unit_tier=request.text("unit_tier"),
        contact=request.part("contact").text("email"),
        replaces=request.maybe("replaces") or None,
        department=request.maybe("department") or None,
        custom_fields=tuple((item.text("name"), item.text("value")) for item in _filled_in(request)) or None,
    )


def _filled_in(request: Document) -> tuple[Document, ...]:
    # A service of an earlier release knows no such fields.
    return request.parts("custom_fields") if "custom_fields" in request.fields else ()


def rejection_of(request: Document, *, service: str, organization: str, approver: str, reason: str, expires: str) -> Rejection:
    """Return the rejection of a request for ``reason``, which its contact will read; raises as :func:`approval_of`."""
    _require_organization(request, organization)
    return Rejection(
        service=service, organization=organization, expires=expires, request=request.text("id"), approver=approver, reason=reason
    )


def revocation_of(
    authority: str, serial: str, *, service: str, organization: str, revoker: str, reason: str, comment: str, expires: str
) -> Revocation:
    """Return the revocation of the certificate with this serial (hex) of this CA; raises StatementRefused."""
    return Revocation(
        service=service,
        organization=organization,
        expires=expires,
        ca=authority,
        serial=serial,
        reason=reason,
        comment=comment,
        revoker=revoker,
    )


def invitation_of(
    name: str, email: str, role: str, *, service: str, organization: str, inviter: str, expires: str, replaces: str | None = None
) -> Invitation:
    """Return the invitation of a person as the Administrator ID will name him; raises StatementRefused.

    Blanks around the name go, and the domain of the address becomes lower case: they are one thing in every spelling.
    """
    local, at, domain = email.strip().rpartition("@")
    return Invitation(
        service=service,
        organization=organization,
        expires=expires,
        name=name.strip(),
        email=f"{local}{at}{domain.lower()}",
        role=role,
        inviter=inviter,
        replaces=replaces,
    )


def renewal_of(*, service: str, organization: str, administrator: str, kind: str, replaces: str, csr_pem: str, expires: str) -> Renewal:
    """Return what its owner signs to get the next Administrator ID for the key of a CSR; raises Refused ``csr``, StatementRefused."""
    return Renewal(
        service=service,
        organization=organization,
        expires=expires,
        administrator=administrator,
        kind=kind,
        replaces=replaces,
        spki_sha256=spki_sha256(csr_pem),
    )


def require_same(own: bytes, expected: bytes) -> None:
    """Raise Refused ``approval-content`` naming the first field in which the service's bytes differ from our own."""
    if own == expected:
        return
    try:
        theirs = parse_canonical(expected)
    except WireError as error:
        raise _differs("form", "its content is not canonical JSON") from error
    ours = parse_canonical(own)
    for name in sorted(ours.keys() | theirs.keys()):
        if ours.get(name) != theirs.get(name):
            shown, asked = _brief(ours.get(name)), _brief(theirs.get(name))
            raise _differs(name, f"{name} is {shown} as shown, and {asked} as the service wants it signed")


def _require_organization(request: Document, organization: str) -> None:
    found = request.text("organization")
    if found != organization:
        sentence = f"The request belongs to the organization {found}, not to {organization}. Nothing was signed."
        raise Refused("organization-differs", sentence)


def _differs(field: str, what: str) -> Refused:
    sentence = f"The service expects another approval than the one you see: {what}. Nothing was signed. Tell your provider's support."
    return Refused("approval-content", sentence, field=field)


def _brief(value: object) -> str:
    text = json.dumps(value)
    return "missing" if value is None else text if len(text) <= 120 else text[:119] + "…"
