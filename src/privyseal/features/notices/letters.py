"""Which letter says what, and to whom (requirements 5.5, A44 to A46): one function for each letter.

A letter is composed when it is sent, from what is recorded then. A function returns None when there is nothing to say
any more: the person was removed, the request was decided while the mail server was away. The subject alone tells what
and when. A person who has not yet confirmed an address gets no text that somebody typed into a form.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from privyseal.actions.house import House
from privyseal.engine.log_key import log_vkey
from privyseal.engine.pem import chain_to_pem
from privyseal.engine.phrases import code_hash
from privyseal.engine.pkcs7 import certs_only
from privyseal.features.notices.recipients import CONTACT, address_of
from privyseal.features.notices.render import Attachment, Letter, date_text, time_text
from privyseal.look.guides.installing import guides, key_sentences
from privyseal.look.guides.steps import file_stem
from privyseal.model.administrator import AdministratorState
from privyseal.model.certificate import REISSUE_AFTER_REVOCATION, Certificate
from privyseal.model.identifiers import AdministratorId, AssignmentId, CertificateId, RequestId
from privyseal.model.organization import Organization
from privyseal.model.profile import SubjectField
from privyseal.model.request import CONFIRM_WITHIN, Request, RequestState
from privyseal.model.revocation import RevocationReason
from privyseal.store import (
    administrators,
    assignments,
    audit,
    authorities,
    certificates,
    departments,
    organizations,
    passkeys,
    questions,
    requests,
)
from privyseal.store.database import Transaction
from privyseal.store.outbox import OutboxRow

Payload = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Desk:
    """What every letter is composed from. ``row`` is the fact; ``recipient`` names a person (see ``recipients``).

    ``auditor`` is the address of whoever keeps the provider's checkpoints, or "".
    """

    house: House
    tx: Transaction
    row: OutboxRow
    recipient: str
    auditor: str = ""

    @property
    def payload(self) -> Payload:
        """The ids that the fact carries."""
        return self.row.payload


Compose = Callable[[Desk], Letter | None]


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
    place = _place(desk, organization)
    return _to_contact(
        desk,
        "received",
        request,
        subject,
        code=code,
        confirm_by=confirm_by,
        confirm_url=_page(desk, organization, f"confirm/{request.id}?code={quote(code)}"),
        confirm_line=f"seal request confirm {request.id} {place} {_last_word(code)}",
        status_url=_page(desk, organization, f"requests/{request.id}"),
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
    return _to_contact(desk, "rejected", request, subject, enroll_url=_page(desk, organization, "enroll"))


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
    authority = next(known for known in desk.house.authorities.values() if known.id == certificate.authority_id)
    chain = (certificate.der, *authority.chain)
    values = _values(desk, organization) | _request_values(request) | _certificate_values(certificate)
    values |= {
        "stem": stem,
        "guides": guides(stem, request.server_platform),
        "key_sentences": key_sentences(stem),
        "check_lines": [f"{line} --root root.pem --expect {stem}.pem" for line in check_lines(request, certificate)],
        "root_line": f"seal certificate get {request.id} --form root --out root.pem {_place(desk, organization)}",
        "replaced": certificates.get(desk.tx, certificate.replaces) if certificate.replaces else None,
        "certificate_url": _page(desk, organization, f"certificates/{certificate.serial_hex}"),
        "pickup_url": _page(desk, organization, f"requests/{request.id}"),
        "pickup_line": f"seal certificate get {request.id} {_place(desk, organization)}",
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
    values = _values(desk, organization) | _certificate_values(certificate)
    values |= {
        "revoked_at": certificate.revoked_at,
        "reason_words": REASON_WORDS[reason],
        "advice": ADVICE[reason],
        "reissue_by": min(certificate.revoked_at + REISSUE_AFTER_REVOCATION, certificate.not_after),
        "replace_url": _page(desk, organization, f"certificates/{certificate.serial_hex}/replace"),
        "reissue_line": f"seal certificate reissue {certificate.serial_hex} NEW.csr {_place(desk, organization)}",
        "is_over": reason is RevocationReason.CESSATION_OF_OPERATION,
        "kept": _kept(desk, certificate),
        "certificate_url": _page(desk, organization, f"certificates/{certificate.serial_hex}"),
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
    values = _values(desk, organization) | _certificate_values(certificate)
    values |= {
        "shown_at": desk.row.created_at,
        "certificate_url": _page(desk, organization, f"certificates/{certificate.serial_hex}"),
        "replace_url": _page(desk, organization, f"certificates/{certificate.serial_hex}/replace"),
    }
    name = certificate.common_name
    subject = f"{name}: its private key was sent to this service at {time_text(desk.row.created_at)} - replace the certificate"
    return Letter("key_disclosed", address, subject, values)


def invitation(desk: Desk) -> Letter | None:
    """To a new administrator: the one-time link and line that make the first credential (architecture section 4)."""
    person = administrators.get(desk.tx, AdministratorId(desk.payload["administrator"]))
    link = administrators.invitation_of_code(desk.tx, code_hash(desk.payload["code"]))
    if person is None or link is None or link.used_at is not None:
        return None
    organization = organizations.get(desk.tx, person.organization_id) if person.organization_id else None
    whom = organization.name if organization else "the provider"
    place = f"/o/{organization.slug}" if organization else "/provider"
    values = _values(desk, organization) | {
        "name": person.name,
        "role": person.role.value.replace("-", " "),
        "whom": whom,
        "enroll_url": f"{desk.house.service.base_url}{place}/first-credential?code={desk.payload['code']}",
        "enroll_line": f"seal administrator enroll --service {desk.house.service.base_url} {_last_word(desk.payload['code'])}",
        "expires_at": link.expires_at,
    }
    subject = f"{whom}: make your administrator's credential by {time_text(link.expires_at)}"
    return Letter("invitation", person.email, subject, values)


def credential_added(desk: Desk) -> Letter | None:
    """To the corporate contact and every administrator: somebody can now approve under this new Administrator ID or passkey."""
    what = "passkey" if desk.payload.get("credential") == "passkey" else "Administrator ID"
    person = administrators.get(desk.tx, AdministratorId(desk.payload["administrator"]))
    if person is None:
        return None
    organization = organizations.get(desk.tx, person.organization_id) if person.organization_id else None
    address = address_of(desk.tx, desk.recipient, organization)
    if not address:
        return None
    whom = organization.name if organization else "the provider"
    values = _values(desk, organization) | {
        "name": person.name,
        "role": person.role.value.replace("-", " "),
        "whom": whom,
        "what": what,
        "fingerprint": _grouped(str(desk.payload["certificate_sha256"])),
        "revoke_line": f"seal administrator revoke {person.id} {desk.payload['certificate_sha256']}",
        "added_at": desk.row.created_at,
    }
    subject = f"{whom}: new {what} of {person.name} since {time_text(desk.row.created_at)}"
    return Letter("credential_added", address, subject, values)


def credential_revoked(desk: Desk) -> Letter | None:
    """To the corporate contact and every administrator: this credential decides nothing any more, who ended it, and what now."""
    person = administrators.get(desk.tx, AdministratorId(desk.payload["administrator"]))
    if person is None:
        return None
    organization = organizations.get(desk.tx, person.organization_id) if person.organization_id else None
    address = address_of(desk.tx, desk.recipient, organization)
    if not address:
        return None
    fingerprint = str(desk.payload["certificate_sha256"])
    what = "passkey" if fingerprint in passkeys.every_of(desk.tx, person.id) else "Administrator ID"
    left = [credential for credential in administrators.credentials_of(desk.tx, person.id) if credential.is_usable(desk.row.created_at)]
    whom = organization.name if organization else "the provider"
    values = _values(desk, organization) | {
        "name": person.name,
        "whom": whom,
        "what": what,
        "fingerprint": _grouped(fingerprint),
        "by": _decider(desk, organization, str(desk.payload["by"])),
        "reason_words": REASON_WORDS[RevocationReason(desk.payload["reason"])],
        "left": len(left),
        "page": _page(desk, organization, f"console/administrators/{person.id}") if organization else "",
        "revoked_at": desk.row.created_at,
    }
    subject = f"{whom}: {what} of {person.name} revoked on {date_text(desk.row.created_at)}"
    return Letter("credential_revoked", address, subject, values)


def credential_ending(desk: Desk) -> Letter | None:
    """To its owner: this Administrator ID or passkey ends soon, and how the next one is got."""
    found = administrators.by_certificate(desk.tx, str(desk.payload["certificate_sha256"]))
    if found is None or not found[1].is_usable(desk.row.created_at) or found[0].state is AdministratorState.REMOVED:
        return None
    person, credential = found
    organization = organizations.get(desk.tx, person.organization_id) if person.organization_id else None
    passkey = passkeys.every_of(desk.tx, person.id).get(credential.certificate_sha256)
    whom = organization.name if organization else "the provider"
    values = _values(desk, organization) | {
        "name": person.name,
        "whom": whom,
        "label": passkey.label if passkey else "",
        "fingerprint": _grouped(credential.certificate_sha256),
        "ends_at": credential.not_after,
        "page": f"{desk.house.service.base_url}{f'/o/{organization.slug}' if organization else '/provider'}/account",
    }
    what = "passkey" if passkey else "Administrator ID"
    return Letter("credential_ending", person.email, f"Your {what} for {whom} ends on {date_text(credential.not_after)} - renew", values)


def role_changed(desk: Desk) -> Letter | None:
    """To the person, the corporate contact and everybody who may assign roles: who may now do what, and who decided it."""
    assignment = assignments.get(desk.tx, AssignmentId(desk.payload["assignment"]))
    person = administrators.get(desk.tx, AdministratorId(desk.payload["administrator"]))
    if assignment is None or person is None:
        return None
    organization = organizations.get(desk.tx, person.organization_id) if person.organization_id else None
    address = address_of(desk.tx, desk.recipient, organization)
    if not address:
        return None
    department = None
    if organization is not None and assignment.department_id is not None:
        department = departments.get(desk.tx, organization.id, assignment.department_id)
    whom = organization.name if organization else "the provider"
    role, given = assignment.role.value.replace("-", " "), bool(desk.payload["given"])
    values = _values(desk, organization) | {
        "name": person.name,
        "whom": whom,
        "role": role,
        "given": given,
        "where": f"the department {department.name} and everything below it" if department else f"all of {whom}",
        "by": _decider(desk, organization, str(desk.payload["by"])),
        "page": _page(desk, organization, f"console/administrators/{person.id}") if organization else "",
        "changed_at": desk.row.created_at,
    }
    subject = f"{whom}: {person.name} {'is now' if given else 'is no longer'} {role}"
    return Letter("role_changed", address, subject, values)


def administrator_removed(desk: Desk) -> Letter | None:
    """To the corporate contact and everybody who may assign roles: this person decides nothing any more."""
    person = administrators.get(desk.tx, AdministratorId(desk.payload["administrator"]))
    if person is None:
        return None
    organization = organizations.get(desk.tx, person.organization_id) if person.organization_id else None
    address = address_of(desk.tx, desk.recipient, organization)
    if not address:
        return None
    whom = organization.name if organization else "the provider"
    values = _values(desk, organization) | {
        "name": person.name,
        "whom": whom,
        "by": _decider(desk, organization, str(desk.payload["by"])),
        "removed_at": desk.row.created_at,
    }
    return Letter("administrator_removed", address, f"{whom}: {person.name} is no longer an administrator", values)


def lost_card_code(desk: Desk) -> Letter | None:
    """To the corporate contact: somebody says that a card is lost; the code with which he confirms it."""
    person = administrators.get(desk.tx, AdministratorId(desk.payload["administrator"]))
    organization = organizations.require(desk.tx, str(desk.payload["organization"]))
    if person is None:
        return None
    page = f"{desk.house.service.base_url}/o/{organization.slug}/lost-card/confirm?code={desk.payload['code']}"
    values = _values(desk, organization) | {"name": person.name, "page": page}
    subject = f"{organization.name}: has {person.name} lost the administrator's card? Confirm within a day"
    return Letter("lost_card_code", organization.contact_email, subject, values)


def lost_card(desk: Desk) -> Letter | None:
    """To the corporate contact, every administrator and the provider's operators: confirmed as lost, the provider calls back."""
    person = administrators.get(desk.tx, AdministratorId(desk.payload["administrator"]))
    organization = organizations.require(desk.tx, str(desk.payload["organization"]))
    address = address_of(desk.tx, desk.recipient, organization) or address_of(desk.tx, desk.recipient, None)
    if person is None or not address:
        return None
    values = _values(desk, organization) | {
        "name": person.name,
        "confirmed_at": desk.row.created_at,
        "page": f"{desk.house.service.base_url}/provider/lost-cards",
    }
    return Letter("lost_card", address, f"{organization.name}: {person.name} has lost the administrator's card", values)


