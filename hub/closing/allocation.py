"""A whole number of units shared out by weights, so that shares make up the whole: by largest remainder."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, TypeVar

Key = TypeVar("Key")


def allocate(total: int, weights: Mapping[Key, Any]) -> dict[Key, int]:
    """Each key's share of `total` units, by its weight; the shares sum to `total` exactly, and each is within
    one unit of what is exact.

    Weights are exact numbers, of one sign or both, that do not sum to nought unless `total` is nought too;
    then everybody's share is nought. Which key gets the unit that is left depends on remainders and names
    alone, not on the order of the mapping. ValueError when there is nobody to have it.
    """
    whole = sum(map(Fraction, weights.values()), Fraction(0))
    if not whole:
        if total:
            raise ValueError(f"{total} units, and weights that sum to nought")
        return dict.fromkeys(weights, 0)
    exact = {key: Fraction(weight) * total / whole for key, weight in weights.items()}
    shares = {key: share.__floor__() for key, share in exact.items()}
    left = total - sum(shares.values())
    nearest = sorted(exact, key=lambda key: (shares[key] - exact[key], str(key)))
    return shares | {key: shares[key] + 1 for key in nearest[:left]}
