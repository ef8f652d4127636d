"""How the costs of a CDR are reckoned in a setting, and readings that change the outcome of a quote."""

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from functools import cached_property

from tariffs.exact import Exact
from tariffs.lines import Group, Line
from tariffs.model import Dimension, Tariff, Taxes
from tariffs.policy import Policy
from tariffs.pricing import price
from tariffs.quote import Quote
from tariffs.rounding import to_places
from tariffs.session import Session
from tariffs.taxes import FREE, Cost, cost, total

Tariffs = Tariff | tuple[Tariff, ...]


Shares = dict[str, Cost | None]


class Reckoning:
    """An outcome: the total, and the share of each group, which is reckoned when it is asked for."""

    def __init__(self, total: Cost, shares: Callable[[], Shares]) -> None:
        self.total = total
        self._shares = shares

    @cached_property
    def shares(self) -> Shares:
        """None where nothing of a group had a price."""
        return self._shares()


def of_quote(quote: Quote) -> Reckoning:
    """As the quote has it."""
    return Reckoning(quote.total, lambda: quote.shares)


MOST_KEPT = 64


class Quotes:
    """Those found first of a CDR, since readings change only the outcome, and the same quote comes again."""

    def __init__(self) -> None:
        self._kept: dict[object, tuple[Session, Quote]] = {}

    def of(self, setting: "Setting") -> Quote:
        """That of a setting, whatever its readings; sessions are told apart by what they are, not say."""
        key = (setting.tariffs, id(setting.session), setting.time_zone, setting.policy, setting.expired)
        kept = self._kept.get(key)
        if kept is not None:
            return kept[1]
        quote = setting.quote()
        if len(self._kept) < MOST_KEPT:
            self._kept[key] = setting.session, quote
        return quote


@dataclass(frozen=True, slots=True)
class Setting:
    """All that decides a price; `readings` change the outcome of the quote, in their order."""

    tariffs: Tariffs
    session: Session
    time_zone: str
    policy: Policy
    expired: bool | None = None
    readings: tuple["Reading", ...] = ()
    quotes: Quotes = field(default_factory=Quotes, compare=False, repr=False)

    @property
    def given(self) -> tuple[Tariff, ...]:
        """The tariffs, also when there is only one."""
        return (self.tariffs,) if isinstance(self.tariffs, Tariff) else self.tariffs

    def quote(self) -> Quote:
        """What the session costs in this setting."""
        return price(
            self.tariffs, self.session, self.time_zone, self.policy, reservation_expired=self.expired
        )

    def reckoned(self) -> Reckoning:
        """The outcome as somebody who reckons so would tell it."""
        quote = self.quotes.of(self)
        found = of_quote(quote)
        for reading in self.readings:
            found = reading(found, quote, self)
        return found


Reading = Callable[[Reckoning, Quote, Setting], Reckoning]


def without_fee(found: Reckoning, _quote: Quote, _setting: Setting) -> Reckoning:
    return _without(found, Group.FIXED)


def without_reservation(found: Reckoning, _quote: Quote, _setting: Setting) -> Reckoning:
    return _without(found, Group.RESERVATION)


def _without(found: Reckoning, group: Group) -> Reckoning:
    left = found.shares.get(group.value)
    if left is None:
        return found
    shares = {name: None if name == group.value else share for name, share in found.shares.items()}
    return _made_of(shares)


def _made_of(shares: Shares) -> Reckoning:
    return Reckoning(total([share for share in shares.values() if share]), lambda: shares)


def _each(change: Callable[[Cost], Cost], found: Reckoning) -> Reckoning:
    """The same change of the total and of each share."""
    return Reckoning(
        change(found.total),
        lambda: {name: share and change(share) for name, share in found.shares.items()},
    )


def gross_as_net(found: Reckoning, _quote: Quote, _setting: Setting) -> Reckoning:
    return _each(_swollen, found)


def _swollen(amount: Cost) -> Cost:
    return amount if amount.gross is None else Cost(amount.gross, (), amount.gross)


