"""What the browser loads: styles, scripts and the mark, each under an address that changes with its content.

Everything is read and compressed once, so an answer is a dictionary look-up; browsers keep it for a year.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from privyseal.look.preferences import weights

STATIC = Path(__file__).parent / "static"
PREFIX = "/assets"
FOREVER = "public, max-age=31536000, immutable"
_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True)
class Asset:
    """A file with its compressed forms by the name of their encoding (RFC 9110 8.4.1); ``address`` holds its digest."""

    name: str
    address: str
    media_type: str
    plain: bytes
    encoded: Mapping[str, bytes]

    def best(self, accept_encoding: str) -> tuple[bytes, str]:
        """Return the smallest form that the client takes, and the name of its encoding or nothing."""
        taken = {name for name, weight in weights(accept_encoding) if weight > 0}
        for encoding, data in self.encoded.items():
            if encoding in taken:
                return data, encoding
        return self.plain, ""


@cache
def assets() -> Mapping[str, Asset]:
    """Return every asset by name.

    Raises FileNotFoundError when the browser assets from npm are missing: the package was not built (hatch_build.py).
    """
    found = {}
    for path in sorted(STATIC.rglob("*")):
        if path.suffix in _TYPES:
            asset = _read(path)
            found[asset.name] = asset
    if "bootstrap.css" not in found:
        message = "The browser assets are missing. Install the package again, so that its build brings them."
        raise FileNotFoundError(message)
    return found


def _read(path: Path) -> Asset:
    plain = path.read_bytes()
    encoded = {}
    brotli, zipped = path.with_name(path.name + ".br"), path.with_name(path.name + ".gz")
    if brotli.exists():
        encoded["br"] = brotli.read_bytes()
    encoded["gzip"] = zipped.read_bytes() if zipped.exists() else gzip.compress(plain, 9, mtime=0)
    digest = hashlib.sha256(plain).hexdigest()[:12]
    return Asset(path.name, f"{PREFIX}/{digest}/{path.name}", _TYPES[path.suffix], plain, encoded)


def address_of(name: str) -> str:
    """Return the address of an asset; raises KeyError for a name that does not exist."""
    return assets()[name].address
