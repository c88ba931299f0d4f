"""Whatever is sent, the answer is a problem document below 500, and a private key is refused, blocked and forgotten."""

from __future__ import annotations

import base64
import json
import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from cryptography.hazmat.primitives import serialization
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from privyseal.doors.rest.intake import MAXIMUM_BODY
from privyseal.engine.private_keys import PrivateKeyFound
from privyseal.model.administrator import Role
from privyseal.reception.disclosed_keys import refuse_keys_in_bytes
from privyseal.store import revocations
from tests.doors.rest.rest_rig import API, ORG, RestRig, require_problem
from tests.doors.rest.test_tenants import ROWS
from tests.rigs.app_client import AppClient
from tests.rigs.service import AdministratorRig, ServiceRig, hashes_hex, make_csr, make_key

BASE = f"{API}/organizations/{ORG}"
REQUESTS = f"{BASE}/requests"
JSON = {"Content-Type": "application/json"}
NO_ID = "0" * 32


class Shared:
    """One service for the whole module and each kind of caller."""

    def __init__(self, rest: RestRig) -> None:
        self.rest = rest
        self.fox: AdministratorRig = rest.service.administrator(ORG, "Fox Mulder")
        self.provider = rest.service.administrator("", "Provider", Role.PROVIDER_ADMINISTRATOR)
        self.program = rest.token()
        self.admin = rest.administrator(self.fox)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    url = "" if request.param == "sqlite" else request.getfixturevalue("postgres").create_database()
    service = ServiceRig(Path(tmp_path_factory.mktemp("bad-input")), url)
    service.create_organization()
    yield Shared(RestRig(service))
    service.close()


BODIES: list[tuple[str, bytes, dict[str, str], int, str]] = [
    ("nothing", b"", JSON, 400, "json"),
    ("no JSON", b"{", JSON, 400, "json"),
    ("a list", b"[]", JSON, 400, "json"),
    ("a text", b'"{}"', JSON, 400, "json"),
    ("null", b"null", JSON, 400, "json"),
    ("not UTF-8", b'{"csr": "\xff"}', JSON, 400, "json"),
    ("UTF-16", '{"csr": "x"}'.encode("utf-16"), JSON, 400, "json"),
    ("a byte order mark", b"\xef\xbb\xbf{}", JSON, 400, "json"),
    ("a key twice", b'{"csr": "a", "csr": "b"}', JSON, 400, "json"),
    ("NaN", b'{"lifetime_days": NaN}', JSON, 400, "json"),
    ("a float", b'{"lifetime_days": 1.5}', JSON, 400, "json"),
    ("a huge number", b'{"lifetime_days": ' + b"9" * 5000 + b"}", JSON, 400, "json"),
    ("very deep", b'{"csr":' + b"[" * 60_000 + b"]" * 60_000 + b"}", JSON, 400, "json"),
    ("a lone surrogate", b'{"csr": "\\ud800"}', JSON, 400, "body"),
    ("a lone surrogate as a key", b'{"\\ud800": 1}', JSON, 400, "body"),
    ("an empty object", b"{}", JSON, 400, "body"),
    ("too large", b'{"csr": "' + b"x" * MAXIMUM_BODY + b'"}', JSON, 413, "too-large"),
    ("no media type", b"{}", {}, 415, "media-type"),
    ("a form", b"csr=x", {"Content-Type": "application/x-www-form-urlencoded"}, 415, "media-type"),
    ("plain text, as a foreign page sends it", b"{}", {"Content-Type": "text/plain"}, 415, "media-type"),
    ("multipart", b"--x--", {"Content-Type": "multipart/form-data; boundary=x"}, 415, "media-type"),
]


@pytest.mark.parametrize(("body", "headers", "status", "kind"), [row[1:] for row in BODIES], ids=[row[0] for row in BODIES])
def test_bodies_that_are_none(shared: Shared, body: bytes, headers: dict[str, str], status: int, kind: str) -> None:
    require_problem(shared.program.post(REQUESTS, content=body, headers=headers), status, kind)


DEPARTMENT = f"{BASE}/departments/dep-{NO_ID}"
METHODS = [
    ("PUT", DEPARTMENT),
    ("PATCH", DEPARTMENT),
    ("PATCH", REQUESTS),
    ("DELETE", f"{BASE}/sign-on"),
    ("DELETE", f"{BASE}/tokens/tok-{NO_ID}"),
    ("GET", REQUESTS),
    ("OPTIONS", REQUESTS),
    ("QUERY", REQUESTS),
]
"""Methods with and without a route: whatever comes with a body is looked at alike."""


