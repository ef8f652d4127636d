"""A curve as tariff versions: every session has the curve's price, whatever clocks do that night."""

from collections.abc import Sequence
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tariffs
from hub.ocpi.document import Party
from hub.ocpi.editions import EDITIONS
from hub.ocpi.instants import micros, moment, text
from hub.ocpi.wire import WIRES
from hub.prices.curves import curves
from hub.prices.curves.curves import Dated, Stretch
from hub.prices.curves.template import Template
from hub.prices.curves.terms import InvalidTerms, Terms
from hub.surroundings import NO_TRAITS

MINUTE = 60_000_000
HOUR = 60 * MINUTE
ZONES = ["Europe/Amsterdam", "America/New_York", "Australia/Lord_Howe", "Atlantic/Azores", "UTC"]
NIGHTS = [
    "2026-10-25T01:00:00Z",  # Europe: 25 hours
    "2026-03-29T01:00:00Z",  # Europe: 23 hours
    "2026-11-01T06:00:00Z",  # New York: 25 hours
    "2026-03-08T07:00:00Z",
    "2026-04-04T15:00:00Z",  # Lord Howe: 24.5 hours
    "2026-10-03T15:30:00Z",
    "2026-06-11T11:00:00Z",  # nothing
]
FLAT = {"type": "FLAT", "price": Decimal("0.5"), "vat": 21, "step_size": 1}
ENERGY = {"type": "ENERGY", "price": Decimal("0.61"), "vat": 21, "step_size": 1}
PARKING = {"type": "PARKING_TIME", "price": 6, "vat": 21, "step_size": 60}


def template_document(**changed):
    return {
        "country_code": "NL",
        "party_id": "EXA",
        "id": "SPOT",
        "currency": "EUR",
        "tax_included": "NO",
        "elements": [
            {"price_components": [FLAT, ENERGY]},
            {"price_components": [PARKING], "restrictions": {"min_duration": 3600}},
        ],
        "last_updated": "2026-01-01T00:00:00Z",
    } | changed


TEMPLATE = Template.of(template_document(), Terms())


@st.composite
def curve_stretches(draw: st.DrawFn) -> list[Stretch]:
    """Some hours or quarters around a night on which clocks change somewhere, perhaps with a hole."""
    step = draw(st.sampled_from([15, 30, 60])) * MINUTE
    middle = micros(draw(st.sampled_from(NIGHTS)))
    first = middle - draw(st.integers(0, 8)) * step
    prices = draw(
        st.lists(st.integers(0, 9000).map(lambda ten: Decimal(ten) / 10_000), min_size=1, max_size=20)
    )
    kept = draw(st.lists(st.sampled_from([True] * 9 + [False]), min_size=len(prices), max_size=len(prices)))
    found = [
        Stretch(first + number * step, first + (number + 1) * step, price)
        for number, (price, keep) in enumerate(zip(prices, kept, strict=True))
        if keep
    ]
    return found or [Stretch(first, first + step, prices[0])]


def session(start: int, minutes: int) -> tariffs.Session:
    """Charging evenly: 0.06 kWh a minute, a Wh a second."""
    kwh = Decimal(minutes) * 6 / 100
    return tariffs.read_session(
        {"start": text(start), "segments": [{"minutes": minutes, "kwh": kwh, "power": Decimal("3.6")}]}
    )


def of_curve(curve: Sequence[Stretch], start: int, minutes: int) -> Decimal:
    """What the energy costs by the curve itself, minute by minute; it has never heard of a wall clock."""
    total = Decimal(0)
    for minute in range(minutes):
        at = start + minute * MINUTE
        price = next((one.price for one in curve if one.start <= at < one.end), TEMPLATE.fallback)
        total += price * 6 / 100
    return total


def billed(found: Sequence[Dated], start: int, minutes: int, zone: str) -> Decimal:
    """By the version in force at the start."""
    version = next(one for one in found if one.start <= start and (one.end is None or start < one.end))
    quote = tariffs.price(tariffs.read_tariff(version.document), session(start, minutes), zone)
    assert quote.energy is not None
    return quote.energy.before_taxes


def is_repeated(zone: str, at: int) -> bool:
    """Whether clocks at the place show this moment twice."""
    shown = moment(at).astimezone(ZoneInfo(zone))
    return shown.replace(fold=0).utcoffset() > shown.replace(fold=1).utcoffset()


def goes_in(zone: str, start: int, minutes: int) -> bool:
    """Whether a session begins before a repeated hour and lasts into it."""
    return not is_repeated(zone, start) and any(
        is_repeated(zone, start + minute * MINUTE) for minute in range(minutes)
    )


