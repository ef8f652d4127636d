"""The price book: tariffs, their versions, who may read them, and what changes when."""

from typing import Any
from urllib.parse import quote

from marshmallow import Schema, fields, validate
from sqlalchemy import ColumnElement, Row, literal, select

from hub.ocpi.document import Json, Party
from hub.ocpi.wire import fold
from hub.operator.call import Call
from hub.operator.fields import (
    MAYBE,
    Anything,
    Because,
    Exactly,
    Instant,
    ListQuery,
    PartyField,
    WholeNumber,
    listed,
    sorting,
    word,
)
from hub.operator.paging import Listing
from hub.operator.pricing import When, edit, owned, zone
from hub.operator.problems import Conflict, NotFound, Unfit
from hub.operator.resources import objects
from hub.operator.section import Located, Section
from hub.prices.book import comparing, publishing, versions
from hub.prices.book.drafting import drafted
from hub.prices.book.versions import Turn, Version
from hub.prices.rules import rows as rule_rows
from hub.prices.shown import readers
from hub.store.base import Instant as Micros
from hub.store.pricebook import tariff_versions
from hub.sync import telling

section = Section("tariffs", "The price book: what each tariff says, and when it says so.")

ONE = f"/tariffs/{objects.OWNER}/<object_id>"
MOST_TURNS = 1000
MOST_TRIES = 20
HIGHEST = 2**31 - 1
"""No version has a higher number."""
VERSION = f"{ONE}/versions/<int(max={HIGHEST}):number>"


def version_number(**options: Any) -> fields.Integer:
    return WholeNumber(validate=validate.Range(1, HIGHEST), **options)


class VersionSchema(Schema):
    number = fields.Integer(required=True)
    valid_from = Instant(required=True)
    valid_to = Instant(**MAYBE, metadata={"description": "Just before which it ends; null: open."})
    recorded_at = Instant(required=True)
    author = fields.String(required=True)
    reason = fields.String(**MAYBE)
    origin = fields.String(required=True, metadata={"description": "OCPI: its CPO sent it. Else OPERATOR."})
    supersedes = fields.Integer(**MAYBE)
    withdrawn_at = Instant(**MAYBE, metadata={"description": "Taken back before it took force."})
    taken_at = Instant(**MAYBE, metadata={"description": "When partners could see it first."})
    edition = fields.String(required=True)
    content_hash = fields.String(required=True)


class VersionDetails(VersionSchema):
    document = Anything(required=True, metadata={"description": "The Tariff of OCPI 2.3.0."})


class TariffSchema(Schema):
    party = PartyField(required=True)
    id = fields.String(required=True)
    currency = fields.String(**MAYBE)
    type = fields.String(**MAYBE)
    latest = fields.Integer(required=True, metadata={"description": "The highest number of a version."})
    present = fields.Integer(**MAYBE, metadata={"description": "The version that holds now."})
    valid_from = Instant(**MAYBE)
    valid_to = Instant(**MAYBE)
    planned = fields.List(
        fields.Integer(), required=True, metadata={"description": "Versions still to begin."}
    )
    readers = fields.List(
        PartyField(),
        required=True,
        allow_none=True,
        metadata={"description": "Who may read it besides its owner; null: everybody."},
    )


class TariffDetails(TariffSchema):
    document = Anything(
        **MAYBE, metadata={"description": "What holds now, as a Tariff of OCPI 2.3.0; null: nothing does."}
    )
    given_after = fields.List(
        fields.Integer(),
        required=True,
        metadata={
            "description": "The rules that still give it when it has ended: whoever they are for is held"
            " then, with RULE_TARIFF_NOT_IN_FORCE, until they end or a version begins."
        },
    )


class TariffQuery(ListQuery):
    sort = sorting("-id", "key")
    party = PartyField(metadata={"description": "Only those of this owner, as NL/CPO."})


class VersionQuery(ListQuery):
    sort = sorting("-number")


class Published(When):
    tariff = Anything(
        required=True, metadata={"description": "A Tariff of OCPI 2.1.1, 2.2.1 or 2.3.0, as it is to be."}
    )
    valid_to = Instant(allow_none=True, metadata={"description": "Where it ends; else at the next version."})
    readers = fields.List(
        PartyField(),
        allow_none=True,
        metadata={
            "description": "From now on only these parties may read the tariff; null or [] is everybody."
        },
    )


class NewTariff(Published):
    party = PartyField(required=True, metadata={"description": "Whose tariff it is."})


