"""Story 1: five servers, no phone call (requirements section 7), walked against the running demo.

Each step is timed and judged; the last judges are programs that are not ours: openssl and a real web server.
"""

from __future__ import annotations

import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

from privyseal.cli.demo.dana import DANA, confirmation_code, dana_with_phrase, request_form
from privyseal.cli.demo.directory import FIRST_PORT, DemoDirectory, first_free
from privyseal.cli.demo.provision import DOMAIN, anybody, with_credential
from privyseal.cli.demo.seal import Person, text_of, wait_for_letter
from privyseal.cli.demo.website import Website, website
from privyseal.model.errors import Refused, Unavailable

HOST = f"webtrust.{DOMAIN}"
QUEUE_SECONDS = 2.0
MAIL_SECONDS = 10.0
REVOKED_SECONDS = 60.0


@dataclass(slots=True)
class Walk:
    """The steps taken so far, and what they left for later ones."""

    directory: DemoDirectory
    say: Callable[[str], None]
    vkey: Callable[[str], str]
    steps: list[dict[str, Any]] = field(default_factory=list)
    found: dict[str, Any] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time one step; a step that raises is noted as failed and ends the walk."""
        began = time.monotonic()
        held = False
        try:
            yield
            held = True
        finally:
            seconds = round(time.monotonic() - began, 3)
            self.steps.append({"step": name, "seconds": seconds, "ok": held})
            self.say(f"{'ok    ' if held else 'FAILED'} {seconds:7.2f} s  {name}")

    def require(self, condition: object, sentence: str) -> None:
        """Raise Refused ``demo-step`` unless something holds."""
        if not condition:
            raise Refused("demo-step", sentence)


def story_one(walk: Walk) -> None:
    """Walk from a CSR to a served certificate, and back; raises what the first failing step raised."""
    dana = dana_with_phrase(walk.directory, "dana")
    admin = with_credential(anybody(walk.directory, "administrator"))
    request_id = _submit(walk, dana, admin)
    serial = _approve(walk, admin, request_id)
    chain = _receive(walk, dana, request_id)
    with website(dana.folder, chain, dana.folder / f"{HOST}.key", first_free(FIRST_PORT)) as site:
        _serve(walk, admin, site)
    _books(walk, admin, serial)
    _revoke(walk, admin, serial, chain)
    _evidence(walk, admin)


def _submit(walk: Walk, dana: Person, admin: Person) -> str:
    with walk.step("Dana makes a P-256 key and a CSR on her own computer"):
        dana.seal("key", "new", HOST)
    queue = admin.follow()
    try:
        with walk.step("Dana sends the CSR; the service answers with a request that waits for her address"):
            request = dana.seal("request", "submit", f"{HOST}.csr", *request_form(HOST))
            walk.require(request["state"] == "unconfirmed", "The request should wait for its contact's address.")
        request_id = str(request["id"])
        with walk.step("a letter asks Dana to confirm her address; she does"):
            code = confirmation_code(walk.directory, HOST)
            confirmed_at = time.monotonic()
            dana.seal("request", "confirm", request_id, code)
        with walk.step(f"the administrator's live queue shows it within {QUEUE_SECONDS:.0f} seconds"):
            walk.require(_appears(queue, request_id), "The queue did not show the request.")
            walk.found["queue_seconds"] = round(time.monotonic() - confirmed_at, 3)
    finally:
        queue.terminate()
        queue.wait(10)
    return request_id


def _appears(queue: subprocess.Popen[str], request_id: str) -> bool:
    seen = threading.Event()

    def watch() -> None:
        for line in queue.stdout or ():
            if request_id in line and "pending" in line:
                seen.set()
                return

    threading.Thread(target=watch, daemon=True).start()
    return seen.wait(QUEUE_SECONDS + 8)


def _approve(walk: Walk, admin: Person, request_id: str) -> str:
    with walk.step("the administrator reviews it and approves under the signature of the Administrator ID"):
        shown = admin.seal("request", "show", request_id)
        walk.require(shown["names"] == [f"dns:{HOST}"], "The request names something else.")
        answer = admin.seal("request", "approve", request_id, "--yes")
    with walk.step("the certificate is issued at once, by nobody at the provider"):
        walk.require(answer["request"]["state"] == "issued", f"The request is {answer['request']['state']}.")
    return str(answer["certificate"]["serial"])


def _receive(walk: Walk, dana: Person, request_id: str) -> Path:
    with walk.step(f"the certificate is mailed within {MAIL_SECONDS:.0f} seconds, with chain, PKCS#7 and install steps"):
        letter = wait_for_letter(walk.directory.mail, DANA, (HOST, "issued"), MAIL_SECONDS, threading.Event())
        names = {part.get_filename() for part in letter.iter_attachments()}
        walk.require(
            any(str(name).endswith(".pem") for name in names) and any(str(name).endswith(".p7b") for name in names), f"Attached is {names}."
        )
        walk.require("nginx" in text_of(letter) and "Apache" in text_of(letter), "The letter explains no installation.")
    chain = dana.folder / "chain.pem"
    with walk.step("Dana picks the certificate up with her challenge phrase"):
        dana.seal("certificate", "get", request_id, "--phrase-file", "phrase", "--out", str(chain))
    return chain


def _serve(walk: Walk, admin: Person, site: Website) -> None:
    walk.found["web_server"] = site.name
    with walk.step(f"{site.name} serves it; openssl s_client accepts chain and name"):
        command = ("s_client", "-connect", f"127.0.0.1:{site.port}", "-servername", HOST, "-CAfile", str(walk.directory.root_pem))
        done = openssl(*command, "-verify_return_error", "-verify_hostname", HOST)
        walk.require(done.returncode == 0 and "Verify return code: 0 (ok)" in done.stdout, f"openssl says: {done.stderr[-300:]}")
    with walk.step("openssl refuses another name on the same server"):
        done = openssl(*command, "-verify_return_error", "-verify_hostname", "www.bookstore.test")
        walk.require(done.returncode != 0, "openssl accepted www.bookstore.test.")
    with walk.step("the check from outside says ok, and the service records it"):
        report = admin.seal("certificate", "check", f"127.0.0.1:{site.port}", "--name", HOST, "--record")
        walk.require(report["verdict"] == "ok", f"The check says {report['verdict']}.")


def _books(walk: Walk, admin: Person, serial: str) -> None:
    with walk.step("the ledger went from 5 to 4 units"):
        balance = admin.seal("unit", "show")["standard"]
        walk.require((balance["used"], balance["available"]) == (1, 4), f"The balance is {balance}.")
    with walk.step("the certificate's history names every step and no provider person"):
        shown = admin.seal("certificate", "show", serial)
        actions = [entry["action"] for entry in shown["history"]]
        expected = {"issue-certificate", "deliver-fact", "pick-up-certificate", "check-certificate"}
        walk.require(expected <= set(actions), f"The history has {actions}.")
        walk.require(not any(entry["actor"]["kind"].startswith("provider") for entry in shown["history"]), "A provider person acted.")
        walk.found["history"] = actions


def _revoke(walk: Walk, admin: Person, serial: str, chain: Path) -> None:
    began = time.monotonic()
    with walk.step("the administrator revokes it under signature"):
        admin.seal("certificate", "revoke", serial, "--reason", "keyCompromise", "--yes")
    with walk.step(f"OCSP says revoked and openssl refuses it by the CRL, within {REVOKED_SECONDS:.0f} seconds"):
        tick = threading.Event()
        while not (_ocsp_revoked(walk, chain) and _crl_refuses(walk, chain)):
            if time.monotonic() - began > REVOKED_SECONDS:
                raise Unavailable("demo-step", "The revocation did not become visible in time.")
            tick.wait(0.5)
        walk.found["revocation_visible_seconds"] = round(time.monotonic() - began, 3)
    with walk.step("a letter tells Dana"):
        wait_for_letter(walk.directory.mail, DANA, (HOST, "revoked"), MAIL_SECONDS, threading.Event())


def _ocsp_revoked(walk: Walk, chain: Path) -> bool:
    issuer = _status_file(walk, "ca/issuing.pem")
    url = f"{walk.directory.settings.status_url}/ocsp/issuing"
    done = openssl("ocsp", "-issuer", str(issuer), "-cert", str(chain), "-url", url, "-CAfile", str(walk.directory.root_pem))
    return "Response verify OK" in done.stdout + done.stderr and ": revoked" in done.stdout


def _crl_refuses(walk: Walk, chain: Path) -> bool:
    crl = _status_file(walk, "crl/issuing/full.crl")
    issuer = _status_file(walk, "ca/issuing.pem")
    pem = crl.with_suffix(".pem")
    openssl("crl", "-inform", "DER", "-in", str(crl), "-out", str(pem))
    done = openssl(
        "verify", "-crl_check", "-CRLfile", str(pem), "-CAfile", str(walk.directory.root_pem), "-untrusted", str(issuer), str(chain)
    )
    return done.returncode != 0 and "certificate revoked" in done.stdout + done.stderr


def _status_file(walk: Walk, path: str) -> Path:
    answer = httpx2.get(f"{walk.directory.settings.status_url}/{path}", timeout=10)
    answer.raise_for_status()
    target = walk.directory.people / "dana" / path.replace("/", "-")
    target.write_bytes(answer.content)
    return target


def _evidence(walk: Walk, admin: Person) -> None:
    with walk.step("the organization's audit log verifies against its checkpoint, and one changed byte is found"):
        export, note = admin.folder / "audit.jsonl", admin.folder / "audit.checkpoint"
        admin.seal("audit", "export", "--out", str(export), "--checkpoint", str(note), "--overwrite")
        key = walk.vkey("o-resource-marketing")
        admin.seal("audit", "verify", str(export), "--checkpoint", str(note), "--key", key)
        forged = admin.folder / "forged.jsonl"
        forged.write_text(export.read_text().replace("approve-request", "approve-requesT", 1))
        try:
            admin.seal("audit", "verify", str(forged), "--checkpoint", str(note), "--key", key)
        except Refused as refusal:
            walk.found["forgery"] = refusal.sentence
        else:
            raise Refused("demo-step", "The changed entry was not found.")


def openssl(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run openssl, the judge from outside; raises Unavailable when it is not installed."""
    program = shutil.which("openssl")
    if program is None:
        raise Unavailable("openssl", "The demo judges by openssl, which is not installed. Install the package openssl.")
    return subprocess.run([program, *arguments], capture_output=True, text=True, input="", timeout=30, check=False)  # noqa: S603 - our own words
