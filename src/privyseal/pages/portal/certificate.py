"""A certificate as anybody may see it: state, facts, chain, files, and the steps to install it. No contact is shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from starlette.responses import Response

from privyseal.engine.authority import Authority, name_of_certificate
from privyseal.engine.pem import certificate_to_pem, chain_to_pem
from privyseal.engine.pkcs7 import certs_only
from privyseal.look.guides.installing import guides, key_sentences
from privyseal.look.guides.platforms import Platform, platform_of, title
from privyseal.look.guides.steps import file_stem
from privyseal.model.certificate import Certificate, CertificateState, require_reissuable
from privyseal.model.errors import Conflict, Refused
from privyseal.model.organization import Organization, require_active
from privyseal.model.request import Request
from privyseal.pages.portal.entry import home, look_up, nothing_here, organization_of, part, portal_page
from privyseal.pages.portal.states import reason_of, words_of_certificate
from privyseal.reception.site import Method, Visit
from privyseal.store import certificates, requests
from privyseal.store.database import Transaction


@dataclass(frozen=True, slots=True)
class Held:
    """A certificate with its CA, and the request that it came of, which a certificate of the service itself has not.

    ``replaced`` is what it was issued instead of, ``successor`` a valid certificate that serves instead of it;
    ``had_replacement`` tells whether there is or was one.
    """

    certificate: Certificate
    authority: Authority
    request: Request | None
    replaced: Certificate | None
    successor: Certificate | None
    had_replacement: bool

    @property
    def platform(self) -> str:
        """The kind of server that the request named."""
        return self.request.server_platform if self.request else ""

    @property
    def chain(self) -> list[bytes]:
        """The certificate and its issuers in DER, without the root."""
        return [self.certificate.der, *self.authority.chain]

    @property
    def stem(self) -> str:
        """The name of its files without an ending."""
        return file_stem(self.certificate.common_name, self.request.created_at if self.replaced and self.request else None)


def held(visit: Visit) -> Held:
    """Return the certificate of the address; raises NotFound."""
    serial = part(visit, "serial")

    def work(tx: Transaction, organization: Organization) -> Held:
        certificate = certificates.by_serial(tx, organization.id, serial)
        if certificate is None:
            raise nothing_here()
        request = requests.get(tx, organization.id, certificate.request_id) if certificate.request_id else None
        authority = visit.house.authority_of(certificate.authority_id)
        replaced = certificates.get(tx, certificate.replaces) if certificate.replaces else None
        had_replacement = bool(certificates.replacements_of(tx, certificate))
        successor = certificates.successor_of(tx, certificate) if had_replacement else None
        return Held(certificate, authority, request, replaced, successor, had_replacement)

    return look_up(visit, work)


def values_of(visit: Visit, found: Held) -> dict[str, object]:
    """Return what the templates about a certificate know of it."""
    certificate = found.certificate
    return {
        "home": home(visit),
        "place": f"{home(visit)}/certificates/{certificate.serial_hex}",
        "certificate": certificate,
        "names": [name for _, name in certificate.names],
        "state": words_of_certificate(certificate, visit.now),
        "reason": reason_of(certificate),
        "replaced": found.replaced,
        "successor": found.successor,
        "had_replacement": found.had_replacement and found.successor is None,
        "is_revoked": certificate.state is CertificateState.REVOKED,
        "is_expired": visit.now >= certificate.not_after,
        "files": FILES,
        "stem": found.stem,
    }


def show_certificate(visit: Visit) -> Response:
    """Show the certificate."""
    found = held(visit)
    issuers = [name_of_certificate(certificate) for certificate in (*found.authority.chain, found.authority.root)]
    values: dict[str, object] = {"chain": [found.certificate.common_name, *issuers], "impossible": impossible(visit, found)}
    return visit.show("portal/certificate.html", values_of(visit, found) | values)


def impossible(visit: Visit, found: Held) -> str:
    """Return why a certificate cannot be replaced, or nothing: what the action would refuse is not offered."""
    try:
        require_active(organization_of(visit))
        require_reissuable(found.certificate, visit.now)
    except (Conflict, Refused) as error:
        return error.sentence
    return ""


def show_install(visit: Visit) -> Response:
    """Show the files and the steps for the kind of server; another kind is one link away."""
    found = held(visit)
    chosen = visit.query("for") or found.platform
    values: dict[str, object] = {
        "guides": guides(found.stem, chosen),
        "key_sentences": key_sentences(found.stem, chosen),
        "platforms": [(platform.value, title(platform), platform is platform_of(chosen)) for platform in Platform],
        "chain_pem": chain_to_pem(found.chain),
        "check_name": next((name for _, name in found.certificate.names if not name.startswith("*.")), ""),
    }
    return visit.show("portal/install.html", values_of(visit, found) | values)


@dataclass(frozen=True, slots=True)
class File:
    """One form of a certificate: ``name`` in the address, ``ending`` of the file, its media type, and what makes it."""

    name: str
    ending: str
    media_type: str
    make: Callable[[Held], bytes]


FILES: Final = (
    File("chain", ".pem", "application/x-pem-file", lambda found: chain_to_pem(found.chain).encode()),
    File("pem", "-certificate.pem", "application/x-pem-file", lambda found: certificate_to_pem(found.certificate.der).encode()),
    File("issuer", "-issuer.pem", "application/x-pem-file", lambda found: chain_to_pem(found.authority.chain).encode()),
    File("pkcs7", ".p7b", "application/x-pkcs7-certificates", lambda found: certs_only([*found.chain, found.authority.root])),
    File("der", ".der", "application/pkix-cert", lambda found: found.certificate.der),
    File("root", "", "application/x-pem-file", lambda found: certificate_to_pem(found.authority.root).encode()),
)


def download(visit: Visit) -> Response:
    """Return one of the files."""
    wanted = visit.path("form")
    file = next((each for each in FILES if each.name == wanted), None)
    if file is None:
        raise nothing_here()
    found = held(visit)
    name = f"{found.stem}{file.ending}" if file.ending else "root.pem"
    return Response(file.make(found), media_type=file.media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'})


PAGES = (
    portal_page(Method.GET, "/certificates/{serial}", show_certificate),
    portal_page(Method.GET, "/certificates/{serial}/install", show_install),
    portal_page(Method.GET, "/certificates/{serial}/files/{form}", download),
)
