"""Tariffs: what the newest edition says of them, and whom they are for."""

from hub.ocpi import enums
from hub.ocpi.module import Module, Role
from hub.ocpi.modules.common import DisplayText, EnergyMix
from hub.ocpi.types import (
    CiString,
    CountryCode,
    Currency,
    Date,
    DateTime,
    Integer,
    ListOf,
    Nested,
    Number,
    OcpiObject,
    OneOf,
    PartyId,
    TimeOfDay,
    Url,
)


class PriceComponent(OcpiObject):
    type = OneOf(enums.TARIFF_DIMENSION, required=True)
    price = Number(required=True)
    vat = Number()
    step_size = Integer(least=0, required=True)  # TAR-11: the text's own free tariff has 0


class PriceLimit(OcpiObject):
    before_taxes = Number(required=True)
    after_taxes = Number()


class TariffRestrictions(OcpiObject):
    start_time = TimeOfDay()
    end_time = TimeOfDay()
    start_date = Date()
    end_date = Date()
    min_kwh = Number()
    max_kwh = Number()
    min_current = Number()
    max_current = Number()
    min_power = Number()
    max_power = Number()
    min_duration = Integer(least=0)
    max_duration = Integer(least=0)
    day_of_week = ListOf(OneOf(enums.DAY_OF_WEEK))
    reservation = OneOf(enums.RESERVATION_RESTRICTION)


class TariffElement(OcpiObject):
    price_components = ListOf(PriceComponent, card="+")
    restrictions = Nested(TariffRestrictions)


class Tariff(OcpiObject):
    comes_again = True  # in every CDR that it priced

    country_code = CountryCode(required=True)
    party_id = PartyId(required=True)
    id = CiString(36, required=True)
    currency = Currency(required=True)
    type = OneOf(enums.TARIFF_TYPE)
    tariff_alt_text = ListOf(DisplayText)
    tariff_alt_url = Url()
    min_price = Nested(PriceLimit)
    max_price = Nested(PriceLimit)
    elements = ListOf(TariffElement, card="+")
    tax_included = OneOf(enums.TAX_INCLUDED, required=True)
    start_date_time = DateTime()
    end_date_time = DateTime()
    energy_mix = Nested(EnergyMix)
    last_updated = DateTime(required=True)


module = Module(
    "tariffs",
    owners=(Role.CPO,),
    receiver=("GET", "PUT", "DELETE", "PATCH@2.1.1"),  # TAR-04
    heard_by=frozenset({Role.EMSP, Role.NSP, Role.NAP, Role.OTHER}),  # HUB-11
)
