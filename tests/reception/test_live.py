"""Who follows the queue takes no more places than are his organization's."""

from __future__ import annotations

import pytest

from privyseal.model.errors import TooManyRequests
from privyseal.model.identifiers import OrganizationId
from privyseal.reception.live import MAXIMUM_FOLLOWERS, MAXIMUM_OF_ONE, Watches
from privyseal.store import organizations
from tests.reception.reception_rig import ORG, OTHER, ReceptionRig

pytestmark = pytest.mark.parametrize("service", ["sqlite"], indirect=True)


def test_one_organization_does_not_take_the_places_of_another(rig: ReceptionRig) -> None:
    """Whoever may only read can open as many streams as he likes, in as many windows."""
    house, watches = rig.service.house, Watches()
    with house.database.read(rig.service.clock()) as tx:
        one, other = organizations.require(tx, ORG).id, organizations.require(tx, OTHER).id
    for _ in range(MAXIMUM_OF_ONE):
        watches.require_room(one)
        watches.join(house, one)
    for take in (lambda: watches.require_room(one), lambda: watches.join(house, one)):
        with pytest.raises(TooManyRequests) as refused:
            take()
        assert refused.value.kind == "streams"
    watches.require_room(other)
    watches.join(house, other)
    watches.leave(one)
    watches.join(house, one)
    assert watches.followers() == MAXIMUM_OF_ONE + 1


def test_all_together_have_an_end(rig: ReceptionRig) -> None:
    house, watches = rig.service.house, Watches()
    many = [OrganizationId(f"org-{number:032x}") for number in range(MAXIMUM_FOLLOWERS // MAXIMUM_OF_ONE + 2)]
    for place in range(MAXIMUM_FOLLOWERS):
        watches.join(house, many[place // MAXIMUM_OF_ONE])
    for refused in (watches.require_room, lambda: watches.join(house, many[-1])):
        with pytest.raises(TooManyRequests):
            refused()
