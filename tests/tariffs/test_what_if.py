"""A batch priced again: sums, and deltas by partner, place, hour and component."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tariff_strategies import ZONES, Json, session_documents, tariff_documents

import tariffs
from tariffs import Flat, Policy, Rounding, Split, Step
from tariffs.what_if import Case, Terms, WhatIf, most_changed, read_case, what_if


def part(kind: str, price: Any, step: int = 1) -> Json:
    return {"type": kind, "price": price, "vat": 21, "step_size": step}


def tariff(*parts: Json, **changes: Any) -> tariffs.Tariff:
    document = {
        "id": "T",
        "currency": "EUR",
        "tax_included": "NO",
        "elements": [{"price_components": list(parts)}],
    }
    return tariffs.read_tariff(document | changes)


def cdr(name: str, partner: str, place: str, hour: int, kwh: Any, **changes: Any) -> Json:
    dimensions = [{"type": "ENERGY", "volume": kwh}, {"type": "TIME", "volume": 1}]
    start = f"2025-06-02T{hour:02d}:00:00Z"
    sound = {
        "id": name,
        "start_date_time": start,
        "end_date_time": f"2025-06-02T{hour + 1:02d}:00:00Z",
        "currency": "EUR",
        "charging_periods": [{"start_date_time": start, "dimensions": dimensions}],
        "cdr_token": {"country_code": "NL", "party_id": partner},
        "cdr_location": {"id": place, "time_zone": "Europe/Amsterdam"},
        "total_cost": {"before_taxes": Decimal(kwh) / 2},
        "total_energy_cost": {"before_taxes": Decimal(kwh) / 2},
    }
    return sound | changes


CDRS = [cdr("1", "AAA", "L1", 8, 10), cdr("2", "AAA", "L2", 9, 20), cdr("3", "BBB", "L1", 8, 30)]
CASES = [read_case(one) for one in CDRS]
DEARER = Terms(tariff(part("ENERGY", Decimal("0.6")), part("FLAT", 1)))


def sums(found: WhatIf, axis: str) -> dict[str, tuple[int, Decimal, Decimal, Decimal]]:
    return {name: (one.count, one.before, one.after, one.delta) for name, one in found.groups[axis].items()}


def test_deltas_are_told_by_partner_place_hour_and_component() -> None:
    found = what_if(CASES, DEARER)
    assert (found.total.count, found.total.before, found.total.after, found.total.delta) == (3, 30, 39, 9)
    assert (found.dearer, found.cheaper, found.unpriced) == (3, 0, 0)
    assert sums(found, "partner") == {"NL/AAA": (2, 15, 20, 5), "NL/BBB": (1, 15, 19, 4)}
    assert sums(found, "location") == {"L1": (2, 20, 26, 6), "L2": (1, 10, 13, 3)}
    assert sums(found, "hour") == {"10:00": (2, 20, 26, 6), "11:00": (1, 10, 13, 3)}  # local
    assert sums(found, "component") == {"energy": (3, 30, 36, 6), "fixed": (3, 0, 3, 3)}
    assert [name for name, _ in most_changed(found.groups["partner"], 1)] == ["NL/AAA"]


def test_a_batch_under_two_policies() -> None:
    stepped = tariff(part("ENERGY", 1, 7000))
    found = what_if(CASES, Terms(stepped, Policy(step=Step.OFF)), Terms(stepped))
    assert (found.total.before, found.total.after) == (14 + 21 + 35, 60)
    assert found.cheaper == 3


def test_what_cannot_be_priced_is_counted_and_named_and_in_no_sum() -> None:
    silent = read_case({name: value for name, value in CDRS[0].items() if name != "total_cost"})
    foreign = read_case(cdr("9", "AAA", "L1", 8, 10, currency="CHF"))
    found = what_if([silent, foreign, *CASES], DEARER)
    assert (found.total.count, found.unpriced) == (3, 2)
    assert [name for name, _ in found.reasons] == ["1", "9"]
    assert "give the tariff" in found.reasons[0][1]
    assert "CHF" in found.reasons[1][1]


def test_plain_sessions_need_a_tariff_to_compare_with() -> None:
    case = read_case({"start": "2025-06-02T08:00:00Z", "segments": [{"hours": 1, "kwh": 4}]}, "Europe/Oslo")
    assert (case.partner, case.location, case.time_zone) == ("unknown", "unknown", "Europe/Oslo")
    found = what_if([case], DEARER, Terms(tariff(part("ENERGY", 1))))
    assert found.total.delta == Decimal("-0.6")
    assert found.as_dict()["delta"] == Decimal("-0.6")


def test_a_case_in_no_known_time_zone_is_refused() -> None:
    with pytest.raises(tariffs.TimeZoneError):
        read_case(CDRS[0] | {"cdr_location": {"id": "L1", "time_zone": "Mars/Olympus"}})


POLICIES = [
    Policy(),
    Policy(split=Split.START),
    Policy(rounding=Rounding.HALF_EVEN),
    Policy(flat=Flat.PERIOD),
]


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    tariff_documents(limited=True),
    session_documents(),
    st.sampled_from(ZONES),
    st.sampled_from(POLICIES),
    st.integers(0, 6),
)
def test_rounded_sums_of_components_are_those_of_the_exact_quote(
    document: Json, session: Json, zone: str, policy: Policy, places: int
) -> None:
    quote = tariffs.price(tariffs.read_tariff(document), tariffs.read_session(session), zone, policy)
    exact = {name: share.figures(places, policy.rounding) for name, share in quote.shares.items() if share}
    assert quote.nets(places) == {name: figures.before_taxes for name, figures in exact.items()}
    figures = quote.total.figures(places, policy.rounding)
    net, gross = quote.whole_amounts(places)
    assert Decimal(net).scaleb(-places) == figures.before_taxes
    assert (None if gross is None else Decimal(gross).scaleb(-places)) == figures.after_taxes


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    tariff_documents(limited=True),
    st.lists(session_documents(), min_size=1, max_size=4),
    st.sampled_from(ZONES),
)
def test_repricing_is_billing(document: Json, sessions: list[Json], zone: str) -> None:  # P1
    read = tariffs.read_tariff(document)
    cases = [Case(str(place), tariffs.read_session(one), zone) for place, one in enumerate(sessions)]
    found = what_if(iter(cases), Terms(read), Terms(read))
    billed = [tariffs.price(read, case.session, zone).total.figures(4).before_taxes for case in cases]
    assert found.total.after == found.total.before == sum(billed)
    assert sum(one.count for one in found.groups["hour"].values()) == len(cases)
