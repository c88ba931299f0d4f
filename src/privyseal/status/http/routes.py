"""What the paths of the status front mean (contract: addresses). Grammar alone: whether the CA exists is asked later."""

from __future__ import annotations

import base64
import binascii
import enum
import re
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes


class Kind(enum.Enum):
    """Kinds of addresses; the value names them in the metrics."""

    CRL = "crl"
    OCSP_POST = "ocsp-post"
    OCSP_GET = "ocsp-get"
    CA_DER = "ca-cer"
    CA_PEM = "ca-pem"
    LOG = "log"
    HEALTH = "healthz"
    READY = "readyz"
    METRICS = "metrics"


@dataclass(frozen=True, slots=True)
class Route:
    """One address, taken apart.

    ``ca`` is a CA's slug, ``scope`` a CRL's scope, ``request`` the OCSP request of a GET (None if it is no base64), ``file``
    the path of a log's file below the log directory.
    """

    kind: Kind
    ca: str = ""
    scope: str = ""
    request: bytes | None = None
    file: str = ""


_SLUG = r"([a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)"
_CRL = re.compile(rf"/crl/{_SLUG}/(full|0|[1-9][0-9]{{0,3}})\.crl")
_OCSP = re.compile(rf"/ocsp/{_SLUG}(?:/(.*))?")
_CA = re.compile(rf"/ca/{_SLUG}\.(cer|pem)")
# C2SP tlog-tiles: level 0 to 63, index in groups of three digits, partial tiles of 1 to 255 hashes. Entry bundles
# (tile/entries/…) are not in the grammar on purpose: they are for auditors and not for everybody (architecture section 5).
_LEVEL = r"(?:[0-9]|[1-5][0-9]|6[0-3])"
_PARTIAL = r"(?:\.p/(?:[1-9]|[1-9][0-9]|1[0-9][0-9]|2[0-4][0-9]|25[0-5]))?"
_LOG = re.compile(
    rf"/log/([a-z0-9](?:[a-z0-9.-]{{0,126}}[a-z0-9])?/(?:checkpoint|tile/{_LEVEL}/(?:x[0-9]{{3}}/){{0,6}}[0-9]{{3}}{_PARTIAL}))"
)
_FIXED = {"/healthz": Kind.HEALTH, "/readyz": Kind.READY, "/metrics": Kind.METRICS}


def resolve(path: str) -> Route | None:
    """What ``path`` (percent-encoded, without query) means, or None if nothing is there."""
    # OCSP first: it is asked most.
    if (match := _OCSP.fullmatch(path)) is not None:
        if not match[2]:
            return Route(Kind.OCSP_POST, ca=match[1])
        return Route(Kind.OCSP_GET, ca=match[1], request=_decode(match[2]))
    if (match := _CRL.fullmatch(path)) is not None:
        return Route(Kind.CRL, ca=match[1], scope=match[2])
    if (match := _CA.fullmatch(path)) is not None:
        return Route(Kind.CA_DER if match[2] == "cer" else Kind.CA_PEM, ca=match[1])
    if (match := _LOG.fullmatch(path)) is not None:
        return Route(Kind.LOG, file=match[1])
    kind = _FIXED.get(path)
    return None if kind is None else Route(kind)


def _decode(text: str) -> bytes | None:
    """RFC 6960 A.1: the url-encoding of the base64 encoding of the request. Many clients leave its slashes as they are."""
    try:
        return base64.b64decode(unquote_to_bytes(text), validate=True)
    except binascii.Error:
        return None
