"""How fast prices change: from the publishing of one until two hundred partners have it."""

import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

sys.path.append(str(Path(__file__).parent.parent / "tests"))  # price books are those of the tests

from pricebooks import ANN, OWNER, tariff
from rich.console import Console
from rich.table import Table
from sqlalchemy import func, insert, select

from benchmarks import prices_what_if
from benchmarks.deliveries import connect, databases, on, partners
from benchmarks.prices_resolve import resolve
from hub.hub import Hub
from hub.prices.book import publishing
from hub.prices.book.publishing import Edit
from hub.store.deliveries import deliveries
from hub.store.parties import endpoints
from hub.sync import schedule_defaults
from hub.sync.worker import Worker

PARTNERS = 200
TIMES = 10
AHEAD = 3.0
"""Seconds by which a price is planned ahead."""
SECOND = 1_000_000


def publish(hub: Hub) -> list[tuple[str, str, str]]:
    """Now, and at a moment to come, with a worker running."""
    with partners(0) as url:
        for number in range(PARTNERS):
            hear(hub, connect(hub, number, url), f"{url}/{number}/tariffs")
        with hub.store.unit() as unit:
            schedule_defaults.of_hub(unit)
        committed = [published(hub, f"0.{number + 10}") for number in range(TIMES)]
        worker = Worker(hub)
        worker.start()
        wait_until_told(hub)
        told = [until_told(hub, f"0.{number + 30}") for number in range(TIMES)]
        planned = [until_planned_is_told(hub, f"0.{number + 50}") for number in range(3)]
        worker.stop()
    return [
        (f"publish to {PARTNERS} partners: all marks committed", millis(committed), ""),
        ("the same: until the last partner has confirmed", millis(told), ""),
        ("planned: from its instant until the last has confirmed", millis(planned), ""),
    ]


def hear(hub: Hub, partner: int, url: str) -> None:
    """The partner receives tariffs too."""
    row = {"partner_id": partner, "module": "tariffs", "role": "RECEIVER", "url": url}
    with hub.store.unit() as unit:
        unit.connection.execute(insert(endpoints).values(row))


def published(hub: Hub, price: str, at: int | None = None) -> float:
    """Seconds until the commit."""
    began = time.perf_counter()
    with hub.store.unit() as unit:
        publishing.publish(unit, tariff(price), OWNER, Edit(ANN, at=at))
    return time.perf_counter() - began


def until_told(hub: Hub, price: str) -> float:
    began = time.perf_counter()
    published(hub, price)
    wait_until_told(hub)
    return time.perf_counter() - began


def until_planned_is_told(hub: Hub, price: str) -> float:
    """Seconds from the instant of a price until the last partner has it."""
    at = hub.store.clock() + int(AHEAD * SECOND)
    published(hub, price, at)
    with hub.store.reading() as unit:
        before = unit.connection.execute(select(func.max(deliveries.c.wanted_rev))).scalar_one()
    while True:
        with hub.store.reading() as unit:
            least = select(func.min(deliveries.c.acked_rev))
            if unit.connection.execute(least).scalar_one() > before:
                return (hub.store.clock() - at) / SECOND
        time.sleep(0.005)


def wait_until_told(hub: Hub) -> None:
    while True:
        with hub.store.reading() as unit:
            query = select(func.count()).where(deliveries.c.state.in_(("due", "leased")))
            if not unit.connection.execute(query).scalar_one():
                return
        time.sleep(0.005)


def millis(took: Sequence[float]) -> str:
    return f"p50 {statistics.median(took) * 1000:.0f} ms, at most {max(took) * 1000:.0f} ms"


def of_hub(measure: Callable[[Hub], list[tuple[str, str, str]]]) -> Callable[[], None]:
    """A measure that needs a hub, on each engine."""

    def run() -> None:
        table = Table("Engine", "What", "Measured", "Aim", box=None)
        for name, url in databases():
            for row in on(url("prices"), measure):
                table.add_row(name, *row)
        Console().print(table)

    return run


PARTS: Mapping[str, Callable[[], None]] = {
    "publish": of_hub(publish),
    "resolve": of_hub(resolve),
    "what-if": prices_what_if.run,
}
"""What `python -m benchmarks prices` takes behind it."""


def run(*parts: str) -> None:
    """All of them, or those named."""
    for part in parts or PARTS:
        PARTS[part]()