def net_as_gross(found: Reckoning, _quote: Quote, _setting: Setting) -> Reckoning:
    return _each(_shrunk, found)


def _shrunk(amount: Cost) -> Cost:
    return Cost(amount.net, (), amount.net)


def steps_together(found: Reckoning, quote: Quote, setting: Setting) -> Reckoning:
    """Charging and parking time rounded as one, by the step of the last (as older texts can be read)."""
    timed = [line for line in quote.lines if line.group in (Group.TIME, Group.PARKING) and _is_volume(line)]
    if quote.limits or not timed:
        return found
    used = sum((Fraction(line.quantity) for line in timed), Fraction(0))
    surplus = _missing(used * 3600, _step_of(timed[-1], setting)) / 3600

    def added(line: Line) -> Fraction | None:
        if line.group not in (Group.TIME, Group.PARKING) or not _is_volume(line):
            return None
        return surplus if _alike(line, timed[-1]) else Fraction(0)

    return _from_lines(quote, setting, added)


def step_each_line(found: Reckoning, quote: Quote, setting: Setting) -> Reckoning:
    """Every stretch of every component rounded up to its own step."""
    if quote.limits:
        return found

    def surplus(line: Line) -> Fraction | None:
        if not _is_volume(line):
            return None
        scale = 1000 if line.dimension is Dimension.ENERGY else 3600
        return _missing(Fraction(line.quantity) * scale, _step_of(line, setting)) / scale

    return _from_lines(quote, setting, surplus)


def line_cents(found: Reckoning, quote: Quote, setting: Setting) -> Reckoning:
    """Every line rounded to cents before it is added."""
    if quote.limits:
        return found
    return _from_lines(quote, setting, lambda _line: None, places=2)


def _from_lines(
    quote: Quote, setting: Setting, surplus: Callable[[Line], Fraction | None], places: int | None = None
) -> Reckoning:
    """The outcome with other billed quantities: a surplus beyond what was used, None as it is billed."""
    amounts: dict[Sum, Fraction] = {}
    for line in quote.lines:
        extra = surplus(line)
        billed = Fraction(line.billed_quantity) if extra is None else Fraction(line.quantity) + extra
        amount = billed * Fraction(line.unit_price)
        if places is not None:
            amount = Fraction(to_places(amount, 1, places))
        sign = (amount > 0) - (amount < 0)
        key = line.group.value, line.tax_percentage, _tariff_of(line, setting).taxes, sign
        amounts[key] = amounts.get(key, Fraction(0)) + amount
    shares: Shares = dict.fromkeys(quote.shares)
    for (group, rate, taxes, _), amount in amounts.items():
        shares[group] = total([shares[group] or FREE, cost({rate: amount}, taxes)])
    return _made_of(shares)


Sum = tuple[str, Decimal | None, Taxes, int]
"""What is added up before taxes: of one group, rate and tariff's tax rule, and on one side of nought, since
the tax on nothing is known also where the rate is not (A21)."""


def _alike(one: Line, other: Line) -> bool:
    """Whether nothing tells two lines of a quote apart."""
    mine, theirs = one.use, other.use
    same = mine.candidate is theirs.candidate and mine.start == theirs.start
    return same and (mine.volume, mine.surplus) == (theirs.volume, theirs.surplus)


def _missing(used: Fraction, step: int) -> Fraction:
    return -(-_nearest_unit(used) // step) * step - used if step > 1 else Fraction(0)


def _nearest_unit(used: Fraction) -> Exact:
    """A quantity that was shown with 12 decimals, as the whole units that it stood for."""
    return round(used) if abs(used - round(used)) < Fraction(1, 10**6) else used


def _is_volume(line: Line) -> bool:
    return line.dimension is not Dimension.FLAT


def _step_of(line: Line, setting: Setting) -> int:
    element = _tariff_of(line, setting).elements[line.element_index]
    return next(part.step_size for part in element.components if part.dimension is line.dimension)


def _tariff_of(line: Line, setting: Setting) -> Tariff:
    return next(tariff for tariff in setting.given if tariff.id == line.tariff_id)
