"""One tariff made ready for a place under a policy: the price of a CDR from its bytes, or of a session."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import lru_cache
from typing import Any

import msgspec

from tariffs.assigning import assign
from tariffs.cdr_bytes import Cdr, decode, faithful
from tariffs.clock import DAY, clock
from tariffs.errors import SessionError
from tariffs.exact import Exact
from tariffs.lines import Group, Use, percentage
from tariffs.loops import Result, Traits, compiled_loop, test_of
from tariffs.model import Dimension, Tariff
from tariffs.plan import Candidate, Mode, compiled
from tariffs.policy import DEFAULT, Flat, Policy, Rounded, Split, Step
from tariffs.quote import Quote
from tariffs.session import Session, Source
from tariffs.session_reading import read_session
from tariffs.stepping import apply_steps
from tariffs.swift import Scale, Swift
from tariffs.timetable import DATES, MOST_DAYS, ORDER, TIMES, Row, Timetable, UnevenClockError
from tariffs.walked import Walked, walked

Entries = tuple[Any, ...]
"""A row as loops read it; for each dimension a candidate as (rate, place of its tax, itself), or None where
nothing has a price. Where candidates look at quantities it is a list of them, each after its test."""

UNSURE = (msgspec.MsgspecError, ValueError, OverflowError, UnevenClockError)
"""What the general way decides: it refuses with path and rule, or prices what the loops cannot."""


def prepare(tariff: Tariff, time_zone: str, policy: Policy = DEFAULT) -> "Prepared":
    """`tariff` ready to price at a place in `time_zone`; kept by the tariff's content, the zone and the policy.

    TimeZoneError when the zone is not known.
    """
    return _prepared(tariff, time_zone if policy.local_time else "UTC", policy)


class Prepared:
    """Prices CDRs under one tariff, in one zone, under one policy; `prepare` makes it."""

    def __init__(self, tariff: Tariff, time_zone: str, policy: Policy) -> None:
        self.tariff = tariff
        self.policy = policy
        self.clock = clock(time_zone)
        self.plan = compiled(tariff)
        self.table = self.plan.table(Mode.SESSION)
        self.timetable = Timetable(self.table, self.clock)
        self.regular = _regular(policy)
        candidates = [one for dimension in ORDER for one in self.table.by_dimension[dimension]]
        self.percentages = list(dict.fromkeys(percentage(self.plan, one, policy) for one in candidates)) or [None]
        self.scale = Scale(self.plan, self.percentages)
        self.traits = self._traits()
        self._loop = compiled_loop(self.traits)
        self._fresh = [0] * len(self.percentages)
        self._entries: dict[int, Entries] = {}
        self._patterns: dict[int, list[Entries]] = {}
        self._row = () if self.table.edges else self._entries_of(self.timetable.row(0))
        self._days = Days(self._day)
        self._dates = Dates(self._days)

    def price(self, body: bytes) -> Quote:
        """The price of a CDR of any edition from its JSON; SessionError when it cannot be priced.

        What a price does not depend on is not read, beyond being JSON.
        """
        if self.regular and faithful(body):
            try:
                cdr = decode(body)
                amounts = self._amounts_of_cdr(cdr, body)
            except UNSURE:
                amounts = None
            if amounts is not None:
                return Quote(Swift(self, amounts, (cdr, body)))
        return Quote(walked(self.tariff, _read(body), self.clock, self.policy).done)

    def price_walked(self, walked: Walked) -> Quote | None:
        """The price of a session whose periods all have this tariff; None when it takes more than the loops."""
        splits = walked.session.source is not Source.CDR and self.policy.split is Split.BY_SOURCE
        if not self.regular or (splits and self.table.cuts):
            return None
        try:
            result = self._of_session(replace(self.traits, from_bytes=False), walked.session)
        except UnevenClockError:
            return None
        return None if result is None else Quote(Swift(self, self._stepped(result), walked))

    def walk(self, given: Any) -> Walked:
        """All there is to say about what was given, found the general way."""
        if isinstance(given, Walked):
            return given
        return walked(self.tariff, _read(given[1]), self.clock, self.policy)

    def uses_of(self, given: Any) -> Sequence[Use]:
        """Each component over each stretch of what the loops have priced."""
        itemised = replace(self.traits, itemised=True)
        if isinstance(given, Walked):
            began = given.session.start
            result = self._of_session(replace(itemised, from_bytes=False), given.session)
        else:
            began, result = _instant(given[0].start_date_time), self._of_cdr(itemised, given[0])
        assert result is not None
        uses = [self._use(item, began) for item in result[-1]]
        apply_steps(uses, {}, self.policy.step)
        return uses

    def _use(self, item: list[Any], began: int) -> Use:
        group, candidate, start, volume, parked = item
        if group is Group.FIXED and parked and start > began:  # A36
            group = Group.PARKING
        return Use(self.plan, candidate, group, start, volume)

    def _amounts_of_cdr(self, cdr: Cdr, body: bytes) -> Sequence[Exact] | None:
        if cdr.currency is not None and cdr.currency != self.tariff.currency:
            return None
        if b"tariff_id" in body or b"\\" in body:
            named = [bool(period.tariff_id) for period in cdr.charging_periods]
            if any(named) and not all(named):
                return None
        result = self._of_cdr(self.traits, cdr)
        return None if result is None else self._stepped(result)

    def _of_cdr(self, traits: Traits, cdr: Cdr) -> Result | None:
        ended = cdr.stop_date_time if cdr.end_date_time is None else cdr.end_date_time
        if ended is None:
            return None
        loop = self._loop if traits is self.traits else compiled_loop(traits)
        began, end = _instant(cdr.start_date_time), _instant(ended)
        return loop(cdr, self._dates, self._row, began, end, self._fresh.copy())

    def _of_session(self, traits: Traits, session: Session) -> Result | None:
        loop = compiled_loop(traits)
        return loop(session, self._days, self._row, session.start, 0, self._fresh.copy())

    def _stepped(self, result: Result) -> Sequence[Exact]:
        """The amounts by tax, with what steps add to the last component of energy and of time (P-42, P-43)."""
        amounts, last_energy, energy, last_time, time, _ = result
        if self.policy.step is Step.ONCE:
            for last, total in ((last_energy, energy), (last_time, time)):
                if last is not None and total > 0:
                    rate, tax, candidate = last
                    if candidate.step:
                        amounts[tax] += -total % candidate.step * rate
        return amounts

    def _day(self, number: int) -> list[Entries]:
        rows = self.timetable.day(number)
        found = self._patterns.get(id(rows))
        if found is None:
            found = self._patterns[id(rows)] = [self._entries_of(row) for row in rows]
        return found

    def _entries_of(self, row: Row) -> Entries:
        found = self._entries.get(row.number)
        if found is None:
            pairs = zip(ORDER, row.of, strict=True)
            found = self._entries[row.number] = tuple(self._asked(*pair) for pair in pairs)
        return found

    def _asked(self, dimension: Dimension, candidates: Sequence[Candidate]) -> Any:
        entries = [(one.rate, self.percentages.index(self._tax(one)), one) for one in candidates]
        if dimension in self.traits.bounded:
            return [(test_of(one.bounds), *entry) for one, entry in zip(candidates, entries, strict=True)]
        return entries[0] if entries else None

    def _tax(self, candidate: Candidate) -> Decimal | None:
        return percentage(self.plan, candidate, self.policy)

    def _traits(self) -> Traits:
        of = self.table.by_dimension
        table = self.table
        looks = {"so_far": table.energies, "elapsed": table.durations, "power": table.powers}
        looks["current"] = table.currents
        bounded = {dimension for dimension in ORDER if any(one.bounds for one in of[dimension])}
        if bounded & TIMES_OF:
            bounded |= TIMES_OF
        return Traits(
            from_bytes=True,
            itemised=False,
            clock=bool(table.edges),
            energy=bool(of[Dimension.ENERGY]),
            time=bool(of[Dimension.TIME] or of[Dimension.PARKING_TIME]),
            flat=bool(of[Dimension.FLAT]),
            bounded=frozenset(bounded),
            looks_at=frozenset(name for name, thresholds in looks.items() if thresholds),
            one_tax=len(self.percentages) == 1,
            hours=self.policy.hours,
            unknown=self.policy.unknown_load,
        )


TIMES_OF = {Dimension.TIME, Dimension.PARKING_TIME}


class Days(dict[int, list[Entries]]):
    """The minutes of UTC days, made at first use."""

    def __init__(self, make: Callable[[int], list[Entries]]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, number: int) -> list[Entries]:
        if len(self) >= MOST_DAYS:
            self.clear()
        found = self[number] = self._make(number)
        return found


class Dates(dict[str, tuple[int, list[Entries]]]):
    """By the date of a DateTime: its midnight, and the minutes of that UTC day."""

    def __init__(self, days: Days) -> None:
        super().__init__()
        self._days = days

    def __missing__(self, date: str) -> tuple[int, list[Entries]]:
        midnight = DATES[date]
        if len(self) >= MOST_DAYS:
            self.clear()
        found = self[date] = midnight, self._days[midnight // DAY]
        return found


def _regular(policy: Policy) -> bool:
    """Whether the loops know this policy; everything else goes the general way."""
    return (
        policy.step in (Step.ONCE, Step.OFF)
        and policy.flat is Flat.COMPONENT
        and policy.split in (Split.BY_SOURCE, Split.START)
        and policy.rounded is Rounded.TOTAL
    )


def _instant(text: str) -> int:
    return DATES[text[:10]] + TIMES[text[10:]]


def _read(body: bytes) -> Session:
    try:
        return read_session(json.loads(body, parse_float=Decimal))
    except (ValueError, RecursionError) as error:
        if isinstance(error, SessionError):
            raise
        raise SessionError("", "json", f"is not JSON: {str(error)[:100]}") from error


@lru_cache(maxsize=512)
def _prepared(tariff: Tariff, time_zone: str, policy: Policy) -> Prepared:
    return Prepared(tariff, time_zone, policy)
