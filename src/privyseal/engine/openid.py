"""OpenID Connect as a relying party: discovery, the way to the provider, and what its answer proves (OpenID Connect Core 1.0, 3.1).

Authorization code with PKCE (RFC 7636, S256), state and nonce. The provider is an organization's own, so it is believed about one
thing: who of the people it knows came just now. Signatures are verified with the keys of its own document alone, by public-key
algorithms alone; what a token's head says of keys is not read. What gets lost: every claim but the one that identifies a person.
Authlib builds the addresses and bodies and judges the claims, joserfc verifies the signature.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from authlib.oidc.discovery import get_well_known_url
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey, import_key

from privyseal.engine.guarded_https import GuardedHttps, HttpsAnswer
from privyseal.model.errors import PrivysealError, Refused, Unauthenticated, Unavailable
from privyseal.model.sign_on import MAXIMUM_SUBJECT, SignOnSettings

ALGORITHMS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"), "RSA"),
    **dict.fromkeys(("ES256", "ES384", "ES512"), "EC"),
    **dict.fromkeys(("EdDSA", "Ed25519"), "OKP"),
}
"""Algorithm to kind of key. No ``none`` and no HMAC: a public key must never pass for a shared secret."""

LEEWAY_SECONDS: Final = 60
"""How far the clocks of provider and service may be apart."""

LONGEST_SINCE_SECONDS: Final = 600
"""How old the token may be: it is made for this very call."""

MAXIMUM_CODE: Final = 2000
_MAXIMUM_TOKEN: Final = 32 * 1024
_MAXIMUM_KEYS: Final = 50
_SHORTEST_RSA: Final = 2048
_SERVER_ERROR: Final = 500
_OK: Final = 200
_AGAIN_SECONDS: Final = 30
_PARTS: Final = 3

TOKEN_TROUBLES: Final[Mapping[str, str]] = {
    "code": "The provider of your organization's sign-on does not take its own code: it works once, and for a short time. Start again.",
    "no-token": "The provider of your organization's sign-on gave no ID token. Start again; if it stays so, tell whoever runs it.",
    "form": "The ID token of your organization's sign-on cannot be read. Start again; if it stays so, tell whoever runs it.",
    "algorithm": "The ID token of your organization's sign-on is not signed by an algorithm that is accepted here. Tell whoever runs it.",
    "signature": "No key of your organization's sign-on has signed its ID token. Start again; if it stays so, tell whoever runs it.",
    "iss": "The ID token of your organization's sign-on is of another issuer. Start again; if it stays so, tell whoever runs it.",
    "aud": "The ID token of your organization's sign-on is for somebody else. Start again; if it stays so, tell whoever runs it.",
    "nonce": "The ID token of your organization's sign-on belongs to another try. Start again from the sign-in page.",
    "exp": "The ID token of your organization's sign-on has expired. Start again; if it stays so, its clock may be wrong.",
    "iat": "The ID token of your organization's sign-on was not made just now. Start again; if it stays so, its clock may be wrong.",
    "at_hash": "The two tokens of your organization's sign-on do not belong together. Start again; if it stays so, tell whoever runs it.",
    "claim": "The ID token of your organization's sign-on has a claim that is wrong. Start again; if it stays so, tell whoever runs it.",
    "subject": "The ID token of your organization's sign-on does not say who came, by the claim that is set here. Tell whoever set it up.",
}
"""Why a token is worth nothing."""

_ALIKE: Final[Mapping[str, str]] = {"azp": "aud", "nbf": "iat"}

Key = RSAKey | ECKey | OKPKey


@dataclass(frozen=True, slots=True)
class Ties:
    """What ties an answer of the provider to one browser and one try: all of it made of the two secrets of that browser."""

    state: str
    nonce: str
    verifier: str

    @classmethod
    def of(cls, browser_token: str, state: str) -> Ties:
        """Return the ties of a try; whoever reads ``state`` in an address cannot make the others."""
        return cls(state, _derived("nonce", browser_token, state), _derived("verifier", browser_token, state))


def _derived(use: str, browser_token: str, state: str) -> str:
    """Return 43 characters of RFC 7636 4.1 for one use."""
    digest = hmac.digest(browser_token.encode(), f"{use} {state}".encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


@dataclass(frozen=True, slots=True)
class ProviderDocument:
    """What a provider says of itself (OpenID Connect Discovery 1.0, 3), as far as it is used; ``names_itself``: RFC 9207 3."""

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    takes_secret_in_body: bool
    names_itself: bool


@dataclass(frozen=True, slots=True)
class OpenIdProvider:
    """The provider of one organization. Every call may raise what GuardedHttps raises."""

    https: GuardedHttps
    settings: SignOnSettings
    redirect_uri: str

    def discover(self) -> ProviderDocument:
        """Return the provider's document; raises Refused ``sign-on-answer`` for one that is not this issuer's, or lacks something."""
        self.https.require_address(self.settings.issuer)
        address = get_well_known_url(self.settings.issuer, external=True)
        document = _json(self.https.exchange("GET", address, {"Accept": "application/json"}), "its configuration")
        if document.get("issuer") != self.settings.issuer:
            sentence = (
                "The provider calls itself by another issuer than the one that is set here. Set exactly what stands in its configuration."
            )
            raise Refused("sign-on-answer", sentence, field="issuer")
        authorization, token, keys = (self._endpoint(document, name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"))
        offered = _texts(document, "id_token_signing_alg_values_supported")
        if offered and not set(offered) & set(ALGORITHMS):
            sentence = "The provider signs with no algorithm that is accepted here; RS256 and ES256 are two that are."
            raise Refused("sign-on-answer", sentence, field="issuer")
        methods = _texts(document, "code_challenge_methods_supported")
        if methods and "S256" not in methods:
            raise Refused("sign-on-answer", "The provider does not know PKCE with S256, which this service needs.", field="issuer")
        known = _texts(document, "token_endpoint_auth_methods_supported")
        return ProviderDocument(
            authorization,
            token,
            keys,
            takes_secret_in_body=bool(known) and "client_secret_basic" not in known,
            names_itself=document.get("authorization_response_iss_parameter_supported") is True,
        )

    def address(self, document: ProviderDocument, ties: Ties) -> str:
        """Return the address at the provider to which the browser is sent (OpenID Connect Core 1.0, 3.1.2.1)."""
        return str(
            prepare_grant_uri(
                document.authorization_endpoint,
                client_id=self.settings.client_id,
                response_type="code",
                redirect_uri=self.redirect_uri,
                scope="openid",
                state=ties.state,
                nonce=ties.nonce,
                code_challenge=create_s256_code_challenge(ties.verifier),
                code_challenge_method="S256",
            )
        )

    def subject(self, code: str, issuer: str, ties: Ties, now: datetime) -> str:
        """Exchange the code and return who came, as the claim of the settings says it; ``issuer`` is what the answer named, or "".

        Raises Unauthenticated ``sign-on-token``.
        """
        document = self.discover()
        if issuer != self.settings.issuer and (issuer or document.names_itself):
            # RFC 9207 2.4: an answer of another provider must not be taken to this one (mix-up).
            raise _no_token("iss")
        token, access_token = self._exchange_code(document, code, ties)
        verified = _verified(token, self._keys(document))
        self._judge(verified.claims, verified.header, ties, access_token, now)
        subject = verified.claims.get(self.settings.claim)
        if not isinstance(subject, str) or not 0 < len(subject) <= MAXIMUM_SUBJECT or not subject.isprintable():
            raise _no_token("subject")
        return subject

    def _exchange_code(self, document: ProviderDocument, code: str, ties: Ties) -> tuple[str, str]:
        """Return ID token and access token; raises Unauthenticated for a code that the provider does not take."""
        body = prepare_token_request("authorization_code", code=code, redirect_uri=self.redirect_uri, code_verifier=ties.verifier)
        client_id, secret, method = self.settings.client_id, self.settings.client_secret, "none"
        if secret:
            method = "client_secret_post" if document.takes_secret_in_body else "client_secret_basic"
        if method == "client_secret_basic":
            client_id, secret = quote(client_id, safe=""), quote(secret, safe="")  # RFC 6749 2.3.1: before a colon joins them.
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        url, headers, body = ClientAuth(client_id, secret, method).prepare("POST", document.token_endpoint, headers, body)
        answer = self.https.exchange("POST", url, headers, body.encode())
        if _OK < answer.status < _SERVER_ERROR:
            raise _no_token("code")
        found = _json(answer, "its token")
        token, access_token = found.get("id_token"), found.get("access_token")
        if not isinstance(token, str) or len(token) > _MAXIMUM_TOKEN:
            raise _no_token("no-token")
        return token, access_token if isinstance(access_token, str) else ""

    def _keys(self, document: ProviderDocument) -> list[Key]:
        """Return the provider's public keys for signatures that can be read."""
        found = _json(self.https.exchange("GET", document.jwks_uri, {"Accept": "application/json"}), "its keys").get("keys")
        keys = []
        for item in found[:_MAXIMUM_KEYS] if isinstance(found, list) else []:
            if not isinstance(item, dict) or item.get("kty") not in {"RSA", "EC", "OKP"} or item.get("use", "sig") != "sig":
                continue
            try:
                key = import_key(item) if item["kty"] != "RSA" or _bits(item["n"]) >= _SHORTEST_RSA else None
            except (JoseError, ValueError, TypeError, KeyError):
                continue  # One key of a kind that nobody here knows must not keep the others from working.
            if isinstance(key, RSAKey | ECKey | OKPKey):
                keys.append(key)
        return keys

    def _judge(self, claims: dict[str, Any], header: Mapping[str, Any], ties: Ties, access_token: str, now: datetime) -> None:
        """Raise Unauthenticated unless the token is this provider's, for this service, of this try and of now (3.1.3.7)."""
        moment = int(now.timestamp())
        judged = CodeIDToken(
            dict(claims),
            dict(header),
            {"iss": {"essential": True, "value": self.settings.issuer}, "aud": {"essential": True, "value": self.settings.client_id}},
            {"nonce": ties.nonce, "client_id": self.settings.client_id, "access_token": access_token},
        )
        try:
            judged.validate(now=moment, leeway=LEEWAY_SECONDS)
        except JoseError as error:
            claim = str(getattr(error, "claim", ""))
            raise _no_token(_ALIKE.get(claim, claim)) from error
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise _no_token("claim") from error
        if claims.get("iss") != self.settings.issuer or claims.get("nonce") != ties.nonce:
            raise _no_token("nonce")
        # Written so that what compares with nothing, such as NaN, is refused.
        if not -LEEWAY_SECONDS <= moment - _number(claims, "iat") <= LONGEST_SINCE_SECONDS:
            raise _no_token("iat")
        if not _number(claims, "exp") > moment - LEEWAY_SECONDS:
            raise _no_token("exp")

    def _endpoint(self, document: Mapping[str, Any], name: str) -> str:
        address = document.get(name)
        if not isinstance(address, str):
            raise Refused("sign-on-answer", f"The configuration of the provider has no {name}.", field="issuer")
        try:
            self.https.require_address(address)
        except PrivysealError as error:
            raise Refused("sign-on-answer", f"The provider's {name} cannot be used. {error.sentence}", field="issuer") from error
        return address


