"""What the lists of OCPI objects have in common: whose they are, who sees which, how one is found."""

from typing import Any

from marshmallow import Schema, fields
from sqlalchemy import ColumnElement, or_

from hub.ocpi.document import Json, Party
from hub.ocpi.wire import fold
from hub.operator.call import Call
from hub.operator.fields import Instant, ListQuery, PartyField, sorting
from hub.operator.problems import NotFound
from hub.store import documents
from hub.store.documents import TABLES, Stored

OWNER = "<country_code>/<party_id>"


class ObjectQuery(ListQuery):
    sort = sorting("-id", "last_updated")
    party = PartyField(metadata={"description": "Only those of this owner, as NL/CPO."})
    updated_since = Instant(metadata={"description": "Only those whose last_updated is then or later."})
    updated_before = Instant(metadata={"description": "Only those whose last_updated is before."})


class Object(Schema):
    party = PartyField(required=True, metadata={"description": "Whose object it is."})
    id = fields.String(required=True)
    edition = fields.String(
        required=True, metadata={"description": "The OCPI version its owner wrote it in."}
    )
    revision = fields.Integer(required=True)
    last_updated = Instant(required=True)
    received_at = Instant(required=True)


def told(stored: Stored, id_field: str = "id") -> Json:
    document = stored.document
    return {
        "party": document.owner,
        "id": document.newest[id_field],
        "edition": stored.edition,
        "revision": stored.rev,
        "last_updated": stored.last_updated,
        "received_at": stored.received_at,
    }


def wanted(call: Call, module: str) -> list[ColumnElement[bool]]:
    """The living objects that this user sees and that the query asks for."""
    table, query = TABLES[module], call.query
    conditions: list[ColumnElement[bool]] = [table.c.deleted_at.is_(None)]
    if call.only is not None:
        conditions.append(or_(table.c.owner == call.only.code, table.c.audience == call.only.code))
    if "party" in query:
        conditions.append(table.c.owner == query["party"].code)
    if "updated_since" in query:
        conditions.append(table.c.last_updated >= query["updated_since"])
    if "updated_before" in query:
        conditions.append(table.c.last_updated < query["updated_before"])
    return conditions


def sorts(module: str) -> dict[str, ColumnElement[Any]]:
    return {"last_updated": TABLES[module].c.last_updated}


def owner(call: Call, path: Json) -> Party:
    """Of the path; NotFound when it can be no party."""
    code, party_id = path["country_code"], path["party_id"]
    if len(code) != 2 or len(party_id) != 3 or not (code + party_id).isascii():
        raise NotFound(f"{code}/{party_id} is no party.", remedy="Write it as NL/CPO.")
    return Party.of(code, party_id)


def key_of(call: Call, path: Json) -> tuple[Party, str]:
    """Owner and key of the object that a path names; ids are compared without case."""
    return owner(call, path), fold(path["object_id"])[: documents.KEY_LENGTH]


def known(call: Call, module: str, path: Json) -> Stored:
    """The living object of a path; NotFound also when it is not this user's to see."""
    party, key = key_of(call, path)
    found = documents.find(call.unit, module, party, key)
    if found is None or found.deleted or not seen(call, module, found):
        raise NotFound(
            f"{party} has no {module[:-1]} {path['object_id']!r}.",
            remedy=f"GET /api/v1/{module}?party={party} lists those it has.",
        )
    return found


def seen(call: Call, module: str, found: Stored) -> bool:
    """Its owner sees it, and the party that it is meant for."""
    if call.only is None or found.owner == call.only.code:
        return True
    table = TABLES[module]
    audience = call.unit.connection.execute(
        table.select().with_only_columns(table.c.audience).where(table.c.seq == found.seq)
    ).scalar()
    return bool(audience == call.only.code)
