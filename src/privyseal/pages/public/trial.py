"""Trying the service without being vetted: a short form for anybody, and the confirmation of the address by a mailed code.

As with applications, opening the page of the code changes nothing; only its button does.
"""

from __future__ import annotations

import re
from typing import Final

from starlette.responses import Response

from privyseal.actions.house import About
from privyseal.actions.trial.ask_trial import ask_trial
from privyseal.actions.trial.start_trial import start_trial
from privyseal.look.words import gettext
from privyseal.model.errors import BadRequest, Conflict, NotFound, Refused, TooManyRequests
from privyseal.model.identifiers import TrialId
from privyseal.model.trial import TRIAL_LIFE, TRIAL_UNITS
from privyseal.reception.site import Visit

FORM: Final = "public/try.html"
CONFIRM: Final = "public/try_confirm.html"
FIELDS: Final = ("name", "slug", "person_name", "person_email")
_CODE: Final = re.compile(r"[a-z2-7]{52}")
_ID: Final = re.compile(r"trl-[0-9a-f]{32}")


def show_form(visit: Visit) -> Response:
    """Show the form; raises NotFound where this service offers none to everybody."""
    if not visit.house.offers_trials:
        raise NotFound("not-found", gettext("This service has no trials for everybody."))
    return _form(visit)


def _form(visit: Visit, status: int = 200) -> Response:
    return visit.show(FORM, {"days": TRIAL_LIFE.days, "units": TRIAL_UNITS}, status=status)


def ask(visit: Visit) -> Response:
    """Keep the wish; the answer is the same whoever exists already."""
    fields = {name: visit.form.value(name) for name in FIELDS}
    try:
        visit.perform(About("ask-trial", "", "trial", "new"), ask_trial, fields)
    except (Refused, BadRequest, Conflict, TooManyRequests) as error:
        visit.form.refuse(error.field if error.field in FIELDS else "", error.sentence)
        answer = _form(visit, 429 if isinstance(error, TooManyRequests) else 409 if isinstance(error, Conflict) else 422)
        if isinstance(error, TooManyRequests):
            answer.headers["Retry-After"] = str(error.retry_after_seconds)
        return answer
    return visit.go_to("/try/sent")


def show_sent(visit: Visit) -> Response:
    """Say what happens next."""
    return visit.show("public/try_sent.html")


def ask_code(visit: Visit) -> Response:
    """Show the button that confirms; nothing is looked up before it is pressed."""
    code = visit.query("code", 200).lower()
    return _show(visit, code if _CODE.fullmatch(code) else "")


def _show(visit: Visit, code: str, status: int = 200) -> Response:
    if not _ID.fullmatch(visit.path("trial")):
        raise NotFound("not-found", gettext("There is no such trial."))
    return visit.show(CONFIRM, {"trial_id": visit.path("trial"), "code": code}, status=status)


def confirm(visit: Visit) -> Response:
    """Start the trial; a second time is harmless."""
    code = visit.form.secret("code").strip().lower()
    if not _ID.fullmatch(visit.path("trial")):
        raise NotFound("not-found", gettext("There is no such trial."))
    about = About("start-trial", "", "trial", visit.path("trial"))
    try:
        if not _CODE.fullmatch(code):
            raise Refused("code-form", gettext("The code has 52 letters and digits. Copy it from the newest mail."), field="code")
        visit.perform(about, start_trial, TrialId(visit.path("trial")), code)
    except (Refused, NotFound, Conflict) as error:
        visit.form.refuse("code", error.sentence)
        status = 404 if isinstance(error, NotFound) else 409 if isinstance(error, Conflict) else 422
        return _show(visit, code if _CODE.fullmatch(code) else "", status)
    return visit.go_to("/try/started")


def show_started(visit: Visit) -> Response:
    """Say what happens next."""
    return visit.show("public/try_started.html")
