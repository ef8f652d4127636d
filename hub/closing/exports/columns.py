"""What a column of an export is: its name, what its cells are, what it means, how it is found."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

PLACES = 4
"""Decimals of every number in an export, as OCPI has them on the wire."""
WHOLE = 10_000
FINER = 100
"""Millionths in a ten-thousandth."""

Cells = Sequence[Any]
"""The cells of one column in one portion of rows; None is empty."""


class Kind(StrEnum):
    """What the cells of a column are.

    TEXT    words, ids, dates: of whomever, so anything may stand there
    NUMBER  an amount, a quantity, a rate: a whole number of ten-thousandths
    COUNT   a whole number
    MOMENT  an instant in microseconds
    FLAG    true or false
    """

    TEXT = "TEXT"
    NUMBER = "NUMBER"
    COUNT = "COUNT"
    MOMENT = "MOMENT"
    FLAG = "FLAG"


@dataclass(frozen=True, slots=True)
class Column:
    """A column; `of` finds its cells in a portion of rows.

    lasting  its cells are told by the CDR alone: they never change
    """

    name: str
    kind: Kind
    meaning: str
    of: Callable[[Any], Cells]
    lasting: bool = False


def lasting(name: str, kind: Kind, meaning: str, of: Callable[[Any], Cells]) -> Column:
    """A column whose cells never change."""
    return Column(name, kind, meaning, of, lasting=True)


def named(*columns: tuple[str, Kind, str]) -> tuple[Column, ...]:
    """Columns of portions that are already one sequence of cells a column, in this order."""
    return tuple(
        Column(name, kind, meaning, nth(place)) for place, (name, kind, meaning) in enumerate(columns)
    )


def nth(place: int) -> Callable[[Any], Cells]:
    def of(portion: Sequence[Cells]) -> Cells:
        return portion[place]

    return of


def turned(rows: Iterable[Sequence[Any]], columns: int) -> list[Cells]:
    """Rows as one sequence of cells a column."""
    found = list(zip(*rows, strict=True))
    return list(found) if found else [()] * columns


def numbers(micros: Iterable[int | None]) -> list[int | None]:
    """Millionths, as the tables have them, as ten-thousandths; most are whole ones."""
    return [None if value is None else number(value) if value % FINER else value // FINER for value in micros]


def number(micro: int) -> int:
    """Half away from nought, where there are more than four decimals."""
    if not micro % FINER:
        return micro // FINER
    return (micro + FINER // 2) // FINER if micro > 0 else -((FINER // 2 - micro) // FINER)


def same(cells: Cells) -> bool:
    """Whether they are all one, as a third of the columns are: it is turned once then."""
    return bool(cells) and cells[0] is cells[-1] and cells.count(cells[0]) == len(cells)
