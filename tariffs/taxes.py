"""What an amount comes to before and after taxes (P-61 to P-63, A19 to A21, A32)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from tariffs.model import Taxes
from tariffs.rounding import PLACES_SHOWN, Rounding, to_places

NAME = "VAT"


@dataclass(frozen=True, slots=True)
class TaxAmount:
    """One tax as it is shown; the percentage is None when several rates are mixed in it."""

    name: str
    percentage: Decimal | None
    amount: Decimal

    def as_dict(self) -> dict[str, object]:
        """As a TaxAmount of OCPI 2.3.0."""
        percentage = {} if self.percentage is None else {"percentage": self.percentage}
        return {"name": self.name, **percentage, "amount": self.amount}


@dataclass(frozen=True, slots=True)
class Figures:
    """An amount rounded for use: net and taxes add up to gross exactly; gross None is not known."""

    before_taxes: Decimal
    taxes: tuple[TaxAmount, ...]
    after_taxes: Decimal | None


@dataclass(frozen=True, slots=True)
class Cost:
    """An exact amount: net, tax by percentage, gross (None when taxes are not known, A21)."""

    net: Fraction
    taxes: tuple[tuple[Decimal | None, Fraction], ...] = ()
    gross: Fraction | None = None

    def figures(self, places: int = PLACES_SHOWN, mode: Rounding = Rounding.HALF_UP) -> Figures:
        """Net and gross each rounded once (A29); the largest tax takes what the roundings leave over."""
        net = to_places(self.net, 1, places, mode)
        taxes = [to_places(amount, 1, places, mode) for _, amount in self.taxes]
        gross = None if self.gross is None else to_places(self.gross, 1, places, mode)
        if taxes and gross is not None:
            largest = max(range(len(taxes)), key=lambda place: abs(self.taxes[place][1]))
            left_over = Fraction(gross) - Fraction(net) - sum(map(Fraction, taxes))
            taxes[largest] = to_places(Fraction(taxes[largest]) + left_over, 1, places, mode)
        names = (percentage for percentage, _ in self.taxes)
        shown = tuple(TaxAmount(NAME, name, tax) for name, tax in zip(names, taxes, strict=True))
        return Figures(net, shown, gross)

    @property
    def before_taxes(self) -> Decimal:
        """Net, at as many decimals as it has."""
        return self.figures().before_taxes

    @property
    def after_taxes(self) -> Decimal | None:
        """Gross, None when it is not known."""
        return self.figures().after_taxes

    def as_dict(self) -> dict[str, object]:
        """JSON-ready."""
        figures = self.figures()
        return {
            "before_taxes": figures.before_taxes,
            "taxes": [tax.as_dict() for tax in figures.taxes],
            "after_taxes": figures.after_taxes,
        }


FREE = Cost(Fraction(0), (), Fraction(0))


def cost(amounts: Mapping[Decimal | None, Fraction], taxes: Taxes) -> Cost:
    """What amounts by VAT percentage (None: no percentage given) come to under a tariff's tax rule."""
    return total(_one(amount, percentage, taxes) for percentage, amount in amounts.items())


def total(costs: Iterable[Cost]) -> Cost:
    """The sum; its gross is known when every part's is. One tax per percentage (A32)."""
    net, gross = Fraction(0), Fraction(0)
    known = True
    taxes: dict[Decimal | None, Fraction] = {}
    for one in costs:
        net += one.net
        gross += one.gross or 0
        known = known and one.gross is not None
        for percentage, amount in one.taxes:
            taxes[percentage] = taxes.get(percentage, Fraction(0)) + amount
    in_order = sorted(taxes.items(), key=lambda tax: (tax[0] is None, tax[0] or 0))
    return Cost(net, tuple(in_order), gross if known else None)


def _one(amount: Fraction, percentage: Decimal | None, taxes: Taxes) -> Cost:
    if taxes is Taxes.NONE or (percentage is None and taxes is not Taxes.ON_TOP_UNKNOWN):
        return Cost(amount, (), amount)  # with INCLUDED the gross is certain and stands for the net (A20)
    if percentage is None:
        return Cost(amount, (), None if amount else amount)  # A21
    rate = Fraction(percentage) / 100
    if taxes is Taxes.INCLUDED:
        net = amount / (1 + rate)
        return Cost(net, ((percentage, amount - net),), amount)
    return Cost(amount, ((percentage, amount * rate),), amount * (1 + rate))
