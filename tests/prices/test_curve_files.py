"""A file of prices is read whole, or refused with the place, the rule and an example."""

from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from hub.ocpi.instants import text
from hub.prices.book.problems import DraftRefused
from hub.prices.curves import files as curve_files
from hub.prices.curves.faults import RULES
from hub.prices.curves.terms import InvalidTerms, Terms, examined, to_tariff

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
GOOD = "start,price\n2026-11-30T00:00Z,87.35\n2026-11-30T01:00Z,-3.1\n2026-11-30T02:00Z,90\n"


def read(content: str | bytes, zone: ZoneInfo = AMSTERDAM):
    quoted, _ = curve_files.read(content if isinstance(content, bytes) else content.encode(), zone)
    return [(text(each.start), text(each.end), each.price) for each in quoted]


EXPECTED = [
    ("2026-11-30T00:00:00Z", "2026-11-30T01:00:00Z", Decimal("87.35")),
    ("2026-11-30T01:00:00Z", "2026-11-30T02:00:00Z", Decimal("-3.1")),
    ("2026-11-30T02:00:00Z", "2026-11-30T03:00:00Z", Decimal(90)),
]


@pytest.mark.parametrize(
    "content",
    [
        GOOD,
        GOOD.removeprefix("start,price\n"),
        "\ufeff" + GOOD.replace("\n", "\r\n"),
        GOOD.replace(",", ";").replace(".", ","),
        GOOD.replace(",", "\t"),
        GOOD.replace("start,price", "Timestamp,Price [EUR/MWh]"),
        GOOD.replace("Z", "+00:00"),
        "start,end,price\n" + "".join(f"{start},{end},{price}\n" for start, end, price in EXPECTED),
        (
            '[{"start": "2026-11-30T00:00Z", "price": 87.35},'
            ' {"start": "2026-11-30 02:00+01", "price": "-3.1"},'
            ' {"start": "2026-11-30T03:00", "price": 90}]'
        ),
        (
            '{"unit": "EUR/MWh", "prices": [{"start": "2026-11-30T00:00Z", "price": 87.35},'
            ' {"start": "2026-11-30T01:00Z", "price": -3.1}, {"start": "2026-11-30T02:00Z", "price": 90}]}'
        ),
    ],
)
def test_every_usual_form_is_read(content):
    assert read(content) == EXPECTED


REFUSED = [
    ("columns", "when,price\n2026-11-30T00:00Z,1\n", "line 1", None),
    ("columns", GOOD + "2026-11-30T03:00Z,1,2\n", "line 5", None),
    ("columns", '[{"price": 1}]', "item 1", None),
    (
        "columns",
        "start,end,price\n2026-11-30T00:00Z,2026-11-30T01:00Z,1\n2026-11-30T01:00Z,,1\n",
        "line 3",
        None,
    ),
    ("unreadable", "", "", None),
    ("unreadable", "start,price\n", "", None),
    ("unreadable", '[{"start": "2026-11-30T00:00Z", "price": 1}', "", None),
    ("unreadable", '{"start": 1}', "", None),
    ("unreadable", b"\xff\xfe", "byte 0", None),
    ("time", GOOD + "30.11.2026 03:00,1\n", "line 5", None),
    ("time", GOOD + "2026-11-30,1\n", "line 5", None),
    ("time", GOOD + "2026-11-31T03:00Z,1\n", "line 5", None),
    ("time", GOOD + "2026-11-30T03:00:30Z,1\n", "line 5", None),
    ("number", GOOD + "2026-11-30T03:00Z,\n", "line 5", None),
    ("number", GOOD + "2026-11-30T03:00Z,nan\n", "line 5", None),
    ("number", GOOD + "2026-11-30T03:00Z,1e9\n", "line 5", None),
    ("number", '[{"start": "2026-11-30T00:00Z", "price": true}]', "item 1", None),
    ("duplicate", GOOD + "2026-11-30T02:00Z,1\n", "line 5", "2026-11-30T02:00:00Z"),
    ("order", GOOD + "2026-11-30T01:00Z,1\n", "line 5", "2026-11-30T01:00:00Z"),
    ("gap", GOOD + "2026-11-30T04:00Z,1\n", "line 5", "2026-11-30T03:00:00Z"),
    ("overlap", GOOD + "2026-11-30T02:30Z,1\n", "line 5", "2026-11-30T02:30:00Z"),
    ("overlap", "start,end,price\n2026-11-30T01:00Z,2026-11-30T00:00Z,1\n", "line 2", "2026-11-30T01:00:00Z"),
    ("step", "start,price\n2026-11-30T00:00Z,1\n", "line 2", None),
    ("step", "start,price\n2026-11-30T00:00Z,1\n2026-11-30T00:07Z,1\n", "line 2", "2026-11-30T00:00:00Z"),
    ("ambiguous-time", GOOD + "2026-10-25T02:30,1\n", "line 5", "2026-10-25T02:30:00"),
    ("skipped-time", GOOD + "2026-03-29 02:30,1\n", "line 5", "2026-03-29T02:30:00"),
]


