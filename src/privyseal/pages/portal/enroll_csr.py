"""The step of an enrolment that takes the CSR: the commands that make one, then what is in it and what speaks against it."""

from __future__ import annotations

from starlette.responses import Response

from privyseal.engine.csr import read_csr
from privyseal.engine.pem import csr_to_pem
from privyseal.look.guides.making import steps_to_make, wants_elliptic
from privyseal.look.guides.platforms import platform_of, title
from privyseal.model.draft import Draft
from privyseal.model.errors import PrivysealError
from privyseal.model.profile import KeyAlgorithm
from privyseal.model.verdict import Finding, Verdict
from privyseal.pages.portal.csr_reading import judged, rows
from privyseal.pages.portal.drafts import after, offers, place, save, show_step, step_values, with_draft
from privyseal.pages.portal.entry import look_up, portal_page, show_again
from privyseal.reception.sent_csr import CSR_FIELDS, names_of, read_sent, refused
from privyseal.reception.site import Method, Visit


def ask_csr(visit: Visit, draft: Draft) -> Response:
    """Show how to make a key and a CSR, and take the CSR."""
    return _show_csr(visit, draft)


def keep_csr(visit: Visit, draft: Draft) -> Response:
    """Keep a CSR that can be certified here; tell at once what is wrong with any other. What is no CSR is stored nowhere."""
    try:
        csr = read_sent(visit)
        draft = save(visit, draft, csr=csr_to_pem(csr.der))
    except PrivysealError as error:
        return show_again(visit, error, lambda status: _show_csr(visit, draft, status), CSR_FIELDS)
    verdicts = judged(visit, csr, draft.answers.names)
    if not refused(verdicts):
        return visit.go_to(place(visit, draft, "csr/seen"))
    for verdict in refused(verdicts):
        visit.form.refuse("csr", verdict.sentence)
    return _show_csr(visit, draft, 422, verdicts)


def _show_csr(visit: Visit, draft: Draft, status: int = 200, verdicts: tuple[Verdict, ...] = ()) -> Response:
    platform = platform_of(draft.answers.platform)
    algorithms = {algorithm for offer in look_up(visit, offers) for algorithm in offer.policy.key_algorithms}
    elliptic = wants_elliptic(platform, p256=KeyAlgorithm.P256 in algorithms, rsa=KeyAlgorithm.RSA in algorithms)
    values: dict[str, object] = {
        "platform": title(platform),
        "steps": steps_to_make(platform, draft.answers.names, elliptic=elliptic) if draft.answers.names else (),
        # A reason to refuse stands in the summary and at the field already.
        "verdicts": [row for row in rows(visit, verdicts) if row[0] != Finding.REFUSED.value],
        "is_refused": bool(refused(verdicts)),
        "names_address": place(visit, draft, "names"),
    }
    return show_step(visit, draft, "csr", values, status)


def show_seen(visit: Visit, draft: Draft) -> Response:
    """Show what is in the CSR, with the verdicts of this moment."""
    if not draft.answers.csr:
        return visit.go_to(place(visit, draft, "csr"))
    csr = read_csr(draft.answers.csr.encode())
    verdicts = judged(visit, csr, draft.answers.names)
    values: dict[str, object] = {
        "names": names_of(csr),
        "fingerprint": csr.spki_sha256.hex(),
        "verdicts": rows(visit, verdicts),
        "may_go_on": not refused(verdicts),
        "way_on": place(visit, draft, after(draft.answers, "csr")),
        "csr_address": place(visit, draft, "csr"),
    }
    return visit.show("portal/enroll_seen.html", step_values(visit, draft, "csr") | values)


PAGES = (
    portal_page(Method.GET, "/enroll/{draft}/csr", with_draft(ask_csr)),
    portal_page(Method.POST, "/enroll/{draft}/csr", with_draft(keep_csr), upload=True),
    portal_page(Method.GET, "/enroll/{draft}/csr/seen", with_draft(show_seen)),
)
