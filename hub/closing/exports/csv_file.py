"""Exports as CSV: RFC 4180, UTF-8, a first line of names, no last line of sums."""

from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from pathlib import Path

from hub.closing.exports.cells import AS_TEXT
from hub.closing.exports.columns import Cells, Column, same
from hub.closing.exports.sheets import Beside, Part, Style

MARK = b"\xef\xbb\xbf"
"""By which older spreadsheets know UTF-8."""
END = "\r\n"


class CsvFile:
    """A file that is being written."""

    exact = False

    def __init__(self, path: Path, columns: Sequence[Column], style: Style) -> None:
        self._turn = [AS_TEXT[column.kind] for column in columns]
        self._file = path.open("wb")
        self._file.write((MARK if style.mark else b"") + self._line([column.name for column in columns]))

    def _line(self, cells: Sequence[str]) -> bytes:
        return f"{','.join(cells)}{END}".encode()

    def write(self, portion: Sequence[Cells]) -> None:
        """Columns are turned into text one by one, and only then into lines: a third of the time."""
        self._lines(
            len(portion[0]), (texts(turn, cells) for turn, cells in zip(self._turn, portion, strict=True))
        )

    def write_ready(self, parts: Sequence[Part]) -> None:
        """Most are there already."""
        told = (
            part.cells if part.ready else texts(AS_TEXT[part.columns[0].kind], part.cells) for part in parts
        )
        self._lines(len(parts[0].cells), told)

    def _lines(self, rows: int, columns: Iterable[str | Sequence[str]]) -> None:
        """Of columns that are text in each row, or one text for all."""
        several: list[Sequence[str]] = []
        for one, some in groupby(columns, lambda column: isinstance(column, str)):
            if one:
                several.append([",".join(some)] * rows)  # type: ignore[arg-type]
            else:
                several.extend(some)
        lines = [*map(",".join, zip(*several, strict=True)), ""]
        self._file.write(END.join(lines).encode())

    def close(self, beside: Beside | None) -> None:
        """CSV has nothing beside its lines."""
        self._file.close()


def texts(turn: Callable[[Cells], list[str]], cells: Cells) -> str | Sequence[str]:
    return turn(cells[:1])[0] if same(cells) else turn(cells)
