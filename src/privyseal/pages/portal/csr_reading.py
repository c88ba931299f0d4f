"""Everything that speaks for and against the CSR of an enrolment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from markupsafe import Markup

from privyseal.actions.request.judge_csr import judge_csr
from privyseal.engine.csr import Csr
from privyseal.engine.submission import read_names
from privyseal.look.sentences import told
from privyseal.look.words import gettext
from privyseal.model.errors import Refused
from privyseal.model.policy import Policy
from privyseal.model.verdict import Finding, Verdict
from privyseal.pages.portal.drafts import offers
from privyseal.pages.portal.entry import home, look_up, part
from privyseal.reception.sent_csr import in_order
from privyseal.reception.site import Visit

ASKED: Final = "asked"
"""The subject of the check that compares the CSR with the names of an earlier step."""


def judged(visit: Visit, csr: Csr, asked: Sequence[str] = ()) -> tuple[Verdict, ...]:
    """Return the verdicts on a CSR; with the names ``asked`` for before also what differs from them."""
    found = look_up(visit, lambda tx, organization: judge_csr(visit.house, tx, visit.actor, organization.slug, csr, _policies(visit)))
    try:
        names = set(read_names(csr)[0])
    except Refused:
        return found
    if not asked or names == set(asked):
        return found
    sentence = gettext(
        "The certificate will have the names of the CSR: {names}. If you want those that you entered before, make another CSR."
    )
    return (*found, Verdict(ASKED, Finding.WARNING, sentence.format(names=", ".join(sorted(names))), ", ".join(asked)))


def _policies(visit: Visit) -> list[Policy]:
    return [offer.policy for offer in look_up(visit, offers)]


def rows(visit: Visit, verdicts: Sequence[Verdict]) -> list[tuple[str, str, str]]:
    """Return the verdicts as the page part ``verdicts`` takes them, the reasons to refuse first; a certificate is a link."""
    return [(verdict.finding.value, verdict.sentence, _evidence(visit, verdict)) for verdict in in_order(verdicts)]


def _evidence(visit: Visit, verdict: Verdict) -> str:
    if verdict.subject == ASKED:
        entered = gettext("You entered: {names}").format(names=verdict.evidence)
        link = Markup('{} · <a href="{}/enroll/{}/csr">{}</a>')
        return link.format(entered, home(visit), part(visit, "draft"), gettext("Make another CSR"))
    if not verdict.serial_hex:
        return verdict.evidence
    address = f"{home(visit)}/certificates/{verdict.serial_hex}"
    links = Markup('<a href="{}">{}</a> · <a href="{}/replace">{}</a>')
    return links.format(address, told(verdict.evidence), address, gettext("Replace it"))