@pytest.mark.parametrize(
    ("body", "headers", "status", "kind"),
    [row[1:] for row in BODIES if row[1] and row[4] != "body"],
    ids=[row[0] for row in BODIES if row[1] and row[4] != "body"],
)
@pytest.mark.parametrize(("method", "address"), METHODS)
def test_bodies_that_are_none_by_any_method(
    shared: Shared, method: str, address: str, body: bytes, headers: dict[str, str], status: int, kind: str
) -> None:
    require_problem(shared.admin.request(method, address, content=body, headers=headers), status, kind)


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_a_body_that_is_asked_for_is_not_left_out(shared: Shared, method: str) -> None:
    require_problem(shared.admin.request(method, DEPARTMENT, headers=JSON), 400, "json")


def test_a_body_in_pieces_is_bounded_by_any_method(shared: Shared) -> None:
    """In pieces a body says no length in advance (RFC 9112 section 7.1)."""
    for method, address in METHODS:
        pieces = iter([b"x" * 65_536] * 64)
        require_problem(shared.admin.request(method, address, content=pieces, headers=JSON), 413, "too-large")


def test_nothing_in_pieces_is_no_body(shared: Shared) -> None:
    answer = shared.admin.request("DELETE", f"{BASE}/tokens/tok-{NO_ID}", content=iter([b""]))
    require_problem(answer, 404, "not-found")


def test_a_key_of_one_method_is_not_one_of_another(shared: Shared) -> None:
    headers = {"Idempotency-Key": "by-two-methods"}
    require_problem(shared.admin.put(DEPARTMENT, json={"name": "Sales"}, headers=headers), 404, "not-found")
    again = shared.admin.put(DEPARTMENT, json={"name": "Sales"}, headers=headers)
    assert again.headers["idempotency-replayed"] == "true"
    require_problem(again, 404, "not-found")
    require_problem(shared.admin.patch(DEPARTMENT, json={"name": "Sales"}, headers=headers), 422, "idempotency-key")


FIELDS: list[tuple[str, dict[str, object], int, str, str]] = [
    ("an unknown field", {"is_ca": True}, 400, "body", "is_ca"),
    ("another type", {"lifetime_days": "365"}, 400, "body", "lifetime_days"),
    ("a boolean number", {"lifetime_days": True}, 400, "body", "lifetime_days"),
    ("a negative number", {"lifetime_days": -1}, 400, "body", "lifetime_days"),
    ("another life", {"lifetime_days": 366}, 422, "lifetime", "lifetime_days"),
    ("another policy", {"policy": "tls-root"}, 404, "policy-not-found", ""),
    ("a policy with a NUL", {"policy": "tls\0"}, 422, "text", "policy"),
    ("no server", {"endpoints": []}, 422, "endpoint", "endpoints"),
    ("21 servers", {"endpoints": [f"web-server:w{number}" for number in range(21)]}, 422, "too-many-endpoints", "endpoints"),
    ("a server with a blank", {"endpoints": ["web-server:a b"]}, 422, "endpoint", "endpoints"),
    ("a line break in a name", {"contact_name": "Dana\r\nBcc: all@example.org"}, 422, "text", "contact_name"),
    ("a NUL in a name", {"contact_name": "Dana\0"}, 422, "text", "contact_name"),
    ("a turned name", {"contact_name": "Dana \u202egnp.exe"}, 422, "text", "contact_name"),
    ("a long name", {"contact_name": "D" * 65}, 422, "text", "contact_name"),
    ("a comment with a control character", {"comment": "\x1b[2J"}, 422, "text", "comment"),
    ("a CSR of nothing", {"csr": "none"}, 400, "", "csr"),
    ("names outside", {"csr": make_csr(["www.example.org"], make_key())}, 422, "name-not-validated", "csr"),
    (
        "101 names",
        {"csr": make_csr([f"w{number}.resource-marketing.test" for number in range(101)], make_key())},
        422,
        "too-many-names",
        "csr",
    ),
    ("a weak key", {"csr": make_csr(["www.resource-marketing.test"], make_key("rsa1024"))}, 422, "", ""),
    ("a phrase that is too short", {"phrase": "a"}, 422, "", "phrase"),
    ("a phrase of control characters", {"phrase": "\0\1\2\3\4\5\6\7"}, 422, "", "phrase"),
    ("a wrong address", {"contact_email": "dana@"}, 422, "", ""),
]


