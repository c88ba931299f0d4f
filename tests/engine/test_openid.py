"""A provider that is real, and then lies in one thing at a time: each lie ends in one sentence, and never in a person."""

from __future__ import annotations

import ipaddress
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from privyseal.engine.dns_lookup import DnsLookup
from privyseal.engine.guarded_https import MAXIMUM_ANSWER, GuardedHttps, HttpsPolicy, Turns
from privyseal.engine.openid import TOKEN_TROUBLES, OpenIdProvider, Ties
from privyseal.engine.token_fetch import FetchPolicy
from privyseal.model.errors import PrivysealError, Refused, Unauthenticated, Unavailable
from privyseal.model.sign_on import SignOnSettings, read_settings
from tests.rigs.openid_provider import CLIENT, SECRET, Json, Lie, OpenIdServer, back, base64url, hmac_of
from tests.rigs.ports import LOOPBACK, free_port

REDIRECT = "https://localhost:8443/o/resource-marketing/sign-in/provider/finish"
TIES = Ties.of("the cookie of a browser", "the state of a try")
NOBODY = DnsLookup(((LOOPBACK, 9),), timeout_seconds=0.5)
CONFIGURATION, KEYS, TOKEN = "/.well-known/openid-configuration", "/keys", "/token"


def policy(server: OpenIdServer, *, seconds: float = 3.0, anchors: str | None = None) -> HttpsPolicy:
    networks = (ipaddress.ip_network("127.0.0.0/8"),)
    return HttpsPolicy(FetchPolicy((server.port,), allowed_networks=networks, timeout_seconds=seconds), anchors or server.anchor_pem)


def client(server: OpenIdServer, *, secret: str = SECRET, claim: str = "sub", https: HttpsPolicy | None = None) -> OpenIdProvider:
    settings = SignOnSettings(server.issuer, CLIENT, secret, claim)
    return OpenIdProvider(GuardedHttps(NOBODY, https or policy(server)), settings, REDIRECT)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenIdServer]:
    with OpenIdServer(tmp_path_factory.mktemp("provider"), redirect_uris=(REDIRECT,)) as server:
        yield server


@pytest.fixture
def server(running: OpenIdServer) -> OpenIdServer:
    """The provider, honest until a test says otherwise."""
    running.lie, running.who = Lie(), "fox"
    return running


def code_of(server: OpenIdServer, provider: OpenIdProvider, ties: Ties = TIES) -> str:
    """The code of somebody who was sent there and came back."""
    lie, server.lie = server.lie, Lie()
    place = provider.address(provider.discover(), ties)
    server.lie = lie
    return back(server.authorize(place.partition("?")[2]))["code"]


def subject(server: OpenIdServer, *, secret: str = SECRET, claim: str = "sub", https: HttpsPolicy | None = None) -> str:
    provider = client(server, secret=secret, claim=claim, https=https)
    return provider.subject(code_of(server, provider), "", TIES, datetime.now(UTC))


def trouble(server: OpenIdServer, *, secret: str = SECRET, claim: str = "sub", https: HttpsPolicy | None = None) -> PrivysealError:
    with pytest.raises(PrivysealError) as caught:
        subject(server, secret=secret, claim=claim, https=https)
    return caught.value


def require_trouble(server: OpenIdServer, name: str) -> None:
    error = trouble(server)
    assert isinstance(error, Unauthenticated)
    assert error.sentence == TOKEN_TROUBLES[name]


# ------------------------------------------------------------------------------------------------------------- honest


def test_the_provider_says_who_came(server: OpenIdServer) -> None:
    assert subject(server) == "sub-of-fox"
    server.who = "dana"
    assert subject(server) == "sub-of-dana"


def test_a_public_client_has_pkce_alone(tmp_path: Path) -> None:
    with OpenIdServer(tmp_path, redirect_uris=(REDIRECT,), client_secret="") as server:
        assert subject(server, secret="") == "sub-of-fox"


def test_what_ties_an_answer_is_nowhere_in_the_address(server: OpenIdServer) -> None:
    provider = client(server)
    asked = back(provider.address(provider.discover(), TIES))
    assert asked["code_challenge_method"] == "S256"
    assert asked["nonce"] == TIES.nonce
    assert TIES.verifier not in asked.values()
    assert (asked["response_type"], asked["scope"], asked["redirect_uri"]) == ("code", "openid", REDIRECT)
    other = Ties.of("the cookie of another browser", TIES.state)
    assert (other.nonce, other.verifier) != (TIES.nonce, TIES.verifier)


# --------------------------------------------------------------------------------------------------------- lying tokens


