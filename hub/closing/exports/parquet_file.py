"""Exports as Parquet: amounts as decimal128(18, 4), instants as timestamps in UTC. Needs `pyarrow`."""

from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from pathlib import Path

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
    found = KINDS[kind][1](cells[:1] if same(cells) else cells)
    return found if len(found) == len(cells) else pa.repeat(found[0], len(cells))


def of_text(columns: Sequence[Column], rows: Sequence[str]) -> list[pa.Array]:
    """Columns from lines of CSV; between two commas nothing is known, between two quotes there is a text."""
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
    return [column.combine_chunks() for column in table.columns]


class ParquetFile:
    """A file that is being written."""

    exact = True
    size = 2_000

    def __init__(self, path: Path, columns: Sequence[Column], style: Style) -> None:
        self._columns = columns
        fields = [
            pa.field(column.name, KINDS[column.kind][0], metadata={"meaning": column.meaning})
            for column in columns
        ]
        self._schema = pa.schema(fields)
        self._file = pq.ParquetWriter(path, self._schema, compression="zstd")
        self._waiting: list[pa.RecordBatch] = []

    def write(self, portion: Sequence[Cells]) -> None:
        arrays = [of_cells(column.kind, cells) for column, cells in zip(self._columns, portion, strict=True)]
        self._add(arrays)

    def write_ready(self, parts: Sequence[Part]) -> None:
        """Text is read in all columns at once."""
        ready = [part for part in parts if part.ready]
        columns = [column for part in ready for column in part.columns]
        found = iter(of_text(columns, list(map(",".join, zip(*(part.cells for part in ready), strict=True)))))
        arrays: list[pa.Array] = []
        for part in parts:
            column = part.columns[0]
            arrays += islice(found, len(part.columns)) if part.ready else [of_cells(column.kind, part.cells)]
        self._add(arrays)

    def _add(self, arrays: list[pa.Array]) -> None:
        self._waiting.append(pa.RecordBatch.from_arrays(arrays, schema=self._schema))
        if sum(map(len, self._waiting)) >= GROUP:
            self._flush()

    def _flush(self) -> None:
        if self._waiting:
            self._file.write_table(pa.Table.from_batches(self._waiting), row_group_size=2 * GROUP)
            self._waiting.clear()

    def close(self, beside: Beside | None) -> None:
        """There is nothing beside the rows."""
        self._flush()
        self._file.close()
