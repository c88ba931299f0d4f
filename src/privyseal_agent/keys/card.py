"""A smart card, or anything else behind PKCS #11: the key of an Administrator ID is made there and never leaves it (A38).

PKCS #11 libraries are not safe under threads, so one call at a time goes to a card. A PIN is tried once and never again by
itself: cards lock after a few misses. This module needs the optional package ``python-pkcs11``; ``open_card`` loads it.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NoReturn, Self
from urllib.parse import quote

import pkcs11
import pkcs11.util.ec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

from privyseal_agent.errors import Refused
from privyseal_agent.keys.card_uri import CardUri
from privyseal_agent.keys.pyca import UNREADABLE

LABEL: Final = "Privyseal Administrator ID"
RSA_BITS: Final = 3072
_CURVE: Final = "secp256r1"
_SIGNING: Final = pkcs11.MechanismFlag.SIGN | pkcs11.MechanismFlag.VERIFY

AskPin = Callable[[str, bool], str]
"""Asks for the PIN of the card of this name; the second argument says that this is the last try before the card locks."""


@dataclass(frozen=True, slots=True)
class CardFacts:
    """What a card says of itself before any PIN."""

    token: str
    serial: str
    manufacturer: str
    model: str
    slot_id: int
    is_locked: bool

    def uri(self, module: Path) -> str:
        """Return the URI that means this card and no other (RFC 7512)."""
        return f"pkcs11:token={quote(self.token)};serial={quote(self.serial)}?module-path={quote(str(module))}"


@dataclass(frozen=True, slots=True)
class CardKey:
    """A key on a card. ``certificate_der`` is the certificate that lies beside it, None while there is none."""

    id: bytes
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
    certificate_der: bytes | None


def cards_of(uri: CardUri) -> list[CardFacts]:
    """Return the cards that are in readers now and that the URI may mean; raises Refused ``card-support``, ``card-module``."""
    return [_facts(token) for token in _tokens(uri)]


class Card:
    """An open card; use it as a context manager. Every method raises Refused (``card-...``)."""

    def __init__(self, uri: CardUri, ask_pin: AskPin) -> None:
        self._uri = uri
        self._lock = threading.Lock()
        token = _one(uri, _tokens(uri))
        self.facts = _facts(token)
        if self.facts.is_locked:
            raise _locked(self.facts)
        self._session = _open(token, self.facts, ask_pin)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_trouble: object) -> None:
        self.close()

    def close(self) -> None:
        """Log out; a card that was pulled out meanwhile is nobody's trouble any more."""
        with self._lock:
            try:
                self._session.close()
            except pkcs11.PKCS11Error:
                return

    def own_keys(self) -> list[CardKey]:
        """Return the keys of the card that the URI may mean, each with its certificate."""
        with self._asking():
            certificates = {
                bytes(item[pkcs11.Attribute.ID]): bytes(item[pkcs11.Attribute.VALUE])
                for item in self._session.get_objects({pkcs11.Attribute.CLASS: pkcs11.ObjectClass.CERTIFICATE})
            }
            publics = {
                bytes(item[pkcs11.Attribute.ID]): _spki(item)
                for item in self._session.get_objects({pkcs11.Attribute.CLASS: pkcs11.ObjectClass.PUBLIC_KEY})
            }
            found = [
                (bytes(item[pkcs11.Attribute.ID]), str(item[pkcs11.Attribute.LABEL]), item)
                for item in self._session.get_objects({pkcs11.Attribute.CLASS: pkcs11.ObjectClass.PRIVATE_KEY})
            ]
        keys = []
        for key_id, label, handle in found:
            if (self._uri.id and self._uri.id != key_id) or (self._uri.object and self._uri.object != label):
                continue
            public = _public_key(publics.get(key_id), certificates.get(key_id))
            if public is not None:
                keys.append(CardKey(key_id, self._key(handle, public), certificates.get(key_id)))
        return sorted(keys, key=lambda key: key.id)

    def make_key(self, key_id: bytes) -> CardKey:
        """Make a key pair on the card that cannot be taken out of it: P-256, or RSA where the card knows no curves."""
        template = {pkcs11.Attribute.EXTRACTABLE: False, pkcs11.Attribute.SENSITIVE: True, pkcs11.Attribute.PRIVATE: True}
        label = self._uri.object or LABEL
        with self._asking():
            known = self._session.token.slot.get_mechanisms()
            if pkcs11.Mechanism.EC_KEY_PAIR_GEN in known and pkcs11.Mechanism.ECDSA in known:
                curve = pkcs11.util.ec.encode_named_curve_parameters(_CURVE)
                parameters = self._session.create_domain_parameters(pkcs11.KeyType.EC, {pkcs11.Attribute.EC_PARAMS: curve}, local=True)
                public, private = parameters.generate_keypair(
                    store=True, id=key_id, label=label, private_template=template, capabilities=_SIGNING
                )
            else:
                public, private = self._session.generate_keypair(
                    pkcs11.KeyType.RSA, RSA_BITS, store=True, id=key_id, label=label, private_template=template, capabilities=_SIGNING
                )
            spki = _spki(public)
        key = _public_key(spki, None)
        if key is None:
            raise Refused("card-key", f"The card {self.facts.token} made a key of a kind that an Administrator ID does not have.")
        return CardKey(key_id, self._key(private, key), None)

    def keep_certificate(self, key_id: bytes, certificate_der: bytes) -> None:
        """Write the certificate of a key beside it, as browsers and mail programs look for it (PKCS #11 4.6.3)."""
        read = x509.load_der_x509_certificate(certificate_der)
        serial = read.serial_number
        content = serial.to_bytes(serial.bit_length() // 8 + 1)
        length = bytes([2, len(content)])  # A serial number has at most 20 bytes (RFC 5280 4.1.2.2).
        with self._asking():
            self._session.create_object(
                {
                    pkcs11.Attribute.CLASS: pkcs11.ObjectClass.CERTIFICATE,
                    pkcs11.Attribute.CERTIFICATE_TYPE: pkcs11.CertificateType.X_509,
                    pkcs11.Attribute.TOKEN: True,
                    pkcs11.Attribute.PRIVATE: False,
                    pkcs11.Attribute.ID: key_id,
                    pkcs11.Attribute.LABEL: self._uri.object or LABEL,
                    pkcs11.Attribute.SUBJECT: read.subject.public_bytes(),
                    pkcs11.Attribute.ISSUER: read.issuer.public_bytes(),
                    pkcs11.Attribute.SERIAL_NUMBER: length + content,
                    pkcs11.Attribute.VALUE: certificate_der,
                }
            )

    def _key(self, handle: Any, public: rsa.RSAPublicKey | ec.EllipticCurvePublicKey) -> rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey:  # noqa: ANN401 - the package types its objects by mixins that it makes at run time
        def sign(data: bytes, mechanism: str) -> bytes:
            with self._asking():
                return bytes(handle.sign(data, mechanism=getattr(pkcs11.Mechanism, mechanism)))

        return _RsaOnCard(public, sign) if isinstance(public, rsa.RSAPublicKey) else _CurveOnCard(public, sign)

    @contextmanager
    def _asking(self) -> Iterator[None]:
        with self._lock:
            try:
                yield
            except pkcs11.PKCS11Error as error:
                raise refusal_of(error, self.facts) from error


Sign = Callable[[bytes, str], bytes]


class _StaysOnCard:
    """What a key that cannot be taken out answers to whoever wants it."""

    def private_bytes(self, *_arguments: object, **_options: object) -> NoReturn:
        raise _stays()

    def private_numbers(self) -> NoReturn:
        raise _stays()

    def decrypt(self, *_arguments: object) -> NoReturn:
        raise _stays()

    def exchange(self, *_arguments: object) -> NoReturn:
        raise _stays()

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, _memo: dict[int, object]) -> Self:
        return self


