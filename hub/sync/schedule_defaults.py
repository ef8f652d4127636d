"""Which schedules there are without anybody having set one: of a partner as it connects, and of the hub."""

from collections.abc import Iterator
from typing import NamedTuple

from hub.ocpi.modules import MODULES
from hub.parties import introduction, registry
from hub.parties.interfaces import SENDER
from hub.parties.partner import Partner
from hub.prices.book import taking_force
from hub.prices.past import history
from hub.store.unit import Unit
from hub.sync import schedule
from hub.sync.schedule import Due

PULL, CRAWL, ALIVE, ROTATE, INTRODUCE = "pull", "crawl", "alive", "rotate", "introduce"
REREAD, RETENTION, COMPLETENESS, OVERDUE = "reread", "retention", "completeness", "overdue"
PRICES = taking_force.JOB
CURVES = "curves"
HISTORY = history.JOB
DAY = 86400
AT_ONCE = (PULL,)
"""What is due when a partner connects or returns: what it wrote meanwhile was not pushed (TR-92, HCI-06)."""


class Times(NamedTuple):
    """How often a module is asked for its news, in hours and not in minutes (TR-40), and read whole."""

    pull: str
    crawl: str


TIMES = {
    "locations": Times("12h", "7d"),
    "tariffs": Times("6h", "7d"),
    "tokens": Times("6h", "7d"),
    "sessions": Times("3h", "1d"),
    "cdrs": Times("6h", "1d"),
    "invoicereconciliation": Times("12h", "7d"),
}
LENGTHS = {"h": 3600, "d": DAY, "m": 60}

OF_PARTNER = (
    Due(ALIVE, None, "5m", 300),  # HCI-05
    Due(ROTATE, None, "30d", 30 * DAY),  # CRED-19
)
LISTED = Due(INTRODUCE, None, "1h", 3600)  # CRED-22: what has changed within the hour is told at once
OF_HUB = (
    Due(PRICES, None, "1m", 0),  # and at each instant at which a price takes force
    Due(OVERDUE, None, "1m", 0),
    Due(CURVES, None, "1m", 0),
    Due(REREAD, None, "5m", 0),
    Due(HISTORY, None, "1h", 0),
    Due(RETENTION, None, "30 2 * * *", 0),
    Due(COMPLETENESS, None, "0 3 * * *", 0),
)


def of_partner(unit: Unit, partner: Partner) -> Iterator[Due]:
    """The lists that the partner offers, of modules whose objects are its own."""
    for module, side in registry.endpoints_of(unit, partner.id):
        if side == SENDER and module in TIMES and partner.has(*MODULES[module].owners):
            times = TIMES[module]
            yield Due(PULL, module, times.pull, seconds(times.pull))
            yield Due(CRAWL, module, times.crawl, seconds(times.crawl))
    yield from OF_PARTNER
    if partner.version in introduction.LISTING:
        yield LISTED


def seconds(every: str) -> int:
    return int(every[:-1]) * LENGTHS[every[-1]]


def welcome(unit: Unit, partner_id: int) -> None:
    """A partner has connected, or returned: it has its schedules, and its news are asked for at once."""
    partner = registry.by_id(unit, partner_id)
    if partner is None or not registry.is_connected(partner):
        return
    schedule.put_down(unit, partner_id, list(of_partner(unit, partner)), at_once=AT_ONCE)
    schedule.bring_forward(unit, partner_id, AT_ONCE)


def of_hub(unit: Unit) -> None:
    """The hub's own schedules, where they are missing."""
    schedule.put_down(unit, None, OF_HUB, at_once=())
