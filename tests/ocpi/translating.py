"""What the tests of the translations share: a small world to look things up in, and the ways up and down."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from hub.ocpi.checking import check
from hub.ocpi.document import Json, Party
from hub.ocpi.editions import edition
from hub.ocpi.instants import micros
from hub.ocpi.surroundings import Traits
from hub.ocpi.translation import lift, lower
from tests.factories import example

CPO = Party("NL", "CPO")
EMSP = Party("DE", "MSP")


@dataclass(frozen=True)
class World:
    """Surroundings made of documents of the newest edition."""

    locations: Sequence[Json] = field(default_factory=lambda: [example("2.3.0", "locations")])
    tariffs: Sequence[Json] = field(default_factory=lambda: [example("2.3.0", "tariffs")])
    tokens: Sequence[Json] = field(default_factory=lambda: [example("2.3.0", "tokens")])
    traits: Traits = field(default_factory=Traits)
    now: int = micros("2025-03-10T12:00:00Z")
    asked: Json | None = None

    def location(self, owner: Party, location_id: str) -> Json | None:
        return named(self.locations, location_id)

    def tariff(self, owner: Party, tariff_id: str) -> Json | None:
        return named(self.tariffs, tariff_id)

    def connectors_with_tariff(self, owner: Party, tariff_id: str) -> Sequence[Json]:
        connectors = [
            plug for place in self.locations for evse in place["evses"] for plug in evse["connectors"]
        ]
        return [plug for plug in connectors if tariff_id in plug.get("tariff_ids", ())]

    def tokens_of_contract(self, contract_id: str) -> Sequence[Json]:
        return [token for token in self.tokens if token["contract_id"].upper() == contract_id.upper()]

    def token_asked(self) -> Json | None:
        return self.asked


def named(documents: Sequence[Json], identity: str) -> Json | None:
    return next((one for one in documents if one["id"].upper() == identity.upper()), None)


def down(version: str, name: str, newest: Json, around: World | None = None) -> Json:
    """Lowered to the edition, and as that edition wants it."""
    lowered = lower(edition(version), name, newest, CPO, around or World())
    check(edition(version), name, lowered)
    return lowered


def up(version: str, name: str, body: Json, around: World | None = None, owner: Party = CPO) -> Json:
    """Lifted from the edition to the newest, and as the newest wants it."""
    lifted = lift(edition(version), name, body, owner, around or World())
    check(edition("2.3.0"), name, lifted)
    return lifted


def of(version: str, name: str, changes: Json) -> Json:
    """The example with other top level fields; None takes one away."""
    body = example(version, name) | changes
    return {field: value for field, value in body.items() if value is not None}


def newest(name: str, /, **changes: Any) -> Json:
    return of("2.3.0", name, changes)


def v221(name: str, /, **changes: Any) -> Json:
    return of("2.2.1", name, changes)


def v211(name: str, /, **changes: Any) -> Json:
    return of("2.1.1", name, changes)
