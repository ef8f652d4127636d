"""JSON, exactly: the one reader for whatever comes from outside, the writer, and the reader of what we wrote.

The strict reader is the standard library's decoder: it alone hands over every object with its duplicate keys
and every number with its digits. It is bounded before it runs (bytes, depth) and while it runs (numbers), so
that no body takes more than half a second. msgspec reads and writes in half of its time, and keeps the last
of two equal keys; but then what it writes again has fewer quotes than what it read. So it goes first, and
whatever it stumbles over, or might see otherwise, is read strictly.
"""

import json
import re
from collections import Counter
from decimal import Decimal
from typing import Any

import msgspec

from hub.ocpi.errors import BodyTooLarge, InvalidJson

MIB = 1024 * 1024
DEPTH = 32
DIGITS = 20
"""How many significant digits a number may have."""
INTEGER_DIGITS = 18
"""How many of them before the point: what a database's and a ledger's whole numbers hold."""
PLACES = 24
"""How many decimals: 17 significant digits of a binary float, after its leading zeros."""
EXPONENT = 12
SHORT = 18
"""A number of so few signs, without an exponent, is within all these limits."""

STRINGS = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
"""Every string, and an unfinished one to the end of the body, so that the search is never repeated."""
NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
NOT_SIGNS = bytes(set(NOT_BRACKETS) - set(b'"'))
ALL_SQUARE = bytes.maketrans(b"{}", b"[]")
DIGITS_ALIKE = bytes.maketrans(b"123456789", b"0" * 9)
TOO_MANY_DIGITS = b"0" * (INTEGER_DIGITS + 1)
BEFORE_NUMBERS = b":[, \t\r\n"
SUSPICIOUS = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")
UNFIT = re.compile("[\x00\ud800-\udfff]")


def read(body: bytes, limit: int = MIB) -> Any:
    """The value: int for whole numbers, Decimal for others. InvalidJson or BodyTooLarge says why not."""
    return read_and_written(body, limit)[0]


def read_and_written(body: bytes, limit: int = MIB) -> tuple[Any, bytes]:
    """The value, and how `write` writes it."""
    if len(body) > limit:
        raise BodyTooLarge(f"The body has {len(body)} bytes; this hub reads at most {limit}.")
    refuse_depth(body)
    found = read_quickly(body)
    if found is not None:
        return found
    value = read_strictly(body)
    return value, write(value)


def read_quickly(body: bytes) -> tuple[Any, bytes] | None:
    """The same, or None: then the strict reader reads or refuses it.

    Without `\\u` a quote can be written in one way only, so that the quotes are as many as before when no
    field was lost, and fewer when one was. Fractions are checked as they are read, whole numbers before.
    """
    if b"\\u" in body or has_long_number(body):
        return None
    try:
        value = QUICK.decode(body)
    except (msgspec.MsgspecError, InvalidJson, UnicodeDecodeError):
        return None
    written = ENCODER.encode(value)
    return (value, written) if written.count(b'"') == body.count(b'"') else None


def has_long_number(body: bytes) -> bool:
    """Whether there may be a whole number of too many digits: such a row of them, not inside a word."""
    alike = body.translate(DIGITS_ALIKE)
    at = alike.find(TOO_MANY_DIGITS)
    while at >= 0:
        begin = at - 1 if body[at - 1 : at] == b"-" else at
        if begin == 0 or body[begin - 1] in BEFORE_NUMBERS:
            return True
        at = alike.find(TOO_MANY_DIGITS, at + len(TOO_MANY_DIGITS))
    return False


def read_strictly(body: bytes) -> Any:
    """Every rule in its own words."""
    text = decoded(body)
    try:
        value = DECODER.decode(text)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno} column {error.colno}"
        raise InvalidJson(f"The body is not JSON: {error.msg} at {place}.") from None
    if SUSPICIOUS.search(text):
        refuse_unfit(value)
    return value


def decoded(body: bytes) -> str:
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise InvalidJson(f"The body is not UTF-8: byte {error.start} cannot stand there.") from None
    if text.startswith("\ufeff"):
        raise InvalidJson("The body starts with a byte order mark, which JSON does not allow.")
    return text


