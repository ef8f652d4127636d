"""The fields of the API's schemas: how instants, money and parties are written in it."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from hub.ocpi import instants
from hub.ocpi.document import Party
from hub.settings import PARTY

PROSE = validate.Regexp(r"[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*\Z", error="a control character stands in it")
LINE = validate.Regexp(r"[^\x00-\x1f\x7f]*\Z", error="a control character stands in it")
MAYBE: dict[str, Any] = {"required": True, "allow_none": True}
"""Of what is in every answer, and may be null."""
LARGEST_ID = 2**53 - 1
"""What every reader of JSON can hold."""


class Instant(fields.Field[int]):
    """An instant as RFC 3339 writes it; inside the hub, microseconds since 1970.

    Another offset than Z may be read; Z is always written.
    """

    def _serialize(self, value: int | None, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else instants.text(value)

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> int:
        return instant_of(value)


def instant_of(value: Any) -> int:
    """ValidationError unless it is an instant with its offset."""
    try:
        if isinstance(value, str) and value.isascii() and "T" in value and len(value) <= 40:
            when = datetime.fromisoformat(value)
            if when.tzinfo is not None:
                return instants.instant(when)
    except (ValueError, OverflowError):
        pass
    raise ValidationError("not an instant with its offset, such as 2026-03-01T12:00:00Z")


class Money(fields.Field[Decimal]):
    """An exact amount as a string; its currency stands beside it."""

    def _serialize(self, value: Decimal | None, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else exact(value)


def exact(value: Decimal | int) -> str:
    """All its digits, without an exponent."""
    return f"{Decimal(value):f}"


class PartyField(fields.Field[Party]):
    """A party as NL/EMS."""

    def _serialize(self, value: Party | None, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else str(value)

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> Party:
        found = PARTY.fullmatch(value) if isinstance(value, str) else None
        if found is None:
            raise ValidationError("not a country code and party id, such as NL/EMS")
        return Party.of(*found.groups())


def text(most: int = 200, least: int = 1, **options: Any) -> fields.String:
    """A text of a bounded length, of any number of lines."""
    return fields.String(validate=[validate.Length(least, most), PROSE], **options)


def line(most: int, **options: Any) -> fields.String:
    """A text of one line, such as a name."""
    return fields.String(validate=[validate.Length(1, most), LINE], **options)


def word(*words: str, **options: Any) -> fields.String:
    """One of these."""
    return fields.String(validate=validate.OneOf(words), **options)


class WholeNumber(fields.Integer):
    """In a body a number without a fraction, in a query string its digits."""

    def _validated(self, value: Any) -> int:
        digits = isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 20
        if digits or (isinstance(value, int) and not isinstance(value, bool)):
            return int(value)
        raise self.make_error("invalid", input=value)


def identity(**options: Any) -> fields.Integer:
    """The number of a thing."""
    return WholeNumber(validate=validate.Range(0, LARGEST_ID), **options)


class Anything(fields.Dict):
    """A JSON object that is described elsewhere."""


class Exactly(fields.Dict):
    """A JSON object whose numbers are answered as strings, so that no reader loses a digit of an amount."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return in_strings(value)


def in_strings(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: in_strings(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [in_strings(inner) for inner in value]
    return exact(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else value


class Because(Schema):
    """For changes that need nothing but, if you like, a reason for the audit trail."""

    reason = text(2000, metadata={"description": "Why, for the audit trail."})


class Nothing(Schema):
    """No parameters."""


class ListQuery(Schema):
    """What every list takes."""

    limit = fields.Integer(
        load_default=50, validate=validate.Range(1, 500), metadata={"description": "How many at most."}
    )
    after = text(1000, metadata={"description": "`next` of the page before."})


def sorting(*names: str) -> fields.String:
    """By which column a list may be sorted; with a minus the other way round. The first is the default, and
    may have the minus itself."""
    both = [each for name in names for each in (name.removeprefix("-"), f"-{name.removeprefix('-')}")]
    return fields.String(
        load_default=names[0],
        validate=validate.OneOf(both),
        metadata={"description": "What to sort by; with a minus the greatest first."},
    )


def listed(item: type[Schema]) -> type[Schema]:
    """The answer of a list of these."""
    members = {
        "items": fields.List(fields.Nested(item), required=True),
        "total": fields.Integer(required=True, metadata={"description": "How many there are in all."}),
        "next": fields.String(
            required=True,
            allow_none=True,
            metadata={"description": "`after` of the next page; null: no more."},
        ),
    }
    return Schema.from_dict(members, name=f"{item.__name__}List")  # type: ignore[arg-type]
