"""Dana, who runs servers: what she sends with a CSR, and the letter that asks whether the address is hers."""

from __future__ import annotations

import re
import threading

from privyseal.cli.demo.directory import DemoDirectory
from privyseal.cli.demo.provision import DOMAIN, MAIL_SECONDS, anybody
from privyseal.cli.demo.seal import Person, text_of, wait_for_letter
from privyseal.model.errors import Refused

DANA = f"dana@{DOMAIN}"
PHRASE = "blue kettle 9"


def dana_with_phrase(directory: DemoDirectory, folder: str) -> Person:
    """Return Dana with her challenge phrase in a folder of her computer."""
    dana = anybody(directory, folder)
    phrase = dana.folder / "phrase"
    phrase.touch(mode=0o600)
    phrase.write_text(PHRASE)
    return dana


def request_form(host: str) -> tuple[str, ...]:
    """Return what she says of her server besides its CSR."""
    contact = ("--contact-name", "Dana Designer", "--contact-email", DANA)
    what = ("--policy", "tls-server", "--lifetime-days", "365", "--endpoint", f"web-server:{host}", "--platform", "nginx")
    return (*what, *contact, "--phrase-file", "phrase")


def confirmation_code(directory: DemoDirectory, host: str) -> str:
    """Return the code of the letter about her request for this host; raises Unavailable when no letter came, Refused without a code."""
    letter = text_of(wait_for_letter(directory.mail, DANA, (host,), MAIL_SECONDS, threading.Event()))
    found = re.search(r"seal request confirm\b.*?\b([a-z2-7]{52})\b", letter, re.DOTALL)
    if found is None:
        raise Refused("demo-step", "The letter carries no confirmation code.")
    return found[1]
