"""Tokens, and answers about them, between 2.2.1 and 2.3.0 (C5): only the list of types has opened."""

from hub.ocpi.document import Json, Party
from hub.ocpi.editions.rewriting import field, inside
from hub.ocpi.editions.v2_2_1.locations import token_type_older
from hub.ocpi.surroundings import Surroundings


def token_down(body: Json, owner: Party, around: Surroundings) -> Json:
    return token_older(body)


def authorization_down(body: Json, owner: Party, around: Surroundings) -> Json:
    return inside("token", token_older)(body)


def token_older(body: Json) -> Json:
    """A token, or the token of a session or CDR."""
    return field("type", token_type_older)(body)
