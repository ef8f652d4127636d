"""How the objects of each OCPI edition look, as short tables, and what is wrong with one that differs.

A field is written `name:type`, with the cardinality after the name: none = required, ? = optional,
* = list, + = list that is not empty. Types: sN string of at most N characters, cN the same in printable
ASCII, n number, i whole number, b boolean, t DateTime, u URL, la and lo coordinates, hm and ymd times and
dates of the clock; a capitalised name is an enum, any other name another table.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from functools import cache
from typing import Any

PARTY = "country_code:c2 party_id:c3 "
OBJECTS_2_3_0: dict[str, str] = {
    "location": PARTY + "id:c36 publish:b publish_allowed_to*:publish_token name?:s255 address:s255 city:s45 "
    "postal_code?:s10 state?:s45 country:s3 coordinates:geo related_locations*:additional_geo "
    "parking_type?:ParkingType evses*:evse parking_places*:parking directions*:text operator?:business "
    "suboperator?:business owner?:business facilities*:Facility time_zone:s255 opening_times?:hours "
    "charging_when_closed?:b images*:image energy_mix?:energy_mix help_phone?:c25 last_updated:t",
    "evse": "uid:c36 evse_id?:c48 status:Status status_schedule*:status_schedule capabilities*:Capability "
    "connectors+:connector floor_level?:s4 coordinates?:geo physical_reference?:s16 directions*:text "
    "parking_restrictions*:ParkingRestriction parking*:evse_parking images*:image "
    "accepted_service_providers*:s50 last_updated:t",
    "connector": "id:c36 standard:ConnectorType format:ConnectorFormat power_type:PowerType max_voltage:i "
    "max_amperage:i max_electric_power?:i tariff_ids*:c36 terms_and_conditions?:u "
    "capabilities*:ConnectorCapability last_updated:t",
    "parking": "id:c36 physical_reference?:s12 vehicle_types+:VehicleType max_vehicle_weight?:n "
    "max_vehicle_height?:n max_vehicle_length?:n max_vehicle_width?:n parking_space_length?:n "
    "parking_space_width?:n dangerous_goods_allowed?:b direction?:ParkingDirection drive_through?:b "
    "restricted_to_type:b reservation_required:b time_limit?:n roofed?:b images*:image lighting?:b "
    "refrigeration_outlet?:b standards*:c36 apds_reference?:c255",
    "evse_parking": "parking_id:c36 evse_position?:EVSEPosition",
    "publish_token": "uid?:c36 type?:TokenType visual_number?:s64 issuer?:s64 group_id?:c36",
    "geo": "latitude:la longitude:lo",
    "additional_geo": "latitude:la longitude:lo name?:text",
    "text": "language:s2 text:s512",
    "business": "name:s100 website?:u logo?:image",
    "image": "url:u thumbnail?:u category:ImageCategory type:c4 width?:i height?:i",
    "hours": "twentyfourseven:b regular_hours*:regular_hours exceptional_openings*:period "
    "exceptional_closings*:period",
    "regular_hours": "weekday:i period_begin:hm period_end:hm",
    "period": "period_begin:t period_end:t",
    "status_schedule": "period_begin:t period_end?:t status:Status",
    "energy_mix": "is_green_energy:b energy_sources*:energy_source environ_impact*:impact supplier_name?:s64 "
    "energy_product_name?:s64",
    "energy_source": "source:EnergySourceCategory percentage:n",
    "impact": "category:EnvironmentalImpactCategory amount:n",
    "tariff": PARTY + "id:c36 currency:s3 type?:TariffType tariff_alt_text*:text tariff_alt_url?:u "
    "min_price?:price_limit max_price?:price_limit elements+:element tax_included:TaxIncluded "
    "start_date_time?:t end_date_time?:t energy_mix?:energy_mix last_updated:t",
    "price_limit": "before_taxes:n after_taxes?:n",
    "element": "price_components+:component restrictions?:restrictions",
    "component": "type:TariffDimensionType price:n vat?:n step_size:i",
    "restrictions": "start_time?:hm end_time?:hm start_date?:ymd end_date?:ymd min_kwh?:n max_kwh?:n "
    "min_current?:n max_current?:n min_power?:n max_power?:n min_duration?:i max_duration?:i "
    "day_of_week*:DayOfWeek reservation?:ReservationRestrictionType",
    "session": PARTY + "id:c36 start_date_time:t end_date_time?:t kwh:n cdr_token:cdr_token "
    "auth_method:AuthMethod authorization_reference?:c36 location_id:c36 evse_uid:c36 connector_id:c36 "
    "meter_id?:s255 currency:s3 charging_periods*:charging_period total_cost?:price status:SessionStatus "
    "last_updated:t",
    "cdr_token": PARTY + "uid:c36 type:TokenType contract_id:c36",
    "charging_period": "start_date_time:t dimensions+:dimension tariff_id?:c36",
    "dimension": "type:CdrDimensionType volume:n",
    "price": "before_taxes:n taxes*:tax",
    "tax": "name:s255 account_number?:s255 percentage?:n amount:n",
    "cdr": PARTY + "id:c39 start_date_time:t end_date_time:t session_id?:c36 cdr_token:cdr_token "
    "auth_method:AuthMethod authorization_reference?:c36 cdr_location:cdr_location meter_id?:s255 "
    "currency:s3 "
    "tariffs*:tariff charging_periods+:charging_period signed_data?:signed_data total_cost:price "
    "total_fixed_cost?:price total_energy:n total_energy_cost?:price total_time:n total_time_cost?:price "
    "total_parking_time?:n total_parking_cost?:price total_reservation_cost?:price remark?:s255 "
    "invoice_reference_id?:c39 credit?:b credit_reference_id?:c39 home_charging_compensation?:b "
    "last_updated:t",
    "cdr_location": "id:c36 name?:s255 address:s45 city:s45 postal_code?:s10 state?:s20 country:s3 "
    "coordinates:geo evse_uid:c36 evse_id:c48 connector_id:c36 connector_standard:ConnectorType "
    "connector_format:ConnectorFormat connector_power_type:PowerType",
    "signed_data": "encoding_method:c36 encoding_method_version?:i public_key?:s512 "
    "signed_values+:signed_value "
    "url?:s512",
    "signed_value": "nature:c32 plain_data:s5000 signed_data:s5000",
    "token": PARTY + "uid:c36 type:TokenType contract_id:c36 visual_number?:s64 issuer:s64 group_id?:c36 "
    "valid:b whitelist:WhitelistType language?:s2 default_profile_type?:ProfileType "
    "energy_contract?:energy_contract last_updated:t",
    "energy_contract": "supplier_name:s64 contract_id?:s64",
    "location_references": "location_id:c36 evse_uids*:c36",
    "authorization_info": "allowed:Allowed token:token location?:location_references "
    "authorization_reference?:c36 info?:text",
    "credentials": "token:c64 url:u hub_party_id?:c5 roles+:role",
    "role": "role:Role business_details:business party_id:c3 country_code:c2",
    "version": "version:s10 url:u",
    "version_details": "version:s10 endpoints+:endpoint",
    "endpoint": "identifier:s50 role:InterfaceRole url:u",
}
OBJECTS_2_2_1 = OBJECTS_2_3_0 | {
    "location": PARTY + "id:c36 publish:b publish_allowed_to*:publish_token name?:s255 address:s255 city:s45 "
    "postal_code?:s10 state?:s45 country:s3 coordinates:geo related_locations*:additional_geo "
    "parking_type?:ParkingType evses*:evse directions*:text operator?:business suboperator?:business "
    "owner?:business facilities*:Facility time_zone:s255 opening_times?:hours charging_when_closed?:b "
    "images*:image energy_mix?:energy_mix last_updated:t",
    "evse": "uid:c36 evse_id?:c48 status:Status status_schedule*:status_schedule capabilities*:Capability "
    "connectors+:connector floor_level?:s4 coordinates?:geo physical_reference?:s16 directions*:text "
    "parking_restrictions*:ParkingRestriction images*:image last_updated:t",
    "connector": "id:c36 standard:ConnectorType format:ConnectorFormat power_type:PowerType max_voltage:i "
    "max_amperage:i max_electric_power?:i tariff_ids*:c36 terms_and_conditions?:u last_updated:t",
    "tariff": PARTY + "id:c36 currency:s3 type?:TariffType tariff_alt_text*:text tariff_alt_url?:u "
    "min_price?:price max_price?:price elements+:element start_date_time?:t end_date_time?:t "
    "energy_mix?:energy_mix last_updated:t",
    "price": "excl_vat:n incl_vat?:n",
    "credentials": "token:c64 url:u roles+:role",
}
OBJECTS_2_1_1 = OBJECTS_2_2_1 | {
    "location": "id:s39 type:LocationType name?:s255 address:s45 city:s45 postal_code:s10 country:s3 "
    "coordinates:geo related_locations*:additional_geo evses*:evse directions*:text operator?:business "
    "suboperator?:business owner?:business facilities*:Facility time_zone?:s255 opening_times?:hours "
    "charging_when_closed?:b images*:image energy_mix?:energy_mix last_updated:t",
    "evse": "uid:s39 evse_id?:s48 status:Status status_schedule*:status_schedule capabilities*:Capability "
    "connectors+:connector floor_level?:s4 coordinates?:geo physical_reference?:s16 directions*:text "
    "parking_restrictions*:ParkingRestriction images*:image last_updated:t",
    "connector": "id:s36 standard:ConnectorType format:ConnectorFormat power_type:PowerType "
    "voltage:i amperage:i "
    "tariff_id?:s36 terms_and_conditions?:u last_updated:t",
    "geo": "latitude:la6 longitude:lo6",
    "additional_geo": "latitude:la6 longitude:lo6 name?:text",
    "hours": "twentyfourseven?:b regular_hours*:regular_hours exceptional_openings*:period "
    "exceptional_closings*:period",
    "impact": "source:EnvironmentalImpactCategory amount:n",
    "tariff": "id:s36 currency:s3 tariff_alt_text*:text tariff_alt_url?:u elements+:element "
    "energy_mix?:energy_mix last_updated:t",
    "component": "type:TariffDimensionType price:n step_size:i",
    "restrictions": "start_time?:hm end_time?:hm start_date?:ymd end_date?:ymd min_kwh?:n max_kwh?:n "
    "min_power?:n max_power?:n min_duration?:i max_duration?:i day_of_week*:DayOfWeek",
    "session": "id:s36 start_datetime:t end_datetime?:t kwh:n auth_id:s36 auth_method:AuthMethod "
    "location:location meter_id?:s255 currency:s3 charging_periods*:charging_period total_cost?:n "
    "status:SessionStatus last_updated:t",
    "charging_period": "start_date_time:t dimensions+:dimension",
    "cdr": "id:c36 start_date_time:t stop_date_time:t auth_id:s36 auth_method:AuthMethod location:location "
    "meter_id?:s255 currency:s3 tariffs*:tariff charging_periods+:charging_period total_cost:n "
    "total_energy:n "
    "total_time:n total_parking_time?:n remark?:s255 last_updated:t",
    "token": "uid:s36 type:TokenType auth_id:s36 visual_number?:s64 issuer:s64 valid:b "
    "whitelist:WhitelistType "
    "language?:s2 last_updated:t",
    "location_references": "location_id:s39 evse_uids*:s39 connector_ids*:s36",
    "authorization_info": "allowed:Allowed location?:location_references info?:text",
    "credentials": "token:c64 url:u business_details:business party_id:s3 country_code:s2",
    "endpoint": "identifier:s50 url:u",
}
OBJECTS: dict[str, dict[str, str]] = {"2.1.1": OBJECTS_2_1_1, "2.2.1": OBJECTS_2_2_1, "2.3.0": OBJECTS_2_3_0}

ENUMS_2_1_1: dict[str, str] = {
    "LocationType": "ON_STREET PARKING_GARAGE UNDERGROUND_GARAGE PARKING_LOT OTHER UNKNOWN",
    "Status": "AVAILABLE BLOCKED CHARGING INOPERATIVE OUTOFORDER PLANNED REMOVED RESERVED UNKNOWN",
    "Capability": "CHARGING_PROFILE_CAPABLE CREDIT_CARD_PAYABLE REMOTE_START_STOP_CAPABLE "
    "RESERVABLE RFID_READER "
    "UNLOCK_CAPABLE",
    "ParkingRestriction": "EV_ONLY PLUGGED DISABLED CUSTOMERS MOTORCYCLES",
    "ConnectorFormat": "SOCKET CABLE",
    "ConnectorType": "CHADEMO DOMESTIC_A DOMESTIC_B DOMESTIC_C DOMESTIC_D DOMESTIC_E DOMESTIC_F DOMESTIC_G "
    "DOMESTIC_H DOMESTIC_I DOMESTIC_J DOMESTIC_K DOMESTIC_L IEC_60309_2_single_16 IEC_60309_2_three_16 "
    "IEC_60309_2_three_32 IEC_60309_2_three_64 IEC_62196_T1 IEC_62196_T1_COMBO IEC_62196_T2 "
    "IEC_62196_T2_COMBO "
    "IEC_62196_T3A IEC_62196_T3C TESLA_R TESLA_S",
    "PowerType": "AC_1_PHASE AC_3_PHASE DC",
    "Facility": "HOTEL RESTAURANT CAFE MALL SUPERMARKET SPORT RECREATION_AREA NATURE MUSEUM "
    "BUS_STOP TAXI_STAND "
    "TRAIN_STATION AIRPORT CARPOOL_PARKING FUEL_STATION WIFI",
    "ImageCategory": "CHARGER ENTRANCE LOCATION NETWORK OPERATOR OTHER OWNER",
    "EnergySourceCategory": "NUCLEAR GENERAL_FOSSIL COAL GAS GENERAL_GREEN SOLAR WIND WATER",
    "EnvironmentalImpactCategory": "NUCLEAR_WASTE CARBON_DIOXIDE",
    "TariffDimensionType": "ENERGY FLAT PARKING_TIME TIME",
    "DayOfWeek": "MONDAY TUESDAY WEDNESDAY THURSDAY FRIDAY SATURDAY SUNDAY",
    "AuthMethod": "AUTH_REQUEST WHITELIST",
    "SessionStatus": "ACTIVE COMPLETED INVALID PENDING",
    "CdrDimensionType": "ENERGY FLAT MAX_CURRENT MIN_CURRENT PARKING_TIME TIME",
    "TokenType": "OTHER RFID",
    "WhitelistType": "ALWAYS ALLOWED ALLOWED_OFFLINE NEVER",
    "Allowed": "ALLOWED BLOCKED EXPIRED NO_CREDIT NOT_ALLOWED",
}
ENUMS_2_2_1 = ENUMS_2_1_1 | {
    "ParkingType": "ALONG_MOTORWAY PARKING_GARAGE PARKING_LOT ON_DRIVEWAY ON_STREET UNDERGROUND_GARAGE",
    "Capability": "CHARGING_PROFILE_CAPABLE CHARGING_PREFERENCES_CAPABLE CHIP_CARD_SUPPORT "
    "CONTACTLESS_CARD_SUPPORT CREDIT_CARD_PAYABLE DEBIT_CARD_PAYABLE PED_TERMINAL REMOTE_START_STOP_CAPABLE "
    "RESERVABLE RFID_READER START_SESSION_CONNECTOR_REQUIRED TOKEN_GROUP_CAPABLE UNLOCK_CAPABLE",
    "ConnectorType": ENUMS_2_1_1["ConnectorType"] + " CHAOJI DOMESTIC_M DOMESTIC_N DOMESTIC_O GBT_AC GBT_DC "
    "NEMA_5_20 NEMA_6_30 NEMA_6_50 NEMA_10_30 NEMA_10_50 NEMA_14_30 NEMA_14_50 PANTOGRAPH_BOTTOM_UP "
    "PANTOGRAPH_TOP_DOWN",
    "PowerType": "AC_1_PHASE AC_2_PHASE AC_2_PHASE_SPLIT AC_3_PHASE DC",
    "Facility": ENUMS_2_1_1["Facility"] + " BIKE_SHARING PARKING_LOT TRAM_STOP METRO_STATION",
    "TariffType": "AD_HOC_PAYMENT PROFILE_CHEAP PROFILE_FAST PROFILE_GREEN REGULAR",
    "ReservationRestrictionType": "RESERVATION RESERVATION_EXPIRES",
    "AuthMethod": "AUTH_REQUEST COMMAND WHITELIST",
    "SessionStatus": "ACTIVE COMPLETED INVALID PENDING RESERVATION",
    "CdrDimensionType": "CURRENT ENERGY ENERGY_EXPORT ENERGY_IMPORT MAX_CURRENT MIN_CURRENT "
    "MAX_POWER MIN_POWER "
    "PARKING_TIME POWER RESERVATION_TIME STATE_OF_CHARGE TIME",
    "TokenType": "AD_HOC_USER APP_USER OTHER RFID",
    "ProfileType": "CHEAP FAST GREEN REGULAR",
    "Role": "CPO EMSP HUB NAP NSP OTHER SCSP",
    "InterfaceRole": "SENDER RECEIVER",
}
OPEN_IN_2_3_0 = (
    "Capability",
    "ConnectorCapability",
    "ConnectorType",
    "EnvironmentalImpactCategory",
    "Facility",
    "ImageCategory",
    "ParkingRestriction",
    "ParkingType",
    "TokenType",
    "VehicleType",
)
ENUMS_2_3_0 = ENUMS_2_2_1 | {
    "Role": "CPO EMSP NAP NSP OTHER SCSP",
    "TaxIncluded": "YES NO N/A",
    "ParkingDirection": "PARALLEL PERPENDICULAR ANGLE",
    "EVSEPosition": "LEFT RIGHT CENTER",
    **dict.fromkeys(OPEN_IN_2_3_0, ""),
}
ENUMS: dict[str, dict[str, str]] = {"2.1.1": ENUMS_2_1_1, "2.2.1": ENUMS_2_2_1, "2.3.0": ENUMS_2_3_0}

PATTERNS = {
    "t": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,4})?Z?",
    "u": r"https?://[\x21-\x7e]{1,247}",
    "la": r"-?\d{1,2}\.\d{5,7}",
    "lo": r"-?\d{1,3}\.\d{5,7}",
    "la6": r"-?\d{1,2}\.\d{6}",
    "lo6": r"-?\d{1,3}\.\d{6}",
    "hm": r"([01]\d|2[0-3]):[0-5]\d",
    "ymd": r"\d{4}-\d\d-\d\d",
}


def is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


KINDS: Mapping[str, Callable[[Any], bool]] = {
    "b": lambda value: isinstance(value, bool),
    "i": is_whole,
    "n": lambda value: is_whole(value) or isinstance(value, Decimal),
}


@cache
def fields(version: str, name: str) -> Mapping[str, tuple[str, str]]:
    """Field -> (cardinality, type) of an object."""
    found = (re.fullmatch(r"(\w+)([?*+]?):(\w+)", each) for each in OBJECTS[version][name].split())
    return {each[1]: (each[2], each[3]) for each in found if each is not None}


def complaints(version: str, name: str, value: Any, *, partial: bool = False) -> list[str]:
    """What is wrong with an object of this edition; `partial` for a PATCH, where fields may be missing."""
    return list(wrong(version, name, value, name, partial=partial))


def wrong(version: str, name: str, value: Any, path: str, *, partial: bool = False) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{path}: not an object"
        return
    table = fields(version, name)
    for unknown in value.keys() - table.keys():
        yield f"{path}.{unknown}: not a field of {version}"
    for field, (cardinality, kind) in table.items():
        at = f"{path}.{field}"
        found = value.get(field)
        if found is None:
            if cardinality in ("", "+") and not (partial and field not in value):
                yield f"{at}: missing"
        elif cardinality in ("*", "+"):
            yield from wrong_list(version, kind, found, at, may_be_empty=cardinality == "*")
        else:
            yield from wrong_value(version, kind, found, at)


def wrong_list(version: str, kind: str, value: Any, path: str, *, may_be_empty: bool) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{path}: not a list"
        return
    if not value and not may_be_empty:
        yield f"{path}: empty"
    for number, each in enumerate(value):
        yield from wrong_value(version, kind, each, f"{path}[{number}]")


def wrong_value(version: str, kind: str, value: Any, path: str) -> Iterator[str]:
    if kind in OBJECTS[version]:
        yield from wrong(version, kind, value, path)
    elif kind in KINDS:
        if not KINDS[kind](value):
            yield f"{path}: {value!r} is not of type {kind}"
    elif not isinstance(value, str):
        yield f"{path}: {value!r} is not a string"
    elif not is_text_of(version, kind, value):
        yield f"{path}: {value!r} is no {kind} of {version}"


def is_text_of(version: str, kind: str, value: str) -> bool:
    if kind in PATTERNS:
        return re.fullmatch(PATTERNS[kind], value, re.ASCII) is not None
    if kind[0].isupper():
        allowed = ENUMS[version].get(kind, "").split()
        return bool(value) if not allowed else value in allowed
    printable = value.isprintable() and (kind[0] == "s" or value.isascii())
    return printable and len(value) <= int(kind[1:])
