"""Several real servers that tell the same or different things (BR 3.2.2.9)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime

import pytest

from privyseal.engine import dcv
from privyseal.engine.dcv import Evidence
from privyseal.engine.dns_lookup import DnsLookup
from privyseal.engine.perspectives import Corroborated, Perspective, Perspectives
from privyseal.model.errors import Refused
from privyseal.model.rules import usual_quorum
from tests.rigs.knot import KnotServer
from tests.rigs.ports import LOOPBACK, free_port

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
ZONE = "acme.test"
TOKEN = "q8nN0bYb0y3oWm2zT7r5kQv1xJ4uH6sLcDfGaEiPoRw"
OTHER = "Aq8nN0bYb0y3oWm2zT7r5kQv1xJ4uH6sLcDfGaEiPoRw"


@pytest.fixture(scope="module")
def servers() -> Iterator[list[KnotServer]]:
    """Four servers of the same zone; the second says nothing and the third something else."""
    with ExitStack() as stack:
        started = [stack.enter_context(KnotServer([ZONE])) for _ in range(4)]
        for server, value in zip(started, (TOKEN, "", OTHER, TOKEN), strict=True):
            if value:
                server.add(ZONE, f"_privyseal-challenge.{ZONE}", "TXT", f'"{value}"')
        yield started


def perspectives(servers: list[KnotServer], remote: list[int], quorum: int, primary: int = 0) -> Perspectives:
    places = tuple(Perspective(f"place-{number}", DnsLookup((servers[number].address,), 5.0)) for number in remote)
    return Perspectives(DnsLookup((servers[primary].address,), 5.0), places, quorum)


def look(world: Perspectives) -> Corroborated[Evidence]:
    return world.corroborate(f"The token of {ZONE}", lambda lookup: dcv.validate_dns_txt(ZONE, TOKEN, lookup, now=NOW))


def test_enough_that_agree(servers: list[KnotServer]) -> None:
    corroborated = look(perspectives(servers, [3, 1], 1))
    assert corroborated.seen.answers == (TOKEN,)
    assert [(view.name, view.agrees) for view in corroborated.views] == [("place-3", True), ("place-1", False)]
    assert "no TXT record" in corroborated.views[1].trouble
    assert corroborated.views[0].to_evidence() == {"name": "place-3", "agrees": True, "trouble": ""}


def test_alone(servers: list[KnotServer]) -> None:
    assert look(perspectives(servers, [], 0)).views == ()


def test_too_few_that_agree_are_named(servers: list[KnotServer]) -> None:
    with pytest.raises(Refused, match=r"seen by 1 of 3 places .*; 2 have to see it") as caught:
        look(perspectives(servers, [1, 2, 3], 2))
    assert caught.value.kind == "dcv-perspectives"
    assert "place-1: " in str(caught.value)
    assert "place-2: " in str(caught.value)
    assert "place-3" not in str(caught.value)


def test_the_primary_has_the_first_word(servers: list[KnotServer]) -> None:
    with pytest.raises(Refused) as caught:
        look(perspectives(servers, [0, 3], 1, primary=2))
    assert caught.value.kind == "dcv-mismatch"


def test_one_that_is_gone_does_not_agree(servers: list[KnotServer]) -> None:
    gone = Perspective("gone", DnsLookup(((LOOPBACK, free_port()),), 2.0))
    world = Perspectives(DnsLookup((servers[0].address,)), (gone, Perspective("there", DnsLookup((servers[3].address,)))), 1)
    assert [view.agrees for view in look(world).views] == [False, True]


def test_an_error_of_our_own_is_no_disagreement(servers: list[KnotServer]) -> None:
    def broken(_: DnsLookup) -> str:
        raise RuntimeError(TOKEN)

    with pytest.raises(RuntimeError):
        perspectives(servers, [3], 0).corroborate("Nothing", broken)


@pytest.mark.parametrize("quorum", [-1, 2])
def test_a_quorum_that_cannot_be_reached(servers: list[KnotServer], quorum: int) -> None:
    with pytest.raises(ValueError, match="quorum"):
        perspectives(servers, [1], quorum)


def test_two_of_one_name(servers: list[KnotServer]) -> None:
    with pytest.raises(ValueError, match="same name"):
        perspectives(servers, [1, 1], 1)


def test_the_usual_quorum() -> None:
    assert [usual_quorum(count) for count in range(8)] == [0, 1, 1, 2, 3, 4, 4, 5]
