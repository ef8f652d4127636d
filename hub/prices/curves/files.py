"""How a file of instants and prices, CSV or JSON, is read: every row, or none of them.

    start,price                     [{"start": "2026-11-30T00:00Z", "price": 87.35}, ...]
    2026-11-30T00:00Z,87.35         {"unit": "EUR/MWh", "prices": [...]}

`end` may stand beside them; without it every price holds until the next one, the last for as long as the
others. Of CSV the delimiter may be a comma, a semicolon or a tab; beside the latter two a decimal comma is
understood. An instant without offset is local time in the zone of the tariff; on the night on which clocks
go back such a time may be ambiguous, and is refused.
"""

import csv
import io
import itertools
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from hub.ocpi import instants, strictjson
from hub.ocpi.errors import OcpiError
from hub.prices.book.problems import DraftRefused, Refusal
from hub.prices.curves.faults import fault, refuse

LARGEST = 16 * strictjson.MIB
MINUTE = 60_000_000
HOUR = 60 * MINUTE
STARTS = ("start", "from", "instant", "time", "timestamp", "datetime", "start_date_time", "valid_from")
ENDS = ("end", "to", "until", "end_date_time", "valid_to")
PRICES = ("price", "value", "amount", "market_price", "spot_price")
LISTS = ("prices", "points", "data")
PLAIN = re.compile(r"[+-]?\d{1,12}([.,]\d{1,12})?")
WRITTEN = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*", re.ASCII)
PRICE_HEADING = re.compile(r"^(?:day-ahead )?price[ _(\[].*")
IN_HEADING = re.compile(r"[/_ (\[](mwh|kwh)\b", re.IGNORECASE)

Line = tuple[str, list[str]]
"""The place of a row of CSV, and its cells."""


@dataclass(frozen=True, slots=True)
class Quoted:
    """One row: the price from `start` until `end`, as the file has it; `place` is its line or item."""

    place: str
    start: int
    end: int
    price: Decimal


@dataclass(frozen=True, slots=True)
class Sheet:
    """The rows of a file; `told` is what it says itself of unit and currency, each with the place."""

    rows: Sequence[tuple[str, Mapping[str, Any]]]
    told: Sequence[tuple[str, str]] = ()


@dataclass
class Reader:
    """Reads rows in one time zone, and keeps every fault."""

    zone: ZoneInfo
    faults: list[Refusal] = field(default_factory=list)

    def rows(self, sheet: Sheet) -> list[tuple[str, int, int | None, Decimal]]:
        """What could be read."""
        found = []
        for place, row in sheet.rows:
            start = self.instant(place, one_of(row, STARTS))
            last = one_of(row, ENDS)
            end = None if last in (None, "") else self.instant(place, last)
            price = self.number(place, one_of(row, PRICES))
            if start is not None and price is not None and (end is not None or last in (None, "")):
                found.append((place, start, end, price))
        return found

    def instant(self, place: str, value: Any) -> int | None:
        when = written(value)
        if when is None or when.second or when.microsecond:
            self.note("time", place, f"{shown(value)} is no instant on a whole minute")
            return None
        if when.tzinfo is None:
            return self.local(place, when)
        return instants.instant(when)

    def local(self, place: str, when: datetime) -> int | None:
        """A time as clocks of the zone show it."""
        first, second = (when.replace(tzinfo=self.zone, fold=fold).utcoffset() for fold in (0, 1))
        assert first is not None
        assert second is not None
        if first > second:
            self.note("ambiguous-time", place, f"{when:%Y-%m-%d %H:%M} comes twice in {self.zone}", when)
            return None
        if first < second:
            self.note("skipped-time", place, f"{when:%Y-%m-%d %H:%M} does not come in {self.zone}", when)
            return None
        return instants.instant(when.replace(tzinfo=self.zone))

    def number(self, place: str, value: Any) -> Decimal | None:
        if isinstance(value, str) and PLAIN.fullmatch(value.strip()):
            return Decimal(value.strip().replace(",", "."))
        if isinstance(value, int | Decimal) and not isinstance(value, bool):
            return fine(Decimal(value))
        self.note("number", place, f"{shown(value)} is no price")
        return None

    def note(self, rule: str, place: str, message: str, moment: datetime | None = None) -> None:
        self.faults.append(fault(rule, place, message, moment.isoformat() if moment else None))


def read(content: bytes, zone: ZoneInfo) -> tuple[list[Quoted], Sequence[tuple[str, str]]]:
    """The rows in order, and what the file tells of its unit and currency; DraftRefused names every fault."""
    sheet = opened(content)
    if not sheet.rows:
        raise refuse("unreadable", "", "the file holds no prices")
    reader = Reader(zone)
    rows = reader.rows(sheet)
    if reader.faults:
        raise DraftRefused(reader.faults)
    quoted = ended(rows)
    faults = list(out_of_sequence(quoted))
    if faults:
        raise DraftRefused(faults)
    return quoted, sheet.told


# What follows what -----------------------------------------------------------------------------------------


def ended(rows: Sequence[tuple[str, int, int | None, Decimal]]) -> list[Quoted]:
    """Every price with its end: its own, else the next one's start, if that is where it is expected."""
    if all(end is not None for _, _, end, _ in rows):
        return [Quoted(place, start, end, price) for place, start, end, price in rows if end is not None]
    missing = next((place for place, _, end, _ in rows if end is None), "")
    if any(end is not None for _, _, end, _ in rows):
        raise refuse("columns", missing, "has no end, while others have")
    step = usual_step(rows)
    return [Quoted(place, start, start + step, price) for place, start, _, price in rows]