class Reverted(When):
    to = version_number(required=True, metadata={"description": "The number of the version to go back to."})


class Readers(Because):
    readers = fields.List(PartyField(), required=True, allow_none=True)


class DiffQuery(Schema):
    old = version_number(metadata={"description": "The version that holds, if left out."})
    new = version_number(metadata={"description": "The latest version, if left out."})
    time_zone = zone()


class Diff(Schema):
    old = fields.Integer(required=True)
    new = fields.Integer(required=True)
    time_zone = fields.String(required=True)
    changes = Exactly(**MAYBE, metadata={"description": "In words, in prices, in the cost of sessions."})


class TurnSchema(Schema):
    at = Instant(required=True)
    party = PartyField(required=True)
    id = fields.String(required=True)
    before = fields.Integer(**MAYBE, metadata={"description": "The version that holds until then."})
    after = fields.Integer(**MAYBE, metadata={"description": "The version that holds from then on."})
    author = fields.String(**MAYBE)
    reason = fields.String(**MAYBE)


class TrySchema(Schema):
    at = Instant(required=True)
    version = fields.Integer(**MAYBE, metadata={"description": "Null: it was sent that there is none."})
    outcome = fields.String(required=True)
    answer = fields.String(**MAYBE)
    correlation_id = fields.String(**MAYBE)


class ToldSchema(Schema):
    partner = fields.String(required=True)
    parties = fields.List(PartyField(), required=True)
    edition = fields.String(**MAYBE, metadata={"description": "The version of OCPI that it speaks."})
    state = word(*telling.STATES, required=True)
    version = fields.Integer(
        **MAYBE,
        metadata={
            "description": "The one it confirmed, is owed, or sees when it pulls; null: there is none."
        },
    )
    owed_at = Instant(**MAYBE)
    ended_at = Instant(**MAYBE, metadata={"description": "When it was confirmed, refused or withheld."})
    answer = fields.String(**MAYBE, metadata={"description": "What was wrong with the last answer."})
    delivery = fields.Integer(**MAYBE, metadata={"description": "Its number in /deliveries."})
    tries = fields.List(fields.Nested(TrySchema), required=True)


class ToldList(Schema):
    items = fields.List(fields.Nested(ToldSchema), required=True)


class TurnQuery(Schema):
    since = Instant(metadata={"description": "Now, if left out."})
    until = Instant(metadata={"description": "Just before which; all that is to come, if left out."})
    party = PartyField(metadata={"description": "Only tariffs of this owner."})


class Turns(Schema):
    items = fields.List(fields.Nested(TurnSchema), required=True)
    more = fields.Boolean(required=True, metadata={"description": f"Whether there are over {MOST_TURNS}."})


# Looking ---------------------------------------------------------------------------------------------------


@section.get("/tariffs", "list", query=TariffQuery, answers=listed(TariffSchema))
def list_(call: Call) -> Listing:
    """List the tariffs that there are, were or will be."""
    table = tariff_versions
    wanted: list[ColumnElement[bool]] = [table.c.number == 1]
    wanted += [table.c.owner == each.code for each in (call.only, call.query.get("party")) if each]

    def of_row(row: Row[Any]) -> Json:
        return summary(call, Party.of_code(row.owner), row.key)

    found = select(table.c.id, table.c.owner, table.c.key).where(*wanted)
    return Listing(found, of_row, table.c.id, {"key": table.c.key})


@section.get(ONE, "show", answers=TariffDetails)
def show(call: Call, **path: str) -> Json:
    """Show a tariff: what holds now, since when and until when, and what is planned."""
    owner, key, _ = known(call, path)
    return detailed(call, owner, key)


@section.get(f"{ONE}/versions", "versions", query=VersionQuery, answers=listed(VersionSchema))
def versions_(call: Call, **path: str) -> Listing:
    """List every version of a tariff, those withdrawn included."""
    owner, key, _ = known(call, path)
    table = tariff_versions
    mine = (table.c.owner == owner.code, table.c.key == key)

    def of_row(row: Row[Any]) -> Json:
        return told(versions.version(row))

    found = versions.timeline(literal(versions.ALWAYS, Micros)).where(*mine)
    return Listing(found, of_row, table.c.id, {"number": table.c.number})


@section.get(VERSION, "version", answers=VersionDetails)
def version(call: Call, number: int, **path: str) -> Json:
    """Show what a version says. That never changes."""
    owner, key, _ = known(call, path)
    found = numbered(call, owner, key, number)
    return told(found) | {"document": found.document.newest}


