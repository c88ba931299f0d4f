"""Applications of those who want to become an organization, and the contacts of organizations with their history."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from privyseal.model.application import Application, ApplicationState, ContactKind, Form
from privyseal.model.errors import NotFound
from privyseal.model.identifiers import ApplicationId, OrganizationId
from privyseal.model.organization import Organization
from privyseal.store.database import Transaction
from privyseal.store.schema import Digest, Id, Sequence, UtcTime, metadata

applications = sa.Table(
    "applications",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("form", sa.Text, nullable=False),
    sa.Column("code_hash", Digest, nullable=False),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("confirmed_at", UtcTime),
    sa.Column("decided_at", UtcTime),
    sa.Column("decided_by", Id, nullable=False),
    sa.Column("reason", sa.String(1000), nullable=False),
    sa.Column("organization_id", Id, sa.ForeignKey("organizations.id"), index=True),
    sa.Index("ix_applications_list", "state", "id"),
)

organization_contacts = sa.Table(
    "organization_contacts",
    metadata,
    sa.Column("position", Sequence, primary_key=True, autoincrement=True),
    sa.Column("organization_id", Id, sa.ForeignKey("organizations.id"), nullable=False, index=True),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("name", sa.String(64), nullable=False),
    sa.Column("email", sa.String(254), nullable=False),
    sa.Column("by", Id, nullable=False),
    sa.Column("at", UtcTime, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact of an organization, from ``at`` on until the next one of its kind."""

    kind: ContactKind
    name: str
    email: str
    by: str
    at: datetime


def insert(tx: Transaction, application: Application) -> None:
    """Add an application."""
    values = {column.name: getattr(application, column.name) for column in applications.columns}
    plain = values | {"state": application.state.value, "form": json.dumps(dataclasses.asdict(application.form))}
    tx.execute(applications.insert().values(**plain))


def _application(row: Any) -> Application:  # noqa: ANN401 - a row of the table above
    form = json.loads(row.form)
    read = Form(**form | {"domains": tuple(form["domains"])})
    return Application(**{**row._mapping, "state": ApplicationState(row.state), "form": read})


def require(tx: Transaction, application_id: ApplicationId) -> Application:
    """Return the application; raises NotFound."""
    row = tx.execute(applications.select().where(applications.c.id == application_id)).first()
    if row is None:
        raise NotFound("not-found", "There is no such application.")
    return _application(row)


def of_organization(tx: Transaction, organization_id: OrganizationId) -> Application | None:
    """Return what an organization applied with, or None for one that the provider entered."""
    row = tx.execute(applications.select().where(applications.c.organization_id == organization_id)).first()
    return None if row is None else _application(row)


def page(tx: Transaction, state: ApplicationState, *, before: str = "", limit: int = 50) -> list[Application]:
    """Return applications in a state, the newest first, before the id ``before``."""
    statement = applications.select().where(applications.c.state == state.value)
    if before:
        statement = statement.where(applications.c.id < before)
    return [_application(row) for row in tx.execute(statement.order_by(applications.c.id.desc()).limit(limit))]


def count(tx: Transaction, state: ApplicationState) -> int:
    """Return how many applications are in a state."""
    statement = sa.select(sa.func.count()).select_from(applications).where(applications.c.state == state.value)
    return int(tx.execute(statement).scalar_one())


def confirm(tx: Transaction, application_id: ApplicationId, code_hash: str, since: datetime) -> bool:
    """Confirm an application of the time after ``since`` by its code; tells whether this call did."""
    statement = applications.update().where(
        applications.c.id == application_id,
        applications.c.code_hash == code_hash,
        applications.c.state == ApplicationState.UNCONFIRMED.value,
        applications.c.created_at > since,
    )
    return tx.changed(statement.values(state=ApplicationState.APPLIED.value, confirmed_at=tx.now)) == 1


def decide(tx: Transaction, application_id: ApplicationId, target: ApplicationState, **values: object) -> bool:
    """Decide about a confirmed application once; tells whether it waited for that."""
    statement = applications.update().where(applications.c.id == application_id, applications.c.state == ApplicationState.APPLIED.value)
    return tx.changed(statement.values(state=target.value, decided_at=tx.now, **values)) == 1


def add_contact(tx: Transaction, organization_id: OrganizationId, contact: Contact) -> None:
    """Name a contact from now on; earlier ones of its kind stay in the history."""
    values = {"kind": contact.kind.value, "name": contact.name, "email": contact.email, "by": contact.by, "at": contact.at}
    tx.execute(organization_contacts.insert().values(organization_id=organization_id, **values))


def contacts_of(tx: Transaction, organization_id: OrganizationId) -> list[Contact]:
    """Return every contact that an organization ever had, the oldest first; the last one of a kind is the one that counts."""
    scope = organization_contacts.c.organization_id == organization_id
    rows = tx.execute(organization_contacts.select().where(scope).order_by(organization_contacts.c.position))
    return [Contact(ContactKind(row.kind), row.name, row.email, row.by, row.at) for row in rows]


def current_contacts(tx: Transaction, organization: Organization) -> dict[ContactKind, Contact]:
    """Return who is what contact now. Who the corporate contact is, the record says; a name is known where one was given."""
    found = {contact.kind: contact for contact in contacts_of(tx, organization.id)}
    known = found.get(ContactKind.CORPORATE)
    if organization.contact_email and (known is None or known.email != organization.contact_email):
        found[ContactKind.CORPORATE] = Contact(ContactKind.CORPORATE, "", organization.contact_email, "", organization.created_at)
    return found
