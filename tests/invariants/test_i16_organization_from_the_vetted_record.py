"""I16: organization fields come from the vetted record, whatever the CSR says."""

from __future__ import annotations

import pytest
from cryptography import x509

from tests.rigs.service import ServiceRig, make_csr, make_key


@pytest.mark.parametrize("claimed", ["Bookstore Inc.", "Internet Widgits Pty Ltd", "\u202eevil", "<script>alert(1)</script>", "O" * 64])
def test_the_certificate_says_who_was_vetted(service: ServiceRig, claimed: str) -> None:
    service.create_organization()
    admin = service.administrator("resource-marketing")
    request = service.submit("resource-marketing", make_csr(["webtrust.resource-marketing.test"], make_key(), organization=claimed))
    service.approve(request, admin)
    [result] = service.prepare_and_complete(request.id)
    assert result.ok
    certificate = service.certificate_of(request)
    assert certificate is not None
    subject = x509.load_der_x509_certificate(certificate.der).subject
    assert subject.rfc4514_string() == "CN=webtrust.resource-marketing.test,O=Resource Marketing\\, Inc.,L=Fort Thomas,ST=Kentucky,C=US"
