"""What REST says of departments, of roles, and of what belongs where; and the bodies that change it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from privyseal.doors.rest.bodies import Body, Text
from privyseal.doors.rest.documents import Document, Time

NONE = "Id of a department; empty for the organization itself."


class DepartmentDocument(Document):
    """A department; `path` are the ids from the top of the tree down to its own."""

    id: str
    parent: str | None = None
    name: str
    cost_center: str
    path: list[str]
    state: Literal["open", "closed"]
    created_at: Time
    closed_at: Time | None = None


class DepartmentPage(Document):
    """Departments in the order of the tree; `next` is the `after` of the next page, or empty."""

    items: list[DepartmentDocument]
    next: str


class AssignmentDocument(Document):
    """A role that a person has, or had; `department` is left out for the whole organization."""

    id: str
    administrator: str
    role: str
    department: str | None = None
    given_at: Time
    given_by: str
    ended_at: Time | None = None
    ended_by: str | None = None


class HeldRoles(Document):
    """Every role that a person ever had, the oldest first."""

    items: list[AssignmentDocument]


class ApprovedCertificate(Document):
    """A certificate that a person approved, and when."""

    serial: str
    common_name: str
    state: str
    approved_at: Time
    issued_at: Time


class ApprovedCertificates(Document):
    """Certificates that a person approved, the newest first; `next` is the `after` of the next page, or empty."""

    items: list[ApprovedCertificate]
    next: str


class DepartmentBody(Body):
    """A new department."""

    name: Text = Field(description="Its name; no other open one at the same place has it.", examples=["Motor vehicles"])
    parent: Text = Field(default="", description=NONE)
    cost_center: Text = Field(default="", description="Where its certificates are charged to.")


class DepartmentChangeBody(Body):
    """What an open department is called from now on."""

    name: Text = Field(description="Its name.", examples=["Motor vehicles"])
    cost_center: Text = Field(default="", description="Where its certificates are charged to.")


class ClosingBody(Body):
    """Why a department is closed."""

    reason: Text = Field(description="Why; the audit log keeps it.", examples=["The office moved to the ministry."])


class PlaceBody(Body):
    """Where something belongs from now on."""

    department: Text = Field(description=NONE)
