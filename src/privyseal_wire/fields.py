"""Formats of single fields of a statement, each check refusing with the name of the field.

A statement is read by people and by programs of three parties, so every field has one spelling: lower case hex, names
as A-labels, whole seconds in UTC. What the names *mean* (validated, permitted) is decided by the service.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from privyseal_wire.errors import StatementRefused

MAX_NAMES = 100
MAX_ENDPOINTS = 20  # Requirement A12, invariant I22.
MAX_SUBJECT_FIELDS = 16
MAX_LIFETIME_DAYS = 3_650
MAX_CUSTOM_FIELDS = 10
MAX_TEXT = 1_000  # Characters of a reason or comment typed by a person.
MAX_PERSON = 64  # RFC 5280 A.1, ub-common-name: the name becomes the common name of an Administrator ID.

REVOCATION_REASONS: Final = (
    "unspecified",
    "keyCompromise",
    "affiliationChanged",
    "superseded",
    "cessationOfOperation",
    "privilegeWithdrawn",
)
"""RFC 5280 5.3.1, as far as an administrator may give them."""

UNIT_TIERS: Final = ("standard", "premium", "none")
"""What a unit buys; ``none`` where no unit is used (a reissue)."""

ROLES: Final = (
    "security-administrator",
    "certificate-administrator",
    "department-administrator",
    "requester",
    "recovery-requester",
    "recovery-approver",
    "service-desk-agent",
    "auditor",
    "read-only",
)
"""What an administrator of an organization may be."""

RENEWALS: Final = ("renewal", "replacement")
"""Why somebody gets the next Administrator ID: the old one ends soon, or is lost, damaged or exposed."""

PROVIDER_ROLES: Final = (
    "provider-administrator",
    "provider-vetter",
    "provider-operator",
    "provider-security-officer",
    "provider-auditor",
)
"""What somebody of the provider may be."""

ROLE_CHANGES: Final = ("give", "take")
"""What may happen to a role that a person has."""
CHANGE_KINDS: Final = ("policy", "role", "price", "authority")
"""What is changed under dual control."""

CHANGE_DECISIONS: Final = ("sign", "refuse", "withdraw")
"""What a person says to a change: that it holds, that it does not, or that he takes his own proposal back."""

OPERATOR: Final = "operator"
"""The inviter of an administrator for an organization that has none left: whoever holds the key of the administrators' CA."""

_TIME = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})Z")
_IDS = {prefix: re.compile(rf"{prefix}-[0-9a-f]{{32}}") for prefix in ("req", "adm", "pol", "dep", "chg")}
_HEX_SHA256 = re.compile(r"[0-9a-f]{64}")
_HEX_SERIAL = re.compile(r"(?!00)(?:[0-9a-f]{2}){1,20}")  # RFC 5280 4.1.2.2: positive, at most 20 octets.
_SERVICE = re.compile(r"[a-z0-9](?:[a-z0-9.:-]{0,251}[a-z0-9])?")
_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
_FIELD_NAME = re.compile(r"[a-z][a-z0-9-]{0,31}")
_OID = re.compile(r"[012](?:\.(?:0|[1-9][0-9]{0,38})){1,15}")
_ENDPOINT = re.compile(r"[a-z][a-z-]{0,31}:[a-z0-9._\[\]:-]{1,253}")
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_LOCAL_PART = re.compile(r"[!-?A-~]{1,64}")  # RFC 5321 4.5.3.1.1: printable ASCII; never "@".
_MAX_HOST = 253
_MAX_ADDRESS = 254


def refuse(field: str, rule: str) -> StatementRefused:
    """Return the refusal ``statement-<field>`` with a sentence that says what the field has to be."""
    return StatementRefused(f"statement-{field.replace('_', '-').replace('.', '-')}", f"The field {field} of the statement {rule}.")


def require_service(field: str, value: str) -> None:
    """Accept the configured id of a service: a lower case host name, with a port where it has one."""
    _require_match(field, value, _SERVICE, "is not the id of a service (lower case letters, digits, dots, hyphens)")


def require_slug(field: str, value: str) -> None:
    """Accept the short name of an organization or of an authority."""
    _require_match(field, value, _SLUG, "is not a short name (1 to 40 lower case letters, digits, hyphens)")


def require_id(field: str, value: str, prefix: str) -> None:
    """Accept ``prefix-`` (req, adm, pol, chg) and 32 lower case hex digits."""
    _require_match(field, value, _IDS[prefix], f'is not an id of the form "{prefix}-" and 32 hex digits')


def require_sha256(field: str, value: str) -> None:
    """Accept 64 lower case hex digits."""
    _require_match(field, value, _HEX_SHA256, "is not a SHA-256 digest of 64 lower case hex digits")


def require_serial(field: str, value: str) -> None:
    """Accept a serial number as lower case hex, two digits per byte, no leading zero byte, at most 20 bytes."""
    _require_match(field, value, _HEX_SERIAL, "is not a serial number of 1 to 20 bytes in lower case hex")


def require_integer(field: str, value: int, maximum: int) -> None:
    """Accept 1 to ``maximum``; a bool is no integer here."""
    if type(value) is not int or not 1 <= value <= maximum:
        raise refuse(field, f"is not an integer from 1 to {maximum:,}")


def require_choice(field: str, value: str, choices: Sequence[str]) -> None:
    """Accept one of the listed words."""
    if type(value) is not str or value not in choices:
        raise refuse(field, f"is not one of {', '.join(choices)}")


def require_text(field: str, value: str, *, optional: bool = False) -> None:
    """Accept text of a person: up to ``MAX_TEXT`` printable characters and line breaks, not only blanks."""
    if type(value) is not str or len(value) > MAX_TEXT or not all(character.isprintable() or character == "\n" for character in value):
        raise refuse(field, f"is not a text of at most {MAX_TEXT:,} printable characters")
    if not optional and not value.strip():
        raise refuse(field, "is empty; it has to say something")


