"""A session that might be: where, by whom, when, how long, how much; as if it had taken place."""

from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal

from marshmallow import validate

from hub.billing.place import Place, place_of
from hub.ocpi import instants
from hub.ocpi.document import Document, Json, Party
from hub.ocpi.editions import NEWEST
from hub.ocpi.enums import TARIFF_TYPE, TOKEN_TYPE
from hub.ocpi.wire import fold
from hub.operator.call import Call
from hub.operator.fields import Because, Instant, PartyField, WholeNumber, text, word
from hub.operator.pricing import Figure
from hub.operator.problems import Unfit
from hub.prices.rules import situation
from hub.prices.rules.situation import Situation

SECOND = 1_000_000
HOUR = Decimal(3600 * SECOND)
FOUR_PLACES = Decimal("0.0001")
NEEDED = ("location_id", "evse_uid", "connector_id")
NOBODY = Party("XX", "XXX")
LONGEST = 31 * 24 * 60
"""Minutes."""


class Supposed(Because):
    """The fields by which a body tells of such a session."""

    party = PartyField(required=True, metadata={"description": "The CPO."})
    location_id = text(36)
    evse_uid = text(36)
    connector_id = text(36)
    partner = PartyField(metadata={"description": "The eMSP of the driver; any, if left out."})
    contract_id = text(36)
    token_uid = text(36)
    token_type = word(*sorted(TOKEN_TYPE.values), load_default="RFID")
    group_id = text(36, metadata={"description": "The driver group, as the token would tell it."})
    tariff_type = word(*sorted(TARIFF_TYPE.values), metadata={"description": "REGULAR, if left out."})
    start = Instant(metadata={"description": "Now, if left out."})


class Charged(Supposed):
    """And how much, for a price."""

    kwh = Figure(0, 100_000, load_default=Decimal(20), metadata={"description": "Energy."})
    minutes = WholeNumber(
        load_default=60,
        validate=validate.Range(1, LONGEST),
        metadata={"description": "From start to end, parked included."},
    )
    parked_minutes = WholeNumber(
        load_default=0,
        validate=validate.Range(0, LONGEST),
        metadata={"description": "Of these, at the end, without asking for energy."},
    )


@dataclass(frozen=True, slots=True)
class Supposition:
    """Where it is, and what rules look at."""

    place: Place
    here: Situation


def supposed(call: Call, owner: Party) -> Supposition:
    """Unfit when a part of the place is not told; Held when it is not known."""
    body = call.body
    missing = [name for name in NEEDED if name not in body]
    if missing:
        raise Unfit(
            "A session takes place at a connector.",
            fields=dict.fromkeys(missing, "is needed to know where it is"),
        )
    session = session_of(call, owner)
    place = place_of(call.unit, owner, session, instants.micros(session["start_date_time"]))
    here = situation.of(call.unit, owner, session, (place.location, place.evse, place.connector))
    group = fold(body["group_id"]) if "group_id" in body else None
    return Supposition(
        place,
        replace(
            here,
            partner=here.partner if "partner" in body else None,
            group_id=here.group_id or group,
            tariff_type=body.get("tariff_type", here.tariff_type),
        ),
    )


def session_of(call: Call, owner: Party) -> Json:
    """As a Session of the newest edition, without what only a price needs."""
    body = call.body
    start = body.get("start", call.unit.now) // SECOND * SECOND
    partner = body.get("partner", NOBODY)
    token = {
        "country_code": partner.country_code,
        "party_id": partner.party_id,
        "uid": body.get("token_uid", ""),
        "type": body["token_type"],
        "contract_id": body.get("contract_id", ""),
    }
    return {
        "country_code": owner.country_code,
        "party_id": owner.party_id,
        "id": "",
        "start_date_time": instants.text(start),
        "cdr_token": token,
        "auth_method": "WHITELIST",
        **{name: body[name] for name in NEEDED if name in body},
        "status": "COMPLETED",
    }


def metered(session: Json, kwh: Decimal, minutes: int, parked: int) -> Json:
    """The session with what was charged, as its CPO would send it."""
    start = instants.micros(session["start_date_time"])
    charged = max(minutes - parked, 0) * 60 * SECOND
    end = instants.text(start + minutes * 60 * SECOND)
    periods = [period(start, [("ENERGY", kwh), ("TIME", hours(charged))])] if charged or kwh else []
    if charged < minutes * 60 * SECOND:
        rest = hours(minutes * 60 * SECOND - charged)
        periods.append(period(start + charged, [("PARKING_TIME", rest)]))
    return session | {"end_date_time": end, "last_updated": end, "kwh": kwh, "charging_periods": periods}


def period(start: int, volumes: list[tuple[str, Decimal]]) -> Json:
    dimensions = [{"type": kind, "volume": volume} for kind, volume in volumes]
    return {"start_date_time": instants.text(start), "dimensions": dimensions}


def hours(micros: int) -> Decimal:
    return (micros / HOUR).quantize(FOUR_PLACES, ROUND_HALF_UP)


def document_of(session: Json, owner: Party) -> Document:
    return Document("sessions", owner, "", NEWEST.version, session, session)
