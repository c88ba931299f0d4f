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
    about = About("invite-administrator", "", "administrator", "new")
    invited = perform(
        opened.house, OPERATOR, about, invite_administrator, "", "Pat Provider", "pat@provider.test", Role.PROVIDER_ADMINISTRATOR
    )
    provider = replace(enroll(replace(anybody(directory, "provider"), organization=""), invited.code), organization=ORGANIZATION)
    company = ("--name", "Resource Marketing, Inc.", "--country", "US", "--state", "Kentucky", "--locality", "Fort Thomas")
    provider.seal("organization", "create", ORGANIZATION, *company, "--contact-email", f"contact@{DOMAIN}")
    domain = provider.seal("domain", "add", DOMAIN)
    resolver.set_txt(f"_privyseal-challenge.{DOMAIN}", str(domain["dns_record"]["value"]))
    provider.seal("domain", "validate", DOMAIN)
    provider.seal(
        "organization", "vet", ORGANIZATION, "--evidence", "Register of companies, excerpt of today; call back to the switchboard"
    )
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


def code_from_mail(directory: DemoDirectory, address: str) -> str:
    """Return the one-time code of the invitation that was mailed to an address."""
    letter = text_of(wait_for_letter(directory.mail, address, ("administrator",), MAIL_SECONDS, threading.Event()))
    found = re.search(r"seal administrator enroll\b.*?\b([a-z2-7]{52})\b", letter, re.DOTALL)
    if found is None:
        raise Unavailable("demo-mail", "The invitation carries no one-time code.")
    return found.group(1)
