"""Reads a signature as it arrives in a body."""

from __future__ import annotations

import base64
import binascii

from privyseal.model.errors import BadRequest


def read_signature(text: str) -> bytes:
    """Return the bytes of a CMS message given as base64 of DER, or as PEM; raises BadRequest ``signature``."""
    try:
        if text.lstrip().startswith("-----BEGIN"):
            return text.encode("ascii")
        return base64.b64decode("".join(text.split()), validate=True)
    except (ValueError, binascii.Error) as error:
        sentence = (
            "The signature is base64 of a CMS message in DER, as `openssl cms -sign -binary -nodetach -outform DER | base64` makes it."
        )
        raise BadRequest("signature", sentence, field="signature") from error
