"""A price book to try things with: a store with all reactions, whose clock is set by the test."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from hub.ocpi import instants
from hub.ocpi.document import Json, Party
from hub.ocpi.wire import WIRES
from hub.prices.book import publishing, taking_force, versions
from hub.prices.book.publishing import Edit, NoChange
from hub.prices.book.versions import Version
from hub.reactions import react
from hub.store import documents
from hub.store.audit import Actor
from hub.store.documents import Stored
from hub.store.engine import Store
from hub.surroundings import StoreSurroundings

OWNER = Party.of("NL", "CPO")
ANN = Actor("ann", "CLI")
SECOND = 1_000_000
BEGINNING = instants.micros("2026-11-22T12:00:00Z")
SOME_PARTNER = 999


def tariff(price: object = "0.30", key: str = "T1", **changes: Any) -> Json:
    """A draft in the newest edition: so much a kWh."""
    part = {"type": "ENERGY", "price": Decimal(str(price)), "step_size": 1}
    body = {"id": key, "currency": "EUR", "elements": [{"price_components": [part]}], "tax_included": "NO"}
    return body | changes


def price_of(body: Json) -> Decimal:
    return Decimal(body["elements"][0]["price_components"][0]["price"])


@dataclass
class Clock:
    now: int = BEGINNING

    def __call__(self) -> int:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += int(seconds * SECOND)


@dataclass
class Book:
    """The book of one tariff, and what one does with it: `at` and `until` in seconds from now."""

    store: Store
    clock: Clock = field(default_factory=Clock)
    key: str = "T1"

    def edit(self, at: float | None = None, until: float | None = None, expect: int | None = None) -> Edit:
        begin, end = (None if each is None else self.clock.now + int(each * SECOND) for each in (at, until))
        return Edit(ANN, None, begin, end, expect)

    def publish(self, price: object, at: float | None = None, **more: Any) -> Version | NoChange:
        with self.store.unit() as unit:
            return publishing.publish(unit, tariff(price, self.key), OWNER, self.edit(at, **more))

    def end(self, at: float | None = None) -> Version:
        with self.store.unit() as unit:
            return publishing.end(unit, OWNER, self.key, self.edit(at))

    def revert(self, number: int, at: float | None = None) -> Version | NoChange:
        with self.store.unit() as unit:
            return publishing.revert(unit, OWNER, self.key, number, self.edit(at))

    def withdraw(self, number: int) -> Version:
        with self.store.unit() as unit:
            return publishing.withdraw(unit, OWNER, self.key, number, self.edit())

    def withdraw_end(self, number: int) -> Version:
        with self.store.unit() as unit:
            return publishing.withdraw_end(unit, OWNER, self.key, number, self.edit())

    def put(self, price: object, lag: float = 0, edition: str = "2.2.1", **changes: Any) -> None:
        """What the CPO puts over OCPI, written `lag` seconds ago."""
        said = instants.text(self.clock.now - int(lag * SECOND))
        body = tariff(price, self.key, last_updated=said, country_code="NL", party_id="CPO") | changes
        if edition != "2.3.0":
            del body["tax_included"]
        wire = WIRES["tariffs", edition]
        with self.store.unit() as unit:
            document = wire.lift(wire.check(body), OWNER, StoreSurroundings(unit))
            existing = documents.claim(unit, "tariffs", OWNER, self.key)
            if existing is None or not existing.says(document):
                documents.save(unit, document, existing, audience=None, source=SOME_PARTNER)

    def delete(self) -> None:
        with self.store.unit() as unit:
            existing = documents.claim(unit, "tariffs", OWNER, self.key)
            if existing is not None and not existing.deleted:
                documents.remove(unit, existing, source=SOME_PARTNER)

    def take_force(self) -> int:
        return taking_force.all_due(self.store)

    def forward(self, seconds: float) -> None:
        """Time passes, and a worker is running."""
        self.clock.forward(seconds)
        self.take_force()

    @property
    def versions(self) -> list[Version]:
        with self.store.reading() as unit:
            return versions.of_tariff(unit, OWNER, self.key)

    def in_force(self, start: int | None = None, seen: int | None = None) -> Version | None:
        with self.store.reading() as unit:
            return versions.in_force(unit, OWNER, self.key, self.clock.now if start is None else start, seen)

    @property
    def stored(self) -> Stored | None:
        with self.store.reading() as unit:
            return documents.find(unit, "tariffs", OWNER, self.key)

    @property
    def shown(self) -> Decimal | None:
        """The price that partners are shown now; None when there is none."""
        found = self.stored
        return None if found is None or found.deleted else price_of(found.document.newest)


def book_on(url: str) -> Book:
    clock = Clock()
    return Book(Store(url, react=react, clock=clock), clock)
