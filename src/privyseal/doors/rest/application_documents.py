"""What applicants and the provider send and get about applications and trials, and how it is made of their own values."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from privyseal.doors.rest.bodies import Body, Text
from privyseal.doors.rest.documents import Document, Time
from privyseal.model.application import Application
from privyseal.model.statement import utc_text
from privyseal.model.trial import Trial

ApplicationStates = Literal["unconfirmed", "applied", "taken-up", "rejected"]


class ApplicationBody(Body):
    """What somebody writes who applies to become an organization. Nothing of it is believed: the provider looks everything up."""

    name: Text = Field(description="Legal name.", examples=["Resource Marketing, Inc."])
    registration_number: Text = Field(description="In the register of companies.", examples=["HRB 4711"])
    country: Text = Field(description="Two-letter code.", examples=["US"])
    state_or_province: Text = Field(default="", description="State or province, spelled out.", examples=["Kentucky"])
    locality: Text = Field(description="City.", examples=["Fort Thomas"])
    address: Text = Field(description="Street and number, postal code.", examples=["1 Main Street, 41075"])
    telephone: Text = Field(description="With the country code.", examples=["+1 859 555 0100"])
    website: Text = Field(default="", description="With https:// in front.", examples=["https://resource-marketing.test/"])
    slug: Text = Field(description="The short name that is wished for.", examples=["resource-marketing"])
    domains: list[Text] = Field(description="Domains, one to twenty.", examples=[["resource-marketing.test"]], max_length=20)
    corporate_name: Text = Field(description="Somebody who may bind the organization.", examples=["Alex Krycek"])
    corporate_email: Text = Field(description="The letter to confirm goes there.", examples=["alex@resource-marketing.test"])
    technical_name: Text = Field(default="", description="Technical contact.")
    technical_email: Text = Field(default="", description="Mail address of the technical contact.")
    billing_name: Text = Field(default="", description="Billing contact.")
    billing_email: Text = Field(default="", description="Mail address of the billing contact.")
    administrator_name: Text = Field(description="The first administrator.", examples=["Fox Mulder"])
    administrator_email: Text = Field(description="The one-time link goes there.", examples=["fox@resource-marketing.test"])

    def fields(self) -> dict[str, str]:
        """Return what the form of the page would have sent."""
        return self.model_dump(exclude={"domains"}) | {"domains": "\n".join(self.domains)}


class TrialBody(Body):
    """What somebody writes who wants to try the service."""

    name: Text = Field(description="Name of the organization; TEST is written in front of it.", examples=["Resource Marketing"])
    slug: Text = Field(description="Short name; test- is written in front of it.", examples=["resource-marketing"])
    person_name: Text = Field(description="Full name of the administrator.", examples=["Fox Mulder"])
    person_email: Text = Field(description="Mail address of the administrator.", examples=["fox@resource-marketing.test"])


class TakeUpBody(Body):
    """Under which short name an application is taken up."""

    slug: Text = Field(description="Short name in addresses; it never changes.", examples=["resource-marketing"])


class Received(Document):
    """What was received; `id` belongs to the code that is mailed."""

    id: str
    state: Literal["unconfirmed", "applied", "taken-up", "rejected", "started"]


class ApplicationDocument(Document):
    """An application, word for word as it was written."""

    id: str
    state: ApplicationStates
    name: str
    registration_number: str
    country: str
    state_or_province: str
    locality: str
    address: str
    telephone: str
    website: str
    slug: str
    domains: list[str]
    corporate_name: str
    corporate_email: str
    technical_name: str
    technical_email: str
    billing_name: str
    billing_email: str
    administrator_name: str
    administrator_email: str
    created_at: Time
    confirmed_at: Time | None = None
    decided_at: Time | None = None
    decided_by: str
    reason: str


class ApplicationPage(Document):
    """Applications, the newest first."""

    items: list[ApplicationDocument]
    next: str


def application_document(application: Application) -> ApplicationDocument:
    """Return an application."""
    form = application.form
    texts = {name: getattr(form, name) for name in ApplicationBody.model_fields if name != "domains"}
    return ApplicationDocument(
        **texts,
        id=application.id,
        state=application.state.value,
        domains=list(form.domains),
        created_at=utc_text(application.created_at),
        confirmed_at=utc_text(application.confirmed_at) if application.confirmed_at else None,
        decided_at=utc_text(application.decided_at) if application.decided_at else None,
        decided_by=application.decided_by,
        reason=application.reason,
    )


def received(wish: Application | Trial) -> Received:
    """Return what whoever applied learns: its id and its state."""
    return Received(id=wish.id, state=wish.state.value)
