"""How one object that a partner sent, or that stood in its list, comes to be kept: the same rules for both.

    owner, checked = sender.check(body, now)        # in the words of its sender, without the database
    intake.keep(unit, sender, checked, owner)       # locked, compared, lifted, stored, or an OcpiError

Everything that can be refused is refused before anything of the object is written, so that a page of objects
may share one transaction.
"""

from dataclasses import dataclass
from enum import StrEnum

from hub.ocpi import instants
from hub.ocpi.document import Document, Json, Party
from hub.ocpi.errors import InvalidObject, InvalidParameter
from hub.ocpi.wire import Checked, Leniency, Wire, fold
from hub.parties import mendings
from hub.parties.partner import Partner
from hub.prices.shown import readers
from hub.store import charges, conflicts, documents
from hub.store.charges import Charge
from hub.store.documents import Stored
from hub.store.readers import RESTRICTED
from hub.store.unit import Unit
from hub.surroundings import StoreSurroundings
from hub.sync import counterparts, taking_back

LATEST = 24 * 3600 * 1_000_000
"""How far in the future a `last_updated` may lie: one bad clock must not freeze an object."""


class Kept(StrEnum):
    """What became of an object."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"
    STALE = "stale"


class NotOwn(InvalidParameter):  # TR-61
    """country_code and party_id are no party of this connection in the role that owns such objects."""


class OtherContent(InvalidParameter):  # CDR-03
    """A CDR with this id is stored already, with other content: CDRs never change."""


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends, and what: a partner, and a module in its edition; perhaps for whom, by routing headers."""

    partner: Partner
    wire: Wire
    to: Party | None = None

    def check(self, body: Json, now: int, written: bytes | None = None) -> tuple[Party, Checked]:
        """A whole object with its owner, as far as it can be judged without the database (TR-61)."""
        leniency = Leniency(self.partner.settings.lenient, self.only_owner, now)
        checked = self.wire.check(body, leniency, written=written)
        refuse_future(checked.body, now)
        return self.owner_of(checked.body), checked

    def owner_of(self, body: Json) -> Party:
        """Whose object it is: named in it from 2.2 on, before that the one owner of the connection."""
        if "country_code" in body and "party_id" in body:
            owner = Party.of(str(body["country_code"]), str(body["party_id"]))
            if owner in self.partner.parties(*self.wire.module.owners):
                return owner
        elif self.only_owner is not None:
            return self.only_owner
        raise NotOwn(fields={"party_id": f"not a {self.wire.module.owned_by} of this connection"})

    @property
    def only_owner(self) -> Party | None:
        """The one party of the connection that can own such objects, if it is one."""
        own = self.partner.parties(*self.wire.module.owners)
        return own[0] if len(own) == 1 else None

    def around(self, unit: Unit) -> StoreSurroundings:
        """What a translation may look up."""
        return StoreSurroundings(unit, self.partner.settings.traits)


def refuse_future(body: Json, now: int) -> None:
    if "last_updated" in body and instants.micros(body["last_updated"]) > now + LATEST:
        ahead = {"last_updated": "more than a day ahead"}
        raise InvalidObject("last_updated lies in the future", fields=ahead)


def keep(unit: Unit, sender: Sender, checked: Checked, owner: Party) -> Kept:
    """A whole object is kept unless a later word of it is known; equal moments apply, for the later to come
    may be the better one."""
    document = sender.wire.lift(checked, owner, sender.around(unit))
    existing = claimed(unit, sender.wire, document)
    if document.module == "cdrs":
        return keep_cdr(unit, sender, document, existing)
    if existing is not None and is_stale(existing, document):
        return Kept.STALE
    return store(unit, sender, document, existing)


def claimed(unit: Unit, wire: Wire, document: Document) -> Stored | None:
    """What is stored of the object, locked until the commit; 2.1.1 names a token whatever its type is."""
    newest = document.newest
    keys = dict.fromkeys((document.key, *wire.keys(str(newest[wire.module.id_field]), newest.get("type"))))
    found = (documents.claim(unit, document.module, document.owner, key) for key in keys)
    return next((each for each in found if each is not None), None)


def is_stale(existing: Stored, document: Document) -> bool:
    """Whether what is known is later; a deletion is a later word than the object that was deleted."""
    said = instants.micros(document.newest["last_updated"])
    return said < existing.last_updated or (existing.deleted and said == existing.last_updated)


def store(unit: Unit, sender: Sender, document: Document, existing: Stored | None) -> Kept:
    """Keep the object as a new revision, unless it says what is stored already or may not change so."""
    module, partner = sender.wire.module, sender.partner
    living = None if existing is None or existing.deleted else existing
    if module.allow is not None:
        module.allow(existing.document.newest if existing else None, document.newest)
    if document.mended:
        mendings.record(unit, partner.id, module.name, document.key, document.mended)
    if living and living.says(document):
        return Kept.SAME
    audience = module.heard_by_one(document.newest) if module.heard_by_one else None
    if module.name in RESTRICTED:
        audience = readers.audience(unit, document)
    elif module.addressed:
        refuse_brought_back(unit, existing, document)
        audience = counterparts.audience(unit, document, living, sender.to, partner.id)
    documents.save(unit, document, existing, audience=audience, source=partner.id)
    return Kept.CHANGED if living else Kept.NEW


def refuse_brought_back(unit: Unit, existing: Stored | None, document: Document) -> None:
    """What a party deleted comes back by a later word alone: what is sent in ignorance of its end is
    none. What the hub wrote and withdrew was no word of the party."""
    if existing is None or not existing.deleted or counterparts.is_of_the_hub(unit, existing):
        return
    if is_stale(existing, document):
        said = instants.text(existing.last_updated)
        raise InvalidParameter(
            f"This object was deleted: to bring it back it needs a last_updated later than {said}",
            fields={"last_updated": "not later than what was deleted"},
        )


# CDRs, received once and never changed (CDR-01 to CDR-06) ---------------------------------------------------


def keep_cdr(unit: Unit, sender: Sender, document: Document, existing: Stored | None) -> Kept:
    """A CDR that is new is kept, if it may be billed; the same once more changes nothing (CDR-04)."""
    if existing is None:
        settle(unit, document)
        return store(unit, sender, document, None)
    if existing.document.sent == document.sent or existing.document.newest == document.newest:
        return Kept.SAME
    conflicts.keep(unit, document)
    raise OtherContent


def settle(unit: Unit, document: Document) -> None:
    """What a new CDR means for the bill of its session."""
    if document.newest.get("credit"):
        taking_back.undo_bill(unit, document)
    else:
        refuse_second_bill(unit, document)


def refuse_second_bill(unit: Unit, document: Document) -> None:
    """A session is billed once: either by the hub's CDR or by the CPO's own."""
    session = document.newest.get("session_id")
    if session is None:
        return
    own = Charge(document.owner.code, fold(str(session)), charges.OWN, cdr_key=document.key)
    if not charges.keep(unit, own):
        raise InvalidParameter(
            "This session is billed already: by the hub, or by an earlier CDR that was not credited. "
            "The operator of the hub sets for each connection who issues the CDRs",
            fields={"session_id": "billed already"},
        )
