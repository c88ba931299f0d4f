"""A request and a certificate as the REST reference describes them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from privyseal_agent.keys import private_key
from privyseal_agent.keys.csr import make_csr
from tests.agent import authority
from tests.agent.authority import Holder, Pointers

REQUEST_ID = f"req-{'1' * 32}"
REQUEST_PATH = f"/organizations/acme/requests/{REQUEST_ID}"
POLICY_ID = f"pol-{'3' * 32}"

_KEY = private_key.generate("p256")

CSR = make_csr(_KEY, ["www.acme.test"]).decode()
SPKI_SHA256 = hashlib.sha256(_KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def request(**changes: object) -> dict[str, Any]:
    """A pending request with these fields changed."""
    document = {
        "id": REQUEST_ID,
        "organization": "acme",
        "kind": "new",
        "state": "pending",
        "state_reason": "",
        "policy": {"id": POLICY_ID, "name": "tls-server", "version": 3, "sha256": "ab" * 32},
        "subject": [["2.5.4.6", "US"], ["2.5.4.10", "Acme Rockets"], ["2.5.4.3", "www.acme.test"]],
        "names": ["dns:www.acme.test", "dns:acme.test"],
        "spki_sha256": SPKI_SHA256,
        "key": {"algorithm": "p256", "bits": 256},
        "csr": CSR,
        "lifetime_days": 365,
        "endpoints": ["web-server:www.acme.test"],
        "unit_tier": "standard",
        "contact": {"name": "Bob Example", "email": "bob@acme.test"},
        "server_platform": "nginx",
        "comment": "",
        "warnings": [],
        "requester": {"kind": "anonymous", "id": ""},
        "created_at": "2026-11-22T01:02:03Z",
        "changed_at": "2026-11-22T01:02:03Z",
        "approvals": [],
        "approvals_needed": 1,
    }
    return {**document, **changes}


def issued() -> Holder:
    """A certificate that names the CRL of a status front."""
    return authority.make_server(authority.make_root(), pointers=Pointers(crl=("http://status.acme.test/crl/issuing/17.crl",)))


def certificate(holder: Holder, **changes: object) -> Mapping[str, Any]:
    """A valid certificate with these fields changed."""
    document = {
        "serial": holder.serial_hex,
        "organization": "acme",
        "state": "valid",
        "common_name": "www.acme.test",
        "names": ["dns:www.acme.test"],
        "not_before": "2026-11-22T01:02:03Z",
        "not_after": "2027-11-22T01:02:03Z",
        "issued_at": "2026-11-22T01:02:03Z",
        "sha256": holder.sha256,
        "spki_sha256": SPKI_SHA256,
        "pem": holder.pem.decode(),
        "chain_pem": holder.chain_pem.decode(),
        "request": REQUEST_ID,
        "contact": {"name": "Bob Example", "email": "bob@acme.test"},
        "history": [],
    }
    return {**document, **changes}
