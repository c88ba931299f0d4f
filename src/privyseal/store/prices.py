"""The provider's price list; a version is only ever added."""

from __future__ import annotations

import sqlalchemy as sa

from privyseal.model.identifiers import ChangeId
from privyseal.model.price import Price
from privyseal.model.unit import UnitTier
from privyseal.store.database import Transaction
from privyseal.store.schema import Id, UtcTime, metadata
from privyseal.store.upsert import insert_once

prices = sa.Table(
    "prices",
    metadata,
    sa.Column("tier", sa.String(16), primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("cents", sa.Integer, nullable=False),
    sa.Column("currency", sa.String(3), nullable=False),
    sa.Column("change_id", Id, sa.ForeignKey("changes.id"), nullable=False),
    sa.Column("created_at", UtcTime, nullable=False),
)


def insert(tx: Transaction, price: Price, change_id: ChangeId) -> bool:
    """Add a version; tells whether nobody else added it first."""
    values = {column.name: getattr(price, column.name) for column in prices.columns if column.name != "change_id"}
    return insert_once(tx, prices, values | {"tier": price.tier.value, "change_id": change_id})


def newest(tx: Transaction, tier: UnitTier) -> Price | None:
    """Return what a unit of a tier costs now, or None while nobody said."""
    statement = prices.select().where(prices.c.tier == tier.value).order_by(prices.c.version.desc()).limit(1)
    row = tx.execute(statement).first()
    return None if row is None else _price(row)


def get(tx: Transaction, tier: UnitTier, version: int) -> Price | None:
    """Return one version of the price of a tier, or None."""
    row = tx.execute(prices.select().where(prices.c.tier == tier.value, prices.c.version == version)).first()
    return None if row is None else _price(row)


def every(tx: Transaction) -> list[Price]:
    """Return every version of every price, by tier, the newest first."""
    return [_price(row) for row in tx.execute(prices.select().order_by(prices.c.tier.desc(), prices.c.version.desc()))]


def _price(row: sa.Row[tuple[object, ...]]) -> Price:
    fields = row._mapping
    return Price(UnitTier(fields["tier"]), fields["version"], fields["cents"], fields["currency"], fields["created_at"])
