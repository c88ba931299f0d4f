"""The roads that the first page of a demonstration shows: among them one-time links that make the newcomer an administrator.

The demo's own administrator invites him and gives him a role, with the same commands as everybody; the operator invites him as two
people of the provider, because nobody vets an organization alone. A link lasts an hour, and is made anew in time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from shlex import quote
from typing import Any

from privyseal.cli.demo.directory import DemoDirectory
from privyseal.cli.demo.provision import DOMAIN, ORGANIZATION, anybody, code_from_mail, provider_code, with_credential
from privyseal.cli.demo_roads import write_roads
from privyseal.cli.house_setup import Opened

LINK_LIFE = timedelta(hours=1)
RENEW_SECONDS = 50 * 60
PROVIDER_NEWCOMERS = ("Vetter", "Second person")
"""What the newcomer is called as one and the other of the provider's people, before the time; both may do all that Pat and Sam may."""


@dataclass(frozen=True, slots=True)
class NewcomerLinks:
    """One-time links: to decide for the organization, to fill a vetting in for the provider, and to conclude it."""

    administrator: str
    vetter: str
    second: str


def show_roads(directory: DemoDirectory, opened: Opened, facts: dict[str, Any], programs: Path, more: Mapping[str, str]) -> NewcomerLinks:
    """Invite a newcomer and write the roads for the first page, with ``more`` of them; returns the links. Raises Refused, Unavailable."""
    now = opened.house.clock()
    administrator = with_credential(anybody(directory, "administrator"))
    # A demonstration may be started again within the minute.
    stamp = f"{now:%d%H%M%S}"
    address = f"newcomer-{stamp}@{DOMAIN}"
    newcomer = administrator.seal("administrator", "invite", f"Newcomer {stamp}", address)
    # Nobody but this administrator gives roles here, so that his signature is enough, for every newcomer anew.
    administrator.seal("administrator", "give", str(newcomer["id"]), "certificate-administrator")
    links = NewcomerLinks(
        f"{facts['base_url']}/o/{ORGANIZATION}/first-credential?code={code_from_mail(directory, address)}",
        *(_provider_link(opened, facts, f"{words} {stamp}") for words in PROVIDER_NEWCOMERS),
    )
    lines = (
        f"export PATH={quote(str(programs))}:$PATH",
        f"export SEAL_SERVICE={facts['base_url']} SEAL_ORGANIZATION={ORGANIZATION} SEAL_ROOT={quote(facts['root_pem'])}",
        f"export SEAL_CERTIFICATE={quote(facts['administrator']['certificate'])} SEAL_KEY={quote(facts['administrator']['key'])}",
        "seal request list --state pending",
    )
    roads = {
        "root": f"{facts['status_url']}/ca/root.cer",
        "passkey_link": links.administrator,
        "vetter_link": links.vetter,
        "second_link": links.second,
        "passkey_until": f"{now + LINK_LIFE:%H:%M} UTC",
        "seal_line": "\n".join(lines),
        "mail_dir": facts["mail_dir"],
        "portal_url": facts["portal_url"],
        "console_url": facts["console_url"],
        "provider_url": facts["provider_url"],
        **more,
    }
    write_roads(directory.data, roads)
    return links


def _provider_link(opened: Opened, facts: dict[str, Any], name: str) -> str:
    code = provider_code(opened, name, f"{name.lower().replace(' ', '-')}@provider.test")
    return f"{facts['base_url']}/provider/first-credential?code={code}"
