"""The audit log of an organization for whoever may read it: entries as stored, and the signed head."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response

from privyseal.actions.house import About
from privyseal.doors.rest.access import described, holder
from privyseal.doors.rest.addresses import Slug
from privyseal.doors.rest.authentication import CallerOf, Context
from privyseal.doors.rest.reading import read
from privyseal.model.administrator import Permission
from privyseal.model.audit import organization_log
from privyseal.model.errors import NotFound
from privyseal.store import audit
from privyseal.store.database import Transaction
from privyseal_wire.export import export_line

router = APIRouter(tags=["Audit"])

Start = Annotated[int, Query(ge=0, le=2**53 - 1, description="Index of the first entry.")]
Entries = Annotated[int, Query(ge=1, le=1000, description="How many entries at most.")]


@router.get(
    "/organizations/{org}/audit", response_class=Response, **described(holder(Permission.READ_AUDIT), 403, file="application/jsonl")
)
def export_audit(org: Slug, context: Context, caller: CallerOf, start: Start = 0, limit: Entries = 1000) -> Response:
    """Export entries as JSON Lines `{"index", "leaf_hash", "entry"}`; `entry` is the stored RFC 8785 text."""
    about = About("export-audit", org, "log", organization_log(org))
    return read(
        context, caller, about, Permission.READ_AUDIT, lambda tx, organization: lines(tx, organization_log(organization.slug), start, limit)
    )


@router.get(
    "/organizations/{org}/audit/checkpoint", response_class=Response, **described(holder(Permission.READ_AUDIT), 403, file="text/plain")
)
def show_checkpoint(org: Slug, context: Context, caller: CallerOf) -> Response:
    """Show the newest checkpoint, a C2SP signed note."""
    about = About("show-checkpoint", org, "log", organization_log(org))
    return read(context, caller, about, Permission.READ_AUDIT, lambda tx, organization: checkpoint(tx, organization_log(organization.slug)))


def lines(tx: Transaction, log: str, start: int, limit: int) -> Response:
    """Return integrated entries of a log as JSON Lines."""
    text = "".join(f"{export_line(index, entry)}\n" for index, _, entry in audit.export(tx, log, start=start, limit=limit))
    return Response(text, media_type="application/jsonl")


def checkpoint(tx: Transaction, log: str) -> Response:
    """Return the newest checkpoint of a log; raises NotFound before there is one."""
    newest = audit.newest_checkpoint(tx, log)
    if newest is None:
        raise NotFound("no-checkpoint", "This log has no checkpoint yet. The first one comes within a second of its first entry.")
    return Response(newest[1], media_type="text/plain; charset=utf-8")