class _RsaOnCard(_StaysOnCard, rsa.RSAPrivateKey):
    def __init__(self, public: rsa.RSAPublicKey, sign: Sign) -> None:
        self._public = public
        self._sign = sign

    @property
    def key_size(self) -> int:
        return self._public.key_size

    def public_key(self) -> rsa.RSAPublicKey:
        return self._public

    def sign(self, data: bytes | bytearray | memoryview, padding_: object, algorithm: object) -> bytes:
        if not isinstance(padding_, padding.PKCS1v15) or not isinstance(algorithm, hashes.SHA256):
            raise _stays()
        return self._sign(bytes(data), "SHA256_RSA_PKCS")


class _CurveOnCard(_StaysOnCard, ec.EllipticCurvePrivateKey):
    def __init__(self, public: ec.EllipticCurvePublicKey, sign: Sign) -> None:
        self._public = public
        self._sign = sign

    @property
    def curve(self) -> ec.EllipticCurve:
        return self._public.curve

    @property
    def key_size(self) -> int:
        return self._public.key_size

    def public_key(self) -> ec.EllipticCurvePublicKey:
        return self._public

    def sign(self, data: bytes | bytearray | memoryview, signature_algorithm: ec.EllipticCurveSignatureAlgorithm) -> bytes:
        algorithm = signature_algorithm.algorithm
        if not isinstance(signature_algorithm, ec.ECDSA) or not isinstance(algorithm, hashes.HashAlgorithm):
            raise _stays()
        raw = self._sign(hashlib.new(algorithm.name, bytes(data)).digest(), "ECDSA")
        half = len(raw) // 2
        # PKCS #11 2.3.1: both halves side by side; everybody else writes ECDSA-Sig-Value (RFC 3279 2.2.3).
        return utils.encode_dss_signature(int.from_bytes(raw[:half]), int.from_bytes(raw[half:]))


def _stays() -> Refused:
    return Refused("card-key", "The key stays on the card, which signs and does nothing else.")


