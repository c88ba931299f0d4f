"""Ask for a reissue as an administrator: the new CSR, what is in it with every verdict, and the button that sends it."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import Response

from privyseal.actions.certificate.judge_reissue import judge_reissue
from privyseal.actions.certificate.reissue_certificate import reissue_certificate
from privyseal.engine.csr import read_csr
from privyseal.engine.pem import csr_to_pem
from privyseal.look.guides.making import steps_to_make, wants_elliptic
from privyseal.look.guides.platforms import platform_of
from privyseal.model.actor import require
from privyseal.model.administrator import Permission
from privyseal.model.certificate import CertificateState, require_reissuable
from privyseal.model.errors import BadRequest, Conflict, NotFound, NotPermitted, PrivysealError, Refused
from privyseal.model.organization import Organization, require_active
from privyseal.model.request import RequestKind
from privyseal.model.verdict import Finding, Verdict
from privyseal.pages.control_center.certificate import Held, held
from privyseal.pages.control_center.check import matter_of, values_of
from privyseal.pages.control_center.entry import home, look_up
from privyseal.reception.kept import forget_signed, go_on, marked
from privyseal.reception.refusals import show_again
from privyseal.reception.sent_csr import CSR_FIELDS, in_order, names_of, read_sent, refused
from privyseal.reception.site import Visit
from privyseal.store.database import Transaction
from privyseal.store.failpoints import failpoint


def ask_reissue(visit: Visit) -> Response:
    """Show how to make a new key, and ask for the CSR."""
    return _show_question(visit, _held(visit))


def _held(visit: Visit) -> Held:
    """Return the certificate of the address; raises NotFound, and NotPermitted where the right to submit does not reach."""
    found = held(visit)
    look_up(visit, lambda _, organization: require(visit.actor, Permission.SUBMIT, organization.id, found.path))
    return found


def _place(visit: Visit, found: Held) -> str:
    return f"{home(visit)}/certificates/{found.certificate.serial_hex}"


def _impossible(visit: Visit, found: Held) -> str:
    """Return why it cannot be reissued, or nothing: what the action would refuse is not offered."""

    def work(tx: Transaction, organization: Organization) -> str:
        try:
            require_active(organization)
            require_reissuable(found.certificate, tx.now)
        except (Conflict, Refused) as error:
            return error.sentence
        return ""

    return look_up(visit, work)


def _values(visit: Visit, found: Held) -> dict[str, object]:
    return {
        "home": home(visit),
        "place": _place(visit, found),
        "certificate": found.certificate,
        "names": [name for _, name in found.certificate.names],
        "is_revoked": found.certificate.state is CertificateState.REVOKED,
    }


def _show_question(visit: Visit, found: Held, status: int = 200, verdicts: Sequence[Verdict] = ()) -> Response:
    platform = platform_of(found.request.server_platform if found.request else "")
    names = [name for _, name in found.certificate.names]
    values = {
        "steps": steps_to_make(platform, names, elliptic=wants_elliptic(platform, p256=True, rsa=True), day=visit.now),
        "impossible": _impossible(visit, found),
        # A reason to refuse stands in the summary and at the field already.
        "verdicts": _rows([verdict for verdict in verdicts if verdict.finding is not Finding.REFUSED]),
    }
    return visit.show("control_center/reissue.html", _values(visit, found) | values, status=status)


def _rows(verdicts: Sequence[Verdict]) -> list[tuple[str, str, str]]:
    return [(verdict.finding.value, verdict.sentence, verdict.evidence) for verdict in in_order(verdicts)]


def prepare_reissue(visit: Visit) -> Response:
    """Lead to what is in a CSR that can be certified; tell at once what is wrong with any other."""
    found = _held(visit)
    try:
        csr = read_sent(visit)
        verdicts = look_up(visit, lambda tx, _: judge_reissue(visit.house, tx, visit.actor, visit.slug, found.certificate.serial_hex, csr))
        for verdict in refused(verdicts):
            visit.form.refuse("csr_file" if visit.files.get("csr_file") else "csr", verdict.sentence)
        if visit.form.problems:
            return _show_question(visit, found, 422, verdicts)
        return go_on(visit, f"{_place(visit, found)}/reissue/check", {"csr": [csr_to_pem(csr.der)]})
    except PrivysealError as error:
        return _refuse(visit, found, error)


def _refuse(visit: Visit, found: Held, error: PrivysealError) -> Response:
    if isinstance(error, NotFound | NotPermitted):
        raise error
    return show_again(visit, error, lambda status: _show_question(visit, found, status), CSR_FIELDS.get(error.field, ""))


def show_reissue(visit: Visit) -> Response:
    """Show what is in the CSR, with the verdicts of this moment; without a CSR the question for it."""
    found = _held(visit)
    try:
        csr = read_csr(visit.form.value("csr").encode())
        verdicts = look_up(visit, lambda tx, _: judge_reissue(visit.house, tx, visit.actor, visit.slug, found.certificate.serial_hex, csr))
    except (BadRequest, Refused, Conflict):
        return visit.go_to(marked(visit, f"{_place(visit, found)}/reissue"))
    values = {
        "asked": names_of(csr),
        "fingerprint": csr.spki_sha256.hex(),
        "csr": csr_to_pem(csr.der),
        "verdicts": _rows(verdicts),
        "may_go_on": not refused(verdicts),
        "department": found.department,
        "action": marked(visit, f"{_place(visit, found)}/reissued"),
        "back": marked(visit, f"{_place(visit, found)}/reissue"),
    }
    return visit.show("control_center/check_reissue.html", _values(visit, found) | values)


def reissue(visit: Visit) -> Response:
    """Ask for it; another administrator decides about it like about any request. A second press finds the first one's."""
    found = _held(visit)
    serial = found.certificate.serial_hex
    about = visit.about("reissue-certificate", "certificate", serial)
    try:
        request = visit.perform(about, reissue_certificate, visit.slug, serial, read_sent(visit), None)
    except PrivysealError as error:
        return _refuse(visit, found, error)
    failpoint("submit.after-commit")
    forget_signed(visit)
    return visit.go_to(f"{home(visit)}/requests/{request.id}/received")


def show_received(visit: Visit) -> Response:
    """Tell what happens with a reissue now; any other request, and one that is decided, is shown itself."""
    matter = matter_of(visit)
    if matter.request.kind is not RequestKind.REISSUE or matter.certificate is not None:
        return visit.go_to(f"{home(visit)}/requests/{matter.request.id}")
    return visit.show("control_center/reissue_received.html", values_of(visit, matter))
