"""How the fields of a document are read: each answer is checked, each refusal names its path."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any, NoReturn, TypeVar

from tariffs import clock
from tariffs.errors import PricingError

MOST = 10**12
MOST_DECIMALS = 64

Choice = TypeVar("Choice", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Fields:
    """One object of a document, at its path; a null field is an absent one."""

    document: Mapping[str, Any]
    path: str
    error: type[PricingError]

    def refuse(self, name: str, rule: str, message: str) -> NoReturn:
        """Refuse the document because of one field."""
        raise self.error(self.at(name), rule, message)

    def at(self, name: str) -> str:
        """The path of a field."""
        return f"{self.path}.{name}" if self.path and name else self.path or name

    def get(self, name: str) -> Any:
        """The raw value, None when absent."""
        return self.document.get(name)

    def has(self, name: str) -> bool:
        """Whether the field is there and not null."""
        return self.document.get(name) is not None

    def require(self, name: str) -> None:
        """Refuse when a field that a price needs is missing."""
        if not self.has(name):
            self.refuse(name, "required", "is missing")

    def text(self, name: str) -> str | None:
        """A string."""
        value = self.get(name)
        if value is not None and not isinstance(value, str):
            self.refuse(name, "text", "must be a text")
        return value

    def required_text(self, name: str) -> str:
        """A string that must be there and not be empty."""
        value = self.text(name)
        if not value:
            self.refuse(name, "required", "is missing or empty")
        return value

    def number(self, name: str) -> Decimal | None:
        """An exact number of human size."""
        value = self.get(name)
        if value is None:
            return None
        if isinstance(value, float):
            self.refuse(name, "exact", "is a float, which holds no price: parse with parse_float=Decimal")
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            self.refuse(name, "number", "must be a number")
        return self._bounded(name, value)

    def required_number(self, name: str) -> Decimal:
        """A number that must be there."""
        self.require(name)
        value = self.number(name)
        assert value is not None
        return value

    def _bounded(self, name: str, value: int | Decimal) -> Decimal:
        if isinstance(value, int):
            if abs(value) >= MOST:
                self.refuse(name, "number-range", "is larger than any price or quantity can be")
            return Decimal(value)
        exponent = value.as_tuple().exponent
        if not isinstance(exponent, int):
            self.refuse(name, "number", "must be a finite number")
        if not value:
            return Decimal(0)
        if value.adjusted() >= 12 or exponent < -MOST_DECIMALS:
            self.refuse(name, "number-range", "is larger or finer than any price or quantity can be")
        return value

    def integer(self, name: str) -> int | None:
        """A whole number; 60.0 is one."""
        value = self.number(name)
        if value is None:
            return None
        if value.as_integer_ratio()[1] != 1:
            self.refuse(name, "whole-number", "must be a whole number")
        return int(value)

    def choice(self, name: str, kind: type[Choice]) -> Choice | None:
        """One of the members of an enum."""
        value = self.text(name)
        if value is None:
            return None
        try:
            return kind(value)
        except ValueError:
            self.refuse(name, "choice", f"{value[:40]!r} is none of {', '.join(kind)}")

    def instant(self, name: str) -> int | None:
        """A DateTime as microseconds since 1970."""
        value = self.text(name)
        if value is None:
            return None
        try:
            return clock.micros(value)
        except ValueError as error:
            self.refuse(name, "date-time", str(error)[:120])

    def child(self, name: str) -> "Fields | None":
        """An object."""
        value = self.get(name)
        if value is None:
            return None
        if not isinstance(value, Mapping):
            self.refuse(name, "object", "must be an object")
        return Fields(value, self.at(name), self.error)

    def children(self, name: str) -> Iterator["Fields"]:
        """The objects of a list; nothing when it is absent."""
        for place, value in enumerate(self.items(name)):
            path = f"{self.at(name)}[{place}]"
            if not isinstance(value, Mapping):
                raise self.error(path, "object", "must be an object")
            yield Fields(value, path, self.error)

    def items(self, name: str) -> list[Any]:
        """A list, empty when it is absent."""
        value = self.get(name)
        if value is not None and not isinstance(value, list | tuple):
            self.refuse(name, "list", "must be a list")
        return list(value or ())
