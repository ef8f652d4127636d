"""How an object is cut to what a narrow reader takes: only fields it knows, no text it has no room for."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from marshmallow import Schema, fields

from hub.ocpi.document import Json
from hub.ocpi.edition import Edition

Known = Mapping[str, "Known | None"]
"""Field -> the fields inside it; None where it holds no object."""

ELLIPSIS = "..."
FIRST_ADDRESS, FIRST_STATE, FIRST_PLAIN_DATA = 45, 20, 512
"""Lengths in the first prints of 2.2.1 and 2.3.0; the second ones have 255, 45 and 5000 (C6)."""


@cache
def known(schema: type[Schema]) -> Known:
    """The fields that a schema declares, and those of the objects in them."""
    return {name: inside(declared) for name, declared in schema().fields.items()}


def inside(declared: Any) -> Known | None:
    if isinstance(declared, fields.List):
        return inside(declared.inner)
    return known(type(declared.schema)) if isinstance(declared, fields.Nested) else None


def only_known(edition: Edition, name: str, body: Json) -> Json:
    """The object without the fields that its edition does not declare, at any depth (C1, unknown fields)."""
    cut_down: Json = kept(body, known(edition.schemas[name]))
    return cut_down


def kept(value: Any, shape: Known | None) -> Any:
    if shape is None:
        return value
    if isinstance(value, list):
        return [kept(item, shape) for item in value]
    if isinstance(value, dict):
        return {name: kept(inner, shape[name]) for name, inner in value.items() if name in shape}
    return value


def as_first_printed(name: str, body: Json) -> Json:
    """The object with the lengths of the first print of its edition (C6)."""
    if name == "locations":
        return body | cut(body, address=FIRST_ADDRESS, state=FIRST_STATE)
    if name == "cdrs" and too_long_signed(body):
        return {field: value for field, value in body.items() if field != "signed_data"}
    return body


def cut(body: Json, **lengths: int) -> Json:
    """Texts for people lose their end, and show that they did."""
    return {
        field: body[field][: most - len(ELLIPSIS)] + ELLIPSIS
        for field, most in lengths.items()
        if len(body.get(field) or "") > most
    }


def too_long_signed(body: Json) -> bool:
    """Half a signed text proves nothing: such data is left out whole, and the CDR still gets through."""
    values = (body.get("signed_data") or {}).get("signed_values") or ()
    return any(len(value["plain_data"]) > FIRST_PLAIN_DATA for value in values)
