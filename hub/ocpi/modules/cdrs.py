"""Charge detail records: what the newest edition says of them, and whom they are for."""

from typing import Any

from marshmallow import ValidationError, validates_schema

from hub.ocpi import enums
from hub.ocpi.document import Json
from hub.ocpi.errors import InvalidParameter
from hub.ocpi.module import Module, Role
from hub.ocpi.modules.common import CdrToken, ChargingPeriod, GeoLocation, Price
from hub.ocpi.modules.sessions import token_issuer
from hub.ocpi.modules.tariffs import Tariff
from hub.ocpi.types import (
    Boolean,
    CiString,
    Country,
    CountryCode,
    Currency,
    DateTime,
    Integer,
    ListOf,
    Nested,
    Number,
    OcpiObject,
    OneOf,
    PartyId,
    Text,
)


class CdrLocation(OcpiObject):
    """Where it was, as it was at the start. Shorter than Location: the text kept 45 and 20 here."""

    comes_again = True

    id = CiString(36, required=True)
    name = Text(255)
    address = Text(45, required=True)
    city = Text(45, required=True)
    postal_code = Text(10)
    state = Text(20)
    country = Country(required=True)
    coordinates = Nested(GeoLocation, required=True)
    evse_uid = CiString(36, required=True)  # CDR-10: #NA for a reservation that was not used
    evse_id = CiString(48, required=True)
    connector_id = CiString(36, required=True)
    connector_standard = OneOf(enums.CONNECTOR_TYPE, required=True)
    connector_format = OneOf(enums.CONNECTOR_FORMAT, required=True)
    connector_power_type = OneOf(enums.POWER_TYPE, required=True)


class SignedValue(OcpiObject):
    nature = CiString(32, required=True)
    plain_data = Text(5000, required=True, any_signs=True)
    signed_data = Text(5000, required=True, any_signs=True)


class SignedData(OcpiObject):
    """What a meter has signed, passed on untouched (CDR-18)."""

    encoding_method = CiString(36, required=True)
    encoding_method_version = Integer()
    public_key = Text(512, any_signs=True)
    signed_values = ListOf(SignedValue, card="+")
    url = Text(512)


class CDR(OcpiObject):
    country_code = CountryCode(required=True)
    party_id = PartyId(required=True)
    id = CiString(39, required=True)
    start_date_time = DateTime(required=True)
    end_date_time = DateTime(required=True)
    session_id = CiString(36)
    cdr_token = Nested(CdrToken, required=True)
    auth_method = OneOf(enums.AUTH_METHOD, required=True)
    authorization_reference = CiString(36)
    cdr_location = Nested(CdrLocation, required=True)
    meter_id = Text(255)
    currency = Currency(required=True)
    tariffs = ListOf(Tariff)
    charging_periods = ListOf(ChargingPeriod, card="+")
    signed_data = Nested(SignedData)
    total_cost = Nested(Price, required=True)
    total_fixed_cost = Nested(Price)
    total_energy = Number(required=True)
    total_energy_cost = Nested(Price)
    total_time = Number(required=True)
    total_time_cost = Nested(Price)
    total_parking_time = Number()
    total_parking_cost = Nested(Price)
    total_reservation_cost = Nested(Price)
    remark = Text(255)
    invoice_reference_id = CiString(39)
    credit = Boolean()
    credit_reference_id = CiString(39)
    home_charging_compensation = Boolean()
    last_updated = DateTime(required=True)

    @validates_schema
    def credit_names_its_cdr(self, data: Json, **kwargs: Any) -> None:  # CDR-06
        if data.get("credit") and not data.get("credit_reference_id"):
            raise ValidationError("Is required in a credit CDR.", "credit_reference_id")
        if data.get("credit_reference_id") and not data.get("credit"):
            raise ValidationError("Must be true where credit_reference_id is given.", "credit")

    @validates_schema
    def long_ids_are_credits(self, data: Json, **kwargs: Any) -> None:  # CDR-05
        if len(data["id"]) > 36 and not data.get("credit"):
            raise ValidationError("Must have at most 36 characters, unless in a credit CDR.", "id")


def never_changes(before: Json | None, after: Json) -> None:  # CDR-03, CDR-04
    """The same once more is no change."""
    if before is not None and before != after:
        raise InvalidParameter("A CDR with this id is already here, with another content: CDRs never change.")


module = Module(
    "cdrs",
    owners=(Role.CPO,),
    receiver=("POST", "GET"),  # CDR-03
    heard_by=frozenset({Role.EMSP}),
    heard_by_one=token_issuer,
    allow=never_changes,
    promoted={
        "session_id": lambda newest: newest.get("session_id"),
        "credit_reference_id": lambda newest: newest.get("credit_reference_id"),
    },
    unsaid={"2.1.1": "credit_reference_id"},  # CDR-06
)
