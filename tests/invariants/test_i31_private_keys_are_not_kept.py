"""I31: a private key that comes with a request is refused, its text is stored nowhere, and the key is never certified."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.doors.rest.rest_rig import API, ORG, RestRig
from tests.pages.portal.portal_rig import PortalRig
from tests.rigs.service import ServiceRig, make_csr


@pytest.fixture
def key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@pytest.fixture
def pem(key: ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@pytest.mark.parametrize("where", ["beside", "instead", "comment", "upload"])
def test_the_portal_keeps_nothing_of_a_key(service: ServiceRig, key: ec.EllipticCurvePrivateKey, pem: str, where: str) -> None:
    service.create_organization()
    portal = PortalRig(service)
    draft = portal.start()
    csr = make_csr([f"www.{ORG}.test"], key)
    match where:
        case "beside":
            seen = portal.post(f"{draft}/csr", {"csr": csr + pem})
        case "instead":
            seen = portal.post(f"{draft}/csr", {"csr": pem})
        case "comment":
            seen = portal.post(f"{draft}/contact", {"contact_name": "Dana", "contact_email": f"dana@{ORG}.test", "comment": pem})
        case _:
            seen = portal.post(f"{draft}/csr", {"csr": ""}, {"file": ("www.csr", (csr + pem).encode())})
    assert seen.status == 422
    line = pem.splitlines()[1]
    assert line not in seen.text
    assert line not in portal.stored()
    again = portal.post(f"{draft}/csr", {"csr": csr})
    assert "Somebody else may have this key" in again.text, "the key is never certified"


def test_rest_keeps_nothing_of_a_key(service: ServiceRig, key: ec.EllipticCurvePrivateKey, pem: str) -> None:
    service.create_organization()
    rest = RestRig(service)
    body = rest.body()
    refused = rest.anonymous().post(f"{API}/organizations/{ORG}/requests", json=body | {"csr": make_csr([f"www.{ORG}.test"], key) + pem})
    assert (refused.status_code, refused.json()["kind"]) == (422, "private-key-found")
    assert pem.splitlines()[1] not in refused.text + PortalRig(service).stored()
    blocked = rest.anonymous().post(f"{API}/organizations/{ORG}/requests", json=body | {"csr": make_csr([f"www.{ORG}.test"], key)})
    assert (blocked.status_code, blocked.json()["kind"]) == (422, "key-blocked")
