"""Letting the last security administrator in again, signed with the key of the administrators' CA as the operator does."""

from __future__ import annotations

from privyseal.engine.recovery import sign_recovery
from privyseal.model.administrator import Role
from tests.rigs.service import ServiceRig, mail_of


def recovery_of(service: ServiceRig, slug: str, name: str, *, replaces: str | None = None) -> bytes:
    """CMS over the operator's invitation of somebody with this name."""
    authority = service.house.administrators_authority
    return sign_recovery(
        authority,
        service.keys[authority.id],
        service=service.settings.service_id,
        organization=slug,
        name=name,
        email=mail_of(name, slug),
        role=Role.SECURITY_ADMINISTRATOR.value,
        now=service.clock(),
        replaces=replaces,
    )
