"""What a replacement has to keep to (C11, G14): which certificate it may be of, and what its CSR has to have."""

from __future__ import annotations

from dataclasses import dataclass

from privyseal.engine.csr import Csr
from privyseal.engine.submission import read_names
from privyseal.model.actor import Actor, require, require_somewhere
from privyseal.model.administrator import Permission
from privyseal.model.certificate import Certificate, require_reissuable
from privyseal.model.errors import NotFound, Refused
from privyseal.model.organization import Organization, require_active
from privyseal.model.policy import Policy
from privyseal.model.proof import PhraseProof
from privyseal.model.request import Request
from privyseal.model.scope import EVERYTHING
from privyseal.store import certificates, departments, organizations, policies, requests
from privyseal.store.database import Transaction


@dataclass(frozen=True, slots=True)
class Original:
    """A certificate that may be replaced, the request that it came of, and the policy as it is now."""

    organization: Organization
    certificate: Certificate
    request: Request
    policy: Policy


def original_of(tx: Transaction, actor: Actor, slug: str, serial_hex: str, proof: PhraseProof | None) -> Original:
    """Return what is to be replaced; ``proof`` of the challenge phrase, or the right to submit, shows who may ask.

    Raises NotFound, NotPermitted, Refused (the organization is not active), Conflict (expired, revoked too long ago).
    """
    organization = organizations.require(tx, slug)
    require_active(organization)
    scope = EVERYTHING if proof is not None else require_somewhere(actor, Permission.SUBMIT, organization.id)
    certificate = certificates.by_serial(tx, organization.id, serial_hex, scope=scope)
    if certificate is None or (proof is not None and proof.request_id != certificate.request_id):
        raise NotFound("not-found", "There is no such certificate in your organization.")
    if proof is None:
        require(actor, Permission.SUBMIT, organization.id, departments.path_of(tx, certificate.department_id))
    require_reissuable(certificate, tx.now)
    request = requests.get(tx, organization.id, certificate.request_id) if certificate.request_id else None
    if request is None:
        raise NotFound("not-found", "The request of this certificate does not exist.")
    policy = policies.newest(tx, organization.id, policies.get(tx, request.policy_id, request.policy_version)[0].name)
    if policy is None:
        raise NotFound("policy-not-found", "The policy of this certificate does not exist any more.")
    return Original(organization, certificate, request, policy)


def require_other_key(certificate: Certificate, csr: Csr) -> None:
    """Raise Refused ``key-reused`` for the key of the certificate itself."""
    if csr.spki_sha256.hex() == certificate.spki_sha256:
        raise Refused("key-reused", "A replacement needs a new key; this CSR has the key of the certificate to be replaced.", field="csr")


def require_same_names(certificate: Certificate, csr: Csr) -> None:
    """Raise Refused ``names-differ`` unless it asks for the names of the certificate; Refused as read_names."""
    asked, _ = read_names(csr)
    certified = {name for _, name in certificate.names}
    if set(asked) == certified:
        return
    lacking, added = ", ".join(sorted(certified - set(asked))), ", ".join(sorted(set(asked) - certified))
    if lacking and added:
        found = f"The new CSR lacks {lacking} and adds {added}."
    else:
        found = f"The new CSR lacks {lacking}." if lacking else f"The new CSR adds {added}."
    sentence = f"{found} A replacement has the same names; for other names ask for a new certificate."
    raise Refused("names-differ", sentence, field="csr")
