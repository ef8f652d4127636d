"""Tokens, and answers about them, between 2.1.1 and 2.2.1 (C5)."""

import re

from hub.ocpi.document import Json, Party
from hub.ocpi.editions.rewriting import field, inside, renamed, through, without
from hub.ocpi.editions.v2_1_1.locations import owned
from hub.ocpi.editions.v2_1_1.values import WORDS, identity, time
from hub.ocpi.errors import InvalidObject, NotEnoughInformation
from hub.ocpi.instants import text
from hub.ocpi.surroundings import Surroundings

OWN = ("group_id", "default_profile_type", "energy_contract")
"""What a token of 2.2.1 says and one of 2.1.1 cannot."""

EMAID = re.compile(r"([A-Z]{2})-?([A-Z0-9]{3})-?C?[A-Z0-9]{8,9}(-?[A-Z0-9])?", re.IGNORECASE)


# Up


def token_up(body: Json, owner: Party, around: Surroundings) -> Json:
    newer = through(body, without(*OWN), renamed({"auth_id": "contract_id"}), field("contract_id", identity))
    return owned(field("uid", identity)(newer), owner)


def cdr_token(auth_id: str, around: Surroundings) -> Json:
    """The token of a session or CDR, of which 2.1.1 gives only the contract.

    Of several tokens the one last authorised; without any, what the contract id itself tells of its eMSP.
    """
    contract_id = identity(auth_id)
    for token in around.tokens_of_contract(contract_id):
        # Of type EMAID too: this form is on its way to the newest edition and never seen in 2.2.1.
        return {name: token[name] for name in ("country_code", "party_id", "uid", "type", "contract_id")}
    issuer = around.traits.counterpart or _issuer(auth_id)
    if issuer is None:
        raise InvalidObject(
            f"auth_id {auth_id} belongs to no token and no eMSP that this hub knows",
            fields={"auth_id": "Must be the auth_id of a token."},
        )
    return owned({"uid": contract_id, "type": "OTHER", "contract_id": contract_id}, issuer)


def references_up(body: Json, owner: Party, around: Surroundings) -> Json:
    return _references_newer(body)


def authorization_up(body: Json, owner: Party, around: Surroundings) -> Json:
    """The answer of a 2.1.1 eMSP does not say which token it is about: the one that was asked for."""
    asked = around.token_asked()
    if asked is None:
        raise NotEnoughInformation("The token that this answer is about is not known")
    certain = {
        "country_code": owner.country_code,
        "party_id": owner.party_id,
        "contract_id": asked["uid"],
        "valid": body["allowed"] == "ALLOWED",
        "whitelist": "NEVER",
        "last_updated": text(around.now),
    }
    newer = through(body, without("authorization_reference"), inside("location", _references_newer))
    return newer | {"token": certain | asked}


def _references_newer(body: Json) -> Json:
    return through(
        body,
        without("connector_ids"),
        field("location_id", identity),
        field("evse_uids", lambda uids: [identity(uid) for uid in uids]),
    )


def _issuer(auth_id: str) -> Party | None:
    """The eMSP named in a contract id of the usual form."""
    found = EMAID.fullmatch(auth_id)
    return Party.of(found[1], found[2]) if found else None


# Down


def token_down(body: Json, owner: Party, around: Surroundings) -> Json:
    return through(
        body,
        without("country_code", "party_id", *OWN),
        renamed({"contract_id": "auth_id"}),
        field("type", lambda kind: kind if kind in WORDS["TokenType"] else "OTHER"),
        *time("last_updated"),
    )


def references_down(body: Json, owner: Party, around: Surroundings) -> Json:
    return without("connector_ids")(body)


def authorization_down(body: Json, owner: Party, around: Surroundings) -> Json:
    return through(
        body, without("token", "authorization_reference"), inside("location", without("connector_ids"))
    )
