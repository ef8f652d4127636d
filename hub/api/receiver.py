"""The Receiver interface: the owner of objects puts, patches, deletes and reads back its own."""

from collections.abc import Iterable
from dataclasses import dataclass

from flask import Response

from hub.api import envelope, guard
from hub.api.sender import part_of
from hub.ocpi import instants, parts, patching
from hub.ocpi.document import Json, Party
from hub.ocpi.errors import InvalidObject, InvalidParameter, NotExpressible, UnknownObject
from hub.ocpi.wire import Checked, Wire, fold
from hub.store import documents
from hub.store.documents import Stored
from hub.store.unit import Unit
from hub.sync import counterparts, intake
from hub.sync.intake import Sender, refuse_future

OF_ITS_OWN = frozenset({"status", "last_updated"})
"""What a part may change without contradicting the whole: the most frequent of all requests."""


@dataclass(frozen=True, slots=True)
class Target:
    """The object, and perhaps the part of it, that a request names in its path."""

    owner: Party
    object_id: str
    evse_uid: str | None = None
    connector_id: str | None = None

    @classmethod
    def of(cls, wire: Wire, country_code: str, party_id: str, object_id: str, **part: str) -> "Target":
        """404 unless the party is one of the caller's own in the role that owns the module (TR-58)."""
        owner = Party.of(country_code, party_id)
        if owner not in guard.caller().partner.parties(*wire.module.owners):
            raise wire.module.missing(f"{owner} is not a {wire.module.owned_by} party of this connection")
        return cls(owner, object_id, **part)

    @property
    def part(self) -> str | None:
        """The name of the part in the tables of schemas."""
        return "connectors" if self.connector_id else "evses" if self.evse_uid else None

    @property
    def own_id(self) -> str:
        """The id that the body must repeat."""
        return self.connector_id or self.evse_uid or self.object_id


def get(wire: Wire, **path: str) -> Response:
    """The object as the hub keeps it, in the caller's edition (CDR-02 among others)."""
    target = Target.of(wire, **path)
    with guard.hub().store.reading() as unit:
        stored = own(unit, wire, found(unit, wire, target))
        try:
            body = wire.dump(stored.document, guard.around(unit))
        except NotExpressible as reason:
            raise wire.module.missing(f"Not available in OCPI {wire.edition.version}: {reason}") from reason
    return envelope.answer(part_of(body, target.evse_uid, target.connector_id))


def put(wire: Wire, **path: str) -> Response:
    """Create or replace an object or a part of it (TR-50, LOC-03); 201 when it is new (TR-16)."""
    target = Target.of(wire, **path)
    body, written = guard.body_and_written()
    checked = wire.check(body, guard.leniency(target.owner), target.part, written)
    agree(wire, target, checked.body, guard.argument("type"))
    with guard.hub().store.unit() as unit:
        existing = claimed(unit, wire, target, checked.body.get("type"))
        created = existing is None or existing.deleted
        if target.part:
            current = wire.dump(living(wire, existing).document, guard.around(unit))
            created = not has_part(current, target)
            checked = whole(wire, target, current, checked)
        store(unit, wire, target, checked, existing)
    return envelope.answer(http_status=201 if created else 200)


def patch(wire: Wire, **path: str) -> Response:
    """Change the fields sent, of an object or a part that exists (TR-51 to TR-55)."""
    target = Target.of(wire, **path)
    changes = guard.body()
    if wire.edition.patch_needs_last_updated and not changes.get("last_updated"):
        raise InvalidObject("A PATCH needs last_updated", fields={"last_updated": "required"})  # TR-52
    with guard.hub().store.unit() as unit:
        existing = living(wire, claimed(unit, wire, target))
        current = wire.dump(existing.document, guard.around(unit))
        before = part_of(current, target.evse_uid, target.connector_id)
        changes = {"last_updated": instants.text(unit.now)} | changes  # 2.1.1 may leave it out (C1)
        merged = merge(wire, target, before, changes)
        agree(wire, target, merged.body, guard.argument("type") or type_of(wire, before))
        if patching.is_stale(before, merged.body):  # TR-55
            return envelope.answer()
        if target.part and changes.keys() <= OF_ITS_OWN:
            merged = Checked(spliced(current, target, merged.body), merged.mended)
        elif target.part:
            merged = whole(wire, target, current, merged)
        store(unit, wire, target, merged, existing)
    return envelope.answer()