def _json(answer: HttpsAnswer, what: str) -> dict[str, Any]:
    if answer.status >= _SERVER_ERROR:
        sentence = f"The provider could not give {what} (status {answer.status}). Try again later."
        raise Unavailable("sign-on-away", sentence, retry_after_seconds=_AGAIN_SECONDS)
    try:
        found = json.loads(answer.body)
    except (ValueError, RecursionError) as error:
        raise Refused("sign-on-answer", f"What the provider gave for {what} is not JSON.", field="issuer") from error
    if answer.status != _OK or not isinstance(found, dict):
        raise Refused("sign-on-answer", f"The provider did not give {what} (status {answer.status}).", field="issuer")
    return found


def _verified(token: str, keys: Sequence[Key]) -> jwt.Token:
    """Return head and claims of a token that one of these keys signed; raises Unauthenticated."""
    header = _head_of(token)
    algorithm, name = header.get("alg"), header.get("kid")
    kind = ALGORITHMS.get(algorithm) if isinstance(algorithm, str) else None
    if not isinstance(algorithm, str) or kind is None or "crit" in header:
        raise _no_token("algorithm")
    for key in keys:
        if key.key_type != kind or (name is not None and key.kid not in {None, name}):
            continue
        try:
            return jwt.decode(token, key, algorithms=[algorithm])
        except (JoseError, ValueError, TypeError):
            continue
    raise _no_token("signature")


def _head_of(token: str) -> dict[str, Any]:
    """Return the head of a token in the compact form (RFC 7515 7.1), which nothing vouches for yet."""
    parts = token.split(".")
    try:
        found = json.loads(base64.b64decode(parts[0] + "=" * (-len(parts[0]) % 4), b"-_", validate=True))
    except (ValueError, RecursionError) as error:
        raise _no_token("form") from error
    if len(parts) != _PARTS or not isinstance(found, dict):
        raise _no_token("form")
    return found


def _bits(modulus: str) -> int:
    """Return the size of a modulus (RFC 7518 6.3.1.1); raises ValueError or TypeError."""
    return int.from_bytes(base64.b64decode(modulus + "=" * (-len(modulus) % 4), b"-_", validate=True)).bit_length()


def _number(claims: Mapping[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _no_token("claim")
    return value


def _texts(document: Mapping[str, Any], name: str) -> list[str]:
    found = document.get(name)
    return [item for item in found if isinstance(item, str)] if isinstance(found, list) else []


def _no_token(trouble: str) -> Unauthenticated:
    return Unauthenticated("sign-on-token", TOKEN_TROUBLES[trouble if trouble in TOKEN_TROUBLES else "claim"])
