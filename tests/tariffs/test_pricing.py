"""What a quote says: which tariff priced what, which taxes, limits and doubts, and in which shape."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

import tariffs
from tariffs import Flat, Hours, Policy, Rounding, Split, Step, UnknownLoad

START = "2025-06-02T14:30:00Z"  # 16:30 in Amsterdam
ZONE = "Europe/Amsterdam"


def part(kind: str, price: Any, step: int = 1, vat: Any = 21) -> dict[str, Any]:
    return {"type": kind, "price": price, "vat": vat, "step_size": step}


def element(*parts: dict[str, Any], **restrictions: Any) -> dict[str, Any]:
    return {"price_components": list(parts), "restrictions": restrictions}


def tariff(*elements: dict[str, Any], **changes: Any) -> tariffs.Tariff:
    document = {"id": "T", "currency": "EUR", "tax_included": "NO", "elements": list(elements)}
    return tariffs.read_tariff(document | changes)


def session(*segments: dict[str, Any], **changes: Any) -> tariffs.Session:
    return tariffs.read_session({"start": START, "segments": list(segments)} | changes)


def cdr(*periods: tuple[str, dict[str, Any]], end: str, **changes: Any) -> tariffs.Session:
    told = [
        {
            "start_date_time": start,
            "dimensions": [{"type": kind, "volume": volume} for kind, volume in given.items()],
        }
        for start, given in periods
    ]
    document = {
        "start_date_time": periods[0][0],
        "end_date_time": end,
        "charging_periods": told,
        "tariffs": [],
    }
    return tariffs.read_session(document | changes)


def cost(one: tariffs.Tariff, used: tariffs.Session, **policy: Any) -> Decimal:
    return tariffs.price(one, used, ZONE, Policy(**policy)).before_taxes


def ids(quote: tariffs.Quote) -> list[str]:
    return [remark.id for remark in quote.warnings]


ENERGY = tariff(element(part("ENERGY", Decimal("0.30"))))
HOUR = {"hours": 1, "kwh": 10}


# Which tariff ---------------------------------------------------------------------------------------------


def test_one_tariff_prices_what_names_another_and_says_so() -> None:
    quote = tariffs.price(ENERGY, session(HOUR | {"tariff_id": "OTHER"}), ZONE)
    assert (quote.before_taxes, ids(quote)) == (3, ["tariff-other"])


def test_a_period_that_names_no_tariff_is_not_priced_where_others_do() -> None:  # P-04
    quote = tariffs.price(ENERGY, session(HOUR | {"tariff_id": "t"}, HOUR), ZONE)
    assert (quote.before_taxes, quote.total_energy, ids(quote)) == (3, 20, ["period-without-tariff"])


def test_a_tariff_that_is_named_but_not_given_prices_nothing() -> None:
    quote = tariffs.price([ENERGY], session(HOUR | {"tariff_id": "OTHER"}), ZONE)
    assert (quote.before_taxes, quote.energy, ids(quote)) == (0, None, ["tariff-unknown"])


def test_of_several_unnamed_tariffs_the_one_in_force_at_the_start_prices_all() -> None:
    old = tariff(element(part("ENERGY", 9)), id="OLD", end_date_time=START)
    quote = tariffs.price([old, ENERGY], session(HOUR), ZONE)
    assert (quote.before_taxes, ids(quote)) == (3, ["tariff-not-named"])


def test_of_two_versions_of_a_tariff_the_one_in_force_at_the_start_is_meant() -> None:  # A24
    new = tariff(element(part("ENERGY", 9)), start_date_time="2025-06-02T14:45:00Z")
    old = replace(ENERGY, end=new.start)
    assert tariffs.price([new, old], session(HOUR | {"tariff_id": "T"}), ZONE).before_taxes == 3


def test_a_tariff_out_of_force_is_priced_with_a_warning() -> None:
    assert (
        ids(tariffs.price(tariff(element(), end_date_time=START), session(HOUR), ZONE))[-1]
        == "tariff-not-valid"
    )


@pytest.mark.parametrize(
    ("given", "used"),
    [
        (ENERGY, session(HOUR, currency="GBP")),
        ([ENERGY, replace(ENERGY, currency="GBP")], session(HOUR)),
        ([], session(HOUR)),
    ],
)
def test_what_does_not_belong_together_is_refused(given: Any, used: tariffs.Session) -> None:  # P-05
    with pytest.raises(tariffs.MismatchError):
        tariffs.price(given, used, ZONE)


@pytest.mark.parametrize(
    "zone", ["", "Amsterdam", "Europe", "../../etc/passwd", "Europe/Amsterdam\0", "/etc/passwd"]
)
def test_an_unknown_time_zone_is_refused(zone: str) -> None:
    with pytest.raises(tariffs.TimeZoneError):
        tariffs.price(ENERGY, session(HOUR), zone)


# The choice of a tariff -----------------------------------------------------------------------------------


def named(name: str, kind: str | None, start: str | None = None, end: str | None = None) -> tariffs.Tariff:
    return tariff(element(part("ENERGY", 1)), id=name, type=kind, start_date_time=start, end_date_time=end)


AT = datetime(2025, 6, 2, 14, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kinds", "wanted", "chosen"),
    [
        (["REGULAR", None, "PROFILE_GREEN"], "PROFILE_GREEN", "PROFILE_GREEN"),
        (["REGULAR", None], "PROFILE_GREEN", None),
        (["REGULAR", "AD_HOC_PAYMENT"], "PROFILE_GREEN", "REGULAR"),
        (["AD_HOC_PAYMENT", "PROFILE_FAST"], "PROFILE_GREEN", "nothing"),
        (["AD_HOC_PAYMENT", "PROFILE_FAST"], "REGULAR", "nothing"),
        (["AD_HOC_PAYMENT", "REGULAR"], "AD_HOC_PAYMENT", "AD_HOC_PAYMENT"),
        ([], "REGULAR", "nothing"),
    ],
)
def test_the_exact_type_goes_before_none_and_none_before_regular(
    kinds: list[str | None], wanted: str, chosen: str | None
) -> None:
    found = tariffs.choose([named(str(kind), kind) for kind in kinds], AT, wanted)  # A22
    assert (found.type if found else "nothing") == chosen


def test_validity_is_from_inclusive_until_exclusive() -> None:  # A23
    ended, begun = named("OLD", None, end=START), named("NEW", None, start=START)
    assert tariffs.choose([ended, begun], AT) is begun
    assert tariffs.choose([ended], AT) is None


def test_of_equals_the_one_that_took_force_last_is_chosen() -> None:
    always, recent = named("A", None), named("B", None, start="2025-06-01T00:00:00Z")
    assert tariffs.choose([always, recent], AT) is recent


# Taxes and limits -----------------------------------------------------------------------------------------


def test_taxes_are_added_up_by_rate_and_net_and_taxes_make_gross() -> None:  # A32
    mixed = tariff(
        element(
            part("ENERGY", Decimal("0.3333"), vat=Decimal("5.2")),
            part("FLAT", 1, vat=21),
            part("TIME", 1, vat=21),
        )
    )
    quote = tariffs.price(mixed, session({"minutes": 50, "kwh": Decimal("7.77")}), ZONE)
    assert [tax.percentage for tax in quote.taxes] == [Decimal("5.2"), 21]
    assert quote.before_taxes + sum(tax.amount for tax in quote.taxes) == quote.after_taxes


def test_rounded_figures_add_up_and_are_each_rounded_once() -> None:  # A29
    thirds = tariff(element(part("TIME", 1, vat=Decimal("33.3")), part("FLAT", Decimal("0.00005"), vat=10)))
    totals = tariffs.price(thirds, session({"minutes": 20}), ZONE).cdr_totals()["total_cost"]
    assert totals == {
        "before_taxes": Decimal("0.3334"),
        "taxes": [
            {"name": "VAT", "percentage": 10, "amount": 0},
            {"name": "VAT", "percentage": Decimal("33.3"), "amount": Decimal("0.111")},
        ],
    }


def test_a_free_session_is_free_of_taxes_too() -> None:  # P10
    free = tariff({"price_components": [{"type": "FLAT", "price": 0, "step_size": 1}]})
    quote = tariffs.price(free, session(HOUR), ZONE)
    assert (quote.before_taxes, quote.taxes, quote.after_taxes, ids(quote)) == (0, (), 0, [])


def test_a_local_rate_fills_in_where_the_tariff_leaves_it_open() -> None:  # A20, A21
    open_rate = {"type": "ENERGY", "price": Decimal("1.13"), "step_size": 1}
    gross = tariff({"price_components": [open_rate]}, tax_included="YES")
    net = tariff({"price_components": [open_rate]})
    policy = Policy(vat_where_absent=Decimal(13))
    assert tariffs.price(gross, session(HOUR), ZONE, policy).before_taxes == 10
    assert tariffs.price(net, session(HOUR), ZONE, policy).after_taxes == Decimal("12.769")


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ({"min_price": {"before_taxes": 4}}, (4, Decimal("4.84"))),
        ({"min_price": {"before_taxes": 1, "after_taxes": 5}}, (3, 5)),
        ({"max_price": {"before_taxes": 2}}, (2, Decimal("2.42"))),
        ({"max_price": {"before_taxes": 9, "after_taxes": Decimal("3.30")}}, (3, Decimal("3.30"))),
        ({"max_price": {"before_taxes": 9, "after_taxes": 2}}, (2, 2)),  # a contradiction: no tax is negative
        ({"min_price": {"before_taxes": 4, "after_taxes": 4}}, (4, 4)),
        ({"min_price": {"before_taxes": 9}, "max_price": {"before_taxes": 8}}, (8, Decimal("9.68"))),
    ],
)
def test_limits_work_on_net_and_gross_independently(
    limits: dict[str, Any], expected: tuple[Decimal, Decimal]
) -> None:
    limited = tariff(element(part("ENERGY", Decimal("0.30"))), **limits)  # P-60, A19
    quote = tariffs.price(limited, session(HOUR), ZONE)
    assert (quote.before_taxes, quote.after_taxes) == expected
    assert quote.energy is not None
    assert quote.energy.before_taxes == 3  # A18
    assert quote.limits


def test_limits_of_prices_without_a_known_rate_apply_to_what_is_known() -> None:
    parts = {"price_components": [{"type": "ENERGY", "price": 1, "step_size": 1}]}
    limit = {"max_price": {"before_taxes": 5, "after_taxes": 6}}
    for tax, expected in (("NO", (5, None)), ("YES", (6, 6)), ("N/A", (5, 5))):
        quote = tariffs.price(tariff(parts, tax_included=tax, **limit), session(HOUR), ZONE)
        assert (quote.before_taxes, quote.after_taxes) == expected


# What a quote shows ---------------------------------------------------------------------------------------


EVENING = tariff(
    element(part("ENERGY", 1, 500), end_time="17:00"), element(part("ENERGY", 2, 500), part("FLAT", 3))
)


def test_there_is_one_line_for_each_component_and_stretch_with_its_reason() -> None:
    quote = tariffs.price(EVENING, session({"hours": 1, "kwh": Decimal("10.2")}), ZONE)
    assert [
        (one.dimension, one.element_index, one.quantity, one.billed_quantity, one.before_taxes)
        for one in quote.lines
    ] == [
        ("FLAT", 1, 1, 1, 3),
        ("ENERGY", 0, Decimal("5.1"), Decimal("5.1"), Decimal("5.1")),
        ("ENERGY", 1, Decimal("5.1"), Decimal("5.4"), Decimal("10.8")),
    ]
    assert [one.reason for one in quote.lines] == [
        "element 1: always",
        "element 0: until 17:00",
        "element 1: always",
    ]
    assert quote.lines[2].start == datetime(2025, 6, 2, 15, 0, tzinfo=UTC)
    assert (quote.lines[2].unit, quote.lines[2].unit_price, quote.lines[2].tax_percentage) == ("kWh", 2, 21)
    assert quote.total_energy == Decimal("10.2")  # P-46


def test_lines_add_up_to_the_total() -> None:
    quote = tariffs.price(EVENING, session({"hours": 1, "kwh": Decimal("10.2")}), ZONE)
    assert sum(line.before_taxes for line in quote.lines) == quote.before_taxes


def test_a_quote_is_ready_for_json() -> None:
    shown = tariffs.price(EVENING, session(HOUR), ZONE).as_dict()
    assert (shown["currency"], shown["before_taxes"], shown["parking"]) == ("EUR", 18, None)
    assert shown["policy"] == Policy().as_dict()
    assert all(
        type(value) in {str, Decimal, list, dict, type(None)} or isinstance(value, str)
        for value in shown.values()
    )


def test_totals_have_the_shape_of_each_edition() -> None:  # P-63
    quote = tariffs.price(ENERGY, session(HOUR), ZONE)
    quantities = {"total_energy": 10, "total_time": 1, "total_parking_time": 0}
    assert quote.cdr_totals("2.1.1") == {"total_cost": 3} | quantities
    old = {"excl_vat": 3, "incl_vat": Decimal("3.63")}
    assert quote.cdr_totals("2.2.1") == {"total_cost": old, "total_energy_cost": old} | quantities
    new = {"before_taxes": 3, "taxes": [{"name": "VAT", "percentage": 21, "amount": Decimal("0.63")}]}
    assert quote.cdr_totals() == {"total_cost": new, "total_energy_cost": new} | quantities
    with pytest.raises(ValueError, match=r"2\.0"):
        quote.cdr_totals("2.0")


def test_a_gross_that_is_not_known_is_left_out() -> None:
    unknown = tariff({"price_components": [{"type": "ENERGY", "price": 1, "step_size": 1}]})
    assert tariffs.price(unknown, session(HOUR), ZONE).cdr_totals("2.2.1")["total_cost"] == {"excl_vat": 10}


# The open points, read otherwise --------------------------------------------------------------------------


def test_steps_can_be_off_or_count_what_has_no_price() -> None:
    parking = tariff(element(part("PARKING_TIME", 60, 900), end_time="17:00"))
    used = session({"kind": "PARKING", "minutes": 38})
    assert cost(parking, used) == 30
    assert cost(parking, used, step=Step.OFF) == 30
    later = session({"kind": "PARKING", "minutes": 46})
    assert cost(parking, later, step=Step.UNPRICED_TOO) == 44


def test_hours_of_a_cdr_are_not_stepped_by_their_rounding() -> None:  # A12
    minutes = tariff(element(part("TIME", 60, 60)))
    used = cdr(("2025-06-02T10:00:00Z", {"TIME": Decimal("0.1167")}), end="2025-06-02T10:07:00Z")
    assert cost(minutes, used) == 7
    assert cost(minutes, used, hours=Hours.SECONDS) == 7
    assert cost(minutes, used, hours=Hours.RAW) == 8


def test_hours_that_do_not_agree_with_the_period_count_to_the_nearest_second() -> None:  # A12
    used = cdr(("2025-06-02T10:00:00Z", {"TIME": Decimal("0.1167")}), end="2025-06-02T11:00:00Z")
    assert cost(tariff(element(part("TIME", 60, 60))), used) == 7


def test_an_unknown_load_matches_only_if_told_to() -> None:  # A09
    weak = tariff(element(part("TIME", 1), max_current=16), element(part("TIME", 5)))
    quote = tariffs.price(weak, session(HOUR), ZONE)
    assert (quote.before_taxes, ids(quote)) == (5, ["current-unknown"])
    assert cost(weak, session(HOUR), unknown_load=UnknownLoad.MATCH) == 1
    powered = tariff(element(part("TIME", 1), max_power=16), element(part("TIME", 5)))
    assert cost(powered, session(HOUR)) == 1
    assert cost(powered, session(HOUR), unknown_load=UnknownLoad.NO_MATCH) == 5


def test_a_load_across_a_limit_should_have_been_split() -> None:
    weak = tariff(element(part("TIME", 1), max_current=16), element(part("TIME", 5)))
    assert ids(tariffs.price(weak, session(HOUR | {"min_current": 6, "max_current": 20}), ZONE)) == [
        "current-straddles"
    ]


def test_flat_fees_can_be_one_for_each_component_session_or_period() -> None:  # A02
    fees = tariff(element(part("FLAT", 5), min_duration=3600), element(part("FLAT", 1)))
    used = session(HOUR, HOUR, HOUR)
    assert cost(fees, used) == 6
    assert cost(fees, used, flat=Flat.SESSION) == 1
    assert cost(fees, used, flat=Flat.PERIOD) == 11


def test_the_periods_of_a_cdr_are_priced_by_their_start_unless_split() -> None:  # A11
    used = cdr((START, {"ENERGY": 10, "TIME": 1}), end="2025-06-02T15:30:00Z")
    evening = tariff(element(part("ENERGY", 1), end_time="17:00"), element(part("ENERGY", 2)))
    assert cost(evening, used) == 10
    assert cost(evening, used, split=Split.INTERPOLATE) == 15
    assert cost(evening, session(HOUR), split=Split.START) == 10


def test_a_period_of_both_times_is_charging_first_and_then_parking() -> None:  # A37
    both = tariff(
        element(part("PARKING_TIME", 6), start_time="17:00"),
        element(part("PARKING_TIME", 1), part("TIME", 10)),
    )
    used = tariffs.read_session(
        {
            "start_date_time": START,
            "end_date_time": "2025-06-02T15:30:00Z",
            "charging_periods": [
                {
                    "start_date_time": START,
                    "dimensions": [
                        {"type": "TIME", "volume": Decimal("0.5")},
                        {"type": "PARKING_TIME", "volume": Decimal("0.5")},
                    ],
                }
            ],
        }
    )
    assert cost(both, used) == 8


def test_utc_can_stand_for_local_time() -> None:
    assert cost(EVENING, session(HOUR), local_time=False) == 13


def test_rounding_and_decimals_are_the_policys() -> None:
    third = tariff(element(part("TIME", 1, vat=0)))
    policy = Policy(decimals=2, rounding=Rounding.UP)
    quote = tariffs.price(third, session({"minutes": 20}), ZONE, policy)
    assert quote.cdr_totals("2.1.1")["total_cost"] == Decimal("0.34")
    assert quote.policy is policy


def test_a_reservation_alone_has_expired_unless_told_otherwise() -> None:
    fee = tariff(
        element(part("FLAT", 4), reservation="RESERVATION_EXPIRES"),
        element(part("FLAT", 1), reservation="RESERVATION"),
    )
    used = session({"kind": "RESERVATION", "minutes": 30})
    assert tariffs.price(fee, used, ZONE).before_taxes == 4  # A15
    assert tariffs.price(fee, used, ZONE, reservation_expired=False).before_taxes == 1


def test_a_period_too_long_to_split_is_priced_by_its_start_with_a_warning() -> None:
    used = session({"hours": 24 * 365, "kwh": 10})
    quote = tariffs.price(tariff(element(part("ENERGY", 1), end_time="17:00")), used, ZONE)
    assert (quote.before_taxes, ids(quote)) == (10, ["period-too-long"])


def test_quantities_finer_than_the_inner_units_stay_exact() -> None:
    used = session({"hours": 1, "kwh": Decimal("0.0000000001")})
    assert tariffs.price(tariff(element(part("ENERGY", 3, 0))), used, ZONE).total.net == Fraction(3, 10**10)


def test_a_component_that_priced_nothing_does_not_decide_the_step() -> None:  # P-42, P-45
    parts = [element(part("ENERGY", 1, 500), end_time="17:00"), element(part("ENERGY", 2, 10_000))]
    used = session({"minutes": 30, "kwh": Decimal("4.2")}, {"minutes": 60, "kwh": 0})
    assert cost(tariff(*parts), used) == Decimal("4.5")


def test_the_energy_of_a_period_of_both_times_was_charged() -> None:  # A37
    strong = tariff(element(part("ENERGY", 5), min_power=20), element(part("ENERGY", 1)))
    used = cdr(
        (START, {"TIME": Decimal("0.5"), "PARKING_TIME": Decimal("0.5"), "ENERGY": 10}),
        end="2025-06-02T15:30:00Z",
    )
    assert cost(strong, used) == 50


def test_a_stretch_without_a_price_ends_a_line() -> None:
    early = tariff(element(part("TIME", 1), end_time="17:00"), element(part("TIME", 1), start_time="17:15"))
    again = tariff(element(part("TIME", 1), max_power=16))
    quote = tariffs.price(early, session(HOUR), ZONE)
    assert [line.quantity for line in quote.lines] == [Decimal("0.5"), Decimal("0.25")]
    quote = tariffs.price(again, session(*(HOUR | {"power": power} for power in (10, 20, 10))), ZONE)
    assert [line.quantity for line in quote.lines] == [1, 1]


def test_the_charging_periods_of_a_quote_begin_anew_where_a_price_changes() -> None:  # P-23
    evening = tariff(element(part("ENERGY", 1), end_time="17:00"), element(part("ENERGY", 2)))
    used = session({"hours": Decimal("1.5"), "kwh": 10, "max_power": 11}, {"kind": "PARKING", "minutes": 10})
    assert tariffs.price(evening, used, ZONE).charging_periods() == [
        period_of("2025-06-02T14:30:00Z", ENERGY=Decimal("3.3333"), TIME=Decimal("0.5"), MAX_POWER=11),
        period_of("2025-06-02T15:00:00Z", ENERGY=Decimal("6.6667"), TIME=1, MAX_POWER=11),
        period_of("2025-06-02T16:00:00Z", PARKING_TIME=Decimal("0.1667")),
    ]


def period_of(start: str, **volumes: Any) -> dict[str, Any]:
    dimensions = [{"type": name, "volume": volume} for name, volume in volumes.items()]
    return {"start_date_time": start, "dimensions": dimensions, "tariff_id": "T"}


def test_a_cdr_written_from_a_quote_prices_as_the_quote() -> None:  # P1
    quote = tariffs.price(EVENING, session({"hours": 1, "kwh": Decimal("10.2")}), ZONE)
    end = "2025-06-02T15:30:00Z"
    written = {"end_date_time": end, "charging_periods": quote.charging_periods()} | quote.cdr_totals()
    again = tariffs.price([EVENING], tariffs.read_session(written), ZONE)
    assert (again.total, again.warnings) == (quote.total, ())
    assert again.charging_periods() == quote.charging_periods()
