"""Valid OCPI objects for tests: a fresh one at every call, invented, with most optional fields filled.

example(version, name, **changes)  the object of an edition, as the strict reader would give it; changes
                                   replace top level fields, and `None` takes one away
The parties are the CPO NL/CPO and the eMSP DE/MSP. What belongs together has the same ids: the session and
the CDR are at the location, with the tariff and the token.
"""

from collections.abc import Callable
from copy import deepcopy
from decimal import Decimal
from typing import Any

Json = dict[str, Any]

CPO = {"country_code": "NL", "party_id": "CPO"}
EMSP = {"country_code": "DE", "party_id": "MSP"}
AT = "2025-03-10T08:00:00Z"


def example(version: str, name: str, /, **changes: Any) -> Json:
    body = deepcopy(EXAMPLES[version][name]()) | changes
    return {field: value for field, value in body.items() if value is not None}


# --- 2.3.0 ----------------------------------------------------------------------------------------


def image_230() -> Json:
    return {
        "url": "https://img.example.com/harbour.jpg",
        "thumbnail": "https://img.example.com/harbour-small.jpg",
        "category": "LOCATION",
        "type": "jpeg",
        "width": 1200,
        "height": 800,
    }


def business_details_230() -> Json:
    return {"name": "Havenstroom", "website": "https://havenstroom.example.com", "logo": image_230()}


def energy_mix_230() -> Json:
    return {
        "is_green_energy": False,
        "energy_sources": [
            {"source": "WIND", "percentage": Decimal("72.5")},
            {"source": "GAS", "percentage": Decimal("27.5")},
        ],
        "environ_impact": [
            {"category": "CARBON_DIOXIDE", "amount": Decimal("109.4")},
            {"category": "NUCLEAR_WASTE", "amount": 0},
        ],
        "supplier_name": "Noordwind",
        "energy_product_name": "Zeebries",
    }


def connector_230() -> Json:
    return {
        "id": "1",
        "standard": "IEC_62196_T2",
        "format": "SOCKET",
        "power_type": "AC_3_PHASE",
        "max_voltage": 230,
        "max_amperage": 32,
        "max_electric_power": 22000,
        "tariff_ids": ["DAY-NIGHT"],
        "terms_and_conditions": "https://havenstroom.example.com/terms",
        "capabilities": ["ISO_15118_2_PLUG_AND_CHARGE"],
        "last_updated": AT,
    }


def evse_230() -> Json:
    return {
        "uid": "EVSE-1",
        "evse_id": "NL*CPO*E0001",
        "status": "AVAILABLE",
        "status_schedule": [
            {
                "period_begin": "2025-06-01T00:00:00Z",
                "period_end": "2025-06-02T00:00:00Z",
                "status": "INOPERATIVE",
            }
        ],
        "capabilities": ["RFID_READER", "REMOTE_START_STOP_CAPABLE", "RESERVABLE"],
        "connectors": [connector_230()],
        "floor_level": "-1",
        "coordinates": {"latitude": "52.37403", "longitude": "4.88969"},
        "physical_reference": "A1",
        "directions": [{"language": "nl", "text": "Naast de lift"}],
        "parking_restrictions": ["EV_ONLY"],
        "parking": [{"parking_id": "P1", "evse_position": "LEFT"}],
        "images": [image_230()],
        "accepted_service_providers": ["Ladestrom"],
        "last_updated": AT,
    }


