"""Contract ids as ISO 15118-1 and eMI3 have them: their form, and the check digit at their end.

The check digit is over two fields: each of the 36 characters stands for two bits and two digits of base
three, which are multiplied by powers of a matrix and summed up; the check digit is the one that makes both
sums nought.
"""

import re
from collections.abc import Iterator

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
FORM = re.compile(r"([A-Z]{2})-?([A-Z0-9]{3})-?([A-Z0-9]{9})(?:-?([A-Z0-9]))?", re.ASCII)
LENGTH = 14
Pair = tuple[int, int]


def normal(text: str) -> str | None:
    """The id without separators, with its check digit if it has one; None when it has not the form of one."""
    found = FORM.fullmatch(text.upper())
    return None if found is None else "".join(part or "" for part in found.groups())


def fault_of(text: str) -> str | None:
    """What is wrong with a contract id; None when nothing is."""
    plain = normal(text)
    if plain is None:
        return "it is not two letters, three characters and nine more"
    if len(plain) > LENGTH and plain[LENGTH] != check_digit(plain[:LENGTH]):
        return f"its check digit should be {check_digit(plain[:LENGTH])}"
    return None


def check_digit(plain: str) -> str:
    """Of the 14 characters before it."""
    bits, threes = (0, 0), (0, 0)
    for character, (first, second) in zip(plain, weights(), strict=False):
        high, low = parts(character)
        bits = added(bits, high, first, 2)
        threes = added(threes, low, second, 3)
    last = list(weights())[LENGTH]
    return next(
        each
        for each in ALPHABET
        if added(bits, parts(each)[0], last[0], 2) == (0, 0)
        and added(threes, parts(each)[1], last[1], 3) == (0, 0)
    )


def parts(character: str) -> tuple[Pair, Pair]:
    """A character as two bits and two digits of base three."""
    high, low = divmod(ALPHABET.index(character), 9)
    return divmod(high, 2), divmod(low, 3)


Matrix = tuple[Pair, Pair]


def weights() -> Iterator[tuple[Matrix, Matrix]]:
    """The powers of the two matrices, from the first on."""
    first: Matrix = ((0, 1), (1, 1))
    second: Matrix = ((0, 1), (1, 2))
    bits, threes = first, second
    for _ in range(LENGTH + 1):
        yield bits, threes
        bits, threes = product(bits, first, 2), product(threes, second, 3)


def product(left: Matrix, right: Matrix, base: int) -> Matrix:
    (a, b), (c, d) = right
    row, other = ((x * a + y * c, x * b + y * d) for x, y in left)
    return (row[0] % base, row[1] % base), (other[0] % base, other[1] % base)


def added(total: Pair, value: Pair, matrix: Matrix, base: int) -> Pair:
    (a, b), (c, d) = matrix
    x, y = value
    return (total[0] + x * a + y * c) % base, (total[1] + x * b + y * d) % base
