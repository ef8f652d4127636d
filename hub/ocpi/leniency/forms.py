"""Mends of single fields: the same said in another form."""

import re
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from hub.ocpi.document import Json
from hub.ocpi.instants import instant, text
from hub.ocpi.leniency.walking import GONE, Arrival, Notes, everywhere


def one_of_list(value: Any) -> tuple[Any, str] | None:
    if not isinstance(value, list) or len(value) > 1:
        return None
    return (value[0], "the one object of a list") if value else (GONE, "an empty list is no restriction")


SECONDS = re.compile(r"(\d\d):(\d\d):(\d\d)")


def _begin_of_window(value: Any) -> tuple[Any, str] | None:
    found = SECONDS.fullmatch(value) if isinstance(value, str) else None
    return (f"{found[1]}:{found[2]}", "seconds cut off") if found and found[3] == "00" else None


def _end_of_window(value: Any) -> tuple[Any, str] | None:
    found = SECONDS.fullmatch(value) if isinstance(value, str) else None
    if value in ("24:00", "24:00:00"):
        return "00:00", "the end of the day is written 00:00"
    if not found or found[3] not in ("00", "59"):
        return None
    minutes = int(found[1]) * 60 + int(found[2]) + (found[3] == "59")
    done = "seconds cut off" if found[3] == "00" else "the last second taken for the end"
    return f"{minutes // 60 % 24:02}:{minutes % 60:02}", done


BEGINS = frozenset(("start_time", "period_begin"))
ENDS = frozenset(("end_time", "period_end"))


def window(name: str, value: Any, _: Json) -> tuple[Any, str] | None:
    if name in BEGINS:
        return _begin_of_window(value)
    return _end_of_window(value) if name in ENDS else None


OPTIONAL_TEXTS = """
    physical_reference floor_level evse_id state help_phone website thumbnail terms_and_conditions tariff_id
    tariff_alt_url energy_product_name meter_id remark authorization_reference invoice_reference_id
    credit_reference_id session_id group_id visual_number parking_type default_profile_type end_date_time
"""
"""Fields that are optional wherever OCPI has them, in all editions."""


def filled(value: Any) -> tuple[Any, str] | None:
    return (GONE, "an empty text taken for none") if value == "" else None


def lower_language(value: Any) -> tuple[Any, str] | None:
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z]{2}([-_][A-Za-z]{2,4})?", value):
        return None
    short = value[:2].lower()
    return None if short == value else (short, "language code of two small letters")


PROSE = {"name": 255, "address": 255, "city": 45, "state": 45, "text": 512, "remark": 255}
"""Texts for people, and the room there is for them."""
NARROW = {"address": 45, "state": 20}
"""The room in the place of a CDR, and for addresses in 2.1.1."""
CONTROL = re.compile(r"\s*[\x00-\x1f\x7f-\x9f\u2028\u2029]+\s*")


def one_line(value: Any) -> tuple[Any, str] | None:
    if not isinstance(value, str) or not CONTROL.search(value):
        return None
    return CONTROL.sub(" ", value).strip(), "line ends and tabs made blanks"


def short(name: str, value: Any, around: Json) -> tuple[Any, str] | None:
    room = _room(name, around)
    if room is None or not isinstance(value, str) or len(value) <= room:
        return None
    return f"{value[: room - 1].rstrip()}…", f"shortened from {len(value)} to {room} characters"


def _room(name: str, around: Json) -> int | None:
    narrow = "evse_uid" in around or "publish" not in around
    return NARROW.get(name, PROSE.get(name)) if narrow else PROSE.get(name)


IDS = "id uid evse_uid connector_id location_id session_id tariff_id parking_id credit_reference_id"
ID_LISTS = frozenset(("tariff_ids", "evse_uids", "connector_ids"))
KEEP_ZEROS = frozenset(("tokens", "authorization_info"))


def numeric_ids(body: Json, arrival: Arrival) -> tuple[Json, Notes]:
    return (body, {}) if arrival.name in KEEP_ZEROS else everywhere(_id_as_text)(body, arrival)


def _id_as_text(name: str, value: Any, around: Json) -> tuple[Any, str] | None:
    if name in ID_LISTS and isinstance(value, list) and any(type(item) is int for item in value):
        return [str(item) if type(item) is int else item for item in value], "numbers made texts"
    of_token = name == "uid" and ("contract_id" in around or "auth_id" in around)
    if name not in IDS.split() or type(value) is not int or of_token:
        return None
    return str(value), "a number made a text"


AMOUNTS = """
    price vat volume kwh total_energy total_time total_parking_time excl_vat incl_vat before_taxes after_taxes
    min_kwh max_kwh min_current max_current min_power max_power
"""
DECIMAL = re.compile(r"-?\d{1,15}(\.\d{1,15})?")


def unquoted(value: Any) -> tuple[Any, str] | None:
    if not isinstance(value, str) or not DECIMAL.fullmatch(value):
        return None
    return (Decimal(value) if "." in value else int(value)), "a quoted number unquoted"


MOMENTS = """
    last_updated start_date_time end_date_time start_datetime end_datetime stop_date_time period_begin
    period_end expiry_date departure_time
"""
OFFSET = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|z|[+-]\d\d:?\d\d)?", re.ASCII)


def in_utc(value: Any) -> tuple[Any, str] | None:
    found = OFFSET.fullmatch(value) if isinstance(value, str) else None
    if found is None or (value[10] == "T" and found[4] in (None, "Z") and len(value) <= 25):
        return None
    day, time, fraction, zone = found.groups()
    if zone is None and value[10] != "T":
        return None
    zone = "+0000" if zone in (None, "Z", "z") else zone.replace(":", "")
    try:
        when = datetime.strptime(f"{day}T{time}.{(fraction or '0')[:6]}{zone}", "%Y-%m-%dT%H:%M:%S.%f%z")
        return text(instant(when.astimezone(UTC))), "written in UTC"
    except (ValueError, OverflowError):
        return None


def degrees(value: Any) -> tuple[Any, str] | None:
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        return None
    try:
        degrees = Decimal(value)
    except InvalidOperation:
        return None
    if not degrees.is_finite() or abs(degrees) > 180:
        return None
    places = -int(degrees.as_tuple().exponent)
    if isinstance(value, str) and 5 <= places <= 7:
        return None
    return f"{degrees:.{min(max(places, 5), 7)}f}", "degrees as a text with five to seven decimals"
