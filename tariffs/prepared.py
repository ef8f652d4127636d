"""One tariff made ready for a place under a policy: the price of a CDR from its bytes, or of a session."""

import json
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from functools import lru_cache
from typing import Any

import msgspec

from tariffs.cdr_bytes import Cdr, decode, faithful
from tariffs.clock import DAY, MINUTE, clock
from tariffs.errors import SessionError
from tariffs.exact import Exact
from tariffs.lines import Use, percentage
from tariffs.loop_traits import Traits, edges_of
from tariffs.loops import Loop, Result, compiled_loop
from tariffs.model import Dimension, Tariff, without_dialect
from tariffs.plan import Candidate, Mode, compiled
from tariffs.policy import DEFAULT, Dialect, Flat, Policy, Rounded, Split, Step
from tariffs.quote import Quote
from tariffs.session import Session
from tariffs.session_reading import read_session
from tariffs.swift import Scale, Swift
from tariffs.timetable import MOST_DAYS, ORDER, Row, Timetable, UnevenClockError, midnight, time_of_day
from tariffs.walked import Walked, walked

Entries = tuple[Any, ...]
"""A row as loops read it."""

MOST_TIMES = 100_000
TIMES: dict[str, tuple[int, int]] = {}
"""Times of day and their minutes by their text, for all: a DateTime is looked up and not read."""

UNSURE = (msgspec.MsgspecError, ValueError, OverflowError, UnevenClockError)
"""What the general way decides: it refuses with path and rule, or prices what the loops cannot."""


def prepare(tariff: Tariff, time_zone: str, policy: Policy = DEFAULT) -> "Prepared":
    """`tariff` ready to price at a place in `time_zone`; kept by the tariff's content, zone and policy.

    TimeZoneError when the zone is not known.
    """
    meant = without_dialect(tariff) if policy.dialect is Dialect.OCPI else tariff
    return _prepared(meant, time_zone if policy.local_time else "UTC", policy)


