"""Many sessions at once cost what each costs alone, whatever arrays can or cannot hold."""

from decimal import Decimal
from typing import Any

import pytest

import tariffs
from tariffs import Hours, MismatchError, Policy, Split, Step, UnknownLoad, pack, price, price_columns

ZONE = "Europe/Amsterdam"


def part(kind: str, price: Any, vat: Any = 21, step: int = 1) -> dict[str, Any]:
    return {"type": kind, "price": price, "vat": vat, "step_size": step}


def element(*parts: dict[str, Any], **restrictions: Any) -> dict[str, Any]:
    return {"price_components": list(parts), "restrictions": restrictions}


def tariff(*elements: dict[str, Any], **more: Any) -> tariffs.Tariff:
    document = {"id": "T", "currency": "EUR", "tax_included": "NO", "elements": list(elements)}
    return tariffs.read_tariff(document | more)


BUSY = tariff(
    element(part("FLAT", 1, vat=0), day_of_week=["MONDAY", "SUNDAY"]),
    element(part("FLAT", 2), min_duration=7200),
    element(part("ENERGY", Decimal("0.2"), step=1000), part("TIME", 2, step=900), max_power=11, min_kwh=1),
    element(part("ENERGY", Decimal("0.4")), start_time="22:00", end_time="07:00", min_current=10),
    element(part("ENERGY", Decimal("0.3"), vat=9), part("PARKING_TIME", 6, step=60)),
)


def charging(seconds: int, kwh: Any, **more: Any) -> dict[str, Any]:
    return {"seconds": seconds, "kwh": kwh} | more


def parked(seconds: int, **more: Any) -> dict[str, Any]:
    return {"kind": "PARKING", "seconds": seconds} | more


SEGMENTS = [
    [charging(3600, 7), parked(900)],
    [charging(0, 0)],
    [charging(7201, 80, current=16), charging(3600, Decimal("0.000001")), parked(60)],
    [charging(1800, -4), charging(1800, 1, min_power=3, max_power=12)],
    [{"kind": "RESERVATION", "seconds": 600}, charging(600, 2)],
    [charging(600, Decimal("1.0000001"))],
    [charging(86_400 * 3, 900, max_current=9), parked(40_000, kwh=2), charging(1, 1)],
    [charging(60, 2_000)],
    [charging(60, 10**11)],
    [{"hours": Decimal("0.0001"), "kwh": 1}],
]
STARTS = ["2024-03-30T20:00:00Z", "2024-10-26T22:30:07Z", "2025-06-02T15:59:59Z", "1999-12-31T23:00:00Z"]


def sessions(segments: list[list[dict[str, Any]]] = SEGMENTS) -> list[tariffs.Session]:
    return [tariffs.read_session({"start": start, "segments": one}) for start in STARTS for one in segments]


Cost = tuple[int, int | None, dict[str, int]]
"""Net, gross, and the net of each component."""


def alone(one: tariffs.Tariff, given: list[tariffs.Session], policy: Policy) -> list[Cost]:
    quotes = [price(one, session, ZONE, policy) for session in given]
    return [(*quote.whole_amounts(policy.decimals), nets(quote, policy.decimals)) for quote in quotes]


def nets(quote: tariffs.Quote, places: int) -> dict[str, int]:
    return {name: int(net * 10**places) for name, net in quote.nets(places).items()}


def together(one: tariffs.Tariff, given: list[tariffs.Session], policy: Policy) -> list[Cost]:
    found = price_columns(one, pack(given), ZONE, policy, chunk=7)
    told = zip(found.before_taxes.tolist(), found.after_taxes.tolist(), found.known.tolist(), strict=True)
    shares = [
        {name: int(share.net[place]) for name, share in found.shares.items() if share.used[place]}
        for place in range(len(given))
    ]
    return [(net, gross if known else None, of) for (net, gross, known), of in zip(told, shares, strict=True)]


@pytest.mark.parametrize(
    "policy",
    [
        Policy(),
        Policy(split=Split.START),
        Policy(split=Split.START, step=Step.OFF, decimals=6),
        Policy(split=Split.START, hours=Hours.SECONDS, decimals=2),
        Policy(split=Split.START, hours=Hours.RAW),
        Policy(split=Split.START, unknown_load=UnknownLoad.MATCH),
        Policy(split=Split.START, unknown_load=UnknownLoad.NO_MATCH, local_time=False),
        Policy(split=Split.START, step=Step.UNPRICED_TOO),
    ],
)
@pytest.mark.parametrize("taxes", ["NO", "YES", "N/A"])
def test_together_they_cost_what_each_costs_alone(policy: Policy, taxes: str) -> None:
    one = tariffs.read_tariff(
        {
            "id": "T",
            "currency": "EUR",
            "tax_included": taxes,
            "elements": [
                {"price_components": [vars_of(part) for part in each.components], "restrictions": told}
                for each, told in zip(BUSY.elements, RESTRICTIONS, strict=True)
            ],
        }
    )
    given = sessions()
    assert together(one, given, policy) == alone(one, given, policy)


