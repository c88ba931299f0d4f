"""Changes under dual control on this computer: their content is made, compared and signed here."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final
from urllib.parse import quote

from privyseal_agent.decisions import end_of
from privyseal_agent.desk import Desk
from privyseal_agent.errors import Refused
from privyseal_agent.rest.client import PROVIDER, Service
from privyseal_agent.rest.documents import Document
from privyseal_wire.canonical import canonical_bytes, parse_canonical
from privyseal_wire.errors import WireError
from privyseal_wire.statements import Change

CONTENT_TYPE: Final = "privyseal.change-content.v1"
CHANGE_LIFE: Final = timedelta(days=7) - timedelta(minutes=5)
"""As long as signatures are collected, less what clocks differ."""


def content_of(kind: str, subject: str, base: int, quorum: int, value: Mapping[str, object]) -> bytes:
    """Return the canonical content of a change."""
    return canonical_bytes({"type": CONTENT_TYPE, "kind": kind, "subject": subject, "base": base, "quorum": quorum, "value": dict(value)})


def side_path(service: Service, *parts: str) -> str:
    """Return the path of something of the organization, or of the provider where no organization is set."""
    return service.path(*parts) if service.settings.organization else "/".join(("/provider", *(quote(part, safe="") for part in parts)))


def new_id(prefix: str, desk: Desk) -> str:
    """Return an id of random digits."""
    return f"{prefix}-{desk.random_bytes(16).hex()}"


def sign_about(
    service: Service,
    desk: Desk,
    change_id: str,
    kind: str,
    content: bytes,
    *,
    decision: str = "sign",
    reason: str = "",
    of_provider: bool = False,
) -> str:
    """Return a signature that says something about a change with this content; raises StatementRefused, Refused."""
    identity = service.require_identity()
    statement = Change(
        service=service.about.text("service"),
        organization=PROVIDER if of_provider else service.settings.require_organization(),
        expires=end_of(desk.now(), CHANGE_LIFE),
        change=change_id,
        kind=kind,
        content_sha256=hashlib.sha256(content).hexdigest(),
        signer=identity.person if of_provider else service.administrator_id(),
        decision=decision,
        reason=reason,
    )
    return identity.sign(statement.to_bytes(), desk.now())


def read_change(change: Document) -> tuple[bytes, dict[str, Any]]:
    """Return content and fields of a change as the service shows it; raises Refused ``change-differs`` when its digest is another one."""
    content = change.text("content").encode()
    if hashlib.sha256(content).hexdigest() != change.text("content_sha256"):
        raise Refused("change-differs", "The service shows another content than the one of its digest. Nothing was signed.")
    try:
        fields = parse_canonical(content)
    except WireError as error:
        raise Refused("change-differs", f"The content of the change cannot be read: {error.sentence}") from error
    if (fields.get("type"), fields.get("kind"), fields.get("subject")) != (CONTENT_TYPE, change.text("kind"), change.text("subject")):
        raise Refused("change-differs", "The service shows another kind or subject than the content has. Nothing was signed.")
    return content, fields
