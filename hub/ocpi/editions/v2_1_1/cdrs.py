"""CDRs between 2.1.1 and 2.2.1 (C4)."""

from hub.ocpi.aliases import alias
from hub.ocpi.document import Json, Party
from hub.ocpi.editions.rewriting import field, renamed, through, without
from hub.ocpi.editions.v2_1_1.locations import location_newer, location_older, owned
from hub.ocpi.editions.v2_1_1.periods import periods_newer, periods_older, start_older
from hub.ocpi.editions.v2_1_1.sessions import auth_method_older, first_connector
from hub.ocpi.editions.v2_1_1.tariffs import embedded, tariff_up
from hub.ocpi.editions.v2_1_1.tokens import cdr_token
from hub.ocpi.editions.v2_1_1.values import time
from hub.ocpi.editions.v2_2_1.prices import TOTALS
from hub.ocpi.errors import NotExpressible, UnknownLocation
from hub.ocpi.parts import NOT_AVAILABLE, cdr_location, find_connector, find_evse
from hub.ocpi.surroundings import Surroundings

OWN = (
    "session_id",
    "authorization_reference",
    "signed_data",
    "invoice_reference_id",
    "credit",
    "credit_reference_id",
    "home_charging_compensation",
    *(name for name in TOTALS if name != "total_cost"),
)
"""What a CDR of 2.2.1 says and one of 2.1.1 cannot."""

NOTHING = {"type": "ENERGY", "volume": 0}


# Up


def cdr_up(body: Json, owner: Party, around: Surroundings) -> Json:
    tariffs = [tariff_up(tariff, owner, around) for tariff in body.get("tariffs") or ()]
    tariff_id = tariffs[0]["id"] if len(tariffs) == 1 else None
    location = location_newer(body["location"])
    evse, connector = first_connector(location)
    newer = through(
        body,
        without(*OWN, "auth_id", "location"),
        renamed({"stop_date_time": "end_date_time"}),
        field("total_cost", lambda net: {"excl_vat": net}),
        field("tariffs", lambda _: tariffs),
    )
    return owned(newer, owner) | {
        "cdr_token": cdr_token(body["auth_id"], around),
        "cdr_location": cdr_location(location, evse or None, connector or None),
        "charging_periods": periods_newer(body["charging_periods"], body["stop_date_time"], tariff_id),
    }


# Down


def cdr_down(body: Json, owner: Party, around: Surroundings) -> Json:
    if body.get("credit"):
        raise NotExpressible(f"CDR {body['id']} is a credit, which 2.1.1 does not know: settle it by hand")
    periods = periods_older(body["charging_periods"])
    own = {
        "start_date_time": start_older(body["start_date_time"], body["charging_periods"], periods),
        "location": _location(body, owner, around),
        "auth_id": body["cdr_token"]["contract_id"],
    }
    older = through(
        body | own,
        without("country_code", "party_id", "cdr_token", "cdr_location", *OWN),
        renamed({"end_date_time": "stop_date_time"}),
        field("id", lambda cdr_id: alias(cdr_id, 36)),
        field("auth_method", auth_method_older),
        field("total_cost", lambda price: price["excl_vat"]),
        field("tariffs", lambda tariffs: embedded(tariffs, owner, around)),
        *time("start_date_time", "stop_date_time", "last_updated"),
    )
    return older | {"charging_periods": periods or [_empty(older["start_date_time"])]}


def _empty(start: str) -> Json:
    """The one period of a reservation that was never used: there must be one, and no energy flowed."""
    return {"start_date_time": start, "dimensions": [NOTHING]}


def _location(cdr: Json, owner: Party, around: Surroundings) -> Json:
    """The place of a CDR as a location; what the CDR does not say of it comes from the stored one."""
    place = cdr["cdr_location"]
    stored = around.location(owner, place["id"]) or {}
    named = ("id", "name", "address", "city", "postal_code", "country", "coordinates")
    whole = {name: place[name] for name in named if place.get(name) is not None}
    kept = {name: stored[name] for name in ("parking_type", "time_zone") if stored.get(name)}
    location = whole | kept | {"evses": _evses(cdr, stored), "last_updated": cdr["last_updated"]}
    return location_older(location, owner, around)


def _evses(cdr: Json, stored: Json) -> list[Json]:
    place = cdr["cdr_location"]
    if NOT_AVAILABLE in (place["evse_uid"], place["connector_id"]):
        return []
    rating = _rating(stored, place["evse_uid"], place["connector_id"])
    connector = {
        "id": place["connector_id"],
        "standard": place["connector_standard"],
        "format": place["connector_format"],
        "power_type": place["connector_power_type"],
        **rating,
        "last_updated": cdr["last_updated"],
    }
    evse = {
        "uid": place["evse_uid"],
        "evse_id": place["evse_id"],
        "status": "UNKNOWN",
        "connectors": [connector],
    }
    evse = field("evse_id", lambda evse_id: None if evse_id == NOT_AVAILABLE else evse_id)(evse)
    return [evse | {"last_updated": cdr["last_updated"]}]


def _rating(stored: Json, evse_uid: str, connector_id: str) -> Json:
    """Voltage and amperage, which only the stored connector knows; 0 says unknown."""
    try:
        connector = find_connector(find_evse({"id": "", "evses": []} | stored, evse_uid), connector_id)
    except UnknownLocation:
        connector = {}
    return {name: connector.get(name, 0) for name in ("max_voltage", "max_amperage")}
