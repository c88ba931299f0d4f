"""Departments: the tree, and what belongs where in it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query

from privyseal.actions.department.change_department import change_department
from privyseal.actions.department.close_department import close_department
from privyseal.actions.department.create_department import create_department
from privyseal.actions.department.move_administrator import move_administrator
from privyseal.actions.department.move_certificate import move_certificate
from privyseal.actions.department.move_department import move_department
from privyseal.actions.department.move_request import move_request
from privyseal.actions.house import About, perform
from privyseal.doors.rest.access import described, holder
from privyseal.doors.rest.addresses import AdministratorPath, Limit, RequestPath, SerialPath, Slug
from privyseal.doors.rest.authentication import CallerOf, Context
from privyseal.doors.rest.department_documents import (
    ClosingBody,
    DepartmentBody,
    DepartmentChangeBody,
    DepartmentDocument,
    DepartmentPage,
    PlaceBody,
)
from privyseal.doors.rest.documents import AdministratorDocument, CertificateDocument, RequestDocument
from privyseal.doors.rest.reading import read
from privyseal.doors.rest.representations import administrator_document, certificate_document, request_document
from privyseal.model.administrator import Permission
from privyseal.model.department import Department
from privyseal.model.identifiers import AdministratorId, DepartmentId, RequestId
from privyseal.model.organization import Organization
from privyseal.model.statement import utc_text
from privyseal.store import departments
from privyseal.store.database import Transaction

router = APIRouter(tags=["Departments"])

DepartmentPath = Annotated[str, Path(pattern=r"^dep-[0-9a-f]{32}$", description="Id of the department.")]
AfterPath = Annotated[str, Query(pattern=r"^(dep-[0-9a-f]{32}/){0,8}$", description="The `next` of the page before.")]


def _document(department: Department) -> DepartmentDocument:
    return DepartmentDocument(
        id=department.id,
        parent=department.parent_id,
        name=department.name,
        cost_center=department.cost_center,
        path=department.path.rstrip("/").split("/"),
        state=department.state.value,
        created_at=utc_text(department.created_at),
        closed_at=utc_text(department.closed_at) if department.closed_at else None,
    )


def _place(text: str) -> DepartmentId | None:
    return DepartmentId(text) if text else None


@router.get("/organizations/{org}/departments", **described(holder(Permission.READ), 403))
def list_departments(org: Slug, context: Context, caller: CallerOf, after: AfterPath = "", limit: Limit = 50) -> DepartmentPage:
    """List the departments in the order of the tree, those that the caller may read in alone."""

    def page(tx: Transaction, organization: Organization) -> DepartmentPage:
        scope = caller.actor.scope(Permission.READ)
        found = departments.page(tx, organization.id, scope=scope, after=after, limit=limit + 1)
        last = found[limit - 1].path if len(found) > limit else ""
        return DepartmentPage(items=[_document(item) for item in found[:limit]], next=last)

    return read(context, caller, About("list-departments", org, "organization", org), Permission.READ, page, scoped=True)


@router.post("/organizations/{org}/departments", status_code=201, **described(holder(Permission.MANAGE_DEPARTMENTS), 403, 409, post=True))
def create(org: Slug, body: DepartmentBody, context: Context, caller: CallerOf) -> DepartmentDocument:
    """Add a department below another one, or right below the organization."""
    about = About("create-department", org, "department", "new")
    parent = _place(body.parent)
    return _document(perform(context.house, caller.actor, about, create_department, org, body.name, parent, body.cost_center))


@router.put("/organizations/{org}/departments/{department}", **described(holder(Permission.MANAGE_DEPARTMENTS), 403, 409, post=True))
def change(org: Slug, department: DepartmentPath, body: DepartmentChangeBody, context: Context, caller: CallerOf) -> DepartmentDocument:
    """Give a department another name or cost center; the audit log keeps what it was called."""
    about = About("change-department", org, "department", department)
    wanted = (org, DepartmentId(department), body.name, body.cost_center)
    return _document(perform(context.house, caller.actor, about, change_department, *wanted))


@router.post("/organizations/{org}/departments/{department}/place", **described(holder(Permission.MANAGE_DEPARTMENTS), 403, 409, post=True))
def move(org: Slug, department: DepartmentPath, body: PlaceBody, context: Context, caller: CallerOf) -> DepartmentDocument:
    """Put a department with everything below it under another one."""
    about = About("move-department", org, "department", department)
    parent = _place(body.department)
    return _document(perform(context.house, caller.actor, about, move_department, org, DepartmentId(department), parent))


@router.post(
    "/organizations/{org}/departments/{department}/closing", **described(holder(Permission.MANAGE_DEPARTMENTS), 403, 409, post=True)
)
def close(org: Slug, department: DepartmentPath, body: ClosingBody, context: Context, caller: CallerOf) -> DepartmentDocument:
    """Close a department: what belongs to it stays, and nothing new comes in."""
    about = About("close-department", org, "department", department)
    return _document(perform(context.house, caller.actor, about, close_department, org, DepartmentId(department), body.reason))


@router.post("/organizations/{org}/requests/{request_id}/department", **described(holder(Permission.MOVE), 403, 409, post=True))
def place_request(org: Slug, request_id: RequestPath, body: PlaceBody, context: Context, caller: CallerOf) -> RequestDocument:
    """Let a request that is not decided belong to another department; approvals that it has count no more."""
    about = About("move-request", org, "request", request_id)
    moved = perform(context.house, caller.actor, about, move_request, org, RequestId(request_id), _place(body.department))
    return read(context, caller, about, None, lambda tx, organization: request_document(tx, organization, moved))


@router.post("/organizations/{org}/certificates/{serial}/department", **described(holder(Permission.MOVE), 403, 409, post=True))
def place_certificate(org: Slug, serial: SerialPath, body: PlaceBody, context: Context, caller: CallerOf) -> CertificateDocument:
    """Let a certificate, with the servers that use it, belong to another department."""
    house, about = context.house, About("move-certificate", org, "certificate", serial)
    moved = perform(house, caller.actor, about, move_certificate, org, serial, _place(body.department))
    return read(context, caller, about, None, lambda tx, organization: certificate_document(tx, house, organization, moved))


@router.post(
    "/organizations/{org}/administrators/{administrator_id}/department",
    **described(holder(Permission.MANAGE_ADMINISTRATORS), 403, 409, post=True),
)
def place_administrator(
    org: Slug, administrator_id: AdministratorPath, body: PlaceBody, context: Context, caller: CallerOf
) -> AdministratorDocument:
    """Let a person belong to another department, which says who sees him and nothing of what he may do."""
    about = About("move-administrator", org, "administrator", administrator_id)
    person_id = AdministratorId(administrator_id)
    moved = perform(context.house, caller.actor, about, move_administrator, org, person_id, _place(body.department))
    return read(context, caller, about, None, lambda tx, organization: administrator_document(tx, organization, moved))
