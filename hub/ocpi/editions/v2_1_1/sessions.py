"""Sessions between 2.1.1, which repeats the location in them, and 2.2.1, which refers to it (C4)."""

from typing import Any

from hub.ocpi.document import Json, Party
from hub.ocpi.editions.rewriting import field, renamed, through, without
from hub.ocpi.editions.v2_1_1.locations import location_newer, location_older, owned
from hub.ocpi.editions.v2_1_1.periods import periods_newer, periods_older, start_older
from hub.ocpi.editions.v2_1_1.tokens import cdr_token
from hub.ocpi.editions.v2_1_1.values import WORDS, identity, time
from hub.ocpi.editions.v2_2_1.locations import location_older as from_newest
from hub.ocpi.errors import NotExpressible, UnknownLocation
from hub.ocpi.parts import NOT_AVAILABLE, find_connector, find_evse
from hub.ocpi.surroundings import Surroundings

TIMES = {"start_datetime": "start_date_time", "end_datetime": "end_date_time"}
REFERENCES = ("location_id", "evse_uid", "connector_id")


# Up


def session_up(body: Json, owner: Party, around: Surroundings) -> Json:
    evse, connector = first_connector(location_newer(body["location"]))
    newer = through(
        body,
        without("authorization_reference", "auth_id", "location"),
        renamed(TIMES),
        field("id", identity),
        field("total_cost", lambda net: {"excl_vat": net}),
    )
    end = body.get("end_datetime") or body["last_updated"]
    tariff_ids = connector.get("tariff_ids") or (None,)
    return owned(newer, owner) | {
        "cdr_token": cdr_token(body["auth_id"], around),
        "location_id": identity(body["location"]["id"]),
        "evse_uid": evse.get("uid", NOT_AVAILABLE),
        "connector_id": connector.get("id", NOT_AVAILABLE),
        **_periods(periods_newer(body.get("charging_periods") or [], end, tariff_ids[0])),
    }


def first_connector(location: Json) -> tuple[Json, Json]:
    """The EVSE and connector that a session's or CDR's location is reduced to; empty where it has none."""
    evse: Json = next(iter(location.get("evses") or ()), {})
    connector: Json = next(iter(evse.get("connectors") or ()), {})
    return evse, connector


def _periods(periods: list[Json]) -> dict[str, Any]:
    return {"charging_periods": periods} if periods else {}


# Down


def session_down(body: Json, owner: Party, around: Surroundings) -> Json:
    periods = body.get("charging_periods") or []
    older = periods_older(periods)
    own = {
        "start_date_time": start_older(body["start_date_time"], periods, older),
        "location": _location(body, owner, around),
        "auth_id": body["cdr_token"]["contract_id"],
    }
    return through(
        body | own,
        without("country_code", "party_id", "cdr_token", "authorization_reference", *REFERENCES),
        renamed({new: old for old, new in TIMES.items()}),
        field("auth_method", auth_method_older),
        field("status", lambda status: status if status in WORDS["SessionStatus"] else "PENDING"),
        field("total_cost", lambda price: price["excl_vat"]),
        field("charging_periods", lambda _: older),
        *time(*TIMES, "last_updated"),
    )


def auth_method_older(method: str) -> str:
    return method if method in WORDS["AuthMethod"] else "AUTH_REQUEST"


def _location(session: Json, owner: Party, around: Surroundings) -> Json:
    """The stored location with the session's EVSE and connector; its driver may see it though unpublished."""
    location = around.location(owner, session["location_id"])
    if location is None or session["evse_uid"] == NOT_AVAILABLE:
        raise NotExpressible(
            f"the EVSE of session {session['id']}, which 2.1.1 must be told, is not known yet"
        )
    try:
        evse = find_evse(location, session["evse_uid"])
    except UnknownLocation as unknown:
        raise NotExpressible(f"session {session['id']}: {unknown.message}") from unknown
    return location_older(
        from_newest(location | {"evses": [_reduced(evse, session["connector_id"])]}), owner, around
    )


def _reduced(evse: Json, connector_id: str) -> Json:
    """The EVSE with the one connector; with all of them while it is not known which."""
    try:
        return evse | {"connectors": [find_connector(evse, connector_id)]}
    except UnknownLocation:
        return evse
