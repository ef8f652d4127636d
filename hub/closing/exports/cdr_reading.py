"""What an export reads of a CDR's JSON: no more than its columns need, and each place and token once."""

from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import NamedTuple

import msgspec

from hub.clearing import bounds
from hub.closing.exports.columns import PLACES

FEW = 20_000
"""So many places, tokens and amounts are remembered at a time: memory does not grow with the rows."""


NONE = msgspec.Raw(b"null")
DIGITS = 10
"""A whole number of fewer is not too large, whatever its sign."""


class Place(msgspec.Struct, frozen=True):
    """`cdr_location`, where it was."""

    id: str
    evse_uid: str
    evse_id: str
    connector_id: str
    connector_standard: str
    connector_power_type: str
    country: str
    name: str | None = None
    state: str | None = None
    postal_code: str | None = None


class Token(msgspec.Struct, frozen=True):
    """`cdr_token`; `masked` is all that is shown of its uid."""

    uid: str
    type: str
    contract_id: str | None = None

    @property
    def masked(self) -> str:
        return masked(self.uid)


class Tax(msgspec.Struct, frozen=True):
    percentage: msgspec.Raw = NONE


class Price(msgspec.Struct, frozen=True):
    before_taxes: msgspec.Raw
    taxes: msgspec.Raw = NONE


class Named(msgspec.Struct, frozen=True):
    id: str


class Period(msgspec.Struct, frozen=True):
    dimensions: list["Dimension"]


class Dimension(msgspec.Struct, frozen=True):
    type: str
    volume: msgspec.Raw


class Told(msgspec.Struct, frozen=True):
    """A CDR in the newest edition; `Raw` is what is read only where it is new."""

    id: str
    cdr_token: msgspec.Raw
    auth_method: str
    cdr_location: msgspec.Raw
    total_cost: Price
    total_energy: msgspec.Raw
    total_time: msgspec.Raw
    session_id: str | None = None
    authorization_reference: str | None = None
    meter_id: str | None = None
    tariffs: msgspec.Raw = NONE
    signed_data: msgspec.Raw = NONE
    total_fixed_cost: Price | None = None
    total_energy_cost: Price | None = None
    total_time_cost: Price | None = None
    total_parking_time: msgspec.Raw = NONE
    total_parking_cost: Price | None = None
    total_reservation_cost: Price | None = None
    remark: str | None = None
    invoice_reference_id: str | None = None
    credit_reference_id: str | None = None
    home_charging_compensation: bool | None = None


class Spans(msgspec.Struct, frozen=True):
    charging_periods: list[Period]


class Apart(NamedTuple):
    """What columns that may change need of a CDR: where it was, the first tariff it carries, the percentage
    of its taxes, whether it is signed. Most CDRs of a connector say the same here."""

    location: str
    evse_uid: str
    connector_id: str
    tariff: str | None
    rate: int | None
    signed: bool


read = msgspec.json.Decoder(Told).decode
read_apart = msgspec.json.Decoder(Apart).decode
written = msgspec.json.Encoder().encode
read_place = msgspec.json.Decoder(Place).decode
read_token = msgspec.json.Decoder(Token).decode
read_taxes = msgspec.json.Decoder(list[Tax]).decode
read_tariffs = msgspec.json.Decoder(list[Named] | None).decode
read_spans = msgspec.json.Decoder(Spans).decode
RESERVED = b'"RESERVATION_TIME"'


@lru_cache(FEW)
def place_of(raw: bytes) -> Place:
    return read_place(raw)


@lru_cache(FEW)
def token_of(raw: bytes) -> Token:
    return read_token(raw)


@lru_cache(FEW)
def tariff_of(raw: bytes) -> str | None:
    """The id of the first tariff that it carries."""
    found = read_tariffs(raw) or ()
    return found[0].id if found else None


def apart_of(told: Told) -> str:
    """As text, of which most are the same."""
    place = place_of(bytes(told.cdr_location))
    tariff, signed = tariff_of(bytes(told.tariffs)), bytes(told.signed_data) != b"null"
    found = Apart(place.id, place.evse_uid, place.connector_id, tariff, rate_of(told.total_cost), signed)
    return written(found).decode()


def rate_of(price: Price) -> int | None:
    """The percentage of its taxes; None where it tells none, or several."""
    if bytes(price.taxes) == b"null":
        return None
    told = {bytes(tax.percentage) for tax in read_taxes(price.taxes)} - {b"null"}
    return units(told.pop()) if len(told) == 1 else None


def reserved(body: bytes) -> int:
    """Hours of reservation, in ten-thousandths: most CDRs have none, and their periods are not read."""
    if RESERVED not in body:
        return 0
    return sum(
        units(bytes(each.volume))
        for period in read_spans(body).charging_periods
        for each in period.dimensions
        if each.type == "RESERVATION_TIME"
    )


@lru_cache(FEW)
def units(raw: bytes) -> int:
    """A JSON number in ten-thousandths, half away from nought; too large ones are as rows have them."""
    whole, _, decimals = raw.partition(b".")
    plain = len(decimals) <= PLACES and whole.lstrip(b"-").isdigit() and decimals.isdigit() == bool(decimals)
    if plain and len(whole) < DIGITS:
        return int(whole + decimals.ljust(PLACES, b"0"))
    value = Decimal(raw.decode())
    fitting = value if bounds.fits(value) else bounds.LARGEST.copy_sign(value)
    return int(fitting.scaleb(PLACES).to_integral_value(ROUND_HALF_UP))


def masked(uid: str) -> str:
    """Enough to tell two cards of a driver apart, too little to charge with: the first 2 and the last 4."""
    return f"{uid[:2]}***{uid[-4:]}" if len(uid) >= 10 else f"***{uid[-2:]}"
