"""What the one reader of outside JSON takes and refuses, and that what is written is read again exactly."""

import json
import time
from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.ocpi import strictjson
from hub.ocpi.errors import BodyTooLarge, InvalidJson

MIB = 1024 * 1024


def test_whole_numbers_are_int_and_all_others_decimals_with_their_digits() -> None:  # TR-74
    value = strictjson.read(b'{"a": 3, "b": 1.50, "c": 1E2, "d": -0.05}')
    assert value == {"a": 3, "b": Decimal("1.50"), "c": Decimal("1E+2"), "d": Decimal("-0.05")}
    assert type(value["a"]) is int
    assert [str(value[name]) for name in "bcd"] == ["1.50", "1E+2", "-0.05"]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "not JSON: Expecting value at line 1 column 1"),
        (b"{", "not JSON"),
        (b"{} x", "Extra data at line 1 column 4"),
        (b"[1,]", "not JSON"),
        (b"01", "not JSON"),
        (b'{"a":1,"b":{"id":1,"id":2}}', "field 'id' stands twice"),
        (b'{"a": NaN}', "NaN is not a JSON number"),
        (b"-Infinity", "-Infinity is not"),
        (b"1e400", "1e400 is too large"),
        (b"1e1000000", "1e1000000 is too large"),
        (b"[1e-13]", "1e-13 is too large, too small"),
        (b"1234567890123456789", "more than 18 digits"),
        (b"-1234567890123456789", "more than 18 digits"),
        (b"1" * 5000, "more than 18 digits"),
        (b"1234567890123456789.5", "too long"),
        (b"0." + b"1" * 25, "too long"),
        (b"100000000000000000e12", "too large"),
        (b'"\\u0000"', "NUL or half a surrogate pair stands in the body"),
        (b'{"a":[{"b":"x\\ud800"}]}', "stands in a[0].b"),
        (b'{"a":{"\\u0000":1}}', "a field name of a"),
        (b'"a\tb"', "Invalid control character"),
        (b'"a\x00b"', "Invalid control character"),
        (b'"\xed\xa0\x80"', "not UTF-8: byte 1"),
        (b"\xff", "not UTF-8: byte 0"),
        (b"\xef\xbb\xbf{}", "byte order mark"),
        ('{"a":1}'.encode("utf-16"), "not UTF-8"),
        ('{"a":1}'.encode("utf-16-le"), "not JSON"),
        (b"[" * 33 + b"]" * 33, "nested deeper than 32"),
        (b'{"a":' * 33 + b"1" + b"}" * 33, "nested deeper than 32"),
        (b"[" * 100_000, "nested deeper than 32"),
    ],
)
def test_what_is_not_strict_json_is_refused_with_a_reason(body: bytes, says: str) -> None:  # TR-12
    with pytest.raises(InvalidJson) as refusal:
        strictjson.read(body)
    assert says in refusal.value.message
    assert len(refusal.value.message) < 200


@pytest.mark.parametrize(
    "text",
    [
        *("0", "-0.0", "999999999999999999", "12345678901234567.890", "5e-07", "1e12", "1.5E-12"),
        *("0.30000000000000004", "123456.78900000001", "0.00012345678901234567"),
    ],
)
def test_numbers_as_partners_write_them_are_read(text: str) -> None:
    assert strictjson.read(text.encode()) == Decimal(text)


def test_an_escaped_backslash_before_u0000_is_no_nul() -> None:
    assert strictjson.read(b'"\\\\u0000"') == "\\u0000"


def test_a_whole_surrogate_pair_is_one_character() -> None:
    assert strictjson.read(b'"\\ud83d\\ude97"') == "\N{AUTOMOBILE}"


def test_thirty_two_levels_are_read() -> None:
    assert strictjson.read(b"[" * 32 + b"]" * 32)


def test_many_flat_objects_are_not_deep() -> None:
    assert len(strictjson.read(b"[" + b'{"a":[]},' * 1000 + b"{}]")) == 1001


@pytest.mark.parametrize("sign", [b'"[{]}"', b'"\\"[["', b'"\\\\"', b'"]]"'])
def test_brackets_inside_strings_do_not_count(sign: bytes) -> None:
    assert len(strictjson.read(b"[" + sign + (b"," + sign) * 100 + b"]")) == 101


@pytest.mark.parametrize("sign", [b'"]"', b'"\\"]"', b'"}]"'])
def test_brackets_inside_strings_do_not_hide_depth(sign: bytes) -> None:
    with pytest.raises(InvalidJson, match="deeper"):
        strictjson.read((b"[" + sign + b",") * 40 + b"1" + b"]" * 40)


def test_a_body_above_the_limit_is_not_even_looked_at() -> None:  # threat 20
    with pytest.raises(BodyTooLarge, match="at most 10"):
        strictjson.read(b"{" * 11, limit=10)


