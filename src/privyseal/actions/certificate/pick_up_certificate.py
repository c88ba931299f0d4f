"""A subscriber fetches his certificate with the challenge phrase (architecture section 3 steps 8 and 9, G13)."""

from __future__ import annotations

from privyseal.actions.house import House, record
from privyseal.model.actor import Actor
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.certificate import Certificate
from privyseal.model.errors import Conflict, NotFound
from privyseal.model.proof import PhraseProof
from privyseal.store import certificates, organizations, requests
from privyseal.store.database import Transaction


def pick_up_certificate(house: House, tx: Transaction, actor: Actor, slug: str, proof: PhraseProof) -> Certificate:
    """Return the certificate of the request that ``proof`` is for and note the first pick-up.

    Raises NotFound, Conflict ``not-issued`` with the state of the request.
    """
    organization = organizations.require(tx, slug)
    request = requests.get(tx, organization.id, proof.request_id)
    if request is None:
        raise NotFound("not-found", "There is no such request in your organization.")
    certificate = certificates.of_request(tx, request.id)
    if certificate is None:
        why = f" {request.state_reason}" if request.state_reason else ""
        sentence = f"There is no certificate yet: the request is {request.state.value}.{why}"
        raise Conflict("not-issued", sentence)
    first = certificates.mark_picked_up(tx, certificate.id)
    reason = "first" if first else "again"
    record(
        house,
        tx,
        actor,
        slug,
        AuditEvent("pick-up-certificate", Outcome.DONE, "certificate", certificate.serial_hex, certificate.sha256, reason),
    )
    return certificate
