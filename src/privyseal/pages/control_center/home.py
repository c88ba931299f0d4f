"""The first page of the control center: what needs a decision, what ends soon, what failed, and the units."""

from __future__ import annotations

from starlette.responses import Response

from privyseal.actions.pausing import pause_of
from privyseal.model.organization import Organization
from privyseal.model.request import RequestState
from privyseal.model.unit import UnitTier
from privyseal.pages.control_center.entry import home, look_up, sight
from privyseal.reception.site import Visit
from privyseal.store import certificates, requests, units
from privyseal.store.certificates import Standing
from privyseal.store.database import Transaction

COUNTED = [RequestState.PENDING, RequestState.HELD, RequestState.FAILED]


def show_home(visit: Visit) -> Response:
    """Show it."""
    mine = sight(visit)

    def work(tx: Transaction, organization: Organization) -> dict[str, object]:
        return {
            "home": home(visit),
            "pause": pause_of(visit.house, tx, organization),
            "counts": {state.value: quantity for state, quantity in requests.count_in(tx, organization.id, COUNTED, mine).items()},
            "oldest": requests.oldest_in(tx, organization.id, RequestState.PENDING, mine),
            "expiring": certificates.count(tx, organization.id, Standing.EXPIRING, mine),
            "next_to_expire": certificates.ending_soon(tx, organization.id, scope=mine),
            "balances": [balance for tier in UnitTier if (balance := units.balance(tx, organization.id, tier)).bought],
        }

    return visit.show("control_center/home.html", look_up(visit, work))
