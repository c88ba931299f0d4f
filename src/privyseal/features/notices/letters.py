"""Letters about requests, certificates and the log, and to whom (requirements 5.5, A44 to A46): one function for each letter.

A letter is composed when it is sent, from what is recorded then. A function returns None when there is nothing to say
any more: the person was removed, the request was decided while the mail server was away. The subject alone tells what
and when. A person who has not yet confirmed an address gets no text that somebody typed into a form.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from privyseal.engine.log_key import log_vkey
from privyseal.engine.pem import chain_to_pem
from privyseal.engine.pkcs7 import certs_only
from privyseal.features.notices.desk import REASON_WORDS, Desk, common_values, grouped, last_word, page_of, place_options
from privyseal.features.notices.recipients import CONTACT, address_of
from privyseal.features.notices.render import Attachment, Letter, date_text, time_text
from privyseal.look.guides.installing import guides, key_sentences
from privyseal.look.guides.steps import file_stem
from privyseal.model.certificate import REISSUE_AFTER_REVOCATION, Certificate
from privyseal.model.identifiers import CertificateId, RequestId
from privyseal.model.organization import Organization
from privyseal.model.profile import SubjectField
from privyseal.model.request import CONFIRM_WITHIN, Request, RequestState
from privyseal.model.revocation import RevocationReason
from privyseal.store import (
    audit,
    authorities,
    certificates,
    organizations,
    questions,
    requests,
)


def received(desk: Desk) -> Letter | None:
    """To the requester: the request is here; with a code, how to confirm the address (A45 comes only after that)."""
    request, organization = _request(desk)
    code = desk.payload.get("code", "")
    if code and request.state is not RequestState.UNCONFIRMED:
        return None
    name, confirm_by = _name(request), request.created_at + CONFIRM_WITHIN
    subject = f"{name}: request received on {date_text(request.created_at)}"
    if code:
        subject = f"{name}: confirm your request by {date_text(confirm_by)}"
    place = place_options(desk, organization)
    return _to_contact(
        desk,
        "received",
        request,
        subject,
        code=code,
        confirm_by=confirm_by,
        confirm_url=page_of(desk, organization, f"confirm/{request.id}?code={quote(code)}"),
        confirm_line=f"seal request confirm {request.id} {place} {last_word(code)}",
        status_url=page_of(desk, organization, f"requests/{request.id}"),
        status_line=f"seal request status {request.id} {place}",
    )


def pending(desk: Desk) -> Letter | None:
    """To an administrator who may approve: a request waits for a decision (A44)."""
    request, organization = _request(desk)
    if request.state not in {RequestState.PENDING, RequestState.HELD}:
        return None
    subject = f"{_name(request)} waits for approval at {organization.name} since {date_text(request.changed_at)}"
    answered = [question for question in questions.of_request(desk.tx, request.id) if question.answered_at is not None]
    return _to_administrator(desk, "pending", request, subject, questions=answered)


def held(desk: Desk) -> Letter | None:
    """To the requester: what an administrator asks before deciding."""
    request, organization = _request(desk)
    if request.state is not RequestState.HELD:
        return None
    url = f"{desk.house.service.base_url}/o/{organization.slug}/requests/{request.id}"
    subject = f"{_name(request)}: a question about your request, asked on {date_text(request.changed_at)} - answer it"
    return _to_contact(desk, "held", request, subject, answer_url=url)


def rejected(desk: Desk) -> Letter | None:
    """To the requester: the decision and its reason."""
    request, organization = _request(desk)
    subject = f"{_name(request)}: request rejected on {date_text(request.changed_at)}"
    return _to_contact(desk, "rejected", request, subject, enroll_url=page_of(desk, organization, "enroll"))


def withdrawn(desk: Desk) -> Letter | None:
    """To the requester: the request was taken back with the challenge phrase."""
    request, _ = _request(desk)
    return _to_contact(desk, "withdrawn", request, f"{_name(request)}: request withdrawn on {date_text(request.changed_at)}")


def failed(desk: Desk) -> Letter | None:
    """To an administrator who may approve: approved, but it could not be issued; it waits for a new decision."""
    request, _ = _request(desk)
    if request.state is not RequestState.FAILED:
        return None
    subject = f"{_name(request)}: approved, but not issued on {date_text(request.changed_at)} - decide again"
    return _to_administrator(desk, "failed", request, subject)


def phrase_guessed(desk: Desk) -> Letter | None:
    """To an administrator who may approve: somebody tries challenge phrases."""
    request, _ = _request(desk)
    subject = f"{_name(request)}: several wrong challenge phrases by {time_text(desk.row.created_at)}"
    return _to_administrator(desk, "phrase_guessed", request, subject, noticed_at=desk.row.created_at)


def issued(desk: Desk) -> Letter | None:
    """To the requester: the certificate with its chain, and how to install and to check it (A46, A47)."""
    certificate, request, organization = _certificate(desk)
    if request is None:
        return None
    name = certificate.common_name
    stem = file_stem(name, request.created_at if certificate.replaces else None)
    what = "replacement" if certificate.replaces else "certificate"
    authority = desk.house.authority_of(certificate.authority_id)
    chain = (certificate.der, *authority.chain)
    values = common_values(desk, organization) | _request_values(request) | _certificate_values(certificate)
    values |= {
        "stem": stem,
        "guides": guides(stem, request.server_platform),
        "key_sentences": key_sentences(stem, request.server_platform),
        "check_lines": [f"{line} --root root.pem --expect {stem}.pem" for line in check_lines(request, certificate)],
        "root_line": f"seal certificate get {request.id} --form root --out root.pem {place_options(desk, organization)}",
        "replaced": certificates.get(desk.tx, certificate.replaces) if certificate.replaces else None,
        "certificate_url": page_of(desk, organization, f"certificates/{certificate.serial_hex}"),
        "pickup_url": page_of(desk, organization, f"requests/{request.id}"),
        "pickup_line": f"seal certificate get {request.id} {place_options(desk, organization)}",
    }
    return Letter(
        "issued",
        certificate.contact_email,
        f"{name}: {what} issued on {date_text(certificate.issued_at)}, valid until {date_text(certificate.not_after)} - install it",
        values,
        (
            Attachment(f"{stem}.pem", "application/x-pem-file", chain_to_pem(chain).encode()),
            Attachment(f"{stem}.p7b", "application/x-pkcs7-certificates", certs_only((*chain, authority.root))),
        ),
    )


def revoked(desk: Desk) -> Letter | None:
    """To the certificate's contact and to administrators who may revoke: the reason and what to do now."""
    certificate, _, organization = _certificate(desk)
    address = _address(desk, certificate, organization)
    if certificate.revoked_at is None or not address:
        return None
    reason = next(reason for reason in RevocationReason if reason.code == (certificate.revocation_reason or 0))
    values = common_values(desk, organization) | _certificate_values(certificate)
    values |= {
        "revoked_at": certificate.revoked_at,
        "reason_words": REASON_WORDS[reason],
        "advice": ADVICE[reason],
        "reissue_by": min(certificate.revoked_at + REISSUE_AFTER_REVOCATION, certificate.not_after),
        "replace_url": page_of(desk, organization, f"certificates/{certificate.serial_hex}/replace"),
        "reissue_line": f"seal certificate reissue {certificate.serial_hex} NEW.csr {place_options(desk, organization)}",
        "is_over": reason is RevocationReason.CESSATION_OF_OPERATION,
        "kept": _kept(desk, certificate),
        "certificate_url": page_of(desk, organization, f"certificates/{certificate.serial_hex}"),
    }
    subject = f"{certificate.common_name}: certificate revoked on {date_text(certificate.revoked_at)} ({REASON_WORDS[reason]})"
    return Letter("revoked", address, subject, values)


