"""What a CDR should cost: by the tariff that held at its start, and by the tariffs that it carries itself."""

from dataclasses import dataclass
from decimal import Decimal

import tariffs
from hub.billing import rating
from hub.billing.holding import Held
from hub.billing.place import place_of, started
from hub.billing.rating import Circumstances, Rated
from hub.clearing.case import Known, Recomputed
from hub.ocpi import strictjson
from hub.ocpi.document import Document, Json, Party
from hub.prices.book import versions
from hub.prices.book.by_connector import readable
from hub.prices.rules import situation
from hub.store import grounds
from hub.store.charges import Charge
from hub.store.unit import Unit
from tariffs import PricingError, Quote, Tariff

UNEXPLAINED = "UNEXPLAINED"


@dataclass(frozen=True, slots=True)
class Repriced:
    """What the book of prices makes of a CDR; all None when the book cannot tell.

    version_id, rule_ids  what that stands on; fault: why the book cannot tell
    """

    recomputed: Recomputed | None = None
    known: Known | None = None
    version_id: int | None = None
    rule_ids: tuple[int, ...] = ()
    policy: Json | None = None
    fault: str | None = None


def by_the_book(unit: Unit, document: Document, seen: int) -> Repriced:
    """A CDR that its CPO issued, priced as the hub would have billed its session: the same function."""
    session = as_session(document.newest)
    try:
        rated = rating.rated_at(unit, session, circumstances(unit, document.owner, session, seen), no_changes)
    except Held as held:
        return Repriced(fault=f"{held.code}: {held.message}")
    read = [readable(version) for version in rated.versions]
    first = rated.versions[0]
    carried = tariffs.carried_tariffs(document.newest)
    same = not carried or any(priced_alike(each, read[0]) for each in carried)
    return Repriced(
        recomputed=recomputed(rated.quote, cause_of(document.newest, read, rated)),
        known=Known(first.document.newest, same, first.valid_from, first.valid_to),
        version_id=first.id,
        rule_ids=() if rated.rule is None else (rated.rule.id,),
        policy=rated.quote.policy.as_dict(),
    )


def as_billed(unit: Unit, charge: Charge) -> Repriced:
    """What the hub itself billed: the quote that is kept with the charge, and what that stands on."""
    if charge.quote is None:
        return Repriced()
    told = strictjson.reread(charge.quote)
    gross, net = told.get("after_taxes"), Decimal(told["before_taxes"])
    limited = bool(told.get("limits"))
    billed = Recomputed(net, None if gross is None else Decimal(gross), None, limited=limited)
    ground = grounds.of_session(unit, charge.owner, charge.session_key)
    if ground is None:
        return Repriced(billed)
    owner = Party.of_code(charge.owner)
    version = versions.by_number(unit, owner, ground.tariff_key, ground.tariff_version)
    rules = tuple(rule for rule in (ground.rule_id, *ground.adjusted_by) if rule is not None)
    version_id = None if version is None else version.id
    return Repriced(billed, None, version_id, rules, told.get("policy"))


def by_its_own_tariffs(cdr: Json, zone: str | None) -> Recomputed | None:
    """None when it carries none that can be read, or cannot be priced.

    zone  of its location, since a CDR does not tell it; by none, times of day are of UTC
    """
    try:
        verified = tariffs.verify(cdr, None, zone)
    except PricingError:
        return None
    return recomputed(verified.quote, None if verified.cause is None else verified.cause.id)


def circumstances(unit: Unit, owner: Party, session: Json, seen: int) -> Circumstances:
    place = place_of(unit, owner, session, started(session))
    here = situation.of(unit, owner, session, (place.location, place.evse, place.connector))
    return Circumstances(place, here, seen)


def no_changes(*_: object) -> list[tariffs.Adjustment]:
    """Allowances and discounts are of what the hub bills; a CPO that bills itself has its own."""
    return []


def cause_of(cdr: Json, versions: list[Tariff], rated: Rated) -> str | None:
    """The name of the reason for a difference; None when there is none."""
    zone = rated.place.location["time_zone"]
    try:
        verified = tariffs.verify(cdr, versions, zone)
    except PricingError:
        return UNEXPLAINED
    return None if verified.cause is None else verified.cause.id


def recomputed(quote: Quote, cause: str | None) -> Recomputed:
    return Recomputed(quote.before_taxes, quote.after_taxes, cause, limited=bool(quote.limits))


def priced_alike(one: Tariff, other: Tariff) -> bool:
    """Whether two tariffs make the same prices, however they are named and dated."""
    parts = ("currency", "elements", "taxes", "min_price", "max_price")
    return all(getattr(one, name) == getattr(other, name) for name in parts)


def as_session(cdr: Json) -> Json:
    """A CDR as the session that it bills."""
    place = cdr["cdr_location"]
    return {
        "id": cdr.get("session_id") or cdr["id"],
        "start_date_time": cdr["start_date_time"],
        "end_date_time": cdr["end_date_time"],
        "last_updated": cdr["last_updated"],
        "kwh": cdr["total_energy"],
        "currency": cdr["currency"],
        "cdr_token": cdr["cdr_token"],
        "location_id": place["id"],
        "evse_uid": place["evse_uid"],
        "connector_id": place["connector_id"],
        "charging_periods": cdr["charging_periods"],
    }
