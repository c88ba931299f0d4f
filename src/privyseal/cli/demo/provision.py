"""Fills a new demo: a provider's administrator, one vetted organization with units, its administrator and an API token."""

from __future__ import annotations

import re
import threading
from dataclasses import replace
from pathlib import Path

from privyseal.actions.administrator.invite_administrator import invite_administrator
from privyseal.actions.house import About, perform
from privyseal.cli.demo.directory import DemoDirectory
from privyseal.cli.demo.resolver import DemoResolver
from privyseal.cli.demo.seal import Person, text_of, wait_for_letter
from privyseal.cli.house_setup import Opened
from privyseal.model.actor import Actor, ActorKind
from privyseal.model.administrator import PERMISSIONS, Role
from privyseal.model.errors import Unavailable

ORGANIZATION = "resource-marketing"
DOMAIN = "resource-marketing.test"
SHOP = "web-shop.localhost"
"""A second domain, of one server: browsers look for names below .localhost on their own computer."""

ADMINISTRATOR_MAIL = f"alex@{DOMAIN}"
OPERATOR = Actor(ActorKind.OPERATOR, "demo", permissions=PERMISSIONS[Role.PROVIDER_ADMINISTRATOR])
MAIL_SECONDS = 15.0


def anybody(directory: DemoDirectory, name: str) -> Person:
    """Return a person without a credential, with a folder of his own."""
    folder = directory.people / name
    folder.mkdir(mode=0o700, exist_ok=True)
    (folder / "seal.toml").touch(mode=0o600)
    return Person(directory.settings.base_url, directory.root_pem, folder, ORGANIZATION)


def enroll(person: Person, code: str) -> Person:
    """Turn a one-time code into an Administrator ID; the key is made in the person's own folder."""
    certificate, key = person.folder / "administrator.pem", person.folder / "administrator.key"
    enrolling = replace(person, certificate=certificate, key=key)
    enrolling.seal("administrator", "enroll", code)
    return enrolling


def with_credential(person: Person) -> Person:
    """Return the person as he enrolled earlier."""
    return replace(person, certificate=person.folder / "administrator.pem", key=person.folder / "administrator.key")


def provision(directory: DemoDirectory, opened: Opened, resolver: DemoResolver) -> Path:
    """Do everything that comes before the first request; return the file of the API token."""
    provider, second = (_provider(directory, opened, *person) for person in PROVIDER_PEOPLE)
    company = ("--name", "Resource Marketing, Inc.", "--country", "US", "--state", "Kentucky", "--locality", "Fort Thomas")
    provider.seal("organization", "create", ORGANIZATION, *company, "--contact-email", f"contact@{DOMAIN}")
    for name in (DOMAIN, SHOP):
        record = provider.seal("domain", "add", name)["dns_record"]
        resolver.set_txt(str(record["name"]), str(record["value"]))
        provider.seal("domain", "validate", name)
    _vet(provider, second, opened.house.clock().date().isoformat())
    provider.seal("order", "place", "5", "--purchase-order", "RM-2026-1")
    lives = ("--lifetime-days", "90", "--lifetime-days", "365", "--lifetime-days", "397")
    provider.seal("policy", "add", "tls-server", *lives, "--open-enrollment")
    provider.seal("administrator", "invite", "Alex Admin", ADMINISTRATOR_MAIL, "--role", "security-administrator", "--by-provider")
    code = code_from_mail(directory, ADMINISTRATOR_MAIL)
    administrator = enroll(anybody(directory, "administrator"), code)
    token = administrator.seal("token", "create", "demo", "--scope", "read", "--scope", "submit", "--scope", "read-audit")
    path = directory.people / "api-token"
    path.write_text(str(token["token"]))
    path.chmod(0o600)
    return path


PROVIDER_PEOPLE = (("provider", "Pat Provider", "pat@provider.test"), ("second", "Sam Second", "sam@provider.test"))
"""Two, because nobody vets an organization alone: Pat fills the checklist in, Sam concludes."""


def _provider(directory: DemoDirectory, opened: Opened, folder: str, name: str, email: str) -> Person:
    code = provider_code(opened, name, email)
    return replace(enroll(replace(anybody(directory, folder), organization=""), code), organization=ORGANIZATION)


def provider_code(opened: Opened, name: str, email: str) -> str:
    """Invite somebody of the provider, as the operator does on the machine; return the one-time code."""
    about = About("invite-administrator", "", "administrator", "new")
    return perform(opened.house, OPERATOR, about, invite_administrator, "", name, email, Role.PROVIDER_ADMINISTRATOR).code


FOUND = (
    ("legal-existence", "Register of companies, excerpt 4711", ""),
    ("address", "Register of companies, excerpt 4711", ""),
    ("telephone", "Public directory", "+1 859 555 0100"),
    ("right-to-act", "Letter of authorization, confirmed by call back", ""),
    ("domains", "Record in the DNS of the domain", ""),
)


def _vet(vetter: Person, second: Person, today: str) -> None:
    """Fill the checklist in and let somebody else conclude, with the commands that any provider uses."""
    evidence = vetter.folder / "excerpt.txt"
    evidence.write_text(
        "Register of companies, excerpt 4711: Resource Marketing, Inc., Fort Thomas, Kentucky. Only for this demonstration.\n"
    )
    vetter.seal("vetting", "begin", ORGANIZATION)
    for item, source, telephone in FOUND:
        call = ("--telephone", telephone) if telephone else ()
        vetter.seal("vetting", "record", ORGANIZATION, item, "--source", source, "--seen-on", today, *call)
    for item in ("legal-existence", "right-to-act"):
        vetter.seal("vetting", "attach", ORGANIZATION, item, str(evidence))
    vetter.seal("vetting", "submit", ORGANIZATION)
    second.seal("vetting", "conclude", ORGANIZATION)


def code_from_mail(directory: DemoDirectory, address: str) -> str:
    """Return the one-time code of the invitation that was mailed to an address."""
    letter = text_of(wait_for_letter(directory.mail, address, ("administrator",), MAIL_SECONDS, threading.Event()))
    found = re.search(r"seal administrator enroll\b.*?\b([a-z2-7]{52})\b", letter, re.DOTALL)
    if found is None:
        raise Unavailable("demo-mail", "The invitation carries no one-time code.")
    return found.group(1)
