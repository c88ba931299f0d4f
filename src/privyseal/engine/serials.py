"""Serial numbers: making them, writing them, and the CRL shard that follows from them.

A serial is one fixed prefix byte of its CA followed by 136 random bits: far over the 64 bits that the CA/Browser Forum
asks for (BR 7.1), positive, and within the 20 octets of RFC 5280 4.1.2.2. The prefix tells two CAs or a restored copy
apart; uniqueness itself is the database's constraint.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from privyseal.model.errors import BadRequest

RANDOM_OCTETS = 17
MAX_SERIAL_OCTETS = 20  # RFC 5280 4.1.2.2
MIN_RANDOM_BITS = 64  # BR 7.1
MAX_PREFIX = 0x7F  # a higher first bit would need a leading zero octet or make the INTEGER negative
MAX_SHARDS = 256  # the shard is taken from one octet

_HEX = re.compile(r"(?:[0-9a-f]{2}){1,20}")


def new_serial(prefix: int, random_bytes: Callable[[int], bytes]) -> int:
    """A new serial: ``prefix`` (0x01 to 0x7f) in front of 17 octets of ``random_bytes``, 18 octets in all.

    Raises ValueError if the prefix is outside its range or the random source returns too little.
    """
    if not 1 <= prefix <= MAX_PREFIX:
        raise ValueError(f"a serial prefix is 1 to {MAX_PREFIX}, not {prefix}")
    random = random_bytes(RANDOM_OCTETS)
    if len(random) != RANDOM_OCTETS:
        raise ValueError(f"the random source gave {len(random)} bytes where {RANDOM_OCTETS} were asked for")
    return int.from_bytes(bytes((prefix,)) + random)


def serial_hex(serial: int) -> str:
    """Lower-case hexadecimal form, two digits for each octet, without 0x. Raises ValueError if not positive."""
    if serial <= 0:
        raise ValueError("a serial number is positive")
    return serial.to_bytes((serial.bit_length() + 7) // 8).hex()


def serial_from_hex(text: str) -> int:
    """The serial of ``serial_hex``; colons, blanks and upper case as openssl prints them are accepted.

    Raises BadRequest kind ``serial`` if ``text`` is not 1 to 20 octets in hexadecimal, or is zero.
    """
    digits = text.replace(":", "").replace(" ", "").lower()
    if not digits.isascii() or _HEX.fullmatch(digits) is None or not int(digits, 16):
        sentence = "A serial number is written as 1 to 20 pairs of hexadecimal digits; copy it from the certificate."
        raise BadRequest("serial", sentence, field="serial")
    return int(digits, 16)


def shard_of(serial: int, shard_count: int) -> int:
    """CRL shard of a certificate, 0 to ``shard_count`` - 1: the serial's low octet modulo ``shard_count``.

    It is fixed at issuance and written into the certificate's CRL distribution point. Raises ValueError if
    ``shard_count`` is not 1 to 256.
    """
    if not 1 <= shard_count <= MAX_SHARDS:
        raise ValueError(f"a CA has 1 to {MAX_SHARDS} CRL shards, not {shard_count}")
    return (serial & 0xFF) % shard_count
