"""The ways in which others reckon differently, each as a change to how a CDR is priced."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from tariffs import reckoning
from tariffs.exact import whole
from tariffs.model import Tariff, Taxes
from tariffs.policy import Dialect, Flat, Hours, Split, Step, UnknownLoad
from tariffs.reckoning import Reading, Setting
from tariffs.session import Period

Change = Callable[[Setting], Setting | None]


@dataclass(frozen=True, slots=True)
class Cause:
    """A known way to reckon differently: its stable id, what was done, and the change that does it."""

    id: str
    message: str
    change: Change


# Changes of the policy


def _policy(name: str, value: object) -> Change:
    def change(setting: Setting) -> Setting | None:
        if getattr(setting.policy, name) == value:
            return None
        return replace(setting, policy=replace(setting.policy, **{name: value}))  # type: ignore[arg-type]

    return change


def _in_utc(setting: Setting) -> Setting | None:
    return None if setting.time_zone in ("UTC", "Etc/UTC") else _policy("local_time", False)(setting)


# Changes of the tariff


def _each_tariff(change: Callable[[Tariff], Tariff]) -> Change:
    def changed(setting: Setting) -> Setting | None:
        new = tuple(change(tariff) for tariff in setting.given)
        if new == setting.given:
            return None
        return replace(setting, tariffs=new[0] if isinstance(setting.tariffs, Tariff) else new)

    return changed


def _as_included(tariff: Tariff) -> Tariff:
    on_top = tariff.taxes in (Taxes.ON_TOP, Taxes.ON_TOP_UNKNOWN)
    return replace(tariff, taxes=Taxes.INCLUDED) if on_top else tariff


def _as_on_top(tariff: Tariff) -> Tariff:
    return replace(tariff, taxes=Taxes.ON_TOP) if tariff.taxes is Taxes.INCLUDED else tariff


def _first_alone(setting: Setting) -> Setting | None:
    if isinstance(setting.tariffs, Tariff) or len(setting.tariffs) < 2:
        return None
    first = tuple(replace(period, tariff_id=None) for period in setting.session.periods)
    return replace(setting, tariffs=setting.tariffs[0], session=replace(setting.session, periods=first))


# Changes of what was used


def _each_period(change: Callable[[Period], Period]) -> Change:
    def changed(setting: Setting) -> Setting | None:
        periods = tuple(change(period) for period in setting.session.periods)
        if periods == setting.session.periods:
            return None
        return replace(setting, session=replace(setting.session, periods=periods))

    return changed


def _energy_times(factor: Fraction) -> Change:
    return _each_period(lambda period: replace(period, energy=whole(period.energy * factor)))


def _time_times(factor: Fraction) -> Change:
    """The time billed, while the clock stays."""

    def change(period: Period) -> Period:
        charging, parking = whole(period.charging * factor), whole(period.parking * factor)
        return replace(period, charging=charging, parking=parking)

    def changed(setting: Setting) -> Setting | None:
        raw = replace(setting, policy=replace(setting.policy, hours=Hours.RAW))
        return _each_period(change)(raw)

    return changed


def _parking_as_time(period: Period) -> Period:
    return replace(period, charging=period.charging + period.parking, parking=0)


def _time_as_parking(period: Period) -> Period:
    return replace(period, charging=0, parking=period.charging + period.parking)


def _without_parking(period: Period) -> Period:
    return replace(period, parking=0)


def _by_the_clock(period: Period) -> Period:
    if period.reservation:
        return period
    parked = period.parking and not period.charging
    length = period.end - period.start
    return replace(period, charging=0 if parked else length, parking=length if parked else 0)


def _expiry(setting: Setting) -> Setting | None:
    if not any(period.reservation for period in setting.session.periods):
        return None
    usual = setting.session.only_reserved if setting.expired is None else setting.expired
    return replace(setting, expired=not usual)


# Changes of the outcome


def _read(reading: Reading) -> Change:
    return lambda setting: replace(setting, readings=(*setting.readings, reading))


CAUSES: tuple[Cause, ...] = (
    Cause("STEP_SIZE_IGNORED", "what was used is billed without step_size", _policy("step", Step.OFF)),
    Cause("TZ_UTC_AS_LOCAL", "times of day were read in UTC instead of the place's time", _in_utc),
    Cause(
        "MIN_MAX_NOT_APPLIED",
        "min_price and max_price were not applied",
        _each_tariff(lambda tariff: replace(tariff, min_price=None, max_price=None)),
    ),
    Cause("PRICES_AS_GROSS", "net prices were taken to include taxes", _each_tariff(_as_included)),
    Cause("PRICES_AS_NET", "prices that include taxes were taken as net", _each_tariff(_as_on_top)),
    Cause("GROSS_AS_NET", "the amount before taxes includes taxes", _read(reckoning.gross_as_net)),
    Cause("NET_AS_GROSS", "the amount after taxes has no taxes in it", _read(reckoning.net_as_gross)),
    Cause(
        "STEP_SIZE_OLD_RULE",
        "charging and parking time were rounded up together, not only the last of them",
        _read(reckoning.steps_together),
    ),
    Cause(
        "STEP_SIZE_EACH_PART",
        "every part was rounded up to its own step_size",
        _read(reckoning.step_each_line),
    ),
    Cause(
        "STEP_SIZE_UNPRICED",
        "step_size was applied to a total with what has no price",
        _policy("step", Step.UNPRICED_TOO),
    ),
    Cause(
        "UNKNOWN_LOAD_MATCHES",
        "restrictions on power or current were taken to hold where the CDR tells neither",
        _policy("unknown_load", UnknownLoad.MATCH),
    ),
    Cause(
        "UNKNOWN_LOAD_FAILS",
        "restrictions on power were taken not to hold where the CDR tells none",
        _policy("unknown_load", UnknownLoad.NO_MATCH),
    ),
    Cause("PARKING_AS_TIME", "parking time was billed as charging time", _each_period(_parking_as_time)),
    Cause("TIME_AS_PARKING", "charging time was billed as parking time", _each_period(_time_as_parking)),
    Cause("PARKING_NOT_BILLED", "parking time was not billed", _each_period(_without_parking)),
    Cause("FLAT_TWICE", "the fixed fee was charged again in every period", _policy("flat", Flat.PERIOD)),
    Cause("FLAT_ONLY_FIRST", "only the first fixed fee was charged", _policy("flat", Flat.SESSION)),
    Cause("FLAT_MISSING", "the fixed fee was not charged", _read(reckoning.without_fee)),
    Cause("RESERVATION_MISSING", "the reservation was not charged", _read(reckoning.without_reservation)),
    Cause("RESERVATION_EXPIRY", "used and expired reservations were mistaken for each other", _expiry),
    Cause(
        "MISSING_PERIOD_SPLIT",
        "a price was changed inside periods that are not split there",
        _policy("split", Split.INTERPOLATE),
    ),
    Cause("DIALECT_IGNORED", "fields of Gireve's dialect were not applied", _policy("dialect", Dialect.OCPI)),
    Cause("FIRST_TARIFF", "all periods were priced with the first tariff", _first_alone),
    Cause("WH_AS_KWH", "energy in Wh was priced as kWh", _energy_times(Fraction(1000))),
    Cause("KWH_AS_WH", "energy in kWh was priced as Wh", _energy_times(Fraction(1, 1000))),
    Cause("HOUR_AS_MINUTE", "prices per hour were charged per minute", _time_times(Fraction(60))),
    Cause("MINUTE_AS_HOUR", "prices per hour were charged for 60 hours", _time_times(Fraction(1, 60))),
    Cause("HOURS_AS_WRITTEN", "rounded decimal hours were stepped as they are", _policy("hours", Hours.RAW)),
    Cause(
        "TIME_BY_CLOCK", "the length of periods was billed, not their volumes", _each_period(_by_the_clock)
    ),
    Cause("ROUNDED_BY_LINE", "every line was rounded before it was added", _read(reckoning.line_cents)),
)
"""The likelier first: of several that fit, the first is named."""


def alternatives(setting: Setting, others: Sequence[Tariff]) -> Iterator[tuple[Cause, Setting]]:
    """The setting changed by each cause that changes anything, other tariffs among them."""
    for tariff in others:
        if tariff not in setting.given:
            bare = tuple(replace(period, tariff_id=None) for period in setting.session.periods)
            changed = replace(setting, tariffs=tariff, session=replace(setting.session, periods=bare))
            cause = Cause(
                "TARIFF_VERSION", f"priced with another tariff or version: {_named(tariff)}", lambda _: None
            )
            yield cause, changed
    for cause in CAUSES:
        found = cause.change(setting)
        if found is not None:
            yield cause, found


def _named(tariff: Tariff) -> str:
    parts = [str(part.price) for element in tariff.elements for part in element.components]
    return f"{tariff.id} ({', '.join(parts[:4])}{' ...' if len(parts) > 4 else ''})"
