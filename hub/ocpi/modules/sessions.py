"""Sessions and charging preferences: what the newest edition says of them, and whom they are for."""

from hub.ocpi import enums
from hub.ocpi.document import Json, Party
from hub.ocpi.errors import InvalidParameter
from hub.ocpi.module import Module, Role
from hub.ocpi.modules.common import CdrToken, ChargingPeriod, Price
from hub.ocpi.types import (
    Boolean,
    CiString,
    CountryCode,
    Currency,
    DateTime,
    ListOf,
    Nested,
    Number,
    OcpiObject,
    OneOf,
    PartyId,
    Text,
)


class Session(OcpiObject):
    country_code = CountryCode(required=True)
    party_id = PartyId(required=True)
    id = CiString(36, required=True)
    start_date_time = DateTime(required=True)
    end_date_time = DateTime()
    kwh = Number(required=True)
    cdr_token = Nested(CdrToken, required=True)
    auth_method = OneOf(enums.AUTH_METHOD, required=True)
    authorization_reference = CiString(36)
    location_id = CiString(36, required=True)
    evse_uid = CiString(36, required=True)  # SES-10: #NA while a reservation has none
    connector_id = CiString(36, required=True)
    meter_id = Text(255)
    currency = Currency(required=True)
    charging_periods = ListOf(ChargingPeriod)
    total_cost = Nested(Price)
    status = OneOf(enums.SESSION_STATUS, required=True)
    last_updated = DateTime(required=True)


class ChargingPreferences(OcpiObject):
    """What a driver wishes of a smart charging session (SES-16)."""

    profile_type = OneOf(enums.PROFILE_TYPE, required=True)
    departure_time = DateTime()
    energy_need = Number()
    discharge_allowed = Boolean()


def token_issuer(newest: Json) -> Party:
    """The eMSP whose token it was, who alone may see it and has to pay it (SES-20, CDR-16)."""
    return Party.of(newest["cdr_token"]["country_code"], newest["cdr_token"]["party_id"])


def first_tariff(newest: Json) -> str | None:
    """The tariff of the first period that names one."""
    named = (period.get("tariff_id") for period in newest.get("charging_periods") or ())
    return next((tariff for tariff in named if tariff), None)


def completed_is_final(before: Json | None, after: Json) -> None:  # SES-08
    """The same once more is no change, however late it is dated."""
    if before is None or before["status"] != "COMPLETED":
        return
    if before | {"last_updated": None} != after | {"last_updated": None}:
        raise InvalidParameter("The session is COMPLETED, so it can no longer change.")


module = Module(
    "sessions",
    owners=(Role.CPO,),
    receiver=("GET", "PUT", "PATCH"),
    heard_by=frozenset({Role.EMSP}),
    heard_by_one=token_issuer,
    dated=True,  # SES-18
    appended="charging_periods",
    allow=completed_is_final,
    promoted={
        "status": lambda newest: newest["status"],
        "location_id": lambda newest: newest["location_id"],
        "tariff_id": first_tariff,
    },
)
