"""Prices of a market that become tariffs: the folders they come from, and what became of each file."""

from typing import Any

from marshmallow import Schema, fields
from sqlalchemy import Row, select

from hub.ocpi.document import Json
from hub.operator.call import Call
from hub.operator.fields import (
    MAYBE,
    Anything,
    Because,
    Instant,
    ListQuery,
    PartyField,
    listed,
    sorting,
    text,
    word,
)
from hub.operator.paging import Listing
from hub.operator.pricing import Figure, owned, zone
from hub.operator.section import Section
from hub.prices.book.publishing import Edit
from hub.prices.curves import folders as curve_folders
from hub.prices.curves import importing as curve_import
from hub.prices.curves import log as curve_log
from hub.prices.curves.importing import Offered
from hub.prices.curves.log import FIGURES
from hub.prices.curves.terms import HIGHEST, LOWEST, Terms
from hub.store.curves import IMPORTED, REFUSED, curve_files, curve_sources

section = Section(
    "curves",
    "Prices over time, as of a day-ahead market, that become a tariff. Folders are set at the command line of"
    " the machine that they are on: `hub curve add`.",
)
LONGEST = 900_000


class SourceSchema(Schema):
    id = fields.Integer(required=True)
    party = PartyField(required=True)
    tariff = fields.String(required=True)
    folder = fields.String(required=True)
    terms = Anything(required=True, metadata={"description": "Unit, zone, factor, margin, floor, cap ..."})
    template = Anything(**MAYBE, metadata={"description": "null: the tariff that holds."})
    author = fields.String(required=True)
    added_at = Instant(required=True)
    looked_at = Instant(**MAYBE)
    trouble = fields.String(**MAYBE, metadata={"description": "Why it was looked into in vain last."})


class SourceQuery(ListQuery):
    sort = sorting("id")
    party = PartyField()


class FileSchema(Schema):
    id = fields.Integer(required=True)
    source = fields.Integer(**MAYBE, metadata={"description": "null: sent or imported by hand."})
    party = PartyField(required=True)
    tariff = fields.String(required=True)
    name = fields.String(required=True)
    content_hash = fields.String(required=True)
    read_at = Instant(required=True)
    outcome = word(IMPORTED, REFUSED, required=True)
    told = fields.List(fields.Raw(), required=True, metadata={"description": "Remarks; or every fault."})
    since = Instant(**MAYBE)
    until = Instant(**MAYBE)
    versions = fields.List(fields.Integer(), required=True)


class FileQuery(ListQuery):
    sort = sorting("-id")
    party = PartyField()
    outcome = word(IMPORTED, REFUSED)


class TermsSchema(Schema):
    unit = text(10, load_default="EUR/MWh", metadata={"description": "Of the file: EUR/MWh or EUR/kWh."})
    time_zone = zone(required=True)
    factor = Figure()
    margin = Figure(metadata={"description": "Per kWh before taxes, as are floor, cap and fallback."})
    floor = Figure(allow_none=True, metadata={"description": "0, if left out; null: none."})
    cap = Figure(allow_none=True)
    fallback = Figure(LOWEST, HIGHEST * 100, allow_none=True)
    vat = Figure(0, 100, allow_none=True)
    trusted = fields.Boolean(truthy={True}, falsy={False})


class Import(Because):
    party = PartyField(required=True)
    tariff = text(36, required=True, metadata={"description": "The id of the tariff."})
    name = text(200, load_default="sent over the API")
    content = text(LONGEST, required=True, metadata={"description": "The file: CSV, or JSON as text."})
    terms = fields.Nested(TermsSchema, required=True)
    template = Anything(metadata={"description": "A tariff; what holds now, if left out."})
    dry_run = fields.Boolean(load_default=False, truthy={True}, falsy={False})


class PriceSchema(Schema):
    start = Instant(required=True)
    end = Instant(required=True)
    price = Figure(required=True, metadata={"description": "Per kWh, as it stands in the tariff."})


class VersionFrom(Schema):
    valid_from = Instant(required=True)
    document = Anything(required=True)


class Imported(Schema):
    since = Instant(required=True)
    until = Instant(required=True)
    fallback = Figure(required=True)
    prices = fields.List(fields.Nested(PriceSchema), required=True)
    versions = fields.List(
        fields.Nested(VersionFrom),
        required=True,
        metadata={"description": "What is published; nothing when all of it was known."},
    )
    published = fields.List(fields.Integer(), **MAYBE, metadata={"description": "null: a dry run."})
    withdrawn = fields.List(fields.Integer(), required=True, metadata={"description": "Made room."})
    remarks = fields.List(fields.String(), required=True)


@section.get("/curves/sources", "sources", query=SourceQuery, answers=listed(SourceSchema))
def sources(call: Call) -> Listing:
    """List the folders that are looked into."""
    table = curve_sources
    wanted = [table.c.owner == each.code for each in (call.only, call.query.get("party")) if each]

    def of_row(row: Row[Any]) -> Json:
        found = curve_log.source(row)
        names = ("id", "tariff", "folder", "template", "author", "added_at", "looked_at", "trouble")
        plain = {name: getattr(found, name) for name in names}
        return plain | {"party": found.owner, "terms": found.terms.as_dict()}

    return Listing(select(table).where(*wanted), of_row, table.c.id)


@section.get("/curves/files", "files", query=FileQuery, answers=listed(FileSchema))
def files(call: Call) -> Listing:
    """List the files that were read, and what became of each."""
    table = curve_files
    wanted = [table.c.owner == each.code for each in (call.only, call.query.get("party")) if each]
    wanted += [table.c.outcome == call.query["outcome"]] if "outcome" in call.query else []

    def of_row(row: Row[Any]) -> Json:
        found = curve_log.read(row)
        names = ("content_hash", "read_at", "outcome", "told", "since", "until")
        return {name: getattr(found, name) for name in names} | {
            "id": row.id,
            "source": found.source_id,
            "party": found.owner,
            "tariff": found.key,
            "name": found.seen.name,
            "versions": list(found.numbers),
        }

    return Listing(select(table).where(*wanted), of_row, table.c.id)


@section.post("/curves/import", "import", takes=Import, answers=Imported)
def import_(call: Call) -> Json:
    """Publish the prices of a file, all of them or none; with `dry_run`, show what that would be."""
    body = call.body
    owner = owned(call, body["party"])
    terms = Terms(**{name: value for name, value in body["terms"].items() if told(name, value)})
    content = body["content"].encode()
    offered = Offered(body["name"], content, owner, body["tariff"], terms, body.get("template"))
    if body["dry_run"]:
        plan, made = curve_import.plan(call.unit, offered), None
    else:
        plan, made = curve_folders.by_hand(call.unit, offered, Edit(call.actor, call.reason))
    return {
        "since": plan.since,
        "until": plan.until,
        "fallback": plan.fallback,
        "prices": plan.prices,
        "versions": [{"valid_from": each.start, "document": each.document} for each in plan.dated],
        "published": None if made is None else [each.number for each in made],
        "withdrawn": plan.withdrawn,
        "remarks": plan.remarks,
    }


def told(name: str, value: Any) -> bool:
    """Whether a term is told: null is for those that can be none."""
    return value is not None or (name in FIGURES and name not in ("factor", "margin"))
