"""What sessions of the past would have cost under a draft: CDRs packed once, priced again by arrays.

`fill` packs the CDRs that are stored, a portion at a time; the job `history` calls it each hour and `what_if`
before it answers. A portion is read and packed without holding anybody up. It is written, with how far it
came, in one short transaction that does nothing when somebody else was there first: so each CDR is packed
once, however often that is interrupted. A CDR that arrives later goes into a later blob, whatever its month.

`what_if` compares what CDRs have cost with what their sessions would cost under a draft, priced as rating
prices: sessions that this hub has billed as their CPO reported them, split where a price changes; CDRs that
a CPO wrote itself by the start of each of their periods, since nobody knows more. CDRs that are deleted, or
credited, and the credits themselves do not count. Not covered: what rules take off or add after the tariff
(percentages, amounts per kWh, allowances, caps) is on neither side, so that one tariff is compared with the
other; and which tariff another rule would have chosen.
"""

import json
import logging
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from hub.ocpi.document import Party
from hub.prices.past.packing import Unread, packable
from hub.store import history
from hub.store.engine import Store
from hub.store.history import Group, Progress
from hub.store.unit import Unit
from tariffs import Billed, Packed, Terms, WhatIf, pack_billed, what_if_columns
from tariffs.packed import from_bytes, joined, to_bytes

log = logging.getLogger(__name__)

JOB = "history"
"""The name of the job that calls `fill`, in `schedules`."""
PORTION = 1_000
GAPS_FOR = 3600 * 1_000_000
"""How long a number that is missing is waited for: no transaction takes so long."""
MOST_GAPS = 1_000

Watch = Callable[[int, int], None]
"""Told how much is done, and of how much."""


def nobody(_done: int, _total: int) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which CDRs count: of these months (2026-10), that one of these tariffs has priced, of these partners
    (DE/MSP) and locations; any where there are none."""

    months: Collection[str]
    tariffs: Collection[str] = ()
    partners: Collection[str] = ()
    locations: Collection[str] = ()

    @property
    def labels(self) -> dict[str, Collection[str]]:
        """The axes on which not all count."""
        axes = {"tariff": self.tariffs, "partner": self.partners, "location": self.locations}
        return {axis: names for axis, names in axes.items() if names}


# Packing -------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Portion:
    """Some CDRs on their way into blobs; `before` and `after` are the progress around them."""

    before: Progress
    after: Progress
    groups: dict[Group, list[Billed]] = field(default_factory=dict)
    unread: list[Unread] = field(default_factory=list)
    count: int = 0

    def add(self, found: Iterable[tuple[Group, Billed] | Unread]) -> None:
        for one in found:
            if isinstance(one, Unread):
                self.unread.append(one)
            else:
                self.groups.setdefault(one[0], []).append(one[1])


def fill(store: Store, over: Callable[[], bool] = lambda: False, watch: Watch = nobody) -> int:
    """Pack what has not been packed, until all is or it is `over`; how many CDRs that were."""
    done = 0
    with store.reading() as unit:
        total = history.waiting(unit, history.progress(unit).through)
    while not over():
        with store.reading() as unit:
            portion = read(unit)
        if portion.before == portion.after:
            break
        packed = {group: list(pack_billed(mine)) for group, mine in portion.groups.items()}
        with store.unit() as unit:
            done += portion.count if keep(unit, portion, packed) else 0
        watch(min(done, total), total)
    return done


def read(unit: Unit) -> Portion:
    """The next CDRs, and those that were missing and are there now."""
    before = history.progress(unit)
    known: dict[int, int] = dict(json.loads(before.gaps))
    late = history.filled(unit, known)
    fresh = history.unpacked(unit, before.through, PORTION)
    through = fresh[-1].seq if fresh else before.through
    present = {row.seq for row in (*late, *fresh)}
    missing = set(range(before.through + 1, through + 1)) - present
    seen = known | dict.fromkeys(sorted(missing)[-MOST_GAPS:], unit.now)
    gaps = [[seq, at] for seq, at in seen.items() if seq not in present and unit.now - at < GAPS_FOR]
    after = Progress(through, json.dumps(gaps[-MOST_GAPS:], separators=(",", ":")))
    portion = Portion(before, after, count=len(present))
    portion.add(packable(unit, [*late, *fresh]))
    return portion


def keep(unit: Unit, portion: Portion, packed: dict[Group, list[Packed]]) -> bool:
    """Write the portion, unless somebody else has packed it meanwhile."""
    if history.progress(unit, lock=True) != portion.before:
        return False
    for group, parts in packed.items():
        append(unit, group, parts)
    history.put_unread(unit, [unread_row(one) for one in portion.unread])
    history.set_progress(unit, portion.after)
    return True


def unread_row(one: Unread) -> dict[str, object]:
    log.warning("a CDR cannot be priced", extra={"owner": one.owner, "cdr": one.seq, "reason": one.reason})
    return {"seq": one.seq, "owner": one.owner, "month": one.month, "reason": one.reason}


def append(unit: Unit, group: Group, parts: Sequence[Packed]) -> None:
    """To the blob of the group that has room, and what is more than it holds to new ones."""
    room = history.open_blob(unit, group)
    whole = joined([*([] if room is None else [from_bytes(bytes(room.packed))]), *parts])
    instead_of = None if room is None else room.id
    for first in range(0, len(whole), history.MOST):
        places = np.arange(len(whole))
        part = whole.where((places >= first) & (places < first + history.MOST))
        history.put_blob(unit, group, len(part), to_bytes(part), instead_of=instead_of)
        instead_of = None


# Pricing again -------------------------------------------------------------------------------------------


def what_if(store: Store, owner: Party, draft: Terms, wanted: Wanted, watch: Watch = nobody) -> WhatIf:
    """What the CDRs of a CPO that are `wanted` have cost, and would have cost under a draft.

    One blob at a time is in memory. What has not been packed yet is packed first: `watch` is told of that,
    then of the pricing.
    """
    fill(store, watch=watch)
    found = WhatIf(draft.currency)
    with store.reading() as unit:
        blobs = history.counts(unit, owner.code, wanted.months)
        gone = np.array(history.gone(unit, owner.code), np.int64)
        total, done = sum(count for _, count in blobs), 0
        for blob, count in blobs:
            add(found, from_bytes(history.packed(unit, blob)), (draft, wanted, gone))
            done += count
            watch(done, total)
        unreadable = {} if wanted.labels else dict(history.unread(unit, owner.code, wanted.months))
        for seq, reason in unreadable.items():
            if seq not in gone:
                found.refuse(str(seq), reason)
        name(unit, found)
    return found


def add(
    found: WhatIf, packed: Packed, asked: tuple[Terms, Wanted, np.ndarray[tuple[int], np.dtype[np.int64]]]
) -> None:
    """The sessions of a blob that count."""
    draft, wanted, gone = asked
    counts = ~np.isin(packed.numbers, gone)
    for axis, names in wanted.labels.items():
        counts &= packed.labelled(axis, names)
    if counts.any():
        mine = packed.where(counts)
        what_if_columns(mine.batch(), draft, mine.claimed, found)


def name(unit: Unit, found: WhatIf) -> None:
    """Those that could not be priced are told by their ids."""
    keys = history.keys(unit, [int(seq) for seq, _ in found.reasons])
    found.reasons = [(keys.get(int(seq), seq), reason) for seq, reason in found.reasons]
