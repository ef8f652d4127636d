"""An assignment rule: what it matches, what it gives, since when; and which of two is the more specific."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from enum import StrEnum
from typing import Any

from hub.ocpi.document import Json, Party

EXACT = 1000
"""How long an exact contract counts for, beside the length of a prefix."""

WEEKDAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")


class Kind(StrEnum):
    """What a rule gives: a tariff, or a change of what the tariff comes to."""

    TARIFF = "TARIFF"
    FREE_KWH = "FREE_KWH"
    FREE_MINUTES = "FREE_MINUTES"
    PER_KWH = "PER_KWH"
    PERCENT = "PERCENT"
    MONTHLY_CAP = "MONTHLY_CAP"


ADJUSTMENTS = tuple(kind for kind in Kind if kind is not Kind.TARIFF)
"""In the order in which they are applied."""


class Per(StrEnum):
    """For what an allowance is given."""

    MONTH = "MONTH"
    SESSION = "SESSION"


Band = tuple[Decimal | None, Decimal | None]
"""From a value on until below another; None is without end."""


@dataclass(frozen=True, slots=True)
class Match:
    """What a session must be for a rule to hold; None is whatever it is. Ids are folded: TR-60.

    partner         the eMSP, as a party code: DEMSP
    contract        a contract id, or how it begins followed by *
    group_id        the driver group: that of the token, or the one that `hub membership` puts the contract in
    plan, tier, campaign, location_group   as memberships name them
    tariff_type     REGULAR, AD_HOC_PAYMENT, PROFILE_CHEAP ...
    power_kw        what the connector can give, in kW; current: AC or DC
    country         three letters, as a location has it
    weekdays, hours of the start in the location's own time: 0 is Monday; minutes of the day, to below. They
                    say nothing about which rule is the more specific.
    """

    partner: str | None = None
    contract: str | None = None
    group_id: str | None = None
    plan: str | None = None
    tier: str | None = None
    campaign: str | None = None
    connector_id: str | None = None
    evse_uid: str | None = None
    location_id: str | None = None
    location_group: str | None = None
    country: str | None = None
    power_kw: Band | None = None
    current: str | None = None
    standard: str | None = None
    token_type: str | None = None
    tariff_type: str | None = None
    weekdays: tuple[int, ...] | None = None
    hours: tuple[int, int] | None = None


ORDER = (
    "partner",
    "contract",
    "group_id",
    "plan",
    "tier",
    "campaign",
    "connector_id",
    "evse_uid",
    "location_id",
    "location_group",
    "country",
    "power_kw",
    "current",
    "standard",
    "token_type",
    "tariff_type",
)
"""Of two rules that hold, the one wins that names the earliest of these where the other names none; of two
contracts the longer prefix, an exact one above all. Then the higher priority. There is no third: two rules
that are still equal and can meet are refused when they are saved."""

Rank = tuple[int, ...]


def rank(match: Match) -> Rank:
    """How specific it is; of two, the greater wins."""
    return tuple(weight(name, getattr(match, name)) for name in ORDER)


def weight(name: str, value: object) -> int:
    if value is None:
        return 0
    if name == "contract":
        return len(str(value)) - 1 if str(value).endswith("*") else EXACT
    return 1


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule as it lies in the store; instants are microseconds, the window is half-open.

    tariff_id  of kind TARIFF
    value      of the other kinds: percent, the currency per kWh, kWh, minutes, the most a month costs.
               Below zero takes off, where it can do either (PERCENT, PER_KWH). Amounts are before taxes.
    private    the tariff is only for the partner that it matches
    """

    id: int
    owner: Party
    kind: Kind
    match: Match
    valid_from: int
    recorded_at: int
    tariff_id: str | None = None
    value: Decimal | None = None
    per: Per | None = None
    currency: str | None = None
    priority: int = 0
    valid_to: int | None = None
    private: bool = False
    author: str = ""
    reason: str = ""
    replaces: int | None = None
    ended_at: int | None = None
    ended_by: str | None = None
    end_reason: str | None = None

    @property
    def rank(self) -> Rank:
        return rank(self.match)

    @property
    def order(self) -> tuple[Rank, int]:
        """Of two rules that hold, the greater wins."""
        return self.rank, self.priority

    def in_force(self, at: int) -> bool:
        return self.valid_from <= at and (self.valid_to is None or at < self.valid_to)


def plain(match: Match) -> Json:
    """As JSON can hold it: what it does not name is left out."""
    named = {field.name: getattr(match, field.name) for field in fields(match)}
    return {name: written(name, value) for name, value in named.items() if value is not None}


def legible(match: Match) -> Json:
    """The same with its partner as people write it."""
    named = plain(match)
    return named | ({"partner": party(match.partner)} if match.partner is not None else {})


def party(code: str) -> str:
    """NL/EMS, of a code as matches keep it."""
    return str(Party.of_code(code))


def of_plain(told: Json) -> Match:
    """The opposite of `plain`, of what was written by it."""
    return Match(**{name: TAKEN[name](value) if name in TAKEN else value for name, value in told.items()})


def written(name: str, value: Any) -> Any:
    return WRITTEN[name](value) if name in WRITTEN else value


def clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def minutes(text: str) -> int:
    hours, _, rest = text.partition(":")
    return int(hours) * 60 + int(rest)


def band(told: list[int | Decimal | None]) -> Band:
    low, high = (None if each is None else Decimal(each) for each in told)
    return low, high


WRITTEN: Mapping[str, Callable[..., Any]] = {
    "power_kw": list,
    "weekdays": lambda days: [WEEKDAYS[day] for day in days],
    "hours": lambda hours: "-".join(map(clock, hours)),
}
TAKEN: Mapping[str, Callable[..., Any]] = {
    "power_kw": band,
    "weekdays": lambda names: tuple(map(WEEKDAYS.index, names)),
    "hours": lambda text: tuple(map(minutes, text.split("-"))),
}
