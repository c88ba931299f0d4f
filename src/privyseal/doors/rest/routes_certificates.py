"""Certificates: look up, download, revoke, reissue, record checks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, TypeVar

from fastapi import APIRouter, Query
from fastapi.responses import Response

from privyseal.actions.certificate.assign_servers import assign_servers
from privyseal.actions.certificate.record_check import record_check
from privyseal.actions.certificate.reissue_certificate import reissue_certificate
from privyseal.actions.certificate.revoke_certificate import ByAdministrator, BySubscriber, revoke_certificate
from privyseal.actions.house import About, perform
from privyseal.doors import DoorContext
from privyseal.doors.rest.access import IDENTITY, TOKEN, Access, described, holder
from privyseal.doors.rest.addresses import After, Limit, SerialPath, Slug
from privyseal.doors.rest.authentication import Caller, CallerOf, Context
from privyseal.doors.rest.bodies import CheckBody, ReissueBody, RevocationBody, ServersBody
from privyseal.doors.rest.documents import (
    CertificateDocument,
    CertificateHistory,
    CertificatePage,
    CheckResult,
    ReceivedRequest,
    ReceivedShortRequest,
)
from privyseal.doors.rest.reading import attempt_within, read
from privyseal.doors.rest.representations import (
    certificate_document,
    certificate_documents,
    certificate_history,
    chain_of,
    request_document,
    short_request,
)
from privyseal.doors.rest.routes_requests import prove
from privyseal.engine.csr import read_csr
from privyseal.engine.pem import certificate_to_pem
from privyseal.engine.pkcs7 import certs_only_pem
from privyseal.model.actor import ActorKind
from privyseal.model.administrator import Permission
from privyseal.model.certificate import Certificate
from privyseal.model.errors import BadRequest, NotFound
from privyseal.model.organization import Organization
from privyseal.model.proof import PhraseProof
from privyseal.reception.signatures import read_message
from privyseal.store import certificates
from privyseal.store.database import Transaction
from privyseal.store.failpoints import failpoint

router = APIRouter(tags=["Certificates"])
R = TypeVar("R")

Name = Annotated[str, Query(max_length=253, pattern=r"^[A-Za-z0-9.*-]*$", description="Only certificates with exactly this DNS name.")]
TO_REVOKE = Access(
    "An API token or an Administrator ID of the organization with the right `read`, carrying the signature of an administrator with the "
    "right `revoke`; or anybody who knows the challenge phrase.",
    (TOKEN, IDENTITY),
    anonymous=True,
)
TO_REISSUE = Access(
    "An API token or an Administrator ID of the organization with the right `submit`, or anybody who knows the challenge phrase.",
    (TOKEN, IDENTITY),
    anonymous=True,
)
NO_REQUEST = "req-" + 32 * "0"
"""The id of no request: a phrase for a certificate that does not exist is tried all the same, and costs the same."""


@router.get("/organizations/{org}/certificates", **described(holder(Permission.READ), 403))
def list_certificates(
    org: Slug, context: Context, caller: CallerOf, name: Name = "", after: After = "", limit: Limit = 50
) -> CertificatePage:
    """List the certificates of the organization, newest first."""

    def page(tx: Transaction, organization: Organization) -> CertificatePage:
        scope = caller.actor.scope(Permission.READ)
        found = certificates.page(tx, organization.id, name=name.rstrip(".").lower(), scope=scope, after=after, limit=limit + 1)
        items = certificate_documents(tx, context.house, organization, found[:limit])
        return CertificatePage(items=items, next=found[limit - 1].id if len(found) > limit else "")

    return read(context, caller, About("list-certificates", org, "organization", org), Permission.READ, page, scoped=True)


@router.get("/organizations/{org}/certificates/{serial}", **described(holder(Permission.READ), 403))
def show_certificate(org: Slug, serial: SerialPath, context: Context, caller: CallerOf) -> CertificateHistory:
    """Show a certificate and everything that happened to it, from its request on."""
    return _read(
        context,
        caller,
        org,
        serial,
        lambda tx, organization: certificate_history(tx, context.house, organization, _require(tx, organization, serial, caller)),
    )


@router.get(
    "/organizations/{org}/certificates/{serial}/pem",
    response_class=Response,
    **described(holder(Permission.READ), 403, file="application/x-pem-file"),
)
def download_pem(org: Slug, serial: SerialPath, context: Context, caller: CallerOf) -> Response:
    """Download the certificate alone, in PEM."""
    certificate = _read(context, caller, org, serial, lambda tx, organization: _require(tx, organization, serial, caller))
    return _file(certificate_to_pem(certificate.der), "application/x-pem-file", f"{serial}.pem")


@router.get(
    "/organizations/{org}/certificates/{serial}/pkcs7",
    response_class=Response,
    **described(holder(Permission.READ), 403, file="application/x-pkcs7-certificates"),
)
def download_pkcs7(org: Slug, serial: SerialPath, context: Context, caller: CallerOf) -> Response:
    """Download the certificate with its chain as PKCS #7, in PEM."""
    certificate = _read(context, caller, org, serial, lambda tx, organization: _require(tx, organization, serial, caller))
    return _file(certs_only_pem(chain_of(context.house, certificate)), "application/x-pkcs7-certificates", f"{serial}.p7b")


