"""A form that came too late: what was typed is kept while the person shows the credential again, and stands in the form then.

Nothing is sent by itself. The browser is led back to the form with ``kept`` in its address, and only the session that sent it,
or the next one of the same person in the same browser, finds anything there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import urlsplit

from starlette.requests import Request

from privyseal.actions.house import About, perform
from privyseal.actions.session.keep_form import keep_form
from privyseal.model.kept_form import KEPT_AFTER
from privyseal.model.session import log_of
from privyseal.reception.desk import desk_of
from privyseal.reception.forms import SentForm
from privyseal.reception.visitors import Recognized, Visitor, recognize
from privyseal.store import kept_forms

MARK: Final = "kept"
_MAXIMUM_PATH: Final = 400


def keeper_of(request: Request, audience: str) -> Recognized | None:
    """Return whose form may be kept: somebody signed in, or whose session ended by its time alone."""
    known = recognize(request, audience, in_use=False)
    return known if known.visitor is not None or (known.session is not None and known.ended in KEPT_AFTER) else None


def keep(request: Request, keeper: Recognized, form: str, sent: SentForm) -> bool:
    """Keep what was sent for the form at the address ``form``; tells whether there was something to keep. Raises Unavailable."""
    path = urlsplit(form).path
    if keeper.session is None or len(path) > _MAXIMUM_PATH:
        return False
    desk = desk_of(request)
    actor = keeper.visitor.actor if keeper.visitor else desk.stranger(request)
    about = About("keep-form", log_of(keeper.session.audience), "session", keeper.session.id)
    return perform(desk.house, actor, about, keep_form, keeper.session.id, path, sent.values)


def address_of(form: str) -> str:
    """Return where a form is shown with what was kept."""
    return f"{form}{'&' if '?' in form else '?'}{MARK}=1"


def kept_for(request: Request, guest: Visitor | None) -> Mapping[str, Sequence[str]]:
    """Return what was kept of the form at this address for whoever is signed in; mostly nothing."""
    if guest is None or request.method != "GET" or MARK not in request.query_params:
        return {}
    house = desk_of(request).house
    with house.database.read(house.clock()) as tx:
        found = kept_forms.find(tx, guest.session.id, request.url.path)
    return found.values if found is not None else {}