class Prepared:
    """Prices CDRs under one tariff, in one zone, under one policy; `prepare` makes it."""

    def __init__(self, tariff: Tariff, time_zone: str, policy: Policy) -> None:
        self.tariff = tariff
        self.currency = tariff.currency
        self.policy = policy
        self.clock = clock(time_zone)
        self.plan = compiled(tariff)
        self.table = self.plan.table(Mode.SESSION)
        self.timetable = Timetable(self.table, self.clock)
        self.regular = _regular(policy) and without_dialect(tariff) is tariff
        candidates = [one for dimension in ORDER for one in self.table.by_dimension[dimension]]
        self.taxes = {one: percentage(self.plan, one, policy) for one in candidates}
        self.percentages = list(dict.fromkeys(self.taxes.values())) or [None]
        self.scale = Scale(self.plan, self.percentages)
        self.net_rates = {one: one.rate * self.scale.net[self._tax_of(one)] for one in candidates}
        self.traits = self._traits()
        kinds = [(from_bytes, itemised) for from_bytes in (True, False) for itemised in (False, True)]
        self._loops = {
            kind: compiled_loop(replace(self.traits, from_bytes=kind[0], itemised=kind[1])) for kind in kinds
        }
        self._loop = self._loops[True, False]
        fees = self.table.by_dimension[Dimension.FLAT]
        self._fee = None if self.traits.flat or not fees else fees[0]
        self._amounts = self._to_begin_with()
        self._entries: dict[Any, Any] = {}
        self._patterns: dict[int, list[Entries]] = {}
        self._row = () if self.table.edges else self._entries_of(self.timetable.row(0))
        self._days: dict[int, list[Entries]] = {}
        self._dates: dict[str, tuple[int, list[Entries]]] = {}

    def price(self, body: bytes) -> Quote:
        """The price of a CDR of any edition from its JSON; SessionError when it cannot be priced.

        What a price does not depend on is not read, beyond being JSON.
        """
        if self.regular and faithful(body):
            result = None
            try:
                cdr = decode(body)
                try:  # what `_of_cdr` does most often, without the cost of a call
                    if cdr.currency == self.currency:
                        amounts = self._amounts.copy()
                        result = self._loop(cdr, self._dates, TIMES, self._row, amounts, self._fee, self.plan)
                except KeyError:
                    result = self._of_cdr(self._loop, cdr)
            except UNSURE:
                pass
            if result is not None:
                return Quote(Swift(self, result[0], cdr, body))
        return Quote(walked(self.tariff, _read(body), self.clock, self.policy).done)

    def price_walked(self, walked: Walked) -> Quote | None:
        """The price of a session whose periods all have this tariff and are judged by their start; None when
        the loops cannot tell."""
        if not self.regular:
            return None
        try:
            result = self._of_session(self._loops[False, False], walked.session)
        except UnevenClockError:
            return None
        return None if result is None else Quote(Swift(self, result[0], walked))

    def walk(self, given: Any, body: bytes) -> Walked:
        """All there is to say about what was given, found the general way."""
        if isinstance(given, Walked):
            return given
        return walked(self.tariff, _read(body), self.clock, self.policy)

    def uses_of(self, given: Any, body: bytes) -> Sequence[Use]:
        """Each component over each stretch of what the loops have priced, which may ask for less than uses
        do: such as whether charging or parking came first."""
        if isinstance(given, Walked):
            result = self._of_session(self._loops[False, True], given.session)
        else:
            result = self._of_cdr(self._loops[True, True], given)
        return self.walk(given, body).uses if result is None else result[1] or ()

    def _of_cdr(self, loop: Loop, cdr: Cdr) -> Result | None:
        if cdr.currency != self.currency and cdr.currency is not None:
            return None
        try:
            return loop(cdr, self._dates, TIMES, self._row, self._amounts.copy(), self._fee, self.plan)
        except KeyError:
            looked_up = self._looked_up(cdr)
            return loop(cdr, *looked_up, self._row, self._amounts.copy(), self._fee, self.plan)

    def _looked_up(self, cdr: Cdr) -> tuple[dict[str, tuple[int, list[Entries]]], dict[str, tuple[int, int]]]:
        """The dates and times of day that a CDR names; those that can be, are kept for the next."""
        texts = [cdr.start_date_time, cdr.end_date_time or cdr.stop_date_time or ""]
        texts += [period.start_date_time for period in cdr.charging_periods]
        passed = {text[10:]: time_of_day(text[10:]) for text in texts}
        times = {text: (time, time // MINUTE) for text, time in passed.items()}
        dates = {text[:10]: midnight(text[:10]) for text in texts}
        days = {date: (start, self._day(start // DAY)) for date, start in dates.items()}
        if len(TIMES) < MOST_TIMES:
            TIMES.update((text, time) for text, time in times.items() if len(text) <= 10)
        if len(self._dates) >= MOST_DAYS:
            self._dates.clear()
        self._dates.update(days)
        return days, times

    def _of_session(self, loop: Loop, session: Session) -> Result | None:
        try:
            return loop(session, self._days, None, self._row, self._amounts.copy(), self._fee, self.plan)
        except KeyError:
            days = {
                number: self._day(number) for number in {period.start // DAY for period in session.periods}
            }
            return loop(session, days, None, self._row, self._amounts.copy(), self._fee, self.plan)

    def _day(self, number: int) -> list[Entries]:
        found = self._days.get(number)
        if found is None:
            if len(self._days) >= MOST_DAYS:
                self._days.clear()
            found = self._days[number] = self._minutes(self.timetable.day(number))
        return found

    def _minutes(self, rows: list[Row]) -> list[Entries]:
        found = self._patterns.get(id(rows))
        if found is None:
            found = self._patterns[id(rows)] = [self._entries_of(row) for row in rows]
        return found

    def _entries_of(self, row: Row) -> Entries:
        found = self._entries.get(row)
        if found is None:
            asked = tuple(self._asked(*pair) for pair in zip(ORDER, row.of, strict=True))
            found = self._entries[row] = asked[0] if self.traits.only_energy else asked
        return found

    def _asked(self, dimension: Dimension, candidates: Sequence[Candidate]) -> Any:
        if dimension in self.traits.bounded:
            entries = [(one, self._entry(one)) for one in candidates]
            return [(*edges_of(self.traits, one.bounds), entry) for one, entry in entries]
        return self._entry(candidates[0]) if candidates else None

    def _entry(self, candidate: Candidate) -> Entries:
        found = self._entries.get(candidate)
        if found is None:
            found = self._entries[candidate] = candidate.rate, self._tax_of(candidate), candidate
        return found

    def _tax_of(self, candidate: Candidate) -> int:
        return self.percentages.index(self.taxes[candidate])

    def _to_begin_with(self) -> list[Exact]:
        """The amounts by tax that every session begins with: a FLAT that always applies."""
        found: list[Exact] = [0] * len(self.percentages)
        if self._fee is not None:
            found[self._tax_of(self._fee)] = self._fee.rate
        return found

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
            flat=bool(of[Dimension.FLAT]) and not _always(of[Dimension.FLAT][0]),
            bounded=frozenset(bounded),
            looks_at=tuple(name for name, thresholds in looks.items() if thresholds),
            one_tax=len(self.percentages) == 1,
            hours=self.policy.hours,
            unknown=self.policy.unknown_load,
            stepped=self.policy.step is Step.ONCE,
        )


TIMES_OF = {Dimension.TIME, Dimension.PARKING_TIME}


def _always(candidate: Candidate) -> bool:
    return candidate.calendar is None and candidate.bounds is None


def _regular(policy: Policy) -> bool:
    """Whether the loops know this policy; everything else goes the general way."""
    return (
        policy.step in (Step.ONCE, Step.OFF)
        and policy.flat is Flat.COMPONENT
        and policy.split in (Split.BY_SOURCE, Split.START)
        and policy.rounded is Rounded.TOTAL
    )


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
