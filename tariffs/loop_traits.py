"""What one kind of tariff looks at, and the limits of its candidates as loops compare them."""

from dataclasses import dataclass
from math import ceil

from tariffs.exact import Exact
from tariffs.model import Dimension
from tariffs.policy import Hours, UnknownLoad
from tariffs.restrictions import Bounds

FAR = 2.0**80
"""Beyond every quantity: an unknown load is put here, where no restriction holds, or where each does."""
BEYOND = 1 << 100
"""The limit of a candidate that has none."""
LOADS = ("power", "current")


@dataclass(frozen=True, slots=True)
class Traits:
    """What a plan looks at, under a policy. `from_bytes`: a decoded CDR is given, not a Session."""

    from_bytes: bool
    itemised: bool
    clock: bool
    energy: bool
    time: bool
    flat: bool
    """Whether there are FLATs that depend on something. One that always applies is the `fee`, whose amount is
    in `amounts` from the beginning."""
    bounded: frozenset[Dimension]
    """The dimensions whose candidates look at quantities."""
    looks_at: tuple[str, ...]
    """The quantities they look at, of so_far, elapsed, power, current."""
    one_tax: bool
    hours: Hours
    unknown: UnknownLoad
    stepped: bool

    @property
    def derives(self) -> bool:
        """Whether power may be energy by time (A09)."""
        return "power" in self.looks_at and self.unknown is UnknownLoad.DERIVE

    @property
    def times(self) -> bool:
        """Whether the length of a period matters."""
        return self.time or self.derives

    @property
    def phases(self) -> bool:
        """Whether charging and parking must be told apart."""
        looks = self.flat or "power" in self.looks_at or "current" in self.looks_at
        return self.times or self.itemised or looks

    @property
    def only_energy(self) -> bool:
        """Whether rows hold just the candidate of energy."""
        return self.energy and not (self.time or self.flat or self.bounded)

    @property
    def energies(self) -> bool:
        """Whether energy matters."""
        return self.energy or bool(self.looks_at)


def limits_of(traits: Traits, bounds: Bounds | None) -> tuple[Exact, ...]:
    """The limits of a candidate as `asked` has them."""
    if bounds is None:
        return (-BEYOND, BEYOND) * len(traits.looks_at)
    of = {
        "so_far": bounds.energy,
        "elapsed": bounds.elapsed,
        "power": bounds.power,
        "current": bounds.current,
    }
    found: list[Exact] = []
    for name in traits.looks_at:
        least, most = of[name]
        found += [-BEYOND if least is None else least, BEYOND if most is None else most]
    return tuple(found)


def edges_of(traits: Traits, bounds: Bounds | None) -> tuple[Exact | float, ...]:
    """The limits as loops compare them: those of loads lie half a millionth below.

    A load is told in whole millionths, of which its float is a small part of one off, so it is on the same
    side of both. What floats do not hold to the half stays whole, and is far from any float.
    """
    pairs = zip([name for name in traits.looks_at for _ in "lm"], limits_of(traits, bounds), strict=True)
    return tuple(_edge(limit) if name in LOADS else limit for name, limit in pairs)


def _edge(limit: Exact) -> Exact | float:
    if limit in (-BEYOND, BEYOND):
        return float(limit)
    edge = ceil(limit)
    return edge - 0.5 if abs(edge) < 1 << 50 else edge
