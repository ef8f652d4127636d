"""The lines of a statement and what they make: totals by VAT, and each line's share of them."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from json.encoder import encode_basestring_ascii
from typing import Any, NamedTuple

from hub.closing import months, vat
from hub.closing.problems import SafetyBound
from hub.closing.rounding import rounded
from hub.closing.shares import Bases, Part, Total, totals_of
from hub.closing.vat import Vat
from hub.ocpi.document import Json
from hub.parties.terms import Terms
from hub.store.adjustments import taxes_of
from hub.store.base import micro, of_micro, text_of_micro

NOUGHT = Decimal(0)
FEE, ROUNDING, ADJUSTMENT = "FEE", "ROUNDING", "ADJUSTMENT"
CREDIT, PARTIAL = "CREDIT", "PARTIAL"
SIGNS: Mapping[str, int] = {CREDIT: -1, PARTIAL: 0}
"""How often a CDR and its energy count; once where it is not here."""
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


class Head(NamedTuple):
    """What the lines of a CDR or an adjustment tell beside their amounts; the first has energy and fee."""

    kind: str
    service_month: str
    clearing_id: int | None
    adjustment_id: int | None
    cdr_key: str | None
    ended_at: int
    energy: Decimal
    fee: Decimal
    text: str | None = None
    engine: str | None = None
    policy: str | None = None
    input_hash: str | None = None


def parts_of_cdr(kind: str, cdr: Json, net: int, terms: Terms) -> list[Part]:
    """What the lines of a CDR bear and their exact amounts, one for each rate; with the sign of its total.

    net  in millionths, as the amounts are
    """
    only = vat.by_terms(terms) or (None if kind == PARTIAL else vat.only_rate(cdr))
    if only is not None:
        return [(only, net)]
    return in_order((vat.of_part if kind == PARTIAL else vat.of_cdr)(cdr, of_micro(net), terms))


def in_order(bases: Mapping[Vat, Decimal]) -> list[Part]:
    return [(which, micro(bases[which])) for which in sorted(bases)]


def head_of_cdr(row: Any, terms: Terms) -> Head:
    """row: `id`, `kind` ... of its clearing, energy and net in millionths.

    Of a credit in part, money alone: the energy was charged, and the hub's part of the amount follows it.
    """
    sign = SIGNS.get(row.kind, 1)
    energy = sign * quantity(row.energy)
    return Head(
        row.kind,
        months.of(row.ended_at, terms.time_zone),
        row.id,
        None,
        row.cdr_key,
        row.ended_at,
        energy,
        fee_of(quantity(row.net), energy, sign, terms),
        None,
        row.engine,
        row.policy,
        row.input_hash,
    )


def quantity(millionths: int) -> Decimal:
    """With six decimals, whatever they are; a quarter of the time of `of_micro`."""
    return Decimal(millionths).scaleb(-6)


def parts_of_adjustment(row: Any, terms: Terms) -> list[Part]:
    return in_order(vat.of_adjustment(row.net, taxes_of(row), terms))


def head_of_adjustment(row: Any, terms: Terms) -> Head:
    """Of an amount beside CDRs. The hub's part of a CDR's amount follows it, its fee for each CDR and kWh
    does not: no CDR was taken back."""
    return Head(
        ADJUSTMENT,
        months.of(row.service_at, terms.time_zone),
        None,
        row.id,
        row.cdr_key,
        row.service_at,
        NOUGHT,
        exact(row.net * terms.fee_percent / 100),
        f"{row.kind}: {row.why}" if row.why else row.kind,
    )


def fee_of(net: Decimal, energy: Decimal, count: int, terms: Terms) -> Decimal:
    """The hub's fee for a CDR; a credit gives it back."""
    each = terms.fee_per_cdr * count + terms.fee_per_kwh * energy
    return exact(each + terms.fee_percent * net / 100)


def exact(amount: Decimal) -> Decimal:
    """To the six places that are kept of a fee; nobody is billed less than that."""
    return amount.quantize(PLACES)


# What they make --------------------------------------------------------------------------------------------


def sums_of(totals: Sequence[Total], fees: Decimal, currency: str, terms: Terms) -> Sums:
    """fees: of all lines, exact; rounded once."""
    net, tax = (sum((getattr(each, name) for each in totals), NOUGHT) for name in ("net", "tax"))
    return Sums(net, tax, rounded(fees, currency, terms.rounding), terms.fee_payer)


def fee_line(sums: Sums, cdrs: int, month: str) -> Line | None:
    """The hub's fee as a line of its own, without VAT: the hub bills that by its own document."""
    if not sums.fee:
        return None
    said = f"Fee of the hub for {cdrs} CDRs, borne by the {PAYERS[sums.fee_payer]}"
    return Line(FEE, month, vat.NONE_TOLD, sums.fee, net=sums.fee, text=said)


