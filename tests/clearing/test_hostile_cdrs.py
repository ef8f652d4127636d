"""CDRs that are meant to do harm: each is held within seconds, and never in the way of another."""

import json
import time
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import pytest
from factories import Json
from platforms import Platform, code
from roaming import ANN, PERIOD, own, prepare, tariff
from sqlalchemy import select, text, update

from hub.clearing import bounds, clear, clerk, deciding, readings, rows, states
from hub.clearing.checks import TOLD
from hub.clearing.deciding import Decision
from hub.clearing.states import NoSuchTransition, State, Way
from hub.store.clearings import clearings
from hub.store.documents import TABLES

CPU_LIMIT = 6.0
"""Seconds of the processor, on a machine that is busy with other things too."""
EMPTY = b'{"id":"BAD"}'
HUGE = Decimal(999999999999999999)


@pytest.fixture
def roaming(cpo: Platform, emsp: Platform) -> Platform:
    prepare(cpo, emsp)
    return cpo


def price(amount: Decimal) -> Json:
    return {"excl_vat": amount, "incl_vat": amount}


def signed(*texts: str, key: str = "00") -> Json:
    values = [{"nature": "Start", "plain_data": "x", "signed_data": each} for each in texts]
    return {"encoding_method": "OCMF", "public_key": key, "signed_values": values}


def ocmf(payload: str, signature: str = '{"SD":"00"}') -> str:
    return f"OCMF|{payload}|{signature}"


def minutes(count: int, **changes: Any) -> list[Json]:
    """So many periods, each a second after the one before."""
    return [
        PERIOD
        | {"start_date_time": f"2025-03-10T{8 + i // 3600:02}:{i // 60 % 60:02}:{i % 60:02}Z"}
        | changes
        for i in range(count)
    ]


ELEMENT = {"price_components": [{"type": "ENERGY", "price": HUGE, "vat": 10, "step_size": 1}]}
NEVER = ELEMENT | {"restrictions": {"min_kwh": 9999}}

HOSTILE: dict[str, Callable[[], Json]] = {
    "a cost of 18 digits": lambda: {"total_cost": price(HUGE)},
    "less than nothing, in 18 digits": lambda: {"total_cost": price(-HUGE), "total_energy": -HUGE},
    "an energy of 18 digits": lambda: {"total_energy": HUGE, "total_time": HUGE, "total_parking_time": HUGE},
    "volumes that add up to more digits than numbers have": lambda: {
        "charging_periods": [PERIOD | {"dimensions": [{"type": "ENERGY", "volume": HUGE}] * 200}]
    },
    "a price of 18 digits": lambda: {"tariffs": [tariff() | {"elements": [ELEMENT]}]},
    "a price and a volume of 18 digits": lambda: {
        "tariffs": [tariff() | {"elements": [ELEMENT]}],
        "charging_periods": [PERIOD | {"tariff_id": "T", "dimensions": [{"type": "ENERGY", "volume": HUGE}]}],
    },
    "periods of the year 9999": lambda: {
        "charging_periods": [PERIOD | {"start_date_time": "9999-12-31T23:59:59Z"}]
    },
    "a year before all clocks": lambda: {"start_date_time": "2000-01-01T00:00:00Z"},
    "1500 periods": lambda: {"charging_periods": minutes(1500, tariff_id="T")},
    "1000 periods at once": lambda: {"charging_periods": [PERIOD | {"tariff_id": "T"}] * 1000},
    "more periods than are looked at": lambda: {"charging_periods": [PERIOD] * 5500},
    "more tariffs than are looked at": lambda: {
        "tariffs": [tariff() | {"id": f"T{each}"} for each in range(800)],
        "charging_periods": [PERIOD | {"tariff_id": f"T{each % 800}"} for each in range(1500)],
    },
    "many elements": lambda: {
        "tariffs": [tariff() | {"elements": [NEVER] * 2000}],
        "charging_periods": minutes(1500, tariff_id="T"),
    },
    "a key beyond ASCII": lambda: {"signed_data": signed("x", key="\u00e9" * 512)},
    "signed data beyond ASCII": lambda: {"signed_data": signed("\u00e9" * 1000)},
    "a signature beyond ASCII": lambda: {
        "signed_data": signed(ocmf('{"RD":[{"RV":1}]}', '{"SD":"\u00e9"}')),
    },
    "OCMF that is nested": lambda: {"signed_data": signed(ocmf('{"RD":' + "[" * 2000 + "]" * 2000 + "}"))},
    "OCMF with a NUL": lambda: {"signed_data": signed(ocmf('{"RD":[{"RV":1,"TM":"\\u0000"}]}'))},
    "OCMF with numbers": lambda: {
        "signed_data": signed(ocmf('{"RD":[{"RV":1e12,"RU":"MWh"},{"RV":1e999}]}'))
    },
    "OCMF that is all bars": lambda: {"signed_data": signed("OCMF|" + "|" * 4900)},
    "OCMF of a thousand readings, a hundred times": lambda: {
        "signed_data": signed(
            *[ocmf('{"RD":[{"RV":1,' + ",".join(f'"a{n}":1' for n in range(250)) + "}" + ",{}" * 750 + "]}")]
            * 100
        )
    },
    "more signed values than are looked at": lambda: {"signed_data": signed(*["x" * 600] * 1300)},
    "a contract id that is all separators": lambda: {
        "cdr_token": own()["cdr_token"] | {"contract_id": "A-" * 18}
    },
}


