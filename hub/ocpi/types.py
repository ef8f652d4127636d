"""The types that OCPI's field tables are written in, as marshmallow fields that check and change nothing.

Loading a value returns that same value: a DateTime stays the text it was. What a field demands stands in
plain attributes (`most`, `least`, `enum` ...), so that the compiler of `hub.ocpi.checking` and the
documentation read the same declaration that marshmallow runs. An optional field takes null for absent, a
required one does not (TR-76).
"""

import re
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any, ClassVar
from zoneinfo import available_timezones

from marshmallow import INCLUDE, Schema, ValidationError, fields

from hub.ocpi.enums import CURRENCIES, Enum
from hub.ocpi.instants import micros


class OcpiObject(Schema):
    """A class of OCPI. Unknown fields are allowed and kept (TR-77).

    comes_again  whether objects of it are sent again and again as they are, inside others that change
    """

    comes_again: ClassVar[bool] = False

    class Meta:
        unknown = INCLUDE


class Check(fields.Field[Any]):
    """A field that looks at a value and gives it back."""

    def __init__(self, *, required: bool = False) -> None:
        super().__init__(required=required, allow_none=not required)

    def problem(self, value: Any) -> str | None:
        """What is wrong with the value, as a sentence for the partner; None when it is good."""
        raise NotImplementedError

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if (problem := self.problem(value)) is not None:
            raise ValidationError(problem)
        return value


# --- words -------------------------------------------------------------------------------------------------

UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def printable(value: str) -> bool:
    """TR-72: no control characters, no line ends. A hard space or a soft hyphen can be printed."""
    return value.isprintable() or UNPRINTABLE.search(value) is None


def printable_ascii(value: str) -> bool:
    return value.isascii() and value.isprintable()


class String(Check):
    """A JSON string.

    most        how many characters it may have (TR-73); None where the text sets no limit
    least       how many it must have
    ascii       only printable ASCII, not all of UTF-8
    any_signs   control characters too: signed blobs, which nobody may touch (CDR-18)
    """

    ascii: bool = False

    def __init__(
        self, most: int | None = None, *, required: bool = False, least: int = 0, any_signs: bool = False
    ) -> None:
        super().__init__(required=required)
        self.most = most
        self.least = least
        self.any_signs = any_signs

    def problem(self, value: Any) -> str | None:
        if type(value) is not str:
            return "Must be a string."
        if self.most is not None and len(value) > self.most:
            return f"Must have at most {self.most} characters, has {len(value)}."
        if len(value) < self.least:
            return "Must not be empty." if self.least == 1 else f"Must have at least {self.least} characters."
        if self.ascii and not value.isascii():
            return "Must be printable ASCII."
        return None if self.any_signs or printable(value) else "Must have no control characters."


class Text(String):
    """OCPI's `string`: printable, case-sensitive; UTF-8 since 2.2, ASCII before."""


class CiString(String):
    """Printable ASCII that is compared without regard to case. A required one is an id: it is never empty."""

    ascii = True

    def __init__(self, most: int | None = None, *, required: bool = False) -> None:
        super().__init__(most, required=required, least=1 if required else 0)


class Pattern(Check):
    """A string of a form of its own; a subclass says which."""

    form: ClassVar[re.Pattern[str]]
    says: ClassVar[str]

    def problem(self, value: Any) -> str | None:
        return None if type(value) is str and self.form.fullmatch(value) else self.says


class CountryCode(Pattern):
    """The country half of a party's name: ISO 3166-1 alpha-2, in either case (TR-60)."""

    form = re.compile("[A-Za-z]{2}")
    says = "Must be a country code of two letters."


class PartyId(Pattern):
    """The other half: an id as ISO 15118 gives them, in either case."""

    form = re.compile("[A-Za-z0-9]{1,3}")
    says = "Must be a party id of at most three letters or digits."


