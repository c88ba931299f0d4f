"""What a browser says it likes: names with weights, as Accept-Language and Accept-Encoding write them (RFC 9110 12.4.2)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

MAXIMUM_HEADER: Final = 1000
"""Characters that are read; browsers send a tenth of it."""

_WEIGHT: Final = re.compile(r"0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?")


def weights(header: str) -> Iterator[tuple[str, float]]:
    """Yield (name in lower case, weight from 0 to 1) in the order of the header; what has not this form is passed over."""
    for part in header[:MAXIMUM_HEADER].split(","):
        name, _, parameter = (text.strip().lower() for text in part.partition(";"))
        key, _, weight = (text.strip() for text in parameter.partition("="))
        if name and not parameter:
            yield name, 1.0
        elif name and key == "q" and _WEIGHT.fullmatch(weight):
            yield name, float(weight)