@given(
    curve_stretches(), st.sampled_from(ZONES), st.integers(0, 900), st.integers(1, 600), st.integers(0, 200)
)
def test_a_session_costs_what_the_curve_says(curve, zone, begin, minutes, since):  # P7
    """Exactly, unless it began before a repeated hour and lasted into it: then never more."""
    published = curve[0].start - 2 * HOUR + since * MINUTE
    start = max(published, curve[0].start - 3 * HOUR + begin * MINUTE)
    found = curves.versions(curve, TEMPLATE, zone, published)
    cost, expected = billed(found, start, minutes, zone), of_curve(curve, start, minutes)
    if goes_in(zone, start, minutes):
        assert cost <= expected
    else:
        assert cost == expected


def hourly(first: str, *prices: str) -> list[Stretch]:
    start = micros(first)
    return [
        Stretch(start + number * HOUR, start + (number + 1) * HOUR, Decimal(price))
        for number, price in enumerate(prices)
    ]


AUTUMN = hourly("2026-10-24T23:00:00Z", "0.20", "0.30", "0.10", "0.40")
"""In Amsterdam 01, 02 for the first and for the second time, 03."""


@pytest.mark.parametrize(
    ("start", "minutes", "per_kwh"),
    [
        ("2026-10-25T00:00:00Z", 60, "0.30"),  # the first repeated hour
        ("2026-10-25T01:00:00Z", 60, "0.10"),  # the second
        ("2026-10-25T00:40:00Z", 40, "0.20"),  # half in each, begun in the first
        ("2026-10-24T23:00:00Z", 180, "0.1333333333333333333333333333"),  # begun before: the lower in both
    ],
)
def test_each_repeated_hour_has_its_own_price(start, minutes, per_kwh):
    found = curves.versions(AUTUMN, TEMPLATE, "Europe/Amsterdam", micros("2026-10-24T12:00:00Z"))
    kwh = Decimal(minutes) * 6 / 100
    assert round(billed(found, micros(start), minutes, "Europe/Amsterdam"), 8) == round(
        kwh * Decimal(per_kwh), 8
    )


def test_versions_begin_around_the_repeated_hour_and_nowhere_else():
    found = curves.versions(AUTUMN, TEMPLATE, "Europe/Amsterdam", micros("2026-10-24T12:00:00Z"))
    assert [text(each.start) for each in found] == [
        "2026-10-24T12:00:00Z",
        "2026-10-25T00:00:00Z",
        "2026-10-25T00:30:00Z",
        "2026-10-25T01:00:00Z",
    ]
    assert [each.end for each in found] == [*(each.start for each in found[1:]), None]
    same = hourly("2026-10-24T23:00:00Z", "0.20", "0.30", "0.30", "0.40")
    for curve, zone in ((same, "Europe/Amsterdam"), (AUTUMN, "UTC"), (AUTUMN, "America/New_York")):
        assert len(curves.versions(curve, TEMPLATE, zone, curve[0].start)) == 1


def test_a_night_of_23_hours_needs_one_version_without_the_hour_that_is_not():
    curve = hourly("2026-03-28T23:00:00Z", *(f"0.{hour}" for hour in range(10, 34)))
    (found,) = curves.versions(curve, TEMPLATE, "Europe/Amsterdam", curve[0].start)
    shown = [
        each["restrictions"].get("start_time", "00:00")
        for each in found.document["elements"]
        if each.get("restrictions", {}).get("start_date") == "2026-03-29"
    ]
    assert shown == [f"{hour:02d}:00" for hour in range(24) if hour != 2]


def test_hours_of_one_price_are_one_element():
    curve = hourly("2026-06-11T10:00:00Z", "0.2", "0.2", "0.2", "0.3")
    (found,) = curves.versions(curve, TEMPLATE, "UTC", curve[0].start)
    told = [each for each in found.document["elements"] if "start_date" in each.get("restrictions", {})]
    assert [each["restrictions"].get("start_time") for each in told] == ["10:00", "13:00"]