class HubPartyId(Pattern):
    """Country code and party id of a hub in one word (CRED-01)."""

    form = re.compile("[A-Za-z]{2}[A-Za-z0-9]{1,3}")
    says = "Must be a country code and a party id in one word, like NLHUB."


class CredentialsToken(Pattern):
    """CRED-02: visible ASCII, no blanks."""

    form = re.compile("[!-~]{1,64}")
    says = "Must be 1 to 64 visible ASCII characters without blanks."


class Language(Pattern):
    """ISO 639-1."""

    form = re.compile("[A-Za-z]{2}")
    says = "Must be a language code of two letters (ISO 639-1)."


class Country(Pattern):
    """ISO 3166-1 alpha-3."""

    form = re.compile("[A-Z]{3}")
    says = "Must be a country code of three capital letters (ISO 3166-1 alpha-3)."


class EitherCountry(Pattern):
    """Alpha-3; alpha-2 too, because the examples of 2.1.1 use it (LOC-13)."""

    form = re.compile("[A-Z]{2,3}")
    says = "Must be a country code of three capital letters (ISO 3166-1 alpha-3)."


class Latitude(Pattern):
    """TR-81."""

    form = re.compile(r"-?[0-9]{1,2}\.[0-9]{5,7}")
    says = 'Must be a string of degrees with 5 to 7 decimals, like "50.770774".'


class Longitude(Pattern):
    """TR-81."""

    form = re.compile(r"-?[0-9]{1,3}\.[0-9]{5,7}")
    says = 'Must be a string of degrees with 5 to 7 decimals, like "-126.104965".'


class Latitude6(Latitude):
    """TR-81, 2.1.1."""

    form = re.compile(r"-?[0-9]{1,2}\.[0-9]{6}")
    says = 'Must be a string of degrees with 6 decimals, like "50.770774".'


class Longitude6(Longitude):
    """TR-81, 2.1.1."""

    form = re.compile(r"-?[0-9]{1,3}\.[0-9]{6}")
    says = 'Must be a string of degrees with 6 decimals, like "-126.104965".'


class TimeOfDay(Pattern):
    """TAR-07, LOC-15."""

    form = re.compile("([0-1][0-9]|2[0-3]):[0-5][0-9]")
    says = "Must be a time of day from 00:00 to 23:59."


class Url(Check):
    """An absolute http or https address of at most 255 characters (TR-81, VER-09)."""

    most: ClassVar[int] = 255
    form: ClassVar[re.Pattern[str]] = re.compile(
        "https?://[^\\s/?#\x00-\x1f\x7f-\x9f]+[^\\s\x00-\x1f\x7f-\x9f\ud800-\udfff]*", re.IGNORECASE
    )

    def problem(self, value: Any) -> str | None:
        if type(value) is not str or not self.form.fullmatch(value):
            return "Must be an absolute http or https URL."
        return f"Must have at most {self.most} characters." if len(value) > self.most else None


# --- words from a list -------------------------------------------------------------------------------------


class OneOf(Check):
    """A value of an enum; of an open enum any printable word (TR-78, TR-79)."""

    def __init__(self, enum: Enum, *, required: bool = False) -> None:
        super().__init__(required=required)
        self.enum = enum

    def problem(self, value: Any) -> str | None:
        if type(value) is not str:
            return "Must be a string."
        if value in self.enum.values or (self.enum.open and self.could_be(value)):
            return None
        return f"Must be a value of {self.enum.name}: {', '.join(sorted(self.enum.values))}."

    def could_be(self, value: str) -> bool:
        """Whether a value that we do not know may be one that a partner has invented."""
        return 0 < len(value) <= self.enum.most and printable_ascii(value)


class Currency(Check):
    """ISO 4217."""

    def problem(self, value: Any) -> str | None:
        known = type(value) is str and value in CURRENCIES
        return None if known else "Must be a currency code of three capital letters (ISO 4217)."


