"""From the things of the model to the documents of :mod:`privyseal.doors.rest.documents`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from privyseal.actions.house import House
from privyseal.doors.rest import documents
from privyseal.engine.caa import Issuer, caa_record
from privyseal.engine.dcv import challenge_name, challenge_url
from privyseal.engine.dns_persistent import record_name, record_value
from privyseal.engine.names import registered_domain
from privyseal.engine.pem import certificate_to_pem, chain_to_pem, csr_to_pem
from privyseal.engine.pkcs7 import certs_only_pem
from privyseal.model.administrator import Administrator
from privyseal.model.audit import organization_log
from privyseal.model.certificate import Certificate, CertificateState
from privyseal.model.custom_field import labelled
from privyseal.model.domain import Domain, validation_addresses
from privyseal.model.identifiers import PolicyId
from privyseal.model.organization import Organization
from privyseal.model.policy import Policy
from privyseal.model.profile import NameKind
from privyseal.model.question import Question
from privyseal.model.request import Request, RequestState
from privyseal.model.revocation import RevocationReason
from privyseal.model.rules import Tier
from privyseal.model.statement import utc_text
from privyseal.model.unit import UnitBalance
from privyseal.store import administrators, audit, certificate_servers, certificates, passkeys, policies, questions, requests
from privyseal.store.certificate_servers import ServerChange, Servers
from privyseal.store.database import Transaction
from privyseal.store.validations import Issued, Validation

_REASONS = {reason.code: reason.value for reason in RevocationReason}


def _maybe(moment: datetime | None) -> str | None:
    return None if moment is None else utc_text(moment)


def _names(names: Sequence[tuple[NameKind, str]]) -> list[str]:
    return [f"{kind.value}:{name}" for kind, name in names]


def request_documents(tx: Transaction, organization: Organization, found: Sequence[Request]) -> list[documents.RequestDocument]:
    """Return the documents of requests of one organization, in the same order."""
    approvals = requests.approvals_of(tx, [request.id for request in found])
    asked = questions.of_requests(tx, [request.id for request in found])
    known: dict[tuple[PolicyId, int], Policy] = {}
    for request in found:
        version = (request.policy_id, request.policy_version)
        if version not in known:
            known[version] = policies.get(tx, *version)[0]
    return [
        _request_document(
            tx, organization, request, known[request.policy_id, request.policy_version], approvals[request.id], asked[request.id]
        )
        for request in found
    ]


def request_document(tx: Transaction, organization: Organization, request: Request) -> documents.RequestDocument:
    """Return the document of one request."""
    return request_documents(tx, organization, [request])[0]


def _request_document(
    tx: Transaction,
    organization: Organization,
    request: Request,
    policy: Policy,
    approvals: list[requests.Approval],
    asked: list[Question],
) -> documents.RequestDocument:
    issued = certificates.of_request(tx, request.id) if request.state is RequestState.ISSUED else None
    given = [
        documents.ApprovalDocument(administrator=item.administrator_id, at=utc_text(item.at), content_sha256=item.content_sha256)
        for item in approvals
        if item.decision == "approve"
    ]
    return documents.RequestDocument(
        id=request.id,
        organization=organization.slug,
        kind=request.kind.value,
        state=request.state.value,
        state_reason=request.state_reason,
        policy=documents.PolicyReference(id=policy.id, name=policy.name, version=policy.version, sha256=policy.sha256),
        subject=[(field.value, value) for field, value in request.subject],
        names=_names(request.names),
        spki_sha256=request.spki_sha256,
        key=documents.KeyDocument(algorithm=request.key_algorithm, bits=request.key_bits),
        csr=csr_to_pem(request.csr_der),
        lifetime_days=request.lifetime_days,
        endpoints=[endpoint.text() for endpoint in request.endpoints],
        unit_tier=request.unit_tier,
        contact=documents.Contact(name=request.contact_name, email=request.contact_email),
        server_platform=request.server_platform,
        comment=request.comment,
        warnings=list(request.warnings),
        requester=documents.Requester(kind=request.requester_kind, id=request.requester_id),
        replaces=request.replaces_serial_hex or None,
        department=request.department_id,
        custom_fields=[_filled_in(item) for item in labelled(policy.custom_fields, request.custom_fields)],
        created_at=utc_text(request.created_at),
        changed_at=utc_text(request.changed_at),
        approvals=given,
        approvals_needed=policy.approvals,
        questions=[_question_document(question) for question in asked],
        serial=issued.serial_hex if issued else None,
    )


def _filled_in(item: tuple[str, str, str]) -> documents.FilledInDocument:
    name, label, value = item
    return documents.FilledInDocument(name=name, label=label, value=value)


def _question_document(question: Question) -> documents.QuestionDocument:
    return documents.QuestionDocument(
        administrator=question.administrator_id,
        question=question.question,
        asked_at=utc_text(question.asked_at),
        answer=question.answer if question.answered_at else None,
        answered_at=utc_text(question.answered_at) if question.answered_at else None,
    )


def short_request(request: Request) -> documents.ShortRequest:
    """Return what somebody without a credential learns of a request."""
    return documents.ShortRequest(
        id=request.id,
        state=request.state.value,
        state_reason=request.state_reason,
        names=_names(request.names),
        created_at=utc_text(request.created_at),
    )


def certificate_documents(
    tx: Transaction, house: House, organization: Organization, found: Sequence[Certificate]
) -> list[documents.CertificateDocument]:
    """Return the documents of certificates of one organization, in the same order."""
    servers = certificate_servers.current_of(tx, found)
    return [_certificate_document(tx, house, organization, certificate, servers[certificate.id]) for certificate in found]


def certificate_document(
    tx: Transaction, house: House, organization: Organization, certificate: Certificate
) -> documents.CertificateDocument:
    """Return the document of one certificate."""
    return certificate_documents(tx, house, organization, [certificate])[0]


def _certificate_document(
    tx: Transaction, house: House, organization: Organization, certificate: Certificate, servers: Servers
) -> documents.CertificateDocument:
    """Return the document of a certificate; ``expired`` is seen from its dates at ``tx.now``."""
    state: Literal["valid", "revoked", "expired"] = certificate.state.value
    if certificate.state is CertificateState.VALID and tx.now >= certificate.not_after:
        state = "expired"
    replaced = certificates.get(tx, certificate.replaces) if certificate.replaces else None
    return documents.CertificateDocument(
        serial=certificate.serial_hex,
        organization=organization.slug,
        state=state,
        common_name=certificate.common_name,
        names=_names(certificate.names),
        not_before=utc_text(certificate.not_before),
        not_after=utc_text(certificate.not_after),
        issued_at=utc_text(certificate.issued_at),
        revoked_at=_maybe(certificate.revoked_at),
        revocation_reason=None if certificate.revocation_reason is None else _REASONS[certificate.revocation_reason],
        sha256=certificate.sha256,
        spki_sha256=certificate.spki_sha256,
        pem=certificate_to_pem(certificate.der),
        chain_pem=chain_to_pem(chain_of(house, certificate)),
        request=certificate.request_id,
        contact=documents.Contact(name=certificate.contact_name, email=certificate.contact_email),
        picked_up_at=_maybe(certificate.picked_up_at),
        replaces=replaced.serial_hex if replaced else None,
        department=certificate.department_id,
        endpoints=[endpoint.text() for endpoint in servers.endpoints],
        server_changes=servers.changes,
    )


def certificate_history(
    tx: Transaction, house: House, organization: Organization, certificate: Certificate
) -> documents.CertificateHistory:
    """Return the document with the organization's audit entries about the certificate and about the request it came from."""
    objects = [certificate.serial_hex, *([certificate.request_id] if certificate.request_id else [])]
    entries = audit.of_objects(tx, organization_log(organization.slug), objects)
    history = [documents.AuditEntry(**json.loads(entry)) for entry in entries]
    document = certificate_document(tx, house, organization, certificate)
    changes = [_server_change(change) for change in certificate_servers.history(tx, certificate.id)]
    return documents.CertificateHistory(**dict(document), history=history, servers=changes)


