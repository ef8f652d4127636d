"""What a session uses of each price component, stretch by stretch, in order of time."""

from collections.abc import Sequence

from tariffs.clock import Clock
from tariffs.errors import SessionError
from tariffs.exact import Exact, whole
from tariffs.lines import Group, Use
from tariffs.model import Dimension, Remark, Tariff
from tariffs.periods import Stretch
from tariffs.plan import Candidate, Plan, Table, compiled, mode_of
from tariffs.policy import Flat, Policy, Split, UnknownLoad
from tariffs.session import Load, Phase, Piece, Session, Source, pieces
from tariffs.splitting import LONGEST_SPLIT, Before, Slice, slices, split, unsplit

TIME_OF = {
    Phase.RESERVATION: (Dimension.TIME, Group.RESERVATION),
    Phase.CHARGING: (Dimension.TIME, Group.TIME),
    Phase.PARKING: (Dimension.PARKING_TIME, Group.PARKING),
}


class Walk:
    """Walks through a session once and collects its uses, what had no price, and what looks wrong."""

    def __init__(self, session: Session, clock: Clock, policy: Policy, expired: bool) -> None:
        self.session = session
        self.clock = clock
        self.policy = policy
        self.expired = expired
        self.uses: list[Use] = []
        self.stretches: list[Stretch] = []
        self.unpriced: dict[Group, Exact] = {}
        self.remarks: dict[tuple[str, str], Remark] = {}
        self.interpolate = policy.split is Split.INTERPOLATE or (
            policy.split is Split.BY_SOURCE and session.source is not Source.CDR
        )
        self._plans: dict[Tariff, Plan] = {}
        self._open: dict[Group, Use] = {}
        self._flats: set[tuple[object, ...]] = set()
        self._reserved_from: int | None = None
        self._active_from: int | None = None

    def through(self, tariffs: Sequence[Tariff | None]) -> None:
        """Each period under its tariff; None prices nothing (P-04), but its energy and time count on."""
        energy: Exact = 0
        for piece in pieces(self.session, self.policy.hours, self.policy.unknown_load is UnknownLoad.DERIVE):
            tariff = tariffs[piece.place]
            before = self._before(piece, energy)
            if tariff is None:
                self._unpriced(piece)
            else:
                plan = self._plans.get(tariff) or self._plans.setdefault(tariff, compiled(tariff))
                self._piece(piece, plan, before)
            energy += piece.energy

    def _before(self, piece: Piece, energy: Exact) -> Before:
        """Durations count from the reservation's start in one (A14), else from the session's (A13)."""
        if piece.phase is Phase.RESERVATION:
            if self._reserved_from is None:
                self._reserved_from = piece.start
            return Before(self._reserved_from, 0)
        if self._active_from is None:
            self._active_from = self.session.start if self._reserved_from is None else piece.start
        return Before(self._active_from, energy)

    def _unpriced(self, piece: Piece) -> None:
        self._open.clear()
        self._stretch(piece, None, (piece.start, piece.energy, piece.time), ())
        self._count_unpriced(Group.ENERGY, piece.energy)
        self._count_unpriced(TIME_OF[piece.phase][1], piece.time)

    def _piece(self, piece: Piece, plan: Plan, before: Before) -> None:
        table = plan.table(mode_of(piece.phase, self.expired))
        first = unsplit(piece, before, self.clock, self.policy.unknown_load is UnknownLoad.MATCH)
        cuts = split(piece, table, before, self.clock)
        parts = list(slices(first, piece, cuts, self.clock)) if self.interpolate or cuts else [first]
        self._doubt_load(piece, table)
        if not self.interpolate:
            self._doubt_unsplit(piece, table, parts)
            parts = [first]
        elif table.edges and piece.end - piece.start > LONGEST_SPLIT:
            self._remark("period-too-long", piece, "is too long to be split by the clock")
        for part in parts:
            self._slice(piece, plan, table, part)

    def _slice(self, piece: Piece, plan: Plan, table: Table, part: Slice) -> None:
        active = [self._flat(piece, plan, table, part)]
        dimension, group = TIME_OF[piece.phase]
        for other in (Group.TIME, Group.PARKING, Group.RESERVATION):
            if other is not group:
                self._open.pop(other, None)
        active.append(self._add(plan, table, part, (dimension, group, part.time)))
        if piece.phase is not Phase.RESERVATION:
            active.append(self._add(plan, table, part, (Dimension.ENERGY, Group.ENERGY, part.energy)))
        self._stretch(
            piece,
            plan,
            (part.start, part.energy, part.time),
            tuple(one.element if one else None for one in active),
        )

    def _stretch(
        self, piece: Piece, plan: Plan | None, used: tuple[int, Exact, Exact], active: tuple[int | None, ...]
    ) -> None:
        tariff_id = None if plan is None else plan.tariff.id
        period = self.session.periods[piece.place]
        told = (period.power, period.current)
        self.stretches.append(Stretch(piece.place, piece.phase, *used, *told, tariff_id, active))

    def _add(
        self, plan: Plan, table: Table, part: Slice, what: tuple[Dimension, Group, Exact]
    ) -> Candidate | None:
        """P-10, P-12; a volume of nothing makes no component relevant (P-45)."""
        dimension, group, volume = what
        if not volume:
            return None
        candidate = table.find(dimension, part.local, part.moment)
        if candidate is None:
            self._open.pop(group, None)
            self._count_unpriced(group, volume)
            return None
        use = self._open.get(group)
        if use is not None and use.candidate is candidate:
            use.volume = whole(use.volume + volume)
        else:
            use = self._open[group] = Use(plan, candidate, group, part.start, volume)
            self.uses.append(use)
        return candidate

    def _flat(self, piece: Piece, plan: Plan, table: Table, part: Slice) -> Candidate | None:
        """A02, A17: each distinct FLAT component once, when it first becomes active."""
        candidate = table.find(Dimension.FLAT, part.local, part.moment)
        if candidate is None:
            return None
        reserved = piece.phase is Phase.RESERVATION
        scope = {
            Flat.COMPONENT: (candidate,),
            Flat.SESSION: (reserved,),
            Flat.PERIOD: (piece.place, reserved),
        }[self.policy.flat]
        if scope not in self._flats:
            self._flats.add(scope)
            self.uses.append(Use(plan, candidate, self._group_of_flat(piece, part), part.start, 1))
        return candidate

    def _group_of_flat(self, piece: Piece, part: Slice) -> Group:
        """A fee that sets in while the vehicle is parked, not at the very start, is parking's (A36)."""
        if piece.phase is Phase.RESERVATION:
            return Group.RESERVATION
        assert self._active_from is not None
        late = piece.phase is Phase.PARKING and part.start > self._active_from
        return Group.PARKING if late else Group.FIXED

    def _count_unpriced(self, group: Group, volume: Exact) -> None:
        self.unpriced[group] = self.unpriced.get(group, 0) + volume

    def _remark(self, rule: str, piece: Piece, message: str) -> None:
        path = f"charging_periods[{piece.place}]"
        self.remarks.setdefault((rule, path), Remark(rule, path, message))

    def _doubt_unsplit(self, piece: Piece, table: Table, parts: Sequence[Slice]) -> None:
        """A11: a price changed inside a period that was not split there."""
        for dimension in (TIME_OF[piece.phase][0], Dimension.ENERGY, Dimension.FLAT):
            if len({id(table.find(dimension, part.local, part.moment)) for part in parts}) > 1:
                if self.policy.split is Split.STRICT:
                    path = f"charging_periods[{piece.place}]"
                    raise SessionError(path, "period-should-be-split", "a price changes inside it")
                self._remark(
                    "period-should-be-split", piece, "a price changes inside it: priced by its start"
                )

    def _doubt_load(self, piece: Piece, table: Table) -> None:
        """A09: a restriction looks at a load that is not told, or not told precisely enough."""
        both = (("power", piece.power, table.powers), ("current", piece.current, table.currents))
        for name, load, edges in both:
            if edges and _unknown(load, edges):
                self._remark(f"{name}-unknown", piece, f"tells no {name}, on which the price depends")
            elif any(_straddles(load, edge) for edge in edges):
                self._remark(f"{name}-straddles", piece, f"its {name} crosses a limit: should be split")


def _unknown(load: Load, edges: Sequence[Exact]) -> bool:
    if load.average is not None or (load.low is not None and load.high is not None):
        return False
    if load.low is not None:
        return any(load.low < edge for edge in edges)
    return load.high is None or any(load.high >= edge for edge in edges)


def _straddles(load: Load, edge: Exact) -> bool:
    return load.low is not None and load.high is not None and load.low < edge <= load.high
