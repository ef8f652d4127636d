"""Many sessions under another tariff or policy: what they would cost, and who would pay more or less."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tariffs.claims import Claims, read_claims
from tariffs.clock import clock
from tariffs.errors import PricingError
from tariffs.lines import Group
from tariffs.model import Tariff
from tariffs.policy import DEFAULT, Policy
from tariffs.pricing import price
from tariffs.rounding import to_places
from tariffs.session import Session
from tariffs.session_reading import read_session
from tariffs.spot import zone_of

GROUPS = ("partner", "location", "hour", "component")
MOST_UNPRICED = 100
"""Of those that could not be priced so many are named; all are counted."""

NOT_CLAIMED = "tells no cost before taxes: give the tariff that it was priced with"
UNKNOWN, UNTOLD = "unknown", "not told"
HOUR_OF_DAY = 3_600_000_000


@dataclass(frozen=True, slots=True)
class Terms:
    """What sessions are priced by: one tariff, or several that they name."""

    tariffs: Tariff | tuple[Tariff, ...]
    policy: Policy = DEFAULT

    @property
    def currency(self) -> str:
        """That of the tariffs."""
        given = self.tariffs if isinstance(self.tariffs, Tariff) else self.tariffs[0]
        return given.currency


@dataclass(frozen=True, slots=True)
class Case:
    """A session to be priced again: who pays it, where it was, and what its CDR claimed, where it has one."""

    name: str
    session: Session
    time_zone: str
    partner: str = UNKNOWN
    location: str = UNKNOWN
    claims: Claims | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one session costs before taxes, in all and by component, rounded as a CDR is; None is not told."""

    net: Decimal
    gross: Decimal | None
    shares: Mapping[str, Decimal]


@dataclass(slots=True)
class Sums:
    """Of a group: how many sessions, and their sums before taxes.

    A session counts in one group of each axis, and in each of its components on the axis of these.
    """

    count: int = 0
    before: Decimal = Decimal(0)
    after: Decimal = Decimal(0)

    @property
    def delta(self) -> Decimal:
        """How much more they cost."""
        return self.after - self.before

    def add(self, before: Decimal, after: Decimal) -> None:
        """One more."""
        self.count += 1
        self.before += before
        self.after += after

    def more(self, count: int, before: Decimal, after: Decimal) -> None:
        """So many more, with their sums."""
        self.count += count
        self.before += before
        self.after += after

    def as_dict(self) -> dict[str, object]:
        """JSON-ready."""
        return {"count": self.count, "before": self.before, "after": self.after, "delta": self.delta}


@dataclass(slots=True)
class WhatIf:
    """The outcome of a batch: sums of all, by group on each axis of GROUPS, and what could not be priced."""

    currency: str
    total: Sums = field(default_factory=Sums)
    groups: dict[str, dict[str, Sums]] = field(default_factory=lambda: {axis: {} for axis in GROUPS})
    dearer: int = 0
    cheaper: int = 0
    unpriced: int = 0
    reasons: list[tuple[str, str]] = field(default_factory=list)

    def add(self, case: Case, before: Outcome, after: Outcome) -> None:
        """One session more."""
        self.total.add(before.net, after.net)
        self.dearer += after.net > before.net
        self.cheaper += after.net < before.net
        for axis, name in (("partner", case.partner), ("location", case.location), ("hour", _hour(case))):
            self.group(axis, name).add(before.net, after.net)
        for name in (*Group, UNTOLD):
            was, now = _part(before, name), _part(after, name)
            if was is not None or now is not None:
                self.group("component", name).add(was or Decimal(0), now or Decimal(0))

    def group(self, axis: str, name: str) -> Sums:
        """The sums of a group; it begins with none."""
        return self.groups[axis].setdefault(name, Sums())

    def refuse(self, name: str, reason: str) -> None:
        """One that cannot be priced."""
        self.unpriced += 1
        if len(self.reasons) < MOST_UNPRICED:
            self.reasons.append((name, reason))

    def as_dict(self) -> dict[str, object]:
        """JSON-ready, groups in order of their names."""
        return {
            "currency": self.currency,
            **self.total.as_dict(),
            "dearer": self.dearer,
            "cheaper": self.cheaper,
            "groups": {
                axis: {name: sums.as_dict() for name, sums in sorted(groups.items())}
                for axis, groups in self.groups.items()
            },
            "unpriced": self.unpriced,
            "reasons": [{"name": name, "reason": reason} for name, reason in self.reasons],
        }


