"""A lost card, for whoever cannot sign in any more: reported by anybody, confirmed by the corporate contact with a mailed code."""

from __future__ import annotations

import re
from typing import Final

from starlette.responses import Response

from privyseal.actions.lost_card.confirm_lost_card import confirm_lost_card
from privyseal.actions.lost_card.report_lost_card import report_lost_card
from privyseal.look.words import gettext
from privyseal.model.errors import NotFound, PrivysealError, Refused
from privyseal.reception.site import Visit

REPORT: Final = "sign_in/lost_card.html"
CONFIRM: Final = "sign_in/lost_card_confirm.html"
_CODE: Final = re.compile(r"[a-z2-7]{52}")


def show_report(visit: Visit) -> Response:
    """Ask whose card is lost."""
    return visit.show(REPORT, {"place": f"/o/{visit.slug}", "is_sent": visit.query("sent", 1) == "1"})


def report(visit: Visit) -> Response:
    """Take the report; the answer is the same whether or not there is such a person."""
    about = visit.about("report-lost-card", "administrator", "unknown")
    try:
        visit.context.limit.take(visit.actor.source)
        visit.perform(about, report_lost_card, visit.slug, visit.form.value("whose"))
    except Refused as error:
        visit.form.refuse("whose", error.sentence)
        return visit.show(REPORT, {"place": f"/o/{visit.slug}", "is_sent": False}, status=422)
    return visit.go_to(f"/o/{visit.slug}/lost-card?sent=1")


def show_confirmation(visit: Visit) -> Response:
    """Show the button; opening a link of a letter changes nothing."""
    code = visit.query("code", 200).lower()
    return _show(visit, code if _CODE.fullmatch(code) else "")


def confirm(visit: Visit) -> Response:
    """Confirm with the code of the letter."""
    code = visit.form.secret("code").strip().lower()
    is_code = _CODE.fullmatch(code) is not None
    try:
        if not is_code:
            raise Refused("code-form", gettext("The code has 52 letters and digits. Copy it from the newest mail."), field="code")
        visit.perform(visit.about("confirm-lost-card", "administrator", "unknown"), confirm_lost_card, visit.slug, code)
    except (Refused, NotFound) as error:
        return _refused(visit, error, code if is_code else "")
    return visit.go_to(f"/o/{visit.slug}/lost-card/confirm?done=1")


def _refused(visit: Visit, error: PrivysealError, code: str) -> Response:
    visit.form.refuse("code", error.sentence)
    return _show(visit, code, status=422)


def _show(visit: Visit, code: str, *, status: int = 200) -> Response:
    values = {"place": f"/o/{visit.slug}", "code": code, "is_done": visit.query("done", 1) == "1"}
    return visit.show(CONFIRM, values, status=status)
