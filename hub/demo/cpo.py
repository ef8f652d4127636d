"""What a CPO does: it publishes what it has, and reports what happens at its charge points."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hub.demo import forms
from hub.demo.actor import Actor, patch, put
from hub.demo.calls import Refused
from hub.demo.data import locations, sessions, tariffs
from hub.demo.wire import Json, later, now, stamp


def publish(actor: Actor) -> Json:
    """Make the tariffs and locations our own and push them; how many there are."""
    form = forms.of(actor.identity)
    written = stamp(now())
    sets = {
        "tariffs": [form.tariff(each, written) for each in tariffs()],
        "locations": [form.location(each, written) for each in locations()],
    }
    for module, objects in sets.items():
        for each in objects:
            put(actor, module, str(each["id"]), each)
    evses = [evse for each in sets["locations"] for evse in each["evses"]]
    connectors = [connector for evse in evses for connector in evse["connectors"]]
    counts = {module: len(objects) for module, objects in sets.items()}
    return counts | {"evses": len(evses), "connectors": len(connectors)}


def begin(actor: Actor, session_id: str, shape: str, token_uid: str, place: Json) -> Json:
    """A driver plugs in: the session is PUT as ACTIVE. `place`: location_id, evse_uid, connector_id."""
    record = sessions()[shape]
    site = actor.book.own["locations"][str(place["location_id"])]
    started = stamp(arrival(record, str(site["time_zone"])))
    token = known_token(actor, token_uid)
    body = forms.of(actor.identity).session(session_id, site, place, token, started)
    set_status(actor, place, "CHARGING")
    put(actor, "sessions", session_id, body)
    return {"started": started, "legs": len(record["legs"])}


def update(actor: Actor, session_id: str, shape: str, leg: int) -> Json:
    """Another stretch of charging: its period and the energy so far are PATCHed to the session."""
    stretch = sessions()[shape]["legs"][leg]
    session = actor.book.own["sessions"][session_id]
    period = forms.period(forms.end_of(session), {"ENERGY": stretch["kwh"], "TIME": stretch["hours"]})
    return change(actor, session, {"kwh": session["kwh"] + stretch["kwh"]}, [period])


def finish(actor: Actor, session_id: str, shape: str, place: Json) -> Json:
    """The driver leaves: a last period without charging, and the session is COMPLETED."""
    idle = sessions()[shape]["idle_hours"]
    session = actor.book.own["sessions"][session_id]
    periods = [forms.period(forms.end_of(session), {"PARKING_TIME": idle})] if idle else []
    until = later(forms.end_of(session), hours=float(idle))
    last = {"status": "COMPLETED", forms.of(actor.identity).end_field: until}
    answered = change(actor, session, last, periods)
    set_status(actor, place, "AVAILABLE")
    return answered


def change(actor: Actor, session: Json, fields: Json, periods: list[Json]) -> Json:
    """Change our session, and send the change: since 2.2 periods are appended, before that replaced."""
    fields = fields | {"last_updated": max(stamp(now()), later(session["last_updated"], seconds=1))}
    whole = [*session["charging_periods"], *periods]
    changed = session | fields | {"charging_periods": whole}
    actor.book.publish("sessions", str(session["id"]), changed)
    if periods:
        fields |= {"charging_periods": periods if actor.identity.has_roles else whole}
    patch(actor, "sessions", [str(session["id"])], fields)
    return {"kwh": changed["kwh"], "until": forms.end_of(changed)}


def set_status(actor: Actor, place: Json, status: str) -> None:
    """The EVSE changes its status (LOC-28)."""
    parts = [str(place["location_id"]), str(place["evse_uid"])]
    patch(actor, "locations", parts, {"status": status, "last_updated": stamp(now())})


def known_token(actor: Actor, uid: str) -> Json:
    """A token that the hub sent us."""
    for token in actor.book.held.get("tokens", {}).values():
        if str(token["uid"]).upper() == uid.upper():
            return token
    raise Refused(f"we hold no token {uid}")


def arrival(record: Json, time_zone: str) -> datetime:
    """The latest moment at that time of day from which on the whole session is over by now."""
    hours = sum((leg["hours"] for leg in record["legs"]), record["idle_hours"])
    zone = ZoneInfo(time_zone)
    latest = now() - timedelta(hours=float(hours))
    hour, minute = str(record["arrival"]).split(":")
    there = latest.astimezone(zone).replace(hour=int(hour), minute=int(minute), second=0)
    return there if there <= latest else there - timedelta(days=1)


ACTIONS: dict[str, Callable[..., Any]] = {
    "publish": publish,
    "begin": begin,
    "update": update,
    "finish": finish,
}
