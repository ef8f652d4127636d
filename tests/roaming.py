"""A CPO with a location, a tariff and an agreement, an eMSP with the token, and the CDRs between them."""

from decimal import Decimal

from factories import example
from platforms import code

from hub.ocpi import instants
from hub.ocpi.document import Party
from hub.parties import agreements
from hub.parties.agreements import Pair, Signed
from hub.parties.terms import Terms
from hub.store.audit import Actor

ANN = Actor("ann", "CLI")
CPO, EMSP = Party("NL", "CPO"), Party("DE", "MSP")
NOON = instants.micros("2025-03-10T12:00:00Z")
AT_START = "2025-03-10T07:00:00Z"
ELEMENTS = [
    {
        "price_components": [
            {"type": "FLAT", "price": Decimal("0.50"), "vat": 20, "step_size": 1},
            {"type": "ENERGY", "price": Decimal("0.25"), "vat": 10, "step_size": 100},
        ]
    }
]
PERIOD = {
    "start_date_time": "2025-03-10T08:00:00Z",
    "dimensions": [
        {"type": "ENERGY", "volume": Decimal("20.45")},
        {"type": "TIME", "volume": Decimal("2.5")},
    ],
}
END = "2025-03-10T10:30:00Z"


def tariff():
    return example("2.2.1", "tariffs", id="T", elements=ELEMENTS, min_price=None, max_price=None)


def prepare(cpo, emsp):
    """All that a CDR needs to be right, at noon of its day."""
    cpo.hub.store.clock = lambda: NOON
    cpo.put("tariffs/NL/CPO/T", tariff() | {"last_updated": AT_START})
    connector = example("2.2.1", "connectors", id="1", tariff_ids=["T"])
    evse = example("2.2.1", "evses", uid="EVSE-1", connectors=[connector])
    location = example("2.2.1", "locations", id="HARBOUR", evses=[evse], last_updated=AT_START)
    cpo.put("locations/NL/CPO/HARBOUR", location)
    emsp.put("tokens/DE/MSP/04A1B2C3D4", example("2.2.1", "tokens"))
    with cpo.hub.store.unit() as unit:
        agreements.add(unit, Pair(CPO, EMSP, "EUR"), Terms(), (0, None), Signed(ANN))


def complete(cpo, **changes):
    """A session that the hub bills."""
    body = example("2.2.1", "sessions", id="S1", status="COMPLETED", kwh=Decimal("20.45"), total_cost=None)
    body |= {"charging_periods": [PERIOD], "end_date_time": END} | changes
    assert code(cpo.put(f"sessions/NL/CPO/{body['id']}", body)) == (201, 1000)


def own(**changes):
    """The CDR of the same session as its CPO writes it: 5.625 net, 6.2375 gross."""
    told = {
        "id": "OWN-1",
        "session_id": None,
        "signed_data": None,
        "tariffs": [tariff()],
        "charging_periods": [PERIOD | {"tariff_id": "T"}],
        "end_date_time": END,
        "last_updated": "2025-03-10T10:31:00Z",
        "total_cost": {"excl_vat": Decimal("5.625"), "incl_vat": Decimal("6.2375")},
        "total_fixed_cost": {"excl_vat": Decimal("0.50"), "incl_vat": Decimal("0.60")},
        "total_energy": Decimal("20.45"),
        "total_energy_cost": {"excl_vat": Decimal("5.125"), "incl_vat": Decimal("5.6375")},
        "total_time": Decimal("2.5"),
        "total_time_cost": None,
        "total_parking_time": None,
        "total_parking_cost": None,
        "total_reservation_cost": None,
    }
    return example("2.2.1", "cdrs", **told | changes)


DEAR = {
    "total_cost": {"excl_vat": Decimal("5.75"), "incl_vat": Decimal("6.375")},
    "total_energy_cost": {"excl_vat": Decimal("5.25"), "incl_vat": Decimal("5.775")},
}
"""What it costs when the step of 100 Wh is taken for one of a whole kWh."""