@pytest.mark.parametrize(("rule", "content", "place", "moment"), REFUSED)
def test_what_is_wrong_is_told_with_its_place_and_a_moment(rule, content, place, moment):
    with pytest.raises(DraftRefused) as refused:
        read(content)
    (fault,) = refused.value.refusals
    assert (fault.rule, fault.path, fault.example) == (rule, place, moment)
    assert RULES[rule] in str(fault)


def test_every_fault_of_a_file_is_told():
    with pytest.raises(DraftRefused) as refused:
        read(GOOD + "never,1\n2026-11-30T03:00Z,much\n")
    assert [(each.rule, each.path) for each in refused.value.refusals] == [
        ("time", "line 5"),
        ("number", "line 6"),
    ]


def test_no_bytes_are_a_fault_of_the_hub():
    for content in (
        b"\x00",
        b"[",
        b"{}",
        b"[[]]",
        b'"x"',
        b"a,b\n\x00,1",
        b",\n",
        b"start,price\n,\n",
        b'a"b,"c\n"',
    ):
        with pytest.raises(DraftRefused):
            read(content)


# What is made of a price -----------------------------------------------------------------------------------


def faults(content: str, currency: str = "EUR", **terms: object) -> list[str]:
    made = Terms(**terms)  # type: ignore[arg-type]
    quoted, told = curve_files.read(content.encode(), AMSTERDAM)
    try:
        examined(quoted, told, made, currency)
    except DraftRefused as refused:
        return [each.rule for each in refused.refusals]
    return []


def test_a_file_in_another_unit_or_currency_is_refused():
    assert faults(GOOD) == []
    assert faults(GOOD, unit="EUR/kWh") == ["absurd", "absurd", "absurd"]
    assert faults(GOOD, unit="EUR/kWh", trusted=True) == []
    assert faults(GOOD, "SEK") == ["currency"]
    assert faults(GOOD.replace("price", "price_eur_kwh")) == ["unit"]
    assert faults(GOOD.replace("87.35", "6000.01")) == ["absurd"]
    small = GOOD.replace("87.35", "0.08735").replace("-3.1", "0.1").replace("90", "0.09")
    assert faults(small) == ["unit"]
    assert faults(small, unit="EUR/kWh") == []
    assert faults(small.replace("0.08735", "0.08")) == []  # a windy Sunday
    assert faults(
        '{"currency": "SEK", "prices": [{"start": "2026-11-30T00:00Z", "price": 1},'
        ' {"start": "2026-11-30T01:00Z", "price": 1}]}'
    ) == ["currency"]


def test_factor_margin_floor_and_cap_in_this_order():
    terms = Terms(factor=Decimal("1.1"), margin=Decimal("0.03"), floor=Decimal("0.01"), cap=Decimal("0.5"))
    assert [terms.price(Decimal(quoted)) for quoted in ("100", "-500", "900")] == [
        Decimal("0.14"),
        Decimal("0.01"),
        Decimal("0.5"),
    ]
    assert Terms(unit="EUR/kWh").price(Decimal("0.087355")) == Decimal("0.087355")
    assert Terms(floor=None).price(Decimal(-20)) == Decimal("-0.02")
    assert [to_tariff(Decimal(price)) for price in ("0.08735", "0.087349", "-0.00005", "10")] == [
        Decimal("0.0874"),
        Decimal("0.0873"),
        Decimal("-0.0001"),
        Decimal(10),
    ]
    assert Terms.of(terms.as_dict()) == terms


@pytest.mark.parametrize(
    "wrong",
    [
        {"unit": "EUR"},
        {"factor": Decimal(0)},
        {"floor": Decimal("0.5"), "cap": Decimal("0.4")},
        {"vat": Decimal(-1)},
    ],
)
def test_terms_that_make_no_sense_are_refused(wrong):
    with pytest.raises(InvalidTerms):
        Terms(**wrong)
    with pytest.raises(InvalidTerms, match="no such parameter"):
        Terms.of({"margins": Decimal(1)})