def claims(**values: object) -> Callable[[Json], Json]:
    return lambda found: found | values


LYING_TOKENS: list[tuple[str, Lie, str]] = [
    ("another issuer", Lie(token=claims(iss="https://evil.test")), "iss"),
    ("an issuer that looks alike", Lie(token=lambda found: found | {"iss": found["iss"] + "/"}), "iss"),
    ("no issuer", Lie(token=lambda found: {name: value for name, value in found.items() if name != "iss"}), "iss"),
    ("for another client", Lie(token=claims(aud="somebody-else")), "aud"),
    ("for others alone", Lie(token=claims(aud=["somebody", "else"])), "aud"),
    ("for several, made for another", Lie(token=claims(aud=[CLIENT, "else"], azp="else")), "aud"),
    ("for several, made for nobody", Lie(token=claims(aud=[CLIENT, "else"])), "aud"),
    ("no audience", Lie(token=claims(aud=[])), "aud"),
    ("the nonce of another try", Lie(token=claims(nonce=Ties.of("x", "y").nonce)), "nonce"),
    ("no nonce", Lie(token=lambda found: {name: value for name, value in found.items() if name != "nonce"}), "nonce"),
    ("an empty nonce", Lie(token=claims(nonce="")), "nonce"),
    ("expired", Lie(token=lambda found: found | {"exp": int(time.time()) - 3600, "iat": int(time.time()) - 7200}), "exp"),
    ("expired for two minutes", Lie(token=lambda found: found | {"exp": int(time.time()) - 120}), "exp"),
    ("never ending", Lie(token=lambda found: {name: value for name, value in found.items() if name != "exp"}), "exp"),
    ("made in the future", Lie(token=lambda found: found | {"iat": int(time.time()) + 3600}), "iat"),
    ("made an hour ago", Lie(token=lambda found: found | {"iat": int(time.time()) - 3600}), "iat"),
    ("counts from tomorrow", Lie(token=lambda found: found | {"nbf": int(time.time()) + 86400}), "iat"),
    ("another access token", Lie(answer=claims(access_token="another")), "at_hash"),
    ("nobody", Lie(token=claims(sub="")), "subject"),
    ("unsigned", Lie(head={"alg": "none"}, sign=lambda _: b""), "algorithm"),
    ("unsigned in capitals", Lie(head={"alg": "NONE"}, sign=lambda _: b""), "algorithm"),
    ("signed with the client's secret", Lie(head={"alg": "HS256"}, sign=hmac_of(SECRET.encode())), "algorithm"),
    ("signed with nothing", Lie(sign=lambda _: b""), "signature"),
    ("signed with noise", Lie(sign=lambda _: os.urandom(256)), "signature"),
    ("signed with a key of another name", Lie(head={"kid": "two"}), "signature"),
    ("signed as RSA-PSS", Lie(head={"alg": "PS256"}), "signature"),
    ("signed as a curve", Lie(head={"alg": "ES256"}), "signature"),
    ("with a part that must be understood", Lie(head={"crit": ["exp"]}), "algorithm"),
    ("no algorithm", Lie(head={"alg": None}), "algorithm"),
    ("an algorithm of another kind", Lie(head={"alg": ["RS256"]}), "algorithm"),
    ("no token", Lie(answer=lambda found: {name: value for name, value in found.items() if name != "id_token"}), "no-token"),
    ("a token of another kind", Lie(answer=claims(id_token=["x"])), "no-token"),
    ("a token of a megabyte", Lie(answer=claims(id_token="x" * 100_000)), "no-token"),
    ("two parts", Lie(answer=lambda found: found | {"id_token": found["id_token"].rpartition(".")[0]}), "form"),
    ("no base64", Lie(answer=claims(id_token="!.!.!")), "form"),
    ("an encrypted token", Lie(answer=claims(id_token=f"{base64url(b'{}')}.a.b.c.d")), "form"),
    ("a head that is a list", Lie(answer=claims(id_token=f"{base64url(b'[]')}.a.b")), "form"),
    ("a head that nests", Lie(answer=claims(id_token=f"{base64url(b'[' * 20_000)}.a.b")), "form"),
    ("no keys", Lie(keys=claims(keys=[])), "signature"),
    ("keys of no form", Lie(keys=claims(keys={"kty": "RSA"})), "signature"),
    (
        "keys of nonsense",
        Lie(keys=claims(keys=[None, 7, {}, {"kty": "RSA"}, {"kty": "RSA", "n": 1, "e": 2}, {"kty": "EC", "crv": "x"}])),
        "signature",
    ),
]


