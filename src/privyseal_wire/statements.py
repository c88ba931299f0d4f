"""What people sign: approvals, rejections, revocations, invitations, changes as canonical bytes (architecture section 4, invariant I14).

A statement names its service, its organization and its end, so that it means nothing anywhere else or later. The
bytes are stored and never made again from fields. The signature over them is in ``cms``; whether the person may
decide, and whether the statement fits the request, is the service's business.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import ClassVar, Self, TypeAlias

from privyseal_wire import fields as formats
from privyseal_wire.canonical import canonical_bytes, parse_canonical
from privyseal_wire.errors import StatementRefused

_FINGERPRINT_DIGITS = 20
_FINGERPRINT_GROUP = 4


@dataclass(frozen=True, slots=True)
class PolicyReference:
    """The exact version of a policy; ``sha256`` is the hex digest of its canonical content."""

    id: str
    version: int
    sha256: str

    def __post_init__(self) -> None:
        """Raise StatementRefused unless every field has its format."""
        formats.require_id("policy.id", self.id, "pol")
        formats.require_integer("policy.version", self.version, 2**31 - 1)
        formats.require_sha256("policy.sha256", self.sha256)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What every statement has. Making one raises StatementRefused ``statement-<field>`` for a field out of form.

    ``service`` is the id of the service, ``organization`` the short name, ``expires`` an RFC 3339 UTC text with whole
    seconds. Subclasses set ``TYPE`` and ``DECISION``.
    """

    TYPE: ClassVar[str] = ""
    DECISION: ClassVar[str] = ""

    service: str
    organization: str
    expires: str

    def __post_init__(self) -> None:
        """Check the fields that all statements share; subclasses check theirs."""
        formats.require_service("service", self.service)
        formats.require_slug("organization", self.organization)
        formats.read_time("expires", self.expires)

    @property
    def expires_at(self) -> datetime:
        """The end as a moment in UTC."""
        return formats.read_time("expires", self.expires)

    def to_fields(self) -> dict[str, object]:
        """Return the JSON object that is signed."""
        values: dict[str, object] = {"type": self.TYPE}
        if self.DECISION:
            values["decision"] = self.DECISION
        found = {item.name: getattr(self, item.name) for item in fields(self)}
        return values | {name: value for name, value in found.items() if name not in _OPTIONAL or value is not None}

    def to_bytes(self) -> bytes:
        """Return the bytes that are signed and stored (RFC 8785)."""
        return canonical_bytes(self.to_fields())

    def digest(self) -> bytes:
        """Return SHA-256 of :meth:`to_bytes`, 32 bytes."""
        return hashlib.sha256(self.to_bytes()).digest()

    def fingerprint(self) -> str:
        """Return the short form of the digest that two people compare."""
        return statement_fingerprint(self.to_bytes())

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Return the statement of this type; raises CanonicalRefused, or StatementRefused (``statement-type`` for another type)."""
        statement = parse_statement(data)
        if not isinstance(statement, cls):
            raise StatementRefused("statement-type", f"The statement is of the type {statement.TYPE}, not {cls.TYPE}.")
        return statement


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval(Statement):
    """The administrator approves exactly this certificate: subject, names, key, life, servers, policy version.

    ``subject`` has pairs of dotted OID and value in the order of the certificate, ``names`` are sorted, ``endpoints``
    are ``kind:address``. ``replaces`` is the serial number of the certificate that a reissue replaces, else None; ``department`` is the
    id of the department that the request belongs to, None for the organization itself; ``custom_fields`` has pairs of name and value of
    what was filled into the policy's own fields, None for nothing.
    """

    TYPE: ClassVar[str] = "privyseal.approval.v1"
    DECISION: ClassVar[str] = "approve"

    request: str
    approver: str
    policy: PolicyReference
    subject: tuple[tuple[str, str], ...]
    names: tuple[str, ...]
    spki_sha256: str
    lifetime_days: int
    endpoints: tuple[str, ...]
    unit_tier: str
    contact: str
    replaces: str | None = field(default=None)
    department: str | None = field(default=None)
    custom_fields: tuple[tuple[str, str], ...] | None = field(default=None)

    def __post_init__(self) -> None:
        """Raise StatementRefused unless every field has its format."""
        Statement.__post_init__(self)
        formats.require_id("request", self.request, "req")
        formats.require_id("approver", self.approver, "adm")
        formats.require_subject("subject", self.subject)
        formats.require_names("names", self.names)
        formats.require_sha256("spki_sha256", self.spki_sha256)
        formats.require_integer("lifetime_days", self.lifetime_days, formats.MAX_LIFETIME_DAYS)
        formats.require_endpoints("endpoints", self.endpoints)
        formats.require_choice("unit_tier", self.unit_tier, formats.UNIT_TIERS)
        formats.require_contact("contact", self.contact)
        if self.replaces is not None:
            formats.require_serial("replaces", self.replaces)
        if self.department is not None:
            formats.require_id("department", self.department, "dep")
        if self.custom_fields is not None:
            formats.require_filled_in("custom_fields", self.custom_fields)

    def to_fields(self) -> dict[str, object]:
        """Return the JSON object that is signed; what may be None stands in it only where there is something."""
        policy = {"id": self.policy.id, "version": self.policy.version, "sha256": self.policy.sha256}
        return Statement.to_fields(self) | {"policy": policy}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejection(Statement):
    """The administrator rejects a request; ``reason`` is told to its contact."""

    TYPE: ClassVar[str] = "privyseal.rejection.v1"
    DECISION: ClassVar[str] = "reject"

    request: str
    approver: str
    reason: str

    def __post_init__(self) -> None:
        """Raise StatementRefused unless every field has its format."""
        Statement.__post_init__(self)
        formats.require_id("request", self.request, "req")
        formats.require_id("approver", self.approver, "adm")
        formats.require_text("reason", self.reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocation(Statement):
    """The administrator revokes one certificate: ``ca`` is the short name of its authority, ``serial`` hex.

    ``reason`` is one of ``fields.REVOCATION_REASONS``; ``comment`` may be empty.
    """

    TYPE: ClassVar[str] = "privyseal.revocation.v1"

    ca: str
    serial: str
    reason: str
    comment: str
    revoker: str

    def __post_init__(self) -> None:
        """Raise StatementRefused unless every field has its format."""
        Statement.__post_init__(self)
        formats.require_slug("ca", self.ca)
        formats.require_serial("serial", self.serial)
        formats.require_choice("reason", self.reason, formats.REVOCATION_REASONS)
        formats.require_text("comment", self.comment, optional=True)
        formats.require_id("revoker", self.revoker, "adm")


@dataclass(frozen=True, slots=True, kw_only=True)
class PasskeyRegistration(Statement):
    """An administrator adds a passkey of his own, under a credential that he has.

    ``passkey_sha256`` is the hex digest of the passkey's id in base64url. ``organization`` is "provider" for the provider's
    own people.
    """

    TYPE: ClassVar[str] = "privyseal.passkey-registration.v1"

    administrator: str
    spki_sha256: str
    passkey_sha256: str

    def __post_init__(self) -> None:
        """Raise StatementRefused unless every field has its format."""
        Statement.__post_init__(self)
        formats.require_id("administrator", self.administrator, "adm")
        formats.require_sha256("spki_sha256", self.spki_sha256)
        formats.require_sha256("passkey_sha256", self.passkey_sha256)


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation(Statement):
    """Somebody is to be an administrator: full name and address as the Administrator ID will carry them, and the role.

    ``inviter`` is the id of the administrator who signs, or ``fields.OPERATOR``: the operator with the key of the
    administrators' CA, who lets somebody in again when an organization has no administrator left. ``replaces`` is the SHA-256
    of the person's Administrator ID that the new one takes the place of, with the same end date; else None.
    """

    TYPE: ClassVar[str] = "privyseal.invitation.v1"

    name: str
    email: str
    role: str
    inviter: str
    replaces: str | None = field(default=None)

    def __post_init__(self) -> None:
        """Raise StatementRefused unless every field has its format."""
        Statement.__post_init__(self)
        formats.require_person("name", self.name)
        formats.require_address("email", self.email)
        formats.require_choice("role", self.role, formats.ROLES)
        if self.inviter != formats.OPERATOR:
            formats.require_id("inviter", self.inviter, "adm")
        if self.replaces is not None:
            formats.require_sha256("replaces", self.replaces)


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewal(Statement):
    """An administrator gets the next Administrator ID of his own, for a new key, under a credential that he has.

    ``replaces`` is the SHA-256 of the one that ends soon (``kind`` "renewal": a whole new life) or is damaged or exposed
    ("replacement": the same end date, and the old one is revoked). ``organization`` is "provider" for the provider's people.
    """

    TYPE: ClassVar[str] = "privyseal.renewal.v1"

    administrator: str
    kind: str
    replaces: str
    spki_sha256: str

    def __post_init__(self) -> None:
        """Raise StatementRefused unless every field has its format."""
        Statement.__post_init__(self)
        formats.require_id("administrator", self.administrator, "adm")
        formats.require_choice("kind", self.kind, formats.RENEWALS)
        formats.require_sha256("replaces", self.replaces)
        formats.require_sha256("spki_sha256", self.spki_sha256)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn(Statement):
    """Somebody signs in from a program, with a key that signs and cannot speak TLS, such as one on a card.

    ``challenge`` are 32 random bytes of the service in hex. ``organization`` is "provider" for the provider's own people.
    """

    TYPE: ClassVar[str] = "privyseal.sign-in.v1"

    challenge: str

    def __post_init__(self) -> None:
        """Raise StatementRefused unless every field has its format."""
        Statement.__post_init__(self)
        formats.require_sha256("challenge", self.challenge)


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment(Statement):
    """Somebody gets a role or loses it: throughout the organization, or in a department and everything below it.

    ``organization`` is "provider" for the provider's own people, ``department`` the id of the department or None for all,
    ``change`` one of ``fields.ROLE_CHANGES``, ``assigner`` whoever signs.
    """

    TYPE: ClassVar[str] = "privyseal.assignment.v1"

    administrator: str
    role: str
    change: str
    assigner: str
    department: str | None = field(default=None)

    def __post_init__(self) -> None:
        """Raise StatementRefused unless every field has its format."""
        Statement.__post_init__(self)
        formats.require_id("administrator", self.administrator, "adm")
        formats.require_choice("role", self.role, (*formats.ROLES, *formats.PROVIDER_ROLES))
        formats.require_choice("change", self.change, formats.ROLE_CHANGES)
        formats.require_id("assigner", self.assigner, "adm")
        if self.department is not None:
            formats.require_id("department", self.department, "dep")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change(Statement):
    """Somebody says something to a proposed change: ``content_sha256`` is the hex digest of the change's canonical content.

    ``organization`` is "provider" for the provider's own changes. ``reason`` is empty for a signature, and says why otherwise.
    """

    TYPE: ClassVar[str] = "privyseal.change.v1"

    change: str
    kind: str
    content_sha256: str
    signer: str
    decision: str
    reason: str

    def __post_init__(self) -> None:
        """Raise StatementRefused unless every field has its format."""
        Statement.__post_init__(self)
        formats.require_id("change", self.change, "chg")
        formats.require_choice("kind", self.kind, formats.CHANGE_KINDS)
        formats.require_sha256("content_sha256", self.content_sha256)
        formats.require_id("signer", self.signer, "adm")
        formats.require_choice("decision", self.decision, formats.CHANGE_DECISIONS)
        formats.require_text("reason", self.reason, optional=self.decision == "sign")
        if self.decision == "sign" and self.reason:
            raise formats.refuse("reason", "is not empty; a signature under a change gives no reason")


AnyStatement: TypeAlias = Approval | Rejection | Revocation | PasskeyRegistration | Invitation | Renewal | SignIn | Assignment | Change

_EVERY = (Approval, Rejection, Revocation, PasskeyRegistration, Invitation, Renewal, SignIn, Assignment, Change)
_KINDS: dict[str, type[AnyStatement]] = {kind.TYPE: kind for kind in _EVERY}
_OPTIONAL = frozenset({"replaces", "department", "custom_fields"})


def parse_statement(data: bytes) -> AnyStatement:
    """Return the statement that these bytes are; every byte counts, nothing unknown is passed over.

    Raises CanonicalRefused when the bytes are not canonical JSON, StatementRefused ``statement-type`` for an unknown
    type, ``statement-fields`` for missing or unknown fields, and ``statement-<field>`` for a field out of form.
    """
    values = parse_canonical(data)
    type_name = values.get("type")
    kind = _KINDS.get(type_name) if isinstance(type_name, str) else None
    if kind is None:
        raise StatementRefused("statement-type", f"The statement has none of the known types {', '.join(_KINDS)}.")
    arguments = _arguments(kind, values)
    if kind is Approval:
        arguments |= {
            "policy": _read_policy(arguments["policy"]),
            "subject": _read_pairs("subject", arguments["subject"]),
            "names": _read_list("names", arguments["names"]),
            "endpoints": _read_list("endpoints", arguments["endpoints"]),
        }
        if arguments.get("custom_fields") is not None:
            arguments["custom_fields"] = _read_pairs("custom_fields", arguments["custom_fields"])
    for name in sorted(_OPTIONAL):
        if arguments.get(name, "") is None:
            raise formats.refuse(name, "is null; it is left out where there is none")
    return kind(**arguments)  # type: ignore[arg-type]  # Each field checks its own type on construction.


def statement_fingerprint(data: bytes) -> str:
    """Return the first 20 hex digits of SHA-256 in groups of four, such as ``9f86 d081 884c 7d65 9a2f``."""
    digits = hashlib.sha256(data).hexdigest()[:_FINGERPRINT_DIGITS]
    return " ".join(digits[start : start + _FINGERPRINT_GROUP] for start in range(0, _FINGERPRINT_DIGITS, _FINGERPRINT_GROUP))


def _arguments(kind: type[Statement], values: Mapping[str, object]) -> dict[str, object]:
    # Returns the values that become arguments; type and decision are fixed by the class.
    known = {item.name for item in fields(kind)}
    fixed = {"type", "decision"} if kind.DECISION else {"type"}
    missing = (known | fixed) - _OPTIONAL - values.keys()
    unknown = values.keys() - known - fixed
    if missing or unknown:
        lacks = f" It lacks {', '.join(sorted(missing))}." if missing else ""
        more = f" Fields of it that nobody knows: {len(unknown)}." if unknown else ""
        raise StatementRefused("statement-fields", f"The statement of the type {kind.TYPE} has other fields than it should.{lacks}{more}")
    if kind.DECISION and values.get("decision", "") != kind.DECISION:
        raise formats.refuse("decision", f'is not "{kind.DECISION}"')
    return {name: value for name, value in values.items() if name not in fixed}


def _read_policy(value: object) -> PolicyReference:
    if not isinstance(value, dict) or value.keys() != {"id", "version", "sha256"}:
        raise formats.refuse("policy", "is not an object of id, version and sha256")
    return PolicyReference(value["id"], value["version"], value["sha256"])


def _read_list(name: str, value: object) -> tuple[object, ...]:
    if not isinstance(value, list):
        raise formats.refuse(name, "is not a list")
    return tuple(value)


def _read_pairs(name: str, value: object) -> tuple[object, ...]:
    return tuple(tuple(item) if isinstance(item, list) else item for item in _read_list(name, value))
