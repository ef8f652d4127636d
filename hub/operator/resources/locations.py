"""The locations that CPOs have published, as they are in the newest edition."""

from typing import Any

from marshmallow import fields
from sqlalchemy import Row, select

from hub.ocpi.document import Json
from hub.operator.call import Call
from hub.operator.fields import Anything, listed
from hub.operator.paging import Listing
from hub.operator.resources import objects
from hub.operator.resources.objects import Object, ObjectQuery
from hub.operator.section import Section
from hub.store.documents import TABLES, Stored, stored

section = Section("locations", "Where one can charge.")


class LocationSchema(Object):
    name = fields.String(required=True, allow_none=True)
    address = fields.String(required=True, allow_none=True)
    city = fields.String(required=True, allow_none=True)
    country = fields.String(required=True, allow_none=True)
    time_zone = fields.String(required=True, allow_none=True)
    evses = fields.Integer(required=True, metadata={"description": "How many there are."})


class LocationDetails(LocationSchema):
    document = Anything(required=True, metadata={"description": "The Location of OCPI 2.3.0."})


def told(found: Stored) -> Json:
    location = found.document.newest
    plain = {name: location.get(name) for name in ("name", "address", "city", "country", "time_zone")}
    return objects.told(found) | plain | {"evses": len(location.get("evses") or ())}


@section.get("/locations", "list", query=ObjectQuery, answers=listed(LocationSchema))
def list_(call: Call) -> Listing:
    """List the locations."""
    table = TABLES["locations"]

    def of_row(row: Row[Any]) -> Json:
        return told(stored("locations", row))

    query = select(table).where(*objects.wanted(call, "locations"))
    return Listing(query, of_row, table.c.seq, objects.sorts("locations"))


@section.get(f"/locations/{objects.OWNER}/<object_id>", "show", answers=LocationDetails)
def show(call: Call, **path: str) -> Json:
    """Show a location with its EVSEs and connectors."""
    found = objects.known(call, "locations", path)
    return told(found) | {"document": found.document.newest}