def read_time(field: str, value: str) -> datetime:
    """Return the moment that RFC 3339 text in UTC with whole seconds names, such as 2026-11-22T01:02:03Z."""
    match = _TIME.fullmatch(value) if type(value) is str else None
    if match is None:
        raise refuse(field, "is not a time in UTC with whole seconds, such as 2026-11-22T01:02:03Z")
    year, month, day, hour, minute, second = map(int, match.groups())
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError as error:
        raise refuse(field, "names a moment that does not exist") from error


def require_subject(field: str, value: tuple[tuple[str, str], ...]) -> None:
    """Accept up to ``MAX_SUBJECT_FIELDS`` pairs of a dotted OID and a printable value of at most 256 characters."""
    if type(value) is not tuple or len(value) > MAX_SUBJECT_FIELDS:
        raise refuse(field, f"is not a list of at most {MAX_SUBJECT_FIELDS} subject attributes")
    for pair in value:
        if type(pair) is not tuple or len(pair) != 2:
            raise refuse(field, "has an attribute that is not a pair of an object identifier and a value")
        oid, text = pair
        _require_match(field, oid, _OID, "has an attribute whose type is not a dotted object identifier")
        if type(text) is not str or not 1 <= len(text) <= 256 or not text.isprintable():
            raise refuse(field, "has an attribute whose value is not a printable text of 1 to 256 characters")


def require_filled_in(field: str, value: tuple[tuple[str, str], ...]) -> None:
    """Accept 1 to ``MAX_CUSTOM_FIELDS`` pairs of a field's name, each once, and a printable value of at most 200 characters."""
    if type(value) is not tuple or not 1 <= len(value) <= MAX_CUSTOM_FIELDS:
        raise refuse(field, f"is not a list of 1 to {MAX_CUSTOM_FIELDS} fields")
    for pair in value:
        if type(pair) is not tuple or len(pair) != 2:
            raise refuse(field, "has an entry that is not a pair of a name and a value")
        name, text = pair
        _require_match(field, name, _FIELD_NAME, "has a name that is not 1 to 32 lower case letters, digits and dashes")
        if type(text) is not str or not 1 <= len(text) <= 200 or not text.isprintable() or text != text.strip():
            raise refuse(field, "has a value that is not a printable text of 1 to 200 characters without blanks around it")
    if len({name for name, _ in value}) != len(value):
        raise refuse(field, "names something twice")


def require_names(field: str, value: tuple[str, ...]) -> None:
    """Accept 1 to ``MAX_NAMES`` distinct names, sorted, each ``dns:`` or ``email:`` with A-labels in lower case."""
    if type(value) is not tuple or not 1 <= len(value) <= MAX_NAMES:
        raise refuse(field, f"is not a list of 1 to {MAX_NAMES} names")
    for name in value:
        if type(name) is not str or not (is_dns_name(name) or is_email_name(name)):
            raise refuse(field, 'has an entry that is neither "dns:" and a host name nor "email:" and an address, in lower case A-labels')
    if list(value) != sorted(set(value)):
        raise refuse(field, "is not sorted, or names something twice")


def is_dns_name(name: str) -> bool:
    """Tell whether it is ``dns:`` and a host name in A-labels; the left-most label may be a whole ``*``."""
    kind, _, host = name.partition(":")
    return kind == "dns" and _is_host(host.removeprefix("*."))


def is_email_name(name: str) -> bool:
    """Tell whether it is ``email:`` and an address."""
    kind, _, address = name.partition(":")
    return kind == "email" and _is_address(address)


def require_contact(field: str, value: str) -> None:
    """Accept an e-mail address, or nothing where a program asked that has none."""
    if type(value) is not str or (value and not _is_address(value)):
        raise refuse(field, "is not an e-mail address with an ASCII local part and a lower case domain")


def require_address(field: str, value: str) -> None:
    """Accept an e-mail address."""
    if type(value) is not str or not _is_address(value):
        raise refuse(field, "is not an e-mail address with an ASCII local part and a lower case domain")


def require_person(field: str, value: str) -> None:
    """Accept the full name of a person: 1 to ``MAX_PERSON`` printable characters, no blank at either end."""
    if type(value) is not str or not 1 <= len(value) <= MAX_PERSON or not value.isprintable() or value != value.strip():
        raise refuse(field, f"is not a name of 1 to {MAX_PERSON} printable characters without blanks around it")


def require_endpoints(field: str, value: tuple[str, ...]) -> None:
    """Accept 1 to ``MAX_ENDPOINTS`` distinct ``kind:address`` texts."""
    if type(value) is not tuple or not 1 <= len(value) <= MAX_ENDPOINTS:
        raise refuse(field, f"is not a list of 1 to {MAX_ENDPOINTS} servers")
    for endpoint in value:
        _require_match(field, endpoint, _ENDPOINT, 'has an entry that is not a kind of server, ":" and its address')
    if len(set(value)) != len(value):
        raise refuse(field, "names a server twice")


def _require_match(field: str, value: str, pattern: re.Pattern[str], rule: str) -> None:
    if type(value) is not str or not pattern.fullmatch(value):
        raise refuse(field, rule)


def _is_host(host: str) -> bool:
    return len(host) <= _MAX_HOST and _HOST.fullmatch(host) is not None


def _is_address(address: str) -> bool:
    local, at, domain = address.rpartition("@")
    return bool(at) and len(address) <= _MAX_ADDRESS and _LOCAL_PART.fullmatch(local) is not None and _is_host(domain)
