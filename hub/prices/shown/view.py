"""A view: tariffs, locations, sessions and CDRs as one partner sees them; `showing` makes it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import bindparam, select

from hub.ocpi import instants, strictjson
from hub.ocpi.document import Document, Json, Party
from hub.ocpi.editions import NEWEST
from hub.ocpi.surroundings import Traits
from hub.ocpi.wire import Wire, fold
from hub.prices.rules import memberships, situation
from hub.prices.rules.rules import Kind
from hub.prices.rules.situation import Situation
from hub.prices.shown import coming, naming, readers
from hub.prices.shown.coming import Coming
from hub.prices.shown.placed import Placed
from hub.prices.shown.readers import Hidden
from hub.prices.shown.rewriting import (
    Rewriting,
    climbing,
    each_connector,
    found_in,
    freshened,
    spoken,
    with_tariffs,
)
from hub.store.prepared import Prepared
from hub.store.readers import sightings
from hub.store.unit import Unit
from hub.surroundings import StoreSurroundings

ONE_TARIFF = frozenset({"2.1.1"})
"""The editions whose connectors name one tariff, in `tariff_id`."""
EMBEDDED = b'"tariffs":[{'
"""How the tariffs inside a CDR begin."""
STARTS = ("start_date_time", "start_datetime")
"""The start of a session or CDR, in any edition."""
SIGHTED = Prepared(
    every=select(sightings.c.changed_at).where(
        sightings.c.module == bindparam("module"),
        sightings.c.document == bindparam("document"),
        sightings.c.party == bindparam("party"),
    )
)


@dataclass(frozen=True, slots=True)
class Own:
    """What of a view stays the same until readers or rules change.

    states  the names of readers and rules that it was made of
    some    whether any tariff is, or ever was, for some only
    hidden  what its parties may not read, or could not
    rules   of each owner, those that show at connectors
    """

    states: object
    some: bool
    hidden: Hidden
    rules: Mapping[str, Placed]


@dataclass(frozen=True, slots=True)
class View:
    """What a partner sees in one transaction.

    parties  those of the partner that hear of tariffs
    owned    codes of its own CPOs, of which it sees everything as it is
    known    the tariffs that were looked up already
    """

    unit: Unit
    parties: tuple[Party, ...]
    owned: frozenset[str]
    own: Own
    coming: Coming
    known: StoreSurroundings

    @property
    def codes(self) -> tuple[str, ...]:
        """For `pages.Viewer.readers`."""
        return tuple(party.code for party in self.parties)

    def around(self, traits: Traits) -> "ViewedSurroundings":
        """What a translation for this partner may look up."""
        return ViewedSurroundings(self.unit, traits, view=self)

    def hides(self, owner: Party, tariff_id: str, at: int | None = None) -> bool:
        """Whether it may not know of a tariff: now, or of one that was used at an instant."""
        spans = self.own.hidden.get(owner.code, {}).get(fold(tariff_id))
        if spans is None or owner.code in self.owned:
            return False
        return readers.within(spans, self.unit.now if at is None else at)

    def sighted(self, module: str, document: int) -> int | None:
        """Since when it sees a document so, if that changed without the document."""
        given = [
            SIGHTED.first(self.unit, module=module, document=document, party=code) for code in self.codes
        ]
        return max((row.changed_at for row in given if row is not None), default=None)

    # Whether there is anything to do -----------------------------------------------------------------------

    def changes(self, module: str, row: Any) -> bool:
        """Whether it sees this row (owner, key, body, sighted) otherwise than everybody."""
        if row.owner in self.owned:
            return False
        return row.sighted is not None or TOUCHED[module](self, row)

    def touches_tariff(self, row: Any) -> bool:
        return (row.owner, row.key) in self.coming.ends

    def touches_location(self, row: Any) -> bool:
        rules = self.own.rules.get(row.owner)
        if rules is not None and rules.concerns(row.key):
            return True
        hidden, futures = self.own.hidden.get(row.owner, {}), self.coming.futures
        if not hidden and row.owner not in self.coming.owners:
            return False
        return any(key in hidden or (row.owner, key) in futures for key in named_in(row.body))

    def touches_use(self, row: Any) -> bool:
        """A session or CDR that names a tariff which is, or was, hidden; or has tariffs in it."""
        hidden = self.own.hidden.get(row.owner, {})
        return bool(hidden) and (EMBEDDED in row.body or any(key in hidden for key in named_in(row.body)))

    # What is shown -----------------------------------------------------------------------------------------

    def body(
        self, wire: Wire, document: Document, around: "ViewedSurroundings", sighted: int | None = None
    ) -> Json:
        """The object as the partner sees it, in its edition; NotExpressible when that has no form for it.

        sighted  since when it sees it so, if that ever changed without the object
        """
        if document.owner.code in self.owned:
            return wire.dump(document, around)
        if wire.module.name == "locations":
            return wire.show(spoken(wire, document, self.location(document, sighted)), around)
        if wire.module.name == "tariffs":
            return wire.show(spoken(wire, document, self.tariff(document, sighted)), around)
        return self.used(wire.show(document, around), document.owner)

    def tariff(self, document: Document, sighted: int | None) -> Rewriting:
        """With the end of its validity, where the partner would not be told of it at the instant."""
        end = self.coming.ends.get((document.owner.code, document.key))
        return lambda body, _: freshened(body, sighted) | coming.ending(body, end)

    def used(self, body: Json, owner: Party) -> Json:
        """A session or CDR less the tariffs that the partner could not read when it began."""
        at = instants.micros(next(body[name] for name in STARTS if name in body))
        kept = self.without_hidden(body, owner, at)
        embedded = kept.get("tariffs") or []
        tariffs = [each for each in embedded if not self.hides(owner, each["id"], at)]
        return kept if len(tariffs) == len(embedded) else kept | {"tariffs": tariffs}

    def without_hidden(self, body: Json, owner: Party, at: int) -> Json:
        """Less the ids that it may not know. To write the object and search it is a tenth of walking it."""
        hidden = self.own.hidden.get(owner.code, {})
        if not hidden or not any(key in hidden for key in named_in(strictjson.write(body))):
            return body
        less: Json = naming.without(body, lambda tariff_id: not self.hides(owner, tariff_id, at))
        return less

    def location(self, document: Document, sighted: int | None) -> Rewriting:
        """With the tariffs that hold for the partner at each connector."""
        owner, given = document.owner, self.given(document)

        def shown(body: Json, edition: str) -> Json:
            several = edition not in ONE_TARIFF
            for_it = each_connector(body, lambda *place: given(*place, several=several))
            kept = self.without_hidden(for_it, owner, self.unit.now)
            told = each_connector(kept, lambda *place: self.named(owner, place[-1])) if several else kept
            return body if told is body and sighted is None else climbing(told, sighted)

        return shown

    def named(self, owner: Party, connector: Json) -> Json:
        """The connector with what is to come of its tariffs."""
        ids = connector.get("tariff_ids")
        if not ids or owner.code not in self.coming.owners:
            return connector
        told = self.coming.named(owner.code, ids)
        return connector if told == ids else connector | {"tariff_ids": told}

    def given(self, document: Document) -> Callable[..., Json]:
        """(EVSE, connector) -> the connector with the tariffs that rules give the partner there."""
        owner, newest = document.owner, document.newest
        rules = self.own.rules.get(owner.code)
        if rules is None or not rules.concerns(document.key):
            return lambda evse, connector, several: connector
        groups: frozenset[str] = frozenset()
        if rules.grouped:
            groups = memberships.of(self.unit, owner, document.key, "", self.unit.now)["location_group"]

        def given(evse: Json, connector: Json, several: bool) -> Json:
            place = found_in(newest, evse["uid"], connector["id"])
            if place is None:
                return connector
            here = situation.at_place(owner, self.unit.now, (newest, *place))
            ids = self.won(rules, here, groups)
            return connector if ids is None else with_tariffs(connector, ids, several=several)

        return given

    def won(self, rules: Placed, here: Situation, groups: frozenset[str]) -> list[str] | None:
        """The tariffs at a connector, where a rule says for one of the parties which it is; else None."""
        each = [
            rules.index.first(Kind.TARIFF, replace(here, partner=party.code, location_group=groups))
            for party in self.parties
        ]
        if not any(each):
            return None
        ids = [
            tariff_id
            for rule in each
            for tariff_id in (
                here.tariff_ids if rule is None else (spelt(self.known, here.owner, str(rule.tariff_id)),)
            )
        ]
        return [tariff_id for tariff_id in dict.fromkeys(ids) if not self.hides(here.owner, tariff_id)]


TOUCHED: Mapping[str, Callable[[View, Any], bool]] = {
    "tariffs": View.touches_tariff,
    "locations": View.touches_location,
    "sessions": View.touches_use,
    "cdrs": View.touches_use,
}
VIEWED = frozenset(TOUCHED)
"""The modules in which a partner may see prices of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewedSurroundings(StoreSurroundings):
    """What a translation looks up, as the partner sees it: 2.1.1 repeats the location in a session."""

    view: View

    def location(self, owner: Party, location_id: str) -> Json | None:
        wanted = ("viewed locations", owner, fold(location_id))
        if wanted not in self.found:
            body = StoreSurroundings.location(self, owner, location_id)
            self.found[wanted] = None if body is None else self.viewed(owner, body)
        return self.found[wanted]

    def viewed(self, owner: Party, body: Json) -> Json:
        document = Document("locations", owner, fold(str(body["id"])), NEWEST.version, body, body)
        return self.view.location(document, None)(body, NEWEST.version)


def named_in(body: bytes) -> Iterator[str]:
    """The keys of the tariffs that a document names."""
    return map(fold, naming.ids_in(body))


def spelt(around: StoreSurroundings, owner: Party, tariff_id: str) -> str:
    """The id of a tariff as its owner writes it; rules know it without case."""
    tariff = around.tariff(owner, tariff_id)
    return tariff_id if tariff is None else str(tariff["id"])