@pytest.mark.parametrize(("lie", "name"), [pytest.param(lie, name, id=words) for words, lie, name in LYING_TOKENS])
def test_a_token_that_lies_lets_nobody_in(server: OpenIdServer, lie: Lie, name: str) -> None:
    server.lie = lie
    require_trouble(server, name)


@pytest.mark.parametrize("claim", ["exp", "iat", "iss", "aud", "nonce", "nbf", "at_hash", "azp"])
@pytest.mark.parametrize("value", [None, [], "x", True, float("nan"), float("inf")], ids=str)
def test_a_claim_of_another_form_lets_nobody_in(server: OpenIdServer, claim: str, value: object) -> None:
    server.lie = Lie(token=claims(**{claim: value}))
    try:
        who = subject(server)
    except Unauthenticated as error:
        assert error.kind == "sign-on-token"
    else:
        assert who == "sub-of-fox"
        assert claim in {"nbf", "at_hash", "azp"} or (claim, value) == ("exp", float("inf")), "only what may be missing may be empty"


def test_the_published_key_is_no_shared_secret(server: OpenIdServer) -> None:
    server.lie = Lie(head={"alg": "HS256"}, sign=hmac_of(server.public_pem()))
    require_trouble(server, "algorithm")


def test_a_key_in_the_head_is_not_read(server: OpenIdServer) -> None:
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import padding  # noqa: PLC0415

    own = rsa.generate_private_key(65537, 2048)
    numbers = own.public_key().public_numbers()
    jwk = {"kty": "RSA", "n": base64url(numbers.n.to_bytes(256, "big")), "e": "AQAB"}
    for head in ({"jwk": jwk}, {"jku": f"{server.issuer}/evil"}, {"x5u": f"{server.issuer}/evil"}, {"x5c": ["AAAA"]}):
        server.lie = Lie(head=head, sign=lambda data: own.sign(data, padding.PKCS1v15(), hashes.SHA256()))
        require_trouble(server, "signature")
    assert (("GET", "/evil")) not in server.calls


def test_a_short_key_counts_for_nothing(server: OpenIdServer) -> None:
    short = rsa.generate_private_key(65537, 1024)
    numbers = short.public_key().public_numbers()
    server.lie = Lie(keys=lambda _: {"keys": [{"kty": "RSA", "kid": "one", "n": base64url(numbers.n.to_bytes(128, "big")), "e": "AQAB"}]})
    require_trouble(server, "signature")


def test_a_code_works_once_and_for_its_browser_alone(server: OpenIdServer) -> None:
    provider = client(server)
    code = code_of(server, provider)
    stolen = Ties.of("the cookie of a thief", TIES.state)
    now = datetime.now(UTC)
    with pytest.raises(Unauthenticated, match="does not take its own code"):
        provider.subject(code, "", stolen, now)
    again = code_of(server, provider)
    assert provider.subject(again, "", TIES, now) == "sub-of-fox"
    with pytest.raises(Unauthenticated, match="does not take its own code"):
        provider.subject(again, "", TIES, now)


def test_an_answer_of_another_provider_is_not_taken_to_this_one(server: OpenIdServer) -> None:
    provider = client(server)
    code = code_of(server, provider)
    calls = len(server.calls)
    with pytest.raises(Unauthenticated, match="of another issuer"):
        provider.subject(code, "https://evil.test", TIES, datetime.now(UTC))
    assert ("POST", TOKEN) not in server.calls[calls:], "the code goes nowhere"
    server.lie = Lie(document=claims(authorization_response_iss_parameter_supported=True))
    with pytest.raises(Unauthenticated, match="of another issuer"):
        provider.subject(code, "", TIES, datetime.now(UTC))
    assert provider.subject(code, server.issuer, TIES, datetime.now(UTC)) == "sub-of-fox"


def test_a_wrong_secret_is_told_as_a_code_that_is_not_taken(server: OpenIdServer) -> None:
    assert trouble(server, secret="wrong").sentence == TOKEN_TROUBLES["code"]


def test_a_claim_that_is_not_there_says_nobody(server: OpenIdServer) -> None:
    assert trouble(server, claim="oid").sentence == TOKEN_TROUBLES["subject"]


# ----------------------------------------------------------------------------------------------------- lying documents

