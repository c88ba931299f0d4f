"""What a check tells: for each finding a sentence with what is wrong and why, and one with the way out (A57-A59).

Each function returns that pair. ``who`` names a certificate at the beginning of a sentence: "The certificate".
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TypeAlias

SentenceAndFix: TypeAlias = tuple[str, str]

_SHOWN_NAMES = 6


def minute(moment: datetime) -> str:
    """Return a time as people read it: ``2026-11-22 01:02 UTC``."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def name_mismatch(host: str, names: Sequence[str]) -> SentenceAndFix:
    """For a certificate that does not carry the name that was asked for."""
    if not names:
        sentence = "The certificate carries no names, and clients do not read the common name any more."
    else:
        more = f" and {len(names) - _SHOWN_NAMES} more" if len(names) > _SHOWN_NAMES else ""
        sentence = f"The certificate is for {', '.join(names[:_SHOWN_NAMES])}{more}. {host} is not among its names."
    fix = f"Install the certificate of {host} at this server, or request one that names it. Check which site answers at this address."
    return sentence, fix


def expired(who: str, at: datetime) -> SentenceAndFix:
    """For a certificate past its end."""
    fix = "Request a new certificate, install it and load the server's configuration again."
    if who != "The certificate":
        fix = "Install the current certificates of the CA beside your own; pick up your certificate again to get them."
    return f"{who} expired on {minute(at)}.", fix


def not_yet_valid(who: str, at: datetime, now: datetime) -> SentenceAndFix:
    """For a certificate before its beginning."""
    sentence = f"{who} is valid from {minute(at)}, and this computer's clock says {minute(now)}."
    return sentence, "If the clock of this computer is right, wait until then; else set the clock."


def revoked(who: str, at: datetime, reason: str) -> SentenceAndFix:
    """For a certificate on its CA's list."""
    because = f", reason: {reason}" if reason else ""
    return f"{who} was revoked on {minute(at)}{because}.", "Make a new key, request or reissue a certificate for it, and install both."


def revocation_unknown(who: str, why: str) -> SentenceAndFix:
    """For a certificate whose standing nobody tells."""
    fix = "Check that this computer reaches these addresses over plain http. If it does, tell the provider's support."
    return f"Nobody tells whether {who[:1].lower()}{who[1:]} is revoked ({why}).", fix


def self_signed(where: str) -> SentenceAndFix:
    """For a certificate signed by its own key that is no root."""
    sentence = f"The certificate is signed by its own key and is not one of {where}: no authority vouches for it."
    return (
        sentence,
        "Install the certificate that was issued for this server. Servers make a certificate of their own when none is configured.",
    )


def missing_intermediate(missing: Sequence[str]) -> SentenceAndFix:
    """For a chain that holds once the certificates that the server keeps back are fetched."""
    names = ", ".join(missing)
    fix = "Install the chain file, with your certificate first, instead of the certificate alone (nginx: ssl_certificate)."
    return f"The server does not send the intermediate certificate {names}, so clients cannot find the way to the root.", fix


def unknown_root(issuer: str, where: str) -> SentenceAndFix:
    """For a chain that ends at somebody whom nobody here trusts."""
    fix = "If you trust this authority, install its root on the clients, and give it here with --root. Else replace the certificate."
    return f"The certificate was issued under {issuer}, which is not among {where}.", fix


def not_an_authority(who: str) -> SentenceAndFix:
    """For a chain through a certificate that may not issue."""
    return (
        f"The chain runs through {who}, which has no right to issue certificates.",
        "Replace the certificate: it was not issued by an authority.",
    )


def refused_by_openssl(message: str) -> SentenceAndFix:
    """For a chain that leads to a root and is turned down all the same; ``message`` is OpenSSL's."""
    fix = "Show this message to the provider's support. The certificate and its chain do not fit each other, or not this use."
    return f"The chain leads to a trusted root, but OpenSSL refuses it: {message}.", fix


def other_certificate(expected: str, served: str) -> SentenceAndFix:
    """For a server that still serves something else; both are serial numbers in hex."""
    fix = "Check the path of the certificate in the server's configuration, and load the configuration again."
    return f"The server sends the certificate with the serial number {served}, not {expected}.", fix
