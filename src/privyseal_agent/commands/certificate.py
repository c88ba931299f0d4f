"""``seal certificate``: pick up, look up, revoke, reissue and check certificates, and say which servers use them."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, TypeAlias

from privyseal_agent import words
from privyseal_agent.commands.certificate_check import check
from privyseal_agent.commands.request import read_csr
from privyseal_agent.decisions import end_of, revocation_of
from privyseal_agent.desk import Desk, Reply
from privyseal_agent.errors import Refused, UsageError
from privyseal_agent.groups import AtDesk, Reason, challenge_phrase, group, open_service
from privyseal_agent.keys.issued_certificate import read_issued_certificate
from privyseal_agent.private_files import write_file
from privyseal_agent.rest.client import Service
from privyseal_agent.rest.documents import Document
from privyseal_agent.settings import NO_SERVICE_OPTIONS, ServiceOptions

APP = group("certificate", "Pick up, look up, revoke, reissue and check certificates.")
APP.command(check)

Form: TypeAlias = Literal["chain", "certificate", "pkcs7", "root"]

_FIELDS: dict[Form, str] = {"chain": "chain_pem", "certificate": "certificate_pem", "pkcs7": "pkcs7_pem", "root": "root_pem"}


@APP.command
def get(
    which: str,
    /,
    *,
    form: Form = "chain",
    out: Path | None = None,
    overwrite: bool = False,
    phrase_file: Path | None = None,
    options: ServiceOptions = NO_SERVICE_OPTIONS,
    desk: AtDesk,
) -> Reply:
    """Pick a certificate up.

    Parameters
    ----------
    which
        Id of your request, with its challenge phrase; or a serial number, with a token or an Administrator ID.
    form
        chain (your certificate first, then the intermediates, as nginx wants it), certificate, pkcs7 or root.
    out
        File to write; standard output when left out.
    overwrite
        Replace the file, as for a renewed certificate.
    phrase_file
        File with the challenge phrase; asked for when left out.
    """
    with open_service(options, desk) as service:
        if which.startswith("req-"):
            phrase = challenge_phrase(phrase_file, desk)
            answer = service.post(service.path("requests", which, "pickup"), {"phrase": phrase})
        else:
            answer = _by_serial(service, which)
    pem = answer.text(_FIELDS[form])
    if out is None:
        return Reply(answer.fields, pem)
    write_file(out, pem.encode(), overwrite=overwrite)
    text = f"{out} holds the {form} of {answer.text('serial')}, valid until {words.moment(answer.text('not_after'))}."
    return Reply({**answer.fields, "file": str(out)}, text)


@APP.command(name="list")
def list_certificates(*, name: str | None = None, options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk) -> Reply:
    """List the certificates of the organization.

    Parameters
    ----------
    name
        Only certificates with exactly this DNS name.
    """
    with open_service(options, desk) as service:
        certificates = list(service.items(service.path("certificates"), {"name": name} if name else None))
    rows = [
        (item.text("serial"), item.text("state"), words.moment(item.text("not_after")), words.bare_names(item.texts("names")))
        for item in certificates
    ]
    table = words.table(("SERIAL", "STATE", "VALID UNTIL", "NAMES"), rows, empty="There are no such certificates.")
    return Reply({"items": [item.fields for item in certificates]}, table)


@APP.command
def show(serial: str, /, *, options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk) -> Reply:
    """Show a certificate and its history, from its request on.

    Parameters
    ----------
    serial
        Serial number in hex.
    """
    with open_service(options, desk) as service:
        certificate = service.get(service.path("certificates", _serial(serial)))
    return Reply(certificate.fields, words.certificate_facts(certificate))


@APP.command
def revoke(
    serial: str,
    /,
    *,
    reason: Reason = "unspecified",
    comment: str = "",
    yes: bool = False,
    phrase_file: Path | None = None,
    options: ServiceOptions = NO_SERVICE_OPTIONS,
    desk: AtDesk,
) -> Reply:
    """Revoke a certificate for good: under your signature as an administrator, or with its challenge phrase.

    Parameters
    ----------
    serial
        Serial number in hex.
    reason
        Why.
    comment
        What else the record should say.
    yes
        Revoke without asking.
    phrase_file
        File with the challenge phrase. With it you act as the subscriber, even where an Administrator ID is set.
    """
    wanted = _serial(serial)
    with open_service(options, desk) as service:
        if phrase_file is None and service.settings.has_identity():
            body = _signed_revocation(service, desk, wanted, reason, comment, yes=yes)
        else:
            phrase = challenge_phrase(phrase_file, desk)
            _ask(desk, f"Revoke {wanted} for good? Clients will refuse it.", yes=yes)
            body = {"phrase": phrase, "reason": reason, "comment": comment}
        answer = service.post(service.path("certificates", wanted, "revocation"), body)
    return Reply(answer.fields, f"Certificate {answer.text('serial')} is {answer.text('state')}. Clients learn it within 60 seconds.")


@APP.command
def reissue(
    serial: str, csr: Path, /, *, phrase_file: Path | None = None, options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk
) -> Reply:
    """Ask for the same certificate with a new key: same names, same end, no unit.

    Parameters
    ----------
    serial
        Serial number in hex of the certificate that is replaced.
    csr
        The file with the CSR of the new key.
    phrase_file
        File with the challenge phrase; asked for when left out and there is neither Administrator ID nor token.
    """
    body: dict[str, object] = {"csr": read_csr(csr)}
    with open_service(options, desk) as service:
        known = service.settings.has_identity() or service.settings.token_file is not None
        if phrase_file is not None or not known:
            body["phrase"] = challenge_phrase(phrase_file, desk)
        answer = service.post(service.path("certificates", _serial(serial), "reissue"), body)
    state = words.STATE_WORDS.get(answer.text("state"), answer.text("state"))
    return Reply(answer.fields, f"Request {answer.text('id')} is {state}.")


@APP.command
def servers(serial: str, /, *, endpoint: list[str], options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk) -> Reply:
    """Let exactly these servers use a certificate. What its request named stays with the request.

    A server that goes to another certificate is left out here, and named for the other one with the ones it has.

    Parameters
    ----------
    serial
        Serial number in hex.
    endpoint
        A server that uses the certificate, such as www.example.test or load-balancer:10.0.0.7; once for each of them.
    """
    with open_service(options, desk) as service:
        path = service.path("certificates", _serial(serial))
        body = {"endpoints": endpoint, "known": service.get(path).integer("server_changes")}
        answer = service.put(service.path("certificates", _serial(serial), "servers"), body)
    return Reply(answer.fields, f"The servers of {answer.text('serial')} are now:\n" + "\n".join(answer.texts("endpoints")))


def _by_serial(service: Service, serial: str) -> Document:
    # The same fields as a pick-up has, from what a reader of the organization may see.
    wanted = _serial(serial)
    certificate = service.get(service.path("certificates", wanted))
    pkcs7 = service.get_bytes(service.path("certificates", wanted, "pkcs7")).decode("ascii", "replace")
    fields = {name: certificate.text(name) for name in ("serial", "chain_pem", "not_before", "not_after")}
    root = service.about.text("root_pem")
    return Document({**fields, "certificate_pem": certificate.text("pem"), "pkcs7_pem": pkcs7, "root_pem": root})


def _signed_revocation(service: Service, desk: Desk, serial: str, reason: str, comment: str, *, yes: bool) -> dict[str, object]:
    identity = service.require_identity()
    shown = service.get(service.path("certificates", serial))
    certificate = read_issued_certificate(shown.text("pem"))
    if certificate.serial_hex != serial:
        raise Refused("certificate-differs", "The service sent another certificate than the one asked for. Nothing was signed.")
    revocation = revocation_of(
        certificate.authority,
        certificate.serial_hex,
        service=service.about.text("service"),
        organization=service.settings.require_organization(),
        revoker=service.administrator_id(),
        reason=reason,
        comment=comment,
        expires=end_of(desk.now()),
    )
    desk.show(f"{words.certificate_facts(shown)}\n\nFingerprint of your revocation: {revocation.fingerprint()}")
    _ask(desk, f"Revoke it for good as {identity.name}, reason {reason}? Clients will refuse it.", yes=yes)
    return {"signature": identity.sign(revocation.to_bytes(), desk.now())}


def _serial(text: str) -> str:
    serial = text.replace(":", "").replace(" ", "").lower()
    serial = serial.zfill(len(serial) + len(serial) % 2)
    if not serial or any(character not in "0123456789abcdef" for character in serial):
        raise UsageError("serial", f'"{text}" is not a serial number in hex, as seal certificate list shows it.')
    return serial


def _ask(desk: Desk, question: str, *, yes: bool) -> None:
    if not yes and not desk.confirm(question):
        raise Refused("not-confirmed", "Nothing was revoked.")
