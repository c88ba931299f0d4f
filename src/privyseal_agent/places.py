"""The two files of an Administrator ID while the next one takes their places.

1. the new key is written beside the old one, with ``.next`` at its end;
2. the new certificate is written beside the old one: from here on the rest is only renaming;
3. the old files get the beginning of the old certificate's SHA-256 at their ends;
4. the new files lose ``.next``, the key first.

Whoever is stopped anywhere runs the command again.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from privyseal_agent.errors import Refused, UsageError
from privyseal_agent.private_files import read_file
from privyseal_agent.settings import Settings

_NEXT = ".next"


@dataclass(frozen=True, slots=True)
class Places:
    """Where certificate and key are."""

    certificate: Path
    key: Path

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the places of the settings; raises UsageError ``identity``."""
        if settings.certificate is None or settings.key is None:
            raise UsageError("identity", "Which Administrator ID? Give --certificate and --key, or --card.")
        return cls(settings.certificate, settings.key)

    @property
    def next_certificate(self) -> Path:
        """Where the new certificate waits."""
        return self.certificate.with_name(self.certificate.name + _NEXT)

    @property
    def next_key(self) -> Path:
        """Where the new key waits."""
        return self.key.with_name(self.key.name + _NEXT)

    def finish(self) -> bool:
        """Put what waits into its place; tells whether there was anything. Raises Refused ``file-write``."""
        if not self.next_certificate.exists():
            return False
        try:
            if self.next_key.exists():
                # Until the new key is in its place the old certificate is in its own, and names the old files.
                mark = hashlib.sha256(read_file(self.certificate, "the Administrator ID")).hexdigest()[:8]
                self._keep(self.key, mark)
                self._keep(self.certificate, mark, copy=True)
                self.next_key.replace(self.key)
            self.next_certificate.replace(self.certificate)
        except OSError as error:
            raise Refused("file-write", f"{self.certificate} cannot be put into its place ({error.strerror}). Run it again.") from error
        return True

    @staticmethod
    def _keep(path: Path, mark: str, *, copy: bool = False) -> None:
        kept = path.with_name(f"{path.name}.{mark}")
        if kept.exists() or not path.exists():
            return
        if copy:
            kept.write_bytes(path.read_bytes())
        else:
            kept.hardlink_to(path)
