"""Exports as JSON lines: an object a row, with every column; numbers as text, so that nobody rounds them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from hub.closing.exports.cells import moments, numbers
from hub.closing.exports.columns import Cells, Column, Kind
from hub.closing.exports.sheets import Beside, Style

AS_TEXT = {Kind.NUMBER: numbers, Kind.MOMENT: moments}
"""All else is JSON as it is."""


class JsonLinesFile:
    """A file that is being written."""

    def __init__(self, path: Path, columns: Sequence[Column], style: Style) -> None:
        self._columns = columns
        self._names = [column.name for column in columns]
        self._file = path.open("wb")
        self._encoder = msgspec.json.Encoder()

    def write(self, portion: Sequence[Cells]) -> None:
        told = [self._cells(column, cells) for column, cells in zip(self._columns, portion, strict=True)]
        rows = (dict(zip(self._names, row, strict=True)) for row in zip(*told, strict=True))
        self._file.write(self._encoder.encode_lines(list(rows)))

    def _cells(self, column: Column, cells: Cells) -> Sequence[Any]:
        turn = AS_TEXT.get(column.kind)
        return cells if turn is None else [cell or None for cell in turn(cells)]

    def close(self, beside: Beside | None) -> None:
        """There is nothing beside the lines."""
        self._file.close()
