"""What the objects of OCPI 2.2.1-d2 say otherwise than those of 2.3.0."""

from typing import Any

from hub.ocpi import enums
from hub.ocpi.document import Json
from hub.ocpi.editions.deriving import Difference, Schemas
from hub.ocpi.editions.v2_3_0.schemas import SCHEMAS as NEWEST
from hub.ocpi.modules import common, credentials, locations, tariffs
from hub.ocpi.types import Nested, Number, OcpiObject


class Price(OcpiObject):
    excl_vat = Number(required=True)
    incl_vat = Number()


class Connector(locations.Connector):
    class Meta(OcpiObject.Meta):
        exclude = ("capabilities",)


class EVSE(locations.EVSE):
    class Meta(OcpiObject.Meta):
        exclude = ("parking", "accepted_service_providers")


class Location(locations.Location):
    class Meta(OcpiObject.Meta):
        exclude = ("parking_places", "help_phone")

    def parking_is_known(self, data: Json, **kwargs: Any) -> None:
        """Whatever a field `parking` may be here, it is not ours to check."""


class Tariff(tariffs.Tariff):
    min_price = Nested(Price)
    max_price = Nested(Price)

    class Meta(OcpiObject.Meta):
        exclude = ("tax_included",)


class Credentials(credentials.Credentials):
    class Meta(OcpiObject.Meta):
        exclude = ("hub_party_id",)


DIFFERENCE = Difference(
    {
        common.Price: Price,
        locations.Connector: Connector,
        locations.EVSE: EVSE,
        locations.Location: Location,
        tariffs.Tariff: Tariff,
        credentials.Credentials: Credentials,
    },
    enums.IN_2_2_1,
)

SINCE_2_3_0 = ("invoicereconciliation",)

SCHEMAS: Schemas = DIFFERENCE.schemas(NEWEST, without=SINCE_2_3_0)
