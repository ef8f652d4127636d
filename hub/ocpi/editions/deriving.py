"""How an older edition's schemas come from the newest ones: only the differences are written down."""

from collections.abc import Callable, Iterable, Mapping
from copy import copy
from dataclasses import dataclass, field, replace
from typing import Any

from marshmallow import fields

from hub.ocpi.enums import ALWAYS_OPEN, Enum
from hub.ocpi.types import Check, ListOf, Nested, OcpiObject, OneOf

AnyField = fields.Field[Any]
Schemas = Mapping[str, type[OcpiObject]]
Classes = Mapping[type[OcpiObject], type[OcpiObject]]


def same_types(declared: Check) -> Check:
    """For editions whose types are those of the newest."""
    return declared


@dataclass(frozen=True)
class Difference:
    """What an older edition says otherwise than the newest.

    classes  class of the newest edition -> how this edition writes it: a subclass that redeclares fields,
             adds some, or takes some away (in its own or an inherited `Meta.exclude`); or a class of its own
    enums    the enums with other values, the last of a name holds; all others are closed newest ones (TR-78)
    types    a field -> the field of this edition's type
    """

    classes: Classes
    enums: Iterable[Enum] = ()
    types: Callable[[Check], Check] = same_types
    done: dict[type[OcpiObject], type[OcpiObject]] = field(default_factory=dict)

    def schemas(self, newest: Schemas, without: Iterable[str] = ()) -> Schemas:
        """Every object of this edition, by its name."""
        return {name: self.of(schema) for name, schema in newest.items() if name not in without}

    def of(self, newest: type[OcpiObject]) -> type[OcpiObject]:
        """The class as this edition has it, and all classes inside it."""
        if newest not in self.done:
            base = self.classes.get(newest, newest)
            gone = excluded(base)
            kept = {name: one for name, one in base._declared_fields.items() if name not in gone}  # noqa: SLF001
            older = {name: self.field(one) for name, one in kept.items()}
            meta = type("Meta", (OcpiObject.Meta,), {"exclude": tuple(gone)})
            self.done[newest] = subclass(base, {"__doc__": base.__doc__, "Meta": meta, **older})
        return self.done[newest]

    def field(self, newest: AnyField) -> AnyField:
        """A copy of a field, with the classes, enums and types of this edition."""
        if isinstance(newest, Nested):
            return Nested(self.of(nested_in(newest)), required=newest.required)
        if isinstance(newest, ListOf):
            return ListOf(self.item(newest.inner), card=newest.card)
        assert isinstance(newest, Check)
        return self.plain(newest)

    def item(self, newest: AnyField) -> Check | type[OcpiObject]:
        if isinstance(newest, Nested):
            return self.of(nested_in(newest))
        assert isinstance(newest, Check)
        return self.plain(newest)

    def plain(self, newest: Check) -> Check:
        older = copy(newest)
        if isinstance(older, OneOf):
            older.enum = self.enum(older.enum)
        return self.types(older)

    def enum(self, newest: Enum) -> Enum:
        known = {enum.name: enum for enum in self.enums}.get(newest.name, newest)
        return known if known.name in ALWAYS_OPEN else replace(known, open=False)


def nested_in(declared: Nested) -> type[OcpiObject]:
    """The class of a nested object, as it was declared."""
    schema = declared.nested
    assert isinstance(schema, type)
    assert issubclass(schema, OcpiObject)
    return schema


def subclass(base: type[OcpiObject], body: dict[str, Any]) -> type[OcpiObject]:
    """The class that a `class` statement of the same name would make."""
    made: type[OcpiObject] = type(base)(base.__name__, (base,), body)  # type: ignore[misc]
    return made


def excluded(schema: type[OcpiObject]) -> frozenset[str]:
    """The fields that a class or one it comes from has taken away."""
    metas = (vars(parent).get("Meta") for parent in schema.__mro__)
    return frozenset(name for meta in metas for name in getattr(meta, "exclude", ()))
