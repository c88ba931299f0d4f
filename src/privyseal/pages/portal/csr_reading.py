"""A CSR as people hand it in: pasted or as a file, read at once, with everything that speaks for and against it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from markupsafe import Markup

from privyseal.actions.house import attempt
from privyseal.actions.request.judge_csr import judge_csr
from privyseal.engine.csr import Csr, read_csr
from privyseal.engine.submission import read_names
from privyseal.look.sentences import told
from privyseal.look.words import gettext
from privyseal.model.errors import BadRequest, Refused
from privyseal.model.policy import Policy
from privyseal.model.verdict import Finding, Verdict
from privyseal.pages.portal.drafts import offers
from privyseal.pages.portal.entry import home, look_up, part
from privyseal.reception.site import Visit

ASKED: Final = "asked"
"""The subject of the check that compares the CSR with the names of an earlier step."""
CSR_FIELDS = {"csr": "csr", "key": "csr", "names": "csr", "csr_file": "csr_file"}
"""Fields of errors about a CSR, and the inputs to look at."""


def read_sent(visit: Visit) -> Csr:
    """Return the CSR of the field ``csr`` or the file ``csr_file``; a file counts first, because it was chosen on purpose.

    Raises PrivateKeyFound, recorded and its key blocked; BadRequest and Refused as ``read_csr``.
    """
    file = visit.files.get("csr_file", b"")
    field = "csr_file" if file else "csr"
    data = file or visit.form.value("csr").encode()

    def read() -> Csr:
        if not data:
            raise BadRequest("csr-missing", gettext("Paste the CSR, or choose its file."), field="csr")
        try:
            return read_csr(data)
        except BadRequest as error:
            raise BadRequest(error.kind, error.sentence, field=field) from error

    return attempt(visit.house, visit.actor, visit.about("read-csr", "csr", "csr"), read)


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


def refused(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """Return the verdicts with which nobody can go on."""
    return [verdict for verdict in verdicts if verdict.finding is Finding.REFUSED]


def rows(visit: Visit, verdicts: Sequence[Verdict]) -> list[tuple[str, str, str]]:
    """Return the verdicts as the page part ``verdicts`` takes them, the reasons to refuse first; a certificate is a link."""
    order = {Finding.REFUSED: 0, Finding.WARNING: 1, Finding.GOOD: 2}
    ordered = sorted(verdicts, key=lambda verdict: order[verdict.finding])
    return [(verdict.finding.value, verdict.sentence, _evidence(visit, verdict)) for verdict in ordered]


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
