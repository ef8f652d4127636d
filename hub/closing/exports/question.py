"""What the rows of every kind of export are made from, and what they come as."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from hub.closing.exports.columns import Cells
from hub.closing.exports.sheets import Ready
from hub.closing.exports.snapshot import Snapshot
from hub.closing.exports.wanted import Wanted


class Question(NamedTuple):
    """What is asked of which state of the books."""

    snapshot: Snapshot
    wanted: Wanted
    export_id: str


class Rows(NamedTuple):
    """How many rows there are, None where only the end tells; and they, as cells by column, in portions."""

    total: int | None
    portions: Iterator[Sequence[Cells]]


class ReadyRows(NamedTuple):
    """The same, where much of it lies ready as text."""

    total: int
    portions: Iterator[Ready]
