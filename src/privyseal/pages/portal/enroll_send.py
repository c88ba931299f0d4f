"""The last step of an enrolment: all answers to look at, the challenge phrase, the button that sends; then what happens next."""

from __future__ import annotations

from starlette.responses import Response

from privyseal.actions.house import attempt
from privyseal.actions.request.close_draft import close_draft
from privyseal.actions.request.submit_request import Submitted, submit_request
from privyseal.engine.csr import read_csr
from privyseal.engine.phrases import MAXIMUM_CHARACTERS, MINIMUM_CHARACTERS
from privyseal.engine.submission import RawSubmission, read_submission
from privyseal.look.guides.platforms import platform_of, title
from privyseal.look.words import gettext
from privyseal.model.draft import Draft
from privyseal.model.errors import PrivysealError, Refused
from privyseal.model.request import read_endpoint
from privyseal.pages.portal.csr_reading import judged, rows
from privyseal.pages.portal.departments import chosen_words
from privyseal.pages.portal.drafts import first_open, place, show_step, with_draft
from privyseal.pages.portal.entry import home, portal_page, show_again
from privyseal.pages.portal.own_fields import asked_for, inputs, kept_answers, lacks_answers
from privyseal.pages.portal.status import remember_sent
from privyseal.reception.sent_csr import names_of, refused
from privyseal.reception.server_rows import kind_words
from privyseal.reception.site import Method, Visit
from privyseal.store.failpoints import failpoint

_FIELDS = {
    "phrase": "phrase",
    "phrase_again": "phrase_again",
    "csr": "answer-csr",
    "key": "answer-csr",
    "names": "answer-csr",
    "policy": "answer-use",
    "lifetime_days": "answer-use",
    "endpoints": "answer-servers",
    "contact_name": "answer-contact",
    "contact_email": "answer-contact",
    "email": "answer-contact",
    "comment": "answer-comment",
    "department": "answer-department",
}
"""Fields of a submission's errors, and where on this page the answer stands."""


def ask_check(visit: Visit, draft: Draft) -> Response:
    """Show all answers, each with a way to change it, and ask for the challenge phrase."""
    missing = _missing(visit, draft)
    return visit.go_to(place(visit, draft, missing)) if missing != "check" else _show_check(visit, draft)


def _missing(visit: Visit, draft: Draft) -> str:
    """Return the step that is not answered, or ``check``; the policy may ask other questions than when they were answered."""
    step = first_open(draft.answers)
    return "contact" if step == "check" and lacks_answers(visit, draft.answers) else step


def send(visit: Visit, draft: Draft) -> Response:
    """Submit the request; a second press finds the first one's request."""
    if _missing(visit, draft) != "check":
        return ask_check(visit, draft)
    try:
        submitted = _submit(visit, draft)
    except PrivysealError as error:
        # What is wrong with a question of the organization's own is told where it was answered.
        places = _FIELDS | {error.field: f"answer-{error.field}"} if error.kind == "custom-field" else _FIELDS
        return show_again(visit, error, lambda status: _show_check(visit, draft, status), places)
    failpoint("submit.after-commit")
    visit.perform(visit.about("close-draft", "draft", "draft"), close_draft, visit.slug, draft.id, submitted.request.id)
    known = "" if submitted.is_new else "?known=yes"
    answer = visit.go_to(f"{home(visit)}/requests/{submitted.request.id}/received{known}")
    remember_sent(answer, submitted.request.id)
    return answer


def _submit(visit: Visit, draft: Draft) -> Submitted:
    answers, about = draft.answers, visit.about("submit-request", "request", "new")
    phrase = visit.form.secret("phrase")
    if phrase and phrase != visit.form.secret("phrase_again"):
        # The form's own question, not a rule of requests: nobody can look at what was typed into a hidden field.
        raise Refused("phrase-differs", gettext("The two phrases differ. Type the same one twice."), field="phrase_again")
    raw = RawSubmission(
        csr=answers.csr,
        policy=answers.policy,
        lifetime_days=answers.lifetime_days,
        endpoints=answers.servers,
        contact_name=answers.contact_name,
        contact_email=answers.contact_email,
        phrase=phrase,
        server_platform=answers.platform,
        comment=answers.comment,
        department=answers.department,
        custom_fields=kept_answers(asked_for(visit, answers), answers),
    )
    submission = attempt(visit.house, visit.actor, about, lambda: read_submission(raw, visit.house.random_bytes))
    return visit.perform(about, submit_request, visit.slug, submission)


def _show_check(visit: Visit, draft: Draft, status: int = 200) -> Response:
    answers = draft.answers
    csr = read_csr(answers.csr.encode())
    verdicts = judged(visit, csr, answers.names)
    kinds = kind_words()
    servers = [read_endpoint(text) for text in answers.servers]
    values: dict[str, object] = {
        "platform": title(platform_of(answers.platform)),
        "names": names_of(csr),
        "fingerprint": csr.spki_sha256.hex(),
        "servers": [(server.address, kinds[server.kind]) for server in servers],
        "verdicts": [row for row in rows(visit, verdicts) if row[0] != "good"],
        "is_refused": bool(refused(verdicts)),
        "place": place(visit, draft, ""),
        "department": chosen_words(visit, answers.department),
        "own_fields": inputs(asked_for(visit, answers), answers),
        "least": MINIMUM_CHARACTERS,
        "most": MAXIMUM_CHARACTERS,
    }
    return show_step(visit, draft, "check", values, status)


PAGES = (
    portal_page(Method.GET, "/enroll/{draft}/check", with_draft(ask_check)),
    portal_page(Method.POST, "/enroll/{draft}/check", with_draft(send)),
)
