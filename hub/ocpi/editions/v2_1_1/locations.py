"""Locations, EVSEs and connectors between 2.1.1 and 2.2.1 (C2)."""

from collections.abc import Callable, Iterable
from functools import cache

from hub.ocpi.document import Json, Party
from hub.ocpi.editions.rewriting import (
    Move,
    cut,
    default,
    each,
    field,
    inside,
    only,
    renamed,
    through,
    without,
)
from hub.ocpi.editions.v2_1_1 import places
from hub.ocpi.editions.v2_1_1.values import (
    EMPTY_POSTAL_CODE,
    WORDS,
    identity,
    point,
    time,
    with_newer_mix,
    with_older_mix,
)
from hub.ocpi.enums import LOCATION_TYPE_2_1_1
from hub.ocpi.errors import InvalidObject, NotExpressible
from hub.ocpi.instants import micros
from hub.ocpi.surroundings import Surroundings

PARKING_TYPES = LOCATION_TYPE_2_1_1.values - {"OTHER", "UNKNOWN"}
RATING = {"voltage": "max_voltage", "amperage": "max_amperage"}
SINGLE_PHASE = frozenset(("AC_2_PHASE", "AC_2_PHASE_SPLIT"))


# Up


def location_up(body: Json, owner: Party, around: Surroundings) -> Json:
    newer = location_newer(body)
    zone = body.get("time_zone") or _zone(newer, around.traits.time_zone)
    # A sender that hides a location in words 2.1.1 does not have is understood all the same (LOC-11).
    publish = body.get("publish") is not False
    return owned(newer, owner) | {"publish": publish, "time_zone": zone}


def evse_up(body: Json, owner: Party, around: Surroundings) -> Json:
    return evse_newer(body)


def connector_up(body: Json, owner: Party, around: Surroundings) -> Json:
    return connector_newer(body)


def owned(body: Json, owner: Party) -> Json:
    """The object with its owner in it, whom 2.1.1 only names in URLs."""
    return {"country_code": owner.country_code, "party_id": owner.party_id} | without(
        "country_code", "party_id"
    )(body)


def location_newer(body: Json) -> Json:
    """What a location says, in 2.2.1 words; also that of a session or CDR, which needs no time zone."""
    return through(
        body,
        without("publish", "publish_allowed_to", "state", "parking_type"),
        renamed({"type": "parking_type"}),
        field("parking_type", lambda kind: kind if kind in PARKING_TYPES else None),
        field("id", identity),
        field("postal_code", lambda code: None if code == EMPTY_POSTAL_CODE else code),
        field("country", _country),
        inside("opening_times", _hours_newer),
        with_newer_mix,
        each("evses", evse_newer),
    )


def evse_newer(body: Json) -> Json:
    return through(body, field("uid", identity), each("connectors", connector_newer))


def connector_newer(body: Json) -> Json:
    newer = through(body, renamed(RATING), without("max_electric_power", "tariff_ids", "tariff_id"))
    tariff_id = body.get("tariff_id")
    return newer | {"tariff_ids": [identity(tariff_id)]} if tariff_id else newer


def _country(country: str) -> str:
    long = places.alpha_3(country)
    if len(long) == 3:
        return long
    raise InvalidObject(
        f"{country} is no country of ISO 3166-1", fields={"country": "Must be a country code of ISO 3166-1."}
    )


def _zone(location: Json, told: str | None) -> str:
    coordinates = location["coordinates"]
    zone = places.time_zone(location["country"], coordinates["latitude"], coordinates["longitude"], told)
    if zone is None:
        raise InvalidObject(
            f"The time zone of location {location['id']} is not given and not known from its country",
            fields={"time_zone": f"Missing, and {location['country']} is no country with a time zone."},
        )
    return zone


def _hours_newer(hours: Json) -> Json:
    always = hours.get("twentyfourseven")
    if always is None:
        always = not hours.get("regular_hours")
    return _hours_plain(hours | {"twentyfourseven": always})


def _hours_plain(hours: Json) -> Json:
    """Hours are given only where it is not always open (LOC-15)."""
    return without("regular_hours")(hours) if hours["twentyfourseven"] else hours


# Down


