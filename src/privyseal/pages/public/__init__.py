"""What is open to everybody and belongs to no organization: the first page, and the page that verifies a certificate."""

from __future__ import annotations

from pathlib import Path

from privyseal.look.frame import Frame
from privyseal.look.words import gettext
from privyseal.pages.public.first import show_first_page
from privyseal.pages.public.verify import show_verify, verify
from privyseal.reception.site import Access, Method, Page, Site, Visit


def frame(visit: Visit) -> Frame:
    """The provider's own frame."""
    return Frame(name="Privyseal", purpose=gettext("Certificates under two signatures"), home="/", demo=visit.context.is_demo)


SITE = Site(
    name="public",
    pages=(
        Page(Method.GET, "/", Access.ANYBODY, show_first_page),
        Page(Method.GET, "/verify", Access.ANYBODY, show_verify),
        Page(Method.POST, "/verify", Access.ANYBODY, verify, upload=True),
    ),
    templates=Path(__file__).parent / "templates",
    frame=frame,
)
