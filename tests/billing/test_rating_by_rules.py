"""Rules decide the tariff and what comes off it; no allowance is used twice; what lacks a price is held."""

import threading
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from factories import example
from platforms import Platform, code
from ruling import ANN

import tariffs
from hub.billing import rating
from hub.ocpi import instants
from hub.ocpi.document import Party
from hub.prices.book import publishing
from hub.prices.book.publishing import Edit
from hub.prices.rules import adjustments
from hub.prices.rules import book as rule_book
from hub.prices.rules.adjustments import Account
from hub.prices.rules.drafts import Draft
from hub.prices.rules.rules import Kind, Match, Per, Rule
from hub.store import billed, charges, documents, grounds
from hub.store.charges import Charge
from hub.store.grounds import Ground

CPO = Party.of("NL", "CPO")
HOUR = 3_600_000_000
PER_KWH = [{"price_components": [{"type": "ENERGY", "price": Decimal("0.50"), "vat": 20, "step_size": 1}]}]
CHEAP = [{"price_components": [{"type": "ENERGY", "price": Decimal("0.30"), "vat": 20, "step_size": 1}]}]
ALWAYS = {"start_date_time": None, "end_date_time": None, "min_price": None, "max_price": None}


def tariff(key: str, elements: Any = PER_KWH, **changes: Any) -> dict[str, Any]:
    return example("2.2.1", "tariffs", id=key, elements=elements) | ALWAYS | changes


def location(*tariff_ids: str) -> dict[str, Any]:
    connector = example("2.2.1", "connectors", id="1", tariff_ids=list(tariff_ids) or None)
    evse = example("2.2.1", "evses", uid="EVSE-1", connectors=[connector])
    return example("2.2.1", "locations", id="HARBOUR", evses=[evse], time_zone="Europe/Amsterdam")


def session(cpo: Platform, key: str = "S1", kwh: Any = 20, **changes: Any) -> dict[str, Any]:
    """One of 20 kWh in an hour, which begins a minute after now, since rules are not retroactive."""
    start = cpo.hub.store.clock() // 1_000_000 * 1_000_000 + 60_000_000
    volumes = [{"type": "ENERGY", "volume": kwh}, {"type": "TIME", "volume": 1}]
    period = {"start_date_time": instants.text(start), "dimensions": volumes}
    body = example("2.2.1", "sessions", id=key, status="COMPLETED", kwh=kwh, total_cost=None, currency="EUR")
    times = {"start_date_time": instants.text(start), "end_date_time": instants.text(start + HOUR)}
    return body | times | {"charging_periods": [period], "last_updated": instants.text(start)} | changes


@pytest.fixture
def priced(cpo: Platform) -> Platform:
    """A CPO whose connector names T, and which has NIGHT besides."""
    cpo.put("tariffs/NL/CPO/T", tariff("T"))
    cpo.put("tariffs/NL/CPO/NIGHT", tariff("NIGHT", CHEAP))
    cpo.put("locations/NL/CPO/HARBOUR", location("T"))
    return cpo


def rule(cpo: Platform, kind: Kind = Kind.TARIFF, match: Match | None = None, **told: Any) -> Rule:
    with cpo.hub.store.unit() as unit:
        return rule_book.add(unit, Draft(CPO, kind, match or Match(), **told), ANN)


def complete(cpo: Platform, key: str = "S1", **changes: Any) -> None:
    body = session(cpo, key, **changes)
    assert code(cpo.put(f"sessions/NL/CPO/{key}", body)) == (201, 1000)


def held(cpo: Platform) -> list[Charge]:
    with cpo.hub.store.reading() as unit:
        return charges.held(unit)


def ground(cpo: Platform, key: str = "S1") -> Ground | None:
    with cpo.hub.store.reading() as unit:
        return grounds.of_session(unit, "NLCPO", key)


def net(cdr: dict[str, Any]) -> Any:
    return cdr["total_cost"]["excl_vat"]


def test_the_tariff_of_the_rule_prices_all_of_the_session(priced: Platform, emsp: Platform) -> None:
    made = rule(priced, match=Match(partner="DEMSP"), tariff_id="NIGHT")
    complete(priced)
    (cdr,) = emsp.pulled("cdrs")
    assert net(cdr) == 6
    assert [each["id"] for each in cdr["tariffs"]] == ["NIGHT"]
    assert {each["tariff_id"] for each in cdr["charging_periods"]} == {"NIGHT"}
    assert ground(priced) == Ground("NLCPO", "S1", "NIGHT", 1, made.id)


def test_a_rule_counts_more_than_what_the_cpo_names_for_periods(priced: Platform, emsp: Platform) -> None:
    rule(priced, tariff_id="NIGHT")
    body = session(priced)
    body["charging_periods"][0]["tariff_id"] = "T"
    priced.put("sessions/NL/CPO/S1", body)
    (cdr,) = emsp.pulled("cdrs")
    assert net(cdr) == 6
    assert [each["id"] for each in cdr["tariffs"]] == ["NIGHT"]


