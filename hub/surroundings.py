"""What a translation may look up, answered from the store."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from hub.ocpi.document import Json, Party
from hub.ocpi.surroundings import Traits
from hub.ocpi.wire import fold
from hub.store import documents
from hub.store.unit import Unit

NO_TRAITS = Traits()


@dataclass(frozen=True, slots=True)
class StoreSurroundings:
    """`hub.ocpi.surroundings.Surroundings` inside one transaction; made anew after every change in it.

    found  what was looked up already: a page of sessions is at few locations, with fewer tariffs
    """

    unit: Unit
    traits: Traits = NO_TRAITS
    found: dict[tuple[str, Party, str], Json | None] = field(default_factory=dict)

    @property
    def now(self) -> int:
        return self.unit.now

    def location(self, owner: Party, location_id: str) -> Json | None:
        return self._living("locations", owner, location_id)

    def tariff(self, owner: Party, tariff_id: str) -> Json | None:
        return self._living("tariffs", owner, tariff_id)

    def connectors_with_tariff(self, owner: Party, tariff_id: str) -> Sequence[Json]:
        wanted = fold(tariff_id)
        return [
            connector
            for stored in documents.where(self.unit, "locations", owner=owner.code)
            for evse in stored.document.newest.get("evses") or ()
            for connector in evse["connectors"]
            if wanted in map(fold, connector.get("tariff_ids") or ())
        ]

    def tokens_of_contract(self, contract_id: str) -> Sequence[Json]:
        found = documents.where(self.unit, "tokens", contract_id=fold(contract_id))
        newest_first = sorted(found, key=lambda stored: stored.last_updated, reverse=True)
        return [stored.document.newest for stored in newest_first]

    def token_asked(self) -> Json | None:
        """The hub answers `authorize` from what it holds, so there is no answer of an eMSP to lift."""
        return None

    def _living(self, module: str, owner: Party, identity: str) -> Json | None:
        wanted = (module, owner, fold(identity))
        if wanted not in self.found:
            stored = documents.find(self.unit, *wanted)
            self.found[wanted] = None if stored is None or stored.deleted else stored.document.newest
        return self.found[wanted]
