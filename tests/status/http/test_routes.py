"""The addresses of the contract, and everything near them that must not be one."""

from __future__ import annotations

import base64
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privyseal.status.http.routes import Kind, Route, resolve

ADDRESSES = {
    "/crl/issuing/0.crl": Route(Kind.CRL, ca="issuing", scope="0"),
    "/crl/issuing-2/127.crl": Route(Kind.CRL, ca="issuing-2", scope="127"),
    "/crl/a/full.crl": Route(Kind.CRL, ca="a", scope="full"),
    "/ocsp/issuing": Route(Kind.OCSP_POST, ca="issuing"),
    "/ocsp/issuing/": Route(Kind.OCSP_POST, ca="issuing"),
    "/ocsp/issuing/MAA%3D": Route(Kind.OCSP_GET, ca="issuing", request=b"0\x00"),
    "/ocsp/issuing/MAA=": Route(Kind.OCSP_GET, ca="issuing", request=b"0\x00"),
    "/ocsp/issuing/MAA": Route(Kind.OCSP_GET, ca="issuing"),
    "/ca/issuing.cer": Route(Kind.CA_DER, ca="issuing"),
    "/ca/issuing.pem": Route(Kind.CA_PEM, ca="issuing"),
    "/healthz": Route(Kind.HEALTH),
    "/readyz": Route(Kind.READY),
    "/metrics": Route(Kind.METRICS),
    "/log/provider/checkpoint": Route(Kind.LOG, file="provider/checkpoint"),
    "/log/o-acme/tile/0/000": Route(Kind.LOG, file="o-acme/tile/0/000"),
    "/log/o-acme/tile/63/x001/x234/067": Route(Kind.LOG, file="o-acme/tile/63/x001/x234/067"),
    "/log/o-acme/tile/1/000.p/255": Route(Kind.LOG, file="o-acme/tile/1/000.p/255"),
}

NOWHERE = [
    "",
    "/",
    "//healthz",
    "/healthz/",
    "/HEALTHZ",
    "/crl/issuing/01.crl",
    "/crl/issuing/12345.crl",
    "/crl/issuing/full.crl/",
    "/crl/Issuing/full.crl",
    "/crl/-issuing/full.crl",
    "/crl/issuing%2ffull.crl",
    "/crl/issuing/\u0661.crl",
    "/ca/issuing",
    "/ca/issuing.key",
    "/ca/../issuing.cer",
    "/ocsp/",
    "/ocsp//MAA=",
    "/log/provider/",
    "/log/provider/checkpoint.tmp",
    "/log/../checkpoint",
    "/log/..%2f..%2fetc/checkpoint",
    "/log/provider/../keys/checkpoint",
    "/log/.provider/checkpoint",
    "/log/provider./checkpoint",
    "/log/provider/tile/entries/000",
    "/log/provider/tile/0/0",
    "/log/provider/tile/00/000",
    "/log/provider/tile/64/000",
    "/log/provider/tile/0/001/000",
    "/log/provider/tile/0/x01/000",
    "/log/provider/tile/0/x001",
    "/log/provider/tile/0/000.p/0",
    "/log/provider/tile/0/000.p/256",
    "/log/provider/tile/0/000.p/01",
    "/log/provider/tile/0/000.p",
    "/log/provider/tile/0/000\n",
    "/log/provider/tile/0/../0/000",
]


@pytest.mark.parametrize("path", ADDRESSES)
def test_addresses_of_the_contract(path: str) -> None:
    assert resolve(path) == ADDRESSES[path]


@pytest.mark.parametrize("path", NOWHERE)
def test_nothing_else_is_an_address(path: str) -> None:
    assert resolve(path) is None


@given(st.binary(min_size=1, max_size=300), st.booleans())
def test_a_request_comes_out_of_its_address(data: bytes, encode_slashes: bool) -> None:  # noqa: FBT001 - Hypothesis draws it
    text = quote(base64.b64encode(data).decode(), safe="" if encode_slashes else "/")
    assert resolve(f"/ocsp/issuing/{text}") == Route(Kind.OCSP_GET, ca="issuing", request=data)


@given(st.text(alphabet="/.-%0123456789abcxtilep", max_size=60))
def test_a_log_address_never_leaves_its_folder(tail: str) -> None:
    route = resolve(f"/log/{tail}")
    if route is not None:
        assert ".." not in route.file.split("/")
        assert not route.file.startswith("/")
        assert "entries" not in route.file
