"""Home: whether everything runs, and what waits for a person."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from starlette.responses import Response

from privyseal.actions.house import require_evidence
from privyseal.look.authority_words import authority_words
from privyseal.look.words import gettext, ngettext
from privyseal.model.application import ApplicationState
from privyseal.model.errors import PrivysealError
from privyseal.model.organization import OrganizationState
from privyseal.pages.provider_console.authorities import RESPONDER_SOON
from privyseal.reception.site import Visit
from privyseal.store import applications, authorities, authority_states, organizations, outbox, revocations, task_failures

Verdict = tuple[str, str, str]


def show_home(visit: Visit) -> Response:
    """Show it."""
    with visit.house.database.read(visit.now) as tx:
        counts = organizations.count_by_state(tx)
        waiting = applications.count(tx, ApplicationState.APPLIED)
        letters, jobs = outbox.count_failing(tx), task_failures.count_failing(tx)
        health = revocations.health(tx)
        responders = authorities.responder_ends(tx)
        resting = [state for state in authority_states.newest_of_each(tx).values() if not state.issues]
        evidence = _verdict_of(lambda: require_evidence(tx), gettext("The audit log keeps up, and the clock is right."))
    verdicts = [
        _verdict_of(visit.context.entrance.issuer.ping, gettext("The issuer answers and may sign.")),
        evidence,
        *(("waiting", gettext("%(name)s is paused.") % {"name": authority_words(state.authority)[0]}, state.reason) for state in resting),
        _crls(sum(item.overdue for item in health)),
        _responders(responders, visit.now),
        *_failures(letters, jobs),
    ]
    values = {
        "verdicts_rows": verdicts,
        "waiting": waiting,
        "to_vet": counts.get(OrganizationState.APPLIED, 0) + counts.get(OrganizationState.VETTING, 0),
        "active": counts.get(OrganizationState.ACTIVE, 0),
        "revoked": sum(item.entries for item in health),
        "failing": letters + jobs,
    }
    return visit.show("provider_console/home.html", values)


def _verdict_of(check: Callable[[], None], good: str) -> Verdict:
    try:
        check()
    except PrivysealError as error:
        return "bad", error.sentence, ""
    return "good", good, ""


def _crls(overdue: int) -> Verdict:
    if not overdue:
        return "good", gettext("Every CRL is current."), ""
    words = ngettext("%(num)d CRL is overdue.", "%(num)d CRLs are overdue.", overdue) % {"num": overdue}
    return "bad", words, gettext("See CAs, CRL and OCSP.")


def _responders(ends: Sequence[datetime], now: datetime) -> Verdict:
    over, soon = sum(end <= now for end in ends), sum(now < end < now + RESPONDER_SOON for end in ends)
    if over:
        words = ngettext("%(num)d OCSP responder has expired.", "%(num)d OCSP responders have expired.", over) % {"num": over}
        return "bad", words, gettext("See CAs, CRL and OCSP.")
    if soon:
        words = ngettext("%(num)d OCSP responder ends soon.", "%(num)d OCSP responders end soon.", soon) % {"num": soon}
        return "waiting", words, gettext("See CAs, CRL and OCSP.")
    return "good", gettext("Every OCSP responder is certified."), ""


def _failures(letters: int, jobs: int) -> list[Verdict]:
    found: list[Verdict] = []
    if jobs:
        words = ngettext("%(num)d periodic job fails.", "%(num)d periodic jobs fail.", jobs) % {"num": jobs}
        found.append(("bad", words, gettext("See failed work.")))
    if letters:
        words = ngettext("%(num)d letter failed.", "%(num)d letters failed.", letters) % {"num": letters}
        found.append(("waiting", words, gettext("See failed work.")))
    return found or [("good", gettext("No letter and no job has failed."), "")]
