"""What the lines of an export sum up to, by currency, while they are written."""

from collections import defaultdict
from collections.abc import Sequence
from itertools import compress
from typing import NamedTuple

from hub.closing.exports.cells import shown
from hub.closing.exports.columns import Cells, Column

STATUS = "billing_status"


class Sum(NamedTuple):
    """How many rows, and the sums of two columns in ten-thousandths, which most often are net and gross."""

    rows: int = 0
    net: int = 0
    gross: int = 0

    def __add__(self, other: "Sum") -> "Sum":  # type: ignore[override]
        return Sum(self.rows + other.rows, self.net + other.net, self.gross + other.gross)


class Tally:
    """Rows, and their sums by currency and billing status, where they have one."""

    def __init__(self, columns: Sequence[Column], sums: tuple[str, str] | None) -> None:
        names = [column.name for column in columns]
        wanted = () if sums is None else ("currency", *sums, *({STATUS} & set(names)))
        self._places = [names.index(name) for name in wanted]
        self._names = sums or ()
        self.rows = 0
        self._found: defaultdict[tuple[str, ...], list[int]] = defaultdict(lambda: [0, 0, 0])

    def add(self, portion: Sequence[Cells]) -> None:
        if not self._places:
            self.rows += len(portion[0])
        else:
            self.sum_up([portion[place] for place in self._places])

    def sum_up(self, summed: Sequence[Cells]) -> None:
        """Of currencies, both columns, and perhaps the statuses."""
        self.rows += len(summed[0])
        currencies, first, second, *status = summed
        keys = list(zip(currencies, *status, strict=True))
        for key in set(keys):  # few: all of one are summed up at once
            mine = [each == key for each in keys]
            found = self._found[key]
            found[0] += sum(mine)
            for place, cells in enumerate((first, second), start=1):
                found[place] += sum(filter(None, compress(cells, mine)))

    @property
    def by_status(self) -> dict[tuple[str, str], Sum]:
        """By currency and status; of kinds whose rows have one."""
        return {(key[0], key[1]): Sum(*found) for key, found in sorted(self._found.items())}

    @property
    def sums(self) -> dict[str, Sum]:
        """By currency."""
        found: defaultdict[str, Sum] = defaultdict(Sum)
        for (currency, *_), each in sorted(self._found.items()):
            found[currency] += Sum(*each)
        return dict(found)

    def as_json(self) -> dict[str, dict[str, object]]:
        """Amounts as text, by the names of their columns."""
        return {
            currency: {"rows": rows} | dict(zip(self._names, map(shown, amounts), strict=True))
            for currency, (rows, *amounts) in self.sums.items()
        }
