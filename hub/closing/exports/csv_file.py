"""Exports as CSV: RFC 4180, UTF-8, a first line of names, no last line of sums."""

from collections.abc import Sequence
from pathlib import Path

from hub.closing.exports.cells import AS_TEXT
from hub.closing.exports.columns import Cells, Column
from hub.closing.exports.sheets import Beside, Style

MARK = b"\xef\xbb\xbf"
"""By which older spreadsheets know UTF-8."""
END = "\r\n"


class CsvFile:
    """A file that is being written."""

    def __init__(self, path: Path, columns: Sequence[Column], style: Style) -> None:
        self._turn = [AS_TEXT[column.kind] for column in columns]
        self._file = path.open("wb")
        self._file.write((MARK if style.mark else b"") + self._line([column.name for column in columns]))

    def _line(self, cells: Sequence[str]) -> bytes:
        return f"{','.join(cells)}{END}".encode()

    def write(self, portion: Sequence[Cells]) -> None:
        """Columns are turned into text one by one, and only then into lines: a third of the time."""
        texts = [
            turn(cells[:1]) * len(cells) if same(cells) else turn(cells)
            for turn, cells in zip(self._turn, portion, strict=True)
        ]
        lines = [*map(",".join, zip(*texts, strict=True)), ""]
        self._file.write(END.join(lines).encode())

    def close(self, beside: Beside | None) -> None:
        """CSV has nothing beside its lines."""
        self._file.close()


def same(cells: Cells) -> bool:
    """Whether they are all one, as a third of the columns are: it is turned once then."""
    return bool(cells) and cells[0] is cells[-1] and cells.count(cells[0]) == len(cells)