def vars_of(component: tariffs.Component) -> dict[str, Any]:
    return part(component.dimension, component.price, component.vat, component.step_size)


RESTRICTIONS: list[dict[str, Any]] = [
    {"day_of_week": ["MONDAY", "SUNDAY"]},
    {"min_duration": 7200},
    {"max_power": 11, "min_kwh": 1},
    {"start_time": "22:00", "end_time": "07:00", "min_current": 10},
    {},
]

PLAIN = [one for one in SEGMENTS if one not in (SEGMENTS[4], SEGMENTS[5], SEGMENTS[7], SEGMENTS[8])]


def test_only_what_arrays_cannot_hold_is_priced_one_by_one() -> None:
    policy = Policy(split=Split.START)
    assert price_columns(BUSY, pack(sessions(PLAIN)), ZONE, policy).general == 0
    general = price_columns(BUSY, pack(sessions()), ZONE, policy).general
    assert 0 < general <= len(STARTS) * 4


@pytest.mark.parametrize("price_", ["0.25", "0.123456", "0.123456789", "0.1234567890123456", "999999999"])
@pytest.mark.parametrize("kwh", [1, 999_999, 10**9, 9 * 10**11])
def test_amounts_at_the_edge_of_64_bits_are_exact(price_: str, kwh: int) -> None:
    one = tariff(element(part("ENERGY", Decimal(price_), vat=Decimal("19.6"), step=7)))
    given = [tariffs.read_session({"start": STARTS[0], "segments": [charging(3600, kwh)]})] * 3
    if max(price(one, given[0], ZONE).whole_amounts(4)) < 2**63:
        assert together(one, given, Policy()) == alone(one, given, Policy())


def test_limits_are_kept() -> None:
    limits = {
        "min_price": {"before_taxes": 1, "after_taxes": Decimal("1.3")},
        "max_price": {"before_taxes": 9},
    }
    one = tariff(element(part("ENERGY", Decimal("0.3"))), **limits)
    given = sessions()
    assert together(one, given, Policy()) == alone(one, given, Policy())


def test_a_gross_that_nobody_knows_is_said_to_be_unknown() -> None:  # A21
    one = tariff(element({"type": "ENERGY", "price": 1, "step_size": 1}))
    given = sessions([[charging(60, 1)], [charging(60, 0)]])
    assert together(one, given, Policy())[:2] == [(10_000, None, {"energy": 10_000}), (0, 0, {})]


@pytest.mark.parametrize("flat", [{}, {"min_duration": 60}, {"start_time": "10:00", "end_time": "18:00"}])
@pytest.mark.parametrize("first", ["TIME", "PARKING_TIME", "both"])
@pytest.mark.parametrize("begun", ["2025-06-02T08:00:00Z", "2025-06-02T07:59:00Z"])
def test_a_fee_is_of_the_group_in_which_it_sets_in(flat: dict[str, Any], first: str, begun: str) -> None:
    """A36, A37: also where the first period is parked, or both charging and parked."""
    one = tariff(element(part("FLAT", 3), **flat), element(part("ENERGY", 1), part("PARKING_TIME", 2, vat=9)))
    times = {"TIME": 0.5, "PARKING_TIME": 0.5} if first == "both" else {first: 1}
    documents = [
        {
            "start_date_time": begun,
            "end_date_time": "2025-06-02T10:00:00Z",
            "total_energy": 1,
            "charging_periods": [
                period("2025-06-02T08:00:00Z", ENERGY=1, **times),
                period("2025-06-02T09:00:00Z", PARKING_TIME=1),
            ],
        }
    ]
    given = [tariffs.read_session(document) for document in documents]
    assert together(one, given, Policy()) == alone(one, given, Policy())


def period(start: str, **volumes: Any) -> dict[str, Any]:
    told = [{"type": kind, "volume": Decimal(str(volume))} for kind, volume in volumes.items()]
    return {"start_date_time": start, "dimensions": told}


def test_a_component_that_nobody_used_has_no_share() -> None:
    found = price_columns(BUSY, pack(sessions([[charging(60, 0)]])), ZONE, Policy(split=Split.START))
    assert "energy" not in found.shares


def test_another_currency_is_refused() -> None:  # P-05
    session = tariffs.read_session({"start": STARTS[0], "currency": "CHF", "segments": [charging(60, 1)]})
    with pytest.raises(MismatchError):
        price_columns(BUSY, pack([session]), ZONE)


def test_sessions_of_every_century_are_priced() -> None:
    starts = ["1901-01-01T00:00:00Z", "2025-01-01T00:00:00Z", "2199-01-01T00:00:00Z"]
    given = [tariffs.read_session({"start": at, "segments": [charging(60, 1, current=12)]}) for at in starts]
    policy = Policy(split=Split.START)
    assert together(BUSY, given, policy) == alone(BUSY, given, policy)
