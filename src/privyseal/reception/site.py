"""What a site for people is made of: pages, each with its access row, the frame around them, and one call of a page.

A page cannot be declared without saying who may open it, and the reception enforces what the row says before the page's
own code runs; the actions decide once more.
"""

from __future__ import annotations

import enum
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from privyseal.actions.house import About, House, attempt, perform
from privyseal.look.forms import Form
from privyseal.look.frame import Frame
from privyseal.look.rendering import Renderer
from privyseal.model.actor import Actor
from privyseal.model.administrator import READING, Administrator, Permission
from privyseal.model.organization import Organization
from privyseal.reception.context import EntranceContext
from privyseal.reception.limits import AnonymousLimit
from privyseal.reception.page_policy import page_policy
from privyseal.reception.visitors import Visitor
from privyseal.store import organizations
from privyseal.store.database import Transaction

P = ParamSpec("P")
R = TypeVar("R")


class Access(enum.Enum):
    """Access rows of pages that ask for no permission."""

    ANYBODY = "anybody"
    SUBSCRIBER = "whoever knows the challenge phrase"
    SIGNED_IN = "whoever is signed in here"


class Audience(enum.Enum):
    """Whose sessions count at a page: the organization's in its address, the provider's, or none."""

    ORGANIZATION = "organization"
    PROVIDER = "provider"
    NONE = "none"


class Method(enum.Enum):
    """How a page is called."""

    GET = "GET"
    POST = "POST"


@dataclass(frozen=True, slots=True)
class Page:
    """One address and what answers there.

    ``scoped`` lets in whoever holds the right for some department too: the page then shows what lies within that scope alone.
    ``step_up`` asks a signed-in person for the credential again unless that was less than five minutes ago; ``by_itself``
    marks calls that a page makes on its own, which keep no session alive; ``upload`` allows files; ``form`` is the path of the
    form that is sent, or whose answers are signed here, where that is not the page's own address; ``reading`` marks a POST that
    changes nothing but the own session, so that whoever came for reading may send it.
    """

    method: Method
    path: str
    access: Permission | Access
    answer: Callable[[Visit], Response]
    scoped: bool = False
    step_up: bool = False
    by_itself: bool = False
    upload: bool = False
    form: str = ""
    reading: bool = False

    @property
    def needs_credential(self) -> bool:
        """Whether a session for reading does not do: for whatever changes something, or is asked to be certain of the person."""
        may_read = not isinstance(self.access, Permission) or self.access in READING
        return not self.reading and (self.method is Method.POST or self.step_up or not may_read)

    def form_path(self, request: Request) -> str:
        """Return the path of the form that a call of this page is about."""
        return self.form.format(**request.path_params) if self.form else request.url.path

    @property
    def audience(self) -> Audience:
        """Whose sessions count here: the address says it."""
        if "{org}" in self.path:
            return Audience.ORGANIZATION
        return Audience.PROVIDER if self.path.startswith("/provider") else Audience.NONE


@dataclass(frozen=True, slots=True)
class Site:
    """A whole site: ``templates`` is its folder, ``frame`` what stands around its pages."""

    name: str
    pages: tuple[Page, ...]
    templates: Path
    frame: Callable[[Visit], Frame]


@dataclass(frozen=True, slots=True)
class SiteContext:
    """What every site is given beside the parts of every entrance.

    ``frames`` are those of all sites by name, for a page that stands within another one. ``stopping`` ends streams with the
    process. ``demonstration`` is there in a demonstration alone, whose pages all say that nothing here is trusted; it returns
    what its first page shows a newcomer, None until that is ready.
    """

    entrance: EntranceContext
    renderer: Renderer
    limit: AnonymousLimit
    stopping: threading.Event
    demonstration: Callable[[], Mapping[str, str] | None] | None
    frames: Mapping[str, Callable[[Visit], Frame]]

    @property
    def is_demo(self) -> bool:
        """Whether nothing here is trusted outside this computer."""
        return self.demonstration is not None

    def roads(self) -> Mapping[str, str] | None:
        """Return the roads into a demonstration, or None."""
        return self.demonstration() if self.demonstration is not None else None


@dataclass(frozen=True, slots=True)
class Visit:
    """``slug`` is the organization of the address or ""; ``guest`` is set for somebody who is signed in.

    ``form`` and ``files`` hold what was sent with a POST, ``file_names`` what the sender called the files; ``now`` is the time at
    which the call came.
    """

    context: SiteContext
    site: Site
    request: Request
    slug: str
    source: str
    actor: Actor
    now: datetime
    form: Form
    files: Mapping[str, bytes]
    file_names: Mapping[str, str]
    guest: Visitor | None = None

    @property
    def person(self) -> Administrator:
        """Who is signed in; only for pages whose access row asks for somebody."""
        if self.guest is None:
            message = "this page asks for nobody to be signed in"
            raise LookupError(message)
        return self.guest.administrator

    @property
    def house(self) -> House:
        """The parts that actions work with."""
        return self.context.entrance.house

    @property
    def provider_contact(self) -> str:
        """Who at the provider answers, "" for nobody who is named."""
        return self.house.service.provider_contact

    def path(self, name: str) -> str:
        """Return a part of the address by its name in the page's path."""
        return str(self.request.path_params[name])

    def query(self, name: str, maximum: int = 253) -> str:
        """Return a value of the query, cut to ``maximum`` characters."""
        return self.request.query_params.get(name, "")[:maximum].strip()

    def show(self, template: str, values: dict[str, Any] | None = None, *, status: int = 200) -> Response:
        """Return a page; ``site``, ``form``, ``now`` and ``visit`` are known in every template."""
        known = {
            "site": self.site.frame(self),
            "form": self.form,
            "now": self.now,
            "visit": self,
            "provider_contact": self.provider_contact,
        }
        text = self.context.renderer.page(template, known | (values or {}))
        policy = page_policy(self.request, self.house.service)
        return HTMLResponse(text, status, headers={"Content-Security-Policy": policy, "Vary": "Cookie, Accept-Language"})

    def go_to(self, address: str) -> Response:
        """Return a redirect that a browser follows with GET; ``address`` is a path of ours."""
        return RedirectResponse(address, 303)

    def organization(self, tx: Transaction) -> Organization:
        """Return the organization of the address, read once where nothing is changed; raises NotFound."""
        known: Organization | None = getattr(self.request.state, "organization", None)
        if known is None or self.request.method != "GET":
            known = self.request.state.organization = organizations.require(tx, self.slug)
        return known

    def read(self, about: About, work: Callable[[Transaction, Organization], R]) -> R:
        """Run ``work`` in a transaction that only reads, in the organization of the address; raises NotFound and what it raises."""

        def call() -> R:
            with self.house.database.read(self.house.clock()) as tx:
                return work(tx, self.organization(tx))

        return attempt(self.house, self.actor, about, call)

    def perform(self, about: About, action: Callable[Concatenate[House, Transaction, Actor, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run an action as this visitor; raises what it raises, after the refusal is recorded."""
        return perform(self.house, self.actor, about, action, *args, **kwargs)

    def about(self, action: str, kind: str, object_id: str) -> About:
        """Return what a call is about, in the organization of the address."""
        return About(action, self.slug, kind, object_id)