def test_without_a_rule_the_charge_stands_on_the_connector(priced: Platform, emsp: Platform) -> None:
    complete(priced)
    (cdr,) = emsp.pulled("cdrs")
    assert net(cdr) == 10
    assert "remark" not in cdr
    assert ground(priced) == Ground("NLCPO", "S1", "T", 1)


@pytest.mark.parametrize("version", ["2.1.1", "2.2.1", "2.3.0"])
def test_what_comes_off_is_told_in_the_cdr_and_by_whoever_verifies_it(
    priced: Platform, connect: Callable[..., Platform], version: str
) -> None:
    made = rule(priced, Kind.PERCENT, value=Decimal(-10), reason="loyalty")
    complete(priced)
    (cdr,) = connect("DE/MSP", "EMSP", version).pulled("cdrs")
    assert cdr["remark"] == f"Adjusted before taxes: rule {made.id} PERCENT -1. loyalty"
    found = tariffs.verify(cdr, time_zone="Europe/Amsterdam")
    assert found.cause is not None
    assert found.cause.id == "ADJUSTED"
    assert not [each for each in found.findings if each.id == "costs-sum"]


def test_the_charge_keeps_what_each_rule_has_changed(priced: Platform, emsp: Platform) -> None:
    percent = rule(priced, Kind.PERCENT, value=Decimal(-10), reason="loyalty")
    free = rule(priced, Kind.FREE_KWH, value=Decimal(5), per=Per.SESSION, reason="welcome")
    complete(priced)
    (cdr,) = emsp.pulled("cdrs")
    assert net(cdr) == Decimal("6.75")
    assert cdr["total_cost"]["incl_vat"] == Decimal("8.1")
    assert cdr["total_energy_cost"]["excl_vat"] == Decimal("6.75")
    stands_on = ground(priced)
    assert stands_on is not None
    assert stands_on.adjusted_by == (free.id, percent.id)


def used(cpo: Platform, made: Rule, session_start: str) -> int:
    with cpo.hub.store.reading() as unit:
        return adjustments.used(unit, made, Account(CONTRACT, session_start[:7]))


CONTRACT = example("2.2.1", "sessions")["cdr_token"]["contract_id"].upper()


def month(cpo: Platform) -> str:
    (charge, *_) = billed_sessions(cpo)
    return str(charge.session.document.newest["start_date_time"])


def billed_sessions(cpo: Platform) -> list[billed.Billed]:
    with cpo.hub.store.reading() as unit:
        return billed.latest(unit, None, held=False, limit=50)


def test_free_energy_of_a_month_is_used_up_over_its_sessions(priced: Platform, emsp: Platform) -> None:
    made = rule(priced, Kind.FREE_KWH, value=Decimal(30), per=Per.MONTH)
    for key in ("S1", "S2", "S3"):
        complete(priced, key)
    assert sorted(net(cdr) for cdr in emsp.pulled("cdrs")) == [0, 5, 10]
    assert used(priced, made, month(priced)) == 30_000_000


def test_a_month_costs_no_more_than_its_cap(priced: Platform, emsp: Platform) -> None:
    rule(priced, Kind.MONTHLY_CAP, value=Decimal("12.3456"), currency="EUR")
    for key in ("S1", "S2", "S3"):
        complete(priced, key)
    assert sorted(net(cdr) for cdr in emsp.pulled("cdrs")) == [0, Decimal("2.3456"), 10]


def test_sessions_at_once_never_use_an_allowance_twice(priced: Platform, emsp: Platform) -> None:
    made = rule(priced, Kind.FREE_KWH, value=Decimal(30), per=Per.MONTH)
    keys = [f"S{number}" for number in range(6)]
    bodies = {key: session(priced, key) for key in keys}
    ready = threading.Barrier(len(keys))
    outcomes: list[tuple[int, int]] = []

    def put(key: str) -> None:
        ready.wait()
        outcomes.append(code(priced.put(f"sessions/NL/CPO/{key}", bodies[key])))

    threads = [threading.Thread(target=put, args=(key,)) for key in keys]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert outcomes == [(201, 1000)] * len(keys)
    assert sorted(net(cdr) for cdr in emsp.pulled("cdrs")) == [0, 5, 10, 10, 10, 10]
    assert used(priced, made, month(priced)) == 30_000_000


def test_what_a_credited_session_took_is_there_again(priced: Platform, emsp: Platform) -> None:
    made = rule(priced, Kind.FREE_KWH, value=Decimal(30), per=Per.MONTH)
    complete(priced)
    (cdr,) = emsp.pulled("cdrs")
    assert used(priced, made, month(priced)) == 20_000_000
    negated = {name: -amount for name, amount in cdr["total_cost"].items()}
    credit = cdr | {"id": "CREDIT", "credit": True, "credit_reference_id": cdr["id"], "total_cost": negated}
    assert code(priced.receiver("POST", "cdrs", credit)) == (201, 1000)
    assert used(priced, made, month(priced)) == 0