def _server_change(change: ServerChange) -> documents.ServerChangeDocument:
    return documents.ServerChangeDocument(
        number=change.number,
        endpoints=[endpoint.text() for endpoint in change.endpoints],
        at=utc_text(change.at),
        administrator=change.actor_id,
    )


def chain_of(house: House, certificate: Certificate) -> list[bytes]:
    """Return the certificate and its issuers in DER, without the root."""
    authority = house.authority_of(certificate.authority_id)
    return [certificate.der, *authority.chain]


def short_certificate(certificate: Certificate) -> documents.ShortCertificate:
    """Return just enough of a certificate to go on with."""
    return documents.ShortCertificate(
        serial=certificate.serial_hex,
        common_name=certificate.common_name,
        not_before=utc_text(certificate.not_before),
        not_after=utc_text(certificate.not_after),
        sha256=certificate.sha256,
    )


def picked_up(house: House, certificate: Certificate) -> documents.PickedUp:
    """Return a certificate in every form a server wants."""
    chain = chain_of(house, certificate)
    return documents.PickedUp(
        serial=certificate.serial_hex,
        certificate_pem=certificate_to_pem(certificate.der),
        chain_pem=chain_to_pem(chain),
        pkcs7_pem=certs_only_pem(chain),
        root_pem=certificate_to_pem(house.authority_of(certificate.authority_id).root),
        not_before=utc_text(certificate.not_before),
        not_after=utc_text(certificate.not_after),
    )


