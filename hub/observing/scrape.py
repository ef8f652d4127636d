"""What `/metrics` says: the counts of the process, and what the database tells of partners and money."""

from collections.abc import Iterable, Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from hub.observing import metrics, standing
from hub.observing.database import TROUBLE
from hub.observing.standing import GATES, Standing
from hub.store.engine import Store
from hub.store.unit import Unit

SECOND = 1_000_000
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def exposition(store: Store) -> bytes:
    """The whole page; without a database it says that, and what the process has counted."""
    return metrics.counted() + told(look(store))


def look(store: Store) -> list[Metric]:
    try:
        with store.reading() as unit:
            return [database_up(1), *of_database(unit)]
    except TROUBLE:
        return [database_up(0)]


def database_up(value: int) -> Metric:
    return GaugeMetricFamily("hub_database_up", "Whether the database answers.", value=value)


def of_database(unit: Unit) -> Iterator[Metric]:
    partners, dead = standing.standings(unit), standing.given_up(unit)
    yield gauge(
        "hub_backlog",
        "Objects that a partner is owed.",
        ((each.name, each.backlog) for each in partners),
    )
    yield gauge(
        "hub_backlog_age_seconds",
        "For how long a partner has waited for what it has waited for longest.",
        ((each.name, age(unit, each.oldest)) for each in partners),
    )
    yield gauge(
        "hub_dead_letters",
        "Objects that a partner has refused for good, so that somebody must look.",
        ((each.name, dead.get(each.id, 0)) for each in partners),
    )
    yield gates(partners)
    yield pull_lags(unit, partners)
    held = standing.held_sessions(unit)
    yield GaugeMetricFamily("hub_held_sessions", "Completed sessions that cannot be billed yet.", value=held)


def gauge(name: str, says: str, values: Iterable[tuple[str, float]]) -> Metric:
    family = GaugeMetricFamily(name, says, labels=("partner",))
    for partner, value in values:
        family.add_metric((partner,), value)
    return family


def gates(partners: Iterable[Standing]) -> Metric:
    family = GaugeMetricFamily(
        "hub_breaker",
        "1 for the state in which deliveries to a partner are: closed means that they flow.",
        labels=("partner", "state"),
    )
    for each in partners:
        for gate in GATES:
            family.add_metric((each.name, gate), each.gate == gate)
    return family


def pull_lags(unit: Unit, partners: Iterable[Standing]) -> Metric:
    family = GaugeMetricFamily(
        "hub_pull_age_seconds",
        "Since when a list of a partner was last read to its end.",
        labels=("partner", "module"),
    )
    for each in partners:
        for module, at in each.pulls.items():
            family.add_metric((each.name, module), age(unit, at))
    return family


def age(unit: Unit, at: int | None) -> float:
    """Seconds, never fewer than none: clocks of several machines differ a little."""
    return 0.0 if at is None else max(0.0, (unit.now - at) / SECOND)


class Fixed(Collector):
    """Families that were gathered already."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self.families = tuple(families)

    def collect(self) -> Iterable[Metric]:
        return self.families


def told(families: Iterable[Metric]) -> bytes:
    shown = CollectorRegistry(auto_describe=False)
    shown.register(Fixed(families))
    return generate_latest(shown)
