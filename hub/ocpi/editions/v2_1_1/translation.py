"""The way from 2.1.1 to 2.2.1 and back."""

from collections.abc import Mapping

from hub.ocpi.document import Json, Party
from hub.ocpi.edition import Translation
from hub.ocpi.editions.v2_1_1 import cdrs, locations, sessions, tariffs, tokens
from hub.ocpi.editions.v2_1_1.values import in_ascii
from hub.ocpi.surroundings import Surroundings

UPGRADE: Mapping[str, Translation] = {
    "locations": locations.location_up,
    "evses": locations.evse_up,
    "connectors": locations.connector_up,
    "tariffs": tariffs.tariff_up,
    "sessions": sessions.session_up,
    "cdrs": cdrs.cdr_up,
    "tokens": tokens.token_up,
    "location_references": tokens.references_up,
    "authorization_info": tokens.authorization_up,
}

OLDER: Mapping[str, Translation] = {
    "locations": locations.location_down,
    "evses": locations.evse_down,
    "connectors": locations.connector_down,
    "tariffs": tariffs.tariff_down,
    "sessions": sessions.session_down,
    "cdrs": cdrs.cdr_down,
    "tokens": tokens.token_down,
    "location_references": tokens.references_down,
    "authorization_info": tokens.authorization_down,
}


def spelt(translation: Translation) -> Translation:
    """The translation, for receivers that read only ASCII too (C1)."""

    def older(body: Json, owner: Party, around: Surroundings) -> Json:
        lowered = translation(body, owner, around)
        return in_ascii(lowered) if around.traits.ascii_only else lowered

    return older


DOWNGRADE: Mapping[str, Translation] = {name: spelt(translation) for name, translation in OLDER.items()}