def location_down(body: Json, owner: Party, around: Surroundings) -> Json:
    if not body["publish"]:
        raise NotExpressible(f"location {body['id']} is not for everybody to see, and 2.1.1 cannot say so")
    return location_older(body, owner, around)


def evse_down(body: Json, owner: Party, around: Surroundings) -> Json:
    evse = evse_older(body, picker(owner, around))
    if evse is None:
        raise NotExpressible(f"EVSE {body['uid']} has no connector of a standard that 2.1.1 knows")
    return evse


def connector_down(body: Json, owner: Party, around: Surroundings) -> Json:
    connector = connector_older(body, picker(owner, around))
    if connector is None:
        raise NotExpressible(f"2.1.1 knows no connectors of the standard {body['standard']}")
    return connector


Pick = Callable[[Iterable[str]], str | None]
"""The one tariff id that 2.1.1 has room for, of those that a connector has."""


def location_older(body: Json, owner: Party, around: Surroundings) -> Json:
    """A location in 2.1.1 words, whoever may see it; also for the one inside a session or CDR."""
    pick = picker(owner, around)
    return through(
        body,
        without("country_code", "party_id", "publish", "publish_allowed_to", "state", "type"),
        default("parking_type", "UNKNOWN"),
        renamed({"parking_type": "type"}),
        field("type", lambda kind: kind if kind in LOCATION_TYPE_2_1_1.values else "OTHER"),
        cut("address", 45),
        default("postal_code", around.traits.postal_code),
        field("coordinates", point),
        each("related_locations", point),
        only("facilities", WORDS["Facility"]),
        inside("opening_times", _hours_older),
        with_older_mix,
        field("evses", lambda evses: [one for one in (evse_older(evse, pick) for evse in evses) if one]),
        *time("last_updated"),
    )


def evse_older(body: Json, pick: Pick) -> Json | None:
    """The EVSE in 2.1.1 words; None when no connector of it has any."""
    connectors = [one for one in (connector_older(c, pick) for c in body.get("connectors") or ()) if one]
    if not connectors:
        return None
    return through(
        body | {"connectors": connectors},
        only("capabilities", WORDS["Capability"]),
        field("coordinates", point),
        each("status_schedule", lambda entry: through(entry, *time("period_begin", "period_end"))),
        *time("last_updated"),
    )


def connector_older(body: Json, pick: Pick) -> Json | None:
    if body["standard"] not in WORDS["ConnectorType"]:
        return None
    tariff_id = pick(body.get("tariff_ids") or ())
    older = through(
        body,
        renamed({new: old for old, new in RATING.items()}),
        without("max_electric_power", "tariff_ids", "tariff_id"),
        field("power_type", lambda kind: "AC_1_PHASE" if kind in SINGLE_PHASE else kind),
        *time("last_updated"),
    )
    return older if tariff_id is None else older | {"tariff_id": tariff_id}


def picker(owner: Party, around: Surroundings) -> Pick:
    """Of the tariffs valid now the REGULAR one, else the untyped one; never one for ad hoc or profiles."""

    @cache  # for one object, whose connectors mostly share their tariffs
    def rank(tariff_id: str) -> int | None:
        tariff = around.tariff(owner, tariff_id)
        if tariff is None:
            return 2  # not seen yet: without the tariff its id promises no price
        return {"REGULAR": 0, None: 1}.get(tariff.get("type")) if in_force(tariff, around.now) else None

    def pick(tariff_ids: Iterable[str]) -> str | None:
        ranked = [(place, tariff_id) for tariff_id in tariff_ids if (place := rank(tariff_id)) is not None]
        return min(ranked, key=lambda one: one[0])[1] if ranked else None

    return pick


def in_force(tariff: Json, now: int) -> bool:
    """Whether a tariff is valid at the instant: from its start on, and before its end (TAR-13)."""
    start, end = tariff.get("start_date_time"), tariff.get("end_date_time")
    return (not start or micros(start) <= now) and (not end or now < micros(end))


def _hours_older(hours: Json) -> Json:
    periods: list[Move] = [
        each(name, lambda period: through(period, *time("period_begin", "period_end")))
        for name in ("exceptional_openings", "exceptional_closings")
    ]
    return through(_hours_plain(hours), *periods)
