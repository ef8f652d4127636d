"""How a session, a CDR of any edition or a list of plain segments becomes a Session."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Any

from tariffs.errors import SessionError
from tariffs.exact import HOUR, MILLION, SECOND, Exact, scaled, whole
from tariffs.fields import Fields
from tariffs.model import Remark
from tariffs.session import Load, Period, Session, Source

MOST_PERIODS = 100_000
STARTS = ("start_date_time", "start_datetime")
ENDS = ("end_date_time", "stop_date_time", "end_datetime")
CDR_ONLY = ("stop_date_time", "total_energy", "total_time", "cdr_location", "session_id", "tariffs", "credit")
TIMES = {"TIME": "charging", "PARKING_TIME": "parking", "RESERVATION_TIME": "reservation"}


class Kind(StrEnum):
    """What happens in a plain segment."""

    CHARGING = "CHARGING"
    PARKING = "PARKING"
    RESERVATION = "RESERVATION"


def read_session(document: Mapping[str, Any]) -> Session:
    """The session of an OCPI Session, an OCPI CDR (2.1.1 to 2.3.0) or plain segments; SessionError otherwise.

    Plain segments follow one another: `{"start": DateTime, "segments": [{"kind": "CHARGING" | "PARKING" |
    "RESERVATION", "hours" | "minutes" | "seconds": ..., "kwh": ..., "power": ..., "current": ...,
    "tariff_id": ...}]}`; min_ and max_ may stand before power and current. Numbers are int or Decimal.
    """
    if not isinstance(document, Mapping):
        raise SessionError("", "object", "a session must be an object")
    fields = Fields(document, "", SessionError)
    return _from_segments(fields) if "segments" in document else _Metering(fields).session()


def _from_segments(fields: Fields) -> Session:
    fields.require("start")
    start = at = fields.instant("start") or 0
    periods = []
    for segment in _limited(fields, "segments"):
        period = _segment(segment, at)
        periods.append(period)
        at = period.end
    _refuse_empty(periods, fields, "segments")
    totals = totals_of(periods)
    return Session(tuple(periods), start, Source.SEGMENTS, *totals, currency=fields.text("currency"))


def _segment(fields: Fields, start: int) -> Period:
    length = _length(fields)
    kind = fields.choice("kind", Kind) or Kind.CHARGING
    return Period(
        start=start,
        end=start + int(length),
        energy=scaled(fields.number("kwh") or 0, MILLION),
        charging=length if kind is Kind.CHARGING else 0,
        parking=length if kind is Kind.PARKING else 0,
        reservation=length if kind is Kind.RESERVATION else 0,
        power=_load_of(fields, "power"),
        current=_load_of(fields, "current"),
        tariff_id=fields.text("tariff_id"),
    )


def _length(fields: Fields) -> Exact:
    units = {"hours": HOUR, "minutes": 60 * SECOND, "seconds": SECOND}
    length: Exact = whole(sum(scaled(fields.number(name) or 0, unit) for name, unit in units.items()))
    if length < 0:
        fields.refuse("", "negative-time", "lasts less than nothing")
    return length


def _load_of(fields: Fields, name: str) -> Load:
    low, average, high = (_micro(fields.number(given)) for given in (f"min_{name}", name, f"max_{name}"))
    return Load(low, average, high)


class _Metering:
    """Reads one OCPI document and notes what looks wrong on the way."""

    def __init__(self, fields: Fields) -> None:
        self.fields = fields
        self.remarks: list[Remark] = []
        self.source = Source.CDR if any(map(fields.has, CDR_ONLY)) else Source.SESSION

    def session(self) -> Session:
        periods = self.inferred(self.with_energy(self.periods()))
        _refuse_empty(periods, self.fields, "charging_periods")
        energy, time, parking = totals_of(periods)
        start = self.instant(STARTS)
        return Session(
            periods=tuple(periods),
            start=periods[0].start if start is None else start,
            source=self.source,
            energy=energy,
            time=time,
            parking=parking,
            currency=self.fields.text("currency"),
            time_zone=self.zone(),
            warnings=tuple(self.remarks),
        )

    def remark(self, rule: str, path: str, message: str) -> None:
        self.remarks.append(Remark(rule, path, message))

    def instant(self, names: tuple[str, ...]) -> int | None:
        """The first of these fields that is there: the editions name them differently."""
        return next((self.fields.instant(name) for name in names if self.fields.has(name)), None)

    def zone(self) -> str | None:
        location = self.fields.child("location") or self.fields.child("cdr_location")
        return location.text("time_zone") if location else None

    def told_energy(self) -> Exact:
        for name in ("total_energy", "kwh"):
            if self.fields.has(name):
                return scaled(self.fields.required_number(name), MILLION)
        return 0

    def periods(self) -> list[Period]:
        """In order of time; each ends where the next begins, the last where the session does."""
        found = [self.period(fields) for fields in _limited(self.fields, "charging_periods")]
        in_order = sorted(found, key=lambda period: period.start)
        if found != in_order:
            self.remark("periods-unordered", "charging_periods", "are not in order of time")
        if not in_order:
            return self.whole_session()
        ends = [period.start for period in in_order[1:]] + [self.end_after(in_order[-1])]
        return [replace(period, end=end) for period, end in zip(in_order, ends, strict=True)]

    def whole_session(self) -> list[Period]:
        """A session without periods is one period (A34)."""
        start, end = self.instant(STARTS), self.instant(ENDS)
        if start is None or end is None:
            return []
        if end < start:
            self.fields.refuse("end_date_time", "end-before-start", "is before the start")
        self.remark("periods-missing", "charging_periods", "are missing: priced as one period of charging")
        return [Period(start, end, self.told_energy(), charging=end - start)]

    def end_after(self, last: Period) -> int:
        end = self.instant(ENDS)
        if end is None:
            return last.start + int(sum(last.times))
        if end < last.start:
            self.fields.refuse("end_date_time", "end-before-period", "is before the last period begins")
        return end

    def period(self, fields: Fields) -> Period:
        fields.require("start_date_time")
        start = fields.instant("start_date_time") or 0
        volumes = self.volumes(fields)
        times = {field: self.hours(fields, volumes.get(name, 0)) for name, field in TIMES.items()}
        balance = volumes.get("ENERGY_IMPORT", 0) - volumes.get("ENERGY_EXPORT", 0)
        return Period(
            start=start,
            end=start,
            energy=volumes.get("ENERGY", balance),
            power=_told(volumes, "POWER"),
            current=_told(volumes, "CURRENT"),
            tariff_id=fields.text("tariff_id"),
            **times,
        )

    def volumes(self, fields: Fields) -> dict[str, Exact]:
        """Each volume in millionths."""
        found: dict[str, Exact] = {}
        for dimension in fields.children("dimensions"):
            name = dimension.required_text("type").upper()
            if name in found:
                self.remark("dimension-twice", dimension.path, f"a second {name}: added to the first")
            found[name] = found.get(name, 0) + scaled(dimension.required_number("volume"), MILLION)
        return found

    def hours(self, fields: Fields, millionths: Exact) -> Exact:
        if millionths < 0:
            fields.refuse("dimensions", "negative-time", "lasts less than nothing")
        return whole(millionths * (HOUR // MILLION))

    def with_energy(self, periods: list[Period]) -> list[Period]:
        """Energy that only the document's total tells is spread over the time of charging (A35)."""
        metered, told = sum(period.energy for period in periods), self.told_energy()
        if told == metered or not (told or self.fields.has("total_energy") or self.fields.has("kwh")):
            return periods
        if any(period.energy for period in periods) or not periods:
            self.remark("energy-differs", "charging_periods", "their energy is not the session's")
            return periods
        self.remark("energy-spread", "charging_periods", "tell no energy: the total is spread over charging")
        weights = [period.charging for period in periods]
        if not any(weights):
            weights = [period.end - period.start for period in periods]
        return [replace(p, energy=energy) for p, energy in zip(periods, _spread(told, weights), strict=True)]

    def inferred(self, periods: list[Period]) -> list[Period]:
        """Where no period tells any time, one in which energy flowed was charging all its length (A33)."""
        told = any(any(period.times) for period in periods)
        if told or all(period.end == period.start for period in periods):
            return periods
        self.remark("time-inferred", "charging_periods", "tell no time: those with energy were charging")
        return [replace(p, charging=p.end - p.start) if p.energy else p for p in periods]


