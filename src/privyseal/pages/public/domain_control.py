"""The page behind the letter that asks whether an organization controls a domain: opening it does nothing, its button does.

Programs open every link of a letter before its reader does. Nobody is signed in here; the value of the letter is what counts,
once.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from starlette.responses import Response

from privyseal.actions.domain.confirm_domain_letter import confirm_domain_letter
from privyseal.look.words import gettext
from privyseal.model.domain import Domain
from privyseal.model.errors import Conflict, NotFound, Refused
from privyseal.model.identifiers import DomainLetterId
from privyseal.model.organization import Organization
from privyseal.reception.site import Visit
from privyseal.store import domain_letters, organizations
from privyseal.store.domain_letters import DomainLetter

FORM: Final = "public/domain_control.html"
_LETTER: Final = re.compile(r"ltr-[0-9a-f]{32}")
_CODE: Final = re.compile(r"[a-z2-7]{52}")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a letter asks."""

    letter: DomainLetter
    domain: Domain
    organization: Organization


def ask(visit: Visit) -> Response:
    """Show what is asked, with the value that the link carries."""
    code = visit.query("code", 200).lower()
    return _show(visit, _asked(visit), code if _CODE.fullmatch(code) else "")


def confirm(visit: Visit) -> Response:
    """Confirm it with the value of the letter."""
    asked = _asked(visit)
    code = visit.form.secret("code").strip().lower()
    about = visit.about("confirm-domain-letter", "domain-letter", asked.letter.id)
    try:
        if not _CODE.fullmatch(code):
            raise Refused("code-form", gettext("The value has 52 letters and digits. Copy it from the letter."), field="code")
        visit.perform(about, confirm_domain_letter, asked.letter.id, code)
    except (Refused, NotFound, Conflict) as error:
        visit.form.refuse("code", error.sentence)
        status = 404 if isinstance(error, NotFound) else 409 if isinstance(error, Conflict) else 422
        return _show(visit, asked, "", status)
    return visit.go_to(f"/domain-control/{asked.letter.id}")


def _asked(visit: Visit) -> Asked:
    letter_id = visit.path("letter")
    if _LETTER.fullmatch(letter_id):
        with visit.house.database.read(visit.now) as tx:
            letter = domain_letters.get(tx, DomainLetterId(letter_id))
            domain = organizations.domain_of_id(tx, letter.domain_id) if letter else None
            if letter is not None and domain is not None:
                return Asked(letter, domain, organizations.get(tx, letter.organization_id))
    raise NotFound("not-found", gettext("There is nothing at this address. Check it, or go to the first page."))


def _show(visit: Visit, asked: Asked, code: str, status: int = 200) -> Response:
    is_over = asked.letter.expires_at <= visit.now or asked.domain.removed_at is not None or asked.domain.token != asked.letter.token
    return visit.show(FORM, {"asked": asked, "code": code, "is_over": is_over}, status=status)