def _kept(desk: Desk, certificate: Certificate) -> Certificate | None:
    """What a revoked certificate had replaced, if that is valid and stays so."""
    replaced = certificates.get(desk.tx, certificate.replaces) if certificate.replaces else None
    if replaced is None or replaced.revoked_at is not None or replaced.revoke_after is not None or replaced.not_after <= desk.tx.now:
        return None
    return replaced


def key_disclosed(desk: Desk) -> Letter | None:
    """To the contact, administrators who may revoke and the provider: somebody sent the private key, so its certificate ends."""
    certificate, _, organization = _certificate(desk)
    address = _address(desk, certificate, organization) or address_of(desk.tx, desk.recipient, None)
    if not address:
        return None
    values = common_values(desk, organization) | _certificate_values(certificate)
    values |= {
        "shown_at": desk.row.created_at,
        "certificate_url": page_of(desk, organization, f"certificates/{certificate.serial_hex}"),
        "replace_url": page_of(desk, organization, f"certificates/{certificate.serial_hex}/replace"),
    }
    name = certificate.common_name
    subject = f"{name}: its private key was sent to this service at {time_text(desk.row.created_at)} - replace the certificate"
    return Letter("key_disclosed", address, subject, values)


def checkpoint(desk: Desk) -> Letter | None:
    """To the corporate contact, or to the provider's auditor: the log's head, to be kept where the provider cannot write."""
    slug, log, size = str(desk.payload["organization"]), str(desk.payload["log"]), int(desk.payload["size"])
    organization = organizations.require(desk.tx, slug) if slug else None
    address = organization.contact_email if organization else desk.auditor
    note = audit.checkpoint_note(desk.tx, log, size)
    if not address or note is None:
        return None
    whose = organization.name if organization else "the provider"
    file = f"{log}-{size}.checkpoint.txt"
    key = log_vkey(desk.house.service.log_host, log, authorities.facts(desk.tx)["log_public_key"])
    place = place_options(desk, organization) if organization else f"--provider --service {desk.house.service.administrator_url}"
    values = common_values(desk, organization) | {
        "whose": whose,
        "size": size,
        "file": file,
        "export_line": f"seal audit export --out audit.jsonl --checkpoint newest.checkpoint {place}",
        "verify_line": f"seal audit verify audit.jsonl --checkpoint {file} --key {key}",
    }
    subject = f"{whose}: checkpoint of the audit log, {size} entries on {date_text(desk.row.created_at)} - keep it"
    return Letter("checkpoint", address, subject, values, (Attachment(file, "text/plain", note.encode()),))


