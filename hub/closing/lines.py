"""The lines of a statement and what they make: totals by VAT, and each line's share of them."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from hub.closing import months, vat
from hub.closing.allocation import apportion
from hub.closing.problems import SafetyBound
from hub.closing.rounding import amount_of, places_of, rounded, units
from hub.closing.vat import Vat
from hub.ocpi.document import Json
from hub.parties.terms import Terms
from hub.store.adjustments import taxes_of
from hub.store.base import MICRO, micro

NOUGHT = Decimal(0)
FEE, ROUNDING, ADJUSTMENT = "FEE", "ROUNDING", "ADJUSTMENT"
BESIDE = frozenset({FEE, ROUNDING})
"""Lines that follow from the others, and are made anew when some leave."""
PLACES = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Line:
    """A line before it has its number.

    part      1 to n of a CDR that bears several rates; `energy` and `fee` stand on the first
    base      exact, with its sign; net and tax: its share of the document, in whole units of the currency
    """

    kind: str
    service_month: str
    vat: Vat
    base: Decimal
    part: int = 1
    energy: Decimal = NOUGHT
    fee: Decimal = NOUGHT
    net: Decimal = NOUGHT
    tax: Decimal = NOUGHT
    clearing_id: int | None = None
    adjustment_id: int | None = None
    cdr_key: str | None = None
    ended_at: int | None = None
    text: str | None = None
    engine: str | None = None
    policy: str | None = None
    input_hash: str | None = None


@dataclass(frozen=True, slots=True)
class Total:
    """What a statement has of one category and rate: the exact sum, the same rounded, the VAT of that."""

    vat: Vat
    base: Decimal
    net: Decimal
    tax: Decimal


@dataclass(frozen=True, slots=True)
class Sums:
    """What a statement comes to; `fee` is the hub's, which the CPO or the eMSP bears."""

    net: Decimal
    tax: Decimal
    fee: Decimal
    fee_payer: str

    @property
    def gross(self) -> Decimal:
        return self.net + self.tax

    @property
    def receivable(self) -> Decimal:
        """What the eMSP owes."""
        return self.gross + (self.fee if self.fee_payer == "EMSP" else NOUGHT)

    @property
    def payable(self) -> Decimal:
        """What the CPO gets (I6: the one is the other and the fee)."""
        return self.receivable - self.fee


@dataclass(frozen=True, slots=True)
class Sheet:
    """The lines with their shares, and the totals they make."""

    lines: tuple[Line, ...]
    totals: tuple[Total, ...]
    sums: Sums


# Lines -----------------------------------------------------------------------------------------------------


def of_cdr(row: Any, cdr: Json, terms: Terms) -> Iterator[Line]:
    """The lines of a CDR, one for each rate of VAT; amounts have the sign of its total."""
    sign = -1 if row.kind == "CREDIT" else 1
    bases = vat.of_cdr(cdr, row.net, terms)
    for place, which in enumerate(sorted(bases), 1):
        first = place == 1
        yield Line(
            kind=row.kind,
            service_month=months.of(row.ended_at, terms.time_zone),
            vat=which,
            base=bases[which],
            part=place,
            energy=sign * row.energy if first else NOUGHT,
            fee=fee_of(row.net, sign * row.energy, sign, terms) if first else NOUGHT,
            clearing_id=row.id,
            cdr_key=row.cdr_key,
            ended_at=row.ended_at,
            engine=row.engine,
            policy=row.policy,
            input_hash=row.input_hash,
        )


def of_adjustment(row: Any, terms: Terms) -> Iterator[Line]:
    """The lines of an amount beside CDRs. The hub's part of a CDR's amount follows it, its fee for each CDR
    and kWh does not: no CDR was taken back."""
    bases = vat.of_adjustment(row.net, taxes_of(row), terms)
    for place, which in enumerate(sorted(bases), 1):
        yield Line(
            kind=ADJUSTMENT,
            service_month=months.of(row.service_at, terms.time_zone),
            vat=which,
            base=bases[which],
            part=place,
            fee=exact(row.net * terms.fee_percent / 100) if place == 1 else NOUGHT,
            adjustment_id=row.id,
            cdr_key=row.cdr_key,
            ended_at=row.service_at,
            text=f"{row.kind}: {row.why}" if row.why else row.kind,
        )


def fee_of(net: Decimal, energy: Decimal, count: int, terms: Terms) -> Decimal:
    """The hub's fee for a CDR; a credit gives it back."""
    each = terms.fee_per_cdr * count + terms.fee_per_kwh * energy
    return exact(each + terms.fee_percent * net / 100)


def exact(amount: Decimal) -> Decimal:
    """To the six places that are kept of a fee; nobody is billed less than that."""
    return amount.quantize(PLACES)


# What they make --------------------------------------------------------------------------------------------


def sheet(drafts: Sequence[Line], currency: str, terms: Terms, month: str) -> Sheet:
    """A statement of these lines: totals first, each line's share from them (I2)."""
    totals, shared = [], []
    for which, mine in by_vat(drafts).items():
        total = total_of(which, [each.base for each in mine], currency, terms)
        totals.append(total)
        shared += share(mine, total, currency, terms)
    place = {(each.clearing_id, each.adjustment_id, each.part): n for n, each in enumerate(drafts)}
    shared.sort(key=lambda each: place[each.clearing_id, each.adjustment_id, each.part])
    return with_fee(shared, totals, currency, terms, month)


