"""Tokens and what belongs to real-time authorisation: what the newest edition says, and whom they are for."""

from hub.ocpi import enums
from hub.ocpi.document import Json
from hub.ocpi.errors import UnknownToken
from hub.ocpi.module import Module, Role
from hub.ocpi.modules.common import DisplayText
from hub.ocpi.types import (
    Boolean,
    CiString,
    CountryCode,
    DateTime,
    Language,
    ListOf,
    Nested,
    OcpiObject,
    OneOf,
    PartyId,
    Text,
)


class EnergyContract(OcpiObject):
    supplier_name = Text(64, required=True)
    contract_id = Text(64)


class Token(OcpiObject):
    country_code = CountryCode(required=True)
    party_id = PartyId(required=True)
    uid = CiString(36, required=True)
    type = OneOf(enums.TOKEN_TYPE, required=True)
    contract_id = CiString(36, required=True)
    visual_number = Text(64)
    issuer = Text(64, required=True)
    group_id = CiString(36)
    valid = Boolean(required=True)
    whitelist = OneOf(enums.WHITELIST, required=True)
    language = Language()
    default_profile_type = OneOf(enums.PROFILE_TYPE)
    energy_contract = Nested(EnergyContract)
    last_updated = DateTime(required=True)


class LocationReferences(OcpiObject):
    location_id = CiString(36, required=True)
    evse_uids = ListOf(CiString(36))


class AuthorizationInfo(OcpiObject):
    allowed = OneOf(enums.ALLOWED, required=True)
    token = Nested(Token, required=True)
    location = Nested(LocationReferences)
    authorization_reference = CiString(36)
    info = Nested(DisplayText)


def stands_for_a_card(newest: Json) -> bool:  # TOK-06
    """EMAIDs are authorised in real time and never pushed."""
    return bool(newest["type"] != "EMAID")


module = Module(
    "tokens",
    owners=(Role.EMSP,),
    receiver=("GET", "PUT", "PATCH"),
    heard_by=frozenset({Role.CPO}),
    id_field="uid",
    typed=True,  # TOK-01: one uid may be two tokens, of two types
    pushed=stands_for_a_card,
    promoted={"contract_id": lambda newest: newest["contract_id"], "uid": lambda newest: newest["uid"]},
    missing=UnknownToken,
)