def _decider(desk: Desk, organization: Organization | None, actor_id: str) -> str:
    """Who did it, as the readers of this letter know him: a colleague by name, everybody else as the provider."""
    person = administrators.get(desk.tx, AdministratorId(actor_id))
    mine = organization.id if organization else None
    return person.name if person is not None and person.organization_id == mine else "the provider"


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
    place = _place(desk, organization) if organization else f"--provider --service {desk.house.service.administrator_url}"
    values = _values(desk, organization) | {
        "whose": whose,
        "size": size,
        "file": file,
        "export_line": f"seal audit export --out audit.jsonl --checkpoint newest.checkpoint {place}",
        "verify_line": f"seal audit verify audit.jsonl --checkpoint {file} --key {key}",
    }
    subject = f"{whose}: checkpoint of the audit log, {size} entries on {date_text(desk.row.created_at)} - keep it"
    return Letter("checkpoint", address, subject, values, (Attachment(file, "text/plain", note.encode()),))


def last_replaced(desk: Desk) -> Letter | None:
    """To the corporate contact and every administrator there was: the provider's operator lets somebody in again."""
    person = administrators.get(desk.tx, AdministratorId(desk.payload["administrator"]))
    organization = organizations.require(desk.tx, str(desk.payload["organization"]))
    address = address_of(desk.tx, desk.recipient, organization)
    if person is None or not address:
        return None
    values = _values(desk, organization) | {
        "name": person.name,
        "email": person.email,
        "role": person.role.value.replace("-", " "),
        "invited_at": desk.row.created_at,
    }
    subject = f"{organization.name}: the provider invited {person.name} as administrator at {time_text(desk.row.created_at)}"
    return Letter("last_replaced", address, subject, values)


