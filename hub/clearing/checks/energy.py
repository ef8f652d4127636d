"""D: whether the energy and the power of a CDR can be."""

from collections.abc import Iterator
from decimal import Decimal

from hub.clearing.case import Case
from hub.clearing.facts import exact
from hub.clearing.rule import Limits, Rule, Severity

LEAST_HOURS = Decimal("0.02")
"""A period shorter than this says too little about its power: both its numbers are rounded."""


def negative(case: Case, limits: Limits) -> Iterator[str]:
    if case.facts.energy < 0 and not case.terms.negative_energy:
        yield f"{case.facts.energy} kWh"


def probably_wh(case: Case, limits: Limits) -> Iterator[str]:
    if case.facts.energy > limits["kwh"]:
        yield f"{case.facts.energy} kWh: perhaps it is {case.facts.energy / 1000} kWh, told in Wh"


def more_than_a_battery(case: Case, limits: Limits) -> Iterator[str]:
    if case.facts.energy > limits["kwh"]:
        yield f"{case.facts.energy} kWh"


def energy_of_periods(case: Case, limits: Limits) -> Iterator[str]:
    told = case.facts.volume("ENERGY")
    allowed = max(limits["kwh"], limits["kwh_per_period"] * len(case.facts.spans))
    if abs(told - case.facts.energy) > allowed:
        yield f"total_energy is {case.facts.energy} kWh, the periods have {told} kWh"


def too_much_power(case: Case, limits: Limits) -> Iterator[str]:
    most = power_of(case)
    hours = case.facts.charging or case.facts.clock
    if most is not None and hours > LEAST_HOURS and case.facts.energy / hours > most * limits["times"]:
        yield f"{case.facts.energy / hours:.1f} kW on average, the connector gives {most} kW"


def too_much_power_in_a_period(case: Case, limits: Limits) -> Iterator[str]:
    most = power_of(case)
    if most is None:
        return
    for place, span in enumerate(case.facts.spans):
        energy = span.volumes.get("ENERGY", Decimal(0))
        if span.hours > LEAST_HOURS and energy / span.hours > most * limits["times"]:
            yield f"charging_periods[{place}]: {energy / span.hours:.1f} kW, the connector gives {most} kW"


def no_energy(case: Case, limits: Limits) -> Iterator[str]:
    if case.facts.energy == 0 and not case.only_reserved and not case.terms.zero_energy:
        yield "0 kWh"


def limits_crossed(case: Case, limits: Limits) -> Iterator[str]:
    for place, span in enumerate(case.facts.spans):
        for least, most in (("MIN_POWER", "MAX_POWER"), ("MIN_CURRENT", "MAX_CURRENT")):
            low, high = span.volumes.get(least), span.volumes.get(most)
            if low is not None and high is not None and low > high:
                yield f"charging_periods[{place}]: {least} {low} is above {most} {high}"


def energy_without_time(case: Case, limits: Limits) -> Iterator[str]:
    for place, span in enumerate(case.facts.spans):
        if (
            span.volumes.get("ENERGY", 0) > 0
            and "PARKING_TIME" in span.volumes
            and not span.volumes.get("TIME")
        ):
            yield f"charging_periods[{place}] has energy while it only parks"


def apart_from_its_session(case: Case, limits: Limits) -> Iterator[str]:
    if case.session is None:
        return
    told = exact(case.session["kwh"])
    allowed = max(limits["kwh"], abs(told) * limits["percent"] / 100)
    if abs(told - case.facts.energy) > allowed:
        yield f"{case.facts.energy} kWh, its session has {told} kWh"


def power_of(case: Case) -> Decimal | None:
    """What the connector gives at most, in kW, as its location says."""
    watts = None if case.connector is None else case.connector.get("max_electric_power")
    return None if not watts else exact(watts) / 1000


H, W = Severity.HOLD, Severity.WARN
ASK = "Ask the CPO what was charged; it credits this CDR and sends another."
SEE = "Nothing must be done; tell the CPO when it happens often."
RULES = (
    Rule("D1", H, "Its energy is negative, which is not agreed.", ASK, negative),
    Rule("D2", H, "It has more energy than anybody charges.", ASK, probably_wh, {"kwh": Decimal(1000)}),
    Rule(
        "D2b", W, "It has more energy than a battery holds.", SEE, more_than_a_battery, {"kwh": Decimal(300)}
    ),
    Rule(
        "D3",
        H,
        "The energy of its periods is not its total.",
        ASK,
        energy_of_periods,
        {"kwh": Decimal("0.001"), "kwh_per_period": Decimal("0.0005")},
    ),
    Rule(
        "D4", H, "It charged faster than the connector can.", ASK, too_much_power, {"times": Decimal("1.1")}
    ),
    Rule(
        "D5",
        H,
        "A period charged faster than the connector can.",
        ASK,
        too_much_power_in_a_period,
        {"times": Decimal("1.1")},
    ),
    Rule(
        "D6",
        H,
        "It has no energy.",
        "Drop it, or agree that such sessions are billed (`zero_energy`).",
        no_energy,
    ),
    Rule("D7", W, "A least value is above the greatest.", SEE, limits_crossed),
    Rule("D8", W, "It has energy while it only parks.", SEE, energy_without_time),
    Rule(
        "D9",
        W,
        "Its energy is not that of its session.",
        SEE,
        apart_from_its_session,
        {"kwh": Decimal("0.1"), "percent": Decimal(1)},
    ),
)
