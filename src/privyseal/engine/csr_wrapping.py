"""From what a person pasted or uploaded to the DER of one certificate signing request.

What lives here: the habits of PEM (RFC 7468) and the sentences that tell people what they sent when it is not one
request. What does not: reading the request. Called by engine/csr.py only.
"""

from __future__ import annotations

import binascii
import re

from privyseal.engine.lax_csr import layout, total_length
from privyseal.engine.names import shown
from privyseal.model.errors import BadRequest

_BEGIN = re.compile(rb"-----BEGIN ([^\r\n-]{1,64})-----")

_REQUEST_LABELS = frozenset({b"CERTIFICATE REQUEST", b"NEW CERTIFICATE REQUEST"})
"""RFC 7468 7; the second one is written by older Netscape, IIS and OpenSSL tools."""

_BLANKS = b" \t\r\n"

_CERTIFICATE_LAYOUTS = ("a0", "023030303030")
"""The first tags of a TBSCertificate with and without its version (RFC 5280 4.1)."""

_REVOCATION_LIST_LAYOUTS = ("02303017", "02303018", "303017", "303018")
"""The first tags of a TBSCertList with and without its version (RFC 5280 5.1)."""

_COPY_IT = (
    "Copy the whole text of the request, "
    'from the line "-----BEGIN CERTIFICATE REQUEST-----" to the line "-----END CERTIFICATE REQUEST-----".'
)

_MAKE_IT = "Make a certificate signing request (CSR) on the server and send that."


def unwrap_request(data: bytes) -> bytes:
    """The DER of the one request in PEM or DER.

    PEM may have text before and after it, a byte order mark, CRLF, and blanks at either end of its lines. Raises
    BadRequest, field ``csr``, which says what it is that was sent.
    """
    if is_der(data):
        return data
    begins = list(_BEGIN.finditer(data))
    if not begins:
        raise _explain_text(data)
    if len(begins) > 1:
        raise _explain_several([begin[1] for begin in begins])
    label = begins[0][1]
    if label not in _REQUEST_LABELS:
        raise _explain_label(label)
    start = begins[0].end()
    end = data.find(b"-----END " + label + b"-----", start)
    if end < 0:
        raise BadRequest("csr-cut-off", f"The request is cut off: its last line is missing. {_COPY_IT}", field="csr")
    try:
        return binascii.a2b_base64(data[start:end].translate(None, _BLANKS), strict_mode=True)
    except binascii.Error as error:
        raise BadRequest(
            "csr-damaged",
            f"The request was damaged on its way: between its first and last line stands something other than base64. {_COPY_IT}",
            field="csr",
        ) from error


def is_der(data: bytes) -> bool:
    """Whether the bytes are binary: a SEQUENCE that is longer than text could say, or exactly as long as it says."""
    if data[:1] != b"\x30":
        return False
    return data[1:2] >= b"\x80" or len(data) == 2 + int.from_bytes(data[1:2])


def explain_unreadable(der: bytes) -> BadRequest:
    """What to say about bytes that the reader of requests cannot read."""
    if der[:2] == b"\x30\x80":
        return BadRequest("csr-ber", f"The request is written with indefinite lengths (BER), and only DER is read. {_MAKE_IT}", field="csr")
    outer, first = layout(der)
    if first.startswith(_CERTIFICATE_LAYOUTS):
        error = _certificate()
    elif outer.startswith("06"):
        error = _pkcs7()
    elif outer == "3003":
        error = _public_key()
    elif first.startswith(_REVOCATION_LIST_LAYOUTS):
        error = BadRequest(
            "csr-not-a-request", f"This is a certificate revocation list, not a certificate signing request. {_MAKE_IT}", field="csr"
        )
    else:
        error = _explain_length(der)
    return error


def _explain_length(der: bytes) -> BadRequest:
    """What to say about bytes that look like nothing we know: too many, too few, or damaged."""
    try:
        missing = total_length(der) - len(der)
    except ValueError:
        missing = 0
    if missing < 0:
        return BadRequest(
            "csr-trailing-bytes",
            f"After the end of the request there are {-missing} more bytes. Send only the request itself.",
            field="csr",
        )
    if missing > 0:
        return BadRequest("csr-cut-off", f"The request is cut off: {missing} bytes are missing at its end. {_COPY_IT}", field="csr")
    return BadRequest(
        "csr-damaged",
        f"This cannot be read as a certificate signing request (PKCS#10): it is damaged or something else. {_MAKE_IT}",
        field="csr",
    )


def _explain_text(data: bytes) -> BadRequest:
    """What to say about text without a PEM block."""
    text = data.strip()
    if not text:
        return BadRequest("csr-empty", f"The request is empty. {_COPY_IT}", field="csr")
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"} or b"B\0E\0G\0I\0N" in data:
        return BadRequest(
            "csr-utf-16",
            "The file is in UTF-16, as some editors save it. Save it as plain text (ASCII or UTF-8) and send it again.",
            field="csr",
        )
    if text.startswith(b"MI"):
        return BadRequest("csr-no-begin-line", f"The first and the last line of the request are missing. {_COPY_IT}", field="csr")
    if text.startswith((b"ssh-", b"ecdsa-")):
        return BadRequest("csr-is-public-key", f"This is a public key for SSH, not a certificate signing request. {_MAKE_IT}", field="csr")
    return BadRequest("csr-not-a-request", f"This is not a certificate signing request. {_COPY_IT}", field="csr")


def _explain_several(labels: list[bytes]) -> BadRequest:
    """What to say about several PEM blocks: which one is meant would be a guess."""
    if all(label in _REQUEST_LABELS for label in labels):
        return BadRequest(
            "csr-several", f"There are {len(labels)} certificate signing requests in this. Send each one on its own.", field="csr"
        )
    listed = ", ".join(dict.fromkeys(label.decode("ascii", "replace").lower() for label in labels))
    return BadRequest(
        "csr-several", f"There are several things in this ({shown(listed, 200)}). Send only the certificate signing request.", field="csr"
    )


def _explain_label(label: bytes) -> BadRequest:
    """What to say about a PEM block that is something other than a request."""
    if b"PKCS" in label or label == b"CMS":
        return _pkcs7()
    if b"CERTIFICATE" in label:
        return _certificate()
    if b"PUBLIC KEY" in label:
        return _public_key()
    what = shown(label.decode("ascii", "replace").lower())
    return BadRequest(
        "csr-not-a-request", f'This is not a certificate signing request but says of itself "{what}". {_MAKE_IT}', field="csr"
    )


def _certificate() -> BadRequest:
    return BadRequest("csr-is-certificate", f"This is a certificate, not a certificate signing request. {_MAKE_IT}", field="csr")


def _pkcs7() -> BadRequest:
    return BadRequest(
        "csr-is-pkcs7", f"This is a PKCS#7 file, which holds certificates, not a certificate signing request. {_MAKE_IT}", field="csr"
    )


def _public_key() -> BadRequest:
    return BadRequest(
        "csr-is-public-key",
        f"This is a public key, not a certificate signing request: a request is also signed, with the private half. {_MAKE_IT}",
        field="csr",
    )
