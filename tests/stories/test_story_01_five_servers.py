"""Story 1: five servers, no phone call (requirements section 7).

Resource Marketing, Inc. bought five units. Dana asks for a certificate, the administrator approves it under a signature,
and it works in nginx minutes later, without anybody at the provider.
"""

from __future__ import annotations

import json
import queue
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from privyseal.cli.demo.seal import Person
from tests.rigs.go_log_verifier.program import GoLogVerifier
from tests.rigs.live_people import Caller, Json, LiveOrganization
from tests.rigs.live_service import ROOT, subject_of, text_of
from tests.rigs.nginx import NginxServer
from tests.rigs.openssl import connect
from tests.rigs.ports import wait_until
from tests.stories.conftest import World

HOST = "webtrust.resource-marketing.test"
CONFIRMATION = re.compile(r"seal request confirm\b.*?\b([a-z2-7]{52})\b", re.DOTALL)
QUEUE_SECONDS = 2.0
MAIL_SECONDS = 10.0
STEPS = [
    "submit-request",
    "confirm-request",
    "approve-request",
    "prepare-certificate",
    "issue-certificate",
    "pick-up-certificate",
    "check-certificate",
]


class LiveQueue:
    """`seal request list --follow --json` on the administrator's screen: each line with the moment at which it appeared."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._lines: queue.Queue[tuple[float, Json]] = queue.Queue()
        self._process = process
        threading.Thread(target=self._read, daemon=True).start()

    def wait_for(self, request_id: str, state: str, *, seconds: float) -> float:
        """The moment (monotonic) at which a request appeared in a state."""
        deadline = time.monotonic() + seconds
        while True:
            moment, line = self._lines.get(timeout=max(0.01, deadline - time.monotonic()))
            if line["id"] == request_id and line["state"] == state:
                return moment

    def _read(self) -> None:
        for text in self._process.stdout or ():
            self._lines.put((time.monotonic(), json.loads(text)))


@contextmanager
def watching(person: Person) -> Iterator[LiveQueue]:
    """The live queue, until the block ends."""
    process = person.follow()
    try:
        yield LiveQueue(process)
    finally:
        process.terminate()
        process.wait(10)
        if process.stdout is not None:
            process.stdout.close()


def test_five_servers_no_phone_call(world: World, go: GoLogVerifier) -> None:
    company = world.provider.found("resource-marketing", "Resource Marketing, Inc.", "resource-marketing.test", units=5)
    dana, admin = company.anybody(), company.admin.at_a_shell(company.slug)
    dana.seal("key", "new", HOST)
    with watching(admin) as live_queue:
        request_id = ask_and_confirm(world, company, dana, live_queue)
        serial = approve(admin, request_id)
        live_queue.wait_for(request_id, "issued", seconds=MAIL_SECONDS)
    chain = receive(world, company, dana, request_id)
    serve_and_check(world, admin, chain, dana.folder / f"{HOST}.key")
    assert company.units() == (0, 1, 4)
    wait_until(lambda: "check-certificate" in company.log(), seconds=10, what="the log has its last entry", pause=0.1)
    export, note = examine_log(admin, request_id, serial)
    judge_log(world, company, go, export, note)


def ask_and_confirm(world: World, company: LiveOrganization, dana: Person, live_queue: LiveQueue) -> str:
    """Dana sends her CSR and confirms her address; then the administrator sees it within two seconds."""
    form = ("--policy", "tls-server", "--endpoint", f"web-server:{HOST}", "--platform", "nginx", "--phrase-file", "phrase")
    contact = ("--contact-name", "Dana Designer", "--contact-email", company.contact)
    request = dana.seal("request", "submit", f"{HOST}.csr", *form, *contact)
    assert (request["state"], request["confirmation"], request["names"]) == ("unconfirmed", "mail", [f"dns:{HOST}"])
    request_id = str(request["id"])
    letter = world.service.wait_for_letter(company.contact, HOST, "confirm")
    code = CONFIRMATION.search(text_of(letter))
    assert code is not None
    bothered = [letter for letter in world.service.mail.to(company.admin.email) if HOST in subject_of(letter)]
    assert bothered == [], "nobody is bothered before the address is confirmed"
    anybody = Caller(world.service)
    sent = time.monotonic()
    confirmed = anybody.post(f"{company.path}/requests/{request_id}/confirmation", {"code": code[1]})
    assert confirmed["state"] == "pending"
    shown = live_queue.wait_for(request_id, "pending", seconds=30)
    assert shown - sent <= QUEUE_SECONDS, f"the queue showed the request after {shown - sent:.2f} s"
    world.service.wait_for_letter(company.admin.email, HOST, "waits for approval", seconds=MAIL_SECONDS)
    return request_id


def approve(admin: Person, request_id: str) -> str:
    """The administrator looks at it and signs; the certificate is issued with the answer."""
    shown = admin.seal("request", "show", request_id)
    assert (shown["state"], shown["names"], shown["key"]["algorithm"]) == ("pending", [f"dns:{HOST}"], "p256")
    assert ["2.5.4.10", "Resource Marketing, Inc."] in shown["subject"]
    answer = admin.seal("request", "approve", request_id, "--yes")
    assert (answer["request"]["state"], answer["approvals"], answer["approvals_needed"]) == ("issued", 1, 1)
    return str(answer["certificate"]["serial"])


def receive(world: World, company: LiveOrganization, dana: Person, request_id: str) -> Path:
    """The letter comes with everything attached, and the pick-up gives the same chain."""
    letter = world.service.wait_for_letter(company.contact, HOST, "issued", seconds=MAIL_SECONDS)
    attached = {str(part.get_filename()): part.get_content() for part in letter.message.iter_attachments()}
    assert {name.rpartition(".")[2] for name in attached} == {"pem", "p7b"}
    text = text_of(letter)
    assert "nginx" in text
    assert "Apache" in text
    assert "PRIVATE KEY-----" not in letter.content.decode()
    chain = dana.folder / "chain.pem"
    dana.seal("certificate", "get", request_id, "--phrase-file", "phrase", "--out", str(chain))
    [mailed] = [content for name, content in attached.items() if name.endswith(".pem")]
    mailed_text = mailed if isinstance(mailed, str) else mailed.decode()
    assert mailed_text.split() == chain.read_text().split()
    return chain


def serve_and_check(world: World, admin: Person, chain: Path, key: Path) -> None:
    """The certificate serves in nginx; openssl accepts this name and no other; our own check agrees and is recorded."""
    root = world.service.root_pem
    with NginxServer(chain, key) as nginx:
        judged = connect(nginx.port, HOST, root)
        assert judged.accepts, judged.words
        assert "Verify return code: 0 (ok)" in judged.words
        assert not connect(nginx.port, "www.bookstore.test", root).accepts
        report = admin.seal("certificate", "check", f"127.0.0.1:{nginx.port}", "--name", HOST, "--expect", str(chain), "--record")
    assert (report["verdict"], report["recorded"]) == ("ok", True)


def examine_log(admin: Person, request_id: str, serial: str) -> tuple[Path, Path]:
    """Every step stands in the organization's own log, the approval with its signature, and nobody of the provider after the order."""
    export, note = admin.folder / "audit.jsonl", admin.folder / "audit.checkpoint"
    admin.seal("audit", "export", "--out", str(export), "--checkpoint", str(note))
    entries: list[Json] = [json.loads(json.loads(line)["entry"]) for line in export.read_text().splitlines()]
    about = [entry for entry in entries if {request_id, serial} & _ids(entry)]
    assert [entry["action"] for entry in about if entry["action"] in STEPS] == STEPS
    assert {entry["outcome"] for entry in about} == {"done"}
    assert not [entry for entry in about if entry["actor"]["kind"].startswith(("provider", "operator"))]
    first = entries.index(about[0])
    assert not [entry for entry in entries[first:] if entry["actor"]["kind"].startswith(("provider", "operator"))]
    told = {entry["reason"] for entry in about if entry["action"] == "deliver-fact"}
    assert {"request-confirmed to notices.pending", "certificate-issued to notices.issued"} <= told, told
    [approval] = [entry for entry in about if entry["action"] == "approve-request"]
    assert approval["actor"]["kind"] == "administrator"
    assert len(approval["evidence"]) == 2, "what was signed, and the signature"
    for personal in ("Dana", "dana@", "Alex", "alex@", "blue kettle"):
        assert personal not in export.read_text()
    return export, note


