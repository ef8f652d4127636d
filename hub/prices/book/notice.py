"""How long before a price changes partners are to know of it, as was agreed with each."""

from collections.abc import Iterator
from dataclasses import dataclass

from hub.ocpi import instants
from hub.ocpi.document import Party
from hub.ocpi.modules import MODULES
from hub.parties import registry
from hub.parties.partner import Partner
from hub.prices.book.problems import Refusal
from hub.prices.shown import readers
from hub.store.unit import Unit

DAY = 86400 * 1_000_000
HEARS = tuple(sorted(MODULES["tariffs"].heard_by))


@dataclass(frozen=True, slots=True)
class ShortNotice:
    """A partner that would know of a change later than was agreed.

    days      before a change it is to know of it
    earliest  the first instant for which that can still be kept, in microseconds
    blocks    whether the change is to be refused, or only told
    """

    partner: str
    days: int
    earliest: int
    blocks: bool

    @property
    def message(self) -> str:
        return (
            f"{self.partner} is to know of a price {self.days} {'day' if self.days == 1 else 'days'} before: "
            f"the earliest moment is {instants.text(self.earliest)}"
        )

    @property
    def refusal(self) -> Refusal:
        undo = f"`hub partner quirk unset {self.partner!r} notice-blocks`"
        remedy = f"Choose a later moment, or agree otherwise with it: {undo}."
        return Refusal("notice", "", self.message, remedy, instants.text(self.earliest))

    def as_dict(self) -> dict[str, object]:
        """JSON-ready."""
        told = {"partner": self.partner, "days": self.days, "blocks": self.blocks}
        return told | {"earliest": instants.text(self.earliest)}


def short(unit: Unit, owner: Party, key: str, begin: int) -> list[ShortNotice]:
    """The partners that read this tariff and would know too late that it changes at `begin`."""
    return [
        ShortNotice(each.name, days, unit.now + days * DAY, each.settings.notice_blocks)
        for each in reading(unit, owner, key)
        if (days := each.settings.notice_days) and begin < unit.now + days * DAY
    ]


def reading(unit: Unit, owner: Party, key: str) -> Iterator[Partner]:
    for each in registry.everyone(unit):
        parties = each.parties(*HEARS)
        agreed = each.registered_at is not None and each.settings.notice_days
        if agreed and parties and readers.may_read(unit, owner, key, parties):
            yield each
