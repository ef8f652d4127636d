"""All that is known around a CDR, looked up by indexes: the cost does not grow with what is stored."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from sqlalchemy import bindparam, select

from hub.billing.place import Located, located
from hub.clearing import partial, repricing, rows, rule_sets
from hub.clearing.case import Case, Other
from hub.clearing.checks import Settings
from hub.clearing.facts import Cost, Facts, facts_of
from hub.clearing.repricing import Repriced
from hub.ocpi import parts
from hub.ocpi.document import Json, Party
from hub.ocpi.editions.v2_1_1 import places
from hub.ocpi.errors import UnknownLocation
from hub.ocpi.module import Role
from hub.ocpi.modules import MODULES
from hub.ocpi.wire import fold, key_of
from hub.parties import agreements, mendings, registry
from hub.parties.agreements import Agreement, Pair
from hub.store import charges, documents
from hub.store.base import Instant
from hub.store.clearings import meter_keys
from hub.store.documents import TABLES, Stored
from hub.store.prepared import Prepared
from hub.store.unit import Unit

KEY = Prepared(
    every=select(meter_keys.c.public_key)
    .where(meter_keys.c.owner == bindparam("owner"), meter_keys.c.evse_key == bindparam("evse_key"))
    .where(meter_keys.c.valid_from <= bindparam("at", type_=Instant))
    .order_by(meter_keys.c.valid_from.desc())
    .limit(1)
)
SESSIONS = TABLES["sessions"].c
ANY_SESSION = Prepared(every=select(SESSIONS.seq).where(SESSIONS.owner == bindparam("owner")).limit(1))
DAYS = 90 * 86_400_000_000
"""How far back the usual price of an EVSE is looked for."""


Found = TypeVar("Found")
Look = Callable[[], Found]


class Desk:
    """What CDRs that are checked in one transaction have in common, looked up once."""

    def __init__(self, unit: Unit) -> None:
        self.unit = unit
        self.rated: list[rows.Rated] = []
        self._known: dict[tuple[object, ...], Any] = {}

    def agreement(self, pair: Pair, at: int) -> Agreement | None:
        """That which held at an instant."""
        every = self._once(("agreements", pair), lambda: agreements.with_pair(self.unit, pair))
        return agreements.holding(every, at)

    def settings(self, owner: str) -> Settings:
        """How the CDRs of a CPO are checked."""
        return self._once(("settings", owner), lambda: rule_sets.settings_for(self.unit, owner))

    def receives(self, emsp: Party) -> bool:
        """Whether an eMSP is there at all."""
        return self._once(("emsp", emsp), lambda: bool(registry.of_party(self.unit, emsp, Role.EMSP)))

    def runs_sessions(self, owner: Party) -> bool:
        """Whether a CPO sends sessions."""
        return self._once(("sessions", owner), lambda: bool(ANY_SESSION.all(self.unit, owner=owner.code)))

    def document(self, module: str, owner: Party, key: str) -> Stored | None:
        """A location or a token: many charge there, or with it."""
        return self._once((module, owner, key), lambda: documents.find(self.unit, module, owner, key))

    def _once(self, what: tuple[object, ...], look: Look[Found]) -> Found:
        if what not in self._known:
            self._known[what] = look()
        found: Found = self._known[what]
        return found


class Around:
    """The case of one CDR in one transaction, with what its row is to tell besides."""

    def __init__(self, desk: Desk, stored: Stored, row: Any) -> None:
        self.desk, self.unit, self.stored, self.row = desk, desk.unit, stored, row
        self.cdr: Json = stored.document.newest
        self.owner = Party.of_code(stored.owner)
        self.facts: Facts = facts_of(self.cdr)
        self.agreement: Agreement | None = self._agreement()
        self.repriced: Repriced = Repriced()
        self.in_place_of: str | None = None

    def case(self) -> Case:
        session = self._session()
        charge = self._charge()
        by_hub = charge is not None and charge.state == charges.RATED
        here = self._located()
        location, evse, connector = self._parts_of(here)
        subject = repricing.Subject(self.cdr)
        others = rows.near(self.unit, self.row)
        self.in_place_of = self._in_place_of(others)
        original = self._original()
        earlier = rows.credits_of(self.unit, self.row) if self.row.credits else []
        if not self.cdr.get("credit") and not by_hub:
            seen = self.stored.received_at if session is None else session.received_at
            self.repriced = repricing.by_the_book(self.unit, self.owner, subject, here, seen)
        if by_hub and charge is not None:
            self.repriced = repricing.as_billed(self.unit, charge)
        return Case(
            self.cdr,
            self.facts,
            self.owner,
            self.stored.received_at,
            by_hub=by_hub,
            replaces=self.row.kind == rows.REPLACEMENT or self.in_place_of is not None,
            senders=() if by_hub else (self.owner,),
            receivers=self._receivers(),
            agreement=None if self.agreement is None else self.agreement.terms,
            agreed=self.agreement is not None,
            session=None if session is None else session.document.newest,
            runs_sessions=self.desk.runs_sessions(self.owner),
            location=location,
            evse=evse,
            connector=connector,
            token=self._token(),
            others=others,
            original=None if original is None else original.document.newest,
            original_facts=None if original is None else facts_of(original.document.newest),
            credits=tuple(each.cdr_key for each in earlier),
            parts=self._parts(earlier),
            known=self.repriced.known,
            expected=self.repriced.recomputed,
            carried=repricing.by_its_own_tariffs(subject, self._zone(location)),
            usual=rows.usual(self.unit, self.row, self.facts.start - DAYS, self.desk.rated),
            registered_key=self._key(),
            last_key=rows.last_fingerprint(self.unit, self.row),
            mended=mendings.of_object(self.unit, self.owner, "cdrs", self.stored.key),
        )

    def _agreement(self) -> Agreement | None:
        pair = Pair(self.owner, Party.of_code(self.row.emsp), self.row.currency)
        return self.desk.agreement(pair, self.facts.start)

    def _session(self) -> Stored | None:
        session = self.cdr.get("session_id")
        return None if session is None else documents.find(self.unit, "sessions", self.owner, fold(session))

    def _charge(self) -> charges.Charge | None:
        session = self.cdr.get("session_id")
        charge = None if session is None else charges.seen(self.unit, self.owner.code, fold(session))
        return charge if charge is not None and charge.cdr_key == self.stored.key else None

    def _receivers(self) -> tuple[Party, ...]:
        party = Party.of_code(self.row.emsp)
        return (party,) if self.desk.receives(party) else ()

    def _located(self) -> Located | None:
        found = self.desk.document("locations", self.owner, fold(self.cdr["cdr_location"]["id"]))
        return None if found is None else located(self.unit, found, self.facts.start)

    def _parts_of(self, here: Located | None) -> tuple[Json | None, Json | None, Json | None]:
        """Location, EVSE and connector as they were at the start, as far as they are known."""
        if here is None:
            return None, None, None
        told, location = self.cdr["cdr_location"], here.then.document.newest
        try:
            evse = parts.find_evse(location, told["evse_uid"])
            return location, evse, parts.find_connector(evse, told["connector_id"])
        except UnknownLocation:
            return location, None, None

    def _zone(self, location: Json | None) -> str | None:
        """That of the location; where it is not known, that of its country, or of the nearest city there."""
        if location is not None:
            return str(location["time_zone"])
        told = self.cdr["cdr_location"]
        place = told["coordinates"]
        return places.time_zone(told["country"], place["latitude"], place["longitude"])

    def _token(self) -> Json | None:
        told, party = self.cdr["cdr_token"], Party.of_code(self.row.emsp)
        key = key_of(MODULES["tokens"], told["uid"], told["type"])
        found = self.desk.document("tokens", party, key)
        return None if found is None else found.document.newest

    def _original(self) -> Stored | None:
        if self.row.credits is None:
            return None
        return documents.find(self.unit, "cdrs", self.owner, self.row.credits)

    def _in_place_of(self, others: Sequence[Other]) -> str | None:
        """The CDR that its CPO credited before it sent this one; None when that is known already."""
        found = rows.in_place_of(self.row, others) if self.row.kind == rows.NORMAL else None
        return None if found is None else found.key

    def _parts(self, earlier: Sequence[Any]) -> tuple[Cost, ...]:
        if self.row.credits is None:
            return ()
        lines = partial.by_lines(self.unit, self.row.owner, self.row.credits)
        return partial.by_cdrs(self.unit, earlier) + lines

    def _key(self) -> str | None:
        """The public key registered for the EVSE at the time."""
        row = KEY.first(self.unit, owner=self.row.owner, evse_key=self.row.evse_key, at=self.facts.start)
        return None if row is None else str(row.public_key)
