"""What the lines of an export sum up to, by currency, while they are written."""

from collections import defaultdict
from collections.abc import Sequence

from hub.closing.exports.cells import shown
from hub.closing.exports.columns import Cells, Column


class Tally:
    """Rows, and of each currency how many rows, and the sums of two columns."""

    def __init__(self, columns: Sequence[Column], sums: tuple[str, str] | None) -> None:
        names = [column.name for column in columns]
        self._places = None if sums is None else [names.index(name) for name in ("currency", *sums)]
        self._names = sums or ()
        self.rows = 0
        self.sums: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0, 0])

    def add(self, portion: Sequence[Cells]) -> None:
        if self._places is None:
            self.rows += len(portion[0])
        else:
            self.sum_up([portion[place] for place in self._places])

    def sum_up(self, summed: Sequence[Cells]) -> None:
        """Of currencies and both columns."""
        self.rows += len(summed[0])
        for currency, first, second in zip(*summed, strict=True):
            found = self.sums[currency]
            found[0] += 1
            found[1] += first or 0
            found[2] += second or 0

    def as_json(self) -> dict[str, dict[str, object]]:
        """Amounts as text, by the names of their columns."""
        return {
            currency: {"rows": rows} | dict(zip(self._names, map(shown, amounts), strict=True))
            for currency, (rows, *amounts) in sorted(self.sums.items())
        }