def _ids(entry: Json) -> set[str]:
    return {str(entry["object"]["id"])}


def judge_log(world: World, company: LiveOrganization, go: GoLogVerifier, export: Path, note: Path) -> None:
    """Our command and Go's verifier, which has none of our code, both accept the log and both find one changed byte."""
    vkey = world.service.vkey(company.slug)
    key = export.with_name("vkey")
    key.write_text(vkey)
    true = go.run("export", export, note, key)
    assert true.returncode == 0, true.stderr
    accepted = verify(export, note, vkey)
    assert accepted.returncode == 0, accepted.stderr
    text = export.read_text()
    forged = export.with_name("forged.jsonl")
    at = text.index("approve-request")
    forged.write_text(f"{text[:at]}Approve-request{text[at + len('approve-request') :]}")
    number = text[:at].count("\n")
    found = go.run("export", forged, note, key)
    assert (found.returncode, found.stderr.strip()) == (1, f"entry {number} was changed")
    refused = verify(forged, note, vkey)
    assert refused.returncode == 1
    assert f"entry {number} was changed" in refused.stderr


def verify(export: Path, note: Path, vkey: str) -> subprocess.CompletedProcess[str]:
    """`privyseal audit verify` as anybody runs it."""
    command: list[Any] = [sys.executable, "-m", "privyseal.app", "audit", "verify", export, "--checkpoint", note, "--key", vkey]
    return subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT, timeout=60)
