"""Finding a private key in a body, whatever the body claims to be.

What lives here: the forms in which a key travels over HTTP: in a text of a JSON document, in a form, in a part of a
multipart body, as the bare body, in JSON that is broken. What does not: recognizing a key, which is engine/private_keys.
Called by rest/intake.py and by reception/forms.py before they answer that a body has the wrong form: a key that was sent is
disclosed all the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

from privyseal.engine.private_keys import refuse_private_keys

MAXIMUM_PARTS = 20
"""Parts of a multipart body that are looked at one by one; the whole body is searched as text in any case."""

_ESCAPED = re.compile(rb"\\u00([0-7][0-9a-fA-F])")
_BOUNDARY = re.compile(r';\s*boundary="?([^";\s]{1,70})', re.IGNORECASE)


def refuse_keys_in_document(document: object) -> None:
    """Raise PrivateKeyFound, which names the field, for a key in any text of a JSON value."""
    for field, text in _texts(document):
        refuse_private_keys(text, field=field)


def refuse_keys_in_bytes(body: bytes, content_type: str) -> None:
    """Raise PrivateKeyFound for a key in a body that is no JSON, or in the first bytes of one that is too large."""
    refuse_private_keys(*_readings(body, content_type))


def _readings(body: bytes, content_type: str) -> Iterator[bytes]:
    """Yield the body as it is and as what it may stand for."""
    yield body
    if b"%" in body:
        yield unquote_to_bytes(body.replace(b"+", b" "))
    if b"\\u00" in body:
        # Some writers of JSON escape the plus sign of base64, and a parser gave up on this body.
        yield _ESCAPED.sub(lambda found: bytes.fromhex(found[1].decode()), body)
    boundary = _BOUNDARY.search(content_type)
    if boundary is not None:
        # RFC 2046 5.1.1: a file of binary DER is recognized at its beginning alone, which is behind the part's header.
        parts = body.split(b"--" + boundary[1].encode("latin-1", "replace"), MAXIMUM_PARTS)
        yield from (part.partition(b"\r\n\r\n")[2] for part in parts)


def _texts(document: object) -> Iterator[tuple[str, str]]:
    """Yield (top field, text) of every text and key, however deep; the parser has limited the depth."""
    waiting = [("", document)]
    while waiting:
        name, item = waiting.pop()
        if isinstance(item, str):
            yield name, item
        elif isinstance(item, dict):
            for key, part in item.items():
                yield name, key
                waiting.append((name or key[:64], part))
        elif isinstance(item, list):
            waiting += [(name, part) for part in item]