def test_a_year_becomes_versions_that_partners_can_bear():
    start = micros("2026-01-01T00:00:00Z")
    curve = [
        Stretch(start + hour * HOUR, start + (hour + 1) * HOUR, Decimal(hour % 997) / 1000)
        for hour in range(365 * 24)
    ]
    found = curves.versions(curve, TEMPLATE, "Europe/Amsterdam", start)
    assert max(len(each.document["elements"]) for each in found) < 150
    assert 120 < len(found) < 130
    for boundary in (found[1].start, found[60].start, found[-1].start):
        for begin in (boundary - HOUR, boundary):
            near = [each for each in curve if abs(each.start - begin) < 48 * HOUR]
            assert billed(found, begin, 40 * 60, "Europe/Amsterdam") == of_curve(near, begin, 40 * 60)
    later = list(curves.versions(curve, TEMPLATE, "Europe/Amsterdam", found[5].start + HOUR))
    assert later[1:] == found[6:]


def test_two_days_are_one_version_whatever_the_day():
    for day in range(5):
        start = micros("2026-06-10T11:00:00Z") + day * 24 * HOUR
        curve = [Stretch(start + hour * HOUR, start + (hour + 1) * HOUR, Decimal(hour)) for hour in range(48)]
        assert len(curves.versions(curve, TEMPLATE, "Europe/Amsterdam", start)) == 1


# What is taken over from the template ----------------------------------------------------------------------


def test_fees_and_parking_are_those_of_the_template_and_its_energy_is_the_fallback():
    (found,) = curves.versions(AUTUMN[:1], TEMPLATE, "UTC", 0)
    fee, parking, *hours, last = found.document["elements"]
    assert fee == {"price_components": [FLAT]}
    assert parking == {"price_components": [PARKING], "restrictions": {"min_duration": 3600}}
    assert [each["price_components"] for each in hours] == [[ENERGY | {"price": Decimal("0.2")}]]
    assert last == {"price_components": [ENERGY]}
    assert "last_updated" not in found.document


def test_a_tariff_of_a_curve_is_a_template_as_its_own_was():
    (found,) = curves.versions(AUTUMN, TEMPLATE, "UTC", 0)
    assert Template.of(found.document, Terms()) == TEMPLATE
    for each in curves.versions(AUTUMN, TEMPLATE, "Europe/Amsterdam", 0):
        assert Template.of(each.document, Terms()) == TEMPLATE


def test_prices_with_taxes_are_raised_by_the_vat():
    with_taxes = Template.of(template_document(tax_included="YES"), Terms(vat=Decimal(10)))
    assert with_taxes.raised(Decimal("0.2")) == Decimal("0.22")
    assert with_taxes.energy["vat"] == 10
    assert TEMPLATE.raised(Decimal("0.20004")) == Decimal("0.2")


@pytest.mark.parametrize(
    ("changed", "terms", "said"),
    [
        ({"elements": [{"price_components": [FLAT]}]}, {}, "give --fallback"),
        (
            {"elements": [{"price_components": [ENERGY], "restrictions": {"min_kwh": 5}}]},
            {"fallback": Decimal("0.5")},
            r"elements\[0\] .* take it out",
        ),
        (
            {"tax_included": "YES", "elements": [{"price_components": [{"type": "ENERGY", "price": 1}]}]},
            {},
            "give --vat",
        ),
    ],
)
def test_a_template_that_does_not_fit_is_refused_with_the_remedy(changed, terms, said):
    with pytest.raises(InvalidTerms, match=said):
        Template.of(template_document(**changed), Terms(**terms))


@pytest.mark.parametrize("edition", EDITIONS, ids=lambda edition: edition.version)
def test_every_edition_can_say_a_curve_and_it_costs_the_same(edition):
    found = curves.versions(AUTUMN, TEMPLATE, "Europe/Amsterdam", micros("2026-10-24T12:00:00Z"))
    wire, around = WIRES["tariffs", edition.version], Around()
    for each in found:
        newest = each.document | {"last_updated": "2026-10-24T12:00:00Z"}
        said = wire.lowered(newest, Party("NL", "EXA"), around)
        wire.check(said)
        for minutes in (20, 60, 150):
            charged = session(each.start, minutes)
            one, other = (
                tariffs.price(tariffs.read_tariff(document), charged, "Europe/Amsterdam")
                for document in (newest, said)
            )
            assert one.before_taxes == other.before_taxes


class Around:
    """What a translation may look at; nothing of it counts here."""

    now = micros("2026-10-24T12:00:00Z")
    traits = NO_TRAITS


def test_the_linter_finds_no_error_in_a_curve():
    for each in curves.versions(AUTUMN, TEMPLATE, "Europe/Amsterdam", micros("2026-10-24T12:00:00Z")):
        found = tariffs.lint(each.document | {"last_updated": "2026-10-24T12:00:00Z"}, "Europe/Amsterdam")
        assert [one for one in found if one.severity is tariffs.Severity.ERROR] == []