@router.post("/organizations/{org}/certificates/{serial}/revocation", **described(TO_REVOKE, 403, post=True))
def revoke(org: Slug, serial: SerialPath, body: RevocationBody, context: Context, caller: CallerOf) -> CertificateDocument:
    """Revoke a certificate for good; a second time is harmless.

    Clients learn it within 60 seconds.
    """
    house, actor = context.house, caller.actor
    about = About("revoke-certificate", org, "certificate", serial)
    authority = _authority(context, caller, about, body)
    certificate = perform(house, actor, about, revoke_certificate, org, serial, authority)
    failpoint("revoke.after-commit")
    return read(context, caller, about, None, lambda tx, organization: certificate_document(tx, house, organization, certificate))


@router.post(
    "/organizations/{org}/certificates/{serial}/reissue",
    status_code=201,
    response_model=ReceivedRequest | ReceivedShortRequest,
    **described(TO_REISSUE, 403, 409, post=True),
)
def reissue(org: Slug, serial: SerialPath, body: ReissueBody, context: Context, caller: CallerOf) -> ReceivedRequest | ReceivedShortRequest:
    """Ask for the same certificate with a new key: same subject, names and end, no unit.

    The challenge phrase, or the right to submit, shows who may ask. It is approved like any other request.
    """
    house, actor = context.house, caller.actor
    about = About("reissue-certificate", org, "certificate", serial)
    if body.phrase is None:
        right = Permission.SUBMIT
        read(context, caller, about, right, lambda tx, organization: _require(tx, organization, serial, caller, right), scoped=True)
    proof = None if body.phrase is None else _prove(context, caller, about, body.phrase)
    csr = attempt_within(context, caller, about, lambda: read_csr(body.csr.encode("utf-8", "surrogateescape")))
    request = perform(house, actor, about, reissue_certificate, org, serial, csr, proof)
    failpoint("submit.after-commit")
    if actor.kind is ActorKind.REQUESTER:
        return ReceivedShortRequest(**dict(short_request(request)), confirmation="not-needed")
    document = read(context, caller, about, None, lambda tx, organization: request_document(tx, organization, request))
    return ReceivedRequest(**dict(document), confirmation="not-needed")


@router.put("/organizations/{org}/certificates/{serial}/servers", **described(holder(Permission.MOVE), 403, 409, post=True))
def change_servers(org: Slug, serial: SerialPath, body: ServersBody, context: Context, caller: CallerOf) -> CertificateDocument:
    """Let exactly these servers use a certificate; what its request named stays with the request.

    A server that goes to another certificate is left out here and named there. The same servers again are harmless.
    """
    about = About("assign-servers", org, "certificate", serial)
    perform(context.house, caller.actor, about, assign_servers, org, serial, body.endpoints, body.known)

    def document(tx: Transaction, organization: Organization) -> CertificateDocument:
        return certificate_document(tx, context.house, organization, _require(tx, organization, serial, caller))

    return read(context, caller, about, None, document)


@router.post("/organizations/{org}/certificates/{serial}/checks", status_code=201, **described(holder(Permission.READ), 403, post=True))
def record(org: Slug, serial: SerialPath, body: CheckBody, context: Context, caller: CallerOf) -> CheckResult:
    """Write what `seal certificate check` found into the organization's audit log."""
    about = About("check-certificate", org, "certificate", serial)
    perform(context.house, caller.actor, about, record_check, org, serial, body.endpoint, body.verdict)
    return CheckResult(serial=serial, endpoint=body.endpoint, verdict=body.verdict, recorded=True)


def _authority(context: DoorContext, caller: Caller, about: About, body: RevocationBody) -> ByAdministrator | BySubscriber:
    if (body.signature is None) == (body.phrase is None):
        raise BadRequest("body", "Send either a signature or the challenge phrase with a reason.")
    if body.signature is not None:
        read(context, caller, about, Permission.READ, lambda tx, organization: _require(tx, organization, about.id, caller), scoped=True)
        return ByAdministrator(read_message(body.signature, "signature"))
    return BySubscriber(_prove(context, caller, about, body.phrase or ""), body.reason)


def _prove(context: DoorContext, caller: Caller, about: About, phrase: str) -> PhraseProof:
    def request_of(tx: Transaction, organization: Organization) -> str:
        certificate = certificates.by_serial(tx, organization.id, about.id)
        return certificate.request_id or NO_REQUEST if certificate else NO_REQUEST

    request_id = read(context, caller, about, None, request_of)
    return prove(context, caller, About(about.action, about.organization, "request", request_id), phrase)


def _read(context: DoorContext, caller: Caller, org: str, serial: str, work: Callable[[Transaction, Organization], R]) -> R:
    return read(context, caller, About("show-certificate", org, "certificate", serial), Permission.READ, work, scoped=True)


def _require(
    tx: Transaction, organization: Organization, serial: str, caller: Caller, permission: Permission = Permission.READ
) -> Certificate:
    certificate = certificates.by_serial(tx, organization.id, serial, scope=caller.actor.scope(permission))
    if certificate is None:
        raise NotFound("not-found", "There is no such certificate in your organization.")
    return certificate


def _file(text: str, media_type: str, name: str) -> Response:
    return Response(text, media_type=media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'})
