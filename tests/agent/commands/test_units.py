"""``seal order`` and ``seal unit``."""

from __future__ import annotations

from tests.agent.conftest import Rig


def test_order(rig: Rig) -> None:
    rig.service.on("POST", "/provider/organizations/acme/orders", {"order": {"id": "ord-1"}, "balance": {}})
    told = rig.seal("order", "place", "25", "--tier", "premium", "--purchase-order", "PO-7", *rig.identity)
    assert told.out == "25 premium units ordered for acme.\n"
    assert rig.service.seen[-1].json == {"tier": "premium", "quantity": 25, "purchase_order": "PO-7"}
    assert rig.seal("order", "place", "many", "--purchase-order", "PO-7").status == 2


def test_units(rig: Rig) -> None:
    rig.service.on("GET", "/organizations/acme/units", {"standard": {"bought": 10, "reserved": 1, "used": 2, "available": 7}})
    assert rig.seal("unit", "show").out == "TIER      BOUGHT  RESERVED  USED  AVAILABLE\nstandard  10      1         2     7\n"
