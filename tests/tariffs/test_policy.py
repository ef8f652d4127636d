"""The options of a policy that other engines and dialects need (A11, A29, A39)."""

from decimal import Decimal
from typing import Any

import pytest

import tariffs
from tariffs import Dialect, Policy, Rounded, Rounding, Split

START = "2025-06-02T08:00:00Z"
UNIT_UP = {"round_granularity": "UNIT", "round_rule": "ROUND_UP"}


def tariff(*parts: dict[str, Any], **restrictions: Any) -> tariffs.Tariff:
    element = {"price_components": list(parts), "restrictions": restrictions}
    document = {"id": "T", "currency": "EUR", "tax_included": "NO", "elements": [element]}
    return tariffs.read_tariff(document)


def part(kind: str, price: Any, step: int = 1, **more: Any) -> dict[str, Any]:
    return {"type": kind, "price": price, "vat": 0, "step_size": step, **more}


def cost(one: tariffs.Tariff, *segments: dict[str, Any], **policy: Any) -> Decimal:
    session = tariffs.read_session({"start": START, "segments": list(segments)})
    return tariffs.price(one, session, "UTC", Policy(**policy)).before_taxes


CHARGED, PARKED = {"minutes": 50, "kwh": 10}, {"kind": "PARKING", "minutes": 45}


def test_a_session_time_has_one_price_and_one_step_for_both_kinds_of_time() -> None:  # A39
    one = tariff(part("SESSION_TIME", 6, step=3600))
    assert cost(one, CHARGED, PARKED) == 12  # 95 minutes are two hours; parking alone would be one
    assert [remark.id for remark in one.warnings] == ["dialect"]


@pytest.mark.parametrize(
    ("granularity", "rule", "hours"),
    [
        ("UNIT", "ROUND_UP", 2),
        ("UNIT", "ROUND_DOWN", 1),
        ("UNIT", "ROUND_NEAR", 1),
        ("TENTH", "ROUND_NEAR", Decimal("1.3")),
        ("HUNDREDTH", "ROUND_UP", Decimal("1.34")),
        ("THOUSANDTH", "ROUND_DOWN", Decimal("1.333")),
    ],
)
def test_steps_are_rounded_as_the_dialect_says(granularity: str, rule: str, hours: Decimal) -> None:  # A39
    step_round = {"round_granularity": granularity, "round_rule": rule}
    assert cost(tariff(part("TIME", 3, 3600, step_round=step_round)), {"minutes": 80}) == 3 * hours


def test_a_component_is_rounded_in_the_whole_session_and_others_are_not() -> None:  # A39
    one = tariff(part("TIME", 1, price_round=UNIT_UP), part("PARKING_TIME", 1))
    assert cost(one, CHARGED, PARKED, {"minutes": 40}) == 2 + Decimal("0.75")


def test_the_dialect_can_be_left_out() -> None:  # A39
    one = tariff(part("SESSION_TIME", 6), part("ENERGY", Decimal("0.11"), price_round=UNIT_UP))
    assert cost(one, CHARGED) == 5 + 2
    assert cost(one, CHARGED, dialect=Dialect.OCPI) == Decimal("1.1")


def test_amounts_can_be_rounded_line_by_line() -> None:  # A29
    one = tariff(part("ENERGY", Decimal("0.333")), part("TIME", Decimal("0.333")))
    segments = ({"hours": 1, "kwh": 1},)
    assert cost(one, *segments) == Decimal("0.666")
    assert cost(one, *segments, decimals=2, rounded=Rounded.LINE) == Decimal("0.66")
    assert cost(one, *segments, decimals=2, rounded=Rounded.LINE, rounding=Rounding.UP) == Decimal("0.68")
    session = tariffs.read_session({"start": START, "segments": list(segments)})
    quote = tariffs.price(one, session, "UTC", Policy(decimals=2, rounded=Rounded.LINE))
    assert sum(line.before_taxes for line in quote.lines) == quote.before_taxes


def test_a_period_that_should_have_been_split_can_be_refused() -> None:  # P-23, A11
    one = tariff(part("ENERGY", 1), end_time="09:00")
    with pytest.raises(tariffs.SessionError) as refused:
        cost(one, {"hours": 2, "kwh": 1}, split=Split.STRICT)
    assert (refused.value.path, refused.value.rule) == ("charging_periods[0]", "period-should-be-split")
    assert cost(one, {"hours": 1, "kwh": 1}, split=Split.STRICT) == 1


def test_a_quote_tells_the_policy_it_was_made_under() -> None:
    session = tariffs.read_session({"start": START, "segments": [CHARGED]})
    policy = Policy(split=Split.STRICT, rounded=Rounded.LINE, dialect=Dialect.OCPI)
    told = tariffs.price(tariff(part("ENERGY", 1)), session, "UTC", policy).as_dict()["policy"]
    assert told == policy.as_dict()
    assert isinstance(told, dict)
    assert (told["split"], told["rounded"], told["dialect"]) == ("strict", "line", "ocpi")