def test_a_session_for_which_nothing_resolves_is_held_until_a_rule_reaches_back(
    priced: Platform, emsp: Platform
) -> None:
    priced.put("locations/NL/CPO/HARBOUR", location())
    complete(priced)
    assert [charge.reason for charge in held(priced)] == ["TARIFF_NONE"]
    rule(priced, Kind.PERCENT, value=Decimal(-10))
    assert [charge.reason for charge in held(priced)] == ["TARIFF_NONE"]
    priced.hub.store.clock = later(priced, 2)
    rule(priced, tariff_id="NIGHT")  # from now on, and the session began before
    assert [charge.reason for charge in held(priced)] == ["TARIFF_NONE"]
    with priced.hub.store.unit() as unit:
        began = unit.now - 2 * HOUR
    rule(priced, tariff_id="NIGHT", priority=1, valid_from=began, reach_back=True)
    assert held(priced) == []
    (cdr,) = emsp.pulled("cdrs")
    assert net(cdr) == Decimal("5.4")


def later(cpo: Platform, hours: int) -> Callable[[], int]:
    clock = cpo.hub.store.clock
    return lambda: clock() + hours * HOUR


def test_a_rule_whose_tariff_has_ended_holds_the_session(priced: Platform, emsp: Platform) -> None:
    rule(priced, match=Match(partner="DEMSP"), tariff_id="NIGHT")
    with priced.hub.store.unit() as unit:
        publishing.end(unit, CPO, "NIGHT", Edit(ANN))
    complete(priced)
    assert [charge.reason for charge in held(priced)] == ["RULE_TARIFF_NOT_IN_FORCE"]
    assert emsp.pulled("cdrs") == []


def test_a_tariff_that_was_deleted_before_the_start_prices_nothing(priced: Platform, emsp: Platform) -> None:
    assert code(priced.receiver("DELETE", "tariffs/NL/CPO/T")) == (200, 1000)
    complete(priced)
    assert [charge.reason for charge in held(priced)] == ["TARIFF_NOT_IN_FORCE"]
    assert emsp.pulled("cdrs") == []


def test_a_tariff_that_is_deleted_later_prices_what_had_begun(priced: Platform, emsp: Platform) -> None:
    body = session(priced)
    priced.put("sessions/NL/CPO/S1", body | {"status": "ACTIVE"})
    priced.hub.store.clock = later(priced, 1)
    assert code(priced.receiver("DELETE", "tariffs/NL/CPO/T")) == (200, 1000)
    last = instants.text(instants.micros(body["last_updated"]) + HOUR)
    priced.put("sessions/NL/CPO/S1", body | {"last_updated": last})
    (cdr,) = emsp.pulled("cdrs")
    assert net(cdr) == 10


def test_an_adjustment_in_another_currency_holds_the_session(priced: Platform) -> None:
    rule(priced, Kind.PER_KWH, value=Decimal("-0.05"), currency="CHF")
    complete(priced)
    (charge,) = held(priced)
    assert charge.reason == "CURRENCY_DIFFERS"


FEE = [{"price_components": [{"type": "FLAT", "price": 1, "vat": 20, "step_size": 1}]}]


def test_a_fee_for_no_energy_waits_for_somebody_to_look(priced: Platform, emsp: Platform) -> None:
    priced.put("tariffs/NL/CPO/T", tariff("T", FEE, last_updated=instants.text(priced.hub.store.clock())))
    complete(priced, kwh=0)
    (charge,) = held(priced)
    assert (charge.reason, emsp.pulled("cdrs")) == ("ENERGY_ZERO", [])
    assert "1 EUR before taxes" in str(charge.message)
    with priced.hub.store.unit() as unit:
        stored = documents.find(unit, "sessions", CPO, "S1")
        assert stored is not None
        rating.bill(unit, stored.document, ["ENERGY_ZERO"])
    (cdr,) = emsp.pulled("cdrs")
    assert net(cdr) == 1


def test_no_energy_is_billed_where_the_driver_parked_or_it_costs_nothing(
    priced: Platform, emsp: Platform
) -> None:
    complete(priced, kwh=0)
    priced.put("tariffs/NL/CPO/T", tariff("T", FEE, last_updated=instants.text(priced.hub.store.clock())))
    parked = session(priced, "S2", kwh=0)
    parked["charging_periods"][0]["dimensions"] = [{"type": "PARKING_TIME", "volume": 1}]
    priced.put("sessions/NL/CPO/S2", parked)
    assert held(priced) == []
    assert sorted(net(cdr) for cdr in emsp.pulled("cdrs")) == [0, 1]
