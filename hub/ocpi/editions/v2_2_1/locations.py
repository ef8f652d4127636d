"""Locations, EVSEs and connectors between 2.2.1 and 2.3.0 (C2)."""

from typing import Any

from hub.ocpi.document import Json, Party
from hub.ocpi.editions.rewriting import each, field, inside, only, through, without
from hub.ocpi.enums import (
    CAPABILITY,
    CONNECTOR_TYPE_2_2_1,
    ENVIRONMENTAL_IMPACT_CATEGORY,
    FACILITY,
    IMAGE_CATEGORY,
    IN_2_2_1,
    PARKING_RESTRICTION,
    PARKING_TYPE,
    TOKEN_TYPE,
)
from hub.ocpi.errors import NotExpressible
from hub.ocpi.surroundings import Surroundings

OWN_WORDS = {enum.name: enum.values for enum in IN_2_2_1}
PARKING_RESTRICTIONS = OWN_WORDS[PARKING_RESTRICTION.name]
TOKEN_TYPES = OWN_WORDS[TOKEN_TYPE.name]
IMPACTS = ENVIRONMENTAL_IMPACT_CATEGORY.values
STANDARDS = CONNECTOR_TYPE_2_2_1.values

SHOWS = {("DISABLED",): "DISABLED", ("MOTORCYCLE",): "MOTORCYCLES"}
"""Parking for these vehicles alone -> the restriction that an older edition has for it."""


# Up: what 2.3.0 gave a name that in 2.2.1 anybody may use is kept only where it makes sense as such.


def location_up(body: Json, owner: Party, around: Surroundings) -> Json:
    return through(body, *NEWER_LOCATION)


def evse_up(body: Json, owner: Party, around: Surroundings) -> Json:
    return evse_newer(body)


def connector_up(body: Json, owner: Party, around: Surroundings) -> Json:
    return connector_newer(body)


def evse_newer(evse: Json) -> Json:
    return through(evse, *NEWER_EVSE)


def _phone(value: Any) -> str | None:
    usable = isinstance(value, str) and 0 < len(value) <= 25 and value.isascii() and value.isprintable()
    return value if usable else None


def _names(value: Any) -> list[str] | None:
    usable = isinstance(value, list) and all(isinstance(name, str) and len(name) <= 50 for name in value)
    return value if usable else None


connector_newer = without("capabilities")
NEWER_EVSE = (
    without("parking"),
    field("accepted_service_providers", _names),
    each("connectors", connector_newer),
)
NEWER_LOCATION = (without("parking_places"), field("help_phone", _phone), each("evses", evse_newer))


# Down: closed enums, and no parking places.


def location_down(body: Json, owner: Party, around: Surroundings) -> Json:
    places = {place["id"].upper(): place for place in body.get("parking_places") or ()}
    return through(
        body,
        each("evses", lambda evse: _with_restrictions(evse, places)),
        location_older,
    )


def evse_down(body: Json, owner: Party, around: Surroundings) -> Json:
    evse = evse_older(body)
    if evse is None:
        raise NotExpressible(f"EVSE {body['uid']} has no connector of a standard that 2.2.1 knows")
    return evse


def connector_down(body: Json, owner: Party, around: Surroundings) -> Json:
    connector = connector_older(body)
    if connector is None:
        raise NotExpressible(f"2.2.1 knows no connectors of the standard {body['standard']}")
    return connector


def location_older(body: Json) -> Json:
    """The location with what 2.2.1 knows; EVSEs without a connector it knows are left out."""
    return through(
        body,
        without("parking_places", "help_phone"),
        field("parking_type", known(PARKING_TYPE.values)),
        only("facilities", FACILITY.values),
        each("publish_allowed_to", field("type", token_type_older)),
        each("images", image_older),
        *(inside(party, inside("logo", image_older)) for party in ("operator", "suboperator", "owner")),
        inside("energy_mix", energy_mix_older),
        field("evses", lambda evses: [evse for evse in map(evse_older, evses) if evse is not None]),
    )


def evse_older(body: Json) -> Json | None:
    connectors = [older for older in map(connector_older, body.get("connectors") or ()) if older is not None]
    if not connectors:
        return None
    return through(
        body,
        without("parking", "accepted_service_providers"),
        only("capabilities", CAPABILITY.values),
        only("parking_restrictions", PARKING_RESTRICTIONS),
        each("images", image_older),
    ) | {"connectors": connectors}


def connector_older(body: Json) -> Json | None:
    return without("capabilities")(body) if body["standard"] in STANDARDS else None


def energy_mix_older(mix: Json) -> Json:
    return field("environ_impact", lambda impacts: [one for one in impacts if one["category"] in IMPACTS])(
        mix
    )


def token_type_older(value: str) -> str:
    """2.3.0 has EMAID and lets parties name their own (C5)."""
    return value if value in TOKEN_TYPES else "OTHER"


def image_older(image: Json) -> Json:
    return field("category", lambda word: word if word in IMAGE_CATEGORY.values else "OTHER")(image)


def known(values: frozenset[str]) -> Any:
    """For an optional field: its value where the older edition knows it, else none."""
    return lambda value: value if value in values else None


def _with_restrictions(evse: Json, places: dict[str, Json]) -> Json:
    """An EVSE whose every parking place is for one kind of driver alone must not look open to all."""
    used = [places.get(parking["parking_id"].upper()) for parking in evse.get("parking") or ()]
    kinds = {_kept_for(place) for place in used}
    if len(kinds) != 1 or kinds == {None}:
        return evse
    said = evse.get("parking_restrictions") or []
    return evse | {"parking_restrictions": [*said, *(kind for kind in kinds if kind and kind not in said)]}


def _kept_for(place: Json | None) -> str | None:
    if place is None or not place["restricted_to_type"]:
        return None
    return SHOWS.get(tuple(place["vehicle_types"]))
