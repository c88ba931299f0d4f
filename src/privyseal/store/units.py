"""The unit ledger: lines are only added; balances are kept beside them by conditional UPDATEs (I20, I21)."""

from __future__ import annotations

import sqlalchemy as sa

from privyseal.model.identifiers import OrganizationId, RequestId
from privyseal.model.unit import LedgerKind, Order, UnitBalance, UnitTier
from privyseal.store.database import Transaction
from privyseal.store.prepared import Prepared, is_among
from privyseal.store.schema import Id, Sequence, UtcTime, metadata
from privyseal.store.upsert import insert_or_change

orders = sa.Table(
    "orders",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("organization_id", Id, sa.ForeignKey("organizations.id"), nullable=False, index=True),
    sa.Column("tier", sa.String(16), nullable=False),
    sa.Column("quantity", sa.Integer, nullable=False),
    sa.Column("purchase_order", sa.String(64), nullable=False),
    sa.Column("created_at", UtcTime, nullable=False),
)

ledger = sa.Table(
    "unit_ledger",
    metadata,
    sa.Column("id", Sequence, primary_key=True, autoincrement=True),
    sa.Column("organization_id", Id, sa.ForeignKey("organizations.id"), nullable=False, index=True),
    sa.Column("tier", sa.String(16), nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("quantity", sa.Integer, nullable=False),
    sa.Column("request_id", Id),
    sa.Column("order_id", Id),
    sa.Column("at", UtcTime, nullable=False),
)

balances = sa.Table(
    "unit_balances",
    metadata,
    sa.Column("organization_id", Id, sa.ForeignKey("organizations.id"), primary_key=True),
    sa.Column("tier", sa.String(16), primary_key=True),
    sa.Column("bought", sa.Integer, nullable=False),
    sa.Column("reserved", sa.Integer, nullable=False),
    sa.Column("used", sa.Integer, nullable=False),
    sa.CheckConstraint("bought - reserved - used >= 0", name="never_negative"),
    sa.CheckConstraint("reserved >= 0 AND used >= 0", name="counts"),
)


_INSERT_LINES = Prepared(ledger.insert().inline(), ("organization_id", "tier", "kind", "quantity", "request_id", "order_id", "at"))
_BALANCE = Prepared(
    balances.select().where(balances.c.organization_id == sa.bindparam("organization"), balances.c.tier == sa.bindparam("of_tier"))
)
_OF_TIER = balances.update().where(balances.c.organization_id == sa.bindparam("organization"), balances.c.tier == sa.bindparam("of_tier"))
_COUNT = sa.bindparam("units", type_=sa.Integer)
_RESERVE = Prepared(
    _OF_TIER.where(balances.c.bought - balances.c.reserved - balances.c.used >= _COUNT).values(reserved=balances.c.reserved + _COUNT)
)
_CONSUME = Prepared(_OF_TIER.values(reserved=balances.c.reserved - _COUNT, used=balances.c.used + _COUNT))
_RELEASE = Prepared(_OF_TIER.values(reserved=balances.c.reserved - _COUNT))
_RESERVED_AMONG = Prepared(
    sa.select(ledger.c.request_id)
    .where(is_among(ledger.c.request_id, "requests"))
    .group_by(ledger.c.request_id)
    .having(sa.func.sum(sa.case((ledger.c.kind == LedgerKind.RESERVE.value, 1), else_=-1)) > 0)
)


def balance(tx: Transaction, organization_id: OrganizationId, tier: UnitTier) -> UnitBalance:
    """Return the balance of a tier, zero when nothing was bought."""
    row = _BALANCE.first(tx, organization=organization_id, of_tier=tier.value)
    return UnitBalance(tier, 0, 0, 0) if row is None else UnitBalance(tier, row["bought"], row["reserved"], row["used"])


def has_ordered(tx: Transaction, organization_id: OrganizationId) -> bool:
    """Tell whether there was an order before."""
    return tx.execute(sa.select(orders.c.id).where(orders.c.organization_id == organization_id).limit(1)).first() is not None


def add_order(tx: Transaction, order: Order) -> None:
    """Store an order, its ledger line and the new balance."""
    values = {column.name: getattr(order, column.name) for column in orders.columns} | {"tier": order.tier.value}
    tx.execute(orders.insert().values(**values))
    _line(tx, order.organization_id, order.tier, LedgerKind.PURCHASE, order.quantity, order_id=order.id)
    values = {"organization_id": order.organization_id, "tier": order.tier.value, "bought": order.quantity, "reserved": 0, "used": 0}
    insert_or_change(tx, balances, values, {"bought": balances.c.bought + order.quantity})


def _line(
    tx: Transaction,
    organization_id: OrganizationId,
    tier: UnitTier,
    kind: LedgerKind,
    quantity: int,
    *,
    request_id: RequestId | None = None,
    order_id: str | None = None,
) -> None:
    tx.execute(
        ledger.insert().values(
            organization_id=organization_id,
            tier=tier.value,
            kind=kind.value,
            quantity=quantity,
            request_id=request_id,
            order_id=order_id,
            at=tx.now,
        )
    )


def reserve(tx: Transaction, organization_id: OrganizationId, tier: UnitTier, request_ids: list[RequestId]) -> bool:
    """Reserve a unit for each request, all or none; tells whether enough were left."""
    if _RESERVE.changed(tx, organization=organization_id, of_tier=tier.value, units=len(request_ids)) != 1:
        return False
    _lines(tx, organization_id, tier, LedgerKind.RESERVE, request_ids)
    return True


def reserve_each(tx: Transaction, organization_id: OrganizationId, tier: UnitTier, request_ids: list[RequestId]) -> set[RequestId]:
    """Reserve a unit for each request in turn while units are left; return those that got one."""
    if reserve(tx, organization_id, tier, request_ids):
        return set(request_ids)
    return {request_id for request_id in request_ids if reserve(tx, organization_id, tier, [request_id])}


def _lines(tx: Transaction, organization_id: OrganizationId, tier: UnitTier, kind: LedgerKind, request_ids: list[RequestId]) -> None:
    rows = [
        {
            "organization_id": organization_id,
            "tier": tier.value,
            "kind": kind.value,
            "quantity": 1,
            "request_id": request_id,
            "order_id": None,
            "at": tx.now,
        }
        for request_id in request_ids
    ]
    _INSERT_LINES.each(tx, rows)


def consume(tx: Transaction, organization_id: OrganizationId, tier: UnitTier, request_ids: list[RequestId]) -> None:
    """Turn reserved units into used ones: their certificates are issued."""
    _CONSUME.changed(tx, organization=organization_id, of_tier=tier.value, units=len(request_ids))
    _lines(tx, organization_id, tier, LedgerKind.CONSUME, request_ids)


def release(tx: Transaction, organization_id: OrganizationId, tier: UnitTier, request_ids: list[RequestId]) -> None:
    """Give reserved units back: no certificate came of them."""
    _RELEASE.changed(tx, organization=organization_id, of_tier=tier.value, units=len(request_ids))
    _lines(tx, organization_id, tier, LedgerKind.RELEASE, request_ids)


def reserved_among(tx: Transaction, request_ids: list[RequestId]) -> set[RequestId]:
    """Return those requests that hold a reserved unit now: a second preparation reserves no second one (I20)."""
    return {RequestId(row["request_id"]) for row in _RESERVED_AMONG.every(tx, requests=request_ids)}


def orders_page(tx: Transaction, *, organization_id: OrganizationId | None = None, after: str = "", limit: int = 50) -> list[Order]:
    """Return orders, newest first: of one organization or of all, below the id ``after``."""
    statement = orders.select().order_by(orders.c.id.desc()).limit(limit)
    if organization_id is not None:
        statement = statement.where(orders.c.organization_id == organization_id)
    if after:
        statement = statement.where(orders.c.id < after)
    return [Order(**dict(row._mapping) | {"tier": UnitTier(row.tier)}) for row in tx.execute(statement)]
