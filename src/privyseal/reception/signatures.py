"""How a signature arrives, in a form or in a body: a CMS message in a file or a text, or the answer of a passkey."""

from __future__ import annotations

from privyseal.model.errors import BadRequest
from privyseal_wire.cms_message import unwrapped
from privyseal_wire.errors import WireError
from privyseal_wire.passkey import Assertion, PasskeySigned


def read_message(data: bytes | str, field: str) -> bytes:
    """Return the CMS message that DER, PEM or bare base64 holds, without its wrapping; raises BadRequest ``signature``."""
    try:
        return unwrapped(data.encode() if isinstance(data, str) else data)
    except (WireError, UnicodeEncodeError) as error:
        sentence = error.sentence if isinstance(error, WireError) else "The signature is base64 of a CMS message, or PEM, in ASCII."
        raise BadRequest("signature", sentence, field=field) from error


def read_passkey(content: str, answer: str, field: str) -> PasskeySigned:
    """Return what a passkey signed over the content of a page, as a browser tells it; raises BadRequest ``signature``."""
    try:
        return PasskeySigned(content.encode(), Assertion.from_browser(answer).to_bytes())
    except WireError as error:
        raise BadRequest("signature", error.sentence, field=field) from error
