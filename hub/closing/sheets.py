"""A statement of however many lines: its sources are walked through twice, and no line is kept meanwhile.

First it is asked what each line bears and its exact amount, which makes the totals and the shares of all;
then for all else, and the lines leave in their order, a few thousand at a time.
"""

import hashlib
import json
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol, TypeVar

from hub.closing import lines, shares
from hub.closing.lines import NOUGHT, Head, Row, Sums, figure
from hub.closing.shares import Bases, Part, Shared, Total
from hub.parties.terms import Terms
from hub.store.base import MICRO, micro
from hub.store.bulk import TOGETHER

Out = Callable[[Sequence[Row]], object]
"""What takes some of the lines, in their order."""


Tick = Callable[[int], object]
"""Told how many CDRs and adjustments are done since it was last told; each is done twice."""

Each = TypeVar("Each")


class Source(Protocol):
    """CDRs and adjustments, always in the same order."""

    def parts(self) -> Iterator[Sequence[Part]]:
        """Of each: what its lines bear."""

    def heads(self) -> Iterator[Head]:
        """Of each: what else its lines tell."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What a statement comes to; `lines` without those that follow from the others."""

    totals: tuple[Total, ...]
    sums: Sums
    lines: int
    checksum: str


@dataclass(frozen=True, slots=True)
class Billed:
    """What a statement is of."""

    currency: str
    terms: Terms
    month: str


class Run:
    """The second walk: what has been seen so far."""

    def __init__(self) -> None:
        self.sum = hashlib.sha256()
        self.fees = NOUGHT
        self.cdrs = 0
        self.lines = 0

    def drawn(
        self, heads: Iterable[Head], counts: Iterable[int], bases: Bases, shared: Shared
    ) -> Iterator[Row]:
        """Every line that a CDR or an adjustment has."""
        each = iter(zip(bases, shared.net, shared.tax, strict=True))
        rates = {which: micro(which.rate) for which in bases.vats}
        for head, count in zip(heads, counts, strict=True):
            self.fees += head.fee
            self.cdrs += head.clearing_id is not None
            energy, fee = head.energy, head.fee
            for part in range(1, count + 1):
                (which, base), net, tax = next(each)
                self.lines += 1
                row = Row(
                    self.lines,
                    head.kind,
                    head.service_month,
                    which.category,
                    rates[which],
                    base,
                    part,
                    int(energy * MICRO),
                    int(fee * MICRO),
                    net,
                    tax,
                    *head[2:6],
                    *head[8:],
                )
                self.note(row, energy, fee)
                yield row
                energy = fee = NOUGHT

    def note(self, row: Row, energy: Decimal, fee: Decimal) -> None:
        self.sum.update(lines.content_of(row, figure(energy), figure(fee)).encode() + b"\n")


def drawn(source: Source, billed: Billed, out: Out, tick: Tick) -> Figures:
    """All lines of a statement into `out`; SafetyBound unless they make up what it comes to."""
    counts, bases = array("I"), Bases()
    for parts in ticking(source.parts(), tick):
        counts.append(len(parts))
        for which, base in parts:
            bases.add(which, base)
    shared = shares.shared(bases, billed.currency, billed.terms)
    run, page = Run(), []
    for row in run.drawn(ticking(source.heads(), tick), counts, bases, shared):
        page.append(row)
        if len(page) == TOGETHER:
            out(page)
            page = []
    sums = lines.sums_of(shared.totals, run.fees, billed.currency, billed.terms)
    lines.refuse_unowed(sums)
    fee = lines.fee_line(sums, run.cdrs, billed.month)
    if fee is not None:
        page.append(lines.row_of(fee, run.lines + 1))
        run.note(page[-1], fee.energy, fee.fee)
    out(page)
    note_totals(run.sum, shared.totals)
    return Figures(shared.totals, sums, run.lines, run.sum.hexdigest())


def ticking(some: Iterable[Each], tick: Tick) -> Iterator[Each]:
    """Told now and then, and at the end."""
    done = 0
    for each in some:
        yield each
        done += 1
        if done == STEP:
            tick(done)
            done = 0
    tick(done)


STEP = 1_000


def note_totals(sum_: "hashlib._Hash", totals: Iterable[Total]) -> None:
    for total in totals:
        figures = [figure(each) for each in (total.vat.rate, total.base, total.net, total.tax)]
        sum_.update(json.dumps([total.vat.category, *figures]).encode() + b"\n")
