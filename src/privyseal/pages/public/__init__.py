"""What is open to everybody and belongs to no organization: the first page, applying, trying, verifying, answering for a domain."""

from __future__ import annotations

from pathlib import Path

from privyseal.look.frame import Frame
from privyseal.look.words import gettext
from privyseal.pages.public import apply, apply_confirmation, domain_control, trial
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
        Page(Method.GET, "/apply", Access.ANYBODY, apply.show_form),
        Page(Method.POST, "/apply", Access.ANYBODY, apply.answer),
        Page(Method.GET, "/apply/sent", Access.ANYBODY, apply_confirmation.show_sent),
        Page(Method.GET, "/apply/confirmed", Access.ANYBODY, apply_confirmation.show_confirmed),
        Page(Method.GET, "/apply/{application}", Access.ANYBODY, apply_confirmation.ask_code),
        Page(Method.POST, "/apply/{application}", Access.ANYBODY, apply_confirmation.confirm),
        Page(Method.GET, "/try", Access.ANYBODY, trial.show_form),
        Page(Method.POST, "/try", Access.ANYBODY, trial.ask),
        Page(Method.GET, "/try/sent", Access.ANYBODY, trial.show_sent),
        Page(Method.GET, "/try/started", Access.ANYBODY, trial.show_started),
        Page(Method.GET, "/try/{trial}", Access.ANYBODY, trial.ask_code),
        Page(Method.POST, "/try/{trial}", Access.ANYBODY, trial.confirm),
        Page(Method.GET, "/verify", Access.ANYBODY, show_verify),
        Page(Method.POST, "/verify", Access.ANYBODY, verify, upload=True),
        Page(Method.GET, "/domain-control/{letter}", Access.ANYBODY, domain_control.ask),
        Page(Method.POST, "/domain-control/{letter}", Access.ANYBODY, domain_control.confirm),
    ),
    templates=Path(__file__).parent / "templates",
    frame=frame,
)
