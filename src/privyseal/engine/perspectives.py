"""The same look-up from several places of the network: a lie told to one of them is not believed (BR 3.2.2.9).

An attacker who hijacks a route near one resolver shows it another world than the rest sees. So a domain's evidence and its
CAA records are looked up through the primary resolver and through each remote one at the same time, and count only if
enough of the remote ones came to the same end. Each perspective stands for itself here: a resolver elsewhere, reached by
its address; how far apart they really are is the operator's to arrange. What gets lost: everything a remote perspective
saw except whether it agrees, and in a few words why not.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, TypeVar

from privyseal.engine.dns_lookup import DnsLookup
from privyseal.model.errors import PrivysealError, Refused

T = TypeVar("T")

_MAXIMUM_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Perspective:
    """A place to look from. ``name`` is the operator's word for it, such as ``frankfurt``."""

    name: str
    lookup: DnsLookup


@dataclass(frozen=True, slots=True)
class View:
    """What one remote perspective came to; ``trouble`` is empty where it ``agrees``."""

    name: str
    agrees: bool
    trouble: str

    def to_evidence(self) -> dict[str, object]:
        """Return the view as a mapping of JSON values."""
        return {"name": self.name, "agrees": self.agrees, "trouble": self.trouble}


@dataclass(frozen=True, slots=True)
class Corroborated(Generic[T]):
    """What the primary perspective saw, and who agreed; ``views`` are in the order of configuration."""

    seen: T
    views: tuple[View, ...]


@dataclass(frozen=True, slots=True)
class Perspectives:
    """``quorum`` of the ``remote`` ones have to agree with ``primary``; raises ValueError for one that cannot be reached."""

    primary: DnsLookup
    remote: tuple[Perspective, ...] = ()
    quorum: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.quorum <= len(self.remote):
            message = f"a quorum of {self.quorum} cannot be reached by {len(self.remote)} remote perspectives"
            raise ValueError(message)
        if len({perspective.name for perspective in self.remote}) != len(self.remote):
            message = "two perspectives have the same name"
            raise ValueError(message)

    def corroborate(self, what: str, look: Callable[[DnsLookup], T]) -> Corroborated[T]:
        """Look from everywhere at once, and return the primary's view if a quorum agrees with it.

        ``look`` raises a PrivysealError where its answer is no; ``what`` names the thing looked up, for the sentence. Raises
        what ``look`` raised for the primary, and Refused ``dcv-perspectives`` naming every perspective that saw otherwise.
        """
        with ThreadPoolExecutor(max_workers=len(self.remote) + 1) as threads:
            first = threads.submit(look, self.primary)
            others = [threads.submit(look, perspective.lookup) for perspective in self.remote]
            views = tuple(_view(perspective.name, other.exception()) for perspective, other in zip(self.remote, others, strict=True))
            seen = first.result()
        agreeing = sum(view.agrees for view in views)
        if agreeing < self.quorum:
            told = "; ".join(f"{view.name}: {view.trouble}" for view in views if not view.agrees)
            sentence = (
                f"{what} was seen by {agreeing} of {len(views)} places that looked besides the first; {self.quorum} have to see it. "
                f"A change in the DNS takes up to its time to live to be seen everywhere: wait and check again. Seen otherwise by {told}"
            )
            raise Refused("dcv-perspectives", sentence, field="domain")
        return Corroborated(seen, views)


def _view(name: str, error: BaseException | None) -> View:
    if error is None:
        return View(name, agrees=True, trouble="")
    if not isinstance(error, PrivysealError):
        raise error
    return View(name, agrees=False, trouble=str(error)[:_MAXIMUM_SHOWN])