LYING_DOCUMENTS: list[tuple[str, Callable[[Json], Json], str]] = [
    ("another issuer", claims(issuer="https://evil.test"), "another issuer"),
    ("no issuer", claims(issuer=None), "another issuer"),
    ("no token endpoint", claims(token_endpoint=None), "has no token_endpoint"),
    ("keys by http", claims(jwks_uri="http://127.0.0.1/keys"), "jwks_uri cannot be used"),
    ("a way by script", claims(authorization_endpoint="javascript:alert(1)"), "authorization_endpoint cannot be used"),
    ("a way with somebody's name", claims(authorization_endpoint="https://a@b.test/x"), "authorization_endpoint cannot be used"),
    ("a file", claims(token_endpoint="file:///etc/passwd"), "token_endpoint cannot be used"),
    ("another port", claims(token_endpoint="https://127.0.0.1:22/x"), "not to port 22"),
    ("no algorithm of ours", claims(id_token_signing_alg_values_supported=["HS256", "none"]), "no algorithm"),
    ("plain PKCE alone", claims(code_challenge_methods_supported=["plain"]), "PKCE"),
]


@pytest.mark.parametrize(("document", "told"), [pytest.param(change, told, id=words) for words, change, told in LYING_DOCUMENTS])
def test_a_document_that_lies_is_refused(server: OpenIdServer, document: Callable[[Json], Json], told: str) -> None:
    server.lie = Lie(document=document)
    with pytest.raises(Refused, match=told):
        client(server).discover()


@pytest.mark.parametrize("answer", [b"", b"x", b"[]", b"null", b"{" * 50_000, b"\xff\xfe", b'{"issuer": 1}'], ids=repr)
def test_what_is_no_document_is_refused(server: OpenIdServer, answer: bytes) -> None:
    server.lie = Lie(raw={CONFIGURATION: b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(answer), answer)})
    with pytest.raises(Refused):
        client(server).discover()


# ------------------------------------------------------------------------------------------------------- hostile servers


@pytest.mark.parametrize("path", [CONFIGURATION, TOKEN, KEYS])
def test_a_provider_that_is_slow_is_away(server: OpenIdServer, path: str) -> None:
    server.lie = Lie(delay={path: 1.0})
    began = time.monotonic()
    error = trouble(server, https=policy(server, seconds=0.4))
    assert isinstance(error, Unavailable)
    assert error.kind == "sign-on-away"
    assert time.monotonic() - began < 4


@pytest.mark.parametrize("path", [CONFIGURATION, TOKEN, KEYS])
def test_a_provider_that_fails_is_away(server: OpenIdServer, path: str) -> None:
    server.lie = Lie(status={path: 500})
    assert trouble(server).kind == "sign-on-away"


@pytest.mark.parametrize("path", [CONFIGURATION, TOKEN, KEYS])
def test_no_redirect_is_followed(server: OpenIdServer, path: str) -> None:
    server.lie = Lie(raw={path: b"HTTP/1.1 302 Found\r\nLocation: https://169.254.169.254/\r\nContent-Length: 0\r\n\r\n"})
    assert trouble(server).kind in {"sign-on-answer", "sign-on-token"}


def test_an_answer_without_end_is_cut(server: OpenIdServer) -> None:
    server.lie = Lie(raw={CONFIGURATION: b"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n" + b" " * (2 * MAXIMUM_ANSWER)})
    with pytest.raises(Refused, match="more than 256 KiB"):
        client(server).discover()


def test_what_is_no_http_is_refused(server: OpenIdServer) -> None:
    server.lie = Lie(raw={CONFIGURATION: b"SSH-2.0-OpenSSH\r\n\r\n"})
    with pytest.raises(Refused, match="not HTTP"):
        client(server).discover()


def test_a_server_that_is_not_there_is_away(server: OpenIdServer) -> None:
    provider = client(server, https=policy(server))
    nowhere = free_port()
    gone = replace(provider, settings=SignOnSettings(f"https://{LOOPBACK}:{nowhere}", CLIENT))
    opened = GuardedHttps(NOBODY, HttpsPolicy(replace(provider.https.policy.fetch, ports=(nowhere,)), server.anchor_pem))
    with pytest.raises(Unavailable, match="could not be reached"):
        replace(gone, https=opened).discover()


def test_a_certificate_of_somebody_else_is_no_provider(server: OpenIdServer) -> None:
    with pytest.raises(Unavailable, match="does not hold"):
        client(server, https=HttpsPolicy(policy(server).fetch)).discover()


def test_plain_http_at_the_port_is_no_provider() -> None:
    with socket.create_server((LOOPBACK, 0)) as listener:
        port = listener.getsockname()[1]

        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(1)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        networks = (ipaddress.ip_network("127.0.0.0/8"),)
        https = GuardedHttps(NOBODY, HttpsPolicy(FetchPolicy((port,), allowed_networks=networks, timeout_seconds=1.0)))
        with pytest.raises(Unavailable):
            https.exchange("GET", f"https://{LOOPBACK}:{port}/")
        thread.join()