@pytest.mark.parametrize(("change", "status", "kind", "field"), [row[1:] for row in FIELDS], ids=[row[0] for row in FIELDS])
def test_fields_that_break_a_rule(shared: Shared, change: dict[str, object], status: int, kind: str, field: str) -> None:
    answer = shared.program.post(REQUESTS, json={**shared.rest.body(), **change})
    problem = require_problem(answer, status, kind or answer.json().get("kind", ""))
    if field:
        assert problem["field"] == field


def test_each_name_outside_is_named(shared: Shared) -> None:
    csr = make_csr(["www.resource-marketing.test", "www.example.org", "evilresource-marketing.test"], make_key())
    sentence = require_problem(shared.program.post(REQUESTS, json=shared.rest.body(csr=csr)), 422, "name-not-validated")["detail"]
    assert "www.example.org" in sentence
    assert "evilresource-marketing.test" in sentence


ADDRESSES = [
    ("GET", f"{API}/nothing", 404, "not-found"),
    ("GET", "/nothing", 404, "not-found"),
    ("GET", f"{API}/organizations/{ORG}/", 404, "not-found"),
    ("GET", f"{API}/organizations/%00", 404, "not-found"),
    ("GET", f"{API}/organizations/%ff%fe", 404, "not-found"),
    ("GET", f"{API}/organizations/..%2f..%2fetc", 404, "not-found"),
    ("GET", f"{API}/organizations/{'x' * 5000}", 404, "not-found"),
    ("GET", f"{BASE}/requests/req-1", 404, "not-found"),
    ("GET", f"{BASE}/requests/req-{NO_ID}%0a", 404, "not-found"),
    ("GET", f"{BASE}/requests/req-{NO_ID}", 404, "not-found"),
    ("GET", f"{BASE}/certificates/0x51", 404, "not-found"),
    ("GET", f"{BASE}/certificates/51%00", 404, "not-found"),
    ("GET", f"{BASE}/certificates/51", 404, "not-found"),
    ("DELETE", f"{BASE}/tokens/tok-{NO_ID}", 404, "not-found"),
    ("PUT", f"{BASE}/requests", 405, "method"),
    ("PATCH", f"{BASE}/requests/req-{NO_ID}", 405, "method"),
    ("DELETE", f"{BASE}/requests/req-{NO_ID}", 405, "method"),
    ("GET", f"{BASE}/requests?state=new", 400, "query"),
    ("GET", f"{BASE}/requests?limit=0", 400, "query"),
    ("GET", f"{BASE}/requests?limit=1e9", 400, "query"),
    ("GET", f"{BASE}/requests?after=%00", 400, "query"),
    ("GET", f"{BASE}/requests?after=req-1", 400, "query"),
    ("GET", f"{BASE}/certificates?name=%00", 400, "query"),
    ("GET", f"{BASE}/certificates?name=%ff", 400, "query"),
    ("GET", f"{BASE}/audit?start=-1", 400, "query"),
    ("GET", f"{BASE}/audit?start=99999999999999999999", 400, "query"),
    ("GET", f"{BASE}/audit?limit=1001", 400, "query"),
]


@pytest.mark.parametrize(("method", "address", "status", "kind"), ADDRESSES, ids=[f"{row[0]} {row[1][-70:]}" for row in ADDRESSES])
def test_addresses_of_nothing(shared: Shared, method: str, address: str, status: int, kind: str) -> None:
    body: dict[str, str] | None = {} if method in {"PUT", "PATCH"} else None
    require_problem(shared.admin.request(method, address, json=body), status, kind)


@pytest.mark.parametrize(
    "header", ["Basic Zm94Om11bGRlcg==", "Bearer", "Bearer ", "Bearer \xe9", "bearer pst_x pst_y", "\x00", "Bearer " + "x" * 20_000]
)
def test_tokens_that_are_none(shared: Shared, header: str) -> None:
    client = shared.rest.anonymous()
    problem = client.get(f"{BASE}/units", headers={b"Authorization": header.encode("latin-1")})
    assert "www-authenticate" in problem.headers
    require_problem(problem, 401, "token")


@pytest.mark.parametrize(
    "signature", ["", "!", "AAAA", "MIIB", "-----BEGIN CMS-----\nAAAA\n-----END CMS-----", "-----BEGIN é", "A" * 90_000, "\ud7ff"]
)
@pytest.mark.parametrize("decision", ["approval", "rejection"])
def test_signatures_that_are_none(shared: Shared, signature: str, decision: str) -> None:
    answer = shared.admin.post(f"{REQUESTS}/{pending(shared)}/{decision}", json={"signature": signature})
    assert answer.status_code in {400, 422}, answer.text
    require_problem(answer, answer.status_code, answer.json()["kind"])