def delete(wire: Wire, **path: str) -> Response:
    """Delete an object (TAR-03)."""
    target = Target.of(wire, **path)
    with guard.hub().store.unit() as unit:
        existing = own(unit, wire, claimed(unit, wire, target))
        counterparts.refuse_if_of_the_hub(unit, existing)
        documents.remove(unit, existing, source=guard.caller().partner.id)
    return envelope.answer()


def merge(wire: Wire, target: Target, before: Json, changes: Json) -> Checked:
    """The patched object, checked; from 2.2 on the periods of a session are appended (SES-02, SES-05)."""
    merged = wire.check(patching.merge(before, changes), guard.leniency(target.owner), target.part)
    appended = wire.module.appended
    if not appended or appended not in changes or not wire.edition.patch_appends_periods:
        return merged
    periods = patching.append_periods(before.get(appended), merged.body.get(appended))
    return Checked(merged.body | {appended: periods}, merged.mended)


def found(unit: Unit, wire: Wire, target: Target) -> Stored | None:
    """The object that the path names, if the store has it."""
    keys = wire.keys(target.object_id, guard.argument("type"))
    return first(documents.find(unit, wire.module.name, target.owner, key) for key in keys)


def claimed(unit: Unit, wire: Wire, target: Target, kind: str | None = None) -> Stored | None:
    """The same, locked until the commit. `kind` is what the body says of a token's type."""
    keys = wire.keys(target.object_id, guard.argument("type") or kind)
    return first(documents.claim(unit, wire.module.name, target.owner, key) for key in keys)


def first(candidates: Iterable[Stored | None]) -> Stored | None:
    return next((candidate for candidate in candidates if candidate is not None), None)


def living(wire: Wire, existing: Stored | None) -> Stored:
    if existing is None or existing.deleted:
        raise wire.module.missing
    return existing


def own(unit: Unit, wire: Wire, existing: Stored | None) -> Stored:
    """It is there, and not of another platform that speaks for the same party in another role."""
    known = living(wire, existing)
    if not counterparts.is_of(unit, known, guard.caller().partner.id):
        raise wire.module.missing
    return known


def type_of(wire: Wire, body: Json) -> str | None:
    """The type that a PATCH may not change, because it is part of the identity (TOK-01); not so in 2.1.1."""
    return str(body["type"]) if wire.module.typed and wire.edition.routing_headers else None


def agree(wire: Wire, target: Target, body: Json, kind: str | None) -> None:
    """URL and body must name the same object (TR-56, TR-57); `kind` is the type it has (TOK-02)."""
    wanted = {wire.id_field(target.part): target.own_id}
    if target.part is None:
        wanted |= {"country_code": target.owner.country_code, "party_id": target.owner.party_id}
        if kind is not None and wire.module.typed:
            wanted["type"] = kind
    for field, value in wanted.items():
        if fold(str(body.get(field, value))) != fold(value):
            raise InvalidParameter(
                f"{field} differs between URL and body", fields={field: "differs from the URL"}
            )
    refuse_future(body, guard.now())


def has_part(location: Json, target: Target) -> bool:
    try:
        part_of(location, target.evse_uid, target.connector_id)
    except UnknownObject:
        return False
    return True


def whole(wire: Wire, target: Target, location: Json, part: Checked) -> Checked:
    """The location with this part, checked once more: they may contradict each other (LOC-22)."""
    checked = wire.check(spliced(location, target, part.body), guard.leniency(target.owner))
    return Checked(checked.body, part.mended)


def spliced(location: Json, target: Target, part: Json) -> Json:
    """The location with this EVSE or connector put in; its last_updated climbs (LOC-04)."""
    if target.connector_id:
        return parts.splice_connector(location, target.evse_uid or "", part)
    return parts.splice_evse(location, part)


def store(unit: Unit, wire: Wire, target: Target, checked: Checked, existing: Stored | None) -> None:
    """Keep the object as a new revision, unless it says what is stored already."""
    document = wire.lift(checked, target.owner, guard.around(unit))
    intake.store(unit, Sender(guard.caller().partner, wire, guard.route().to), document, existing)