def by_vat(given: Sequence[Any]) -> dict[Vat, list[Any]]:
    groups: defaultdict[Vat, list[Any]] = defaultdict(list)
    for each in given:
        groups[each.vat].append(each)
    return {which: groups[which] for which in sorted(groups)}


def total_of(which: Vat, bases: Sequence[Decimal], currency: str, terms: Terms) -> Total:
    """Rounded once for all of a rate (BR-CO-17), or where agreed, each line and then summed."""
    base = sum(bases, NOUGHT)
    if terms.rounded == "LINE":
        nets = [rounded(each, currency, terms.rounding) for each in bases]
        taxes = [tax_on(each, which, currency, terms) for each in nets]
        return Total(which, base, sum(nets, NOUGHT), sum(taxes, NOUGHT))
    net = rounded(base, currency, terms.rounding)
    return Total(which, base, net, tax_on(net, which, currency, terms))


def tax_on(net: Decimal, which: Vat, currency: str, terms: Terms) -> Decimal:
    return rounded(net * which.rate / 100, currency, terms.rounding)


def share(mine: Sequence[Line], total: Total, currency: str, terms: Terms) -> list[Line]:
    """Each line's part of a total, by largest remainder: the parts make up the whole."""
    if terms.rounded == "LINE":
        nets = [rounded(each.base, currency, terms.rounding) for each in mine]
        taxes = [tax_on(net, total.vat, currency, terms) for net in nets]
    else:
        cents, rate = 10 ** places_of(currency), micro(total.vat.rate)
        nets, taxes = (
            [amount_of(whole, currency) for whole in apportion(units(sum_, currency), parts, one).values()]
            for sum_, parts, one in (
                (total.net, numbered(mine, cents), MICRO),
                (total.tax, numbered(mine, cents * rate), MICRO * MICRO * 100),
            )
        )
    return [replace(line, net=net, tax=tax) for line, net, tax in zip(mine, nets, taxes, strict=True)]


def numbered(mine: Sequence[Line], times: int) -> Mapping[str, int]:
    """Their amounts in parts of a unit, named so that names compared as text have the order of the lines."""
    return {f"{place:09}": micro(each.base) * times for place, each in enumerate(mine)}


def with_fee(
    shared: Sequence[Line], totals: Sequence[Total], currency: str, terms: Terms, month: str
) -> Sheet:
    """The hub's fee as a line of its own, without VAT: the hub bills that by its own document."""
    fee = rounded(sum((each.fee for each in shared), NOUGHT), currency, terms.rounding)
    told = tuple(shared)
    if fee:
        count = len({each.clearing_id for each in shared if each.clearing_id is not None})
        said = f"Fee of the hub for {count} CDRs, borne by the {PAYERS[terms.fee_payer]}"
        told += (Line(FEE, month, vat.NONE_TOLD, fee, net=fee, text=said),)
    net, tax = (sum((getattr(each, name) for each in totals), NOUGHT) for name in ("net", "tax"))
    return checked(Sheet(told, tuple(totals), Sums(net, tax, fee, terms.fee_payer)))


PAYERS = {"CPO": "CPO", "EMSP": "eMSP"}


def remaining(stay: Sequence[Line], currency: str, terms: Terms, month: str) -> Sheet:
    """What a statement is when lines have left it: the others keep their shares, and what their rounding
    differs by from that of the new totals is a line of its own."""
    totals, told = [], list(stay)
    for which, mine in by_vat(stay).items():
        total = total_of(which, [each.base for each in mine], currency, terms)
        totals.append(total)
        net, tax = total.net - summed(mine, "net"), total.tax - summed(mine, "tax")
        if net or tax:
            told.append(Line(ROUNDING, month, which, NOUGHT, net=net, tax=tax, text="Rounding of the rest"))
    return with_fee(told, totals, currency, terms, month)


def summed(some: Sequence[Any], name: str) -> Decimal:
    return sum((getattr(each, name) for each in some), NOUGHT)


def checked(made: Sheet) -> Sheet:
    """SafetyBound unless lines make up totals, and totals the sums."""
    for total in made.totals:
        mine = [each for each in made.lines if each.vat == total.vat and each.kind != FEE]
        if (summed(mine, "net"), summed(mine, "tax")) != (total.net, total.tax):
            raise SafetyBound(f"the lines of VAT {total.vat} do not make up their total")
    if made.sums.receivable != made.sums.payable + made.sums.fee:
        raise SafetyBound("what is owed is not what is to be paid and the fee")
    return made


# As rows ---------------------------------------------------------------------------------------------------


def columns(line: Line) -> Json:
    """A line as a row has it, but for its statement and number."""
    names = [name for name in Line.__slots__ if name != "vat"]
    told = {name: getattr(line, name) for name in names}
    return told | {"category": line.vat.category, "rate": line.vat.rate}


def of_row(row: Any) -> Line:
    """The opposite."""
    names = [name for name in Line.__slots__ if name != "vat"]
    return Line(vat=Vat(row.category, row.rate), **{name: getattr(row, name) for name in names})


def content(line: Line) -> str:
    """All figures of a line as text: equal for equal lines, on every engine."""
    told = columns(line)
    plain = {name: f"{v.normalize():f}" if isinstance(v, Decimal) else v for name, v in told.items()}
    return json.dumps(plain, sort_keys=True)