@section.get(f"{ONE}/diff", "diff", query=DiffQuery, answers=Diff)
def diff(call: Call, **path: str) -> Json:
    """Compare two versions: in words, in prices by time of the week, and in what sessions cost."""
    owner, key, latest = known(call, path)
    held = present(call, owner, key)
    old = numbered(call, owner, key, call.query.get("old", 1 if held is None else held.number))
    new = numbered(call, owner, key, call.query.get("new", latest))
    place = call.query.get("time_zone") or comparing.time_zone_of(call.unit, owner)
    found = comparing.compared(old, new, place)
    return {
        "old": old.number,
        "new": new.number,
        "time_zone": place,
        "changes": None if found is None else found.as_dict(),
    }


@section.get(f"{ONE}/told", "told", answers=ToldList)
def told_to(call: Call, **path: str) -> Json:
    """Tell what each partner was told of a tariff, and when: the version, the tries, what it answered."""
    owner, key, _ = known(call, path)
    return {"items": telling.of_tariff(call.unit, owner, key, MOST_TRIES)}


@section.get("/tariff-changes", "changes", query=TurnQuery, answers=Turns)
def changes(call: Call) -> Json:
    """Tell what takes force or ends between two instants; all that is to come, if none is given."""
    since = call.query.get("since", call.unit.now)
    until = call.query.get("until", versions.ALWAYS)
    wanted = call.query.get("party")
    if wanted is not None:
        owned(call, wanted)
    found = versions.changes_between(call.unit, since, until, wanted or call.only)
    return {"items": [told_turn(each) for each in found[:MOST_TURNS]], "more": len(found) > MOST_TURNS}


# Changing --------------------------------------------------------------------------------------------------


@section.post("/tariffs", "create", takes=NewTariff, answers=TariffDetails, status=201)
def create(call: Call) -> Located:
    """Publish a tariff that was not there. It holds from `valid_from` on, or from now on."""
    owner, tariff = owned(call, call.body["party"]), call.body["tariff"]
    document = drafted(call.unit, tariff, owner, call.unit.now)
    if versions.latest(call.unit, owner, document.key):
        raise Conflict(
            f"{owner} has a tariff {tariff['id']} already.",
            remedy="PUT to its address publishes the next version of it.",
        )
    publish_one(call, owner, document.key, 0)
    told = detailed(call, owner, document.key)
    return Located(told, f"/api/v1/tariffs/{owner}/{quote(told['id'], safe='')}")


@section.put(ONE, "publish", takes=Published, answers=TariffDetails, current=show)
def publish(call: Call, **path: str) -> Json:
    """Publish the next version of a tariff. The same content again changes nothing.

    What began before keeps the version of its start. Two who have read the same state: one of them has 412.
    """
    owner, key, latest = known(call, path)
    named = call.body["tariff"].setdefault("id", path["object_id"])
    if fold(str(named)) != key:
        raise Unfit("The tariff has another id than its address.", fields={"tariff.id": f"is not {key}"})
    publish_one(call, owner, key, latest)
    return show(call, **path)


@section.post(f"{ONE}/end", "end", takes=When, answers=TariffDetails, current=show)
def end(call: Call, **path: str) -> Json:
    """Let the tariff end, at `valid_from` or now: from then on it does not hold until a version begins.

    `given_after` of the answer names the rules that would still give it then.
    """
    owner, key, latest = known(call, path)
    publishing.end(call.unit, owner, key, edit(call, latest))
    return show(call, **path)


@section.post(f"{ONE}/revert", "revert", takes=Reverted, answers=TariffDetails, current=show)
def revert(call: Call, **path: str) -> Json:
    """Publish once more what an earlier version said."""
    owner, key, latest = known(call, path)
    publishing.revert(call.unit, owner, key, call.body["to"], edit(call, latest))
    return show(call, **path)


@section.post(f"{VERSION}/withdraw", "withdraw", takes=Because, answers=VersionDetails, current=version)
def withdraw(call: Call, number: int, **path: str) -> Json:
    """Take back a version that has not taken force yet."""
    owner, key, latest = known(call, path)
    publishing.withdraw(call.unit, owner, key, number, edit(call, latest))
    return version(call, number, **path)


@section.put(f"{ONE}/readers", "set-readers", takes=Readers, answers=TariffDetails, current=show)
def set_readers(call: Call, **path: str) -> Json:
    """Say who may read a tariff. Those who lose it are sent a DELETE, those who gain it a PUT."""
    owner, key, _ = known(call, path)
    restrict(call, owner, key, call.body["readers"])
    return show(call, **path)