def test_a_handshake_that_drips_ends_in_time() -> None:
    with socket.create_server((LOOPBACK, 0)) as listener:
        port = listener.getsockname()[1]

        def drip() -> None:
            connection, _ = listener.accept()
            with connection, suppress(OSError):
                for byte in b"\x16\x03\x03\x40\x00" + bytes(100):
                    connection.sendall(bytes([byte]))
                    time.sleep(0.1)

        thread = threading.Thread(target=drip)
        thread.start()
        networks = (ipaddress.ip_network("127.0.0.0/8"),)
        https = GuardedHttps(NOBODY, HttpsPolicy(FetchPolicy((port,), allowed_networks=networks, timeout_seconds=0.5)))
        began = time.monotonic()
        with pytest.raises(Unavailable, match=r"did not answer within 0\.5 seconds"):
            https.exchange("GET", f"https://{LOOPBACK}:{port}/")
        assert time.monotonic() - began < 2
        thread.join()


@pytest.mark.parametrize("host", ["127.0.0.1", "10.0.0.1", "192.168.1.1", "169.254.169.254", "[::1]", "[fd00::1]", "[::ffff:127.0.0.1]"])
def test_private_addresses_are_not_connected_to(host: str) -> None:
    with pytest.raises(Refused) as caught:
        GuardedHttps(NOBODY, HttpsPolicy()).exchange("GET", f"https://{host}/")
    assert caught.value.kind == "sign-on-guarded"
    assert "private network" in caught.value.sentence


@pytest.mark.parametrize(
    "url",
    [
        "",
        "x",
        "http://a.test/",
        "https://",
        "https:///x",
        "https://a.test:0/",
        "https://a.test:99999/",
        "https://[::1",
        "https://u:p@a.test/",
        "https://a.test/#x",
        "https://a.test/ x",
        "https://a.test/\n",
        "https://a.test\\@evil.test/",
        "https://ä.test/",
        "https://a.test:22/",
        "ftp://a.test/",
        "//a.test/",
        "https://a.test/" + "x" * 2000,
    ],
)
def test_addresses_of_another_form_are_refused(url: str) -> None:
    with pytest.raises(Refused) as caught:
        GuardedHttps(NOBODY, HttpsPolicy()).exchange("GET", url)
    assert caught.value.kind == "sign-on-address"


def test_a_slow_server_holds_few_threads(server: OpenIdServer) -> None:
    turns, server.lie = Turns(together=4, of_one_host=2), Lie(delay={CONFIGURATION: 0.5})
    provider = client(server)
    provider = replace(provider, https=replace(provider.https, turns=turns))
    found: list[str] = []

    def call() -> None:
        try:
            provider.discover()
        except Unavailable as error:
            found.append(error.kind)
        else:
            found.append("done")

    threads = [threading.Thread(target=call) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == ["done"] * 2 + ["sign-on-busy"] * 4
    with turns.taken(LOOPBACK), turns.taken("another.test"):
        assert found


# -------------------------------------------------------------------------------------------------------------- settings


@pytest.mark.parametrize(
    ("values", "field"),
    [
        (("", "c", "", "sub"), "issuer"),
        (("https://a.test/?x=1", "c", "", "sub"), "issuer"),
        (("https://a .test", "c", "", "sub"), "issuer"),
        (("https://a.test/" + "x" * 500, "c", "", "sub"), "issuer"),
        (("https://a.test", "", "", "sub"), "client_id"),
        (("https://a.test", "c d", "", "sub"), "client_id"),
        (("https://a.test", "c" * 256, "", "sub"), "client_id"),
        (("https://a.test", "c", "s\ns", "sub"), "client_secret"),
        (("https://a.test", "c", "s" * 513, "sub"), "client_secret"),
        (("https://a.test", "c", "", "e mail"), "claim"),
        (("https://a.test", "c", "", "email"), "claim"),
        (("https://a.test", "c", "", "preferred_username"), "claim"),
        (("https://a.test", "c", "", "aud"), "claim"),
    ],
)
def test_settings_have_their_form(values: tuple[str, str, str, str], field: str) -> None:
    with pytest.raises(Refused) as caught:
        read_settings(*values)
    assert caught.value.field == field


def test_settings_are_read_without_what_surrounds_them() -> None:
    assert read_settings(" https://a.test ", " c ", " s ", "") == SignOnSettings("https://a.test", "c", "s", "sub")
