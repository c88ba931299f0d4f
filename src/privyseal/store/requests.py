"""Requests and the signed decisions about them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from privyseal.model.identifiers import AdministratorId, ApprovalId, DepartmentId, OrganizationId, RequestId
from privyseal.model.profile import NameKind, SubjectField
from privyseal.model.request import TRANSITIONS, Endpoint, Request, RequestEvent, RequestKind, RequestState, read_endpoint
from privyseal.model.scope import EVERYTHING, Scope
from privyseal.store.database import Transaction
from privyseal.store.departments import departments, is_in, within
from privyseal.store.named import Name, Names, begins_with
from privyseal.store.prepared import Prepared, is_among
from privyseal.store.schema import Digest, Id, UtcTime, metadata

_OPEN = "state NOT IN ('rejected', 'withdrawn', 'lapsed', 'issued')"

requests = sa.Table(
    "requests",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("organization_id", Id, sa.ForeignKey("organizations.id"), nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("replaces", Id),
    sa.Column("replaces_serial_hex", sa.String(40), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("state_reason", sa.String(500), nullable=False),
    sa.Column("policy_id", Id, nullable=False),
    sa.Column("policy_version", sa.Integer, nullable=False),
    sa.Column("csr_der", sa.LargeBinary, nullable=False),
    sa.Column("spki_der", sa.LargeBinary, nullable=False),
    sa.Column("spki_sha256", Digest, nullable=False, index=True),
    sa.Column("key_algorithm", sa.String(16), nullable=False),
    sa.Column("key_bits", sa.Integer, nullable=False),
    sa.Column("subject", sa.JSON, nullable=False),
    sa.Column("names", sa.JSON, nullable=False),
    sa.Column("lifetime_days", sa.Integer, nullable=False),
    sa.Column("endpoints", sa.JSON, nullable=False),
    sa.Column("unit_tier", sa.String(16), nullable=False),
    sa.Column("contact_name", sa.String(64), nullable=False),
    sa.Column("contact_email", sa.String(254), nullable=False),
    sa.Column("server_platform", sa.String(64), nullable=False),
    sa.Column("comment", sa.String(500), nullable=False),
    sa.Column("phrase_hash", sa.String(256), nullable=False),
    sa.Column("requester_kind", sa.String(32), nullable=False),
    sa.Column("requester_id", sa.String(64), nullable=False),
    sa.Column("warnings", sa.JSON, nullable=False),
    sa.Column("confirm_code_hash", Digest),
    sa.Column("sameness", Digest, nullable=False),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("changed_at", UtcTime, nullable=False),
    sa.Column("department_id", Id, sa.ForeignKey("departments.id")),
    sa.Column("custom_fields", sa.JSON, nullable=False, server_default="[]"),
    sa.Index("ix_requests_department", "department_id", "id"),
    sa.Index("ix_requests_queue", "organization_id", "state", "id", "department_id"),
    sa.Index("ix_requests_organization", "organization_id", "id"),
    sa.Index("ix_requests_changes", "organization_id", "changed_at"),
    # The same key, names, policy and contact make one open request, however often it is sent (F14).
    sa.Index("uq_requests_sameness", "sameness", unique=True, sqlite_where=sa.text(_OPEN), postgresql_where=sa.text(_OPEN)),
    sa.Index("ix_requests_state_changed", "state", "changed_at"),
)

request_names = sa.Table(
    "request_names",
    metadata,
    sa.Column("request_id", Id, sa.ForeignKey("requests.id"), primary_key=True),
    sa.Column("name", Name, primary_key=True),
    sa.Column("organization_id", Id, nullable=False),
    sa.Index("ix_request_names_named", "organization_id", "name", "request_id"),
)
"""The names of requests in lower case, for searches: the requests themselves are wide."""

_NAMES = Names(request_names, request_names.c.request_id)

approvals = sa.Table(
    "approvals",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("request_id", Id, sa.ForeignKey("requests.id"), nullable=False, index=True),
    sa.Column("administrator_id", Id, nullable=False),
    sa.Column("decision", sa.String(16), nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
    sa.Column("content_sha256", Digest, nullable=False, unique=True),
    sa.Column("signature", sa.LargeBinary, nullable=False),
    sa.Column("credential_sha256", Digest, nullable=False),
    sa.Column("expires_at", UtcTime, nullable=False),
    sa.Column("at", UtcTime, nullable=False),
    sa.Index("ix_approvals_person", "administrator_id", "id"),
)


@dataclass(frozen=True, slots=True)
class Approval:
    """A stored decision: the signed bytes as they came and the signature over them, for any auditor to verify again."""

    id: ApprovalId
    request_id: RequestId
    administrator_id: AdministratorId
    decision: str
    content: bytes
    content_sha256: str
    signature: bytes
    credential_sha256: str
    expires_at: datetime
    at: datetime

    def is_current(self, now: datetime) -> bool:
        """Tell whether it counts: an approval, not void, not expired."""
        return self.decision == "approve" and self.expires_at > now


def _values(request: Request) -> dict[str, Any]:
    plain = {name: getattr(request, name) for name in Request.__slots__}
    return plain | {
        "kind": request.kind.value,
        "state": request.state.value,
        "subject": [[field.value, value] for field, value in request.subject],
        "names": [[kind.value, name] for kind, name in request.names],
        "endpoints": [endpoint.text() for endpoint in request.endpoints],
        "warnings": list(request.warnings),
        "custom_fields": [[name, value] for name, value in request.custom_fields],
    }


_READ = [column for column in requests.columns if column.name not in {"confirm_code_hash", "sameness"}]

_GET = Prepared(
    sa.select(*_READ).where(requests.c.id == sa.bindparam("request"), requests.c.organization_id == sa.bindparam("organization"))
)
_GET_MANY = Prepared(sa.select(*_READ).where(is_among(requests.c.id, "requests")))
_ENDPOINTS_OF = Prepared(sa.select(requests.c.id, requests.c.endpoints).where(is_among(requests.c.id, "requests")))
_LOCK = Prepared(
    sa.select(*_READ)
    .where(is_among(requests.c.id, "requests"), requests.c.organization_id == sa.bindparam("organization"))
    .order_by(requests.c.id)
    .with_for_update()
)
_OPEN_TO = {
    event: requests.update()
    .where(is_among(requests.c.id, "requests"), sa.or_(*(requests.c.state == state.value for state in sorted(sources, key=str))))
    .returning(requests.c.id, requests.c.organization_id)
    for event, (sources, _) in TRANSITIONS.items()
}
_TOUCH = {event: Prepared(statement.values(changed_at=sa.bindparam("now"))) for event, statement in _OPEN_TO.items()}
_HAPPEN = {
    event: Prepared(
        statement.values(state=TRANSITIONS[event][1].value, state_reason=sa.bindparam("reason"), changed_at=sa.bindparam("now"))
    )
    for event, statement in _OPEN_TO.items()
}
_COUNT_IN = Prepared(
    sa.select(requests.c.state, sa.func.count().label("quantity"))
    .where(requests.c.organization_id == sa.bindparam("organization"), is_among(requests.c.state, "states"))
    .group_by(requests.c.state)
)
_INSERT_NAMES = Prepared(request_names.insert())
_INSERT_APPROVALS = Prepared(approvals.insert())
_APPROVALS_OF = Prepared(approvals.select().where(is_among(approvals.c.request_id, "requests")).order_by(approvals.c.id))

# Rows are read often enough for a look-up to be worth it; an enum's own call costs three times as much.
_KINDS = {kind.value: kind for kind in RequestKind}
_STATES = {state.value: state for state in RequestState}
_FIELDS = {field.value: field for field in SubjectField}
_NAME_KINDS = {kind.value: kind for kind in NameKind}


def _request(row: Mapping[Any, Any]) -> Request:
    fields = {
        **row,
        "kind": _KINDS[row["kind"]],
        "state": _STATES[row["state"]],
        "subject": tuple([(_FIELDS[oid], value) for oid, value in row["subject"]]),
        "names": tuple([(_NAME_KINDS[kind], name) for kind, name in row["names"]]),
        "endpoints": tuple(map(read_endpoint, row["endpoints"])),
        "warnings": tuple(row["warnings"]),
        "custom_fields": tuple([(name, value) for name, value in row["custom_fields"]]),
    }
    return Request(**fields)


def insert(tx: Transaction, request: Request, *, sameness: str, confirm_code_hash: str | None) -> bool:
    """Add a request; tells whether no open one of the same ``sameness`` was there.

    ``confirm_code_hash`` belongs to the code mailed to its contact.
    """
    savepoint = tx.connection.begin_nested()
    try:
        tx.execute(requests.insert().values(**_values(request), sameness=sameness, confirm_code_hash=confirm_code_hash))
    except IntegrityError:
        savepoint.rollback()
        return False
    savepoint.commit()
    names = sorted({name.lower() for _, name in request.names})
    _INSERT_NAMES.each(tx, [{"request_id": request.id, "name": name, "organization_id": request.organization_id} for name in names])
    tx.queues.add(request.organization_id)
    return True


def open_same(tx: Transaction, sameness: str) -> Request | None:
    """Return the open request of this sameness, or None."""
    row = tx.execute(sa.select(*_READ).where(requests.c.sameness == sameness, sa.text(_OPEN))).first()
    return None if row is None else _request(row._mapping)


def get(tx: Transaction, organization_id: OrganizationId, request_id: RequestId, *, scope: Scope = EVERYTHING) -> Request | None:
    """Return the request within this organization and scope, or None."""
    if not scope.everything:
        mine = (requests.c.id == request_id, requests.c.organization_id == organization_id)
        found = tx.execute(sa.select(*_READ).where(*mine, *within(requests.c.department_id, organization_id, scope))).first()
        return None if found is None else _request(found._mapping)
    row = _GET.first(tx, request=request_id, organization=organization_id)
    return None if row is None else _request(row)


def get_many(tx: Transaction, request_ids: Iterable[RequestId]) -> dict[RequestId, Request]:
    """Return the requests of these ids, whoever's they are: for the system's own work."""
    return {RequestId(row["id"]): _request(row) for row in _GET_MANY.every(tx, requests=list(request_ids))}


def endpoints_of(tx: Transaction, request_ids: Iterable[RequestId]) -> dict[RequestId, tuple[Endpoint, ...]]:
    """Return the servers that the requests of these ids name."""
    rows = _ENDPOINTS_OF.every(tx, requests=list(request_ids))
    return {RequestId(row["id"]): tuple(map(read_endpoint, row["endpoints"])) for row in rows}


def lock(tx: Transaction, organization_id: OrganizationId, request_ids: Sequence[RequestId]) -> dict[RequestId, Request]:
    """Return the requests of these ids within this organization as they now stand, locked until the end of the transaction.

    Who decides on the same requests waits here, and then reads what was decided. All lock in the order of the ids, so that
    no two wait for each other. A writer of the embedded database is alone anyway.
    """
    return {RequestId(row["id"]): _request(row) for row in _LOCK.every(tx, requests=request_ids, organization=organization_id)}


def page(
    tx: Transaction,
    organization_id: OrganizationId,
    *,
    states: Sequence[RequestState],
    scope: Scope = EVERYTHING,
    after: str = "",
    limit: int = 50,
) -> list[Request]:
    """Return requests within a scope by age, oldest first, after the id ``after`` (keyset paging)."""
    mine = within(requests.c.department_id, organization_id, scope)
    statement = sa.select(*_READ).where(requests.c.organization_id == organization_id, requests.c.id > after, *mine)
    if states:
        statement = statement.where(requests.c.state.in_([state.value for state in states]))
    return [_request(row._mapping) for row in tx.execute(statement.order_by(requests.c.id).limit(limit))]


class Changed(NamedTuple):
    """A request that changed: ``path`` is that of the department it belongs to."""

    id: RequestId
    state: str
    at: datetime
    path: str


@dataclass(frozen=True, slots=True)
class Listed:
    """A request in a list: without CSR, key and subject, which are the bulk of the row. ``names`` are the names alone."""

    id: RequestId
    state: RequestState
    names: tuple[str, ...]
    contact_name: str
    replaces_serial_hex: str
    created_at: datetime


_LISTED = [requests.c[name] for name in Listed.__slots__]


def _listed(row: Any) -> Listed:  # noqa: ANN401 - a row of the table above
    return Listed(**{**row._mapping, "state": _STATES[row.state], "names": tuple([name for _, name in row.names])})


def newest(
    tx: Transaction,
    organization_id: OrganizationId,
    *,
    states: Sequence[RequestState] = (),
    text: str = "",
    scope: Scope = EVERYTHING,
    before: str = "",
    limit: int = 50,
) -> list[Listed]:
    """Return requests within a scope, newest first, before the id ``before`` (keyset paging): the work list of administrators.

    ``text`` is the beginning of one of the names, whose order is that of the list then; no states are all states.
    """
    if text:
        return _named(tx, organization_id, states, text, scope, before, limit)
    mine = [requests.c.organization_id == organization_id, *within(requests.c.department_id, organization_id, scope)]
    mine += [requests.c.id < before] if before else []
    return _newest(tx, mine, states, limit)


def _named(
    tx: Transaction, organization_id: OrganizationId, states: Sequence[RequestState], text: str, scope: Scope, before: str, limit: int
) -> list[Listed]:
    wanted = within(requests.c.department_id, organization_id, scope)
    wanted += [requests.c.state.in_([state.value for state in states])] if states else []
    mine = request_names.c.organization_id == organization_id
    rows = _NAMES.rows(tx, mine, begins_with(text.lower()), requests.c.id, _LISTED, wanted, before=before, limit=limit)
    return [_listed(row) for row in rows]


def _newest(tx: Transaction, scope: Sequence[sa.ColumnElement[bool]], states: Sequence[RequestState], limit: int) -> list[Listed]:
    # Ids first, each state for itself: an index holds them in this order, and nothing is sorted.
    narrow = [
        sa.select(requests.c.id).where(*scope, *clause).order_by(requests.c.id.desc()).limit(limit).subquery()
        for clause in ([[requests.c.state == state.value] for state in states] or [[]])
    ]
    found = sa.union_all(*(sa.select(part.c.id) for part in narrow))
    statement = sa.select(*_LISTED).where(requests.c.id.in_(found))
    return [_listed(row) for row in tx.execute(statement.order_by(requests.c.id.desc()).limit(limit))]


def oldest_in(tx: Transaction, organization_id: OrganizationId, state: RequestState, scope: Scope = EVERYTHING) -> Request | None:
    """Return the request within a scope that has been in the queue of this state for longest, or None."""
    found = page(tx, organization_id, states=[state], scope=scope, limit=1)
    return found[0] if found else None


def count_in(
    tx: Transaction, organization_id: OrganizationId, states: Sequence[RequestState], scope: Scope = EVERYTHING
) -> dict[RequestState, int]:
    """Return how many requests within a scope stand in each of these states; meant for states in which few are at a time."""
    if scope.everything:
        rows: Iterable[Any] = _COUNT_IN.every(tx, organization=organization_id, states=[state.value for state in states])
    else:
        counted = sa.select(requests.c.state, sa.func.count().label("quantity")).where(
            requests.c.organization_id == organization_id,
            requests.c.state.in_([state.value for state in states]),
            *within(requests.c.department_id, organization_id, scope),
        )
        rows = tx.execute(counted.group_by(requests.c.state)).mappings()
    found = {RequestState(row["state"]): row["quantity"] for row in rows}
    return {state: found.get(state, 0) for state in states}


def changed_since(
    tx: Transaction, organization_id: OrganizationId, since: datetime, after: RequestId | None = None, limit: int = 200
) -> list[Changed]:
    """Return what changed after ``since``, oldest change first: what the live queue sends.

    Requests that changed exactly at ``since`` are included from the id ``after`` on: one transaction may change many.
    """
    later = requests.c.changed_at > since
    if after is not None:
        later = sa.or_(later, sa.and_(requests.c.changed_at == since, requests.c.id > after))
    path = sa.func.coalesce(departments.c.path, "").label("path")
    statement = (
        sa.select(requests.c.id, requests.c.state, requests.c.changed_at, path)
        .outerjoin(departments, departments.c.id == requests.c.department_id)
        .where(requests.c.organization_id == organization_id, later)
        .order_by(requests.c.changed_at, requests.c.id)
        .limit(limit)
    )
    return [Changed(RequestId(row.id), row.state, row.changed_at, row.path) for row in tx.execute(statement)]


def move(tx: Transaction, request: Request, department_id: DepartmentId | None, states: Collection[RequestState]) -> bool:
    """Let a request belong to another department; tells whether it stood in one of these states and belonged where it was read."""
    statement = requests.update().where(
        requests.c.id == request.id,
        requests.c.organization_id == request.organization_id,
        requests.c.state.in_([state.value for state in states]),
        is_in(requests.c.department_id, request.department_id),
    )
    tx.queues.add(request.organization_id)
    return tx.changed(statement.values(department_id=department_id, changed_at=tx.now)) == 1


def happen(tx: Transaction, request_ids: Sequence[RequestId], event: RequestEvent, reason: str = "") -> list[RequestId]:
    """Let ``event`` happen to these requests where the table of transitions allows it; return those it happened to."""
    return _changed(tx, _HAPPEN[event].every(tx, requests=request_ids, reason=reason[:500], now=tx.now))


def note_wait(tx: Transaction, request_id: RequestId, reason: str) -> bool:
    """Note why an approved request is not issued yet; tells whether that is news."""
    text = reason[:500]
    statement = (
        requests.update()
        .where(requests.c.id == request_id, requests.c.state == RequestState.APPROVED.value, requests.c.state_reason != text)
        .values(state_reason=text, changed_at=tx.now)
        .returning(requests.c.id, requests.c.organization_id)
    )
    return bool(_changed(tx, [row._mapping for row in tx.execute(statement)]))  # type: ignore[misc]


def touch(tx: Transaction, request_ids: Sequence[RequestId], event: RequestEvent) -> list[RequestId]:
    """Note a change of these requests on the way to ``event``, such as one approval of two; return those it may happen to."""
    return _changed(tx, _TOUCH[event].every(tx, requests=request_ids, now=tx.now))


def _changed(tx: Transaction, rows: Sequence[Mapping[str, Any]]) -> list[RequestId]:
    """Return the ids of what was changed, and note whose queue it was."""
    tx.queues.update(row["organization_id"] for row in rows)
    return [RequestId(row["id"]) for row in rows]


def confirm(tx: Transaction, organization_id: OrganizationId, request_id: RequestId, code_hash: str) -> bool:
    """Move an unconfirmed request on when the code fits; tells whether it did."""
    statement = (
        requests.update()
        .where(
            requests.c.id == request_id,
            requests.c.organization_id == organization_id,
            requests.c.state == RequestState.UNCONFIRMED.value,
            requests.c.confirm_code_hash == code_hash,
        )
        .values(state=RequestState.PENDING.value, changed_at=tx.now)
    )
    tx.queues.add(organization_id)
    return tx.changed(statement) == 1


def renew_code(tx: Transaction, organization_id: OrganizationId, request_id: RequestId, code_hash: str) -> bool:
    """Let another code count for a request that waits for its confirmation; tells whether it does wait."""
    statement = requests.update().where(
        requests.c.id == request_id,
        requests.c.organization_id == organization_id,
        requests.c.state == RequestState.UNCONFIRMED.value,
    )
    return tx.changed(statement.values(confirm_code_hash=code_hash)) == 1


def is_confirmed_by(tx: Transaction, request_id: RequestId, code_hash: str) -> bool:
    """Tell whether this code belongs to the request, whatever its state: a second click is harmless."""
    statement = sa.select(requests.c.id).where(requests.c.id == request_id, requests.c.confirm_code_hash == code_hash)
    return tx.execute(statement).first() is not None


def in_state_since(tx: Transaction, state: RequestState, before: datetime, limit: int = 500) -> list[tuple[RequestId, OrganizationId]]:
    """Return requests that have been in ``state`` since before a moment: what the sweep looks at."""
    statement = (
        sa.select(requests.c.id, requests.c.organization_id)
        .where(requests.c.state == state.value, requests.c.changed_at < before)
        .order_by(requests.c.changed_at)
        .limit(limit)
    )
    return [(RequestId(row.id), OrganizationId(row.organization_id)) for row in tx.execute(statement)]


def count_by_state(tx: Transaction, organization_id: OrganizationId) -> dict[RequestState, int]:
    """Return how many requests stand in each state."""
    counted = sa.select(requests.c.state, sa.func.count().label("quantity")).where(requests.c.organization_id == organization_id)
    statement = counted.group_by(requests.c.state)
    return {RequestState(row.state): row.quantity for row in tx.execute(statement)}


def insert_approvals(tx: Transaction, decided: Sequence[Approval]) -> None:
    """Add signed decisions; the same signed content can stand only once (replay)."""
    _INSERT_APPROVALS.each(tx, [{name: getattr(approval, name) for name in Approval.__slots__} for approval in decided])


def approvals_of(tx: Transaction, request_ids: Sequence[RequestId]) -> dict[RequestId, list[Approval]]:
    """Return the signed decisions about each request, oldest first."""
    found: dict[RequestId, list[Approval]] = {request_id: [] for request_id in request_ids}
    for row in _APPROVALS_OF.every(tx, requests=request_ids):
        found[row["request_id"]].append(Approval(**row))
    return found


def void_approvals(tx: Transaction, request_ids: Sequence[RequestId]) -> None:
    """Let earlier approvals of a failed request no longer count; their signed bytes stay."""
    statement = approvals.update().where(approvals.c.request_id.in_(list(request_ids)), approvals.c.decision == "approve")
    tx.execute(statement.values(decision="void"))
