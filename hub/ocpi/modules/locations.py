"""Locations with their EVSEs and connectors: what the newest edition says of them, and whom they are for."""

from typing import Any

from marshmallow import ValidationError, validates_schema

from hub.ocpi import enums
from hub.ocpi.document import Json
from hub.ocpi.errors import UnknownLocation
from hub.ocpi.module import Module, Role
from hub.ocpi.modules.common import (
    AdditionalGeoLocation,
    BusinessDetails,
    DisplayText,
    EnergyMix,
    GeoLocation,
    Image,
)
from hub.ocpi.types import (
    Boolean,
    CiString,
    Country,
    CountryCode,
    DateTime,
    Integer,
    ListOf,
    Nested,
    Number,
    OcpiObject,
    OneOf,
    PartyId,
    Text,
    TimeOfDay,
    TimeZone,
    Url,
)


class Whole(OcpiObject):
    """An object whose parts have ids of their own, which must differ by more than case (LOC-08, TR-60)."""

    def fold(self, identity: str) -> str:
        return identity.upper()

    def differ(self, data: Json, parts: str, key: str) -> None:
        seen: set[str] = set()
        for part in data.get(parts) or ():
            if (folded := self.fold(part[key])) in seen:
                raise ValidationError(f"{part[key]} stands twice.", parts)
            seen.add(folded)


class Connector(OcpiObject):
    id = CiString(36, required=True)
    standard = OneOf(enums.CONNECTOR_TYPE, required=True)
    format = OneOf(enums.CONNECTOR_FORMAT, required=True)
    power_type = OneOf(enums.POWER_TYPE, required=True)
    max_voltage = Integer(least=0, required=True)
    max_amperage = Integer(least=0, required=True)
    max_electric_power = Integer(least=0)
    tariff_ids = ListOf(CiString(36))
    terms_and_conditions = Url()
    capabilities = ListOf(OneOf(enums.CONNECTOR_CAPABILITY))
    last_updated = DateTime(required=True)


class StatusSchedule(OcpiObject):
    period_begin = DateTime(required=True)
    period_end = DateTime()
    status = OneOf(enums.STATUS, required=True)


class EVSEParking(OcpiObject):
    parking_id = CiString(36, required=True)
    evse_position = OneOf(enums.EVSE_POSITION)


class EVSE(Whole):
    comes_again = True  # with every status of another EVSE of its location

    uid = CiString(36, required=True)
    evse_id = CiString(48)
    status = OneOf(enums.STATUS, required=True)
    status_schedule = ListOf(StatusSchedule)
    capabilities = ListOf(OneOf(enums.CAPABILITY))
    connectors = ListOf(Connector, card="+")
    floor_level = Text(4)
    coordinates = Nested(GeoLocation)
    physical_reference = Text(16)
    directions = ListOf(DisplayText)
    parking_restrictions = ListOf(OneOf(enums.PARKING_RESTRICTION))
    parking = ListOf(EVSEParking)
    images = ListOf(Image)
    accepted_service_providers = ListOf(Text(50))
    last_updated = DateTime(required=True)

    @validates_schema
    def connectors_differ(self, data: Json, **kwargs: Any) -> None:  # LOC-08
        self.differ(data, "connectors", "id")


class Parking(OcpiObject):
    """A place to park at, new in 2.3.0 (LOC-22, LOC-23)."""

    id = CiString(36, required=True)
    physical_reference = Text(12)
    vehicle_types = ListOf(OneOf(enums.VEHICLE_TYPE), card="+")
    max_vehicle_weight = Number()
    max_vehicle_height = Number()
    max_vehicle_length = Number()
    max_vehicle_width = Number()
    parking_space_length = Number()
    parking_space_width = Number()
    dangerous_goods_allowed = Boolean()
    direction = OneOf(enums.PARKING_DIRECTION)
    drive_through = Boolean()
    restricted_to_type = Boolean(required=True)
    reservation_required = Boolean(required=True)
    time_limit = Number()
    roofed = Boolean()
    images = ListOf(Image)
    lighting = Boolean()
    refrigeration_outlet = Boolean()
    standards = ListOf(CiString(36))
    apds_reference = CiString()


