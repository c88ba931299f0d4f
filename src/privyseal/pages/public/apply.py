"""Applying to become an organization: a form for anybody, and the confirmation of the applicant's address by a mailed code (A35).

Mail scanners open every link of a letter, so opening the page of the code changes nothing; only its button does.
"""

from __future__ import annotations

import re
from typing import Final

from starlette.responses import Response

from privyseal.actions.house import About
from privyseal.actions.organization.confirm_application import confirm_application
from privyseal.actions.organization.submit_application import submit_application
from privyseal.look.words import gettext
from privyseal.model.errors import BadRequest, NotFound, Refused, TooManyRequests
from privyseal.model.identifiers import ApplicationId
from privyseal.reception.site import Visit

FORM: Final = "public/apply.html"
CONFIRM: Final = "public/apply_confirm.html"
FIELDS: Final = (
    "name",
    "registration_number",
    "country",
    "state_or_province",
    "locality",
    "address",
    "telephone",
    "website",
    "slug",
    "domains",
    "corporate_name",
    "corporate_email",
    "technical_name",
    "technical_email",
    "billing_name",
    "billing_email",
    "administrator_name",
    "administrator_email",
)
_CODE: Final = re.compile(r"[a-z2-7]{52}")
_ID: Final = re.compile(r"apl-[0-9a-f]{32}")


def show_form(visit: Visit) -> Response:
    """Show the form."""
    return _form(visit)


def _form(visit: Visit, status: int = 200) -> Response:
    return visit.show(FORM, {"offers_trials": visit.house.offers_trials}, status=status)


def apply(visit: Visit) -> Response:
    """Keep the application; the answer is the same whoever exists already."""
    fields = {name: visit.form.value(name) for name in FIELDS}
    try:
        visit.perform(About("submit-application", "", "application", "new"), submit_application, fields)
    except (Refused, BadRequest, TooManyRequests) as error:
        visit.form.refuse(error.field if error.field in FIELDS else "", error.sentence)
        answer = _form(visit, 429 if isinstance(error, TooManyRequests) else 422)
        if isinstance(error, TooManyRequests):
            answer.headers["Retry-After"] = str(error.retry_after_seconds)
        return answer
    return visit.go_to("/apply/sent")


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
