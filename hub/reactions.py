"""What follows when an object changes: one table. All of it happens in the transaction of the change."""

from collections.abc import Callable, Mapping

from hub.billing import rating
from hub.prices import recording
from hub.store.unit import Change, Unit
from hub.sync import outbox, schedule_defaults

Reaction = Callable[[Unit, Change], None]

REACTIONS: Mapping[str, tuple[Reaction, ...]] = {
    "locations": (outbox.owe, rating.retry_held),
    "tariffs": (outbox.owe, recording.record, rating.retry_held),
    "sessions": (outbox.owe, rating.rate),
    "cdrs": (outbox.owe,),
    "tokens": (outbox.owe,),
}

WELCOMES: tuple[Callable[[Unit, int], None], ...] = (outbox.welcome, schedule_defaults.welcome)
"""What follows when a partner has connected, or has returned."""


def react(unit: Unit) -> None:
    """Let everything follow from the changes of this unit, and from the changes that follow from them."""
    while unit.changes:
        change = unit.changes.pop(0)
        for reaction in REACTIONS[change.document.module]:
            reaction(unit, change)
    if unit.sighted:
        unit.sighted = False
        outbox.owe_sighted(unit)
    while unit.joined:
        partner_id = unit.joined.pop()
        for welcome in WELCOMES:
            welcome(unit, partner_id)
