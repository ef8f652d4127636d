"""A CDR is held against its tariff and against itself, and a difference is given the name of its cause."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tariff_strategies import ZONES, Json, session_documents, tariff_documents

import tariffs
from tariffs import Flat, Policy, Split, Step
from tariffs.causes import CAUSES
from tariffs.reckoning import Setting
from tariffs.verify import Background, verify

CASES = Path(__file__).parent / "cases"
ZONE = "Europe/Amsterdam"
START = "2025-06-02T14:30:00Z"  # 16:30 in Amsterdam
END = "2025-06-02T17:18:00Z"


def part(kind: str, price: Any, step: int = 1, vat: Any = 21) -> Json:
    return {"type": kind, "price": price, "vat": vat, "step_size": step}


def element(*parts: Json, **restrictions: Any) -> Json:
    return {"price_components": list(parts), "restrictions": restrictions}


def tariff(*elements: Json, **changes: Any) -> Json:
    return {"id": "T", "currency": "EUR", "tax_included": "NO", "elements": list(elements)} | changes


RICH = tariff(
    element(part("FLAT", Decimal("0.50"))),
    element(part("ENERGY", Decimal("0.40"), 500), part("TIME", Decimal("1.30"), 600), start_time="17:00"),
    element(part("ENERGY", Decimal("0.25"), 500), part("TIME", Decimal("1.10"), 600)),
    element(part("PARKING_TIME", Decimal("3.70"), 900)),
)


def period(start: str, **volumes: Any) -> Json:
    told = [{"type": kind, "volume": volume} for kind, volume in volumes.items()]
    return {"start_date_time": start, "dimensions": told, "tariff_id": "T"}


PERIODS = [
    period(START, ENERGY=Decimal("8.13"), TIME=Decimal("0.5")),
    period("2025-06-02T15:00:00Z", ENERGY=Decimal("12.21"), TIME=Decimal("1.2")),
    period("2025-06-02T16:12:00Z", PARKING_TIME=Decimal("1.1")),
]


def cdr(document: Json, *periods: Json, end: str = END, **changes: Any) -> Json:
    sound = {
        "id": "C",
        "start_date_time": periods[0]["start_date_time"],
        "end_date_time": end,
        "currency": "EUR",
        "charging_periods": list(periods),
        "tariffs": [document],
    }
    return sound | changes


def priced(found: Json, document: Any = None, **how: Any) -> tariffs.Quote:
    given = tariffs.read_tariff(document or found["tariffs"][0])
    return tariffs.price(given, tariffs.read_session(found), ZONE, Policy(**how))


def claiming(found: Json, quote: tariffs.Quote) -> Json:
    """The CDR with all the costs and volumes of a quote."""
    return found | quote.cdr_totals()


def cause(found: Json, **more: Any) -> str | None:
    explained = verify(found, time_zone=ZONE, **more).cause
    return explained and explained.id


USUAL = cdr(RICH, *PERIODS)


def test_a_cdr_that_agrees_has_neither_differences_nor_findings() -> None:
    found = verify(claiming(USUAL, priced(USUAL)), time_zone=ZONE)
    assert (found.agrees, found.cause, found.findings) == (True, None, ())
    assert {one.name for one in found.differences} == {"total", "energy", "time", "parking", "fixed"}
    assert all(one.agrees for one in found.differences)


SETTING = Setting(tariffs.read_tariff(RICH), tariffs.read_session(USUAL), ZONE, Policy())
BY_TOTAL = [
    *("STEP_SIZE_IGNORED", "STEP_SIZE_OLD_RULE", "STEP_SIZE_EACH_PART", "TZ_UTC_AS_LOCAL", "PRICES_AS_GROSS"),
    *("GROSS_AS_NET", "NET_AS_GROSS", "PARKING_AS_TIME", "TIME_AS_PARKING", "PARKING_NOT_BILLED"),
    *("FLAT_TWICE", "FLAT_MISSING", "WH_AS_KWH", "KWH_AS_WH", "HOUR_AS_MINUTE", "MINUTE_AS_HOUR"),
]


@pytest.mark.parametrize("name", BY_TOTAL)
def test_a_total_that_was_reckoned_otherwise_has_a_named_cause(name: str) -> None:
    changed = next(one for one in CAUSES if one.id == name).change(SETTING)
    assert changed is not None
    figures = changed.reckoned().total.figures(4)
    assert figures.after_taxes is not None
    claimed = {"excl_vat": figures.before_taxes, "incl_vat": figures.after_taxes}
    found = verify(USUAL | {"total_cost": claimed}, time_zone=ZONE)
    assert found.cause is not None
    assert found.cause.id == name
    assert found.agrees is False


def test_shares_decide_between_causes_of_one_total() -> None:
    """2 h parked at the price of charging: whether the time moved or its price did, the shares tell."""
    same = tariff(element(part("TIME", 2)), element(part("PARKING_TIME", 3)))
    session = cdr(same, period(START, TIME=1), period("2025-06-02T15:30:00Z", PARKING_TIME=2))
    claimed = {"total_cost": {"before_taxes": 6}, "total_time_cost": {"before_taxes": 6}}
    assert cause(session | claimed) == "PARKING_AS_TIME"


LIMITED = RICH | {"max_price": {"before_taxes": 8, "after_taxes": 9}}


def test_limits_that_were_not_applied() -> None:
    assert cause(claiming(cdr(LIMITED, *PERIODS), priced(USUAL))) == "MIN_MAX_NOT_APPLIED"


def test_prices_with_taxes_taken_as_net() -> None:
    included = RICH | {"tax_included": "YES"}
    assert cause(claiming(cdr(included, *PERIODS), priced(USUAL))) == "PRICES_AS_NET"


def test_only_the_first_of_two_fees() -> None:
    fees = tariff(element(part("FLAT", 5), min_duration=5400), element(part("FLAT", 1), part("ENERGY", 1)))
    found = cdr(fees, *PERIODS)
    assert cause(claiming(found, priced(found, flat=Flat.SESSION))) == "FLAT_ONLY_FIRST"


def test_periods_that_were_not_split_where_the_price_changed() -> None:  # A11
    whole = cdr(RICH, period(START, ENERGY=20, TIME=3), end="2025-06-02T17:30:00Z")
    found = verify(claiming(whole, priced(whole, split=Split.INTERPOLATE)), time_zone=ZONE)
    assert found.cause is not None
    assert found.cause.id == "MISSING_PERIOD_SPLIT"
    assert [remark.id for remark in found.findings] == ["period-should-be-split"]


def test_steps_over_what_has_no_price() -> None:  # P-45
    evening = tariff(element(part("ENERGY", 1, 5000), start_time="17:00"))
    found = cdr(evening, *PERIODS[:2], end="2025-06-02T16:12:00Z")
    assert cause(claiming(found, priced(found, step=Step.UNPRICED_TOO))) == "STEP_SIZE_UNPRICED"


def test_a_current_nobody_told_was_taken_to_match() -> None:  # A09
    slow = tariff(element(part("ENERGY", 1), max_current=32), element(part("ENERGY", 2)))
    found = cdr(slow, period(START, ENERGY=10, TIME=3))
    assert (
        cause(claiming(found, priced(found, unknown_load=tariffs.UnknownLoad.MATCH)))
        == "UNKNOWN_LOAD_MATCHES"
    )
    strong = tariff(element(part("ENERGY", 1), min_power=3), element(part("ENERGY", 2)))
    found = cdr(strong, period(START, ENERGY=10, TIME=3))
    assert (
        cause(claiming(found, priced(found, unknown_load=tariffs.UnknownLoad.NO_MATCH)))
        == "UNKNOWN_LOAD_FAILS"
    )


def test_a_reservation_that_was_forgotten_or_mistaken_for_one_that_expired() -> None:
    booked = tariff(
        element(part("TIME", 3), reservation="RESERVATION"),
        element(part("FLAT", 4), reservation="RESERVATION_EXPIRES"),
        element(part("ENERGY", 1)),
    )
    found = cdr(booked, period(START, RESERVATION_TIME=1), period("2025-06-02T15:30:00Z", ENERGY=10, TIME=2))
    assert cause(found | {"total_cost": {"before_taxes": 10}}) == "RESERVATION_MISSING"
    assert cause(found | {"total_cost": {"before_taxes": 17}}) == "RESERVATION_EXPIRY"


def test_decimal_hours_that_were_stepped_as_they_are() -> None:  # A12
    timed = tariff(element(part("TIME", 6, 60)))
    found = cdr(timed, period(START, TIME=Decimal("0.3334")), end="2025-06-02T14:50:00Z")
    assert cause(found | {"total_cost": Decimal("2.1")}) == "HOURS_AS_WRITTEN"


def test_the_clock_was_billed_instead_of_the_volumes() -> None:
    timed = tariff(element(part("TIME", 6)))
    found = cdr(timed, period(START, TIME=Decimal("2.5")))
    assert cause(found | {"total_cost": Decimal("16.8")}) == "TIME_BY_CLOCK"


def test_all_periods_were_priced_with_the_first_of_two_tariffs() -> None:
    cheap, dear = tariff(element(part("ENERGY", 1))), tariff(element(part("ENERGY", 2)), id="U")
    periods = [
        period(START, ENERGY=5, TIME=1),
        period("2025-06-02T15:30:00Z", ENERGY=5, TIME=2) | {"tariff_id": "U"},
    ]
    found = cdr(cheap, *periods, tariffs=[cheap, dear])
    assert verify(found | {"total_cost": 15}, time_zone=ZONE).agrees
    told = verify(found | {"total_cost": 10}, time_zone=ZONE)
    assert told.cause is not None
    assert {told.cause.id, *(one.id for one in told.others)} == {"FIRST_TARIFF"}


def test_another_version_of_the_tariff_was_used() -> None:
    old = tariff(element(part("ENERGY", Decimal("0.31"))))
    background = Background(other_tariffs=(tariffs.read_tariff(old),))
    found = claiming(USUAL, priced(USUAL, old))
    told = verify(found, tariffs.read_tariff(RICH), ZONE, background)
    assert told.cause is not None
    assert (told.cause.id, told.cause.message) == (
        "TARIFF_VERSION",
        "priced with another tariff or version: T (0.31)",
    )
    assert cause(found) != "TARIFF_VERSION"


def test_the_tariff_given_differs_from_the_one_carried() -> None:
    mine = tariffs.read_tariff(tariff(element(part("ENERGY", Decimal("0.31")))))
    told = verify(claiming(USUAL, priced(USUAL)), mine, ZONE)
    assert told.cause is not None
    assert told.cause.id == "TARIFF_VERSION"


def test_two_causes_at_once_are_both_named() -> None:
    quote = priced(USUAL, step=Step.OFF, local_time=False)
    assert cause(claiming(USUAL, quote)) == "STEP_SIZE_IGNORED+TZ_UTC_AS_LOCAL"


@pytest.mark.parametrize(
    ("claimed", "says"),
    [("5.62", "half even to 2 decimals"), ("5.6", "half up to 1 decimal"), ("5", "down to no decimals")],
)
def test_rounding_is_told_apart_from_mistakes(claimed: str, says: str) -> None:
    document = json.loads((CASES / "w13-energy-steps" / "tariff.json").read_text(), parse_float=Decimal)
    found = cdr(document, period(START, ENERGY=Decimal("20.45"), TIME=3) | {"tariff_id": document["id"]})
    assert verify(found | {"total_cost": Decimal("5.63")}, time_zone=ZONE).agrees
    told = verify(found | {"total_cost": Decimal(claimed)}, time_zone=ZONE).cause
    assert told is not None
    assert told.id == "ROUNDING"
    assert told.message.endswith(says)


def test_another_rate_of_tax_is_told() -> None:
    quote = priced(USUAL)
    claimed = {
        "excl_vat": quote.total.figures(2).before_taxes,
        "incl_vat": quote.total.figures(2).before_taxes * 2,
    }
    told = verify(USUAL | {"total_cost": claimed}, time_zone=ZONE).cause
    assert told is not None
    assert (told.id, told.message) == (
        "VAT_RATE",
        "the taxes claimed come to 100 % of the amount before taxes",
    )


def test_what_nobody_can_explain_says_where_it_differs_most() -> None:
    claims = claiming(USUAL, priced(USUAL)) | {"total_parking_cost": {"before_taxes": 99}, "total_cost": 123}
    told = verify(claims, time_zone=ZONE)
    assert told.cause is not None
    assert told.cause.id == "UNEXPLAINED"
    assert "parking before_taxes differs by 94.375" in told.cause.message
    assert told.others == ()


def test_a_credit_cdr_is_verified_by_its_original() -> None:  # P-65
    original = claiming(USUAL, priced(USUAL))
    total = original["total_cost"]
    minus = {
        "before_taxes": -total["before_taxes"],
        "taxes": [tax | {"amount": -tax["amount"]} for tax in total["taxes"]],
    }
    credit = original | {"id": "C-C", "credit": True, "credit_reference_id": "C", "total_cost": minus}
    found = verify(credit, time_zone=ZONE, background=Background(original=original))
    assert (found.agrees, found.findings) == (True, ())
    wrong = verify(
        credit | {"total_cost": {"before_taxes": -1}, "total_energy": 1},
        background=Background(original=original),
    )
    assert {"credit-amount", "credit-differs", "total-energy"} <= {one.id for one in wrong.findings}
    assert "credit-reference" in {
        one.id for one in verify(original | {"credit": True}, time_zone=ZONE).findings
    }


SOUND = claiming(USUAL, priced(USUAL))


@pytest.mark.parametrize(
    ("finding", "changes"),
    [
        ("periods-unordered", {"charging_periods": [PERIODS[1], PERIODS[0], PERIODS[2]]}),
        ("period-outside", {"start_date_time": "2025-06-02T14:31:00Z"}),
        ("period-outside", {"charging_periods": [*PERIODS, period(END, ENERGY=0)]}),
        ("period-duplicate", {"charging_periods": [*PERIODS, PERIODS[2]]}),
        ("total-energy", {"total_energy": 21}),
        ("total-time", {"total_time": 2}),
        ("total-time-of-periods", {"total_time": 2}),
        ("total-parking-time", {"total_parking_time": 2}),
        ("costs-sum", {"total_fixed_cost": {"before_taxes": 3}}),
        (
            "tax-amount",
            {
                "total_fixed_cost": {
                    "before_taxes": 1,
                    "taxes": [{"name": "VAT", "percentage": 21, "amount": 1}],
                }
            },
        ),
        ("tariff-not-carried", {"charging_periods": [*PERIODS[:2], PERIODS[2] | {"tariff_id": "X"}]}),
    ],
)
def test_what_contradicts_the_cdr_itself_is_found(finding: str, changes: Json) -> None:
    assert finding in {one.id for one in verify(SOUND | changes, time_zone=ZONE).findings}


def test_every_edition_tells_its_amounts_in_its_own_way() -> None:
    quote = priced(USUAL)
    for edition in ("2.1.1", "2.2.1", "2.3.0"):
        assert verify(USUAL | quote.cdr_totals(edition), time_zone=ZONE).agrees


def test_without_any_tariff_there_is_nothing_to_verify_by() -> None:
    with pytest.raises(tariffs.MismatchError):
        verify(SOUND | {"tariffs": [{"id": "unreadable"}]}, time_zone=ZONE)


def test_a_verification_is_json_ready() -> None:
    told = verify(SOUND | {"total_cost": 1}, time_zone=ZONE).as_dict()
    assert json.dumps(told, default=str)


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    tariff_documents(limited=True),
    session_documents(),
    st.sampled_from(ZONES),
    st.sampled_from(["2.1.1", "2.2.1", "2.3.0"]),
)
def test_what_the_library_bills_it_also_verifies(
    document: Json, session: Json, zone: str, edition: str
) -> None:  # P1
    read = tariffs.read_tariff(document)
    quote = tariffs.price(read, tariffs.read_session(session), zone)
    result = verify(session | quote.cdr_totals(edition) | {"tariffs": [document]}, time_zone=zone)
    assert result.agrees
    assert (result.quote.total, result.quote.shares) == (quote.total, quote.shares)