def usual_step(rows: Sequence[tuple[str, int, int | None, Decimal]]) -> int:
    """For how long each price holds: the distance that is most frequent."""
    starts = [start for _, start, *_ in rows]
    distances = Counter(later - start for start, later in itertools.pairwise(starts) if later > start)
    if not distances:
        if len(rows) > 1:  # all at one instant, or backwards: told as such
            return HOUR
        raise refuse("step", rows[0][0], "one price alone does not say for how long it holds")
    step = distances.most_common(1)[0][0]
    if (HOUR % step and step % HOUR) or step > 24 * HOUR:
        raise refuse("step", rows[0][0], f"each price holds for {step // MINUTE} minutes", at(starts[0]))
    return step


def out_of_sequence(quoted: Sequence[Quoted]) -> Iterator[Refusal]:
    """Each place at which a row does not begin where the one before it ends."""
    for each in quoted:
        if each.end <= each.start:
            yield fault("overlap", each.place, f"ends at {at(each.end)}, not after its start", at(each.start))
    for before, each in itertools.pairwise(quoted):
        if each.start == before.start:
            yield fault("duplicate", each.place, f"{at(each.start)} was there already", at(each.start))
        elif each.start < before.start:
            yield fault(
                "order", each.place, f"{at(each.start)} comes after {at(before.start)}", at(each.start)
            )
        elif each.start < before.end:
            yield fault("overlap", each.place, f"begins before {at(before.end)}", at(each.start))
        elif each.start > before.end:
            yield fault("gap", each.place, f"nothing holds from {at(before.end)}", at(before.end))


def at(instant: int) -> str:
    return instants.text(instant)


# The two forms of a file -----------------------------------------------------------------------------------


def opened(content: bytes) -> Sheet:
    if len(content) > LARGEST:
        raise refuse("unreadable", "", f"the file is larger than {LARGEST >> 20} MiB")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        raise refuse("unreadable", f"byte {wrong.start}", "the file is not UTF-8") from wrong
    return of_json(content) if text.lstrip()[:1] in ("[", "{") else of_csv(text)


def of_json(content: bytes) -> Sheet:
    try:
        held = strictjson.read(content.removeprefix(b"\xef\xbb\xbf"), LARGEST)
    except OcpiError as wrong:
        raise refuse("unreadable", "", wrong.message) from wrong
    told: list[tuple[str, str]] = []
    if isinstance(held, dict):
        told = [("the head", str(held[name])) for name in ("unit", "currency") if held.get(name)]
        held = next((held[name] for name in LISTS if isinstance(held.get(name), list)), None)
    if not isinstance(held, list):
        raise refuse("unreadable", "", "the file is no list of prices")
    rows = []
    for number, item in enumerate(held, 1):
        place = f"item {number}"
        if not isinstance(item, dict) or one_of(item, STARTS) is None:
            raise refuse("columns", place, "is no object with `start` and `price`")
        told += [(place, str(item[name])) for name in ("unit", "currency") if item.get(name)]
        rows.append((place, item))
    return Sheet(rows, told)


def of_csv(text: str) -> Sheet:
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter(text), strict=True)
    try:
        held = [(f"line {lines.line_num}", cells) for cells in lines if any(cell.strip() for cell in cells)]
    except csv.Error as wrong:
        raise refuse("unreadable", f"line {lines.line_num}", str(wrong)) from wrong
    if not held:
        return Sheet(())
    place, heading = held[0]
    names = ["start", "price"]
    if WRITTEN.fullmatch(heading[0].strip()) is None:
        names, held = columns(place, heading), held[1:]
    return Sheet(list(named(held, names)), list(told_in(place, heading, held, names)))


def delimiter(text: str) -> str:
    first = text.lstrip().partition("\n")[0]
    return next((one for one in ("\t", ";") if one in first), ",")


def columns(place: str, heading: Sequence[str]) -> list[str]:
    """The names that the columns have here, whatever is said of the unit in their headings."""
    names = [PRICE_HEADING.sub("price", cell.strip().lower()) for cell in heading]
    if not set(STARTS) & set(names) or not set(PRICES) & set(names):
        raise refuse("columns", place, f"has the columns {', '.join(heading)}")
    return names


def named(held: Sequence[Line], names: Sequence[str]) -> Iterator[tuple[str, dict[str, str]]]:
    for place, cells in held:
        if len(cells) != len(names):
            raise refuse("columns", place, f"has {len(cells)} columns where {len(names)} are expected")
        yield place, dict(zip(names, cells, strict=True))


def told_in(
    place: str, heading: Sequence[str], held: Sequence[Line], names: Sequence[str]
) -> Iterator[tuple[str, str]]:
    """Units in the heading (`price_eur_mwh`, `Price [EUR/MWh]`) and in columns of their own."""
    for cell in heading:
        if found := IN_HEADING.search(cell):
            yield place, found[1]
    for name in ("unit", "currency"):
        if name in names:
            column = names.index(name)
            yield from ((where, cells[column].strip()) for where, cells in held if cells[column].strip())


# Single values ---------------------------------------------------------------------------------------------


def one_of(row: Mapping[str, Any], names: Sequence[str]) -> Any:
    return next((row[name] for name in names if name in row), None)


def written(value: Any) -> datetime | None:
    """With or without offset; None when it is no date with a time of day."""
    if not isinstance(value, str) or WRITTEN.fullmatch(value.strip()) is None:
        return None
    try:
        when = datetime.fromisoformat(value.strip())
        return when if 1970 < when.year < 2200 else None
    except ValueError:
        return None


def fine(value: Decimal) -> Decimal | None:
    try:
        return value if value.is_finite() and abs(value) < 10**12 else None
    except InvalidOperation:
        return None


def shown(value: Any) -> str:
    return "nothing" if value in (None, "") else repr(value)[:60]
