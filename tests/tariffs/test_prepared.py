"""CDRs priced from their bytes: the same quote as the general way, which is taken for what is unusual."""

import gc
import json
import tracemalloc
from decimal import Decimal
from typing import Any

import pytest

import tariffs
from tariffs import Flat, Hours, Policy, Quote, Split, Step, UnknownLoad, prepare
from tariffs.cdr_bytes import faithful
from tariffs.loops import source
from tariffs.prepared import Prepared
from tariffs.swift import Swift

ZONE = "Europe/Amsterdam"
PERIOD = {
    "start_date_time": "2025-06-02T14:30:00Z",
    "dimensions": [{"type": "ENERGY", "volume": 2.5}, {"type": "TIME", "volume": 1}],
}
CDR = {
    "start_date_time": "2025-06-02T14:30:00Z",
    "end_date_time": "2025-06-02T15:30:00Z",
    "currency": "EUR",
    "total_energy": 2.5,
    "charging_periods": [PERIOD],
}


def part(kind: str, price: Any, vat: Any = 21, step: int = 1) -> dict[str, Any]:
    return {"type": kind, "price": price, "vat": vat, "step_size": step}


def tariff(*elements: dict[str, Any], **more: Any) -> tariffs.Tariff:
    document = {"id": "T", "currency": "EUR", "tax_included": "NO", "elements": list(elements)}
    return tariffs.read_tariff(document | more)


def element(*parts: dict[str, Any], **restrictions: Any) -> dict[str, Any]:
    return {"price_components": list(parts), "restrictions": restrictions}


ENERGY = tariff(element(part("ENERGY", Decimal("0.30"))))
BUSY = tariff(
    element(part("FLAT", 1, vat=0)),
    element(part("ENERGY", Decimal("0.2"), step=1000), part("TIME", 2, step=900), max_power=11),
    element(part("ENERGY", Decimal("0.4")), start_time="07:00", end_time="19:00", day_of_week=["MONDAY"]),
    element(part("ENERGY", Decimal("0.3"), vat=9), part("PARKING_TIME", 6, step=60), min_duration=1800),
)


def body(**changes: Any) -> bytes:
    return json.dumps(CDR | changes).encode()


def period(start: str, **volumes: Any) -> dict[str, Any]:
    told = [{"type": kind, "volume": volume} for kind, volume in volumes.items()]
    return {"start_date_time": f"2025-06-02T{start}Z", "dimensions": told}


def general(tariff: tariffs.Tariff, given: bytes, policy: Policy = tariffs.DEFAULT) -> Quote:
    """By way of documents and, where loops could do it, without them."""
    read = tariffs.read_session(json.loads(given, parse_float=Decimal))
    return Quote(tariffs.prepared.walked(tariff, read, prepare(tariff, ZONE).clock, policy).done)


def swift(quote: Quote) -> bool:
    return isinstance(quote.reckoned, Swift)


SEVERAL = [
    period("14:30:00", ENERGY=2.5, TIME=0.5),
    period("15:00:00", ENERGY=7.125, TIME=0.3333),
    period("15:20:00", PARKING_TIME=0.5, STATE_OF_CHARGE=80),
    period("15:50:00.250", ENERGY=1, TIME=0.1666, MIN_POWER=3, MAX_POWER=20.5),
]
LONG = body(charging_periods=SEVERAL, end_date_time="2025-06-02T16:00:00Z")


@pytest.mark.parametrize(
    "policy",
    [
        Policy(),
        Policy(step=Step.OFF),
        Policy(hours=Hours.SECONDS),
        Policy(hours=Hours.RAW),
        Policy(unknown_load=UnknownLoad.MATCH),
        Policy(unknown_load=UnknownLoad.NO_MATCH),
        Policy(split=Split.START, local_time=False),
        Policy(vat_where_absent=Decimal(7)),
        Policy(decimals=2),
    ],
)
def test_a_quote_from_bytes_is_the_general_one_in_everything(policy: Policy) -> None:
    place = "UTC" if not policy.local_time else ZONE
    quote = prepare(BUSY, ZONE, policy).price(LONG)
    read = tariffs.read_session(json.loads(LONG, parse_float=Decimal))
    expected = Quote(tariffs.prepared.walked(BUSY, read, prepare(BUSY, place).clock, policy).done)
    assert swift(quote)
    assert (quote.before_taxes, quote.after_taxes) == (expected.before_taxes, expected.after_taxes)
    assert quote.whole_amounts() == expected.whole_amounts()
    assert quote.as_dict() == expected.as_dict()
    assert quote.charging_periods() == expected.charging_periods()
    assert quote.cdr_totals("2.2.1") == expected.cdr_totals("2.2.1")