def location_230() -> Json:
    return CPO | {
        "id": "HARBOUR",
        "publish": True,
        "name": "Harbour garage",
        "address": "Kade 12",
        "city": "Amsterdam",
        "postal_code": "1011AB",
        "state": "Noord-Holland",
        "country": "NLD",
        "coordinates": {"latitude": "52.374030", "longitude": "4.889690"},
        "related_locations": [
            {"latitude": "52.37411", "longitude": "4.88975", "name": {"language": "en", "text": "Entrance"}}
        ],
        "parking_type": "PARKING_GARAGE",
        "evses": [
            evse_230(),
            evse_230() | {"uid": "EVSE-2", "evse_id": "NL*CPO*E0002", "status": "CHARGING", "parking": []},
        ],
        "parking_places": [
            {
                "id": "P1",
                "physical_reference": "12",
                "vehicle_types": ["PERSONAL_VEHICLE", "VAN"],
                "max_vehicle_weight": 3500,
                "max_vehicle_height": Decimal("210.5"),
                "direction": "PERPENDICULAR",
                "drive_through": False,
                "restricted_to_type": False,
                "reservation_required": False,
                "time_limit": 240,
                "roofed": True,
                "images": [image_230()],
                "standards": ["PAS 1899"],
                "apds_reference": "place-12",
            }
        ],
        "directions": [{"language": "en", "text": "Second barrier on the left"}],
        "operator": business_details_230(),
        "suboperator": {"name": "Kade Beheer"},
        "owner": {"name": "Stad aan het IJ"},
        "facilities": ["CAFE", "TRAM_STOP"],
        "time_zone": "Europe/Amsterdam",
        "opening_times": {
            "twentyfourseven": False,
            "regular_hours": [
                {"weekday": 1, "period_begin": "06:00", "period_end": "22:00"},
                {"weekday": 6, "period_begin": "08:00", "period_end": "00:00"},
            ],
            "exceptional_openings": [
                {"period_begin": "2025-04-27T06:00:00Z", "period_end": "2025-04-27T20:00:00Z"}
            ],
            "exceptional_closings": [
                {"period_begin": "2025-12-25T00:00:00Z", "period_end": "2025-12-26T00:00:00Z"}
            ],
        },
        "charging_when_closed": True,
        "images": [image_230()],
        "energy_mix": energy_mix_230(),
        "help_phone": "+31 20 555 0100",
        "last_updated": AT,
    }


def tariff_230() -> Json:
    return CPO | {
        "id": "DAY-NIGHT",
        "currency": "EUR",
        "type": "REGULAR",
        "tariff_alt_text": [{"language": "en", "text": "Cheaper at night"}],
        "tariff_alt_url": "https://havenstroom.example.com/prices",
        "min_price": {"before_taxes": Decimal("0.50"), "after_taxes": Decimal("0.605")},
        "max_price": {"before_taxes": 50},
        "elements": [
            {
                "price_components": [{"type": "ENERGY", "price": Decimal("0.21"), "vat": 21, "step_size": 1}],
                "restrictions": {
                    "start_time": "23:00",
                    "end_time": "07:00",
                    "start_date": "2025-01-01",
                    "end_date": "2026-01-01",
                    "max_power": 22,
                    "max_duration": 28800,
                    "day_of_week": ["MONDAY", "TUESDAY"],
                },
            },
            {
                "price_components": [
                    {"type": "ENERGY", "price": Decimal("0.3300"), "vat": 21, "step_size": 1},
                    {"type": "PARKING_TIME", "price": Decimal("2.40"), "vat": 21, "step_size": 300},
                    {"type": "FLAT", "price": Decimal("0.25"), "vat": 21, "step_size": 1},
                ]
            },
        ],
        "tax_included": "NO",
        "start_date_time": "2025-01-01T00:00:00Z",
        "end_date_time": "2026-01-01T00:00:00Z",
        "energy_mix": energy_mix_230(),
        "last_updated": AT,
    }


def cdr_token() -> Json:
    return EMSP | {"uid": "04A1B2C3D4", "type": "RFID", "contract_id": "DEMSPC0000017X"}


def charging_periods_230() -> list[Json]:
    return [
        {
            "start_date_time": "2025-03-10T08:00:00Z",
            "dimensions": [
                {"type": "ENERGY", "volume": Decimal("14.2")},
                {"type": "TIME", "volume": Decimal("1.5")},
            ],
            "tariff_id": "DAY-NIGHT",
        },
        {
            "start_date_time": "2025-03-10T09:30:00Z",
            "dimensions": [{"type": "PARKING_TIME", "volume": Decimal("0.25")}],
            "tariff_id": "DAY-NIGHT",
        },
    ]


def price_230(net: str, tax: str) -> Json:
    return {
        "before_taxes": Decimal(net),
        "taxes": [{"name": "VAT", "account_number": "NL001", "percentage": 21, "amount": Decimal(tax)}],
    }


def session_230() -> Json:
    return CPO | {
        "id": "SESSION-1",
        "start_date_time": "2025-03-10T08:00:00Z",
        "end_date_time": "2025-03-10T09:45:00Z",
        "kwh": Decimal("14.2"),
        "cdr_token": cdr_token(),
        "auth_method": "WHITELIST",
        "authorization_reference": "AUTH-77",
        "location_id": "HARBOUR",
        "evse_uid": "EVSE-1",
        "connector_id": "1",
        "meter_id": "METER-9",
        "currency": "EUR",
        "charging_periods": charging_periods_230(),
        "total_cost": price_230("5.536", "1.16256"),
        "status": "COMPLETED",
        "last_updated": "2025-03-10T09:45:10.250Z",
    }


