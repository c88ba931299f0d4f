"""What follows an application: the letter to the corporate contact, and the confirmation of its address by the mailed code (A35).

Mail scanners open every link of a letter, so opening the page of the code changes nothing; only its button does.
"""

from __future__ import annotations

import re
from typing import Final

from starlette.responses import Response

from privyseal.actions.house import About
from privyseal.actions.organization.confirm_application import confirm_application
from privyseal.look.words import gettext
from privyseal.model.errors import NotFound, Refused
from privyseal.model.identifiers import ApplicationId
from privyseal.reception.site import Visit

CONFIRM: Final = "public/apply_confirm.html"
_CODE: Final = re.compile(r"[a-z2-7]{52}")
_ID: Final = re.compile(r"apl-[0-9a-f]{32}")


def show_sent(visit: Visit) -> Response:
    """Say what happens next."""
    return visit.show("public/apply_sent.html")


def ask_code(visit: Visit) -> Response:
    """Show the button that confirms; nothing is looked up before it is pressed."""
    code = visit.query("code", 200).lower()
    return _show(visit, code if _CODE.fullmatch(code) else "")


def _show(visit: Visit, code: str, status: int = 200) -> Response:
    if not _ID.fullmatch(visit.path("application")):
        raise NotFound("not-found", gettext("There is no such application."))
    return visit.show(CONFIRM, {"application_id": visit.path("application"), "code": code}, status=status)


def confirm(visit: Visit) -> Response:
    """Confirm the address; a second time is harmless."""
    code = visit.form.secret("code").strip().lower()
    if not _ID.fullmatch(visit.path("application")):
        raise NotFound("not-found", gettext("There is no such application."))
    about = About("confirm-application", "", "application", visit.path("application"))
    try:
        if not _CODE.fullmatch(code):
            raise Refused("code-form", gettext("The code has 52 letters and digits. Copy it from the newest mail."), field="code")
        visit.perform(about, confirm_application, ApplicationId(visit.path("application")), code)
    except (Refused, NotFound) as error:
        visit.form.refuse("code", error.sentence)
        return _show(visit, code if _CODE.fullmatch(code) else "", 422 if isinstance(error, Refused) else 404)
    return visit.go_to("/apply/confirmed")


def show_confirmed(visit: Visit) -> Response:
    """Say what happens next."""
    return visit.show("public/apply_confirmed.html")
