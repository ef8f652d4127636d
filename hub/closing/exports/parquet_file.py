"""Exports as Parquet: amounts as decimal128(18, 4), instants as timestamps in UTC. Needs `pyarrow`."""

from collections import defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq

from hub.closing.exports.columns import PLACES, Cells, Column, Kind, same
from hub.closing.exports.sheets import Beside, Part, Style

AMOUNT = pa.decimal128(18, PLACES)
MOST = 10**18
GROUP = 20_000
"""Rows in a group: what a reader takes at a time, and what is in memory here."""
AT_ONCE = 4_000
"""Rows of which the text is read together."""
BEHIND = 4
"""So often as many may wait to be written."""


class TooLarge(Exception):
    """An amount has more than 14 digits before its decimals, which the column cannot hold."""


def decimals(cells: Cells) -> pa.Array:
    """From whole numbers to the 16 bytes of each, without an object in between."""
    whole = pa.array(cells, pa.int64())
    known, _ = whole.buffers()
    low = (whole.fill_null(0) if whole.null_count else whole).to_numpy()
    if len(cells) and max(int(low.max()), -int(low.min())) >= MOST:
        raise TooLarge(TooLarge.__doc__)
    words = np.column_stack((low, low >> 63))  # little end first, the sign in all of the upper half
    return pa.Array.from_buffers(AMOUNT, len(cells), [known, pa.py_buffer(words)])


def of_type(kind: pa.DataType) -> Callable[[Cells], pa.Array]:
    return lambda cells: pa.array(cells, kind)


KINDS: Mapping[Kind, tuple[pa.DataType, Callable[[Cells], pa.Array]]] = {
    Kind.TEXT: (pa.string(), of_type(pa.string())),
    Kind.NUMBER: (AMOUNT, decimals),
    Kind.COUNT: (pa.int64(), of_type(pa.int64())),
    Kind.MOMENT: (pa.timestamp("us", "UTC"), of_type(pa.timestamp("us", "UTC"))),
    Kind.FLAG: (pa.bool_(), of_type(pa.bool_())),
}


def of_cells(kind: Kind, cells: Cells) -> pa.Array:
    """A third of the columns have one cell in all rows."""
    return repeated(kind, cells[0], len(cells)) if same(cells) else KINDS[kind][1](cells)


@lru_cache(200)
def repeated(kind: Kind, cell: Any, times: int) -> pa.Array:
    if cell is None:
        return pa.nulls(times, KINDS[kind][0])
    return pa.repeat(KINDS[kind][1]([cell])[0], times)


def of_text(columns: Sequence[Column], rows: Sequence[str]) -> Mapping[str, pa.ChunkedArray]:
    """Columns by name, from lines of CSV; between two commas nothing is known, between two quotes there is a
    text."""
    told = "\n".join(rows)
    names = [column.name for column in columns]
    table = pc.read_csv(
        pa.py_buffer(told.encode()),
        pc.ReadOptions(use_threads=False, column_names=names, block_size=4 * len(told) + 1),
        pc.ParseOptions(newlines_in_values="\r" in told or told.count("\n") >= len(rows)),
        pc.ConvertOptions(
            column_types={column.name: KINDS[column.kind][0] for column in columns},
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            true_values=["true"],
            false_values=["false"],
        ),
    )
    return dict(zip(names, table.columns, strict=True))


class Waiting:
    """Rows that are to be written: columns as arrays, and lines of text of several together."""

    def __init__(self) -> None:
        self.rows = 0
        self.arrays: defaultdict[str, list[pa.Array]] = defaultdict(list)
        self.texts: list[str] = []
        self.together: Sequence[Column] = ()

    def table(self, schema: pa.Schema) -> pa.Table:
        arrays = {name: pa.chunked_array(some) for name, some in self.arrays.items()}
        if self.texts:
            arrays |= of_text(self.together, self.texts)
        return pa.table([arrays[name] for name in schema.names], schema)


class ParquetFile:
    """A file that is being written, by a thread of its own: most of that work leaves the interpreter free."""

    exact = True

    def __init__(self, path: Path, columns: Sequence[Column], style: Style) -> None:
        self._columns = columns
        fields = [
            pa.field(column.name, KINDS[column.kind][0], metadata={"meaning": column.meaning})
            for column in columns
        ]
        self._schema = pa.schema(fields)
        self._file = pq.ParquetWriter(path, self._schema, compression="zstd", use_dictionary=False)
        self._waiting = Waiting()
        self._read: list[pa.Table] = []
        self._writer = ThreadPoolExecutor(1)
        self._under_way: deque[Future[None]] = deque()

    def write(self, portion: Sequence[Cells]) -> None:
        self.write_ready(
            [Part((column,), cells) for column, cells in zip(self._columns, portion, strict=True)]
        )

    def write_ready(self, parts: Sequence[Part]) -> None:
        """Text is read later, of many rows at once."""
        waiting = self._waiting
        for part in parts:
            if len(part.columns) > 1:
                waiting.together = part.columns
                waiting.texts += part.cells
            else:
                column = part.columns[0]
                waiting.arrays[column.name].append(of_cells(column.kind, part.cells))
        waiting.rows += len(parts[0].cells)
        if waiting.rows >= AT_ONCE:
            self._hand_over()

    def _hand_over(self) -> None:
        """To the thread, which is never far behind."""
        if len(self._under_way) == BEHIND:
            self._under_way.popleft().result()
        self._under_way.append(self._writer.submit(self._take, self._waiting))
        self._waiting = Waiting()

    def _take(self, some: Waiting) -> None:
        if some.rows:
            self._read.append(some.table(self._schema))
        if sum(map(len, self._read)) >= GROUP:
            self._write()

    def _write(self) -> None:
        if self._read:
            self._file.write_table(pa.concat_tables(self._read), row_group_size=2 * GROUP)
            self._read.clear()

    def close(self, beside: Beside | None) -> None:
        """There is nothing beside the rows."""
        with closing(self._file), self._writer:
            self._hand_over()
            self._under_way.append(self._writer.submit(self._write))
            for each in self._under_way:
                each.result()