def test_a_hostile_cdr_is_cleared_in_time_and_stops_no_other(roaming: Platform) -> None:
    for place, (name, made) in enumerate(HOSTILE.items()):
        bad, good = f"BAD-{place}", f"GOOD-{place}"
        assert code(roaming.receiver("POST", "cdrs", own(id=bad, **made()))) == (201, 1000), name
        assert code(roaming.receiver("POST", "cdrs", own(id=good))) == (201, 1000)
        begun = time.process_time()
        clerk.everything(roaming.hub.store)
        assert time.process_time() - begun < CPU_LIMIT, name
        with roaming.hub.store.reading() as unit:
            both = clearings.c.cdr_key.in_([bad, good])
            found = {row.cdr_key: row for row in unit.connection.execute(select(clearings).where(both))}
        assert {row.state for row in found.values()} <= {State.HELD, State.RATED}, name
        assert found[good].checked_at is not None, name
        assert len(found[bad].codes) < 20_000, name
        if "18 digits" in name and "price" not in name:
            assert found[bad].state == State.HELD, name


def test_what_no_ledger_holds_cannot_be_accepted(roaming: Platform) -> None:
    roaming.receiver("POST", "cdrs", own(id="BAD", total_cost=price(HUGE)))
    clerk.everything(roaming.hub.store)
    with roaming.hub.store.unit() as unit:
        (row,) = unit.connection.execute(select(clearings))
        assert json.loads(row.codes)[0][:2] == [clear.UNCHECKED, "HOLD"]
        assert row.net == bounds.LARGEST
        with pytest.raises(NoSuchTransition, match="no ledger holds"):
            deciding.decide(unit, row, Decision.ACCEPT, ANN, "why not")
        assert deciding.decide(unit, row, Decision.REJECT, ANN, "absurd") is State.REJECTED


def test_a_cdr_that_cannot_even_be_read_gets_a_row_and_is_held(roaming: Platform) -> None:
    """As one that was kept before its schema was as strict as now."""
    for identity in ("BAD", "GOOD"):
        roaming.receiver("POST", "cdrs", own(id=identity))
    with roaming.hub.store.unit() as unit:
        bad = TABLES["cdrs"].c.key == "BAD"
        unit.connection.execute(update(TABLES["cdrs"]).where(bad).values(sent=EMPTY, newest=EMPTY))
    clerk.everything(roaming.hub.store)
    with roaming.hub.store.unit() as unit:
        found = {row.cdr_key: row for row in unit.connection.execute(select(clearings))}
        assert {key: row.state for key, row in found.items()} == {"BAD": "HELD", "GOOD": "RATED"}
        with pytest.raises(NoSuchTransition):
            deciding.decide(unit, found["BAD"], Decision.ACCEPT, ANN, None)


def test_a_row_that_the_database_refuses_is_held_alone(
    roaming: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever it is that the database will not do for one CDR, on PostgreSQL it spoils the transaction."""
    for identity in ("A", "BAD", "Z"):
        start = {"A": "08:00", "BAD": "09:00", "Z": "10:00"}[identity]
        roaming.receiver("POST", "cdrs", own(id=identity, start_date_time=f"2025-03-10T{start}:00Z"))
    usual = states.move_along

    def refused(unit: Any, ways: Sequence[Way], by: str) -> None:
        for each in ways:
            unchecked = any(found.code == clear.UNCHECKED for found in each.steps[0].found)
            if each.clearing.cdr_key == "BAD" and not unchecked:
                unit.connection.execute(text("SELECT nothing FROM nowhere"))
        usual(unit, ways, by)

    monkeypatch.setattr(states, "move_along", refused)
    clerk.everything(roaming.hub.store)
    with roaming.hub.store.reading() as unit:
        found = {row.cdr_key: row for row in unit.connection.execute(select(clearings))}
    assert all(row.checked_at is not None for row in found.values())
    assert json.loads(found["BAD"].codes)[0][0] == clear.UNCHECKED


def test_a_check_that_finds_thousands_tells_the_first_and_how_many(roaming: Platform) -> None:
    periods = [PERIOD | {"tariff_id": "OTHER"}] * 100
    roaming.receiver("POST", "cdrs", own(charging_periods=periods))
    clerk.everything(roaming.hub.store)
    with roaming.hub.store.reading() as unit:
        (row,) = unit.connection.execute(select(clearings))
    told = [detail for check, _, detail in json.loads(row.codes) if check == "F2"]
    assert (len(told), told[-1]) == (TOLD + 1, "and 80 more")


def test_a_reading_that_leaves_out_what_it_repeats_is_read_as_before() -> None:
    found = readings.read("OCMF", ocmf('{"RD":[{"RV":1,"RU":"Wh","TM":"a","X":1},{"RV":2}]}'))
    assert isinstance(found, readings.Reading)
    assert [(each.at, each.value) for each in found.values] == [
        ("a", Decimal("0.001")),
        ("a", Decimal("0.002")),
    ]


def test_what_is_usual_at_an_evse_is_what_the_same_emsp_pays(roaming: Platform) -> None:  # O10
    """The finding shows it, and the eMSP reads the finding."""
    for identity in ("A", "B", "C"):
        roaming.receiver("POST", "cdrs", own(id=identity))
    clerk.everything(roaming.hub.store)
    with roaming.hub.store.unit() as unit:
        unit.connection.execute(update(clearings).values(state=State.RATED))
        of_another = clearings.c.cdr_key == "B"
        unit.connection.execute(update(clearings).where(of_another).values(emsp="FROTH", net=Decimal(99)))
        first, second, third = unit.connection.execute(select(clearings).order_by(clearings.c.id))
        assert rows.usual(unit, third, 0) == (first.net / first.energy,)
        assert rows.usual(unit, second, 0) == ()
