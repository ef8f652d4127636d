"""The classes that objects of several modules are made of, in the newest edition."""

from hub.ocpi import enums
from hub.ocpi.types import (
    Boolean,
    CiString,
    CountryCode,
    DateTime,
    Integer,
    Language,
    Latitude,
    ListOf,
    Longitude,
    Nested,
    Number,
    OcpiObject,
    OneOf,
    PartyId,
    Text,
    Url,
)


class DisplayText(OcpiObject):
    """A text in one language (TR-82)."""

    language = Language(required=True)
    text = Text(512, required=True)


class Image(OcpiObject):
    url = Url(required=True)
    thumbnail = Url()
    category = OneOf(enums.IMAGE_CATEGORY, required=True)
    type = CiString(4, required=True)
    width = Integer(least=0, most=99999)
    height = Integer(least=0, most=99999)


class BusinessDetails(OcpiObject):
    name = Text(100, required=True)
    website = Url()
    logo = Nested(Image)


class GeoLocation(OcpiObject):
    latitude = Latitude(required=True)
    longitude = Longitude(required=True)


class AdditionalGeoLocation(GeoLocation):
    name = Nested(DisplayText)


class EnergySource(OcpiObject):
    source = OneOf(enums.ENERGY_SOURCE_CATEGORY, required=True)
    percentage = Number(required=True)


class EnvironmentalImpact(OcpiObject):
    category = OneOf(enums.ENVIRONMENTAL_IMPACT_CATEGORY, required=True)
    amount = Number(required=True)


class EnergyMix(OcpiObject):
    is_green_energy = Boolean(required=True)
    energy_sources = ListOf(EnergySource)
    environ_impact = ListOf(EnvironmentalImpact)
    supplier_name = Text(64)
    energy_product_name = Text(64)


class TaxAmount(OcpiObject):
    name = Text(required=True)
    account_number = Text()
    percentage = Number()
    amount = Number(required=True)


class Price(OcpiObject):
    before_taxes = Number(required=True)
    taxes = ListOf(TaxAmount)


class CdrToken(OcpiObject):
    """The token a session was started with, as it was then (CDR-09)."""

    country_code = CountryCode(required=True)
    party_id = PartyId(required=True)
    uid = CiString(36, required=True)
    type = OneOf(enums.TOKEN_TYPE, required=True)
    contract_id = CiString(36, required=True)


class CdrDimension(OcpiObject):
    type = OneOf(enums.CDR_DIMENSION, required=True)
    volume = Number(required=True)


class ChargingPeriod(OcpiObject):
    start_date_time = DateTime(required=True)
    dimensions = ListOf(CdrDimension, card="+")
    tariff_id = CiString(36)