HOSTILE = {
    "openers": b"[" * MIB,
    "objects in objects": b'{"a":' * (MIB // 5),
    "half opened, half closed": b"[" * (MIB // 2) + b"]" * (MIB // 2),
    "digits": b"1" * MIB,
    "decimals": b"0." + b"1" * (MIB - 2),
    "an exponent": b"1e" + b"1" * (MIB - 2),
    "quotes that never end": b"[" * 40 + b'"' + b'\\"' * (MIB // 2 - 30),
    "backslashes": b"[" * 40 + b'"' + b"\\" * (MIB - 50),
    "one key many times": b"{" + b'"a":1,' * (MIB // 6 - 2) + b'"a":1}',
    "many keys and one twice": ("{" + "".join(f'"{n:x}":1,' for n in range(100_000)) + '"1869f":1}').encode(),
    "a NUL at the end": b"[" * 30 + b'"a",' * (MIB // 4 - 30) + b'"\\u0000"' + b"]" * 30,
    "mixed brackets": b"[{]}" * (MIB // 4),
    "exponents": b"[" + b"1e5," * (MIB // 4 - 2) + b"1]",
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE.keys())
def test_no_body_takes_a_second_of_cpu(body: bytes) -> None:  # threat 19
    started = time.process_time()
    with suppress(InvalidJson):
        strictjson.read(body)
    assert time.process_time() - started < 1


@given(st.binary(max_size=200))
def test_bytes_are_read_or_refused_and_nothing_else(body: bytes) -> None:
    try:
        strictjson.read(body)
    except InvalidJson:
        return
    json.loads(body)


def strictly(body: bytes) -> object:
    """What the strict reader alone says: the value with its types, or that it is refused."""
    try:
        return repr(strictjson.read_strictly(body))
    except InvalidJson as refusal:
        return refusal.message


def as_it_is_read(body: bytes) -> object:
    try:
        value, written = strictjson.read_and_written(body)
    except InvalidJson as refusal:
        return refusal.message
    assert written == strictjson.write(value)
    return repr(value)


PIECES = [
    *(
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        " ",
        "\n",
        "\t",
        '"',
        '"a"',
        '"b"',
        '"a":1',
        '"a" :2',
        '"\\"a"',
        '"\\\\"',
    ),
    *(
        '"\\"":',
        '"\\u0022":1',
        '"\\u0061":3',
        '"\\/":',
        '"x\\"y":4',
        "\\",
        "\\u",
        "\\ud800",
        "true",
        "null",
        "NaN",
    ),
    *("0", "-0", "-0.0", "01", "1.", ".5", "1e5", "1E-12", "1e13", "9" * 18, "9" * 19, "-" + "9" * 18),
    *("0." + "1" * 24, "0." + "1" * 25, "\x00", "\x1f", "\x7f", "\ufeff", "\u00e9", "Infinity", "-", "+1"),
]


@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
def test_the_quick_reader_says_what_the_strict_one_says(text: str) -> None:
    assert as_it_is_read(text.encode()) == strictly(text.encode())


FIELDS = st.sampled_from(
    ['"a"', '"b"', '"\\""', '"\\u0022"', '"\\u0061"', '"\\/"', '"/"', '"a "', '"\\\\"', '""']
)
SPACES = st.sampled_from(["", " ", "\n"])
MEMBERS = st.tuples(SPACES, FIELDS, SPACES, st.just(":"), SPACES, FIELDS | st.just("1"), SPACES).map("".join)
NESTED = st.recursive(
    MEMBERS,
    lambda inner: st.lists(inner, max_size=4).map(lambda found: '"n":{' + ",".join(found) + "}"),
    max_leaves=12,
)


@given(st.lists(NESTED, max_size=5))
def test_no_field_that_stands_twice_gets_past_the_quick_reader(members: list[str]) -> None:
    body = ("{" + ",".join(members) + "}").encode()
    assert as_it_is_read(body) == strictly(body)


@given(st.binary(max_size=60))
def test_nor_does_any_other_body(body: bytes) -> None:
    assert as_it_is_read(body) == strictly(body)


def test_most_bodies_are_read_quickly() -> None:
    for body in (b'{"a": 1.50, "b": ["\xc3\xa9", "\\"", null]}', b' {"a":{"b":["' + b"1" * 30 + b'"]}}\n'):
        assert strictjson.read_quickly(body) is not None


NUMBERS = st.integers(-(10**18) + 1, 10**18 - 1) | st.decimals(
    min_value=-(10**12), max_value=10**12, places=6, allow_nan=False
)
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)


@given(VALUES)
def test_what_is_written_is_read_again_exactly(value: object) -> None:
    written = strictjson.write(value)
    for again in (strictjson.read(written), strictjson.reread(written)):
        assert again == value
        assert strictjson.write(again) == written


@pytest.mark.parametrize(("number", "written"), [("1.50", b"1.50"), ("1E+2", b"1E+2"), ("0E-8", b"0E-8")])
def test_a_decimal_is_written_with_the_digits_it_has(number: str, written: bytes) -> None:
    assert strictjson.write(Decimal(number)) == written
    assert json.loads(written) == float(number)


@pytest.mark.parametrize("number", ["NaN", "sNaN", "Infinity", "-Infinity"])
def test_a_decimal_that_is_no_number_cannot_be_written(number: str) -> None:
    with pytest.raises(ValueError, match="cannot be written"):
        strictjson.write({"total": [Decimal(number)]})


def test_the_word_nan_can_be_written() -> None:
    assert strictjson.write({"name": "NaN"}) == b'{"name":"NaN"}'
