"""Sessions whose periods are split in arrays cost what each costs alone, to the last digit of each component.

`TARIFFS_FUZZ=2000 python -m pytest tests/tariffs/test_batch_split.py`: 5 sessions for each of 2,000 tariffs.
"""

import os
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tariff_strategies import NIGHTS, ZONES, Json, money, segment, tariff_documents

from tariffs import (
    Policy,
    Session,
    Split,
    Step,
    Tariff,
    pack,
    price,
    price_columns,
    read_session,
    read_tariff,
)

MANY = int(os.environ.get("TARIFFS_FUZZ", "0"))
SIZE = settings(
    max_examples=MANY or 40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate] if MANY else list(Phase),
)
ZONE = "Europe/Amsterdam"


@st.composite
def segments(draw: st.DrawFn) -> Json:
    """What arrays can hold: charging and parking, of any length."""
    kind = draw(st.sampled_from(["CHARGING", "CHARGING", "PARKING"]))
    found = segment(kind, draw(st.one_of(st.integers(0, 30), money(0, 3000))))
    found["seconds"] = draw(st.one_of(st.integers(1, 30_000), st.integers(1, 80).map(lambda n: n * 900)))
    return found | ({"current": draw(st.integers(0, 45))} if kind == "CHARGING" else {})


def bounds(most: int) -> st.SearchStrategy[Json]:
    """A limit, with or without taxes, which may contradict another."""
    return st.fixed_dictionaries({"before_taxes": money(0, most)}, optional={"after_taxes": money(0, most)})


limits = st.fixed_dictionaries({}, optional={"min_price": bounds(3000), "max_price": bounds(9000)})
sessions = st.fixed_dictionaries(
    {"start": st.sampled_from(NIGHTS), "segments": st.lists(segments(), min_size=1, max_size=9)}
)


def alone(tariff: Tariff, session: Session, zone: str, policy: Policy) -> Any:
    quote = price(tariff, session, zone, policy)
    unit = 10**policy.decimals
    return (
        *quote.whole_amounts(policy.decimals),
        {name: int(net * unit) for name, net in quote.nets(policy.decimals).items()},
    )


def together(tariff: Tariff, given: list[Session], zone: str, policy: Policy) -> tuple[list[Any], int]:
    """What each costs, and how many had to be priced alone."""
    found = price_columns(tariff, pack(given), zone, policy)
    told = [
        (
            int(found.before_taxes[place]),
            int(found.after_taxes[place]) if found.known[place] else None,
            {name: int(share.net[place]) for name, share in found.shares.items() if share.used[place]},
        )
        for place in range(len(given))
    ]
    return told, found.general


POLICIES = [
    Policy(),
    Policy(),
    Policy(step=Step.OFF, decimals=6),
    Policy(decimals=2),
    Policy(split=Split.START),
]


@SIZE
@given(
    st.builds(dict.__or__, tariff_documents(), limits),
    st.lists(sessions, min_size=5, max_size=5),
    st.sampled_from(ZONES),
    st.sampled_from(POLICIES),
)
def test_together_they_cost_what_each_costs_alone(
    document: Json, documents: list[Json], zone: str, policy: Policy
) -> None:
    tariff, given = read_tariff(document), [read_session(one) for one in documents]
    assert together(tariff, given, zone, policy)[0] == [alone(tariff, one, zone, policy) for one in given]


def part(kind: str, price: str, step: int = 1) -> Json:
    return {"type": kind, "price": Decimal(price), "vat": 21, "step_size": step}


def element(*parts: Json, **restrictions: Any) -> Json:
    return {"price_components": list(parts), "restrictions": restrictions}


NIGHT = element(part("ENERGY", "0.21"), start_time="22:00", end_time="06:00")
SOON = element(part("ENERGY", "0.17"), max_duration=2400)
MUCH = element(part("ENERGY", "0.29"), min_kwh=9)
OVERSTAY = element(part("PARKING_TIME", "6", 300), start_time="08:00", end_time="20:00")
REST = element(part("ENERGY", "0.35", 1000), part("TIME", "0.5", 60))