def public_policy(policy: Policy) -> documents.PublicPolicy:
    """Return what a requester needs to know of a policy."""
    return documents.PublicPolicy(
        name=policy.name,
        version=policy.version,
        lifetimes_days=list(policy.lifetimes_days),
        key_algorithms=[algorithm.value for algorithm in policy.key_algorithms],
        unit_tier=policy.unit_tier.value,
        open_enrollment=policy.open_enrollment,
        max_endpoints=policy.max_endpoints,
        custom_fields=[
            documents.CustomFieldDocument(
                name=field.name, label=field.label, required=field.required, pattern=field.pattern.value, max_length=field.max_length
            )
            for field in policy.custom_fields
        ],
    )


def policy_document(policy: Policy) -> documents.PolicyDocument:
    """Return a whole policy version."""
    return documents.PolicyDocument(
        **dict(public_policy(policy)),
        id=policy.id,
        sha256=policy.sha256,
        tier=policy.tier.value,
        approvals=policy.approvals,
        lint=policy.lint.value,
        created_at=utc_text(policy.created_at),
    )


def balance_document(balance: UnitBalance) -> documents.BalanceDocument:
    """Return the counts of a tier."""
    return documents.BalanceDocument(bought=balance.bought, reserved=balance.reserved, used=balance.used, available=balance.available)


def administrator_document(tx: Transaction, organization: Organization | None, person: Administrator) -> documents.AdministratorDocument:
    """Return a person with every credential ever registered."""
    labels = {sha256: passkey.label for sha256, passkey in passkeys.every_of(tx, person.id).items()}
    credentials = [
        documents.CredentialDocument(
            sha256=item.certificate_sha256,
            kind="passkey" if item.certificate_sha256 in labels else "administrator-id",
            label=labels.get(item.certificate_sha256, ""),
            not_after=utc_text(item.not_after),
            revoked_at=_maybe(item.revoked_at),
        )
        for item in administrators.credentials_of(tx, person.id)
    ]
    return documents.AdministratorDocument(
        id=person.id,
        name=person.name,
        email=person.email,
        role=person.role.value,
        state=person.state.value,
        organization=organization.slug if organization else None,
        department=person.department_id,
        roles=[documents.HeldRole(role=item.role.value, department=item.department_id) for item in person.assignments],
        credentials=credentials,
    )


def organization_document(organization: Organization) -> documents.OrganizationDocument:
    """Return the vetted record."""
    return documents.OrganizationDocument(
        slug=organization.slug,
        name=organization.name,
        country=organization.country,
        state_or_province=organization.state_or_province,
        locality=organization.locality,
        contact_email=organization.contact_email,
        state=organization.state.value,
        created_at=utc_text(organization.created_at),
        vetted_at=_maybe(organization.vetted_at),
        trial_until=_maybe(organization.trial_until),
    )


def domain_document(domain: Domain, port: int, issuer: Issuer) -> documents.DomainDocument:
    """Return a domain with what to publish; ``port`` is where HTTP tokens are fetched, ``issuer`` names us and its owner."""
    return documents.DomainDocument(
        name=domain.name,
        token=domain.token,
        dns_record=documents.DnsRecord(name=challenge_name(domain.name), type="TXT", value=domain.token),
        http=documents.HttpToken(url=challenge_url(domain.name, domain.token, port), body=domain.token),
        dns_persistent=documents.DnsRecord(name=record_name(domain.name), type="TXT", value=record_value(issuer)),
        mail=list(validation_addresses(domain.name, registered_domain(domain.name))),
        caa_record=caa_record(issuer),
        method=domain.method.value if domain.method else None,
        validation=domain.validation_id,
        validated_at=_maybe(domain.validated_at),
        expires_at=_maybe(domain.valid_until()),
        expires_public_at=_maybe(domain.valid_until(Tier.PUBLIC)),
        removed_at=_maybe(domain.removed_at),
        removal_reason=domain.removal_reason or None,
    )


def validation_document(validation: Validation) -> documents.ValidationDocument:
    """Return a validation with its evidence."""
    return documents.ValidationDocument(
        id=validation.id,
        domain=validation.name,
        method=validation.method.value,
        validated_at=utc_text(validation.validated_at),
        sha256=validation.sha256,
        evidence=json.loads(validation.evidence),
    )


def issued_on(item: Issued) -> documents.IssuedOn:
    """Return a certificate that was issued on a validation."""
    return documents.IssuedOn(
        id=item.id,
        organization=item.organization,
        serial=item.serial_hex,
        state=item.state.value,
        common_name=item.common_name,
        issued_at=utc_text(item.issued_at),
        not_after=utc_text(item.not_after),
    )
