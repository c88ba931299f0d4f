"""Runs the `seal` command as the demo's people would, and reads their mail."""

from __future__ import annotations

import email
import email.policy
import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from privyseal.model.errors import Refused, Unavailable

TIMEOUT_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody at a shell: an administrator with ``certificate`` and ``key``, or anybody without."""

    service: str
    root: Path
    folder: Path
    organization: str = ""
    certificate: Path | None = None
    key: Path | None = None

    def environment(self) -> Mapping[str, str]:
        """The person's environment: no settings of whoever runs the demo."""
        values = {"SEAL_SERVICE": self.service, "SEAL_ROOT": str(self.root), "SEAL_CONFIG": str(self.folder / "seal.toml")}
        if self.organization:
            values["SEAL_ORGANIZATION"] = self.organization
        if self.certificate is not None:
            values |= {"SEAL_CERTIFICATE": str(self.certificate), "SEAL_KEY": str(self.key)}
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        return kept | values

    def seal(self, *arguments: str) -> dict[str, Any]:
        """Run a command with ``--json`` and return its object; raises Refused with its sentence, or Unavailable."""
        command = [sys.executable, "-m", "privyseal_agent.cli", *arguments, "--json"]
        done = subprocess.run(  # noqa: S603 - our own program with the demo's own words
            command, env=self.environment(), cwd=self.folder, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False
        )
        if done.returncode != 0:
            sentence = done.stderr.strip() or f"seal {arguments[0]} ended with {done.returncode}."
            raise Refused("demo-step", f"seal {' '.join(arguments[:2])}: {sentence}")
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    def follow(self) -> subprocess.Popen[str]:
        """Start `seal request list --follow`: the live queue."""
        command = [sys.executable, "-m", "privyseal_agent.cli", "request", "list", "--follow", "--json"]
        return subprocess.Popen(command, env=self.environment(), cwd=self.folder, stdout=subprocess.PIPE, text=True)  # noqa: S603 - as above


def letters(maildir: Path) -> list[EmailMessage]:
    """Return the letters delivered so far, oldest first."""
    found = sorted((path for folder in ("new", "cur") for path in (maildir / folder).glob("*")), key=lambda path: path.stat().st_mtime_ns)
    messages: list[EmailMessage] = []
    for path in found:
        message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        if isinstance(message, EmailMessage):
            messages.append(message)
    return messages


def wait_for_letter(maildir: Path, to: str, words: Sequence[str], seconds: float, tick: threading.Event) -> EmailMessage:
    """Return the newest letter to an address whose subject has all these words; raises Unavailable when none came in time."""
    for _ in range(int(seconds * 20)):
        found = letters(maildir)
        for message in reversed(found):
            subject = str(message["subject"]).lower()
            if to in str(message["to"]) and all(word.lower() in subject for word in words):
                newest: EmailMessage = message
                return newest
        tick.wait(0.05)
    raise Unavailable("demo-mail", f"No letter about {' '.join(words)} came to {to} within {seconds:.0f} seconds.")


def text_of(message: EmailMessage) -> str:
    """Return the plain text part of a letter."""
    part = message.get_body(("plain",))
    return str(part.get_content()) if part is not None else ""