PAYERS = {"CPO": "CPO", "EMSP": "eMSP"}


def remaining(stay: Sequence[Line], currency: str, terms: Terms, month: str) -> Sheet:
    """What a statement is when lines have left it: the others keep their shares, and what their rounding
    differs by from that of the new totals is a line of its own."""
    totals = totals_of(Bases((each.vat, micro(each.base)) for each in stay), currency, terms)
    groups, told = by_vat(stay), list(stay)
    for total in totals:
        mine = groups[total.vat]
        net, tax = total.net - summed(mine, "net"), total.tax - summed(mine, "tax")
        if net or tax:
            told.append(
                Line(ROUNDING, month, total.vat, NOUGHT, net=net, tax=tax, text="Rounding of the rest")
            )
    sums = sums_of(totals, summed(told, "fee"), currency, terms)
    fee = fee_line(sums, len({each.clearing_id for each in stay if each.clearing_id is not None}), month)
    return checked(Sheet(tuple(told) if fee is None else (*told, fee), totals, sums))


def by_vat(given: Sequence[Line]) -> dict[Vat, list[Line]]:
    groups: defaultdict[Vat, list[Line]] = defaultdict(list)
    for each in given:
        groups[each.vat].append(each)
    return groups


def summed(some: Sequence[Line], name: str) -> Decimal:
    return sum((getattr(each, name) for each in some), NOUGHT)


def checked(made: Sheet) -> Sheet:
    """SafetyBound unless lines make up totals, and totals the sums."""
    for total in made.totals:
        mine = [each for each in made.lines if each.vat == total.vat and each.kind != FEE]
        if (summed(mine, "net"), summed(mine, "tax")) != (total.net, total.tax):
            raise SafetyBound(f"the lines of VAT {total.vat} do not make up their total")
    refuse_unowed(made.sums)
    return made


def refuse_unowed(sums: Sums) -> None:
    if sums.receivable != sums.payable + sums.fee:
        raise SafetyBound("what is owed is not what is to be paid and the fee")


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


class Row(NamedTuple):
    """A line as a row has it, amounts in millionths; without its statement and revision."""

    number: int
    kind: str
    service_month: str
    category: str
    rate: int
    base: int
    part: int
    energy: int
    fee: int
    net: int
    tax: int
    clearing_id: int | None
    adjustment_id: int | None
    cdr_key: str | None
    ended_at: int | None
    text: str | None
    engine: str | None
    policy: str | None
    input_hash: str | None


def row_of(line: Line, number: int) -> Row:
    told = columns(line)
    amounts = {name: micro(told[name]) for name in AMOUNTS}
    return Row(**told | amounts | {"number": number})


def of_figures(row: Row) -> Line:
    """The opposite."""
    return of_row(row._replace(**{name: of_micro(getattr(row, name)) for name in AMOUNTS}))  # type: ignore[arg-type]


AMOUNTS = ("rate", "base", "energy", "fee", "net", "tax")
CONTENT = (
    '{"adjustment_id": %s, "base": "%s", "category": %s, "cdr_key": %s, "clearing_id": %s, "ended_at": %s, '
    '"energy": "%s", "engine": %s, "fee": "%s", "input_hash": %s, "kind": %s, "net": "%s", "part": %s, '
    '"policy": %s, "rate": "%s", "service_month": %s, "tax": "%s", "text": %s}'
)
"""A line as text, for its checksum: equal for equal lines, on every engine, in every version of the hub."""


def content(line: Line) -> str:
    """All figures of a line as text."""
    return content_of(row_of(line, 0), figure(line.energy), figure(line.fee))


def content_of(row: Row, energy: str, fee: str) -> str:
    """energy and fee as `figure` tells them: of a credit, nought is -0."""
    _, kind, month, category, rate, base, part, _, _, net, tax, clearing, adjustment, key, ended, *rest = row
    said, engine, policy, hashed = rest
    return CONTENT % (
        usual(adjustment),
        text_of_micro(base),
        usual(category),
        "null" if key is None else encode_basestring_ascii(key),
        "null" if clearing is None else clearing,
        "null" if ended is None else ended,
        energy,
        usual(engine),
        fee,
        "null" if hashed is None else encode_basestring_ascii(hashed),
        usual(kind),
        text_of_micro(net),
        part,
        usual(policy),
        usual_rate(rate),
        usual(month),
        text_of_micro(tax),
        "null" if said is None else encode_basestring_ascii(said),
    )


def figure(amount: Decimal) -> str:
    return f"{amount.normalize():f}"


@lru_cache(maxsize=1_000)
def usual(value: int | str | None) -> str:
    """As JSON: of what is the same on most lines."""
    return json.dumps(value)


usual_rate = lru_cache(maxsize=1_000)(text_of_micro)
