"""Where a price can change inside a stretch of a session, and the stretch cut there (P-23, A11)."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from tariffs.clock import DAY, Clock
from tariffs.exact import Exact, whole
from tariffs.plan import Table
from tariffs.restrictions import Moment
from tariffs.session import Piece

LONGEST_SPLIT = 100 * DAY


@dataclass(frozen=True, slots=True)
class Before:
    """What came before a piece: where durations count from (P-21, A13), energy so far."""

    origin: int
    energy: Exact


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of a piece in which no price can change; `local` is the wall clock at its start."""

    start: int
    local: int
    energy: Exact
    time: Exact
    moment: Moment


def unsplit(piece: Piece, before: Before, clock: Clock, unknown_matches: bool) -> Slice:
    """The whole piece, judged by its start."""
    moment = Moment(before.energy, piece.start - before.origin, piece.power, piece.current, unknown_matches)
    return Slice(piece.start, clock.local(piece.start), piece.energy, piece.time, moment)


def split(piece: Piece, table: Table, before: Before, clock: Clock) -> list[Fraction]:
    """The places, as parts of the piece, at which another component may become active."""
    cuts = set(_by_energy(piece, table, before)) | set(_by_duration(piece, table, before))
    if table.edges and piece.end - piece.start <= LONGEST_SPLIT:
        cuts |= set(_by_clock(piece, table, clock))
    return sorted(cuts)


def slices(whole_piece: Slice, piece: Piece, cuts: list[Fraction], clock: Clock) -> Iterator[Slice]:
    """The piece cut; what was used in it is spread evenly over its length."""
    if not cuts and piece.energy >= 0:
        yield whole_piece
        return
    for first, last in pairwise([Fraction(0), *cuts, Fraction(1)]):
        yield _part(whole_piece, piece, first, last, clock)


def _part(of: Slice, piece: Piece, first: Fraction, last: Fraction, clock: Clock) -> Slice:
    passed = int((piece.end - piece.start) * first)
    seen = (first + last) / 2 if piece.energy < 0 else first  # falling energy is past its threshold (A27)
    moment = of.moment._replace(
        energy=whole(of.moment.energy + piece.energy * seen), elapsed=of.moment.elapsed + passed
    )
    start, share = piece.start + passed, last - first
    return Slice(start, clock.local(start), whole(piece.energy * share), whole(piece.time * share), moment)


def _by_energy(piece: Piece, table: Table, before: Before) -> Iterator[Fraction]:
    if piece.energy:
        for threshold in table.energies:
            place = Fraction(threshold - before.energy) / piece.energy
            if 0 < place < 1:
                yield place


def _by_duration(piece: Piece, table: Table, before: Before) -> Iterator[Fraction]:
    for threshold in table.durations:
        instant = before.origin + threshold
        if piece.start < instant < piece.end:
            yield Fraction(instant - piece.start) / (piece.end - piece.start)


def _by_clock(piece: Piece, table: Table, clock: Clock) -> Iterator[Fraction]:
    """The tariff's own edges on every local day, and the moments at which the clock itself changes (A08)."""
    for start, end, offset in clock.stretches(piece.start, piece.end):
        if start > piece.start:
            yield Fraction(start - piece.start, piece.end - piece.start)
        for day in range((start + offset) // DAY, (end + offset) // DAY + 1):
            for edge in table.edges:
                instant = day * DAY + edge - offset
                if start < instant < end:
                    yield Fraction(instant - piece.start, piece.end - piece.start)
