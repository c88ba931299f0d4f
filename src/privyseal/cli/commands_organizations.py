"""`privyseal organization`: which organizations there are, what happened to them, and ending what must end now.

An operator on the machine goes through the same states as everybody, and vets nobody: that takes two people with credentials.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter

from privyseal.actions.beginning_trials import trial_form
from privyseal.actions.house import About, perform
from privyseal.actions.organization.close_organization import close_organization
from privyseal.actions.organization.resume_organization import resume_organization
from privyseal.actions.organization.suspend_organization import suspend_organization
from privyseal.actions.trial.create_trial import create_trial
from privyseal.cli.commands_people import OPERATOR
from privyseal.cli.house_setup import house_for_command
from privyseal.cli.rooms import Rooms
from privyseal.model.organization import Organization, vetted_until
from privyseal.model.rules import Tier
from privyseal.store import certificates, organization_events, organizations

Data = Annotated[Path, Parameter(help="The data directory of the service.")]
PAGE = 200


def organization_commands(program: App, rooms: Rooms) -> None:
    """Add the group to ``program``."""
    group = App(
        name="organization",
        help="Organizations: list, show, start a trial, suspend, resume, close. Vetting takes two people who are signed in.",
    )
    group.command(_list(rooms), name="list")
    group.command(_show(rooms), name="show")
    group.command(_trial(rooms), name="trial")
    group.command(_suspend(rooms), name="suspend")
    group.command(_resume(rooms), name="resume")
    group.command(_close(rooms), name="close")
    program.command(group)


def _list(rooms: Rooms) -> Callable[..., None]:
    def list_organizations(*, data: Data) -> None:
        """List all organizations by short name, with state and the day on which the vetting, or the trial, ends.

        Parameters
        ----------
        data
            The data directory of the service.
        """
        with house_for_command(data, rooms) as house, house.database.read(house.clock()) as tx:
            after, more = "", True
            while more:
                found = organizations.page(tx, after=after, limit=PAGE)
                for organization in found:
                    end = vetted_until(organization, Tier.PUBLIC)
                    ends = end or organization.trial_until
                    until = f"{ends:%Y-%m-%d}" if ends else "-"
                    print(f"{organization.slug:<40}  {organization.state.value:<9}  {until:<10}  {organization.name}")
                more = len(found) == PAGE
                after = found[-1].id if found else ""

    return list_organizations


def _show(rooms: Rooms) -> Callable[..., None]:
    def show(slug: str, /, *, data: Data) -> None:
        """Show what happened to an organization, and how many valid certificates closing it would revoke.

        Parameters
        ----------
        slug
            Short name of the organization.
        data
            The data directory of the service.
        """
        with house_for_command(data, rooms) as house, house.database.read(house.clock()) as tx:
            organization = organizations.require(tx, slug)
            entries = organization_events.of_organization(tx, organization.id)
            valid = certificates.count_valid(tx, organization.id)
        print(f"{organization.name} ({slug}): {organization.state.value}, valid certificates: {valid}")
        for entry in entries:
            print(f"{entry.at:%Y-%m-%d %H:%M} UTC  {entry.event.value:<9}  {entry.by_kind} {entry.by}  {entry.reason}".rstrip())

    return show


def _trial(rooms: Rooms) -> Callable[..., None]:
    def trial(slug: str, /, *, data: Data, name: str, person: str, email: str) -> None:
        """Start a trial: an organization that nobody vets, for thirty days, with test certificates that nobody trusts.

        Parameters
        ----------
        slug
            Short name; test- is written in front of it.
        data
            The data directory of the service.
        name
            Name of the organization; TEST is written in front of it.
        person
            Full name of its administrator.
        email
            Mail address of the administrator; the one-time link goes there.
        """
        fields = {"name": name, "slug": slug, "person_name": person, "person_email": email}
        about = About("create-trial", "", "organization", "new")
        with house_for_command(data, rooms) as house:
            made = perform(house, OPERATOR, about, create_trial, trial_form(fields))
        print(f"{made.name} ({made.slug}) goes on until {made.trial_until:%Y-%m-%d}. The one-time link is on its way to {email}.")

    return trial


def _move(rooms: Rooms, data: Path, slug: str, action: Callable[..., Organization], name: str, reason: str, **more: Any) -> None:  # noqa: ANN401 - what the action takes
    with house_for_command(data, rooms) as house:
        moved = perform(house, OPERATOR, About(name, slug, "organization", slug), action, slug, reason, **more)
    print(f"{moved.name} ({slug}) is {moved.state.value}.")


def _suspend(rooms: Rooms) -> Callable[..., None]:
    def suspend(slug: str, /, *, data: Data, reason: str) -> None:
        """Suspend an organization: nothing new is issued; its people may read and revoke.

        Parameters
        ----------
        slug
            Short name of the organization.
        data
            The data directory of the service.
        reason
            Why; it is mailed to the organization.
        """
        _move(rooms, data, slug, suspend_organization, "suspend-organization", reason)

    return suspend


def _resume(rooms: Rooms) -> Callable[..., None]:
    def resume(slug: str, /, *, data: Data, reason: str) -> None:
        """Resume a suspended organization.

        Parameters
        ----------
        slug
            Short name of the organization.
        data
            The data directory of the service.
        reason
            Why; it is mailed to the organization.
        """
        _move(rooms, data, slug, resume_organization, "resume-organization", reason)

    return resume


def _close(rooms: Rooms) -> Callable[..., None]:
    def close(slug: str, /, *, data: Data, reason: str, valid_certificates: int) -> None:
        """Close a suspended organization for ever: its credentials die at once, its certificates are revoked.

        Parameters
        ----------
        slug
            Short name of the organization.
        data
            The data directory of the service.
        reason
            Why; it is mailed to the organization.
        valid_certificates
            How many valid certificates are revoked with this, as `organization show` tells.
        """
        more = {"valid_certificates": valid_certificates}
        _move(rooms, data, slug, close_organization, "close-organization", reason, **more)

    return close
