"""Files that somebody sends where a page takes one: too large, and of a kind that nobody asked for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from privyseal.reception.site import Method, Page
from tests.pages.browsing import ORG, SITES, PagesRig
from tests.pages.portal.portal_rig import Document
from tests.rigs.service import AdministratorRig, mail_of, make_csr, make_key

UPLOADS = [page for site in SITES for page in site.pages if page.method is Method.POST and page.upload]
MEGABYTE = b"x" * 1024 * 1024
KINDS = {
    "picture": b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
    "page": b"<!DOCTYPE html><script>alert(1)</script>",
    "archive": b"PK\x03\x04" + b"\x00" * 64,
    "program": b"\x7fELF" + b"\x00" * 64,
    "entities": b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e "e">]><x>&e;</x>',
    "wide": "-----BEGIN CMS-----".encode("utf-16"),
    "nested": b"\x30\x80" * 10_000,
    "nothing": b"",
}
"""What is no signature, CSR, certificate, policy or evidence of ours."""


def address(page: Page) -> str:
    """An address of this page; whether there is such a thing is asked after the form was read."""
    return page.path.replace("{org}", ORG).replace("{", "").replace("}", "")


@pytest.mark.parametrize("service", ["sqlite"], indirect=True)
def test_no_page_reads_a_hundred_megabytes(pages: PagesRig, mulder: AdministratorRig, vera: AdministratorRig) -> None:
    def content() -> Iterator[bytes]:
        yield b'--b\r\nContent-Disposition: form-data; name="signed"; filename="a.p7m"\r\n\r\n'
        for _ in range(100):
            yield MEGABYTE

    desks = {"/o/": pages.signed_in(mulder), "/provider": pages.signed_in(vera)}
    assert len(UPLOADS) > 10
    for page in UPLOADS:
        desk = next((desk for start, desk in desks.items() if page.path.startswith(start)), desks["/o/"])
        desk.source = f"10.9.0.{UPLOADS.index(page)}"
        answer = desk.send("POST", address(page), content=content(), kind="multipart/form-data; boundary=b")
        assert answer.status_code == 413, (page.path, answer.status_code, Document(answer.text).text)
        assert "too large" in answer.text, page.path


@pytest.mark.parametrize("service", ["sqlite"], indirect=True)
@pytest.mark.parametrize("kind", KINDS)
def test_files_of_another_kind_are_told_at_their_field(pages: PagesRig, mulder: AdministratorRig, kind: str) -> None:
    desk, console = pages.signed_in(mulder), f"/o/{ORG}/console"
    request = pages.service.submit(ORG, make_csr(["www.resource-marketing.test"], make_key()))
    serial = pages.service.issue(ORG, mulder, ["shop.resource-marketing.test"]).serial_hex
    person = pages.service.administrator(ORG, "Dana Scully", by=mulder).administrator.id
    invited = {"full_name": "Walter Skinner", "email": mail_of("Walter Skinner", ORG)}
    for place, typed in (
        (f"requests/{request.id}/approval", {}),
        (f"requests/{request.id}/rejected", {"reason": "No"}),
        (f"certificates/{serial}/revoked", {"reason": "superseded", "comment": ""}),
        ("administrators/invited", invited),
        (f"administrators/{person}/removed", {}),
    ):
        answer = desk.post(f"{console}/{place}", typed, file=("signed", KINDS[kind]))
        assert answer.status_code in {400, 422}, (place, answer.status_code)
        assert Document(answer.text).problems, place
    before = pages.service.request(request)
    assert before.state.value == "pending"
