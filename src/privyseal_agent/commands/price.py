"""``seal price``: what a unit costs, which several of the provider's people sign before it holds."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final, Literal, TypeAlias

from privyseal_agent import words
from privyseal_agent.changes import content_of, new_id, read_change, sign_about
from privyseal_agent.commands.change import answer as answer_change
from privyseal_agent.commands.change import standing
from privyseal_agent.desk import Reply
from privyseal_agent.errors import UsageError
from privyseal_agent.groups import AtDesk, group, open_service
from privyseal_agent.rest.client import Service
from privyseal_agent.rest.documents import Document
from privyseal_agent.settings import NO_SERVICE_OPTIONS, ServiceOptions

APP = group("price", "Prices of units, for the provider's people: list, propose, sign, refuse, withdraw.")

Tier: TypeAlias = Literal["standard", "premium"]
Currency: TypeAlias = Literal["CHF", "EUR", "GBP", "USD"]

PLACE: Final = "/provider/changes"
CENTS: Final = 100


@APP.command(name="list")
def list_prices(*, options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk) -> Reply:
    """List every price that was proposed, the newest first, and what became of it."""
    with open_service(options, desk) as service:
        found = list(_prices(service))
    rows = [
        (item.text("id"), item.text("subject"), _amount(read_change(item)[1]["value"]), item.text("state"), item.text("created_at"))
        for item in found
    ]
    table = words.table(("CHANGE", "UNIT", "PRICE", "STATE", "PROPOSED"), rows, empty="No price was proposed yet.")
    return Reply({"items": [item.fields for item in found]}, table)


@APP.command
def propose(tier: Tier, amount: str, currency: Currency, /, *, options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk) -> Reply:
    """Propose what a unit costs, under your signature; it holds when as many people have signed it as the service asks for.

    Parameters
    ----------
    tier
        The unit: standard or premium.
    amount
        The price with at most two digits after the point, such as 12.50.
    currency
        CHF, EUR, GBP or USD.
    """
    cents = _cents(amount)
    with open_service(options, desk) as service:
        held = [item.integer("base") + 1 for item in _prices(service) if (item.text("subject"), item.text("state")) == (tier, "applied")]
        base = max(held, default=0)
        needed = service.get(PLACE).part("signatures_needed").integer("price")
        value = {"tier": tier, "version": base + 1, "cents": cents, "currency": currency}
        content, change = content_of("price", tier, base, needed, value), new_id("chg", desk)
        signature = sign_about(service, desk, change, "price", content, of_provider=True)
        answer = service.post(PLACE, {"content": content.decode(), "signature": signature})
    return Reply(answer.fields, standing(answer))


@APP.command
def sign(change: str, /, *, yes: bool = False, options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk) -> Reply:
    """Sign a proposed price; with the last signature that is needed it holds.

    Parameters
    ----------
    change
        Id of the change.
    yes
        Do not ask.
    """
    with open_service(options, desk) as service:
        found = service.get(f"{PLACE}/{change}")
        desk.show(f"A {found.text('subject')} unit costs {_amount(read_change(found)[1]['value'])} from then on.")
        if not yes and not desk.confirm("Sign this price?"):
            return Reply({"signed": False}, "", "Nothing was signed.")
        return answer_change(service, desk, PLACE, found, "sign", "", of_provider=True)


@APP.command
def refuse(change: str, /, *, reason: str, options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk) -> Reply:
    """Refuse a proposed price under your signature; the proposal ends with that.

    Parameters
    ----------
    change
        Id of the change.
    reason
        Why; everybody reads it.
    """
    with open_service(options, desk) as service:
        return answer_change(service, desk, PLACE, service.get(f"{PLACE}/{change}"), "refuse", reason, of_provider=True)


@APP.command
def withdraw(change: str, /, *, reason: str, options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk) -> Reply:
    """Take a price back that you proposed.

    Parameters
    ----------
    change
        Id of the change.
    reason
        Why; everybody reads it.
    """
    with open_service(options, desk) as service:
        return answer_change(service, desk, PLACE, service.get(f"{PLACE}/{change}"), "withdraw", reason, of_provider=True)


def _prices(service: Service) -> list[Document]:
    return [item for item in service.items(PLACE) if item.text("kind") == "price"]


def _amount(value: dict[str, Any]) -> str:
    return f"{Decimal(int(value['cents'])) / CENTS:.2f} {value['currency']}"


def _cents(amount: str) -> int:
    try:
        cents = Decimal(amount) * CENTS
        if amount.isascii() and cents >= 0 and cents == cents.to_integral_value():
            return int(cents)
    except ArithmeticError:
        pass
    raise UsageError("amount", f"{amount} is no price. Write an amount with at most two digits after the point, such as 12.50.")
