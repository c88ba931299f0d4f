"""What the services of whole folders of tests have from the beginning: two organizations, and the people whom a test asks for.

It is done once for each combination and then copied, because letting a person in takes longer than most tests.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from privyseal.model.administrator import Role
from tests.rigs.service import AdministratorRig, Beginning, ServiceRig

ORG, OTHER = "resource-marketing", "hoffman-brandt"
PEOPLE: Final = {
    "mulder": (ORG, "Fox Mulder", Role.SECURITY_ADMINISTRATOR),
    "admin": (ORG, "Fox Mulder", Role.SECURITY_ADMINISTRATOR),
    "fox": (ORG, "Fox Mulder", Role.SECURITY_ADMINISTRATOR),
    "brandt": (OTHER, "Helen Brandt", Role.SECURITY_ADMINISTRATOR),
    "helen": (OTHER, "Helen Brandt", Role.SECURITY_ADMINISTRATOR),
    "vera": ("", "Vera Vetter", Role.PROVIDER_ADMINISTRATOR),
}
"""Fixtures by their names, and who they are."""


def begin_with(units: int, fixtures: Sequence[str], *, alone: bool = False) -> tuple[tuple[str, ...], Beginning]:
    """The first organization, unless ``alone`` the second one, and those of the test's ``fixtures`` who are people of theirs."""
    people = tuple(sorted(name for name in fixtures if name in PEOPLE))

    def begin(rig: ServiceRig) -> dict[str, AdministratorRig]:
        rig.create_organization(units=units)
        if not alone:
            rig.create_organization(OTHER, name="Hoffman & Brandt", domains=("hoffman-brandt.test",))
        known = {person: rig.administrator(*person) for person in dict.fromkeys(PEOPLE[name] for name in people)}
        return {name: known[PEOPLE[name]] for name in people}

    return (f"{units} units", "one" if alone else "two", *people), begin


def named(rig: ServiceRig, name: str) -> AdministratorRig:
    """One of the people whom the test asks for, let in now where the beginning left that to the test."""
    begun: dict[str, AdministratorRig] = rig.begun or {}
    return begun.get(name) or rig.administrator(*PEOPLE[name])
