"""The roads that the first page of a demonstration shows: among them a one-time link that makes the newcomer an administrator.

The demo's own administrator invites him and gives him a role, with the same commands as everybody;
a link lasts an hour, and is made anew in time.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from shlex import quote
from typing import Any

from privyseal.cli.demo.directory import DemoDirectory
from privyseal.cli.demo.provision import DOMAIN, ORGANIZATION, anybody, code_from_mail, with_credential
from privyseal.cli.demo_roads import write_roads

LINK_LIFE = timedelta(hours=1)
RENEW_SECONDS = 50 * 60


def show_roads(directory: DemoDirectory, facts: dict[str, Any], programs: Path, now: datetime) -> str:
    """Invite a newcomer and write the roads for the first page; returns the link. Raises Refused, Unavailable."""
    administrator = with_credential(anybody(directory, "administrator"))
    stamp = f"{now:%d%H%M}"
    address = f"newcomer-{stamp}@{DOMAIN}"
    newcomer = administrator.seal("administrator", "invite", f"Newcomer {stamp}", address)
    # Nobody but this administrator gives roles here, so that his signature is enough, for every newcomer anew.
    administrator.seal("administrator", "give", str(newcomer["id"]), "certificate-administrator")
    link = f"{facts['base_url']}/o/{ORGANIZATION}/first-credential?code={code_from_mail(directory, address)}"
    lines = (
        f"export PATH={quote(str(programs))}:$PATH",
        f"export SEAL_SERVICE={facts['base_url']} SEAL_ORGANIZATION={ORGANIZATION} SEAL_ROOT={quote(facts['root_pem'])}",
        f"export SEAL_CERTIFICATE={quote(facts['administrator']['certificate'])} SEAL_KEY={quote(facts['administrator']['key'])}",
        "seal request list --state pending",
    )
    roads = {
        "root": f"{facts['status_url']}/ca/root.cer",
        "passkey_link": link,
        "passkey_until": f"{now + LINK_LIFE:%H:%M} UTC",
        "seal_line": "\n".join(lines),
        "mail_dir": facts["mail_dir"],
        "portal_url": facts["portal_url"],
        "console_url": facts["console_url"],
        "provider_url": facts["provider_url"],
    }
    write_roads(directory.data, roads)
    return link
