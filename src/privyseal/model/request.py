"""A request for a certificate and what may happen to it (requirements 5.2).

The table of transitions is the only place that knows them; the store moves a request by a conditional UPDATE from
the states this table names, so two people who decide at once get one truth (I20).
"""

from __future__ import annotations

import enum
import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from privyseal.model.custom_field import FilledIn
from privyseal.model.errors import Conflict, Refused
from privyseal.model.identifiers import CertificateId, DepartmentId, OrganizationId, PolicyId, RequestId
from privyseal.model.profile import NameKind, SubjectField

LAPSES_AFTER = timedelta(days=30)  # requirements 5.2: lapsed after 30 days without a decision.
CONFIRM_WITHIN = timedelta(days=7)


class RequestState(enum.Enum):
    """Where a request stands."""

    UNCONFIRMED = "unconfirmed"
    PENDING = "pending"
    HELD = "held"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"
    APPROVED = "approved"
    ISSUING = "issuing"
    ISSUED = "issued"
    FAILED = "failed"


class RequestEvent(enum.Enum):
    """What may happen to a request."""

    CONFIRM = "confirm"
    HOLD = "hold"
    RELEASE = "release"
    APPROVE = "approve"
    REJECT = "reject"
    WITHDRAW = "withdraw"
    LAPSE = "lapse"
    PREPARE = "prepare"
    ABANDON = "abandon"
    COMPLETE = "complete"
    FAIL = "fail"


_S = RequestState
TRANSITIONS: dict[RequestEvent, tuple[frozenset[RequestState], RequestState]] = {
    RequestEvent.CONFIRM: (frozenset({_S.UNCONFIRMED}), _S.PENDING),
    RequestEvent.HOLD: (frozenset({_S.PENDING}), _S.HELD),
    RequestEvent.RELEASE: (frozenset({_S.HELD}), _S.PENDING),
    RequestEvent.APPROVE: (frozenset({_S.PENDING, _S.HELD, _S.FAILED}), _S.APPROVED),
    RequestEvent.REJECT: (frozenset({_S.UNCONFIRMED, _S.PENDING, _S.HELD, _S.FAILED}), _S.REJECTED),
    RequestEvent.WITHDRAW: (frozenset({_S.UNCONFIRMED, _S.PENDING, _S.HELD, _S.FAILED}), _S.WITHDRAWN),
    RequestEvent.LAPSE: (frozenset({_S.UNCONFIRMED, _S.PENDING, _S.HELD}), _S.LAPSED),
    RequestEvent.PREPARE: (frozenset({_S.APPROVED}), _S.ISSUING),
    RequestEvent.ABANDON: (frozenset({_S.ISSUING}), _S.APPROVED),
    RequestEvent.COMPLETE: (frozenset({_S.ISSUING}), _S.ISSUED),
    RequestEvent.FAIL: (frozenset({_S.APPROVED}), _S.FAILED),
}
"""event -> (states it may come from, state it leads to)."""

FINAL_STATES = frozenset({_S.REJECTED, _S.WITHDRAWN, _S.LAPSED, _S.ISSUED})

_WORDS = {
    _S.UNCONFIRMED: "is waiting for its contact to confirm the address",
    _S.PENDING: "is waiting for a decision",
    _S.HELD: "is held with a question to its contact",
    _S.REJECTED: "was rejected",
    _S.WITHDRAWN: "was withdrawn",
    _S.LAPSED: "lapsed without a decision",
    _S.APPROVED: "was approved",
    _S.ISSUING: "is being issued",
    _S.ISSUED: "has its certificate",
    _S.FAILED: "was approved but could not be issued",
}


def next_state(state: RequestState, event: RequestEvent) -> RequestState:
    """Return the state after ``event``; raises Conflict ``request-state`` when the event cannot happen there."""
    sources, target = TRANSITIONS[event]
    if state not in sources:
        raise Conflict("request-state", f"The request {_WORDS[state]}; it is too late to {event.value} it.")
    return target


class ServerKind(enum.Enum):
    """Kinds of endpoints that share one certificate (A11)."""

    WEB_SERVER = "web-server"
    LOAD_BALANCER = "load-balancer"
    ACCELERATOR = "accelerator"
    MAIL_SERVER = "mail-server"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A server that will serve the certificate: a host name or address with an optional port."""

    kind: ServerKind
    address: str

    def text(self) -> str:
        """The form that is signed in an approval."""
        return f"{self.kind.value}:{self.address}"


_SERVER_KINDS = {kind.value: kind for kind in ServerKind}
MAXIMUM_PORT = 65_535
MAXIMUM_HOST = 253  # RFC 1035 2.3.4, as text.
_PLACE = re.compile(r"(?:(?P<host>[^:\[\]]+)|\[(?P<bracketed>[^\[\]]+)\])(?::(?P<port>[0-9]{1,6}))?")
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
"""What is asked of a label of a server's name; names inside of a house have underscores (RFC 1035 2.3.1 has none)."""
_ENDPOINT = re.compile(r"[A-Za-z0-9._\[\]:-]{1,253}")


