"""`privyseal demo`: sets a demonstration up, serves it, or walks story 1 through it and ends."""

from __future__ import annotations

import json
import shutil
import ssl
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from shlex import quote
from typing import Any

import httpx2
from cyclopts import App

from privyseal.cli.demo.directory import DemoDirectory, open_demo_directory, write_facts
from privyseal.cli.demo.newcomer import RENEW_SECONDS, NewcomerLinks, show_roads
from privyseal.cli.demo.provision import DOMAIN, ORGANIZATION, provision
from privyseal.cli.demo.resolver import DemoResolver
from privyseal.cli.demo.shop import Shop
from privyseal.cli.demo.story import Walk, story_one
from privyseal.cli.house_setup import Opened, open_house
from privyseal.cli.rooms import Rooms
from privyseal.cli.serve import until_told
from privyseal.cli.supervisor import Supervisor
from privyseal.engine.dcv import challenge_name
from privyseal.model.audit import organization_log
from privyseal.model.errors import PrivysealError, Unavailable
from privyseal.store import organizations

READY_SECONDS = 60
LOOK_SECONDS = 0.5
PROGRAMS = Path(sys.executable).parent

LETTER = (
    "import email, email.policy, pathlib, sys; "
    'new = max(pathlib.Path(sys.argv[1], "new").iterdir(), key=lambda path: path.stat().st_mtime_ns); '
    "letter = email.message_from_bytes(new.read_bytes(), policy=email.policy.default); "
    'print(letter["subject"], letter.get_body(("plain",)).get_content(), sep="\\n\\n")'
)
"""Prints the newest letter of a Maildir: on the disk it is quoted-printable, in which a line to be copied is broken."""


def demo_commands(program: App, rooms: Rooms) -> None:
    """Add the command to ``program``."""

    @program.command
    def demo(*, data: Path | None = None, port: int | None = None, once: bool = False, json: bool = False) -> None:
        """Create a demonstration with its own root (never trust it) and serve it on this machine.

        Parameters
        ----------
        data
            Directory of the demonstration; `demo-data` when left out, a temporary one with --once.
        port
            First of four ports in a row; the first free ones from 8440 when left out.
        once
            Walk story 1 from a CSR to a served and then revoked certificate, print each step with its time, and end.
        json
            Print nothing but JSON.
        """
        _demo(rooms, data, port, once=once, only_json=json)


def _demo(rooms: Rooms, data: Path | None, port: int | None, *, once: bool, only_json: bool) -> None:
    temporary = Path(tempfile.mkdtemp(prefix="privyseal-demo-")) if data is None and once else None

    def say(line: str) -> None:
        print(line, flush=True, file=sys.stderr if only_json else sys.stdout)

    try:
        say("1/3 making keys, certification authorities and the database")
        directory = open_demo_directory(temporary or data or Path("demo-data"), port, rooms)
        held = _run(rooms, directory, say, once=once, only_json=only_json)
    finally:
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)
    if not held:
        raise SystemExit(1)


def _run(rooms: Rooms, directory: DemoDirectory, say: Callable[[str], None], *, once: bool, only_json: bool) -> bool:
    address, _, resolver_port = directory.settings.resolvers[0].rpartition(":")
    opened = open_house(directory.settings, rooms)
    supervisor = Supervisor(directory.data, separate_work=False)
    with until_told() as told, DemoResolver(address, int(resolver_port)) as resolver:
        say("2/3 starting the issuer, the status front and the web process")
        supervisor.start()
        try:
            wait_until_ready(directory)
            say("3/3 vetting Resource Marketing, Inc., its domain and its administrator")
            token = _provisioned(directory, opened, resolver)
            facts = _facts(directory, opened, token)
            if once:
                write_facts(directory, facts)
                return _walk(directory, opened, say)
            with Shop(directory, opened) as shop:
                shop.ask()
                links = show_roads(directory, opened, facts, PROGRAMS, shop.roads)
                write_facts(directory, facts)
                say(json.dumps(facts, indent=2) if only_json else first_page(directory, facts, links, shop.roads))
                _keep_open(told, say, shop, lambda: show_roads(directory, opened, facts, PROGRAMS, shop.roads))
        finally:
            supervisor.stop()
            opened.house.database.close()
    return True


def _keep_open(told: threading.Event, say: Callable[[str], None], shop: Shop, renew: Callable[[], object]) -> None:
    """Until the demo is told to stop: links are renewed in time, and the shop opens when its certificate is issued."""
    due = time.monotonic() + RENEW_SECONDS
    while not told.wait(LOOK_SECONDS):
        try:
            shop.look()
        except PrivysealError as error:
            say(error.sentence)
        if time.monotonic() >= due:
            renew()
            due = time.monotonic() + RENEW_SECONDS


def wait_until_ready(directory: DemoDirectory) -> None:
    """Return when the web process says it is ready; raises Unavailable ``demo`` after a minute."""
    tick = threading.Event()
    for _ in range(READY_SECONDS * 5):
        try:
            if httpx2.get(f"{directory.settings.base_url}/readyz", verify=_trust(directory), timeout=5).status_code == 200:
                return
        except httpx2.HTTPError:
            pass
        tick.wait(0.2)
    raise Unavailable("demo", f"The service did not become ready within {READY_SECONDS} seconds. Its messages above tell why.")