REASON_WORDS: Final = {
    RevocationReason.UNSPECIFIED: "no reason given",
    RevocationReason.KEY_COMPROMISE: "its private key may be known to others",
    RevocationReason.AFFILIATION_CHANGED: "what it says about its organization is no longer true",
    RevocationReason.SUPERSEDED: "another certificate has replaced it",
    RevocationReason.CESSATION_OF_OPERATION: "its service has ended",
    RevocationReason.PRIVILEGE_WITHDRAWN: "the right to it was withdrawn",
}

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
    return Letter(template, request.contact_email, subject, _values(desk, organization) | _request_values(request) | more)


def _to_administrator(desk: Desk, template: str, request: Request, subject: str, **more: object) -> Letter | None:
    organization = organizations.get(desk.tx, request.organization_id)
    address = address_of(desk.tx, desk.recipient, organization)
    if not address:
        return None
    more["decide_url"] = _page(desk, organization, f"console/requests/{request.id}")
    return Letter(template, address, subject, _values(desk, organization) | _request_values(request) | more)


def _values(desk: Desk, organization: Organization | None) -> dict[str, object]:
    return {
        "service": desk.house.service.service_id,
        "organization": organization.name if organization else "",
        "help_contact": organization.contact_email if organization else "",
    }


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
        "fingerprint": _grouped(certificate.sha256),
        "not_before": certificate.not_before,
        "not_after": certificate.not_after,
    }


def _place(desk: Desk, organization: Organization) -> str:
    """The options that a command needs on a computer where ``seal`` is not set up."""
    return f"--organization {organization.slug} --service {desk.house.service.base_url}"


def _page(desk: Desk, organization: Organization, place: str) -> str:
    """The address of one of the organization's pages."""
    return f"{desk.house.service.base_url}/o/{organization.slug}/{place}"


def _last_word(code: str) -> str:
    """A code as the last argument of a command: one that begins with a hyphen must not look like an option."""
    return f"-- {code}" if code.startswith("-") else code


def _name(request: Request) -> str:
    return next((value for field, value in request.subject if field is SubjectField.COMMON_NAME), request.names[0][1])


def _grouped(digest: str) -> str:
    """Hex digits in pairs, as openssl and browsers show a fingerprint."""
    return ":".join(digest[start : start + 2] for start in range(0, len(digest), 2)).upper()
