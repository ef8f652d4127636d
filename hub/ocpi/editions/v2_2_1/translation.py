"""The way from 2.2.1 to 2.3.0 and back; an object that is not named is the same in both."""

from collections.abc import Mapping

from hub.ocpi.edition import Translation
from hub.ocpi.editions.v2_2_1 import locations, sessions, tariffs, tokens

UPGRADE: Mapping[str, Translation] = {
    "locations": locations.location_up,
    "evses": locations.evse_up,
    "connectors": locations.connector_up,
    "tariffs": tariffs.tariff_up,
    "sessions": sessions.session_up,
    "cdrs": sessions.cdr_up,
}

DOWNGRADE: Mapping[str, Translation] = {
    "locations": locations.location_down,
    "evses": locations.evse_down,
    "connectors": locations.connector_down,
    "tariffs": tariffs.tariff_down,
    "sessions": sessions.session_down,
    "cdrs": sessions.cdr_down,
    "tokens": tokens.token_down,
    "authorization_info": tokens.authorization_down,
}
