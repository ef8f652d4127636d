"""What a file of an export is written through, whatever its format."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, Protocol, runtime_checkable

from hub.closing.exports.columns import Cells, Column


class Style(NamedTuple):
    """How a file is written: with a byte order mark; `folder` is where it may put what it needs meanwhile."""

    mark: bool
    folder: Path


class Sheet(NamedTuple):
    """A table beside the lines: of some columns, a portion of rows at a time."""

    name: str
    columns: Sequence[Column]
    portions: Iterable[Sequence[Cells]]


@dataclass(frozen=True, slots=True)
class Beside:
    """What a workbook shows beside the lines: facts and sums, how these come to the ledger, other sheets."""

    facts: Sequence[tuple[str, Any]]
    sums: Sequence[tuple[str, int, int, int]]  # currency, rows, net, gross
    steps: Sequence[tuple[str, str, int | None, int | None, int]]  # currency, what, rows, net, gross
    sheets: Sequence[Sheet]


class Part(NamedTuple):
    """A column and its cells; or several that last, with one text a row for all of them, as in a CSV."""

    columns: Sequence[Column]
    cells: Cells

    @property
    def ready(self) -> bool:
        return self.columns[0].lasting


class Ready(NamedTuple):
    """Some rows, of which many columns lie ready as text; `summed`: currencies, the amounts to sum up, and
    the billing statuses."""

    parts: Sequence[Part]
    summed: Sequence[Cells]


class File(Protocol):
    """A file that is being written."""

    def write(self, portion: Sequence[Cells]) -> None:
        """Some more rows, as one sequence of cells a column."""

    def close(self, beside: Beside | None) -> None:
        """The end of it; `beside` for formats that have room for it."""


@runtime_checkable
class Quick(File, Protocol):
    """One that takes text as it lies ready, in a fraction of the time.

    exact  whether it wants texts as they are, and all that last together; and not with what makes formulas
           harmless, and all columns in their order
    """

    exact: ClassVar[bool]

    def write_ready(self, parts: Sequence[Part]) -> None:
        """Some more rows."""
