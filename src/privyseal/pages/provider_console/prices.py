"""What units cost: every version of the prices, and proposing another one, which several of the provider's people sign."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from starlette.responses import Response

from privyseal.actions.house import About, attempt
from privyseal.look.change_words import price_words
from privyseal.look.sentences import word
from privyseal.look.words import gettext
from privyseal.model.administrator import Permission
from privyseal.model.change import ChangeKind
from privyseal.model.errors import BadRequest, PrivysealError, Refused
from privyseal.model.price import CURRENCIES, Price, judge_price, price_content
from privyseal.model.unit import UnitTier
from privyseal.reception.kept import go_on, marked, unsigned
from privyseal.reception.proposal_pages import Draft, propose, proposed_value, show_draft
from privyseal.reception.shown_changes import price_rules
from privyseal.reception.site import Visit
from privyseal.store import prices

PLACE = "/provider/prices"
_CENTS = 100
_CHARACTERS = 12


def show_prices(visit: Visit) -> Response:
    """Show every version of every price, the newest of a tier first."""
    with visit.house.database.read(visit.now) as tx:
        found = prices.every(tx)
    newest = {price.tier: price for price in reversed(found)}
    values = {
        "rows": [(word(price.tier.value), price, price_words(price.cents, price.currency), newest[price.tier] == price) for price in found],
        "may_change": not visit.actor.scope(Permission.SELL).is_empty,
        "filters": [],
        "next_address": "",
        "first_address": "",
    }
    return visit.show("provider_console/prices.html", values)


def ask_price(visit: Visit) -> Response:
    """Ask for a price, filled with what holds now."""
    tier = UnitTier.PREMIUM if visit.query("tier") == UnitTier.PREMIUM.value else UnitTier.STANDARD
    known = _newest(visit, tier)
    if not visit.form.is_filled_again:
        amount = f"{Decimal(known.cents) / _CENTS:.2f}" if known else ""
        visit.form.values = {"tier": [tier.value], "amount": [amount], "currency": [known.currency if known else "EUR"]}
    return _show_questions(visit)


def _newest(visit: Visit, tier: UnitTier) -> Price | None:
    with visit.house.database.read(visit.now) as tx:
        return prices.newest(tx, tier)


def _show_questions(visit: Visit, status: int = 200) -> Response:
    tiers = [(tier.value, word(tier.value), "") for tier in UnitTier]
    values = {"tiers": tiers, "currencies": [(name, name) for name in CURRENCIES], "unsigned": unsigned(visit)}
    return visit.show("provider_console/new_price.html", values, status=status)


def prepare_price(visit: Visit) -> Response:
    """Lead to what is signed to propose this price."""
    about = About("propose-change", "", "change", "new")
    try:
        attempt(visit.house, visit.actor, about, lambda: _typed(visit))
    except (Refused, BadRequest) as error:
        return _refuse(visit, error)
    return go_on(visit, f"{PLACE}/new/sign")


def _refuse(visit: Visit, error: PrivysealError) -> Response:
    visit.form.refuse("amount" if error.field == "cents" else error.field, error.sentence)
    return _show_questions(visit, 422)


def show_price(visit: Visit) -> Response:
    """Show what is signed to propose this price; without one the questions."""
    if not visit.form.values:
        return visit.go_to(f"{PLACE}/new")
    try:
        return _show_signing(visit, _typed(visit))
    except (Refused, BadRequest) as error:
        return _refuse(visit, error)


def _typed(visit: Visit) -> Price:
    tier = UnitTier.PREMIUM if visit.form.value("tier") == UnitTier.PREMIUM.value else UnitTier.STANDARD
    known = _newest(visit, tier)
    value = price_content(tier, known.version + 1 if known else 1, _cents(visit.form.value("amount")), visit.form.value("currency"))
    return judge_price(value, visit.now)


def _cents(text: str) -> int:
    """Return an amount in hundredths; raises BadRequest."""
    try:
        amount = Decimal(text.replace(",", ".")) * _CENTS if text.isascii() and len(text) <= _CHARACTERS else Decimal("NaN")
        if amount == amount.to_integral_value():
            return int(amount)
    except (InvalidOperation, ValueError, OverflowError):
        pass
    raise BadRequest("form", gettext("Write an amount with at most two digits after the point, such as 12.50."), field="amount")


def _show_signing(visit: Visit, price: Price, status: int = 200) -> Response:
    known = _newest(visit, price.tier)
    version = known.version + 1 if known else 1
    value = price_content(price.tier, version, price.cents, price.currency)
    draft = Draft(
        kind=ChangeKind.PRICE,
        subject=price.tier.value,
        base=version - 1,
        value=value,
        heading=gettext("Price of a unit: %(tier)s") % {"tier": word(price.tier.value)},
        rules=[rule for rule in price_rules(price, known) if known is None or rule.is_changed],
        back=marked(visit, f"{PLACE}/new?tier={price.tier.value}"),
        action=marked(visit, f"{PLACE}/proposed"),
        command=f"seal price propose {price.tier.value} {price.cents / _CENTS:.2f} {price.currency}",
    )
    return show_draft(visit, draft, status)


def propose_price(visit: Visit) -> Response:
    """Hand the signed proposal in."""
    return propose(visit, lambda status: _show_again(visit, status))


def _show_again(visit: Visit, status: int) -> Response:
    try:
        price = judge_price(proposed_value(visit), visit.now)
    except PrivysealError:
        return _show_questions(visit, status)
    return _show_signing(visit, price, status)