def pending(shared: Shared) -> str:
    """Some request that waits for a decision."""
    found = shared.admin.get(REQUESTS, params={"state": "pending", "limit": 1}).json()["items"]
    return str(found[0]["id"] if found else shared.rest.submit(shared.program, names=["waits.resource-marketing.test"])["id"])


def private_key_pem(kind: str = "p256") -> tuple[str, str]:
    """A new private key in PEM, and the SHA-256 of its public half."""
    key = make_key(kind)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()
    spki = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return pem, hashes_hex(spki)


PLACES: list[tuple[str, str, str]] = [
    ("instead of the CSR", REQUESTS, "csr"),
    ("as the comment", REQUESTS, "comment"),
    ("as the phrase", REQUESTS, "phrase"),
    ("in a list", REQUESTS, "endpoints"),
    ("in a field that does not exist", REQUESTS, "private_key"),
    ("in a deep field", REQUESTS, "deep"),
    ("as a code", f"{REQUESTS}/req-{NO_ID}/confirmation", "code"),
    ("as the phrase of a pick-up", f"{REQUESTS}/req-{NO_ID}/pickup", "phrase"),
    ("as a signature", f"{REQUESTS}/req-{NO_ID}/approval", "signature"),
    ("in a reissue", f"{BASE}/certificates/51/reissue", "csr"),
    ("in a revocation", f"{BASE}/certificates/51/revocation", "comment"),
    ("at an address that does not exist", f"{BASE}/nothing", "key"),
    ("with an enrollment", f"{API}/administrators/enroll", "csr"),
]


@pytest.mark.parametrize(("address", "field"), [row[1:] for row in PLACES], ids=[row[0] for row in PLACES])
def test_a_private_key_is_refused_blocked_and_forgotten(shared: Shared, address: str, field: str) -> None:
    pem, spki_sha256 = private_key_pem()
    value: Any = {"endpoints": [pem], "deep": [{"a": [pem]}]}.get(field, pem)
    body = {**shared.rest.body(), field: value} if address == REQUESTS else {field: value}
    problem = require_problem(shared.rest.anonymous().post(address, json=body), 422, "private-key-found")
    assert problem["field"] == field
    assert "new key" in problem["detail"]
    with shared.rest.service.house.database.read(shared.rest.service.clock()) as tx:
        assert revocations.blocked_reason(tx, spki_sha256) == "private-key-disclosed"
    secret = pem.splitlines()[2].encode()
    if not shared.rest.service.database_url:
        data = shared.rest.service.settings.data
        assert not [path for path in data.rglob("*") if path.is_file() and secret in path.read_bytes()]


@pytest.mark.parametrize("form", ["JSON", "text"])
@pytest.mark.parametrize(("method", "address"), METHODS)
def test_a_private_key_by_any_method_is_refused_blocked_and_forgotten(shared: Shared, method: str, address: str, form: str) -> None:
    pem, spki_sha256 = private_key_pem()
    content, headers = (json.dumps({"name": pem}), JSON) if form == "JSON" else (pem, {"Content-Type": "text/plain"})
    for client in (shared.rest.anonymous(), shared.admin):
        problem = require_problem(client.request(method, address, content=content, headers=headers), 422, "private-key-found")
        assert "new key" in problem["detail"] or "replace it" in problem["detail"]
    assert blocked(shared, spki_sha256) == "private-key-disclosed"
    shared.rest.service.integrate()
    log = shared.admin.get(f"{BASE}/audit").text
    assert pem.splitlines()[1] not in log
    if not shared.rest.service.database_url:
        secret = pem.splitlines()[2].encode()
        data = shared.rest.service.settings.data
        assert not [path for path in data.rglob("*") if path.is_file() and secret in path.read_bytes()]


def blocked(shared: Shared, spki_sha256: str) -> str | None:
    """Why a key is blocked, or None."""
    with shared.rest.service.house.database.read(shared.rest.service.clock()) as tx:
        return revocations.blocked_reason(tx, spki_sha256)


def key_file(kind: str, form: serialization.PrivateFormat, passphrase: str = "") -> tuple[bytes, str]:
    """A new private key as servers write it, and the SHA-256 of its public half."""
    key = make_key(kind)
    guard = serialization.BestAvailableEncryption(passphrase.encode()) if passphrase else serialization.NoEncryption()
    spki = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return key.private_bytes(serialization.Encoding.PEM, form, guard), hashes_hex(spki)