def charging_preferences_230() -> Json:
    return {
        "profile_type": "GREEN",
        "departure_time": "2025-03-10T17:00:00Z",
        "energy_need": Decimal("30.5"),
        "discharge_allowed": False,
    }


def cdr_230() -> Json:
    return CPO | {
        "id": "CDR-1",
        "start_date_time": "2025-03-10T08:00:00Z",
        "end_date_time": "2025-03-10T09:45:00Z",
        "session_id": "SESSION-1",
        "cdr_token": cdr_token(),
        "auth_method": "WHITELIST",
        "authorization_reference": "AUTH-77",
        "cdr_location": {
            "id": "HARBOUR",
            "name": "Harbour garage",
            "address": "Kade 12",
            "city": "Amsterdam",
            "postal_code": "1011AB",
            "state": "Noord-Holland",
            "country": "NLD",
            "coordinates": {"latitude": "52.374030", "longitude": "4.889690"},
            "evse_uid": "EVSE-1",
            "evse_id": "NL*CPO*E0001",
            "connector_id": "1",
            "connector_standard": "IEC_62196_T2",
            "connector_format": "SOCKET",
            "connector_power_type": "AC_3_PHASE",
        },
        "meter_id": "METER-9",
        "currency": "EUR",
        "tariffs": [tariff_230()],
        "charging_periods": charging_periods_230(),
        "signed_data": {
            "encoding_method": "OCMF",
            "encoding_method_version": 1,
            "public_key": "MFkwEwYHKoZI",
            "signed_values": [
                {"nature": "Start", "plain_data": "0.000 kWh", "signed_data": "AAEC"},
                {"nature": "End", "plain_data": "14.200 kWh", "signed_data": "AwQF"},
            ],
            "url": "https://havenstroom.example.com/meter",
        },
        "total_cost": price_230("5.536", "1.16256"),
        "total_fixed_cost": price_230("0.25", "0.0525"),
        "total_energy": Decimal("14.2"),
        "total_energy_cost": price_230("4.686", "0.98406"),
        "total_time": Decimal("1.75"),
        "total_time_cost": {"before_taxes": 0},
        "total_parking_time": Decimal("0.25"),
        "total_parking_cost": price_230("0.60", "0.126"),
        "total_reservation_cost": {"before_taxes": 0, "taxes": []},
        "remark": "Stopped by the driver",
        "invoice_reference_id": "INV-2025-03",
        "home_charging_compensation": False,
        "last_updated": "2025-03-10T09:50:00Z",
    }


def token_230() -> Json:
    return EMSP | {
        "uid": "04A1B2C3D4",
        "type": "RFID",
        "contract_id": "DEMSPC0000017X",
        "visual_number": "DE-MSP-000017-X",
        "issuer": "Ladestrom",
        "group_id": "FAMILY-4",
        "valid": True,
        "whitelist": "ALLOWED",
        "language": "de",
        "default_profile_type": "GREEN",
        "energy_contract": {"supplier_name": "Sonnenstrom", "contract_id": "S-100"},
        "last_updated": AT,
    }


def invoicereconciliation_230() -> Json:
    return CPO | {
        "id": "RECORD-1",
        "invoice_id": "INV-2025-03",
        "cdrs": ["CDR-1", "CDR-2"],
        "last_updated": AT,
    }


def location_references_230() -> Json:
    return {"location_id": "HARBOUR", "evse_uids": ["EVSE-1", "EVSE-2"]}


def authorization_info_230() -> Json:
    return {
        "allowed": "ALLOWED",
        "token": token_230(),
        "location": location_references_230(),
        "authorization_reference": "AUTH-77",
        "info": {"language": "de", "text": "Gute Fahrt"},
    }


def credentials_230() -> Json:
    return {
        "token": "c0ffee-token-of-a-partner",
        "url": "https://cpo.example.com/ocpi/versions",
        "hub_party_id": "NLHUB",
        "roles": [
            CPO | {"role": "CPO", "business_details": business_details_230()},
            CPO | {"role": "EMSP", "business_details": {"name": "Havenstroom"}},
        ],
    }


def version_230() -> Json:
    return {"version": "2.3.0", "url": "https://cpo.example.com/ocpi/2.3.0"}


