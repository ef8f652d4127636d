"""The CDR that the hub writes for a session it has priced (CDR-07 to CDR-17)."""

from decimal import ROUND_HALF_UP, Decimal

from hub.billing.place import Place, started
from hub.ocpi import instants
from hub.ocpi.document import Json
from tariffs import Quote, adjustment_remark

HOUR = Decimal(3_600_000_000)
FOUR_PLACES = Decimal("0.0001")
COPIED = ("country_code", "party_id", "start_date_time", "cdr_token", "auth_method", "currency")
OPTIONAL = ("authorization_reference", "meter_id")


def of(session: Json, identity: str, place: Place, tariffs: list[Json], quote: Quote) -> Json:
    """The CDR in the newest edition, all totals filled; `last_updated` is left to the moment it is stored.

    Its periods are those of the quote: split wherever the price changes (P-23) and without what only sessions
    tell (SES-15), so that whoever reprices the CDR gets the same amount. What rules took off or added is told
    in its remark, since OCPI has no field for it.
    """
    whole, remark = metered(session, tariffs[0]["id"]), adjustment_remark(quote)
    return {
        **{name: session[name] for name in COPIED},
        **{name: session[name] for name in OPTIONAL if session.get(name) is not None},
        "id": identity,
        "session_id": session["id"],
        "end_date_time": whole["end_date_time"],
        "cdr_location": place.cdr_location(),
        "tariffs": tariffs,
        "charging_periods": quote.charging_periods(),
        **quote.cdr_totals(),
        **({} if remark is None else {"remark": remark}),
    }


def metered(session: Json, tariff_id: str, *, alone: bool = False) -> Json:
    """The session with an end and with periods, each with its tariff: one that told no periods was charging
    all the time.

    alone  whether the tariff prices all periods, whatever they name
    """
    end = session.get("end_date_time") or session["last_updated"]
    periods = session.get("charging_periods") or [only_period(session, end)]
    return session | {
        "end_date_time": end,
        "charging_periods": [named(period, tariff_id, alone) for period in periods],
    }


def named(period: Json, tariff_id: str, alone: bool) -> Json:
    return period | {"tariff_id": tariff_id if alone else period.get("tariff_id") or tariff_id}


def only_period(session: Json, end: str) -> Json:
    hours = Decimal(instants.micros(end) - started(session)) / HOUR
    time = max(hours, Decimal(0)).quantize(FOUR_PLACES, ROUND_HALF_UP)
    volumes = (("ENERGY", session["kwh"]), ("TIME", time))
    return {
        "start_date_time": session["start_date_time"],
        "dimensions": [{"type": kind, "volume": volume} for kind, volume in volumes],
    }
