"""What each of OCPI's types takes and refuses."""

from decimal import Decimal
from typing import Any

import pytest
from marshmallow import ValidationError

from hub.ocpi import enums, instants, types
from hub.ocpi.types import Check, CiString, ListOf, Nested, OcpiObject, OneOf, Text


def takes(field: Check | ListOf, value: Any) -> bool:
    try:
        assert field.deserialize(value) == value
    except ValidationError:
        return False
    return True


ASCII = Text(10)
ASCII.ascii = True

CASES: list[tuple[Check, list[Any], list[Any]]] = [
    (CiString(5, required=True), ["a", "abcde", "a~ b", "#NA"], ["", "abcdef", "ä", "a\n", "a\x7f", 1, None]),
    (CiString(5), ["", None], ["abcdef"]),
    (
        Text(5),
        ["", "Köln", "a\xa0b", "a\xadb", "日本語", None],
        ["a\r", "a\tb", "a\x00", "\x85", "a\u2028b", "abcdef", 5],
    ),
    (Text(5, any_signs=True), ["a\r\nb"], ["abcdef"]),
    (Text(2), ["🚗🚗"], ["🚗🚗🚗"]),  # TR-73: characters, not bytes
    (ASCII, ["Koln"], ["Köln", "a\n"]),  # TR-72
    (types.CountryCode(), ["NL", "nl"], ["NLD", "N", "N1", "", "ÄÖ"]),
    (types.PartyId(), ["CPO", "c1", "8AC"], ["", "ABCD", "A*B", "Ä"]),
    (types.HubPartyId(), ["NLHUB"], ["NL", "NLHUBS", "12HUB"]),
    (types.CredentialsToken(), ["!~", "x" * 64], ["", "x" * 65, "a b", "a\n", "ä"]),  # CRED-02
    (types.Language(), ["en"], ["eng", "e", "en-GB", "äö"]),
    (types.Country(), ["NLD"], ["NL", "nld", "NLDX"]),
    (types.EitherCountry(), ["NLD", "NL"], ["nl", "N"]),  # LOC-13
    (
        types.Latitude(),
        ["52.37403", "-5.1234567"],
        ["52.3740", "152.37403", "52,37403", "52.12345678", 52],
    ),  # TR-81
    (types.Longitude(), ["-126.10496", "4.889690"], ["1234.56789", "4.8896", "٤.88969"]),
    (types.Latitude6(), ["52.374030"], ["52.37403"]),
    (types.TimeOfDay(), ["00:00", "23:59"], ["24:00", "7:00", "07:60", "07:00\n"]),  # TAR-07
    (types.Date(), ["2024-02-29"], ["2025-02-29", "2025-1-1", "20250101", "2025-W01-1"]),
    (types.Url(), ["http://a.example", "HTTPS://a.example:8443/ü?q#f", "https://" + "a" * 247], []),
    (
        types.Url(),
        [],
        ["a.example", "ftp://a", "javascript:alert(1)", "https://", "https:///x", "https://a b"],
    ),
    (types.Url(), [], ["https://" + "a" * 248, "https://a.example/\r\nx", "//a.example", ""]),
    (types.Currency(), ["EUR", "CHF"], ["eur", "EURO", "XYZ", ""]),
    (
        types.TimeZone(),
        ["Europe/Oslo", "Etc/UTC"],
        ["europe/oslo", "localtime", "Factory", "+01:00", ""],
    ),  # LOC-14
    (
        types.Number(),
        [1, -1, Decimal("1.5"), 0],
        ["1", True, Decimal("NaN"), Decimal("Infinity"), 1.5],
    ),  # TR-74
    (types.Integer(), [1, -1], [Decimal("1.5"), Decimal(1), "1", True, 1.0]),  # TR-75
    (types.Integer(least=1, most=7), [1, 7], [0, 8]),
    (types.Boolean(), [True, False], ["true", 1, 0, "false"]),  # TR-75
    (OneOf(enums.STATUS), ["AVAILABLE"], ["available", "CUSTOM", "", 1, ["AVAILABLE"]]),  # TR-79
    (OneOf(enums.CONNECTOR_TYPE), ["MCS", "NLCPO_PLUG"], ["", "a\nb", "x" * 256, 1]),  # TR-78
]


@pytest.mark.parametrize(("field", "good", "bad"), CASES, ids=[str(type(case[0]).__name__) for case in CASES])
def test_a_type_takes_and_refuses(field: Check, good: list[Any], bad: list[Any]) -> None:
    assert [value for value in good if not takes(field, value)] == []
    assert [value for value in bad if takes(field, value)] == []


@pytest.mark.parametrize(
    "text",
    [
        *("2015-06-29T20:39:09", "2015-06-29T20:39:09Z", "2015-06-29T20:39:09.2Z", "2015-06-29T20:39:09.123"),
        *("2024-02-29T00:00:00Z", "1970-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999Z"),
    ],
)
def test_date_times_of_the_grammar_are_taken_and_understood(text: str) -> None:  # TR-70, CDR-15
    assert takes(types.DateTime(), text)
    assert instants.moment(instants.micros(text))


@pytest.mark.parametrize(
    "text",
    [
        *("2015-06-29T20:39:09+00:00", "2015-06-29T20:39:09+02:00", "2015-06-29 20:39:09", "2015-06-29", ""),
        *("20150629T203909Z", "2015-02-29T00:00:00Z", "2015-06-31T00:00:00Z", "2015-06-29T24:00:00Z", 0),
        *("2015-06-29T20:60:00Z", "2015-06-29T20:39:60Z", "0001-01-01T00:00:00Z", "1969-12-31T23:59:59Z"),
        *("1970-1-1T00:00:00Z", "2015-6-29T20:39Z", "2015-06-29t20:39:09z", "2015-06-29T20:39:09.Z"),
        *("２０１５-06-29T20:39:09Z", "2015-06-29T20:39:09Z\n"),
    ],
)
def test_other_times_are_refused(text: Any) -> None:
    assert not takes(types.DateTime(), text)


def test_null_is_absent_for_an_optional_field_only() -> None:  # TR-76
    for field in (types.Number, types.Boolean, types.DateTime, types.Url, types.Currency):
        assert takes(field(), None)
        assert not takes(field(required=True), None)


def test_a_star_list_may_be_null_or_empty_and_a_plus_list_may_not() -> None:  # TR-76
    assert [value for value in (None, [], ["a"]) if takes(ListOf(CiString(5)), value)] == [None, [], ["a"]]
    assert [value for value in (None, [], ["a"]) if takes(ListOf(CiString(5), card="+"), value)] == [["a"]]


@pytest.mark.parametrize("value", ["a", {"a": 1}, [None], [""], ["toolong"], [["a"]], 1, ("a",)])
def test_a_list_is_a_list_of_good_entries(value: Any) -> None:
    assert not takes(ListOf(CiString(5)), value)


def test_unknown_fields_are_kept_at_every_depth() -> None:  # TR-77
    class Inner(OcpiObject):
        known = CiString(5)

    class Outer(OcpiObject):
        inner = Nested(Inner, required=True)
        inners = ListOf(Inner)

    body = {"x": [1], "inner": {"y": {}}, "inners": [{"known": "a", "z": None}]}
    assert Outer().load(body) == body


def test_a_limit_is_data_on_the_field() -> None:
    field = OneOf(enums.POWER_TYPE)
    assert (CiString(36).most, Text(50, least=1).least, field.enum.name) == (36, 1, "PowerType")
    assert ListOf(CiString(36), card="+").card == "+"