def version_details_230() -> Json:
    return {
        "version": "2.3.0",
        "endpoints": [
            {
                "identifier": "credentials",
                "role": "SENDER",
                "url": "https://cpo.example.com/ocpi/2.3.0/credentials",
            },
            {
                "identifier": "locations",
                "role": "SENDER",
                "url": "https://cpo.example.com/ocpi/2.3.0/locations",
            },
            {"identifier": "tokens", "role": "RECEIVER", "url": "https://cpo.example.com/ocpi/2.3.0/tokens"},
        ],
    }


# --- 2.2.1: what is said otherwise ----------------------------------------------------------------


def without(body: Json, *names: str) -> Json:
    return {name: value for name, value in body.items() if name not in names}


def price_221(net: str, gross: str) -> Json:
    return {"excl_vat": Decimal(net), "incl_vat": Decimal(gross)}


def connector_221() -> Json:
    return without(connector_230(), "capabilities")


def evse_221() -> Json:
    return without(evse_230(), "parking", "accepted_service_providers") | {"connectors": [connector_221()]}


def location_221() -> Json:
    evses = [evse_221(), evse_221() | {"uid": "EVSE-2", "evse_id": "NL*CPO*E0002", "status": "CHARGING"}]
    return without(location_230(), "parking_places", "help_phone") | {"evses": evses}


def tariff_221() -> Json:
    limits = {"min_price": price_221("0.50", "0.605"), "max_price": {"excl_vat": 50}}
    return without(tariff_230(), "tax_included") | limits


def session_221() -> Json:
    return session_230() | {"total_cost": price_221("5.536", "6.69856")}


def cdr_221() -> Json:
    return cdr_230() | {
        "tariffs": [tariff_221()],
        "total_cost": price_221("5.536", "6.69856"),
        "total_fixed_cost": price_221("0.25", "0.3025"),
        "total_energy_cost": price_221("4.686", "5.67006"),
        "total_time_cost": {"excl_vat": 0},
        "total_parking_cost": price_221("0.60", "0.726"),
        "total_reservation_cost": {"excl_vat": 0, "incl_vat": 0},
    }


def credentials_221() -> Json:
    return without(credentials_230(), "hub_party_id")


def version_221() -> Json:
    return {"version": "2.2.1", "url": "https://cpo.example.com/ocpi/2.2.1"}


def version_details_221() -> Json:
    return version_details_230() | {"version": "2.2.1"}


# --- 2.1.1 ----------------------------------------------------------------------------------------


def energy_mix_211() -> Json:
    impact = [{"source": "CARBON_DIOXIDE", "amount": Decimal("109.4")}]
    return energy_mix_230() | {"environ_impact": impact}


def connector_211() -> Json:
    return {
        "id": "1",
        "standard": "IEC_62196_T2",
        "format": "SOCKET",
        "power_type": "AC_3_PHASE",
        "voltage": 230,
        "amperage": 32,
        "tariff_id": "DAY-NIGHT",
        "terms_and_conditions": "https://havenstroom.example.com/terms",
        "last_updated": AT,
    }


def evse_211() -> Json:
    coordinates = {"latitude": "52.374030", "longitude": "4.889690"}
    return evse_221() | {"connectors": [connector_211()], "coordinates": coordinates}


def location_211() -> Json:
    entrance = {
        "latitude": "52.374110",
        "longitude": "4.889750",
        "name": {"language": "en", "text": "Entrance"},
    }
    evses = [evse_211(), evse_211() | {"uid": "EVSE-2", "evse_id": "NL*CPO*E0002", "status": "CHARGING"}]
    gone = ("country_code", "party_id", "publish", "parking_type", "state")
    return without(location_221(), *gone) | {
        "type": "PARKING_GARAGE",
        "related_locations": [entrance],
        "evses": evses,
        "facilities": ["CAFE", "BUS_STOP"],
        "energy_mix": energy_mix_211(),
    }


def location_of_session_211() -> Json:
    """A location, "reduced" to the EVSE and the connector that were used."""
    return location_211() | {"evses": [evse_211()]}


def tariff_211() -> Json:
    return {
        "id": "DAY-NIGHT",
        "currency": "EUR",
        "tariff_alt_text": [{"language": "en", "text": "Cheaper at night"}],
        "tariff_alt_url": "https://havenstroom.example.com/prices",
        "elements": [
            {
                "price_components": [{"type": "ENERGY", "price": Decimal("0.21"), "step_size": 1}],
                "restrictions": {
                    "start_time": "00:00",
                    "end_time": "07:00",
                    "min_power": 3,
                    "day_of_week": ["MONDAY"],
                },
            },
            {
                "price_components": [
                    {"type": "ENERGY", "price": Decimal("0.3300"), "step_size": 1},
                    {"type": "PARKING_TIME", "price": Decimal("2.40"), "step_size": 300},
                ]
            },
        ],
        "energy_mix": energy_mix_211(),
        "last_updated": AT,
    }