@cache
def time_zones() -> frozenset[str]:
    """The names that IANA gives; what a system adds for itself means something else elsewhere."""
    return frozenset(available_timezones() - {"localtime", "Factory"})


class TimeZone(Check):
    """LOC-14: the name of a time zone in IANA's tz database."""

    def problem(self, value: Any) -> str | None:
        known = type(value) is str and value in time_zones()
        return None if known else "Must be the name of an IANA time zone, like Europe/Oslo."


# --- times -------------------------------------------------------------------------------------------------


def is_date_time(value: Any) -> bool:
    """Whether `instants.micros` understands it, and any calendar after it: from 1970 on (TR-70, CDR-15)."""
    if type(value) is not str or value < "1970":
        return False
    try:
        micros(value)
    except ValueError:
        return False
    return True


class DateTime(Check):
    """TR-70. More than four digits of a second may come in, partners send six: TR-71 binds what we send."""

    def problem(self, value: Any) -> str | None:
        return (
            None if is_date_time(value) else "Must be a UTC time like 2025-06-29T20:39:09Z, with no offset."
        )


class Date(Check):
    """TAR-07."""

    form: ClassVar[re.Pattern[str]] = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")

    def problem(self, value: Any) -> str | None:
        return None if self.exists(value) else "Must be a date like 2025-12-24."

    def exists(self, value: Any) -> bool:
        if type(value) is not str or not self.form.fullmatch(value):
            return False
        try:
            date.fromisoformat(value)
        except ValueError:
            return False
        return True


# --- numbers -----------------------------------------------------------------------------------------------


class Number(Check):
    """TR-74: a JSON number, read exactly."""

    def problem(self, value: Any) -> str | None:
        if type(value) is int or (type(value) is Decimal and value.is_finite()):
            return None
        return "Must be a number."


class Integer(Check):
    """TR-75: a JSON number without a fraction."""

    def __init__(self, *, least: int | None = None, most: int | None = None, required: bool = False) -> None:
        super().__init__(required=required)
        self.least = least
        self.most = most

    def problem(self, value: Any) -> str | None:
        if type(value) is not int:
            return "Must be a whole number."
        if self.least is not None and value < self.least:
            return f"Must be at least {self.least}."
        return f"Must be at most {self.most}." if self.most is not None and value > self.most else None


class Boolean(Check):
    """TR-75."""

    def problem(self, value: Any) -> str | None:
        return None if type(value) is bool else "Must be true or false."


# --- objects and lists -------------------------------------------------------------------------------------


class Nested(fields.Nested):
    """An object inside an object."""

    def __init__(self, schema: type[Schema], *, required: bool = False) -> None:
        super().__init__(schema, required=required, allow_none=not required, unknown=INCLUDE)


MOST_FAULTS = 50


class ListOf(fields.List[Any]):
    """A list of one kind of field or object: card. `*` (absent, null and [] are one), or `+` (TR-76)."""

    def __init__(self, item: Check | type[Schema], *, card: str = "*") -> None:
        inner: Check | Nested = item if isinstance(item, Check) else Nested(item)
        inner.required, inner.allow_none = True, False
        if isinstance(inner, CiString):
            inner.least = 1
        super().__init__(inner, required=card == "+", allow_none=card != "+")
        self.card = card

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> list[Any]:
        if type(value) is not list:
            raise ValidationError("Must be a list.")
        if not value and self.card == "+":
            raise ValidationError("Must have at least one entry.")
        if faults := self.faults(value):
            raise ValidationError(faults)
        return value

    def faults(self, value: list[Any]) -> dict[int, Any]:
        """What is wrong with which entries: of a hundred thousand bad ones the first tell enough."""
        found: dict[int, Any] = {}
        for place, item in enumerate(value):
            try:
                self.inner.deserialize(item)
            except ValidationError as error:
                found[place] = error.messages
            if len(found) == MOST_FAULTS:
                break
        return found