def publish_one(call: Call, owner: Party, key: str, latest: int) -> None:
    """Who may read it is settled first, so that nobody sees it meanwhile."""
    if "readers" in call.body:
        restrict(call, owner, key, call.body["readers"])
    publishing.publish(call.unit, call.body["tariff"], owner, edit(call, latest))


def restrict(call: Call, owner: Party, key: str, parties: list[Party] | None) -> None:
    before = names(readers.of(call.unit, owner, key))
    readers.restrict(call.unit, owner, key, parties or ())
    after = names(readers.of(call.unit, owner, key))
    if before != after:
        call.record("readers", f"tariff/{owner}/{key}", {"readers": before}, {"readers": after})


def names(parties: frozenset[Party] | None) -> list[str] | None:
    return None if parties is None else sorted(map(str, parties))


# Telling ---------------------------------------------------------------------------------------------------


def known(call: Call, path: Json) -> tuple[Party, str, int]:
    """Owner, key and the number of the latest version; NotFound also when it is not this user's to see."""
    owner, key = objects.key_of(call, path)
    latest = versions.latest(call.unit, owner, key) if call.sees(owner) else 0
    if not latest:
        raise NotFound(
            f"{owner} has no tariff {path['object_id']!r}.",
            remedy="GET /api/v1/tariffs lists those there are.",
        )
    return owner, key, latest


def present(call: Call, owner: Party, key: str) -> Version | None:
    """What holds now."""
    found = begun(call, owner, key, call.unit.now)
    return found if holds(found, call.unit.now) else None


def begun(call: Call, owner: Party, key: str, by: int) -> Version | None:
    """The version that is the last to begin by an instant."""
    row = versions.LAST_BEGUN.first(call.unit, owner=owner.code, key=key, start=by, seen=versions.ALWAYS)
    return None if row is None else versions.version(row)


def planned(call: Call, owner: Party, key: str) -> list[int]:
    table = tariff_versions
    mine = (table.c.owner == owner.code, table.c.key == key, table.c.withdrawn_at.is_(None))
    coming = select(table.c.number).where(*mine, table.c.valid_from > call.unit.now)
    return list(call.unit.connection.execute(coming.order_by(table.c.valid_from)).scalars())


def numbered(call: Call, owner: Party, key: str, number: int) -> Version:
    found = versions.by_number(call.unit, owner, key, number)
    if found is None:
        raise NotFound(f"{owner} {key} has no version {number}.", remedy="GET its /versions lists them.")
    return found


def summary(call: Call, owner: Party, key: str) -> Json:
    latest = versions.latest(call.unit, owner, key)
    held = present(call, owner, key)
    document = (held or numbered(call, owner, key, latest)).document.newest
    may_read = readers.of(call.unit, owner, key)
    return {
        "party": owner,
        "id": document["id"],
        "currency": document.get("currency"),
        "type": document.get("type"),
        "latest": latest,
        "present": held and held.number,
        "valid_from": held and held.valid_from,
        "valid_to": held and held.valid_to,
        "planned": planned(call, owner, key),
        "readers": None if may_read is None else sorted(may_read),
        "document": held and document,
    }


def detailed(call: Call, owner: Party, key: str) -> Json:
    return summary(call, owner, key) | {"given_after": given_after(call, owner, key)}


def given_after(call: Call, owner: Party, key: str) -> list[int]:
    """The rules that give it when it has ended; none while no end is set."""
    shown = (present(call, owner, key), begun(call, owner, key, versions.ALWAYS))
    ends = [each.valid_to for each in shown if each is not None and each.valid_to is not None]
    after = next((end for end in ends if not holds(begun(call, owner, key, end), end)), None)
    return [] if after is None else [rule.id for rule in rule_rows.giving(call.unit, owner, key, after)]


def holds(version: Version | None, at: int) -> bool:
    return version is not None and version.holds_at(at)


def told(found: Version) -> Json:
    return {name: getattr(found, name) for name in Version.__annotations__ if name not in ("sent", "newest")}


def told_turn(turn: Turn) -> Json:
    shown = turn.after or turn.before
    assert shown is not None
    return {
        "at": turn.at,
        "party": Party.of_code(turn.owner),
        "id": shown.document.newest["id"],
        "before": turn.before and turn.before.number,
        "after": turn.after and turn.after.number,
        "author": turn.after and turn.after.author,
        "reason": turn.after and turn.after.reason,
    }
