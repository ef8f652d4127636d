"""What follows when an object changes: one table. All of it happens in the transaction of the change."""

from collections.abc import Callable, Mapping

from hub.billing import rating
from hub.closing.invoices import keeping
from hub.prices.book import recording
from hub.prices.rules.rules import Rule
from hub.prices.shown import turning
from hub.store.unit import Change, Unit
from hub.sync import outbox, schedule_defaults

Reaction = Callable[[Unit, Change], None]

REACTIONS: Mapping[str, tuple[Reaction, ...]] = {
    "locations": (outbox.owe, rating.retry_held),
    "tariffs": (outbox.owe, recording.record, rating.retry_held),
    "sessions": (outbox.owe, rating.rate),
    "cdrs": (outbox.owe,),
    "tokens": (outbox.owe,),
    "invoicereconciliation": (keeping.record, outbox.owe),  # who hears of it is told by its sides
}

RULED: tuple[Callable[[Unit, Rule], None], ...] = (rating.retry_ruled, turning.follow)
"""What follows when an assignment rule is made or ended, or when others come under it."""

WELCOMES: tuple[Callable[[Unit, int], None], ...] = (outbox.welcome, schedule_defaults.welcome)
"""What follows when a partner has connected, or has returned."""


def react(unit: Unit) -> None:
    """Let everything follow from the changes of this unit, and from the changes that follow from them."""
    while unit.changes or unit.ruled:
        follow_changes(unit)
        follow_rules(unit)
    if unit.sighted:
        unit.sighted = False
        outbox.owe_sighted(unit)
    while unit.joined:
        partner_id = unit.joined.pop()
        for welcome in WELCOMES:
            welcome(unit, partner_id)


def follow_changes(unit: Unit) -> None:
    while unit.changes:
        change = unit.changes.pop(0)
        for reaction in REACTIONS[change.document.module]:
            reaction(unit, change)


def follow_rules(unit: Unit) -> None:
    while unit.ruled:
        rule = unit.ruled.pop(0)
        for reaction in RULED:
            reaction(unit, rule)
