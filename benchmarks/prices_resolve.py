"""What it costs to find the rule of a session among ten rules, and among ten thousand."""

import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import cycle, islice
from pathlib import Path

sys.path.append(str(Path(__file__).parent.parent / "tests"))  # situations are those of the tests

from ruling import HERE, OWNER, tariff

from hub.hub import Hub
from hub.ocpi.document import Party
from hub.prices.book import publishing
from hub.prices.book.publishing import Edit
from hub.prices.rules import resolving, situation
from hub.prices.rules import rows as rule_rows
from hub.prices.rules.rules import Kind, Match, Rule
from hub.prices.rules.situation import Situation
from hub.store.audit import Actor
from hub.store.unit import Unit

FEW, MANY = 10, 10_000
ROUNDS, SESSIONS = 15, 200
AIM = "ratio 1"
OTHER = Party.of("NL", "FEW")
ANN = Actor("ann", "CLI")


def resolve(hub: Hub) -> list[tuple[str, str, str]]:
    """CPU for one session, in turns of an owner with few rules and one with many."""
    for owner, count in ((OTHER, FEW), (OWNER, MANY)):
        with hub.store.unit() as unit:
            publishing.publish(unit, tariff("NIGHT") | named(owner), owner, Edit(ANN))
            publishing.publish(unit, tariff("T") | named(owner), owner, Edit(ANN))
            for rule in islice(made_up(owner, unit.now), count):
                rule_rows.create(unit, rule)
            rule_rows.touch(unit, owner)
    began = time.process_time()
    with hub.store.reading() as unit:
        resolving.index_of(unit, OWNER)
    loaded = time.process_time() - began
    few, many = [], []
    for _ in range(ROUNDS):
        few.append(per_session(hub, OTHER))
        many.append(per_session(hub, OWNER))
    ratio = statistics.median(many) / statistics.median(few)
    return [
        (f"resolve with {FEW} rules, CPU", micros(few), ""),
        (f"resolve with {MANY:,} rules, CPU", f"{micros(many)}, ratio {ratio:.2f}", AIM),
        (f"{MANY:,} rules read anew when one changes, CPU", f"{loaded * 1000:.0f} ms", ""),
    ]


def named(owner: Party) -> dict[str, str]:
    return {"country_code": owner.country_code, "party_id": owner.party_id}


SHAPES: Sequence[tuple[str, ...]] = (
    ("contract",),
    ("partner", "location_id"),
    ("location_id", "evse_uid"),
    ("partner", "location_id", "current"),
    ("group_id", "location_id"),
    ("location_id", "token_type"),
    ("partner", "plan", "location_id"),
    ("campaign", "location_id"),
)
"""Which fields rules name together; the values are as many as are needed."""
FIXED = {"partner": "DEXXX", "current": "DC", "token_type": "APP_USER", "plan": "GOLD"}


def made_up(owner: Party, now: int) -> Iterator[Rule]:
    """Rules that all match something else than the sessions, so that every shelf is looked at, but one."""
    common = {"valid_from": now, "recorded_at": now, "tariff_id": "NIGHT", "author": "ann"}
    yield Rule(0, owner, Kind.TARIFF, Match(partner="NLEMS"), **common)  # type: ignore[arg-type]
    for number, names in enumerate(cycle(SHAPES)):
        values = {name: FIXED.get(name, f"{name}-{number}".upper()) for name in names}
        yield Rule(0, owner, Kind.TARIFF, Match(**values), **common)  # type: ignore[arg-type]


def per_session(hub: Hub, owner: Party) -> float:
    here = replace(HERE, owner=owner, start=hub.store.clock())
    with hub.store.reading() as unit:
        assert found(unit, here)
        began = time.process_time()
        for _ in range(SESSIONS):
            found(unit, here)
        return (time.process_time() - began) / SESSIONS


def found(unit: Unit, here: Situation) -> bool:
    resolution = resolving.resolve(unit, situation.with_memberships(unit, here))
    return resolution.rule is not None and resolution.version is not None


def micros(took: Sequence[float]) -> str:
    return f"{statistics.median(took) * 1e6:.0f} us"
