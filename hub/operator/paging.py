"""How a list is paged: by a cursor on what it is sorted by and on its id; no page skips or repeats."""

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, func, or_, select

from hub.ocpi import strictjson
from hub.ocpi.document import Json
from hub.ocpi.errors import OcpiError
from hub.operator.problems import Unfit
from hub.store.unit import Unit


@dataclass(frozen=True, slots=True)
class Listing:
    """What a list is of.

    query  a SELECT with all its filters, unsorted
    told   a row as JSON
    ident  a column that is unique: the rows of equal rank are in its order
    sorts  name -> column without nulls, as `sort` of the query may have it
    """

    query: Select[Any]
    told: Callable[[Row[Any]], Json]
    ident: ColumnElement[Any]
    sorts: Mapping[str, ColumnElement[Any]] = field(default_factory=dict)


def page(unit: Unit, listing: Listing, query: Mapping[str, Any]) -> Json:
    """One page: {items, total, next}."""
    name = query.get("sort") or "id"
    order = Order(name, listing.sorts.get(name.removeprefix("-"), listing.ident), listing.ident)
    asked = listing.query.add_columns(order.column.label("page_rank"), order.ident.label("page_ident"))
    if query.get("after"):
        asked = asked.where(order.after(*read_cursor(query["after"], name, order)))
    rows = unit.connection.execute(asked.order_by(*order.by).limit(query["limit"] + 1)).all()
    more, rows = len(rows) > query["limit"], rows[: query["limit"]]
    return {
        "items": [listing.told(row) for row in rows],
        "total": counted(unit, listing),
        "next": cursor(name, rows[-1]) if more else None,
    }


def counted(unit: Unit, listing: Listing) -> int:
    query = listing.query.with_only_columns(listing.ident).order_by(None).subquery()
    return int(unit.connection.execute(select(func.count()).select_from(query)).scalar_one())


@dataclass(frozen=True, slots=True)
class Order:
    """By a column and then by the id, forwards or, with a minus in the name, backwards."""

    name: str
    column: ColumnElement[Any]
    ident: ColumnElement[Any]

    @property
    def by(self) -> tuple[ColumnElement[Any], ...]:
        if self.name.startswith("-"):
            return (self.column.desc(), self.ident.desc())
        return (self.column.asc(), self.ident.asc())

    def after(self, rank: Any, ident: Any) -> ColumnElement[bool]:
        if self.name.startswith("-"):
            return or_(self.column < rank, and_(self.column == rank, self.ident < ident))
        return or_(self.column > rank, and_(self.column == rank, self.ident > ident))


def cursor(name: str, last: Row[Any]) -> str:
    said = strictjson.write([name, last.page_rank, last.page_ident])
    return base64.urlsafe_b64encode(said).decode().rstrip("=")


def read_cursor(text: str, name: str, order: Order) -> tuple[Any, Any]:
    """What the last row of the page before had; Unfit when this is no cursor of this list in this order."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        said = strictjson.read(raw)
    except (binascii.Error, ValueError, OcpiError):
        said = None
    if not isinstance(said, list) or len(said) != 3 or said[0] != name:
        raise not_of_this_list()
    for value, column in zip(said[1:], (order.column, order.ident), strict=True):
        if type(value) is not column.type.python_type:  # the database would refuse to compare them
            raise not_of_this_list()
    return said[1], said[2]


def not_of_this_list() -> Unfit:
    return Unfit(
        "`after` is no cursor of this list in this order.",
        fields={"after": "not the `next` of a page of this list"},
        remedy="Begin again without `after`, and leave `sort` as it is between pages.",
    )
