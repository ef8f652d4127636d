"""What a CDR should cost: by the tariff that held at its start, and by the tariffs that it carries itself."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

import tariffs
from hub.billing import rating
from hub.billing.holding import Held
from hub.billing.place import Located, place_in
from hub.billing.rating import Circumstances, Rated
from hub.clearing.case import Known, Recomputed
from hub.ocpi import strictjson
from hub.ocpi.document import Json, Party
from hub.prices.book import by_connector, versions
from hub.prices.rules import situation
from hub.store import grounds
from hub.store.charges import Charge
from hub.store.unit import Unit
from tariffs import Compared, PricingError, Quote, Tariff

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


class Subject:
    """A CDR that is read once, to be compared with the tariffs of the book and with those that it carries."""

    def __init__(self, cdr: Json) -> None:
        self.cdr = cdr
        self._compared: dict[tuple[tuple[Tariff, ...], str | None], Compared | None] = {}

    @cached_property
    def carried(self) -> tuple[Tariff, ...]:
        """The tariffs that it carries, but for those that cannot be read."""
        return tuple(readable_of(self.cdr.get("tariffs") or ()))

    @cached_property
    def read(self) -> tariffs.Subject:
        """PricingError when it cannot be."""
        return tariffs.read_subject(self.cdr, self.carried)

    def compared(self, given: tuple[Tariff, ...], zone: str | None) -> Compared | None:
        """With these tariffs, at a place in this zone; None when it cannot be priced so."""
        key = (given, zone)
        if key not in self._compared:
            try:
                self._compared[key] = tariffs.compare(self.read, given, zone)
            except PricingError:
                self._compared[key] = None
        return self._compared[key]


def readable_of(documents: Iterable[Json]) -> Iterator[Tariff]:
    for document in documents:
        try:
            yield by_connector.read(strictjson.write(document))
        except PricingError:
            continue


def by_the_book(unit: Unit, owner: Party, subject: Subject, location: Located | None, seen: int) -> Repriced:
    """A CDR that its CPO issued, priced as the hub would have billed its session: the same function."""
    session = as_session(subject.cdr)
    try:
        found = circumstances(unit, owner, session, location, seen)
        rated = rating.rated_at(unit, session, found, no_changes)
    except Held as held:
        return Repriced(fault=f"{held.code}: {held.message}")
    read = tuple(by_connector.readable(version) for version in rated.versions)
    first, carried = rated.versions[0], subject.carried
    same = not carried or any(priced_alike(each, read[0]) for each in carried)
    return Repriced(
        recomputed=recomputed(rated.quote, cause_of(subject, read, rated)),
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


def by_its_own_tariffs(subject: Subject, zone: str | None) -> Recomputed | None:
    """None when it carries none that can be read, or cannot be priced.

    zone  of its location, since a CDR does not tell it; by none, times of day are of UTC
    """
    found = subject.compared(subject.carried, zone)
    return None if found is None else recomputed(found.quote, cause_named(found))


def circumstances(
    unit: Unit, owner: Party, session: Json, location: Located | None, seen: int
) -> Circumstances:
    """LocationUnknown when the hub cannot tell where it was."""
    place = place_in(location, session)
    here = situation.of(unit, owner, session, (place.location, place.evse, place.connector))
    return Circumstances(place, here, seen)


def no_changes(*_: object) -> list[tariffs.Adjustment]:
    """Allowances and discounts are of what the hub bills; a CPO that bills itself has its own."""
    return []


def cause_of(subject: Subject, read: tuple[Tariff, ...], rated: Rated) -> str | None:
    """The name of the reason for a difference; None when there is none."""
    found = subject.compared(read, rated.place.location["time_zone"])
    return UNEXPLAINED if found is None else cause_named(found)


def cause_named(found: Compared) -> str | None:
    return None if found.cause is None else found.cause.id


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
