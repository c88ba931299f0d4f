"""A real OpenID Connect provider on 127.0.0.1: pyop behind TLS, with people, and with lies that a test chooses one by one.

``OpenIdServer(host)`` issues its own CA. The certificate, the keys of the tokens and what it answers are the library's own, unless
``lie`` says otherwise.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.server
import json
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlencode, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from jwkest.jwk import RSAKey
from pyop.authz_state import AuthorizationState
from pyop.exceptions import OAuthError
from pyop.provider import Provider
from pyop.subject_identifier import HashBasedSubjectIdentifierFactory
from pyop.userinfo import Userinfo

from tests.rigs.ports import LOOPBACK, free_port

Json = dict[str, Any]
CLIENT = "privyseal"
SECRET = "a-secret:of/the+client%"


def base64url(data: bytes) -> str:
    """Base64url without padding (RFC 7515 2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@dataclass(slots=True)
class Lie:
    """What the provider does wrong: each is applied to what the library made. ``token`` changes the claims, ``head`` the token's head."""

    document: Callable[[Json], Json] = lambda found: found
    answer: Callable[[Json], Json] = lambda found: found
    token: Callable[[Json], Json] | None = None
    head: Json = field(default_factory=dict)
    sign: Callable[[bytes], bytes] | None = None
    keys: Callable[[Json], Json] = lambda found: found
    raw: dict[str, bytes] = field(default_factory=dict)
    delay: dict[str, float] = field(default_factory=dict)
    status: dict[str, int] = field(default_factory=dict)


class OpenIdServer:
    """Use it as a context manager; ``calls`` are (method, path) in order. ``who`` is who sits before the browser."""

    def __init__(self, directory: Path, host: str = LOOPBACK, *, redirect_uris: tuple[str, ...], client_secret: str = SECRET) -> None:
        self.host, self.port = host, free_port()
        self.issuer = f"https://{host}:{self.port}"
        self.lie = Lie()
        self.who = "fox"
        self.calls: list[tuple[str, str]] = []
        self.key = rsa.generate_private_key(65537, 2048)
        self.anchor_pem, certificate = _certificate(directory, host)
        self.provider = self._provider(redirect_uris, client_secret)
        rig = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                rig.serve(self, b"")

            def do_POST(self) -> None:
                rig.serve(self, self.rfile.read(int(self.headers.get("Content-Length", "0"))))

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's own name
                pass

        self._server = http.server.ThreadingHTTPServer((LOOPBACK, self.port), Handler)
        self._server.daemon_threads = True
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _provider(self, redirect_uris: tuple[str, ...], client_secret: str) -> Provider:
        issuer = self.issuer
        configuration = {
            "issuer": issuer,
            "authorization_endpoint": f"{issuer}/authorize",
            "token_endpoint": f"{issuer}/token",
            "jwks_uri": f"{issuer}/keys",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "scopes_supported": ["openid"],
            "code_challenge_methods_supported": ["S256"],
        }
        method = "client_secret_basic" if client_secret else "none"
        client = {"redirect_uris": list(redirect_uris), "response_types": ["code"], "token_endpoint_auth_method": method}
        clients = {CLIENT: client | ({"client_secret": client_secret} if client_secret else {})}
        people = Userinfo({name: {"sub": f"sub-of-{name}", "email": f"{name}@elsewhere.test"} for name in ("fox", "dana", "walter")})
        state = AuthorizationState(HashBasedSubjectIdentifierFactory("salt"))
        return Provider(RSAKey(key=_library_key(self.key), kid="one", use="sig", alg="RS256"), configuration, state, clients, people)

    def serve(self, call: http.server.BaseHTTPRequestHandler, body: bytes) -> None:
        """Answer one call as the library does, but for the lies."""
        path = urlsplit(call.path).path
        self.calls.append((call.command, path))
        time.sleep(self.lie.delay.get(path, 0))
        if path in self.lie.raw:
            call.wfile.write(self.lie.raw[path])
            return
        status, found, place = self._answer(call, path, body)
        status = self.lie.status.get(path, status)
        content = json.dumps(found).encode()
        call.send_response(status)
        if place:
            call.send_header("Location", place)
        call.send_header("Content-Type", "application/json")
        call.send_header("Content-Length", str(len(content)))
        call.end_headers()
        call.wfile.write(content)

    def _answer(self, call: http.server.BaseHTTPRequestHandler, path: str, body: bytes) -> tuple[int, Json, str]:
        if path == "/.well-known/openid-configuration":
            return 200, self.lie.document(self.provider.provider_configuration.to_dict()), ""
        if path == "/keys":
            return 200, self.lie.keys({"keys": [self.public_key()]}), ""
        if path == "/authorize":
            return 302, {}, self.authorize(urlsplit(call.path).query)
        if path == "/token":
            try:
                made = self.provider.handle_token_request(body.decode(), {"Authorization": call.headers["Authorization"]})
            except (OAuthError, KeyError, ValueError) as error:
                return 400, {"error": getattr(error, "oauth_error", "invalid_request")}, ""
            return 200, self.lie.answer(self._lied(made.to_dict())), ""
        return 404, {}, ""

    def authorize(self, query: str) -> str:
        """Return where the browser is sent back to, as whoever ``who`` is."""
        asked = self.provider.parse_authentication_request(query)
        return str(self.provider.authorize(asked, self.who).request(asked["redirect_uri"]))

    def _lied(self, made: Json) -> Json:
        lie = self.lie
        if lie.token is None and not lie.head and lie.sign is None:
            return made
        head, claims = (json.loads(_bytes(part)) for part in made["id_token"].split(".")[:2])
        changed = lie.token(claims) if lie.token is not None else claims
        signed = f"{base64url(json.dumps(head | lie.head).encode())}.{base64url(json.dumps(changed).encode())}".encode()
        signature = lie.sign(signed) if lie.sign is not None else self.sign(signed)
        return made | {"id_token": f"{signed.decode()}.{base64url(signature)}"}

    def sign(self, data: bytes) -> bytes:
        """RS256 with the key that it publishes."""
        from cryptography.hazmat.primitives.asymmetric import padding  # noqa: PLC0415 - needed by two tests alone

        return self.key.sign(data, padding.PKCS1v15(), hashes.SHA256())

    def public_key(self) -> Json:
        """The published key as a JWK."""
        numbers = self.key.public_key().public_numbers()
        modulus = numbers.n.to_bytes((numbers.n.bit_length() + 7) // 8, "big")
        return {"kty": "RSA", "kid": "one", "use": "sig", "alg": "RS256", "n": base64url(modulus), "e": "AQAB"}

    def public_pem(self) -> bytes:
        """The published key in PEM, which a confused verifier would take for a shared secret."""
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        return self.key.public_key().public_bytes(serialization.Encoding.PEM, form)


def hmac_of(secret: bytes) -> Callable[[bytes], bytes]:
    """HS256 under a secret."""
    return lambda data: hmac.digest(secret, data, hashlib.sha256)


def back(place: str) -> dict[str, str]:
    """The parameters of the way back."""
    return {name: values[0] for name, values in parse_qs(urlsplit(place).query).items()}


def changed(place: str, **values: str | None) -> str:
    """The way back with other parameters; None takes one away."""
    parts = urlsplit(place)
    found = {name: value for name, value in (back(place) | values).items() if value is not None}
    return f"{parts.path}?{urlencode(found)}"


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _library_key(key: rsa.RSAPrivateKey) -> Any:  # noqa: ANN401 - pyop's library brings its own RSA
    from Cryptodome.PublicKey import RSA  # noqa: PLC0415 - the library's own RSA, which nothing else uses

    form = serialization.PrivateFormat.TraditionalOpenSSL
    return RSA.import_key(key.private_bytes(serialization.Encoding.DER, form, serialization.NoEncryption()))


def _certificate(directory: Path, host: str) -> tuple[str, Path]:
    """A CA of its own, and a file with the server's certificate and key."""
    now = datetime.now(UTC)
    authority_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Provider CA")])

    def builder(subject: x509.Name, public_key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        made = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(public_key)
        made = made.serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=1))
        return made.not_valid_after(now + timedelta(days=2))

    usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
    authority = builder(issuer, authority_key.public_key()).add_extension(x509.BasicConstraints(True, None), True)
    authority = authority.add_extension(usage, True)
    authority = authority.add_extension(x509.SubjectKeyIdentifier.from_public_key(authority_key.public_key()), False)
    names: list[x509.GeneralName] = [x509.DNSName(host)]
    if host == LOOPBACK:
        import ipaddress  # noqa: PLC0415 - for this form alone

        names = [x509.IPAddress(ipaddress.ip_address(host))]
    server = builder(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)]), key.public_key())
    server = server.add_extension(x509.SubjectAlternativeName(names), False)
    server = server.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), False)
    file = directory / "provider.pem"
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(server.sign(authority_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM) + private)
    return authority.sign(authority_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode(), file
