"""Cells as text, as CSV and JSON lines have them: exact numbers of four decimals, ISO dates, no formulas."""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache

from hub.clearing.formulas import harmless
from hub.closing.exports import clocks
from hub.closing.exports.columns import PLACES, WHOLE, Cells, Kind

QUOTED = re.compile(r'[",\r\n]')
ODD = ('"', ",", "\r", "=", "@", "\t", "\n+", ";+", "\n-", ";-")
"""In many cells with a line for each: whether any of them has to be looked at."""


DIGITS = "%05d"
"""At least one before the decimals."""
FEW = 4
"""So often a number comes again, where it is worth to remember it."""


@lru_cache(50_000)
def shown(number: int | None) -> str:
    """A number of ten-thousandths, as 12.3400."""
    if number is None:
        return ""
    whole, rest = divmod(abs(number), WHOLE)
    return f"{whole}.{rest:04}" if number >= 0 else f"-{whole}.{rest:04}"


def numbers(cells: Cells) -> list[str]:
    """Those that come again and again are remembered; many others are written a third faster all at once."""
    different = set(cells)
    if FEW * len(different) < len(cells) or None in different or (least := min(different)) < 0:
        return list(map(shown, cells))
    all_digits = map(str if least >= WHOLE else DIGITS.__mod__, cells)
    return [f"{digits[:-PLACES]}.{digits[-PLACES:]}" for digits in all_digits]


def counts(cells: Cells) -> list[str]:
    return ["" if cell is None else str(cell) for cell in cells]


def moments(cells: Cells) -> list[str]:
    if None in cells:
        return ["" if cell is None else clocks.utc(cell) for cell in cells]
    return clocks.all_utc(cells)


def flags(cells: Cells) -> list[str]:
    return ["" if cell is None else str(cell).lower() for cell in cells]


def texts(cells: Cells) -> list[str]:
    """Most columns have nothing odd in any cell, which one look at all of them tells."""
    told = [cell or "" for cell in cells]
    together = "\n".join(["", *told])
    if together.count("\n") == len(told) and not any(map(together.__contains__, ODD)):
        return told
    return [safe(cell) for cell in told]


def safe(text: str) -> str:
    """As RFC 4180 quotes it, with an apostrophe before what a spreadsheet would reckon with."""
    return quoted(harmless(text))


def quoted(text: str) -> str:
    if QUOTED.search(text) is None:
        return text
    doubled = text.replace('"', '""')
    return f'"{doubled}"'


AS_TEXT: Mapping[Kind, Callable[[Cells], list[str]]] = {
    Kind.TEXT: texts,
    Kind.NUMBER: numbers,
    Kind.COUNT: counts,
    Kind.MOMENT: moments,
    Kind.FLAG: flags,
}
