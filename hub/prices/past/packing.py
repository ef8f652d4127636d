"""What a stored CDR is in the history: the session as rating reads it, what it cost, and its group."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import tariffs
from hub.ocpi import strictjson
from hub.ocpi.document import Json, Party
from hub.ocpi.wire import fold
from hub.store import documents
from hub.store.history import Group
from hub.store.unit import Unit
from tariffs import DEFAULT, Billed, PricingError, Session
from tariffs.claims import Claim, Claims
from tariffs.clock import clock, moment
from tariffs.rounding import to_places
from tariffs.what_if import read_case

ELSEWHERE = "UTC"
"""The clock of places that nobody has told."""
SEVERAL = " + "
ADJUSTED = b'"adjustments":'


@dataclass(frozen=True, slots=True)
class Unread:
    """A CDR that no price can be told of."""

    seq: int
    owner: str
    month: str
    reason: str


def packable(unit: Unit, rows: list[Any]) -> Iterator[tuple[Group, Billed] | Unread]:
    """Each row as it is kept; credits are left out, since the CDRs that they credit count no more."""
    zones: dict[tuple[str, str], str] = {}
    for row in rows:
        cdr = strictjson.reread(row.cdr)
        if cdr.get("credit"):
            continue
        place = row.owner, fold(str((cdr.get("cdr_location") or {}).get("id", "")))
        if place not in zones:
            zones[place] = zone_of(unit, *place)
        yield packed(row, cdr, zones[place])


def zone_of(unit: Unit, owner: str, location_key: str) -> str:
    """Of the location as it is known now: CDRs do not tell it."""
    found = documents.find(unit, "locations", Party.of_code(owner), location_key)
    zone = ELSEWHERE if found is None else str(found.document.newest["time_zone"])
    try:
        clock(zone)
    except PricingError:
        return ELSEWHERE
    return zone


def packed(row: Any, cdr: Json, zone: str) -> tuple[Group, Billed] | Unread:
    try:
        case = read_case(unnamed(cdr), zone)
        case = replace(case, time_zone=zone, name=str(row.seq))
        if row.session is not None:
            case = replace(case, session=as_rated(strictjson.reread(row.session)))
        if row.quote is not None and ADJUSTED in bytes(row.quote):
            case = replace(case, claims=by_tariff(strictjson.reread(row.quote)))
    except PricingError as fault:
        return Unread(row.seq, row.owner, str(cdr["start_date_time"])[:7], str(fault))
    currency = str(cdr["currency"]).upper()  # a blob has one, whatever the session says
    case = replace(case, session=replace(case.session, currency=currency))
    group = row.owner, month_of(case.session, zone), zone, currency
    return group, Billed(row.seq, case, tariff_of(cdr))


def by_tariff(quote: Json) -> Claims:
    """What the tariff alone came to, before rules took something off or added it."""
    shares: dict[str, Decimal] = {}
    for line in quote["lines"]:
        shares[line["group"]] = shares.get(line["group"], Decimal(0)) + line["before_taxes"]
    total = Claim(rounded(quote["base"]["before_taxes"]))
    return Claims(total, {name: Claim(rounded(net)) for name, net in shares.items()}, DEFAULT.decimals)


def rounded(amount: Decimal | int) -> Decimal:
    return to_places(Fraction(amount), 1, DEFAULT.decimals, DEFAULT.rounding)


def as_rated(session: Json) -> Session:
    """As rating reads it: up to its end, split where a price changes."""
    end = session.get("end_date_time") or session["last_updated"]
    return tariffs.read_session(unnamed(session | {"end_date_time": end}))


def unnamed(document: Json) -> Json:
    """Without the names of tariffs: a draft prices every period."""
    periods = [period | {"tariff_id": None} for period in document.get("charging_periods") or ()]
    return document | {"charging_periods": periods}


def month_of(session: Session, zone: str) -> str:
    """The local month in which it began, as 2026-10."""
    return f"{moment(clock(zone).local(session.start)):%Y-%m}"


def tariff_of(cdr: Json) -> str:
    """The tariff that priced it; all of them where there were several."""
    named = {str(period["tariff_id"]) for period in cdr["charging_periods"] if period.get("tariff_id")}
    held = named or {str(tariff["id"]) for tariff in cdr.get("tariffs") or ()}
    return SEVERAL.join(sorted(held)) or "unknown"