@pytest.mark.parametrize(
    "policy", [Policy(step=Step.UNPRICED_TOO), Policy(flat=Flat.PERIOD), Policy(split=Split.INTERPOLATE)]
)
def test_other_policies_go_the_general_way(policy: Policy) -> None:
    quote = prepare(BUSY, ZONE, policy).price(LONG)
    assert not swift(quote)
    assert quote.policy == policy


UNUSUAL = {
    "mixed times": body(charging_periods=[period("14:30:00", ENERGY=1, TIME=0.5, PARKING_TIME=0.5)]),
    "a reservation": body(
        charging_periods=[period("14:30:00", RESERVATION_TIME=1), period("15:00:00", TIME=0.5)]
    ),
    "no times": body(charging_periods=[period("14:30:00", ENERGY=1)]),
    "energy in the total only": body(charging_periods=[period("14:30:00", TIME=1)]),
    "unordered": body(
        charging_periods=[period("15:00:00", TIME=0.5), period("14:30:00", ENERGY=1, TIME=0.5)]
    ),
    "energy given back": body(charging_periods=[period("14:30:00", ENERGY=-1, TIME=1)]),
    "some periods name a tariff": body(
        charging_periods=[
            period("14:30:00", ENERGY=1, TIME=0.5) | {"tariff_id": "T"},
            period("15:00:00", TIME=0.5),
        ]
    ),
    "seven decimals": body(charging_periods=[period("14:30:00", ENERGY=1.0000001, TIME=1)]),
    "a twice told load": body(
        charging_periods=[
            PERIOD
            | {
                "dimensions": [
                    *PERIOD["dimensions"],
                    {"type": "POWER", "volume": 3},
                    {"type": "POWER", "volume": 3},
                ]
            }
        ]
    ),
    "small letters": body(charging_periods=[period("14:30:00", energy=1, TIME=1)]),
    "no periods": body(charging_periods=[]),
    "a lone start": json.dumps({key: value for key, value in CDR.items() if key != "end_date_time"}).encode(),
}


@pytest.mark.parametrize("name", UNUSUAL)
def test_what_is_unusual_is_priced_the_general_way(name: str) -> None:
    quote = prepare(BUSY, ZONE).price(UNUSUAL[name])
    assert not swift(quote)
    assert quote == general(BUSY, UNUSUAL[name])


@pytest.mark.parametrize(
    "number", [b"0.12345678901234567890", b"1.0000000001e0", b"12e-7", b"1E-9", b"0.3000000e1"]
)
def test_a_number_that_a_float_may_not_tell_is_never_decoded_to_one(number: bytes) -> None:
    given = body(charging_periods=[PERIOD]).replace(b"2.5", number)
    assert not faithful(given)
    assert prepare(ENERGY, ZONE).price(given) == general(ENERGY, given)


@pytest.mark.parametrize(
    "more",
    [
        {"remark": "12345678 bd10e-05 .12345678"},
        {"location": {"coordinates": {"latitude": "52.3702160"}}},
        {"id": "3f0d4c1e-5b0a-4e-05"},
    ],
)
def test_texts_are_not_taken_for_numbers_without_need(more: dict[str, Any]) -> None:
    given = body(**more)
    assert prepare(ENERGY, ZONE).price(given) == general(ENERGY, given)


def test_a_name_in_disguise_does_not_hide_a_number() -> None:
    hidden = body(charging_periods=[period("14:30:00", ENERGY=1.00000000001, TIME=1)])
    given = (
        hidden.replace(b'"charging_periods"', b'"\\u0063harging_periods"')[:-1]
        + b', "charging_period": {"charging_periods": 1}}'
    )
    assert not faithful(given)


