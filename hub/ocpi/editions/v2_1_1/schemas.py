"""What the objects of OCPI 2.1.1-d2 say otherwise than those of 2.2.1."""

from typing import Any

from hub.ocpi import enums
from hub.ocpi.document import Json
from hub.ocpi.editions.deriving import Difference, Schemas
from hub.ocpi.editions.v2_2_1 import schemas as newer
from hub.ocpi.editions.v2_3_0.schemas import SCHEMAS as NEWEST
from hub.ocpi.modules import cdrs, common, credentials, locations, sessions, tariffs, tokens, versions
from hub.ocpi.types import (
    Boolean,
    Check,
    CiString,
    Country,
    CountryCode,
    CredentialsToken,
    DateTime,
    EitherCountry,
    Integer,
    Latitude,
    Latitude6,
    ListOf,
    Longitude,
    Longitude6,
    Nested,
    Number,
    OcpiObject,
    OneOf,
    PartyId,
    Text,
    TimeZone,
    Url,
)

OWNER = ("country_code", "party_id")


class EnvironmentalImpact(common.EnvironmentalImpact):
    source = OneOf(enums.ENVIRONMENTAL_IMPACT_CATEGORY, required=True)

    class Meta(OcpiObject.Meta):
        exclude = ("category",)


class Hours(locations.Hours):
    """A choice: regular hours, or always (LOC-15)."""

    twentyfourseven = Boolean()


class Connector(newer.Connector):
    voltage = Integer(least=0, required=True)
    amperage = Integer(least=0, required=True)
    tariff_id = CiString(36)

    class Meta(OcpiObject.Meta):
        exclude = ("max_voltage", "max_amperage", "max_electric_power", "tariff_ids")


class EVSE(newer.EVSE):
    uid = CiString(39, required=True)

    def fold(self, identity: str) -> str:  # TR-60
        return identity


class Location(newer.Location):
    id = CiString(39, required=True)
    type = OneOf(enums.LOCATION_TYPE_2_1_1, required=True)
    address = Text(45, required=True)
    postal_code = Text(10, required=True)
    time_zone = TimeZone()

    class Meta(OcpiObject.Meta):
        exclude = (*OWNER, "publish", "publish_allowed_to", "parking_type", "state")

    def fold(self, identity: str) -> str:  # TR-60
        return identity

    def hidden_when_for_a_few(self, data: Json, **kwargs: Any) -> None:
        """Nothing can be hidden here."""


class PriceComponent(tariffs.PriceComponent):
    class Meta(OcpiObject.Meta):
        exclude = ("vat",)


class TariffRestrictions(tariffs.TariffRestrictions):
    class Meta(OcpiObject.Meta):
        exclude = ("min_current", "max_current", "reservation")


class Tariff(newer.Tariff):
    class Meta(OcpiObject.Meta):
        exclude = (*OWNER, "type", "min_price", "max_price", "start_date_time", "end_date_time")


class ChargingPeriod(common.ChargingPeriod):
    class Meta(OcpiObject.Meta):
        exclude = ("tariff_id",)


class Session(sessions.Session):
    start_datetime = DateTime(required=True)
    end_datetime = DateTime()
    auth_id = CiString(36, required=True)
    location = Nested(locations.Location, required=True)
    total_cost = Number()  # type: ignore[assignment]

    class Meta(OcpiObject.Meta):
        exclude = (
            *OWNER,
            "start_date_time",
            "end_date_time",
            "cdr_token",
            "authorization_reference",
            "location_id",
            "evse_uid",
            "connector_id",
        )


class CDR(cdrs.CDR):
    id = CiString(36, required=True)
    stop_date_time = DateTime(required=True)
    auth_id = CiString(36, required=True)
    location = Nested(locations.Location, required=True)
    total_cost = Number(required=True)  # type: ignore[assignment]

    class Meta(OcpiObject.Meta):
        exclude = (
            *OWNER,
            "end_date_time",
            "session_id",
            "cdr_token",
            "authorization_reference",
            "cdr_location",
            "signed_data",
            "total_fixed_cost",
            "total_energy_cost",
            "total_time_cost",
            "total_parking_cost",
            "total_reservation_cost",
            "invoice_reference_id",
            "credit",
            "credit_reference_id",
            "home_charging_compensation",
        )

    def credit_names_its_cdr(self, data: Json, **kwargs: Any) -> None:
        """Nothing can be credited here."""

    def long_ids_are_credits(self, data: Json, **kwargs: Any) -> None:
        """Nor is there room for a longer id."""


class Token(tokens.Token):
    auth_id = CiString(36, required=True)

    class Meta(OcpiObject.Meta):
        exclude = (*OWNER, "contract_id", "group_id", "default_profile_type", "energy_contract")


class LocationReferences(tokens.LocationReferences):
    location_id = CiString(39, required=True)
    evse_uids = ListOf(CiString(39))
    connector_ids = ListOf(CiString(36))


class AuthorizationInfo(tokens.AuthorizationInfo):
    class Meta(OcpiObject.Meta):
        exclude = ("token", "authorization_reference")


class Credentials(OcpiObject):
    """Of a single party (CRED-01)."""

    token = CredentialsToken(required=True)
    url = Url(required=True)
    business_details = Nested(common.BusinessDetails, required=True)
    party_id = PartyId(required=True)
    country_code = CountryCode(required=True)


class Endpoint(versions.Endpoint):
    class Meta(OcpiObject.Meta):
        exclude = ("role",)


OTHER_TYPES: dict[type[Check], type[Check]] = {
    Latitude: Latitude6,
    Longitude: Longitude6,
    Country: EitherCountry,
}


def of_2_1_1(declared: Check) -> Check:
    """Degrees had six decimals (TR-81), and examples had BE for BEL (LOC-13).

    Texts were ASCII by the letter (TR-72), but names of streets and operators are not: refusing Köln would
    refuse most of Europe, so UTF-8 is taken, as from everybody.
    """
    other = OTHER_TYPES.get(type(declared))
    return other(required=declared.required) if other else declared


DIFFERENCE = Difference(
    {
        **newer.DIFFERENCE.classes,
        common.EnvironmentalImpact: EnvironmentalImpact,
        locations.Hours: Hours,
        locations.Connector: Connector,
        locations.EVSE: EVSE,
        locations.Location: Location,
        tariffs.PriceComponent: PriceComponent,
        tariffs.TariffRestrictions: TariffRestrictions,
        tariffs.Tariff: Tariff,
        common.ChargingPeriod: ChargingPeriod,
        sessions.Session: Session,
        cdrs.CDR: CDR,
        tokens.Token: Token,
        tokens.LocationReferences: LocationReferences,
        tokens.AuthorizationInfo: AuthorizationInfo,
        credentials.Credentials: Credentials,
        versions.Endpoint: Endpoint,
    },
    (*enums.IN_2_2_1, *enums.IN_2_1_1),
    of_2_1_1,
)

SCHEMAS: Schemas = DIFFERENCE.schemas(NEWEST, without=("charging_preferences", *newer.SINCE_2_3_0))
