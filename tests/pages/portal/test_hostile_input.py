"""What strangers type: everything comes back escaped or not at all, keys are refused wherever they are put, size has an end."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    pkcs12,
)

from privyseal.actions.house import sha256_hex
from privyseal.store import revocations
from tests.pages.portal.portal_rig import EMAIL, HOME, NAME, PHRASES, PortalRig, Seen
from tests.rigs.service import SubjectKey, make_csr, make_key

INJECTIONS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{7*7}}",
    "${7*7}",
    "{% raw %}",
    "%(x)s",
    "%s%n",
    "=cmd|' /C calc'!A0",
    "@SUM(1)",
    "\r\nBcc: everybody@example.test",
    "*)(uid=*)",
    "\\00",
    "\0",
    ",CN=admin",
    "' OR 1=1--",
    "../../etc/passwd",
    "\u202egnp.exe",
    "zero\u200bwidth",
    "\U0001f511\U0001f511",
    "\n2026-11-22 ADMIN approved",
    "\x1b[31mred",
    "<!DOCTYPE x [<!ENTITY y SYSTEM 'file:///etc/passwd'>]>",
    "javascript:alert(1)",
    "//elsewhere.test",
    "\ud7ff\ufffd",
    "x" * 100_000,
)


def require_harmless(seen: Seen, typed: str) -> None:
    """An ordinary page that shows it as text or not at all."""
    assert seen.status in {200, 400, 404, 422, 429}, (seen.status, typed)
    source = seen.page.source
    for markup in ("<script>alert", "<img src=x", "onerror=alert(1)>"):
        assert markup not in source.replace("&#34;&gt;", ""), typed
    assert "49" not in "".join(seen.page.problems) or "49" in typed
    if "\0" in typed or "\x1b" in typed:
        assert "\x1b" not in "".join(seen.page.problems)


@pytest.mark.parametrize("text", INJECTIONS, ids=lambda text: repr(text)[:24])
def test_every_field_of_the_enrolment(portal: PortalRig, text: str) -> None:
    draft = portal.start()
    require_harmless(portal.post(f"{HOME}/enroll", {"platform": text}), text)
    for step, fields in (
        ("server", ["platform"]),
        ("names", ["names"]),
        ("csr", ["csr"]),
        ("use", ["life", "kind-1", "address-1"]),
        ("contact", ["contact_name", "contact_email", "comment"]),
    ):
        for field in fields:
            base = {"contact_name": "Dana", "contact_email": EMAIL} if step == "contact" else {"life": "365:tls-server", "address-1": NAME}
            require_harmless(portal.post(f"{draft}/{step}", {**base, field: text}), text)
            require_harmless(portal.get(f"{draft}/{step}"), text)


def test_a_comment_is_shown_as_it_was_typed(portal: PortalRig) -> None:
    kept = [text for text in INJECTIONS if text.isprintable() and len(text) < 100 and text.strip() == text]
    draft = portal.fill(comment=" ".join(kept)[:500])
    check = portal.get(f"{draft}/check")
    assert "<script>alert(1)</script> " in check.text
    assert "{{7*7}} ${7*7}" in check.text
    assert "<script>alert" not in check.page.source
    assert portal.get(f"{draft}/contact").page.fields["comment"] == " ".join(kept)[:500].strip()


@pytest.mark.parametrize("text", INJECTIONS, ids=lambda text: repr(text)[:24])
def test_every_other_field_and_address(portal: PortalRig, text: str) -> None:
    serial = "a" * 34
    for address, field in (
        (f"{HOME}/follow", "number"),
        (f"{HOME}/confirm/req-{'0' * 32}", "code"),
        (f"{HOME}/requests/req-{'0' * 32}", "phrase"),
        (f"{HOME}/certificates/{serial}/revoke", "reason"),
    ):
        require_harmless(portal.post(address, {field: text}), text)
    require_harmless(portal.get(f"{HOME}/search", q=text[:2000], **{"for": text[:100]}), text)
    require_harmless(portal.get(f"{HOME}/requests/req-{'0' * 32}/received", known=text[:100]), text)


@pytest.mark.parametrize("names", [["<script>alert(1)</script>.resource-marketing.test"], ["*.*.resource-marketing.test"], ["a b.test"]])
def test_names_in_a_csr_are_strangers_words(portal: PortalRig, names: list[str]) -> None:
    draft = portal.start()
    refused = portal.send(f"{draft}/csr", {"csr": make_csr(names, make_key())})
    assert refused.status == 422
    require_harmless(refused, names[0])
    require_harmless(portal.get(f"{draft}/csr/seen"), names[0])
    require_harmless(portal.get(f"{draft}/csr"), names[0])


def pem(key: SubjectKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def spki_sha256(key: SubjectKey) -> str:
    return sha256_hex(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def is_blocked(portal: PortalRig, key: SubjectKey) -> bool:
    with portal.service.house.database.read(portal.service.clock()) as tx:
        return revocations.blocked_reason(tx, spki_sha256(key)) == "private-key-disclosed"


FORMS: dict[str, Callable[[SubjectKey], bytes]] = {
    "alone": pem,
    "beside": lambda key: make_csr([NAME], key).encode() + pem(key),
    "before": lambda key: pem(key) + make_csr([NAME], key).encode(),
    "sec1": lambda key: key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()),
    "bare": lambda key: base64.b64encode(key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("way", ["paste", "file"])
def test_a_private_key_is_refused_blocked_and_kept_nowhere(portal: PortalRig, form: str, way: str) -> None:
    draft, key = portal.start(), make_key()
    sent = FORMS[form](key)
    typed = {"csr": sent.decode()} if way == "paste" else {"csr": ""}
    refused = portal.post(f"{draft}/csr", typed, {"csr_file": ("server.key", sent)} if way == "file" else None)
    assert refused.status == 422
    assert "private key" in refused.text
    assert "Make a new key" in refused.text
    secret = base64.b64encode(key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())).decode()
    for text in (refused.page.source, portal.stored()):
        assert secret[40:100] not in text
        assert "PRIVATE KEY-" not in text
    assert is_blocked(portal, key)
    assert portal.get(f"{draft}/csr").page.fields["csr"] == "", "the answers before it are still there, the key is not"
    again = portal.send(f"{draft}/csr", {"csr": make_csr([NAME], key)})
    assert again.status == 422
    assert "Somebody else may have this key" in again.page.problems[0]


def test_a_private_key_in_binary(portal: PortalRig) -> None:
    draft, key = portal.start(), make_key("rsa2048")
    der = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    assert portal.post(f"{draft}/csr", {"csr": ""}, {"csr_file": ("server.der", der)}).status == 422
    assert is_blocked(portal, key)
    store = pkcs12.serialize_key_and_certificates(b"x", ec.generate_private_key(ec.SECP256R1()), None, None, BestAvailableEncryption(b"x"))
    archived = portal.post(f"{draft}/csr", {"csr": ""}, {"csr_file": ("server.p12", store)})
    assert archived.status == 422
    assert "private key" in archived.text


@pytest.mark.parametrize(
    ("step", "field"),
    [
        ("names", "names"),
        ("use", "address-1"),
        ("contact", "comment"),
        ("contact", "contact_name"),
        ("check", "phrase"),
        ("server", "platform"),
    ],
)
def test_a_private_key_in_another_field(portal: PortalRig, step: str, field: str) -> None:
    draft, key = portal.fill(), make_key()
    base = {"phrase_again": "x"} if step == "check" else {"life": "365:tls-server", "contact_name": "Dana", "contact_email": EMAIL}
    refused = portal.post(f"{draft}/{step}", {**base, field: pem(key).decode()})
    assert refused.status == 422
    assert "private key" in refused.text
    assert is_blocked(portal, key)
    assert "PRIVATE KEY-" not in portal.stored()
    assert portal.send(f"{draft}/check", PHRASES).address.endswith("/received"), "what was answered before still counts"


def test_a_file_of_a_hundred_megabytes_is_not_read_to_its_end(portal: PortalRig) -> None:
    draft = portal.start()

    def content() -> Iterator[bytes]:
        yield b'--b\r\nContent-Disposition: form-data; name="csr_file"; filename="a.csr"\r\n\r\n'
        for _ in range(100):
            yield b"x" * 1024 * 1024

    answer = portal.client.post(f"{draft}/csr", content=content(), headers={"Content-Type": "multipart/form-data; boundary=b"})
    assert answer.status_code == 413
    assert "This file is too large." in answer.text
    assert portal.get(f"{draft}/csr").status == 200


def test_other_pages_take_no_files_and_little_text(portal: PortalRig) -> None:
    draft = portal.start()
    assert portal.post(f"{draft}/contact", {"contact_name": "x" * 200_000}).status == 413
    assert portal.client.post(f"{draft}/contact", content=b"{}", headers={"Content-Type": "application/json"}).status_code == 400
    assert portal.client.post(f"{draft}/contact", content=b"\xff=\xfe", headers={"Content-Type": "text/plain"}).status_code == 400


def test_forms_of_other_sites_do_nothing(portal: PortalRig) -> None:
    draft = portal.fill()
    stranger = portal.client.post(f"{draft}/check", data=PHRASES, headers={"Sec-Fetch-Site": "cross-site"})
    assert stranger.status_code == 403
    assert portal.get(f"{draft}/check").address == f"{draft}/check"


def test_beginning_too_often_is_slowed_down(portal: PortalRig) -> None:
    beginnings = (portal.post(f"{HOME}/enroll", {"platform": "nginx"}) for _ in range(300))
    answer = next(seen for seen in beginnings if seen.status != 200)
    assert answer.status == 429
    assert int(answer.headers["retry-after"]) > 0
    portal.client = portal.browser("10.0.0.2")
    assert portal.send(f"{HOME}/enroll", {"platform": "nginx"}).status == 200, "another place is not held up"