def read_case(document: Mapping[str, Any], time_zone: str | None = None) -> Case:
    """A CDR, a session or plain segments to be priced again; PricingError when it cannot be read.

    Its partner is the party that issued its token. `time_zone` holds where its location names none.
    """
    session = read_session(document)
    zone = session.time_zone or time_zone or "UTC"
    zone_of(zone)
    claims = read_claims(document) if document.get("total_cost") is not None else None
    return Case(_name(document), session, zone, _partner(document), _location(document), claims)


def what_if(cases: Iterable[Case], after: Terms, before: Terms | None = None) -> WhatIf:
    """What `cases` cost under `after` beside `before`, by default beside what their CDRs claim.

    Takes cases one at a time, so a batch of any size needs little memory. A case that cannot be priced is
    counted and named, and is in none of the sums.
    """
    found = WhatIf(after.currency)
    for case, was, now in _outcomes(cases, after, before):
        if isinstance(was, str):
            found.refuse(case.name, was)
        elif isinstance(now, str):
            found.refuse(case.name, now)
        else:
            found.add(case, was, now)
    return found


def _outcomes(
    cases: Iterable[Case], after: Terms, before: Terms | None
) -> Iterator[tuple[Case, Outcome | str, Outcome | str]]:
    """The one place that prices a batch: it asks `price` session by session."""
    for case in cases:
        was = _claimed(case, after.currency) if before is None else _priced(case, before)
        yield case, was, _priced(case, after)


def _priced(case: Case, terms: Terms) -> Outcome | str:
    try:
        quote = price(terms.tariffs, case.session, case.time_zone, terms.policy)
    except PricingError as error:
        return str(error)
    places, unit = terms.policy.decimals, 10**terms.policy.decimals
    net, gross = quote.whole_amounts(places)
    shown = None if gross is None else to_places(gross, unit, places)
    return Outcome(to_places(net, unit, places), shown, quote.nets(places))


def _claimed(case: Case, currency: str) -> Outcome | str:
    if case.claims is None or case.claims.total.net is None:
        return NOT_CLAIMED
    if case.session.currency and case.session.currency.upper() != currency:
        return f"is in {case.session.currency}, not in {currency}"
    shares = {name: claim.net for name, claim in case.claims.shares.items() if claim.net is not None}
    return Outcome(case.claims.total.net, case.claims.total.gross, shares)


def _part(outcome: Outcome, name: str) -> Decimal | None:
    """The share of a component; a total of which no share is told is one by itself."""
    if name == UNTOLD:
        return outcome.net if not outcome.shares and outcome.net else None
    return outcome.shares.get(name)


def _hour(case: Case) -> str:
    """The local hour of the day in which it began."""
    local = clock(case.time_zone).local(case.session.start)
    return f"{local // HOUR_OF_DAY % 24:02d}:00"


def _name(document: Mapping[str, Any]) -> str:
    return str(document.get("id") or document.get("start") or UNKNOWN)


def _partner(document: Mapping[str, Any]) -> str:
    token = document.get("cdr_token") or document.get("token")
    if isinstance(token, Mapping) and token.get("party_id"):
        return f"{token.get('country_code', '')}/{token['party_id']}"
    return UNKNOWN


def _location(document: Mapping[str, Any]) -> str:
    for name in ("cdr_location", "location"):
        place = document.get(name)
        if isinstance(place, Mapping) and place.get("id"):
            return str(place["id"])
    return str(document.get("location_id") or UNKNOWN)


def most_changed(groups: Mapping[str, Sums], count: int = 20) -> Sequence[tuple[str, Sums]]:
    """The groups of an axis whose sums change most, the greatest change first."""
    return sorted(groups.items(), key=lambda one: (-abs(one[1].delta), one[0]))[:count]
