"""How the costs of a CDR are reckoned in a setting, and readings that change the outcome of a quote."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from tariffs.exact import Exact
from tariffs.lines import Group, Line
from tariffs.model import Dimension, Tariff
from tariffs.policy import Policy
from tariffs.pricing import price
from tariffs.quote import Quote
from tariffs.rounding import to_places
from tariffs.session import Session
from tariffs.taxes import FREE, Cost, cost, total

Tariffs = Tariff | tuple[Tariff, ...]


@dataclass(frozen=True, slots=True)
class Reckoning:
    """An outcome: the total, and the share of each group."""

    total: Cost
    shares: dict[str, Cost | None]


@dataclass(frozen=True, slots=True)
class Setting:
    """All that decides a price; `readings` change the outcome of the quote, in their order."""

    tariffs: Tariffs
    session: Session
    time_zone: str
    policy: Policy
    expired: bool | None = None
    readings: tuple["Reading", ...] = ()

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
        quote = self.quote()
        found = Reckoning(quote.total, quote.shares)
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
    return Reckoning(total([share for share in shares.values() if share]), shares)


def gross_as_net(found: Reckoning, _quote: Quote, _setting: Setting) -> Reckoning:
    return Reckoning(
        _swollen(found.total), {name: share and _swollen(share) for name, share in found.shares.items()}
    )


def _swollen(amount: Cost) -> Cost:
    return amount if amount.gross is None else Cost(amount.gross, (), amount.gross)


def net_as_gross(found: Reckoning, _quote: Quote, _setting: Setting) -> Reckoning:
    return Reckoning(
        _shrunk(found.total), {name: share and _shrunk(share) for name, share in found.shares.items()}
    )


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
        if line not in timed:
            return None
        return surplus if line == timed[-1] else Fraction(0)

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
    shares: dict[str, Cost | None] = dict.fromkeys(quote.shares)
    for line in quote.lines:
        extra = surplus(line)
        billed = Fraction(line.billed_quantity) if extra is None else Fraction(line.quantity) + extra
        amount = billed * Fraction(line.unit_price)
        if places is not None:
            amount = Fraction(to_places(amount, 1, places))
        one = cost({line.tax_percentage: amount}, _tariff_of(line, setting).taxes)
        shares[line.group.value] = total([shares[line.group.value] or FREE, one])
    return Reckoning(total([share for share in shares.values() if share]), shares)


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
