"""How far a right reaches: the whole organization, or nodes of its department tree with everything below them (I19)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scope:
    """``everything`` is the whole organization; else ``paths`` are those of departments, each meaning its whole subtree."""

    everything: bool
    paths: tuple[str, ...] = ()

    def covers(self, path: str) -> bool:
        """Tell whether what belongs to the department of this path (``""``: to the organization itself) lies within."""
        return self.everything or any(root and path.startswith(root) for root in self.paths)

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all lies within."""
        return not self.everything and not self.paths


EVERYTHING = Scope(everything=True)
NOTHING = Scope(everything=False)