def read_endpoint(text: str) -> Endpoint:
    """Return the endpoint that ``Endpoint.text`` or a bare address wrote; raises Refused ``endpoint``."""
    kind_text, separator, address = text.partition(":")
    if not separator or kind_text not in _SERVER_KINDS:
        kind_text, address = ServerKind.WEB_SERVER.value, text
    if not _ENDPOINT.fullmatch(address):
        sentence = f"{address[:MAXIMUM_HOST]!r} is no server. Enter a host name or address, with the port if it is not 443."
        raise Refused("endpoint", sentence, field="endpoints")
    return Endpoint(_SERVER_KINDS[kind_text], address.lower())


def require_endpoints(texts: Sequence[str], maximum: int) -> tuple[Endpoint, ...]:
    """Return 1 to ``maximum`` distinct endpoints; raises Refused ``too-many-endpoints`` or ``endpoint`` (A12, I22)."""
    if len(texts) > maximum:
        sentence = (
            f"One certificate may be used on at most {maximum} servers; this request names {len(texts)}. Make a second one for the rest."
        )
        raise Refused("too-many-endpoints", sentence, field="endpoints")
    endpoints = tuple(read_endpoint(text) for text in texts)
    for endpoint in endpoints:
        _require_address(endpoint.address)
    if not endpoints:
        raise Refused("endpoint", "Enter at least one server that will use the certificate.", field="endpoints")
    twice = next((endpoint.address for endpoint in endpoints if endpoints.count(endpoint) > 1), "")
    if twice:
        raise Refused("endpoint", f"The server {twice} is listed twice. Enter each server once.", field="endpoints")
    return endpoints


def _require_address(address: str) -> None:
    """Raise Refused ``endpoint`` unless this is a host name or an IP address, with or without a port of 1 to 65535."""
    found = _PLACE.fullmatch(address)
    host, port = (found["host"] or found["bracketed"], found["port"]) if found else (address, None)
    if port is not None and not 1 <= int(port) <= MAXIMUM_PORT:
        raise Refused("endpoint", f"The port {port} does not exist: ports go from 1 to {MAXIMUM_PORT}.", field="endpoints")
    if ":" in host or (found and found["bracketed"]):
        is_place = _is_ip(host)
    else:
        is_place = len(host) <= MAXIMUM_HOST and all(_LABEL.fullmatch(label) for label in host.removesuffix(".").split("."))
    if not is_place:
        sentence = f"No server can have the address {address[:80]}. Enter a host name or an IP address, and a port if it is not 443."
        raise Refused("endpoint", sentence, field="endpoints")


def _is_ip(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


class RequestKind(enum.Enum):
    """A new certificate, or the same one again with a new key (G14)."""

    NEW = "new"
    REISSUE = "reissue"


@dataclass(frozen=True, slots=True)
class Request:
    """Everything an administrator decides on; ``subject`` and ``names`` are in the order in which they are certified.

    ``department_id`` is None for what belongs to the organization itself; ``custom_fields`` is what was filled into the policy's own
    fields.
    """

    id: RequestId
    organization_id: OrganizationId
    kind: RequestKind
    replaces: CertificateId | None
    replaces_serial_hex: str
    state: RequestState
    state_reason: str
    policy_id: PolicyId
    policy_version: int
    csr_der: bytes
    spki_der: bytes
    spki_sha256: str
    key_algorithm: str
    key_bits: int
    subject: tuple[tuple[SubjectField, str], ...]
    names: tuple[tuple[NameKind, str], ...]
    lifetime_days: int
    endpoints: tuple[Endpoint, ...]
    unit_tier: str
    contact_name: str
    contact_email: str
    server_platform: str
    comment: str
    phrase_hash: str
    requester_kind: str
    requester_id: str
    warnings: tuple[str, ...]
    created_at: datetime
    changed_at: datetime
    department_id: DepartmentId | None = None
    custom_fields: FilledIn = ()


def is_own_request(request: Request, administrator_id: str, email: str) -> bool:
    """Tell whether this administrator sent the request or is its contact; nobody approves a request of his own."""
    return email.casefold() == request.contact_email.casefold() or request.requester_id == administrator_id


def require_text(field: str, value: str, maximum: int, *, optional: bool = False) -> str:
    """Return one line of text typed by a person; raises Refused ``text`` for control characters or too much of it.

    Line breaks and invisible characters never reach a mail header, a log line or a certificate (facts 5.2, Injection).
    """
    text = " ".join(value.split(" ")).strip()
    label = field.replace("_", " ")
    if not text and not optional:
        raise Refused("text", f"The {label} is missing.", field=field)
    if len(text) > maximum:
        raise Refused("text", f"The {label} has {len(text)} characters; at most {maximum} are kept.", field=field)
    if any(not character.isprintable() for character in text):
        raise Refused("text", f"The {label} contains line breaks, control characters or invisible characters.", field=field)
    return text
