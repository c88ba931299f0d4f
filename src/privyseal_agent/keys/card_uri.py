"""Which card is meant: a PKCS #11 URI (RFC 7512), such as ``pkcs11:token=Dana?module-path=/usr/lib/opensc-pkcs11.so``."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final
from urllib.parse import unquote_to_bytes

from privyseal_agent.errors import UsageError

LONGEST_URI: Final = 2_000
_TIME_BYTES, _RANDOM_BYTES = 8, 8
"""Of the id by which a key and its certificate find each other on a card (CKA_ID)."""

_TEXTS: Final = frozenset({"token", "manufacturer", "serial", "model", "object"})
_PATH: Final = _TEXTS | {"slot-id", "id", "type"}
_ESCAPES: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")


def new_key_id(now: datetime, random_bytes: Callable[[int], bytes]) -> bytes:
    """Return an id (CKA_ID) for a key that is about to be made: ids sort by time, so that of two keys the younger is known."""
    return int(now.timestamp() * 1_000_000).to_bytes(_TIME_BYTES, "big") + random_bytes(_RANDOM_BYTES)


@dataclass(frozen=True, slots=True)
class CardUri:
    """``module`` is the PKCS #11 library of the card's maker. What is empty or None may be anything."""

    module: Path
    token: str = ""
    manufacturer: str = ""
    serial: str = ""
    model: str = ""
    slot_id: int | None = None
    object: str = ""
    id: bytes = b""


def read_card_uri(text: str) -> CardUri:
    """Return what a PKCS #11 URI names; raises UsageError ``card``.

    A PIN in the URI is refused: others on the computer see the command line, and the settings file is no place for it.
    """
    if not text.startswith("pkcs11:") or len(text) > LONGEST_URI or _ESCAPES.search(text):
        raise _malformed(text)
    path, _, query = text.removeprefix("pkcs11:").partition("?")
    named, asked = _parts(text, path, ";"), _parts(text, query, "&")
    if "pin-value" in asked or "pin-source" in asked:
        raise UsageError("card", "The URI of a card carries no PIN. It is asked for, or read from the file of --pin-file.")
    if "module-path" not in asked:
        sentence = "The URI of the card lacks ?module-path=/path/of/the/library.so, the PKCS #11 library that came with the card."
        raise UsageError("card", sentence)
    unknown = sorted((named.keys() - _PATH) | (asked.keys() - {"module-path"}))
    if unknown:
        raise UsageError("card", f'The URI of the card has the unknown part "{unknown[0]}". RFC 7512 names them.')
    if named.get("type", b"private") not in {b"private", b"cert"}:
        raise UsageError("card", "The URI names another kind of object than a private key or its certificate. Leave type= out.")
    try:
        texts = {name: named[name].decode() for name in _TEXTS & named.keys()}
        slot = int(named["slot-id"]) if "slot-id" in named else None
        module = Path(asked["module-path"].decode())
    except ValueError as error:
        raise _malformed(text) from error
    if "\0" in str(module):
        raise _malformed(text)
    return CardUri(module, slot_id=slot, id=named.get("id", b""), **texts)


def _parts(text: str, part: str, separator: str) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for item in filter(None, part.split(separator)):
        name, equals, value = item.partition("=")
        if not equals or name in found:
            raise _malformed(text)
        found[name] = unquote_to_bytes(value)
    return found


def _malformed(text: str) -> UsageError:
    return UsageError("card", f'"{text[:80]}" is no PKCS #11 URI. It looks like pkcs11:token=NAME?module-path=/path/of/the/library.so.')