class PublishToken(OcpiObject):
    """Whose tokens may see a location that is not published."""

    uid = CiString(36)
    type = OneOf(enums.TOKEN_TYPE)
    visual_number = Text(64)
    issuer = Text(64)
    group_id = CiString(36)

    @validates_schema
    def names_a_token(self, data: Json, **kwargs: Any) -> None:  # LOC-12
        if not any(data.get(name) for name in ("uid", "visual_number", "group_id")):
            raise ValidationError("Needs uid, visual_number or group_id.")
        if data.get("uid") and not data.get("type"):
            raise ValidationError("Is required beside uid.", "type")
        if data.get("visual_number") and not data.get("issuer"):
            raise ValidationError("Is required beside visual_number.", "issuer")


class RegularHours(OcpiObject):
    weekday = Integer(least=1, most=7, required=True)
    period_begin = TimeOfDay(required=True)
    period_end = TimeOfDay(required=True)

    @validates_schema
    def end_follows_begin(self, data: Json, **kwargs: Any) -> None:  # LOC-15: 00:00 ends the day
        if data["period_end"] != "00:00" and data["period_end"] <= data["period_begin"]:
            raise ValidationError("Must be later than period_begin.", "period_end")


class ExceptionalPeriod(OcpiObject):
    period_begin = DateTime(required=True)
    period_end = DateTime(required=True)


class Hours(OcpiObject):
    twentyfourseven = Boolean(required=True)
    regular_hours = ListOf(RegularHours)
    exceptional_openings = ListOf(ExceptionalPeriod)
    exceptional_closings = ListOf(ExceptionalPeriod)

    @validates_schema
    def always_or_by_the_week(self, data: Json, **kwargs: Any) -> None:  # LOC-15
        always, hours = data.get("twentyfourseven"), data.get("regular_hours")
        if always and hours:
            raise ValidationError("Only where twentyfourseven is false.", "regular_hours")
        if not always and not hours:
            raise ValidationError("Needs at least one entry where twentyfourseven is false.", "regular_hours")


class Location(Whole):
    country_code = CountryCode(required=True)
    party_id = PartyId(required=True)
    id = CiString(36, required=True)
    publish = Boolean(required=True)
    publish_allowed_to = ListOf(PublishToken)
    name = Text(255)
    address = Text(255, required=True)
    city = Text(45, required=True)
    postal_code = Text(10)
    state = Text(45)
    country = Country(required=True)
    coordinates = Nested(GeoLocation, required=True)
    related_locations = ListOf(AdditionalGeoLocation)
    parking_type = OneOf(enums.PARKING_TYPE)
    evses = ListOf(EVSE)
    parking_places = ListOf(Parking)
    directions = ListOf(DisplayText)
    operator = Nested(BusinessDetails)
    suboperator = Nested(BusinessDetails)
    owner = Nested(BusinessDetails)
    facilities = ListOf(OneOf(enums.FACILITY))
    time_zone = TimeZone(required=True)
    opening_times = Nested(Hours)
    charging_when_closed = Boolean()
    images = ListOf(Image)
    energy_mix = Nested(EnergyMix)
    help_phone = CiString(25)
    last_updated = DateTime(required=True)

    @validates_schema
    def hidden_when_for_a_few(self, data: Json, **kwargs: Any) -> None:  # LOC-11
        if data.get("publish") and data.get("publish_allowed_to"):
            raise ValidationError("Only where publish is false.", "publish_allowed_to")

    @validates_schema
    def evses_differ(self, data: Json, **kwargs: Any) -> None:  # LOC-08
        self.differ(data, "evses", "uid")

    @validates_schema
    def parking_is_known(self, data: Json, **kwargs: Any) -> None:  # LOC-22
        self.differ(data, "parking_places", "id")
        places = {self.fold(place["id"]) for place in data.get("parking_places") or ()}
        for evse in data.get("evses") or ():
            for parking in evse.get("parking") or ():
                if self.fold(parking["parking_id"]) not in places:
                    raise ValidationError(f"There is no parking place {parking['parking_id']}.", "evses")


module = Module(
    "locations",
    owners=(Role.CPO,),
    receiver=("GET", "PUT", "PATCH"),
    heard_by=frozenset({Role.EMSP, Role.NSP, Role.NAP, Role.OTHER}),  # HUB-11
    parts=(("evses", "uid"), ("connectors", "id")),
    promoted={"hidden": lambda newest: None if newest["publish"] else "HIDDEN"},
    unsaid={"2.1.1": "hidden"},  # LOC-11
    missing=UnknownLocation,
)
