"""Single values as 2.1.1 writes them: whole seconds, six decimals, fewer words."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from unicodedata import normalize

from hub.ocpi.aliases import alias
from hub.ocpi.document import Json
from hub.ocpi.editions.rewriting import Move, each, field, inside, renamed
from hub.ocpi.enums import IN_2_1_1
from hub.ocpi.instants import micros, text

WORDS = {enum.name: enum.values for enum in IN_2_1_1}
"""Enum name -> what 2.1.1 knows of it, where that is less than 2.2.1."""

SECOND = 1_000_000
SIX_PLACES = Decimal("0.000001")

EMPTY_POSTAL_CODE = "#NA"

SPELT = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss", "ø": "o", "Ø": "O"}
    | {
        "æ": "ae",
        "Æ": "Ae",
        "å": "aa",
        "Å": "Aa",
        "ł": "l",
        "Ł": "L",
        "đ": "d",
        "–": "-",
        "’": "'",
        "€": "EUR",
    }
)
ACCENTS = frozenset(chr(code) for code in range(0x300, 0x370))


def whole_seconds(stamp: str) -> str:
    """2.1.1 knows no fractions of a second (TR-71)."""
    return text(micros(stamp) // SECOND * SECOND) if "." in stamp else stamp


def six_decimals(degrees: str) -> str:
    """Rounded half up, or padded (TR-81)."""
    return f"{Decimal(degrees).quantize(SIX_PLACES, ROUND_HALF_UP):f}"


def identity(value: str) -> str:
    """An id of 2.1.1, which may have 39 characters, in the 36 that later editions give it (C1)."""
    return alias(value, 36)


def time(*names: str) -> list[Move]:
    """Moves for fields that hold a DateTime."""
    return [field(name, whole_seconds) for name in names]


def point(coordinates: Json) -> Json:
    """A GeoLocation, also one with a name."""
    return coordinates | {name: six_decimals(coordinates[name]) for name in ("latitude", "longitude")}


def in_ascii(value: Any) -> Any:
    """A document with its texts spelt in ASCII: accents go, what has no likeness becomes a question mark."""
    if isinstance(value, dict):
        return {name: in_ascii(one) for name, one in value.items()}
    if isinstance(value, list):
        return [in_ascii(one) for one in value]
    if not isinstance(value, str) or value.isascii():
        return value
    parted = normalize("NFKD", value.translate(SPELT))
    return "".join(sign for sign in parted if sign not in ACCENTS).encode("ascii", "replace").decode()


energy_mix_newer: Move = each("environ_impact", renamed({"source": "category"}))  # LOC-27
energy_mix_older: Move = each("environ_impact", renamed({"category": "source"}))
with_newer_mix: Move = inside("energy_mix", energy_mix_newer)
with_older_mix: Move = inside("energy_mix", energy_mix_older)
