"""Tariffs between 2.1.1 and 2.2.1 (C3).

What restricts a price is never taken away alone: a price without its restriction is another price.
"""

from collections.abc import Callable, Iterable
from decimal import Decimal
from functools import cache, partial

from hub.ocpi.document import Json, Party
from hub.ocpi.editions.rewriting import Number, default, each, exact, field, inside, through, without
from hub.ocpi.editions.v2_1_1.locations import in_force, owned
from hub.ocpi.editions.v2_1_1.values import identity, time, with_newer_mix, with_older_mix
from hub.ocpi.editions.v2_2_1.tariffs import saying
from hub.ocpi.enums import RESERVATION_RESTRICTION
from hub.ocpi.errors import InvalidObject, NotExpressible
from hub.ocpi.surroundings import Surroundings

OWN = ("type", "min_price", "max_price", "start_date_time", "end_date_time")
"""What a tariff of 2.2.1 says and one of 2.1.1 cannot."""

TO_NEUTRAL = {"AC_1_PHASE": 1000, "AC_3_PHASE": 350}
"""Where current, summed over the phases, times voltage is power: the highest voltage that can be to neutral.

Many write the 400 V between the phases (LOC-18), and of DC only the highest voltage is known.
"""

POWER_OF = {"min_current": ("min_power", max), "max_current": ("max_power", min)}
"""Restriction of the current -> that of the power, and which of two holds where both are given."""

NUMBERS = (int, Decimal)

SENTENCES = {"min_price": "A session costs at least", "max_price": "A session costs at most"}


# Up


def tariff_up(body: Json, owner: Party, around: Surroundings) -> Json:
    newer = through(
        body,
        without(*OWN),
        field("id", identity),
        with_newer_mix,
        each("elements", inside("restrictions", _understood)),
        each("elements", each("price_components", partial(_component_newer, vat=around.traits.vat))),
    )
    return owned(newer, owner)


def _component_newer(component: Json, vat: Decimal | None) -> Json:
    """The component with the VAT its operator noted; else with its own, if it says so in 2.2.1 words."""
    if vat is not None:
        return component | {"vat": vat}
    return field("vat", lambda said: said if type(said) in NUMBERS else None)(component)


def _understood(restrictions: Json) -> Json:
    """The restrictions, also those in newer words than 2.1.1: who writes them means them."""
    reservation = restrictions.get("reservation")
    unclear = [name for name in POWER_OF if type(restrictions.get(name, 0)) not in (*NUMBERS, type(None))]
    if reservation is not None and str(reservation) not in RESERVATION_RESTRICTION.values:
        unclear.append("reservation")
    if unclear:
        raise InvalidObject("A restriction is not clear", fields=dict.fromkeys(unclear, "Not understood."))
    return restrictions


# Down


def tariff_down(body: Json, owner: Party, around: Surroundings) -> Json:
    if body.get("type") not in (None, "REGULAR"):
        raise NotExpressible(
            f"tariff {body['id']} is for {body['type']}, and 2.1.1 would apply it to every session"
        )
    if not in_force(body, around.now):
        raise NotExpressible(f"tariff {body['id']} is not valid at present, and 2.1.1 cannot say when it is")
    return tariff_older(body, owner, around)


def embedded(tariffs: Iterable[Json], owner: Party, around: Surroundings) -> list[Json]:
    """The tariffs inside a CDR, which were of the right type and valid when the session began.

    One that 2.1.1 cannot express is left out: the total stands without it, and a wrong one would deny it.
    """
    older = []
    for tariff in tariffs:
        try:
            older.append(tariff_older(tariff, owner, around))
        except NotExpressible:
            continue
    return older


def tariff_older(body: Json, owner: Party, around: Surroundings) -> Json:
    """The tariff in 2.1.1 words, valid or not."""
    kept = [element for element in body["elements"] if not _restrictions(element).get("reservation")]
    if not kept:
        raise NotExpressible(
            f"tariff {body['id']} prices nothing but reservations, which 2.1.1 does not know"
        )
    volts = cache(partial(voltage, body, owner, around))
    elements = [half for element in kept for half in _halves(_element_older(element, volts))]
    said = [saying(f"{SENTENCES[name]} {_amount(body, name)}.") for name in SENTENCES if body.get(name)]
    return through(
        body | {"elements": elements},
        *said,
        without("country_code", "party_id", *OWN),
        with_older_mix,
        *time("last_updated"),
    )


def voltage(tariff: Json, owner: Party, around: Surroundings) -> int:
    """The voltage of all connectors with this tariff; NotExpressible where they do not share one."""
    connectors = around.connectors_with_tariff(owner, tariff["id"])
    volts = {connector["max_voltage"] for connector in connectors}
    if len(volts) != 1 or not all(_to_neutral(connector) for connector in connectors):
        raise NotExpressible(
            f"tariff {tariff['id']} depends on the current, and its connectors share no voltage"
        )
    return int(volts.pop())


def _to_neutral(connector: Json) -> bool:
    return bool(connector["max_voltage"] <= TO_NEUTRAL.get(connector["power_type"], 0))


def _element_older(element: Json, volts: Callable[[], int]) -> Json:
    older = each("price_components", without("vat"))(element)
    return inside("restrictions", lambda restrictions: _in_power(restrictions, volts))(older)


def _in_power(restrictions: Json, volts: Callable[[], int]) -> Json:
    """Limits of the current as limits of the power: kW = A x V / 1000."""
    older = without("reservation", *POWER_OF)(restrictions)
    for current, (power, stricter) in POWER_OF.items():
        if restrictions.get(current) is None:
            continue
        kilowatts: Number = exact(Decimal(restrictions[current]) * volts() / 1000)
        older = default(power, kilowatts)(older)
        older = older | {power: stricter(older[power], kilowatts)}
    return older


def _halves(element: Json) -> list[Json]:
    """A window over midnight as two, because 2.1.1 does not say that a window wraps (P-20, A06)."""
    limits = _restrictions(element)
    start, end = limits.get("start_time"), limits.get("end_time")
    if not start or not end or end == "00:00" or start <= end:
        return [element]
    return [
        element | {"restrictions": limits | {"end_time": "00:00"}},
        element | {"restrictions": limits | {"start_time": "00:00"}},
    ]


def _restrictions(element: Json) -> Json:
    return element.get("restrictions") or {}


def _amount(body: Json, name: str) -> str:
    return f"{body[name]['excl_vat']} {body['currency']} without VAT"
