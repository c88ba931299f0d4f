"""The page behind the letters about another contact: opening it does nothing, its buttons do.

Programs open every link of a letter before its reader does. Nobody is signed in here, and nothing is told about the change:
the letter says it, and its code is what counts.
"""

from __future__ import annotations

import re
from typing import Final

from starlette.responses import Response

from privyseal.actions.contact.answer_contact_change import answer_contact_change
from privyseal.actions.house import attempt
from privyseal.look.words import gettext
from privyseal.model.errors import Conflict, NotFound, PrivysealError, Refused, TooManyRequests
from privyseal.model.identifiers import ContactChangeId
from privyseal.reception.site import Visit
from privyseal.reception.statuses import http_status
from privyseal.store import organizations

FORM: Final = "sign_in/contact.html"
_CHANGE: Final = re.compile(r"cch-[0-9a-f]{32}")
_CODE: Final = re.compile(r"[a-z2-7]{52}")
_DONE: Final = {"yes", "no", "applied"}


def ask(visit: Visit) -> Response:
    """Show the two buttons, with the code that the link carries."""
    code = visit.query("code", 200).lower()
    return _show(visit, code if _CODE.fullmatch(code) else "")


def answer(visit: Visit) -> Response:
    """Take the answer."""
    change_id, code = _change_id(visit), visit.form.secret("code").strip().lower()
    is_code = _CODE.fullmatch(code) is not None
    about = visit.about("confirm-contact", "contact-change", change_id)

    def take() -> str:
        with visit.house.database.read(visit.now) as tx:
            organizations.require(tx, visit.slug)
        if not is_code:
            raise Refused("code-form", gettext("The code has 52 letters and digits. Copy it from the newest mail."), field="code")
        said = visit.form.value("answer")
        if said == "no":
            answer_contact_change(visit.house, visit.actor, visit.slug, change_id, code, "no")
            return "no"
        if said != "yes":
            raise Refused("contact-answer", gettext("Press Yes or No."), field="code")
        found = answer_contact_change(visit.house, visit.actor, visit.slug, change_id, code, "yes")
        return found.end.value if found.end else "yes"

    try:
        visit.context.limit.take(visit.actor.source)
        done = attempt(visit.house, visit.actor, about, take)
    except (Refused, NotFound, Conflict, TooManyRequests) as error:
        return _refused(visit, error, code if is_code else "")
    return visit.go_to(f"/o/{visit.slug}/contacts/{change_id}?done={done}")


def _refused(visit: Visit, error: PrivysealError, code: str) -> Response:
    visit.form.refuse("code", error.sentence)
    page = _show(visit, code, status=422 if isinstance(error, NotFound) else http_status(error))
    if isinstance(error, TooManyRequests):
        page.headers["Retry-After"] = str(error.retry_after_seconds)
    return page


def _change_id(visit: Visit) -> ContactChangeId:
    value = visit.path("contact_change")
    if not _CHANGE.fullmatch(value):
        raise NotFound("not-found", gettext("There is nothing at this address. Check it, or go to the first page."))
    return ContactChangeId(value)


def _show(visit: Visit, code: str, *, status: int = 200) -> Response:
    done = visit.query("done", 10)
    values = {"place": f"/o/{visit.slug}/contacts/{_change_id(visit)}", "code": code, "done": done if done in _DONE else ""}
    return visit.show(FORM, values, status=status)