def multipart(content: bytes) -> bytes:
    """A form with a file, as a browser or curl --form sends it."""
    head = b'--limit\r\nContent-Disposition: form-data; name="key"; filename="www.key"\r\nContent-Type: application/octet-stream\r\n\r\n'
    text = b'--limit\r\nContent-Disposition: form-data; name="policy"\r\n\r\ntls-server\r\n'
    return text + head + content + b"\r\n--limit--\r\n"


def der_of(pem: bytes) -> bytes:
    """The same key as a binary file."""
    return base64.b64decode(b"".join(line for line in pem.splitlines() if not line.startswith(b"--")))


def without_plus(pem: bytes) -> bytes:
    """JSON that breaks off, by a writer that escapes the plus sign and the slash."""
    return b'{"csr": ' + json.dumps(pem.decode()).replace("+", "\\u002b").replace("/", "\\/").encode()


WAYS: list[tuple[str, str, Callable[[bytes], bytes]]] = [
    ("as text", "text/plain", lambda pem: pem),
    ("without a type", "", lambda pem: pem),
    ("as a file", "application/octet-stream", lambda pem: pem),
    ("as a binary file", "application/octet-stream", der_of),
    ("as a file of a form", 'multipart/form-data; boundary="limit"', multipart),
    ("as a binary file of a form", "multipart/form-data; boundary=limit", lambda pem: multipart(der_of(pem))),
    ("in a form", "application/x-www-form-urlencoded", lambda pem: urlencode({"policy": "tls-server", "csr": pem}).encode()),
    ("in a form by hand", "application/x-www-form-urlencoded", lambda pem: b"policy=tls-server&csr=" + pem),
    ("in no form", "application/x-www-form-urlencoded", lambda pem: quote(pem).encode()),
    ("instead of JSON", "application/json", lambda pem: pem),
    ("in broken JSON", "application/json", lambda pem: b'{"csr": ' + json.dumps(pem.decode()).encode()),
    ("in broken JSON with escapes", "application/json", without_plus),
    ("in JSON with a key twice", "application/json", lambda pem: b'{"csr": "x", "csr": ' + json.dumps(pem.decode()).encode() + b"}"),
    ("in JSON as UTF-16", "application/json", lambda pem: json.dumps({"csr": pem.decode()}).encode("utf-16")),
    ("as a JSON text", "application/json", lambda pem: json.dumps(pem.decode()).encode()),
    ("in a JSON list", "application/json", lambda pem: json.dumps([{"csr": pem.decode()}]).encode()),
    ("at the beginning of too much", "application/json", lambda pem: pem + b"x" * MAXIMUM_BODY),
]
PKCS8, TRADITIONAL = serialization.PrivateFormat.PKCS8, serialization.PrivateFormat.TraditionalOpenSSL


@pytest.mark.parametrize(("kind", "form"), [("p256", PKCS8), ("p256", TRADITIONAL), ("rsa2048", TRADITIONAL), ("rsa2048", PKCS8)])
@pytest.mark.parametrize(("content_type", "wrap"), [row[1:] for row in WAYS], ids=[row[0] for row in WAYS])
def test_a_private_key_is_recognized_whatever_the_body_says(
    shared: Shared, content_type: str, wrap: Callable[[bytes], bytes], kind: str, form: serialization.PrivateFormat
) -> None:
    pem, spki_sha256 = key_file(kind, form)
    headers = {"Content-Type": content_type} if content_type else {}
    problem = require_problem(shared.rest.anonymous().post(REQUESTS, content=wrap(pem), headers=headers), 422, "private-key-found")
    assert "replace it" in problem["detail"]
    assert "under a passphrase" not in problem["detail"]
    assert blocked(shared, spki_sha256) == "private-key-disclosed"
    if not shared.rest.service.database_url:
        secret = pem.splitlines()[2]
        data = shared.rest.service.settings.data
        assert not [path for path in data.rglob("*") if path.is_file() and secret in path.read_bytes()]