def _spread(total: Exact, weights: list[Exact]) -> list[Exact]:
    whole_weight = sum(weights)
    if not whole_weight:
        return [total, *[0] * (len(weights) - 1)]
    return [whole(Fraction(total) * weight / whole_weight) for weight in weights]


def totals_of(periods: list[Period]) -> tuple[Exact, Exact, Exact]:
    """Energy, time and parking time as they are written; a period without any time counts at its length."""
    energy = sum(period.energy for period in periods)
    time = sum(period.charging + period.parking if any(period.times) else _bare(period) for period in periods)
    return whole(energy), whole(time), whole(sum(period.parking for period in periods))


def _bare(period: Period) -> int:
    return period.end - period.start


def _told(volumes: Mapping[str, Exact], name: str) -> Load:
    low, average, high = (volumes.get(prefix + name) for prefix in ("MIN_", "", "MAX_"))
    return Load(low, average, high)


def _micro(value: Decimal | None) -> Exact | None:
    return None if value is None else scaled(value, MILLION)


def _limited(fields: Fields, name: str) -> list[Fields]:
    if len(fields.items(name)) > MOST_PERIODS:
        fields.refuse(name, "too-many", f"more than {MOST_PERIODS} periods")
    return list(fields.children(name))


def _refuse_empty(periods: list[Period], fields: Fields, name: str) -> None:
    if not periods:
        fields.refuse(name, "required", "there is nothing to price: no periods, and no start and end")
