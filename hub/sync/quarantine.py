"""What was put aside is read again when it may be read by now: under another leniency, another version of the
connection, another release of the hub, or because an operator asks for it."""

import hashlib
from collections import Counter
from importlib.metadata import PackageNotFoundError, version

from hub.ocpi import strictjson
from hub.ocpi.document import Json
from hub.ocpi.errors import InvalidObject, OcpiError
from hub.ocpi.wire import WIRES, Wire
from hub.parties import registry
from hub.parties.partner import Partner
from hub.parties.rows import settings_text
from hub.store import quarantine
from hub.store.engine import Store
from hub.store.quarantine import Entry, Fault, Place
from hub.store.unit import Unit
from hub.sync import intake
from hub.sync.intake import Sender
from hub.sync.run import Outcome, Run

try:
    RELEASE = version("ocpi-hub")
except PackageNotFoundError:  # run from its sources
    RELEASE = "sources"


def place_of(partner: Partner, wire: Wire) -> Place:
    return Place(partner.id, wire.module.name, wire.edition.version, reading_of(partner))


def reading_of(partner: Partner) -> str:
    """A name for how objects of a partner are read at present."""
    reading = f"{RELEASE} {partner.version} {settings_text(partner.settings)}"
    return hashlib.sha256(reading.encode()).hexdigest()


def again(store: Store, entry: Entry) -> str:
    """Read an object once more; what became of it, or OcpiError, and it stays with what is wrong now."""
    try:
        with store.unit() as unit:
            return kept_again(unit, entry)
    except OcpiError as refused:
        with store.unit() as unit:
            place = place_of(*sender_of(unit, entry))
            quarantine.put(unit, place, entry.object_key, entry.raw, Fault(refused.message, refused.fields))
        raise


def kept_again(unit: Unit, entry: Entry) -> str:
    """The same in a unit, which is to be undone when OcpiError is raised: what became of the object."""
    sender = Sender(*sender_of(unit, entry))
    owner, checked = sender.check(an_object(entry.raw), unit.now)
    kept = intake.keep(unit, sender, checked, owner)
    quarantine.drop(unit, entry.id)
    return kept


def sender_of(unit: Unit, entry: Entry) -> tuple[Partner, Wire]:
    partner = registry.by_id(unit, entry.partner_id)
    assert partner is not None, "what lies here goes with its partner"
    return partner, WIRES[entry.module, entry.edition]


def an_object(raw: bytes) -> Json:
    item = strictjson.read(raw, quarantine.RAW_LIMIT)
    if not isinstance(item, dict):
        raise InvalidObject("not a JSON object")
    return item


def reread(run: Run) -> Outcome:
    """Everything whose partner is read otherwise than when it was put aside."""
    counts = Counter(outcome for entry in waiting(run.hub.store) for outcome in [tried(run, entry)])
    return Outcome(told=", ".join(f"{count} {what}" for what, count in sorted(counts.items())) or "nothing")


def tried(run: Run, entry: Entry) -> str:
    try:
        return again(run.hub.store, entry)
    except OcpiError:
        return "still bad"


def waiting(store: Store) -> list[Entry]:
    with store.reading() as unit:
        found = [registry.by_id(unit, partner) for partner in quarantine.partners(unit)]
        return [
            entry
            for partner in found
            if partner is not None
            for entry in quarantine.read_otherwise(unit, partner.id, reading_of(partner))
        ]