@pytest.mark.parametrize("form", [PKCS8, TRADITIONAL], ids=["PKCS #8", "as of old"])
@pytest.mark.parametrize("content_type", ["text/plain", "application/json", "multipart/form-data; boundary=limit"])
def test_a_key_under_a_passphrase_is_refused_and_said_to_be_unknown(
    shared: Shared, content_type: str, form: serialization.PrivateFormat
) -> None:
    pem, spki_sha256 = key_file("rsa2048", form, "a passphrase")
    body = multipart(pem) if "multipart" in content_type else pem
    problem = require_problem(shared.program.post(REQUESTS, content=body, headers={"Content-Type": content_type}), 422, "private-key-found")
    assert "under a passphrase" in problem["detail"]
    assert "replace it" in problem["detail"]
    assert blocked(shared, spki_sha256) is None


def test_a_key_that_comes_with_a_wrong_credential_is_disclosed_too(shared: Shared) -> None:
    pem, spki_sha256 = key_file("p256", PKCS8)
    stranger = shared.rest.bearer("pst_unknown")
    require_problem(stranger.post(REQUESTS, json=shared.rest.body(comment=pem.decode())), 422, "private-key-found")
    assert blocked(shared, spki_sha256) == "private-key-disclosed"
    require_problem(stranger.post(REQUESTS, json=shared.rest.body()), 401, "token")


@given(
    body=st.binary(max_size=400), content_type=st.sampled_from(["text/plain", "multipart/form-data; boundary=\u00e9", "application/json"])
)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_searched(body: bytes, content_type: str) -> None:
    with suppress(PrivateKeyFound):
        refuse_keys_in_bytes(b"%" + body + b"\\u00fz\\u0041", content_type)


def test_a_key_that_was_pasted_beside_its_csr_is_never_certified(shared: Shared) -> None:
    key = make_key()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()
    csr = make_csr(["leaked.resource-marketing.test"], key)
    require_problem(shared.program.post(REQUESTS, json=shared.rest.body(csr=csr + pem)), 422, "private-key-found")
    require_problem(shared.program.post(REQUESTS, json=shared.rest.body(csr=csr)), 422, "key-blocked")


def test_the_refusal_of_a_key_stands_in_the_log_of_its_organization(shared: Shared) -> None:
    pem, _ = private_key_pem()
    shared.program.post(REQUESTS, json=shared.rest.body(comment=pem))
    shared.rest.service.integrate()
    lines = shared.admin.get(f"{BASE}/audit").text.splitlines()
    entries = [json.loads(json.loads(line)["entry"]) for line in lines]
    assert any(entry["reason"] == "private-key-found" and entry["outcome"] == "refused" for entry in entries)


def test_many_first_refusals_at_once_are_all_counted(shared: Shared) -> None:
    """The counter of a minute and of a phrase begins with several callers at once: no error of the database reaches anybody."""
    gate = threading.Barrier(8)

    def guess(number: int) -> int:
        gate.wait()
        body = {"phrase": f"wrong phrase {number}"}
        return shared.rest.anonymous().post(f"{REQUESTS}/req-{'a' * 32}/status", json=body).status_code

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(guess, range(8))) <= {422, 429, 503}


TEXTS = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        ["\0", "\ud800", "\u202e", "' OR 1=1 --", "../../etc/passwd", "{{7*7}}", "%s%n", "\r\n.\r\n", "a" * 20_000, "-1", "req-" + NO_ID]
    ),
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**53), 2**53), TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=6,
)
WITH_BODY = [row for row in ROWS if row.body is not None]


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_nothing_that_is_sent_makes_the_service_fail(shared: Shared, data: st.DataObject) -> None:
    row = data.draw(st.sampled_from(WITH_BODY))
    template = {**shared.rest.body()} if row.path.endswith("/requests") else dict(row.body or {})
    for field in data.draw(st.lists(st.sampled_from([*template, "extra"]), min_size=1, max_size=3)):
        template[field] = data.draw(VALUES)
    parts = dict.fromkeys(re.findall(r"{(\w+)}", row.path), NO_ID) | {
        "org": ORG,
        "request_id": f"req-{NO_ID}",
        "serial": "51",
        "name": "x.test",
        "sha256": "0" * 64,
        "administrator_id": f"adm-{NO_ID}",
        "change_id": f"chg-{NO_ID}",
        "department": f"dep-{NO_ID}",
    }
    client: AppClient = data.draw(
        st.sampled_from([shared.admin, shared.program, shared.rest.anonymous(), shared.rest.administrator(shared.provider)])
    )
    text = json.dumps(template, ensure_ascii=True)
    answer = client.request(row.method, API + row.path.format(**parts), content=text, headers=JSON)
    assert answer.status_code < 500, (row.path, text, answer.text)
    if answer.status_code >= 400:
        require_problem(answer, answer.status_code, answer.json()["kind"])