def _trust(directory: DemoDirectory) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(directory.root_pem))


def _provisioned(directory: DemoDirectory, opened: Opened, resolver: DemoResolver) -> Path:
    """Fill a new demo; in an old one only publish again what its domain validation asks for."""
    token = directory.people / "api-token"
    if not token.exists():
        return provision(directory, opened, resolver)
    with opened.house.database.read(opened.house.clock()) as tx:
        organization = organizations.require(tx, ORGANIZATION)
        for domain in organizations.domains_of(tx, organization.id):
            resolver.set_txt(challenge_name(domain.name), domain.token)
    return token


def _facts(directory: DemoDirectory, opened: Opened, token: Path) -> dict[str, Any]:
    settings, people = directory.settings, directory.people
    log = organization_log(ORGANIZATION)
    return {
        "base_url": settings.base_url,
        "administrator_url": settings.administrator_url,
        "status_url": f"http://localhost:{settings.status_port}",
        "root_pem": str(directory.root_pem),
        "organization": ORGANIZATION,
        "portal_url": f"{settings.base_url}/o/{ORGANIZATION}/",
        "console_url": f"{settings.base_url}/o/{ORGANIZATION}/console/",
        "provider_url": f"{settings.base_url}/provider/",
        "mail_dir": str(directory.mail),
        "administrator": {
            "certificate": str(people / "administrator/administrator.pem"),
            "key": str(people / "administrator/administrator.key"),
        },
        "provider_administrator": {
            "certificate": str(people / "provider/administrator.pem"),
            "key": str(people / "provider/administrator.key"),
        },
        "api_token_file": str(token),
        "checkpoint_file": str(directory.root / "elsewhere" / f"{log}.checkpoint"),
        "log_key": opened.vkey(log),
        "data": str(directory.data),
    }


def _walk(directory: DemoDirectory, opened: Opened, say: Callable[[str], None]) -> bool:
    walk = Walk(directory, say, opened.vkey)
    problem = ""
    try:
        story_one(walk)
    except PrivysealError as error:
        problem = error.sentence
        say(problem)
    result = {"ok": not problem, "steps": walk.steps, **walk.found} | ({"problem": problem} if problem else {})
    print(json.dumps(result), flush=True)
    return not problem


def first_page(directory: DemoDirectory, facts: dict[str, Any], links: NewcomerLinks, roads: Mapping[str, str]) -> str:
    """What a newcomer reads first: three roads in. Every line can be pasted as it stands."""
    programs, root, mail = (quote(str(path)) for path in (PROGRAMS, directory.root_pem, directory.mail))
    (certificate, key), host = (quote(facts["administrator"][name]) for name in ("certificate", "key")), f"www.{DOMAIN}"
    return f"""
The demo is ready. It stays on this machine, and its root "DEMO - do not trust" vouches for .test names and localhost only.

  First page  {facts["base_url"]}/  (your browser warns you: the demo's root is its own)
  Portal      {facts["portal_url"]}
  Console     {facts["console_url"]}
  Provider    {facts["provider_url"]}
  REST        {facts["base_url"]}/api/v1/openapi.json
  Status      {facts["status_url"]}  (CRL, OCSP, CA certificates)
  Letters     {directory.mail}  (a Maildir)
  All facts   {directory.facts}

In the browser: make yourself a passkey by this link (once, within an hour), and approve the request that waits in the control center.
{_waiting(roads)}Then open the portal, ask for a certificate yourself, and see the request arrive.

  {links.administrator}

To be the provider, who vets an organization that applies: that takes two people, so make two passkeys, one after the other.

  {links.vetter}
  {links.second}

In a shell: open a second terminal and paste these lines. The last one makes `letter`, which prints the newest letter.

  export PATH={programs}:$PATH
  export SEAL_SERVICE={facts["base_url"]} SEAL_ORGANIZATION={ORGANIZATION} SEAL_ROOT={root}
  letter() {{ python3 -c '{LETTER}' {mail}; }}

Three roads in:

1. Import the root: the second line did it for `seal`, for this terminal only. Never import it where it stays.
     curl --cacert $SEAL_ROOT $SEAL_SERVICE/api/v1/organizations/{ORGANIZATION}

2. Ask for a certificate, as somebody who runs a server. You choose a challenge phrase, such as three words.
     seal key new {host}
     seal request submit {host}.csr --endpoint {host} --contact-name "Your Name" --contact-email you@{DOMAIN}
     letter          # a second later: it has the line that confirms your address; run that line

3. Decide, as the organization's administrator.
     export SEAL_CERTIFICATE={certificate} SEAL_KEY={key}
     seal request list --state pending
     seal request approve REQUEST
     letter          # a second later: it has the certificate attached, and how to install it

README.md goes on from here: serve it, check it from outside, revoke it.
Stop this demo with Ctrl-C; the next scripts/demo goes on with the same data.
"""


def _waiting(roads: Mapping[str, str]) -> str:
    """What becomes of the request that waits, where there is one."""
    if not roads:
        return ""
    server = "nginx" if roads["shop_nginx"] else "a small server (nginx is not installed)"
    return f"Seconds later {server} serves its certificate at {roads['shop_url']}\n"