def charging_periods_211() -> list[Json]:
    return [without(period, "tariff_id") for period in charging_periods_230()]


def session_211() -> Json:
    return {
        "id": "SESSION-1",
        "start_datetime": "2025-03-10T08:00:00Z",
        "end_datetime": "2025-03-10T09:45:00Z",
        "kwh": Decimal("14.2"),
        "auth_id": "DEMSPC0000017X",
        "auth_method": "WHITELIST",
        "location": location_of_session_211(),
        "meter_id": "METER-9",
        "currency": "EUR",
        "charging_periods": charging_periods_211(),
        "total_cost": Decimal("5.536"),
        "status": "COMPLETED",
        "last_updated": "2025-03-10T09:45:10Z",
    }


def cdr_211() -> Json:
    return {
        "id": "CDR-1",
        "start_date_time": "2025-03-10T08:00:00Z",
        "stop_date_time": "2025-03-10T09:45:00Z",
        "auth_id": "DEMSPC0000017X",
        "auth_method": "WHITELIST",
        "location": location_of_session_211(),
        "meter_id": "METER-9",
        "currency": "EUR",
        "tariffs": [tariff_211()],
        "charging_periods": charging_periods_211(),
        "total_cost": Decimal("5.536"),
        "total_energy": Decimal("14.2"),
        "total_time": Decimal("1.75"),
        "total_parking_time": Decimal("0.25"),
        "remark": "Stopped by the driver",
        "last_updated": "2025-03-10T09:50:00Z",
    }


def token_211() -> Json:
    return {
        "uid": "04A1B2C3D4",
        "type": "RFID",
        "auth_id": "DEMSPC0000017X",
        "visual_number": "DE-MSP-000017-X",
        "issuer": "Ladestrom",
        "valid": True,
        "whitelist": "ALLOWED",
        "language": "de",
        "last_updated": AT,
    }


def location_references_211() -> Json:
    return location_references_230() | {"connector_ids": ["1"]}


def authorization_info_211() -> Json:
    info = {"language": "de", "text": "Gute Fahrt"}
    return {"allowed": "ALLOWED", "location": location_references_211(), "info": info}


def credentials_211() -> Json:
    return CPO | {
        "token": "c0ffee-token-of-a-partner",
        "url": "https://cpo.example.com/ocpi/cpo/versions",
        "business_details": business_details_230(),
    }


def version_211() -> Json:
    return {"version": "2.1.1", "url": "https://cpo.example.com/ocpi/cpo/2.1.1"}


def version_details_211() -> Json:
    return {
        "version": "2.1.1",
        "endpoints": [
            {"identifier": "credentials", "url": "https://cpo.example.com/ocpi/cpo/2.1.1/credentials"},
            {"identifier": "locations", "url": "https://cpo.example.com/ocpi/cpo/2.1.1/locations"},
        ],
    }


EXAMPLES: dict[str, dict[str, Callable[[], Json]]] = {
    "2.3.0": {
        "locations": location_230,
        "evses": evse_230,
        "connectors": connector_230,
        "tariffs": tariff_230,
        "sessions": session_230,
        "charging_preferences": charging_preferences_230,
        "cdrs": cdr_230,
        "tokens": token_230,
        "invoicereconciliation": invoicereconciliation_230,
        "location_references": location_references_230,
        "authorization_info": authorization_info_230,
        "credentials": credentials_230,
        "versions": version_230,
        "version_details": version_details_230,
    },
    "2.2.1": {
        "locations": location_221,
        "evses": evse_221,
        "connectors": connector_221,
        "tariffs": tariff_221,
        "sessions": session_221,
        "charging_preferences": charging_preferences_230,
        "cdrs": cdr_221,
        "tokens": token_230,
        "location_references": location_references_230,
        "authorization_info": authorization_info_230,
        "credentials": credentials_221,
        "versions": version_221,
        "version_details": version_details_221,
    },
    "2.1.1": {
        "locations": location_211,
        "evses": evse_211,
        "connectors": connector_211,
        "tariffs": tariff_211,
        "sessions": session_211,
        "cdrs": cdr_211,
        "tokens": token_211,
        "location_references": location_references_211,
        "authorization_info": authorization_info_211,
        "credentials": credentials_211,
        "versions": version_211,
        "version_details": version_details_211,
    },
}
