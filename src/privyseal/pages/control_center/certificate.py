"""A certificate: what it is, everything that happened to it, its files, and revoking it under a signature."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from starlette.responses import Response

from privyseal.actions.certificate.revoke_certificate import ByAdministrator, revoke_certificate
from privyseal.engine.authority import Authority
from privyseal.engine.foreign_certificate import read_certificate
from privyseal.engine.pem import certificate_to_pem, chain_to_pem
from privyseal.engine.pkcs7 import certs_only
from privyseal.look.certificate_words import reason_text, reason_words
from privyseal.look.words import gettext
from privyseal.model.administrator import Permission
from privyseal.model.certificate import Certificate, CertificateState, require_reissuable
from privyseal.model.errors import Conflict, NotFound, PrivysealError, Refused
from privyseal.model.organization import Organization
from privyseal.model.request import Request, require_text
from privyseal.model.revocation import read_reason
from privyseal.pages.control_center.department_words import department_words
from privyseal.pages.control_center.entry import home, look_up, may, nothing_here, part, sight
from privyseal.pages.control_center.history import Happened, history_of
from privyseal.pages.control_center.words import certificate_state, reason_choices
from privyseal.reception.kept import forget_signed, go_on, marked
from privyseal.reception.refusals import show_again
from privyseal.reception.signing import end_of_statement, offer, read_signature
from privyseal.reception.site import Visit
from privyseal.store import certificate_servers, certificates, departments, requests
from privyseal.store.certificate_servers import Servers
from privyseal.store.database import Transaction
from privyseal.store.failpoints import failpoint
from privyseal_wire.statements import Revocation

COMMENT_CHARACTERS: Final = 500


@dataclass(frozen=True, slots=True)
class Held:
    """A certificate with its CA, its request, and what happened to both."""

    certificate: Certificate
    authority: Authority
    request: Request | None
    replaced: Certificate | None
    history: list[Happened]
    path: str
    department: str
    servers: Servers

    @property
    def chain(self) -> list[bytes]:
        """The certificate and its issuers in DER, without the root."""
        return [self.certificate.der, *self.authority.chain]

    @property
    def stem(self) -> str:
        """The name of its files without an ending."""
        return self.certificate.common_name.replace("*", "_")


def held(visit: Visit) -> Held:
    """Return the certificate of the address; raises NotFound."""
    serial = part(visit, "serial")

    def work(tx: Transaction, organization: Organization) -> Held:
        certificate = certificates.by_serial(tx, organization.id, serial, scope=sight(visit))
        if certificate is None:
            raise nothing_here()
        request = requests.get(tx, organization.id, certificate.request_id, scope=sight(visit)) if certificate.request_id else None
        authority = visit.house.authority_of(certificate.authority_id)
        replaced = certificates.get(tx, certificate.replaces) if certificate.replaces else None
        objects = [certificate.serial_hex, *([certificate.request_id] if certificate.request_id else [])]
        path = departments.path_of(tx, certificate.department_id)
        department = department_words(tx, organization, certificate.department_id)
        history = history_of(tx, organization, objects, sight(visit))
        servers = certificate_servers.current(tx, certificate)
        return Held(certificate, authority, request, replaced, history, path, department, servers)

    return look_up(visit, work)


def show_certificate(visit: Visit) -> Response:
    """Show it."""
    return _show(visit)


def _values(visit: Visit, found: Held) -> dict[str, object]:
    certificate = found.certificate
    is_valid = certificate.state is CertificateState.VALID and visit.now < certificate.not_after
    return {
        "home": home(visit),
        "place": f"{home(visit)}/certificates/{certificate.serial_hex}",
        "held": found,
        "certificate": certificate,
        "names": [name for _, name in certificate.names],
        "stands": certificate_state(certificate.state, certificate.not_after, visit.now),
        "issuer": read_certificate(certificate.der, []).issuer,
        "reason": reason_text(certificate.revocation_reason) if certificate.revoked_at else "",
        "servers": [endpoint.address for endpoint in found.servers.endpoints],
        "may_assign": is_valid and may(visit, Permission.MOVE, found.path),
        "files": FILES,
        "pem": certificate_to_pem(certificate.der),
        "may_move": may(visit, Permission.MOVE, found.path),
        "may_revoke": is_valid and may(visit, Permission.REVOKE, found.path),
        "reasons": reason_choices(),
        "reissue_address": f"/o/{visit.slug}/certificates/{certificate.serial_hex}" if _is_reissuable(certificate, visit) else "",
        "may_reissue": may(visit, Permission.SUBMIT, found.path),
        "reissue_line": f"seal certificate reissue {certificate.serial_hex} NEW.csr",
        "check_line": f"seal certificate check {certificate.common_name}",
    }


def _is_reissuable(certificate: Certificate, visit: Visit) -> bool:
    try:
        require_reissuable(certificate, visit.now)
    except Conflict:
        return False
    return True


def _show(visit: Visit, status: int = 200) -> Response:
    return visit.show("control_center/certificate.html", _values(visit, held(visit)), status=status)


def prepare_revocation(visit: Visit) -> Response:
    """Lead to what is signed to revoke for this reason, and what follows."""
    certificate = held(visit).certificate
    try:
        _require_answers(visit)
    except Refused as error:
        sentence = gettext("Choose a reason.") if error.field == "reason" else error.sentence
        return show_again(visit, Refused(error.kind, sentence), lambda status: _show(visit, status), error.field)
    return go_on(visit, f"{home(visit)}/certificates/{certificate.serial_hex}/revocation")


def show_revocation(visit: Visit) -> Response:
    """Show what is signed; without a reason, or of a certificate that is revoked already, the certificate."""
    certificate = held(visit).certificate
    place = f"{home(visit)}/certificates/{certificate.serial_hex}"
    if not _has_answers(visit):
        return visit.go_to(place)
    if certificate.state is CertificateState.REVOKED:
        return visit.go_to(f"{place}/revoked")
    return _show_signing(visit)


def _comment(visit: Visit) -> str:
    return " ".join(visit.form.value("comment").split())


def _require_answers(visit: Visit) -> None:
    read_reason(visit.form.value("reason"))
    require_text("comment", _comment(visit), COMMENT_CHARACTERS, optional=True)


def _has_answers(visit: Visit) -> bool:
    try:
        _require_answers(visit)
    except Refused:
        return False
    return True


def _show_signing(visit: Visit, status: int = 200) -> Response:
    found = held(visit)
    reason, comment = visit.form.value("reason"), _comment(visit)
    revocation = Revocation(
        service=visit.house.service.service_id,
        organization=visit.slug,
        expires=end_of_statement(visit),
        ca=visit.house.authority_of(found.certificate.authority_id).slug,
        serial=found.certificate.serial_hex,
        reason=reason,
        comment=comment,
        revoker=visit.person.id,
    )
    place = f"{home(visit)}/certificates/{found.certificate.serial_hex}"
    command = f"seal certificate revoke {found.certificate.serial_hex} --reason {reason}"
    signing = offer(
        visit, revocation.to_bytes(), action=marked(visit, f"{place}/revoked"), command=command, kept={"reason": reason, "comment": comment}
    )
    told = {"chosen": reason, "chosen_words": reason_words()[read_reason(reason)], "comment": comment}
    values = _values(visit, found) | {"signing": signing, "back": marked(visit, place)} | told
    return visit.show("control_center/sign_revocation.html", values, status=status)


def revoke(visit: Visit) -> Response:
    """Hand in a signed revocation; a second time is harmless."""
    serial = part(visit, "serial")
    about = visit.about("revoke-certificate", "certificate", serial)
    try:
        visit.perform(about, revoke_certificate, visit.slug, serial, ByAdministrator(read_signature(visit)))
    except PrivysealError as error:
        if not isinstance(error, Conflict | NotFound) and _has_answers(visit):
            return show_again(visit, error, lambda status: _show_signing(visit, status), "signed")
        return show_again(visit, error, lambda status: _show(visit, status))
    failpoint("revoke.after-commit")
    forget_signed(visit)
    return visit.go_to(f"{home(visit)}/certificates/{serial}/revoked")


def show_revoked(visit: Visit) -> Response:
    """Tell what happens now; a certificate that is not revoked is shown itself."""
    found = held(visit)
    if found.certificate.state is not CertificateState.REVOKED:
        return visit.go_to(f"{home(visit)}/certificates/{found.certificate.serial_hex}")
    return visit.show("control_center/revoked.html", _values(visit, found))


@dataclass(frozen=True, slots=True)
class File:
    """One form of a certificate: ``name`` in the address, ``ending`` of the file, its media type, and what makes it."""

    name: str
    ending: str
    media_type: str
    words: str
    make: Callable[[Held], bytes]


FILES: Final = (
    File("chain", ".pem", "application/x-pem-file", "PEM, with the chain", lambda found: chain_to_pem(found.chain).encode()),
    File(
        "pem", "-certificate.pem", "application/x-pem-file", "PEM, alone", lambda found: certificate_to_pem(found.certificate.der).encode()
    ),
    File("pkcs7", ".p7b", "application/x-pkcs7-certificates", "PKCS #7", lambda found: certs_only([*found.chain, found.authority.root])),
    File("der", ".der", "application/pkix-cert", "DER", lambda found: found.certificate.der),
)


def download(visit: Visit) -> Response:
    """Return one of the files."""
    wanted = visit.path("form")
    file = next((each for each in FILES if each.name == wanted), None)
    if file is None:
        raise nothing_here()
    found = held(visit)
    headers = {"Content-Disposition": f'attachment; filename="{found.stem}{file.ending}"'}
    return Response(file.make(found), media_type=file.media_type, headers=headers)