@pytest.mark.parametrize(
    ("given", "path"),
    [
        (b"{", ""),
        (b'{"charging_periods": [' + b"[" * 100_000, ""),
        (body(end_date_time="yesterday"), "end_date_time"),
        (
            body(charging_periods=[PERIOD | {"start_date_time": "2025-06-02 14:30:00Z"}]),
            "charging_periods[0].start_date_time",
        ),
        (body().replace(b"2.5", b"1e1000000"), "charging_periods[0].dimensions[0].volume"),
        (body(currency="GBP"), "currency"),
    ],
)
def test_what_cannot_be_priced_is_refused_with_its_path(given: bytes, path: str) -> None:
    with pytest.raises(tariffs.PricingError) as refused:
        prepare(ENERGY, ZONE).price(given)
    assert refused.value.path == path


def test_limits_are_those_of_the_general_way() -> None:
    for most in ("0.5", "0.75", "0.9", "1"):
        limit = {"before_taxes": Decimal(most), "after_taxes": Decimal(most) + Decimal("0.1")}
        one = tariff(
            element(part("ENERGY", Decimal("0.30"))),
            max_price=limit,
            min_price={"before_taxes": Decimal("0.2")},
        )
        quote, expected = prepare(one, ZONE).price(body()), general(one, body())
        assert (quote.whole_amounts(), quote.limits) == (expected.whole_amounts(), expected.limits)


def test_a_prepared_tariff_is_kept_by_content_zone_and_policy() -> None:
    again = tariffs.read_tariff(
        {
            "id": "T",
            "currency": "EUR",
            "tax_included": "NO",
            "elements": [element(part("ENERGY", Decimal("0.30")))],
        }
    )
    assert prepare(again, ZONE) is prepare(ENERGY, ZONE)
    assert isinstance(prepare(ENERGY, "UTC"), Prepared)
    assert prepare(ENERGY, "UTC") is not prepare(ENERGY, ZONE)


def test_a_loop_asks_for_nothing_that_its_tariff_does_not_look_at() -> None:
    text = source(prepare(ENERGY, ZONE).traits)
    assert "rows" not in text
    assert "PARKING" not in text.replace("'PARKING_TIME'", "")
    assert "power" not in text
    assert "power" in source(prepare(BUSY, ZONE).traits)


def test_days_and_times_are_not_remembered_without_end() -> None:
    prepared = prepare(tariff(element(part("ENERGY", 1), start_time="10:00")), ZONE)
    for second in range(0, 3600, 7):
        at = f"2025-06-02T14:{second // 60:02d}:{second % 60:02d}.{second:03d}Z"
        given = body(start_date_time=at, charging_periods=[PERIOD | {"start_date_time": at}])
        assert prepared.price(given).before_taxes == Decimal("2.5")
    assert all(len(text) <= 10 for text in tariffs.prepared.TIMES)


def test_a_period_of_charging_and_parking_has_lines_where_only_energy_has_a_price() -> None:  # A37
    mixed = [*PERIOD["dimensions"], {"type": "PARKING_TIME", "volume": 0.5}]
    given = body(charging_periods=[PERIOD | {"dimensions": mixed}])
    quote = prepare(ENERGY, ZONE).price(given)
    assert swift(quote)
    assert sum(line.before_taxes for line in quote.lines) == quote.total.net == quote.before_taxes


def test_a_clock_that_is_not_whole_minutes_from_utc_is_priced_the_general_way() -> None:
    one = tariff(element(part("ENERGY", 1), start_time="10:00"))
    old = body(
        start_date_time="1930-06-02T14:30:00Z",
        end_date_time="1930-06-02T15:30:00Z",
        charging_periods=[PERIOD | {"start_date_time": "1930-06-02T14:30:00Z"}],
    )
    quote = prepare(one, "Africa/Monrovia").price(old)
    assert (swift(quote), quote.before_taxes) == (False, Decimal("2.5"))


def test_a_quote_goes_when_nobody_holds_it() -> None:
    """Its parts are hidden from the garbage collector for speed, so that they must not hold each other."""
    prepared = prepare(BUSY, ZONE)
    tracemalloc.start()
    for _ in range(2):
        first = tracemalloc.get_traced_memory()[0]
        for _ in range(50):
            quote = prepared.price(LONG)
            assert quote.lines
            assert quote.total.net
            assert quote.stretches
        del quote
        gc.collect()
    grown = tracemalloc.get_traced_memory()[0] - first
    tracemalloc.stop()
    assert grown < 20_000
