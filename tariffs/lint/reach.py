"""What the elements of a tariff leave to each other: those never reached, and moments nobody prices."""

from collections.abc import Sequence
from functools import reduce
from operator import or_

from tariffs.cells import Part, Space, parts_of
from tariffs.lint.finding import Finding, Findings, Subject, example, finding
from tariffs.model import Dimension, ReservationKind
from tariffs.words import WHAT, listed

KINDS = (None, ReservationKind.RESERVATION, ReservationKind.RESERVATION_EXPIRES)
CHARGING = (Dimension.ENERGY, Dimension.TIME)
VOLUMES = (*CHARGING, Dimension.PARKING_TIME)
MOST_TOLD = 50
"""Of each dimension: who has more than these to correct looks again."""


def unreachable(subject: Subject) -> Findings:
    """Components behind others that cover all their moments (P-10), by the union on all axes."""
    for kind in KINDS:
        for dimension in Dimension:
            space = _space(subject, kind, dimension)
            if space.too_large:
                yield finding("too-large", "elements", f"{len(space.parts)} elements price {WHAT[dimension]}")
            else:
                yield from _covered(subject, space, dimension, kind)


def gaps(subject: Subject) -> Findings:
    """Moments of a session that leave a dimension unpriced which has a price at others (P-12, A47)."""
    charging = _missing(_space(subject, None, *CHARGING), None)
    if charging:
        yield finding("charging-gap", "elements", "charging has no price at some moments", charging)
    for dimension in VOLUMES:
        missing = _missing(_space(subject, None, dimension), dimension)
        if missing and not (charging and _alone(subject, dimension)):
            message = f"{WHAT[dimension]} has no price at some moments"
            yield finding("dimension-gap", "elements", message, missing)


def flats(subject: Subject) -> Findings:
    """Several fixed fees that one session may bear (A02)."""
    space = _space(subject, None, Dimension.FLAT)
    if space.too_large:
        return
    found, covered = [], 0
    for element, part in space.parts:
        box = space.box(element.restrictions)
        if box & ~covered and part.price:
            found.append(str(element.index))
        covered |= box
    if len(found) > 1:
        message = f"a session can bear the fixed fees of the elements {listed(found)}"
        yield finding("flats-add-up", "elements", message)


def _space(subject: Subject, kind: ReservationKind | None, *dimensions: Dimension) -> Space:
    return Space(parts_of(subject.tariff.elements, kind, *dimensions), subject.near, subject.valid)


def _covered(subject: Subject, space: Space, dimension: Dimension, kind: ReservationKind | None) -> Findings:
    domain, covered, told = space.domain(dimension, kind), 0, 0
    for place, (element, _) in enumerate(space.parts):
        box = space.box(element.restrictions)
        if box and not box & domain & ~covered and told < MOST_TOLD:
            yield _unreachable(subject, space, place, domain)
            told += 1
        covered |= box


def _unreachable(subject: Subject, space: Space, place: int, domain: int) -> Finding:
    element, part = space.parts[place]
    box = space.box(element.restrictions) & domain
    path = subject.component(element, part.dimension)
    if not box:
        return finding("unreachable", path, f"never applies: its conditions exclude {WHAT[part.dimension]}")
    before = [one for one in space.parts[:place] if space.box(one[0].restrictions) & box]
    return finding(
        "unreachable", path, f"is never reached: {_by(space, before, box)} covers every moment of it"
    )


def _by(space: Space, before: Sequence[Part], box: int) -> str:
    """The one element that covers the box, else all that share in it."""
    for element, _ in before:
        if not box & ~space.box(element.restrictions):
            return f"element {element.index}"
    return f"the union of the elements {listed([str(element.index) for element, _ in before])}"


def _missing(space: Space, dimension: Dimension | None) -> str | None:
    """An example of a moment without price; None when there is none, or nothing is priced at all."""
    if not space.parts or space.too_large:
        return None
    covered = reduce(or_, (space.box(element.restrictions) for element, _ in space.parts), 0)
    left = space.domain(dimension, None) & ~covered
    return example(space.moment(left)) if left else None


def _alone(subject: Subject, dimension: Dimension) -> bool:
    """Whether it is the only price of charging, so that its gap is told already."""
    given = {part.dimension for _, part in parts_of(subject.tariff.elements, None, *CHARGING)}
    return given == {dimension}
