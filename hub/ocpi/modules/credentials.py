"""What two platforms tell each other of themselves when they connect, in the newest edition."""

from typing import Any

from marshmallow import ValidationError, validates_schema

from hub.ocpi import enums
from hub.ocpi.document import Json
from hub.ocpi.modules.common import BusinessDetails
from hub.ocpi.types import (
    CountryCode,
    CredentialsToken,
    HubPartyId,
    ListOf,
    Nested,
    OcpiObject,
    OneOf,
    PartyId,
    Url,
)


class CredentialsRole(OcpiObject):
    role = OneOf(enums.ROLE, required=True)
    business_details = Nested(BusinessDetails, required=True)
    party_id = PartyId(required=True)
    country_code = CountryCode(required=True)


class Credentials(OcpiObject):
    token = CredentialsToken(required=True)
    url = Url(required=True)
    hub_party_id = HubPartyId()
    roles = ListOf(CredentialsRole, card="+")

    @validates_schema
    def roles_differ(self, data: Json, **kwargs: Any) -> None:  # CRED-03
        seen: set[tuple[str, str, str]] = set()
        for role in data["roles"]:
            named = (role["role"], role["country_code"].upper(), role["party_id"].upper())
            if named in seen:
                raise ValidationError("{} {}/{} stands twice.".format(*named), "roles")
            seen.add(named)
