"""Sessions as plain columns of whole numbers: one to and from bytes, many to and from arrays.

What is stored beside a CDR is what pricing reads of it, so that a million can be priced again without parsing
JSON. A column that says nothing is left out. Warnings about how a document was read are not kept. A session
that 64-bit numbers cannot hold exactly (finer than 1e-6 kWh, periods of different tariffs) is kept as text
instead and priced the general way.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from struct import Struct

import numpy as np
from numpy.typing import NDArray

from tariffs.columns_text import LOADS, VOLUMES, as_text, from_text
from tariffs.exact import Exact
from tariffs.session import Load, Period, Session, Source
from tariffs.session_reading import totals_of

Whole = NDArray[np.int64]

UNTOLD = -(2**63)
"""In a column of a load: not told."""

OPTIONAL = (*VOLUMES, *LOADS)
"""Columns that a session only has when they say something; a bit each, in this order."""

HEADER = Struct("<BBHIqq3sBHH")
"""Form, source, columns present, number of periods, start, end, currency, -, lengths of tariff and zone."""
WHOLE, TEXT = 1, 2
SOURCES = tuple(Source)


@dataclass(frozen=True, eq=False)
class Columns:
    """Many sessions. Periods of session i are at `offsets[i]` until `offsets[i + 1]` of the period columns.

    `began` and `end` have a number for each session, microseconds since 1970, as `start` has for each period;
    `source` is a place in the members of Source. `optional` has the other columns by name, those of OPTIONAL
    that say anything: energy in 1e-6 kWh, times in microseconds, loads in 1e-6 kW and 1e-6 A or UNTOLD.
    `exact` has the sessions, by place, that the columns cannot hold; their periods there are empty.
    """

    offsets: Whole
    began: Whole
    end: Whole
    source: Whole
    start: Whole
    optional: Mapping[str, Whole]
    currency: str | None = None
    exact: Mapping[int, Session] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.began)

    @property
    def nbytes(self) -> int:
        """The memory that the arrays take."""
        arrays = (self.offsets, self.began, self.end, self.source, self.start, *self.optional.values())
        return sum(array.nbytes for array in arrays)

    def part(self, first: int, last: int) -> "Columns":
        """Sessions `first` until `last`, without copying."""
        low, high = int(self.offsets[first]), int(self.offsets[last])
        return replace(
            self,
            offsets=self.offsets[first : last + 1] - low,
            began=self.began[first:last],
            end=self.end[first:last],
            source=self.source[first:last],
            start=self.start[low:high],
            optional={name: column[low:high] for name, column in self.optional.items()},
            exact={place - first: one for place, one in self.exact.items() if first <= place < last},
        )

    def where(self, chosen: NDArray[np.bool_]) -> "Columns":
        """The sessions for which it holds."""
        counts = np.diff(self.offsets)
        periods = np.repeat(chosen, counts)
        places = np.cumsum(chosen) - 1
        return replace(
            self,
            offsets=np.concatenate([np.zeros(1, np.int64), np.cumsum(counts[chosen])]),
            began=self.began[chosen],
            end=self.end[chosen],
            source=self.source[chosen],
            start=self.start[periods],
            optional={name: column[periods] for name, column in self.optional.items()},
            exact={int(places[place]): one for place, one in self.exact.items() if chosen[place]},
        )

    def session(self, place: int) -> Session:
        """One of the sessions again."""
        if place in self.exact:
            return self.exact[place]
        low, high = int(self.offsets[place]), int(self.offsets[place + 1])
        columns = {name: column[low:high].tolist() for name, column in self.optional.items()}
        starts = self.start[low:high].tolist()
        source = SOURCES[int(self.source[place])]
        bounds = (int(self.began[place]), int(self.end[place]))
        return _session(source, bounds, starts, columns, {"currency": self.currency})

    def __iter__(self) -> Iterator[Session]:
        return (self.session(place) for place in range(len(self)))


def encode(session: Session) -> bytes:
    """One session as bytes, to be stored beside its document."""
    columns = _columns_of(session)
    if columns is None:
        return bytes([TEXT]) + json.dumps(as_text(session), separators=(",", ":")).encode()
    present = sum(1 << bit for bit, name in enumerate(OPTIONAL) if name in columns)
    tariff, zone = _common_tariff(session).encode(), (session.time_zone or "").encode()
    head = HEADER.pack(
        WHOLE,
        SOURCES.index(session.source),
        present,
        len(session.periods),
        session.start,
        session.periods[-1].end,
        (session.currency or "").encode(),
        0,
        len(tariff),
        len(zone),
    )
    arrays = [[period.start for period in session.periods], *columns.values()]
    return head + np.array(arrays, dtype="<i8").tobytes() + tariff + zone


def decode(packed: bytes) -> Session:
    """The session that `encode` was given, without its warnings."""
    if packed[0] == TEXT:
        return from_text(json.loads(packed[1:]))
    _, source, present, count, began, end, currency, _, tariff, zone = HEADER.unpack_from(packed)
    names = [name for bit, name in enumerate(OPTIONAL) if present >> bit & 1]
    rows = np.frombuffer(packed, "<i8", count * (len(names) + 1), HEADER.size).reshape(-1, count).tolist()
    texts = HEADER.size + count * 8 * (len(names) + 1)
    told = {
        "currency": currency.rstrip(b"\0").decode() or None,
        "tariff_id": packed[texts : texts + tariff].decode() or None,
        "time_zone": packed[texts + tariff : texts + tariff + zone].decode() or None,
    }
    columns = dict(zip(names, rows[1:], strict=True))
    return _session(SOURCES[source], (began, end), rows[0], columns, told)


def pack(sessions: Iterable[Session]) -> Columns:
    """Many sessions as columns; ValueError when their currencies differ."""
    return unpack([encode(session) for session in sessions])


def unpack(packed: Sequence[bytes]) -> Columns:
    """Columns of many sessions that `encode` made; ValueError when their currencies differ."""
    exact = {place: decode(one) for place, one in enumerate(packed) if one[0] == TEXT}
    held = [EMPTY if one[0] == TEXT else one for one in packed]
    heads = [HEADER.unpack_from(one) for one in held]
    counts = np.array([head[3] for head in heads], np.int64)
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])
    said = np.bitwise_or.reduce(np.array([head[2] for head in heads], np.int64), initial=0)
    names = [name for bit, name in enumerate(OPTIONAL) if said >> bit & 1]
    start = np.zeros(int(offsets[-1]), np.int64)
    optional = {name: np.full(len(start), UNTOLD if name in LOADS else 0, np.int64) for name in names}
    for one, head, first in zip(held, heads, offsets.tolist(), strict=False):
        last = first + head[3]
        present = [name for bit, name in enumerate(OPTIONAL) if head[2] >> bit & 1]
        rows = np.frombuffer(one, "<i8", head[3] * (1 + len(present)), HEADER.size)
        start[first:last] = rows[: head[3]]
        for place, name in enumerate(present, 1):
            optional[name][first:last] = rows[place * head[3] : (place + 1) * head[3]]
    return Columns(
        offsets,
        began=np.array([head[4] for head in heads], np.int64),
        end=np.array([head[5] for head in heads], np.int64),
        source=np.array([head[1] for head in heads], np.int64),
        start=start,
        optional=optional,
        currency=_one_currency(head[6].rstrip(b"\0").decode() for head in heads),
        exact=exact,
    )


def joined(parts: Sequence[Columns]) -> Columns:
    """Several columns as one; ValueError when their currencies differ."""
    names = [name for name in OPTIONAL if any(name in part.optional for part in parts)]
    firsts = np.cumsum([0, *map(len, parts)]).tolist()
    exact = {
        first + place: one
        for first, part in zip(firsts, parts, strict=False)
        for place, one in part.exact.items()
    }
    counts = [np.diff(part.offsets) for part in parts]
    return Columns(
        np.concatenate([np.zeros(1, np.int64), np.cumsum(np.concatenate(counts))]),
        np.concatenate([part.began for part in parts]),
        np.concatenate([part.end for part in parts]),
        np.concatenate([part.source for part in parts]),
        np.concatenate([part.start for part in parts]),
        {name: np.concatenate([_filled(part, name) for part in parts]) for name in names},
        _one_currency(part.currency or "" for part in parts),
        exact,
    )


def _filled(part: Columns, name: str) -> Whole:
    nothing = UNTOLD if name in LOADS else 0
    return part.optional.get(name, np.full(len(part.start), nothing, np.int64))


EMPTY = HEADER.pack(WHOLE, 0, 0, 0, 0, 0, b"", 0, 0, 0)


def _one_currency(told: Iterable[str]) -> str | None:
    found = {currency for currency in told if currency}
    if len(found) > 1:
        raise ValueError(f"sessions of one set of columns have one currency, these have {sorted(found)}")
    return next(iter(found), None)


def _columns_of(session: Session) -> dict[str, list[int]] | None:
    """The columns that say something; None when they cannot hold the session."""
    periods = session.periods
    joined = all(one.end == other.start for one, other in pairwise(periods))
    same_tariff = len({period.tariff_id for period in periods}) == 1
    rebuilt = totals_of(list(periods)) == (session.energy, session.time, session.parking)
    if not (joined and same_tariff and rebuilt and len(session.currency or "") in (0, 3)):
        return None
    found: dict[str, list[Exact | None]] = {name: [getattr(one, name) for one in periods] for name in VOLUMES}
    for name in LOADS:
        load, side = name.split("_")
        found[name] = [getattr(getattr(one, load), side) for one in periods]
    kept = {name: values for name, values in found.items() if any(_says(name, value) for value in values)}
    return {name: _wholes(values) for name, values in kept.items()} if _fit(kept.values()) else None


def _says(name: str, value: Exact | None) -> bool:
    return value is not None if name in LOADS else bool(value)


def _fit(columns: Iterable[list[Exact | None]]) -> bool:
    values = (value for column in columns for value in column if value is not None)
    return all(isinstance(value, int) and -(2**62) < value < 2**62 for value in values)


def _wholes(values: list[Exact | None]) -> list[int]:
    return [UNTOLD if value is None else int(value) for value in values]


def _common_tariff(session: Session) -> str:
    return session.periods[0].tariff_id or ""


def _session(
    source: Source,
    bounds: tuple[int, int],
    starts: list[int],
    columns: Mapping[str, list[int]],
    told: Mapping[str, str | None],
) -> Session:
    ends = [*starts[1:], bounds[1]]
    rows = zip(*columns.values(), strict=True) if columns else ((),) * len(starts)
    periods = [
        _period(span, dict(zip(columns, row, strict=True)), told.get("tariff_id"))
        for span, row in zip(zip(starts, ends, strict=True), rows, strict=True)
    ]
    return Session(
        tuple(periods),
        bounds[0],
        source,
        *totals_of(periods),
        currency=told.get("currency"),
        time_zone=told.get("time_zone"),
    )


def _period(span: tuple[int, int], row: Mapping[str, int], tariff_id: str | None) -> Period:
    energy, charging, parking, reservation = (row.get(name, 0) for name in VOLUMES)
    sides = [_told(row.get(name, UNTOLD)) for name in LOADS]
    power, current = Load(*sides[:3]), Load(*sides[3:])
    return Period(*span, energy, charging, parking, reservation, power, current, tariff_id)


def _told(value: int) -> int | None:
    return None if value == UNTOLD else value
