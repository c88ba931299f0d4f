"""What people call a key and a reason to revoke, in one place for all pages."""

from __future__ import annotations

from babel.numbers import format_decimal

from privyseal.look.words import gettext, locale
from privyseal.model.profile import KeyAlgorithm
from privyseal.model.revocation import RevocationReason, reason_of

_CURVES = {
    KeyAlgorithm.P256.value: "ECDSA P-256",
    KeyAlgorithm.P384.value: "ECDSA P-384",
    KeyAlgorithm.P521.value: "ECDSA P-521",
    KeyAlgorithm.ED25519.value: "Ed25519",
}


def key_words(algorithm: str, bits: int) -> str:
    """Return kind and size of a key: ``RSA, 2,048 bits``, ``ECDSA P-256``.

    ``algorithm`` is the value of a KeyAlgorithm, or what a foreign certificate has; that is shown as it is.
    """
    if algorithm == KeyAlgorithm.RSA.value:
        return gettext("RSA, %(bits)s bits") % {"bits": format_decimal(bits, locale=locale())}
    return _CURVES.get(algorithm, algorithm)


def key_kinds() -> list[tuple[str, str]]:
    """Return (value, words) of every kind of key that a policy may allow: ``p256``, ``ECDSA P-256``."""
    return [(item.value, _CURVES.get(item.value, "RSA")) for item in KeyAlgorithm]


def reason_words() -> dict[RevocationReason, str]:
    """Return each reason to revoke in plain words."""
    return {
        RevocationReason.KEY_COMPROMISE: gettext("Somebody else may have the private key"),
        RevocationReason.SUPERSEDED: gettext("Another certificate has replaced it"),
        RevocationReason.CESSATION_OF_OPERATION: gettext("The server is out of use"),
        RevocationReason.AFFILIATION_CHANGED: gettext("What the certificate says is no longer true"),
        RevocationReason.PRIVILEGE_WITHDRAWN: gettext("It should not have been issued, or its holder may not have it any more"),
        RevocationReason.UNSPECIFIED: gettext("Another reason"),
    }


def reason_text(code: int | None) -> str:
    """Return the words of a stored CRLReason with the standard's name (RFC 5280 5.3.1): ``The server is out of use (...)``."""
    reason = RevocationReason(reason_of(code))
    return f"{reason_words()[reason]} ({reason.value})"
