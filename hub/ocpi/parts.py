"""The EVSEs and connectors inside a location, in the words of any edition."""

from collections.abc import Callable, Sequence
from typing import Any

from hub.ocpi.document import Json
from hub.ocpi.errors import UnknownLocation
from hub.ocpi.instants import micros

NOT_AVAILABLE = "#NA"
"""What stands in a required string that truly cannot be filled (TR-80)."""

Same = Callable[[str, str], bool]
"""Whether two ids are one: `alike`, or `operator.eq` for a 2.1.1 partner that means its case (TR-60)."""


def alike(one: str, other: str) -> bool:
    """Ids compare without case (TR-60)."""
    return one.upper() == other.upper()


def find_evse(location: Json, uid: str, same: Same = alike) -> Json:
    """The EVSE of the location; UnknownLocation when it has none of this uid."""
    found = _first(location.get("evses"), "uid", uid, same)
    if found is None:
        raise UnknownLocation(f"location {location['id']} has no EVSE {uid}")
    return found


def find_connector(evse: Json, connector_id: str, same: Same = alike) -> Json:
    """The connector of the EVSE; UnknownLocation when it has none of this id."""
    found = _first(evse.get("connectors"), "id", connector_id, same)
    if found is None:
        raise UnknownLocation(f"EVSE {evse['uid']} has no connector {connector_id}")
    return found


def splice_evse(location: Json, evse: Json, same: Same = alike) -> Json:
    """A new location with this EVSE created or replaced; its time climbs to the location (LOC-03, LOC-04)."""
    evses = _spliced(location.get("evses"), "uid", evse, same)
    return _freshened(location, evse) | {"evses": evses}


def splice_connector(location: Json, evse_uid: str, connector: Json, same: Same = alike) -> Json:
    """A new location with this connector created or replaced; its time climbs to EVSE and location.

    UnknownLocation when the location has no such EVSE.
    """
    evse = find_evse(location, evse_uid, same)
    connectors = _spliced(evse.get("connectors"), "id", connector, same)
    return splice_evse(location, _freshened(evse, connector) | {"connectors": connectors}, same)


def cdr_location(location: Json, evse: Json | None = None, connector: Json | None = None) -> Json:
    """The CdrLocation of a location, in 2.2.1 or 2.3.0 words; it has less room, 45 and 20 (C4).

    Without a connector it says that none is known: ids are `#NA`, and what a receiver then ignores is filled
    with something (CDR-10).
    """
    plug = connector or {"standard": "IEC_62196_T2", "format": "SOCKET", "power_type": "AC_3_PHASE"}
    return {
        "id": location["id"],
        **_given(location, ("name",)),
        "address": location["address"][:45],
        "city": location["city"],
        **_given(location, ("postal_code",)),
        **({"state": location["state"][:20]} if location.get("state") else {}),
        "country": location["country"],
        "coordinates": location["coordinates"],
        "evse_uid": evse["uid"] if evse else NOT_AVAILABLE,
        "evse_id": (evse or {}).get("evse_id") or NOT_AVAILABLE,
        "connector_id": plug.get("id", NOT_AVAILABLE),
        "connector_standard": plug["standard"],
        "connector_format": plug["format"],
        "connector_power_type": plug["power_type"],
    }


def later(one: str, other: str) -> str:
    """The later of two DateTimes, compared as instants and given back as it was written."""
    return other if micros(other) > micros(one) else one


def _first(parts: Sequence[Json] | None, key: str, identity: str, same: Same) -> Json | None:
    return next((part for part in parts or () if same(part[key], identity)), None)


def _spliced(parts: Sequence[Json] | None, key: str, part: Json, same: Same) -> list[Json]:
    """The parts with this one at the place of its namesake, or last."""
    if _first(parts, key, part[key], same) is None:
        return [*(parts or ()), part]
    return [part if same(other[key], part[key]) else other for other in parts or ()]


def _freshened(parent: Json, part: Json) -> Json:
    return parent | {"last_updated": later(parent["last_updated"], part["last_updated"])}


def _given(body: Json, names: Sequence[str]) -> dict[str, Any]:
    return {name: body[name] for name in names if body.get(name) is not None}
