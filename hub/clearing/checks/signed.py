"""H: whether what the meter signed is there, holds, and says what is billed."""

from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise

from hub.clearing import readings
from hub.clearing.case import Case
from hub.clearing.readings import Unreadable
from hub.clearing.rule import Limits, Rule, Severity
from hub.ocpi.document import Json

CALIBRATED = frozenset({"DEU"})
"""Where the law wants every kWh that is sold to have been signed by the meter."""
LONGEST = 512
"""What the first editions of OCPI had room for."""


def unsigned(case: Case, limits: Limits) -> Iterator[str]:
    if case.at_home:  # nothing is sold there
        return
    needed = str(case.place["country"]).upper() in CALIBRATED and case.facts.energy > 0
    if needed and not case.cdr.get("signed_data"):
        yield f"a charge in {case.place['country']} without signed_data"


def signature_wrong(case: Case, limits: Limits) -> Iterator[str]:
    for nature, reading in read(case):
        if isinstance(reading, Unreadable):
            yield f"{nature}: {reading}"
        elif reading is not None and case.registered_key and not reading.verifies(case.registered_key):
            yield f"{nature}: the signature is not of the key registered for this EVSE"


def readings_odd(case: Case, limits: Limits) -> Iterator[str]:
    told = [reading for _, reading in read(case) if isinstance(reading, readings.Reading)]
    values = [(each.at, each.value) for reading in told for each in reading.values]
    if any(later[1] < earlier[1] for earlier, later in pairwise(values)):
        yield "the meter runs backwards"
    if len({reading.meter for reading in told}) > 1:
        yield "the readings are of several meters"
    for reading in told:
        yield from reading.faults


def other_energy(case: Case, limits: Limits) -> Iterator[str]:
    told = [reading for _, reading in read(case) if isinstance(reading, readings.Reading)]
    values = [each.value for reading in told for each in reading.values]
    if len(values) < 2:
        return
    metered = values[-1] - values[0]
    if abs(metered - case.facts.energy) > limits["kwh"]:
        yield f"total_energy is {case.facts.energy} kWh, the meter says {metered} kWh"


def other_key(case: Case, limits: Limits) -> Iterator[str]:
    key = (case.cdr.get("signed_data") or {}).get("public_key")
    if key and case.last_key and readings.fingerprint(key) != case.last_key:
        yield "the public key is not that of the CDR before"


def long_blob(case: Case, limits: Limits) -> Iterator[str]:
    for value in signed_values(case):
        if len(value["signed_data"]) > LONGEST:
            yield f"{value['nature']} has {len(value['signed_data'])} signs"


def signed_values(case: Case) -> list[Json]:
    told: list[Json] = (case.cdr.get("signed_data") or {}).get("signed_values") or []
    return told


def read(case: Case) -> Iterator[tuple[str, "readings.Reading | Unreadable | None"]]:
    """Each signed value, read; None of an encoding that the hub does not know."""
    encoding = str((case.cdr.get("signed_data") or {}).get("encoding_method") or "")
    for value in signed_values(case):
        yield value["nature"], readings.read(encoding, value["signed_data"])


H, W = Severity.HOLD, Severity.WARN
ASK = "Ask the CPO for the signed values; without them the driver need not pay."
SEE = "Nothing must be done; tell the CPO when it happens often."
RULES = (
    Rule("H1", H, "It is not signed where the law wants it.", ASK, unsigned),
    Rule("H2", H, "What the meter signed does not hold.", ASK, signature_wrong),
    Rule("H3", H, "What the meter signed cannot be.", ASK, readings_odd),
    Rule("D10", H, "Its energy is not what the meter signed.", ASK, other_energy, {"kwh": Decimal("0.01")}),
    Rule(
        "H4", W, "The meter has a new key.", "Register it when the meter was changed: `hub meter`.", other_key
    ),
    Rule("H5", W, "What the meter signed is longer than OCPI had room for.", SEE, long_blob),
)
