"""What a form may send, and what hostile and broken ones end in: a sentence and a status below 500."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from privyseal.reception import forms
from privyseal.store import revocations
from tests.reception.reception_rig import ORG, OURS, ReceptionRig, require_kind
from tests.rigs.service import AdministratorRig, hashes_hex, make_key

FORM = f"/o/{ORG}/form"
UPLOAD = f"/o/{ORG}/upload"
URLENCODED = {**OURS, "Content-Type": "application/x-www-form-urlencoded"}
MULTIPART = {**OURS, "Content-Type": "multipart/form-data; boundary=B"}

pytestmark = pytest.mark.parametrize("service", ["sqlite"], indirect=True)


def part(name: str, content: bytes, *, file: str | None = None) -> bytes:
    named = f'; filename="{file}"' if file is not None else ""
    return f'--B\r\nContent-Disposition: form-data; name="{name}"{named}\r\n\r\n'.encode() + content + b"\r\n"


END = b"--B--\r\n"


def test_both_forms_of_a_form_are_read(rig: ReceptionRig) -> None:
    browser = rig.browser()
    plain = browser.post(FORM, data={"name": "Dana Sc\u00fclly", "box": ["a", "b"], "empty": ""}).json()
    assert plain == {"values": {"name": ["Dana Sc\u00fclly"], "box": ["a", "b"], "empty": [""]}, "files": {}}
    sent = browser.post(UPLOAD, data={"name": "Dana"}, files={"csr": ("a.csr", b"\x00\xff\r\n", "application/pkcs10")}).json()
    assert sent == {"values": {"name": ["Dana"]}, "files": {"csr": ["a.csr", "00ff0d0a"]}}
    assert browser.post(UPLOAD, content=part("csr", b"", file="") + END, headers=MULTIPART).json() == {"values": {}, "files": {}}
    assert browser.post(FORM, content=b"", headers=URLENCODED).json() == {"values": {}, "files": {}}


def test_sizes_and_numbers_are_bounded(rig: ReceptionRig) -> None:
    browser = rig.browser()
    whole = forms.MAXIMUM_FORM - len("a=")
    assert browser.post(FORM, content=b"a=" + b"x" * whole, headers=URLENCODED).status_code == 200
    require_kind(browser.post(FORM, content=b"a=" + b"x" * (whole + 1), headers=URLENCODED), 413, "form-size")
    around = len(part("f", b"", file="f") + END)
    assert (
        browser.post(UPLOAD, content=part("f", b"x" * (forms.MAXIMUM_UPLOAD - around), file="f") + END, headers=MULTIPART).status_code
        == 200
    )
    require_kind(browser.post(UPLOAD, content=part("f", b"x" * forms.MAXIMUM_UPLOAD, file="f") + END, headers=MULTIPART), 413, "form-size")
    assert browser.post(FORM, content=b"&".join([b"a=1"] * 100), headers=URLENCODED).status_code == 200
    require_kind(browser.post(FORM, content=b"&".join([b"a=1"] * 101), headers=URLENCODED), 400, "form-fields")
    assert browser.post(FORM, content=part("a", b"1") * 100 + END, headers=MULTIPART).status_code == 200
    require_kind(browser.post(FORM, content=part("a", b"1") * 101 + END, headers=MULTIPART), 400, "form-fields")
    require_kind(browser.post(FORM, content=b"a" * 201 + b"=1", headers=URLENCODED), 400, "form-fields")
    require_kind(browser.post(FORM, content=part("f", b"1", file="x") * 2 + END, headers=MULTIPART), 400, "form-fields")


@pytest.mark.parametrize(
    ("content_type", "body", "kind"),
    [
        ("", b"a=1", "form-type"),
        ("application/json", b"{}", "form-type"),
        ("text/plain", b"a=1", "form-type"),
        ("application/x-www-form-urlencoded", b"a=%ff", "form-text"),
        ("application/x-www-form-urlencoded", b"a=\xc3\xa4", "form-text"),
        ("multipart/form-data", part("a", b"1") + END, "form-damaged"),
        ("multipart/form-data; boundary=", part("a", b"1") + END, "form-damaged"),
        ("multipart/form-data; boundary=" + "B" * 71, part("a", b"1") + END, "form-damaged"),
        ("multipart/form-data; boundary=C", part("a", b"1") + END, "form-damaged"),
        ("multipart/form-data; boundary=B", part("a", b"1"), "form-damaged"),
        ("multipart/form-data; boundary=B", b"--B\r\nContent-Type: text/plain\r\n\r\n1\r\n" + END, "form-damaged"),
        ("multipart/form-data; boundary=B", b"--B\r\nContent-Disposition: attachment; name=a\r\n\r\n1\r\n" + END, "form-damaged"),
        ("multipart/form-data; boundary=B", b"--B\r\n" + b"X: 1\r\n" * 1000 + b"\r\n1\r\n" + END, "form-damaged"),
        ("multipart/form-data; boundary=B", b"--B\r\nX" + b"y" * 50_000 + b": 1\r\n\r\n1\r\n" + END, "form-damaged"),
        ("multipart/form-data; boundary=B", part("a", b"\xff") + END, "form-text"),
        ("multipart/form-data; boundary=B; charset=punycode", b"--C" * 1000, "form-damaged"),
    ],
)
def test_broken_forms_are_refused(rig: ReceptionRig, content_type: str, body: bytes, kind: str) -> None:
    headers = {**OURS, **({"Content-Type": content_type} if content_type else {})}
    require_kind(rig.browser().post(FORM, content=body, headers=headers), 400, kind)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(body=st.binary(max_size=300), kind=st.sampled_from(["application/x-www-form-urlencoded", "multipart/form-data; boundary=B"]))
def test_whatever_is_sent_is_a_form_or_a_refusal(rig: ReceptionRig, body: bytes, kind: str) -> None:
    for content in (body, b"--B\r\n" + body, part("a", body) + body + END, b"a=" + body + b"&b"):
        answer = rig.browser().post(FORM, content=content, headers={**OURS, "Content-Type": kind})
        # Among many bytes are those that begin a private key.
        assert answer.status_code in {200, 400} or (answer.status_code == 422 and "private key" in answer.text)


def test_a_form_that_drips_in_is_given_up(rig: ReceptionRig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forms, "FORM_SECONDS", 0.2)

    async def slowly() -> dict[str, Any]:
        await asyncio.sleep(60)
        return {"type": "http.request", "body": b"", "more_body": True}

    assert answer_of(rig, slowly)["status"] == 400


def test_a_connection_that_ends_is_no_failure(rig: ReceptionRig) -> None:
    async def gone() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    assert answer_of(rig, gone)["status"] == 400


def answer_of(rig: ReceptionRig, receive: Callable[[], Awaitable[dict[str, Any]]]) -> dict[str, Any]:
    """The head of the answer to a form whose body comes from ``receive``."""
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    headers = [(name.lower().encode(), value.encode()) for name, value in URLENCODED.items()]
    scope = {
        "type": "http",
        "method": "POST",
        "path": FORM,
        "raw_path": FORM.encode(),
        "query_string": b"",
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("localhost", 8443),
        "scheme": "https",
        "http_version": "1.1",
        "root_path": "",
    }
    asyncio.run(rig.app(scope, receive, send))  # type: ignore[arg-type] # narrower than ASGI's own types
    return sent[0]


# -------------------------------------------------------------------------------------------------------- private keys


def test_a_private_key_is_refused_and_blocked_wherever_it_stands(rig: ReceptionRig, fox: AdministratorRig) -> None:
    browser = rig.signed_in(fox)
    ways: list[Callable[[bytes], Any]] = [
        lambda pem: browser.post(FORM, data={"comment": pem.decode()}),
        lambda pem: browser.post(FORM, data={pem.decode()[:180]: "x"}),
        lambda pem: browser.post(UPLOAD, files={"csr": ("key.pem", pem)}),
        lambda pem: browser.post(UPLOAD, content=part("a", pem), headers=MULTIPART),
        lambda pem: browser.post(FORM, content=b"a=%ff&b=" + pem.replace(b"+", b"%2B"), headers=URLENCODED),
        lambda pem: browser.post(FORM, content=pem + b"x" * forms.MAXIMUM_FORM, headers=URLENCODED),
        lambda pem: browser.post(FORM, content=pem, headers={**OURS, "Content-Type": "text/plain"}),
    ]
    for number, way in enumerate(ways):
        key = make_key()
        pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        answer = way(pem)
        require_kind(answer, 422, "private-key-found")
        assert pem.decode().splitlines()[1] not in answer.text
        spki = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        with rig.service.house.database.read(rig.service.clock()) as tx:
            blocked = revocations.blocked_reason(tx, hashes_hex(spki))
        assert (blocked is not None) is (number != 1), "a key that was cut off cannot be read"
    kept = [entry for entry in rig.log() if entry[:3] == ("receive-form", "refused", "private-key-found")]
    assert len(kept) == len(ways)


def test_the_refusal_of_a_stranger_stands_in_a_log_that_exists(rig: ReceptionRig) -> None:
    pem = make_key().private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    for place, log in ((FORM, ORG), ("/o/nowhere/form", ""), ("/provider/form", "")):
        require_kind(rig.browser().post(place, data={"a": pem.decode()}), 422, "private-key-found")
        assert rig.log(log)[-1] == ("receive-form", "refused", "private-key-found", "requester")


def test_noise_is_no_key(rig: ReceptionRig) -> None:
    assert rig.browser().post(UPLOAD, files={"csr": ("a", os.urandom(100_000))}).status_code == 200