def refuse_depth(body: bytes) -> None:
    """Takes the innermost brackets away, level by level, until there are none."""
    if body.count(b"[") + body.count(b"{") <= DEPTH:
        return
    brackets = brackets_of(body).translate(ALL_SQUARE)
    for _ in range(DEPTH):
        if not brackets:
            return
        brackets = brackets.replace(b"[]", b"")
    if brackets:
        raise InvalidJson(f"The body is nested deeper than {DEPTH} levels, or its brackets do not match.")


def brackets_of(body: bytes) -> bytes:
    """The brackets outside strings.

    Where nothing is escaped it is enough to take away all but brackets and quotes, then pairs of quotes: a
    bracket inside a string has an odd number of quotes before it, so that one of them stays.
    """
    if b"\\" not in body:
        brackets = body.translate(None, NOT_SIGNS).replace(b'""', b"")
        if b'"' not in brackets:
            return brackets
    return STRINGS.sub(b"", body).translate(None, NOT_BRACKETS)


def integer(digits: str) -> int:
    if len(digits) > INTEGER_DIGITS and len(digits.lstrip("-")) > INTEGER_DIGITS:
        raise InvalidJson(f"The number {shortened(digits)} has more than {INTEGER_DIGITS} digits.")
    return int(digits)


def fraction(digits: str) -> Decimal:
    """1e0 becomes 1.0: written as 1, it would come back as a whole number."""
    if len(digits) <= SHORT and "e" not in digits and "E" not in digits:
        return Decimal(digits)
    refuse_size(digits)
    value = Decimal(digits)
    return value if value.as_tuple().exponent else Decimal(f"{value}.0")


def refuse_size(digits: str) -> None:
    """A number must be small enough to reckon with, whichever way it is written."""
    mantissa, _, exponent = digits.lower().partition("e")
    if len(mantissa) > DIGITS + PLACES or len(exponent) > 4 or abs(int(exponent or 0)) > EXPONENT:
        raise InvalidJson(f"The number {shortened(digits)} is too large, too small or too long.")
    _, significant, places = Decimal(digits).as_tuple()
    assert isinstance(places, int)
    if len(significant) > DIGITS or len(significant) + places > INTEGER_DIGITS or -places > PLACES:
        raise InvalidJson(f"The number {shortened(digits)} is too large, too small or too long.")


def constant(name: str) -> None:
    raise InvalidJson(f"{name} is not a JSON number.")


def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    twice = next(name for name, count in Counter(name for name, _ in pairs).items() if count > 1)
    raise InvalidJson(f"The field {shortened(twice)!r} stands twice in one object.")


def refuse_unfit(value: Any, path: str = "") -> None:
    """NUL and half a surrogate pair are valid JSON, but no database and no UTF-8 can hold them."""
    if isinstance(value, str):
        if UNFIT.search(value):
            raise InvalidJson(f"A NUL or half a surrogate pair stands in {path or 'the body'}.")
    elif isinstance(value, list):
        for place, item in enumerate(value):
            refuse_unfit(item, f"{path}[{place}]")
    elif isinstance(value, dict):
        for name, item in value.items():
            refuse_unfit(name, f"a field name of {path or 'the body'}")
            refuse_unfit(item, f"{path}.{name}" if path else name)


def shortened(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:37]}..."


DECODER = json.JSONDecoder(
    parse_int=integer, parse_float=fraction, parse_constant=constant, object_pairs_hook=members
)
ENCODER = msgspec.json.Encoder(decimal_format="number")
QUICK = msgspec.json.Decoder(float_hook=fraction)
REREADER = msgspec.json.Decoder(float_hook=Decimal)


def write(value: Any) -> bytes:
    """The value as JSON, a Decimal with the digits it has: Decimal("1.50") is 1.50, Decimal("1E+2") 1E+2."""
    body = ENCODER.encode(value)
    if b"NaN" in body or b"Infinity" in body:
        refuse_unreal(value)
    return body


def refuse_unreal(value: Any) -> None:
    """msgspec would write a Decimal that is no number just so, which is not JSON."""
    if isinstance(value, Decimal) and not value.is_finite():
        raise ValueError(f"{value} cannot be written as JSON")
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    for item in inner:
        refuse_unreal(item)


def reread(body: bytes) -> Any:
    """The value of what `write` wrote, quickly: int, Decimal and no checks."""
    return REREADER.decode(body)
