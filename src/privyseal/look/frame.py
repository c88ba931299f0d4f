"""What stands around the content of every page: who this is, where one can go, who helps."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Link:
    """A way on, with its words."""

    address: str
    words: str


@dataclass(frozen=True, slots=True)
class NavigationItem:
    """A page of the site; ``count`` is what waits there, None where nothing is counted."""

    address: str
    words: str
    current: bool = False
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter of a work list; its address is the filter. ``counted`` names what the count is of where it is kept current."""

    address: str
    words: str
    current: bool = False
    count: int | None = None
    counted: str = ""


@dataclass(frozen=True, slots=True)
class Help:
    """Who answers questions about this page (requirements A29)."""

    words: str
    email: str = ""


@dataclass(frozen=True, slots=True)
class Frame:
    """Head, navigation and foot of a page. ``visitor`` is the name of who is signed in; ``shortcuts`` are (key, words).

    ``trial`` is what stands over every page of a trial, "" of any other organization.
    ``events`` is the address of the stream that tells when counts change, ``counts`` the address that gives them anew.
    """

    name: str
    purpose: str
    home: str
    demo: bool = False
    trial: str = ""
    navigation: tuple[NavigationItem, ...] = ()
    help: Help | None = None
    visitor: str = ""
    account: str = ""
    sign_out: str = ""
    sign_in: str = ""
    shortcuts: tuple[tuple[str, str], ...] = ()
    events: str = ""
    counts: str = ""
