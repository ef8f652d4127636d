"""Sessions and CDRs between 2.2.1 and 2.3.0 (C4): their money, and the enums that have opened."""

from hub.ocpi.document import Json, Party
from hub.ocpi.editions.rewriting import Move, cut, each, inside, through
from hub.ocpi.editions.v2_2_1.locations import STANDARDS
from hub.ocpi.editions.v2_2_1.prices import TOTALS, price_down, price_up, single_rate
from hub.ocpi.editions.v2_2_1.tariffs import tariff_newer, tariff_older
from hub.ocpi.editions.v2_2_1.tokens import token_older
from hub.ocpi.parts import NOT_AVAILABLE
from hub.ocpi.surroundings import Surroundings


def session_up(body: Json, owner: Party, around: Surroundings) -> Json:
    rate = single_rate(_tariffs(body, owner, around))
    return inside("total_cost", lambda price: price_up(price, rate))(body)


def session_down(body: Json, owner: Party, around: Surroundings) -> Json:
    free = _tax_free(_tariffs(body, owner, around))
    return through(
        body, inside("cdr_token", token_older), inside("total_cost", lambda price: price_down(price, free))
    )


def cdr_up(body: Json, owner: Party, around: Surroundings) -> Json:
    rate = single_rate(body.get("tariffs") or ())
    return through(body, each("tariffs", tariff_newer), *_money(lambda price: price_up(price, rate)))


def cdr_down(body: Json, owner: Party, around: Surroundings) -> Json:
    free = _tax_free(body.get("tariffs") or [])
    return through(
        body,
        inside("cdr_token", token_older),
        inside("cdr_location", cdr_location_older),
        each("tariffs", tariff_older),
        *_money(lambda price: price_down(price, free)),
    )


def cdr_location_older(body: Json) -> Json:
    """The place of a CDR, with a plug that 2.2.1 knows.

    A bill must reach its payer even when 2.2.1 has no word for the plug: the connector is then `#NA`, which
    tells the receiver to ignore what stands in its required fields (CDR-10).
    """
    place = through(body, cut("address", 45), cut("state", 20))
    if place["connector_standard"] in STANDARDS:
        return place
    return place | {"connector_id": NOT_AVAILABLE, "connector_standard": "IEC_62196_T2"}


def _money(move: Move) -> list[Move]:
    return [inside(name, move) for name in TOTALS]


def _tariffs(session: Json, owner: Party, around: Surroundings) -> list[Json]:
    """The tariffs that the periods of a session name, as far as they are known."""
    ids = {period["tariff_id"] for period in session.get("charging_periods") or () if period.get("tariff_id")}
    found = (around.tariff(owner, tariff_id) for tariff_id in sorted(ids))
    return [tariff for tariff in found if tariff is not None]


def _tax_free(tariffs: list[Json]) -> bool:
    """Whether it is certain that no taxes apply, so that the price with them is the price without."""
    return bool(tariffs) and all(tariff["tax_included"] == "N/A" for tariff in tariffs)
