"""What a status front is told when it starts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeAlias

from privyseal.engine.signers import SigningKey

Clock: TypeAlias = Callable[[], datetime]
"""Gives the present moment with a time zone."""

KeyLoader: TypeAlias = Callable[[str], SigningKey]
"""Loads the key of the responder with this id (``ocsp_responders.id``); raises a PrivysealError if there is none."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one client may take. Sizes in bytes, times in seconds."""

    head_bytes: int = 8 * 1024
    body_bytes: int = 16 * 1024
    connections: int = 1000
    request_seconds: float = 10.0
    """From the first byte of a request to its last: slow senders are cut off."""
    idle_seconds: float = 75.0
    """How long a connection may wait for its next request."""
    drain_seconds: float = 60.0
    """How long one piece of an answer (at most 200 KB) may take to leave: slow readers are cut off."""
    linger_seconds: float = 2.0
    """How long the rest of a refused request is read past, so that the client sees the answer before the connection ends."""


@dataclass(frozen=True, slots=True)
class StatusSettings:
    """``database_url`` is ``sqlite:////path`` or ``postgresql://…``; ``port`` 0 takes a free one.

    ``responder_keys``: for each CA that answers OCSP its slug and the responder's loaded key, or a loader. A loader
    is called again when a new responder certificate is found, with that one's id, so keys change without a restart.
    ``log_directory`` holds the public files of the audit logs (``<log id>/checkpoint``, ``<log id>/tile/…``), None for none.
    """

    database_url: str
    host: str = "127.0.0.1"
    port: int = 8080
    responder_keys: Mapping[str, SigningKey | KeyLoader] = field(default_factory=dict)
    log_directory: Path | None = None
    # BR 4.9.10: an OCSP answer is valid for 8 hours to 10 days; ours are renewed at half of it.
    answer_lifetime: timedelta = timedelta(hours=8)
    page_cache_bytes: int = 64 * 1024 * 1024
    answer_cache_entries: int = 20_000
    """OCSP answers kept for each CA, about 1.5 KB each."""
    limits: Limits = field(default_factory=Limits)
