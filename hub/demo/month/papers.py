"""What a CPO writes of a charge: the session, and where it bills itself the CDR with what was signed."""

from datetime import datetime, timedelta
from decimal import Decimal

import tariffs
from hub.demo import forms
from hub.demo.month import meter
from hub.demo.month.arrivals import Stay
from hub.demo.month.places import contract, evse_id, location, tariff_id
from hub.demo.wire import Json, stamp

READ_BEFORE = Decimal("1000.000")
"""What every meter of the demo shows when a charge begins."""


def session(stay: Stay) -> Json:
    """Completed, in 2.2.1 and 2.3.0 alike."""
    return owner(stay) | {
        "id": stay.id,
        "start_date_time": stamp(stay.start),
        "end_date_time": stamp(stay.end),
        "kwh": stay.kwh,
        "cdr_token": cdr_token(stay),
        "auth_method": "WHITELIST",
        "location_id": stay.site.id,
        "evse_uid": stay.evse_uid,
        "connector_id": "1",
        "currency": stay.currency,
        "charging_periods": periods(stay),
        "status": "COMPLETED",
        "last_updated": stamp(stay.end + timedelta(minutes=1)),
    }


def owner(stay: Stay) -> Json:
    party = stay.site.cpo.who.first
    return {"country_code": party.country_code, "party_id": party.party_id}


def cdr_token(stay: Stay) -> Json:
    party = stay.emsp.who.first
    return {
        "country_code": party.country_code,
        "party_id": party.party_id,
        "uid": stay.card,
        "type": "RFID",
        "contract_id": contract(stay.emsp, stay.card),
    }


def periods(stay: Stay) -> list[Json]:
    """It charges, then it stands there; each names its tariff."""
    named = {"tariff_id": tariff_of(stay)}
    told = [forms.period(stamp(stay.start), {"ENERGY": stay.kwh, "TIME": hours(stay.charging)}) | named]
    if stay.idle:
        told.append(forms.period(stamp(stay.full), {"PARKING_TIME": hours(stay.idle)}) | named)
    return told


def tariff_of(stay: Stay) -> str:
    return tariff_id(stay.site.cpo, "DC" if stay.fast else "AC", stay.currency)


def hours(minutes: int) -> Decimal:
    return round(Decimal(minutes) / 60, 4)


def cdr(stay: Stay, tariff: Json, written: datetime, *, split: bool = True) -> Json:
    """In 2.3.0, priced by the tariff. `split`: a period begins anew where the price changes (P-23)."""
    whole = session(stay)
    quote = tariffs.price(tariffs.read_tariff(tariff), tariffs.read_session(whole), stay.site.cpo.time_zone)
    same = ("country_code", "party_id", "start_date_time", "end_date_time", "cdr_token", "auth_method")
    return {name: whole[name] for name in (*same, "currency")} | {
        "id": stay.id.replace("-S", "-CDR-"),
        "session_id": stay.id,
        "cdr_location": cdr_location(stay),
        "tariffs": [tariff],
        "charging_periods": quote.charging_periods() if split else whole["charging_periods"],
        "signed_data": signed(stay, stay.kwh),
        **quote.cdr_totals(),
        "last_updated": stamp(written),
    }


def signed(stay: Stay, kwh: Decimal, key: str | None = None) -> Json:
    readings = [(stay.start, READ_BEFORE), (stay.end, READ_BEFORE + kwh)]
    return meter.signed_data(f"METER-{stay.evse_uid}", readings, key)


def cdr_location(stay: Stay) -> Json:
    place = location(stay.site)
    (connector,) = next(each for each in place["evses"] if each["uid"] == stay.evse_uid)["connectors"]
    told = ("id", "name", "address", "city", "postal_code", "country", "coordinates")
    return {name: place[name] for name in told} | {
        "evse_uid": stay.evse_uid,
        "evse_id": evse_id(stay.site.cpo, stay.evse_uid),
        "connector_id": "1",
        "connector_standard": connector["standard"],
        "connector_format": connector["format"],
        "connector_power_type": connector["power_type"],
    }
