"""What can be said of a tariff document by its fields' names alone."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from tariffs.lint.finding import DIALECT_TYPE, Findings, finding
from tariffs.model import Dimension, ReservationKind, Restrictions
from tariffs.reading import WEEKDAYS, TaxIncluded

TEXT = ("language", "text")
LIMIT = ("before_taxes", "after_taxes", "excl_vat", "incl_vat")
FIELDS: Mapping[str, tuple[str, ...]] = {
    "tariff": (
        *("country_code", "party_id", "id", "currency", "type", "tariff_alt_text", "tariff_alt_url"),
        *("min_price", "max_price", "elements", "tax_included"),
        *("start_date_time", "end_date_time", "energy_mix", "last_updated"),
    ),
    "tariff_alt_text": TEXT,
    "min_price": LIMIT,
    "max_price": LIMIT,
    "elements": ("price_components", "restrictions"),
    "price_components": ("type", "price", "vat", "step_size", "price_round", "step_round"),
    "restrictions": tuple(Restrictions.__dataclass_fields__),
}
"""The fields of each object, of all editions together; an object that is not here is not looked into."""

DIALECT = ("price_round", "step_round")
"""Of Gireve's 2.1.1 alone."""

TYPES = ("AD_HOC_PAYMENT", "PROFILE_CHEAP", "PROFILE_FAST", "PROFILE_GREEN", "REGULAR")
CHOICES: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("tariff", "type"): TYPES,
    ("tariff", "tax_included"): tuple(TaxIncluded),
    ("price_components", "type"): tuple(Dimension),
    ("restrictions", "reservation"): tuple(ReservationKind),
    ("restrictions", "day_of_week"): WEEKDAYS,
}


def names(document: Mapping[str, Any]) -> Findings:
    """Unknown, misspelt and null fields, and what is written in the wrong case."""
    yield from _object("tariff", document, "")


def _object(kind: str, given: Mapping[str, Any], path: str) -> Findings:
    for name, value in given.items():
        here = f"{path}.{name}" if path else name
        if name not in FIELDS[kind]:
            yield _stranger(kind, name, here)
        elif value is None:
            yield finding("field-null", here, "is null")
        elif name in DIALECT or value == DIALECT_TYPE:
            yield finding("dialect", here, "is of Gireve's dialect of 2.1.1")
        else:
            yield from _choice(kind, name, value, here)
            yield from _inside(name, value, here)


def _inside(name: str, value: Any, path: str) -> Findings:
    for place, one in _objects(value):
        if name in FIELDS:
            yield from _object(name, one, f"{path}{place}")


def _objects(value: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    given = enumerate(value) if isinstance(value, list | tuple) else [("", value)]
    for place, one in given:
        if isinstance(one, Mapping):
            yield (f"[{place}]" if place != "" else "", one)


def _stranger(kind: str, name: str, path: str) -> Any:
    if name.casefold() in FIELDS[kind]:
        return finding("wrong-case", path, f"is written {name.casefold()} in OCPI")
    close = get_close_matches(name.casefold(), FIELDS[kind], 1, 0.75)
    if close:
        return finding("field-misspelt", path, f"is no field of OCPI: {close[0]} may be meant")
    return finding("field-unknown", path, "is no field of OCPI here")


def _choice(kind: str, name: str, value: Any, path: str) -> Findings:
    known = CHOICES.get((kind, name), ())
    given = value if isinstance(value, list | tuple) else [value]
    for one in given:
        if known and isinstance(one, str) and one not in known and one.upper() in known:
            yield finding("wrong-case", path, f"{one} is written {one.upper()} in OCPI")