ADVICE: Final = {
    RevocationReason.UNSPECIFIED: "Ask your administrator why it was revoked, if you do not know, and replace it.",
    RevocationReason.KEY_COMPROMISE: "Take its private key out of use everywhere, now. That key is never certified again: make a new one.",
    RevocationReason.AFFILIATION_CHANGED: "Ask your administrator what changed before you make a new request.",
    RevocationReason.SUPERSEDED: "Install the certificate that replaces it on every server, if that is not done yet.",
    RevocationReason.CESSATION_OF_OPERATION: "Take it off every server that still has it.",
    RevocationReason.PRIVILEGE_WITHDRAWN: "Ask your administrator before you make a new request.",
}


def check_lines(request: Request, certificate: Certificate) -> tuple[str, ...]:
    """Return a command for each server of the request that tells whether it serves this certificate."""
    names = [name for _, name in certificate.names]
    lines = []
    for endpoint in request.endpoints:
        line = f"seal certificate check {endpoint.address}"
        host = endpoint.address.rpartition(":")[0] if endpoint.address.count(":") == 1 else endpoint.address
        plain = next((name for name in names if not name.startswith("*.")), "")
        if plain and not any(host == name or f"*.{host.partition('.')[2]}" == name for name in names):
            line += f" --name {plain}"
        lines.append(line)
    return tuple(lines)


def _request(desk: Desk) -> tuple[Request, Organization]:
    request = requests.get_many(desk.tx, [RequestId(desk.payload["request"])])[RequestId(desk.payload["request"])]
    return request, organizations.get(desk.tx, request.organization_id)


def _certificate(desk: Desk) -> tuple[Certificate, Request | None, Organization]:
    slug, certificate_id = str(desk.payload["organization"]), CertificateId(desk.payload["certificate"])
    organization = organizations.require(desk.tx, slug)
    certificate = certificates.get(desk.tx, certificate_id)
    if certificate is None:
        raise LookupError(certificate_id)
    found = requests.get_many(desk.tx, [certificate.request_id]) if certificate.request_id else {}
    return certificate, next(iter(found.values()), None), organization


def _address(desk: Desk, certificate: Certificate, organization: Organization) -> str:
    """The address of a recipient of a letter about a certificate, or "" for nobody."""
    return certificate.contact_email if desk.recipient == CONTACT else address_of(desk.tx, desk.recipient, organization)


def _to_contact(desk: Desk, template: str, request: Request, subject: str, **more: object) -> Letter:
    organization = organizations.get(desk.tx, request.organization_id)
    return Letter(template, request.contact_email, subject, common_values(desk, organization) | _request_values(request) | more)


def _to_administrator(desk: Desk, template: str, request: Request, subject: str, **more: object) -> Letter | None:
    organization = organizations.get(desk.tx, request.organization_id)
    address = address_of(desk.tx, desk.recipient, organization)
    if not address:
        return None
    more["decide_url"] = page_of(desk, organization, f"console/requests/{request.id}")
    return Letter(template, address, subject, common_values(desk, organization) | _request_values(request) | more)


def _request_values(request: Request) -> dict[str, object]:
    return {
        "request": request.id,
        "name": _name(request),
        "names": [name for _, name in request.names],
        "lifetime_days": request.lifetime_days,
        "servers": [endpoint.address for endpoint in request.endpoints],
        "contact_name": request.contact_name,
        "contact_email": request.contact_email,
        "comment": request.comment,
        "warnings": request.warnings,
        "reason": request.state_reason,
        "created_at": request.created_at,
        "changed_at": request.changed_at,
        "is_reissue": bool(request.replaces_serial_hex),
    }


def _certificate_values(certificate: Certificate) -> dict[str, object]:
    return {
        "name": certificate.common_name,
        "names": [name for _, name in certificate.names],
        "serial": certificate.serial_hex,
        "fingerprint": grouped(certificate.sha256),
        "not_before": certificate.not_before,
        "not_after": certificate.not_after,
    }


def _name(request: Request) -> str:
    return next((value for field, value in request.subject if field is SubjectField.COMMON_NAME), request.names[0][1])
