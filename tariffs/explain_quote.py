"""What a session cost, line by line, in plain words."""

from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

from tariffs.adjusted import Adjusted, AdjustedQuote, Deal
from tariffs.limits import AppliedLimit
from tariffs.lines import Group, Line
from tariffs.model import Dimension
from tariffs.quote import Quote
from tariffs.rounding import to_places
from tariffs.spot import zone_of
from tariffs.words import DAYS, day, digits, listed, money


def explain_quote(quote: Quote, time_zone: str = "UTC") -> list[str]:
    """What a session cost, one sentence for each line, then the limits and the total."""
    zone = zone_of(time_zone)
    told = [_line(line, quote.currency, zone) for line in quote.lines]
    told += [_limit(limit, quote.currency) for limit in quote.limits]
    if isinstance(quote, AdjustedQuote):
        told += [_adjustment(one, quote.currency) for one in quote.adjustments]
    return [*told, _total(quote), *(f"Note: {one.path}: {one.message}." for one in quote.warnings)]


DONE = {
    Group.ENERGY: "energy",
    Group.TIME: "of charging",
    Group.PARKING: "parked",
    Group.FIXED: "fixed fee",
    Group.RESERVATION: "reserved",
}


def _line(line: Line, currency: str, zone: ZoneInfo) -> str:
    local = line.start.astimezone(zone)
    what = DONE[line.group] if line.dimension is not Dimension.FLAT else "fixed fee"
    many = "a" if line.dimension is Dimension.FLAT else f"{_short(line.quantity)} {line.unit}"
    stepped = ""
    if line.billed_quantity != line.quantity:
        stepped = f", billed as {_short(line.billed_quantity)} {line.unit} in whole steps"
    price = (
        f"{money(line.unit_price, currency)}{'' if line.dimension is Dimension.FLAT else f' per {line.unit}'}"
    )
    tax = "" if line.tax_percentage is None else f" at {digits(line.tax_percentage)} % tax"
    gross = "" if line.after_taxes is None else f", {_amount(line.after_taxes, currency)} after taxes{tax}"
    since = f"{DAYS[local.weekday()]} {day(local.date())} {local:%H:%M:%S}"
    net = _amount(line.before_taxes, currency)
    return f"From {since}: {many} {what}{stepped}, at {price}: {net} before taxes{gross}; {line.reason}."


def _short(quantity: Decimal) -> str:
    return digits(to_places(Fraction(quantity), 1, 4))


def _amount(amount: Decimal, currency: str) -> str:
    return money(to_places(Fraction(amount), 1, 4), currency)


def _limit(limit: AppliedLimit, currency: str) -> str:
    word = "least" if limit.limit == "min_price" else "most"
    side = limit.side.replace("_", " ")
    return (
        f"A session costs at {word} {money(limit.limited, currency)} {side} under tariff {limit.tariff_id}: "
        f"it would have been {_amount(limit.unlimited, currency)}."
    )


DEALS = {
    Deal.FREE_KWH: "{quantity} kWh free",
    Deal.FREE_MINUTES: "{quantity} minutes free",
    Deal.PER_KWH: "{value} before taxes for each of {quantity} kWh",
    Deal.PERCENT: "{quantity} %",
    Deal.CAP: "at most {value} before taxes is left to pay",
}


def _adjustment(one: Adjusted, currency: str) -> str:
    rule = one.adjustment
    what = DEALS[rule.deal].format(quantity=_short(one.quantity), value=_amount(rule.value, currency))
    why = f" ({rule.reason})" if rule.reason else ""
    return f"By rule {rule.id}{why}, {what}: {_amount(one.before_taxes, currency)} before taxes."


def _total(quote: Quote) -> str:
    taxes = [
        f"{_amount(tax.amount, quote.currency)} {tax.name}"
        + ("" if tax.percentage is None else f" of {digits(tax.percentage)} %")
        for tax in quote.taxes
    ]
    net, gross = _amount(quote.before_taxes, quote.currency), quote.after_taxes
    if gross is None:
        return f"In all {net} before taxes; somebody else adds the taxes."
    plus = f" plus {listed(taxes)}" if taxes else ""
    return f"In all {net}{plus}: {_amount(gross, quote.currency)} after taxes."