def _tokens(uri: CardUri) -> list[pkcs11.Token]:
    try:
        library = pkcs11.lib(str(uri.module))
        slots = library.get_slots(token_present=True)
        tokens = [slot.get_token() for slot in slots]
    except (RuntimeError, OSError, pkcs11.PKCS11Error) as error:
        sentence = f"The PKCS #11 library {uri.module} cannot be used ({_reason(error)}). Check module-path in the URI, and the reader."
        raise Refused("card-module", sentence) from error
    ready = [token for token in tokens if token.flags & pkcs11.TokenFlag.TOKEN_INITIALIZED]
    return [token for token in ready if _is_meant(uri, token)]


def _is_meant(uri: CardUri, token: pkcs11.Token) -> bool:
    facts = _facts(token)
    wanted = (
        (uri.token, facts.token),
        (uri.serial, facts.serial),
        (uri.manufacturer, facts.manufacturer),
        (uri.model, facts.model),
    )
    return all(not asked or asked == found for asked, found in wanted) and uri.slot_id in {None, facts.slot_id}


def _facts(token: pkcs11.Token) -> CardFacts:
    return CardFacts(
        token=_text(token.label),
        serial=_text(token.serial),
        manufacturer=_text(token.manufacturer_id),
        model=_text(token.model),
        slot_id=int(token.slot.slot_id),
        is_locked=bool(token.flags & pkcs11.TokenFlag.USER_PIN_LOCKED),
    )


def _text(value: str | bytes) -> str:
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    return text.rstrip(" \0")


def _one(uri: CardUri, tokens: Sequence[pkcs11.Token]) -> pkcs11.Token:
    if not tokens:
        raise Refused("card-missing", f"No card that the URI names is in a reader of {uri.module}. Put it in, or see: seal card list.")
    if len(tokens) > 1:
        found = ", ".join(f"{facts.token} (serial {facts.serial})" for facts in map(_facts, tokens))
        raise Refused("card-several", f"The URI fits {len(tokens)} cards: {found}. Name one of them with token= or serial=.")
    return tokens[0]


def _open(token: pkcs11.Token, facts: CardFacts, ask_pin: AskPin) -> pkcs11.Session:
    is_last = bool(token.flags & pkcs11.TokenFlag.USER_PIN_FINAL_TRY)
    pin = ask_pin(facts.token, is_last)
    try:
        return token.open(rw=True, user_pin=pin)
    except pkcs11.exceptions.PinLocked as error:
        raise _locked(facts) from error
    except (pkcs11.exceptions.PinIncorrect, pkcs11.exceptions.PinInvalid, pkcs11.exceptions.PinLenRange) as error:
        sentence = f"The PIN of the card {facts.token} is wrong. It was tried once; after a few wrong ones the card locks itself."
        raise Refused("card-pin", sentence) from error
    except pkcs11.PKCS11Error as error:
        raise refusal_of(error, facts) from error


def _locked(facts: CardFacts) -> Refused:
    sentence = f"The card {facts.token} is locked after too many wrong PINs. Unlock it with the card's own program and its PUK."
    return Refused("card-locked", sentence)


def refusal_of(error: pkcs11.PKCS11Error, facts: CardFacts) -> Refused:
    """Return what to say of what a card answers: ``card-locked``, ``-removed``, ``-full``, or ``-failed`` for everything else."""
    known = pkcs11.exceptions
    if isinstance(error, known.PinLocked):
        return _locked(facts)
    if isinstance(
        error,
        known.DeviceRemoved
        | known.TokenNotPresent
        | known.SessionHandleInvalid
        | known.SessionClosed
        | known.ObjectHandleInvalid
        | known.KeyHandleInvalid,
    ):
        return Refused("card-removed", f"The card {facts.token} was taken out of its reader. Put it in and try again.")
    if isinstance(error, known.DeviceMemory):
        return Refused("card-full", f"The card {facts.token} has no room left. Delete keys or certificates that nobody needs any more.")
    sentence = f"The card {facts.token} does not do what is asked ({_reason(error)}). It may be full, write-protected or damaged."
    return Refused("card-failed", sentence)


def _reason(error: BaseException) -> str:
    return str(error) or type(error).__name__


def _spki(key: Any) -> bytes | None:  # noqa: ANN401 - as above
    if key.key_type == pkcs11.KeyType.EC:
        return bytes(pkcs11.util.ec.encode_ec_public_key(key))
    if key.key_type == pkcs11.KeyType.RSA:
        number = int.from_bytes(key[pkcs11.Attribute.MODULUS]), int.from_bytes(key[pkcs11.Attribute.PUBLIC_EXPONENT])
        public = rsa.RSAPublicNumbers(number[1], number[0]).public_key()
        return public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return None


def _public_key(spki: bytes | None, certificate_der: bytes | None) -> rsa.RSAPublicKey | ec.EllipticCurvePublicKey | None:
    # Some cards keep no public key objects beside the certificate.
    try:
        found: PublicKeyTypes | None = None
        if spki is not None:
            found = serialization.load_der_public_key(spki)
        elif certificate_der is not None:
            found = x509.load_der_x509_certificate(certificate_der).public_key()
    except UNREADABLE:
        return None
    return found if isinstance(found, rsa.RSAPublicKey | ec.EllipticCurvePublicKey) else None