@pytest.mark.parametrize(
    "limits",
    [
        {},
        {
            "min_price": {"before_taxes": 2, "after_taxes": Decimal("2.42")},
            "max_price": {"before_taxes": 6, "after_taxes": 7},
        },
        {"max_price": {"before_taxes": 5}},
        {"min_price": {"before_taxes": 2}, "max_price": {"before_taxes": 5, "after_taxes": Decimal("5.5")}},
        {"min_price": {"before_taxes": 2, "after_taxes": 3}, "max_price": {"before_taxes": 5}},
    ],
)
@pytest.mark.parametrize(
    "elements", [[NIGHT, REST], [SOON, REST], [MUCH, REST], [NIGHT, SOON, MUCH, OVERSTAY, REST]]
)
def test_hardly_any_has_to_be_priced_alone(elements: list[Json], limits: Json) -> None:
    document = {"id": "T", "currency": "EUR", "tax_included": "NO", "elements": elements}
    tariff = read_tariff(document | limits)
    given = [
        read_session(
            {
                "start": f"2025-03-{1 + number % 28:02d}T{number % 24:02d}:{number * 7 % 60:02d}:11Z",
                "segments": [
                    {"minutes": 31 + number % 90, "kwh": Decimal(1000 + 137 * number % 20_000) / 1000},
                    {"kind": "PARKING", "minutes": 20 + number % 300},
                ],
            }
        )
        for number in range(300)
    ]
    told, general = together(tariff, given, ZONE, Policy())
    assert told == [alone(tariff, one, ZONE, Policy()) for one in given]
    assert general <= 6


FAR = "2150-01-01T00:00:00Z"
ODD = [
    {"start": "2025-03-01T20:00:00Z", "segments": [{"hours": 5, "kwh": -3}]},
    {"start": "2025-03-01T20:00:00Z", "segments": [{"hours": 24 * 101, "kwh": 30}]},
    {"start": "2025-03-01T20:00:00Z", "segments": [{"hours": 5, "kwh": 10**9}]},
    {"start": "2025-03-01T20:00:00Z", "segments": [{"seconds": 0, "kwh": 20}, {"hours": 5, "kwh": 0}]},
    {"start": FAR, "segments": [{"hours": 5, "kwh": 30}]},
    {"start": "1905-03-01T20:00:00Z", "segments": [{"hours": 5, "kwh": 30}]},
]


def test_what_cannot_be_split_in_arrays_is_priced_alone() -> None:
    """Energy given back (A27), the endless, the huge, the instantaneous, and what lies centuries apart."""
    document = {"id": "T", "currency": "EUR", "tax_included": "NO", "elements": [NIGHT, MUCH, REST]}
    tariff, given = read_tariff(document), [read_session(one) for one in ODD]
    assert together(tariff, given, ZONE, Policy())[0] == [alone(tariff, one, ZONE, Policy()) for one in given]
    fine = read_tariff(
        document | {"elements": [element(part("ENERGY", "1"), max_kwh=Decimal("1.0000001")), REST]}
    )
    assert together(fine, given, ZONE, Policy())[0] == [alone(fine, one, ZONE, Policy()) for one in given]


def test_a_gross_that_nobody_knows_is_unknown_here_too() -> None:  # A21
    open_ = [element({"type": "ENERGY", "price": 1}, start_time="22:00", end_time="06:00")]
    tariff = read_tariff({"id": "T", "currency": "EUR", "elements": open_})
    given = [
        read_session({"start": f"2025-03-01T{hour}:30:00Z", "segments": [{"hours": 1, "kwh": 3}]})
        for hour in ("12", "20", "21")
    ]
    assert together(tariff, given, ZONE, Policy())[0] == [alone(tariff, one, ZONE, Policy()) for one in given]
